// SPDX-License-Identifier: GPL-2.0
/* What a node says of a group in each heartbeat. */
#include "peer.h"

#define XHA_HOT_MAX	3000	/* ms, and two samples: older truth makes not hot */

/* What the active says of this peer's copy: hot, and as of when. */
static void xha_status_hot(struct xha_net *xn, struct xha_sync *s,
			   struct xha_group_status *st, u64 now)
{
	u64 limit = XHA_HOT_MAX + 2ULL * xn->sample_period;
	u64 asof = min(s->objs_asof, s->lease_asof);

	if (!s->whole || now - asof > limit)
		return;
	st->flags |= XHA_STATUS_HOT;
	st->asof = now - asof;
}

/**
 * xha_status_fill - what this node says of a group to a peer
 * @p: peer, xha_net.lock held
 * @g: group
 * @st: filled in
 * @now: ms
 */
void xha_status_fill(struct xha_peer *p, struct xha_group *g,
		     struct xha_group_status *st, u64 now)
{
	struct xha_sync *s = &g->peers[p->slot];

	memset(st, 0, sizeof(*st));
	st->gid = g->gid;
	st->role = g->role;
	st->sync = g->sync;
	st->term = g->term;
	st->config = xha_group_config(g);
	strscpy(st->name, g->name, sizeof(st->name));
	if (g->nvips && g->vip_present)
		st->flags |= XHA_STATUS_VIP;
	st->flags |= xha_handover_status(p, g);

	if (xha_group_active(g)) {
		st->gen = s->gen;
		st->count = g->nsas + g->npols;
		st->want = xha_merge_wanted(p, g);
		st->check = st->want ? s->got_check : s->check;
		xha_status_hot(p->xn, s, st, now);
		return;
	}
	st->count = g->count;
	st->asof = min_t(u64, xha_group_silence(g), U32_MAX);
	if (g->finals)
		st->flags |= XHA_STATUS_FINALS;
	if (g->src != p->slot)
		return;
	st->want = s->want;
	st->gen = g->copy_gen;
	st->check = s->got_check;
	if (s->got_ok)
		st->flags |= XHA_STATUS_CHECK_OK;
}
