/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XFRM_HA_TOOL_NAMES_H
#define XFRM_HA_TOOL_NAMES_H

/* The words for the enumerations of the interface; each ends with NULL. */
extern const char *const names_role[];
extern const char *const names_sync[];
extern const char *const names_install[];
extern const char *const names_policies[];
extern const char *const names_transport[];
extern const char *const names_peer_state[];
extern const char *const names_dir[];
extern const char *const names_origin[];
extern const char *const names_event[];

const char *names_get(const char *const *names, unsigned int val);

#endif /* XFRM_HA_TOOL_NAMES_H */
