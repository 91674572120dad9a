/* SPDX-License-Identifier: GPL-2.0 */
/* Policies that block, or wait outside XFRM, until this node is active; xha_net.lock held. */
#ifndef _XHA_PARK_H
#define _XHA_PARK_H

#include "group.h"
#include "obj.h"

extern const char *const xha_park_off;

bool xha_park_wanted(const struct xha_group *g);
const char *xha_park_why_not(const struct xha_group *g, const struct xfrm_policy *xp, u8 dir);
bool xha_park_block(struct xfrm_policy *xp, u8 dir);
void xha_park_close(struct xha_pol *pol);
void xha_park_enter(struct xha_group *g);
void xha_park_leave(struct xha_group *g);
void xha_park_settle(struct xha_group *g);
void xha_park_restore(struct xha_pol *pol);
void xha_park_change(struct xha_group *g, u8 policies);

#endif /* _XHA_PARK_H */
