/* SPDX-License-Identifier: GPL-2.0 */
/* Reading XFRM's objects. */
#ifndef _XHA_SNAPSHOT_H
#define _XHA_SNAPSHOT_H

#include <net/xfrm.h>

#include "desc.h"
#include "obj.h"
#include "replay.h"

/* Does a device count its numbers, so that XFRM does not know them? */
static inline bool xha_snapshot_in_device(const struct xfrm_state *x)
{
	return x->xso.dev && x->xso.type == XFRM_DEV_OFFLOAD_PACKET;
}

void xha_snapshot_replay(struct xfrm_state *x, struct xha_replay *r);
void xha_snapshot_key(const struct xfrm_state *x, struct xha_sa_key *key);
void xha_snapshot_sa(struct xfrm_state *x, struct xha_sa_desc *d);
void xha_snapshot_counters(struct xha_sa *s, struct xha_sa_desc *d);
bool xha_snapshot_same_sa(const struct xha_sa_desc *a, const struct xha_sa_desc *b);
bool xha_snapshot_same_replay(const struct xha_sa_desc *a, const struct xha_sa_desc *b, u8 dir);
bool xha_snapshot_carried(u8 proto, u8 mode);
const char *xha_snapshot_why_not(const struct xfrm_state *x);

void xha_snapshot_pol_key(const struct xfrm_policy *xp, u8 dir,
			  struct xha_pol_key *key);
void xha_snapshot_policy(const struct xha_pol *pol, struct xha_pol_desc *d);
const char *xha_snapshot_pol_why_not(const struct xfrm_policy *xp, u8 dir);

#endif /* _XHA_SNAPSHOT_H */
