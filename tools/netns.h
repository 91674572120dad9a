/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XFRM_HA_TOOL_NETNS_H
#define XFRM_HA_TOOL_NETNS_H

int netns_enter(const char *name);

#endif /* XFRM_HA_TOOL_NETNS_H */
