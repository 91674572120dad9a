/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Apply: what a peer says of its objects becomes true here. Idempotent, and
 * only ever forward: an old record, or one that was applied already, changes
 * nothing. xha_net.lock held; xha_apply_sa() lets it go while it builds.
 */
#ifndef _XHA_APPLY_H
#define _XHA_APPLY_H

#include "obj.h"
#include "peer.h"

/* Records: 0; -EBADMSG; -ENOMEM: not now, the frame must not be acked. */
int xha_apply_sa(struct xha_peer *p, const struct xha_rec *rec, u64 frame);
int xha_apply_policy(struct xha_peer *p, const struct xha_rec *rec, u64 frame);
int xha_apply_delete(struct xha_peer *p, u32 id, u64 frame);
int xha_apply_same(struct xha_peer *p, u32 id, u64 hash, u64 frame);

/* apply.c: of which merge.c makes use, too */
struct xha_kept;
struct xha_sa *xha_apply_add(struct xha_peer *p, struct xha_group *g,
			     const struct xha_sa_key *key, u8 dir, bool beside);
int xha_apply_insert(struct xha_peer *p, struct xha_sa *s, struct xfrm_state *x,
		     u32 keepalive, const struct xha_kept *kept, u64 frame);
u8 xha_apply_check(struct xha_peer *p, struct xha_group *g,
		   const struct xha_sa_desc *d, u8 *dir);

/* merge.c: into what this node serves */
int xha_merge_sa(struct xha_peer *p, struct xha_group *g, const struct xha_sa_key *key,
		 bool known);
int xha_merge_policy(struct xha_peer *p, struct xha_group *g,
		     const struct xha_pol_key *key, bool known);

/* apply_obj.c: what SAs and policies have in common */
bool xha_apply_stale(struct xha_peer *p, u32 id, u64 frame);
int xha_apply_claim(struct xha_peer *p, struct xha_obj *o, u32 id, u64 frame,
		    u64 hash, u8 result);

/* apply_counter.c: what moves */
bool xha_apply_early(struct xha_peer *p, u32 id);
struct xha_sa *xha_apply_sa_by_id(struct xha_peer *p, u32 id);
void xha_apply_counters(struct xha_peer *p, struct xha_sa *s,
			const struct xha_sa_desc *d, u64 frame);
void xha_apply_pace(struct xha_peer *p, struct xha_sa *s, struct xha_pace pace, u64 frame);
void xha_apply_lease(struct xha_peer *p, struct xha_sa *s, u64 lease);
void xha_apply_final(struct xha_sa *s, u32 term, u64 oseq);
void xha_apply_window_elem(struct xha_peer *p, struct xha_sa *s,
			   const struct xha_window_elem *e);
void xha_apply_life(struct xha_sa *s, const struct xha_life *life, bool age);

#endif /* _XHA_APPLY_H */
