// SPDX-License-Identifier: GPL-2.0
/*
 * Following: what peers say of a group, whom a standby follows, and how good its
 * copy is by the active's word.
 */
#include <linux/random.h>

#include "peer.h"

/**
 * xha_follow_next_want - another copy than the last one is wanted of a peer
 * @s: the peer and a group, xha_net.lock held
 *
 * 0 is for a node that wants nothing. Random at first: a group that was removed
 * and is back wants another copy than the one it has had.
 */
void xha_follow_next_want(struct xha_sync *s)
{
	do {
		s->want = s->want ? s->want + 1 : get_random_u32();
	} while (!s->want);
}

/**
 * xha_follow_want - ask for a new copy
 * @g: group that this node does not serve, xha_net.lock held
 * @cause: why; static
 */
void xha_follow_want(struct xha_group *g, const char *cause)
{
	if (g->src < 0) {
		xha_group_set_sync(g, XFRM_HA_SYNC_COLD, cause);
		return;
	}
	xha_follow_next_want(&g->peers[g->src]);
	g->copy_gen = 0;
	xha_group_set_sync(g, XFRM_HA_SYNC_BULK, cause);
	xha_peers_beat(g->xn);
}

/* A peer says that it is active: follow it, unless somebody better is. */
static void xha_follow_take(struct xha_peer *p, struct xha_group *g,
			    const struct xha_group_status *st)
{
	struct xha_sync *s = &g->peers[p->slot];
	struct xha_sync *old;

	if (g->src == p->slot && s->want)
		return;
	if (g->src >= 0 && g->src != p->slot) {
		struct xha_peer *q = xha_peer_slot(g->xn, g->src);

		old = &g->peers[g->src];
		if (q && xha_peer_up(q) && old->known &&
		    old->heard.role == XFRM_HA_ROLE_ACTIVE &&
		    !xha_role_wins(st->term, p->conf.id, old->heard.term,
				   q->conf.id))
			return;
	}
	g->src = p->slot;
	xha_follow_want(g, "a peer is active");
}

static const char *xha_follow_mismatch(struct xha_group *g,
				       const struct xha_group_status *st)
{
	if (st->config != xha_group_config(g))
		return "vips, locals or install of the group are not the same there";
	return NULL;
}

/* The active has said how good our copy is. */
static void xha_follow_judge(struct xha_peer *p, struct xha_group *g,
			     const struct xha_group_status *st)
{
	s64 asof;

	if (!g->copy_gen || st->gen != g->copy_gen ||
	    !(st->flags & XHA_STATUS_HOT)) {
		/* What was hot is stale by and by, not at once. */
		if (g->sync == XFRM_HA_SYNC_HOT && xha_group_silence(g) > XHA_SILENT_MIN * 5)
			xha_group_set_sync(g, XFRM_HA_SYNC_STALE,
					   "the active does not confirm it");
		return;
	}
	/* Said no earlier than that; nothing of ours has come back: not known. */
	if (!p->echoed)
		return;
	asof = (s64)p->echoed - st->asof;
	g->hot_asof = max(g->hot_asof, asof);
	g->ever_hot = true;
	xha_group_set_sync(g, XFRM_HA_SYNC_HOT, "the active confirms it");
}

static void xha_follow_terms(struct xha_peer *p, struct xha_group *g,
			     const struct xha_group_status *st)
{
	struct xha_net *xn = g->xn;

	if (xha_group_active(g)) {
		if (st->role == XFRM_HA_ROLE_ACTIVE &&
		    xha_role_wins(st->term, p->conf.id, g->term, xn->id)) {
			xha_stat_inc(&xn->stats, XHA_STAT_CONFLICTS);
			xha_group_event(g, XHA_EV_PEER_WINS, false,
					"a peer is active with a higher term", NULL);
		} else if (st->role != XFRM_HA_ROLE_ACTIVE && st->term > g->term && st->want) {
			/* It follows us: one that follows another active tells us of that one's. */
			g->term = st->term;
			/* Of ours, from before the module was loaded beside what is in use. */
			if (!g->held || st->flags & XHA_STATUS_FINALS)
				xha_merge_peer(g, p->slot);
			xha_group_event(g, XHA_EV_PEER_TERM, false,
					"a peer knows a higher term", NULL);
		}
		return;
	}
	g->term = max(g->term, st->term);
}

