/* SPDX-License-Identifier: GPL-2.0 */
/* Copies of SAs that only a local IKE daemon puts into XFRM; xha_net.lock held. */
#ifndef _XHA_SHADOW_H
#define _XHA_SHADOW_H

#include "group.h"
#include "obj.h"

bool xha_shadow_daemons(const struct xha_sa *s);
bool xha_shadow_keep(struct xha_net *xn, struct xha_sa *s);
bool xha_shadow_meet(struct xha_net *xn, struct xha_sa *s, struct xfrm_state *x);
void xha_shadow_stay(struct xha_group *g, struct xha_sa *s);

#endif /* _XHA_SHADOW_H */
