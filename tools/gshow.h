/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XFRM_HA_TOOL_GSHOW_H
#define XFRM_HA_TOOL_GSHOW_H

#include <netlink/attr.h>

void gshow(struct nlattr *attrs, int len, void *arg);

#endif /* XFRM_HA_TOOL_GSHOW_H */