/*
 * Fenced, and nobody is there any more who has won. Of several fenced ones the
 * highest id goes first: it may hear an active that we have not heard yet, and if
 * each took over before it heard of the next, they would do so for ever.
 */
static void xha_follow_winner(struct xha_group *g)
{
	struct xha_peer *p;
	int slot;

	if (g->role != XFRM_HA_ROLE_FENCED)
		return;
	xha_for_each_peer(g->xn, slot, p) {
		u8 heard = g->peers[slot].heard.role;

		if (!xha_peer_up(p) || !g->peers[slot].known)
			continue;
		if (heard == XFRM_HA_ROLE_ACTIVE ||
		    (heard == XFRM_HA_ROLE_FENCED && p->conf.id > g->xn->id))
			return;
	}
	xha_group_event(g, XHA_EV_WINNER_GONE, false,
			"the winner of the conflict is gone", NULL);
}

/* Whom we follow says nothing of the group any more, or nothing that fits. */
static void xha_follow_unfollow(struct xha_peer *p, struct xha_group *g,
				const char *cause)
{
	if (xha_group_active(g))
		return;
	if (g->src == p->slot) {
		g->peers[p->slot].want = 0;
		xha_group_set_sync(g, g->ever_hot ?
				   XFRM_HA_SYNC_STALE : XFRM_HA_SYNC_COLD, cause);
	}
	xha_follow_winner(g);
}

/*
 * Said at xha_peer.echoed or later, so true of an earlier moment at the most: maybe of
 * one before we were booted, for the peer has its copy from who we were then.
 */
static void xha_follow_age(struct xha_peer *p, struct xha_sync *s,
			   const struct xha_group_status *st)
{
	s64 asof = (s64)p->echoed - st->asof;

	if (st->role == XFRM_HA_ROLE_ACTIVE || !st->want || !p->echoed)
		return;
	s->peer_asof = s->aged ? max(s->peer_asof, asof) : asof;
	s->aged = true;
}

/**
 * xha_follow_heard - a peer says how it stands to a group
 * @p: peer, xha_net.lock held
 * @g: group
 * @st: what it says
 * @now: ms
 */
void xha_follow_heard(struct xha_peer *p, struct xha_group *g,
		      const struct xha_group_status *st, u64 now)
{
	struct xha_sync *s = &g->peers[p->slot];

	xha_follow_age(p, s, st);
	s->heard = *st;
	s->heard_at = now;
	s->echoed = p->echoed;
	s->known = true;
	s->mismatch = xha_follow_mismatch(g, st);

	xha_follow_terms(p, g, st);
	if (xha_group_active(g) && st->role != XFRM_HA_ROLE_ACTIVE)
		xha_merge_heard(p, g, st);
	if (s->mismatch) {
		xha_follow_unfollow(p, g, s->mismatch);
	} else if (!xha_group_active(g) && st->role == XFRM_HA_ROLE_ACTIVE) {
		xha_follow_take(p, g, st);
		if (g->src == p->slot)
			xha_follow_judge(p, g, st);
	}
	if (!s->mismatch)
		xha_handover_heard(p, g, st);
	xha_follow_winner(g);
}

/**
 * xha_follow_peer_gone - a peer is not in contact any more
 * @p: peer, xha_net.lock held, not up
 */
void xha_follow_peer_gone(struct xha_peer *p)
{
	struct xha_group *g;

	list_for_each_entry(g, &p->xn->groups, node)
		xha_follow_unfollow(p, g, "the active is not in contact");
}

/**
 * xha_follow_silence - has a peer ceased to speak of a group?
 * @p: peer, xha_net.lock held, up
 * @g: group
 *
 * Its heartbeats go on without the group. Those that wait here behind objects
 * that take long to install say nothing yet.
 */
void xha_follow_silence(struct xha_peer *p, struct xha_group *g)
{
	struct xha_sync *s = &g->peers[p->slot];

	if (!s->known || p->stamp_at <= s->heard_at + xha_session_limit(p))
		return;
	s->known = false;
	xha_follow_unfollow(p, g, "the group was removed at the peer");
}
