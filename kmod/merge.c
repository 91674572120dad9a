// SPDX-License-Identifier: GPL-2.0
/*
 * Merge: a node that serves a group takes from one that does not what it lacks:
 * SAs and policies, higher numbers, later windows, what was used of lifetimes.
 *
 * It is a copy in the other direction, by the same records: the one that is
 * active wants it, the other one sends BEGIN, objects, CHECK. Nothing is swept
 * here, nothing moves backward, and what is merged is the active's own at once.
 * The peer gets no copy of ours before that: it would be told to drop what only
 * it has. So a new active is whole even where its copy was not, the winner of a
 * conflict keeps what the loser has negotiated, and the last counters of a node
 * that hands over are not lost.
 */
#include "apply.h"
#include "dirty.h"
#include "gate.h"
#include "install.h"
#include "mutant.h"
#include "park.h"
#include "scratch.h"
#include "serve.h"
#include "shadow.h"
#include "snapshot.h"

static void xha_merge_due(struct xha_sync *s)
{
	s->merge = true;
	s->merged = false;
	/* It answers to no CHECK of before, and takes no copy of before for a merge. */
	s->got_check = 0;
	s->got_gen = 0;
	xha_follow_next_want(s);
}

/**
 * xha_merge_settle - is there something to be merged at all?
 * @g: group that this node serves from now on, or that was audited, xha_net.lock held
 *
 * A module that is loaded beside SAs that are in use must not bring back what
 * was deleted while nobody looked. A machine that was booted has none: as of the
 * audit, for what comes after that has been negotiated since.
 */
void xha_merge_settle(struct xha_group *g)
{
	int slot;

	if (!g->booted || !g->audited)
		return;
	g->booted = false;
	g->held = g->nsas;
	for (slot = 0; g->held && slot < XFRM_HA_LIMIT_PEERS; slot++)
		g->peers[slot].merge = false;
}

/**
 * xha_merge_all - any peer may have what we lack
 * @g: group that this node serves from now on, xha_net.lock held
 * @booted: it has from the start: what XFRM holds counts, if it holds anything
 * @whole: its copy was hot: one who is not here now has nothing to add, unless it
 *	   was active meanwhile, and that it says
 */
void xha_merge_all(struct xha_group *g, bool booted, bool whole)
{
	int slot;

	g->finals = false;
	g->booted = booted;
	g->held = false;
	if (XHA_MUTANT_NO_MERGE)
		return;
	for (slot = 0; slot < XFRM_HA_LIMIT_PEERS; slot++) {
		struct xha_sync *s = &g->peers[slot];

		s->merge = false;
		s->merged = false;
		if (!whole || xha_peer_up(xha_peer_slot(g->xn, slot)))
			xha_merge_due(s);
	}
	xha_merge_settle(g);
}

/**
 * xha_merge_peer - a peer has served the group unseen
 * @g: group that this node serves, xha_net.lock held
 * @slot: of the peer
 */
void xha_merge_peer(struct xha_group *g, int slot)
{
	if (!XHA_MUTANT_NO_MERGE)
		xha_merge_due(&g->peers[slot]);
}

/**
 * xha_merge_heard - a peer that is not active says how it stands to the group
 * @p: peer, xha_net.lock held
 * @g: group that this node serves
 * @st: what it says
 */
void xha_merge_heard(struct xha_peer *p, struct xha_group *g,
		     const struct xha_group_status *st)
{
	struct xha_sync *s = &g->peers[p->slot];

	if (!(st->flags & XHA_STATUS_FINALS))
		s->merged = false;
	else if (!s->merge && !s->merged)
		xha_merge_peer(g, p->slot);
}

/**
 * xha_merge_wanted - what to ask a peer for
 * @p: peer, xha_net.lock held
 * @g: group that this node serves
 *
 * Return: number of the merge that is wanted of it, 0: none. Not before the
 * peer follows us: only then it says how old its copy is.
 */
u32 xha_merge_wanted(struct xha_peer *p, struct xha_group *g)
{
	struct xha_sync *s = &g->peers[p->slot];

	if (!s->merge || !g->audited || !s->known || !s->heard.want || !s->aged)
		return 0;
	return s->want;
}

/**
 * xha_merge_group - the group that a number of a peer's means
 * @p: peer, xha_net.lock held
 * @gid: its number there
 *
 * Return: the group, if it is being merged from the peer, or NULL.
 */
struct xha_group *xha_merge_group(struct xha_peer *p, u8 gid)
{
	struct xha_group *g;

	list_for_each_entry(g, &p->xn->groups, node) {
		struct xha_sync *s = &g->peers[p->slot];

		if (s->got_gen && s->got_gid == gid)
			return s->merge && xha_group_active(g) ? g : NULL;
	}
	return NULL;
}

/**
 * xha_merge_done - all of it is here
 * @p: peer, xha_net.lock held
 * @g: group
 */
void xha_merge_done(struct xha_peer *p, struct xha_group *g)
{
	struct xha_sync *s = &g->peers[p->slot];

	s->merge = false;
	s->merged = true;
	s->recalls = true;
	s->got_gen = 0;
	xha_park_settle(g);
}

/* What the peer has used beyond what was taken over is added, once. x->lock held. */
static void xha_merge_life(struct xha_sa *s, const struct xha_life *life)
{
	struct xfrm_state *x = s->x;

	if (s->taken_packets == U64_MAX) {
		/* Since when both have counted is not known. */
		x->curlft.packets = max_t(u64, x->curlft.packets, life->packets);
		x->curlft.bytes = max_t(u64, x->curlft.bytes, life->bytes);
		return;
	}
	if (life->packets > s->taken_packets) {
		x->curlft.packets += life->packets - s->taken_packets;
		s->taken_packets = life->packets;
	}
	if (life->bytes > s->taken_bytes) {
		x->curlft.bytes += life->bytes - s->taken_bytes;
		s->taken_bytes = life->bytes;
	}
}

/* Into an SA that is in use. */
static void xha_merge_counters(struct xha_peer *p, struct xha_sa *s)
{
	struct xha_sa_desc *d = &p->rxs->sa;
	struct xfrm_state *x = s->x;
	struct xha_pace pace = s->pace.now;
	struct xha_replay r;
	int err = 0;

	if (XHA_MUTANT_NO_FINALS)
		return;
	xha_snapshot_replay(x, &r);
	spin_lock_bh(&x->lock);
	xha_snapshot_sa(x, &p->rxs->mine);
	if (x->km.state != XFRM_STATE_VALID || !xha_snapshot_same_sa(&p->rxs->mine, d))
		goto out;
	if (s->dir == XFRM_HA_DIR_OUT && d->has & XHA_SA_HAS_LEASE)
		err = xha_lease_learn(&s->view, d->lease, s->esn);
	if (s->dir == XFRM_HA_DIR_OUT && !err && d->has & XHA_SA_HAS_LEASE &&
	    d->lease > xha_replay_oseq(&r)) {
		xha_replay_set_oseq(&r, d->lease);
		s->oseq = d->lease;
	}
	if (s->dir == XFRM_HA_DIR_OUT)
		pace = xha_pace_max(pace, d->pace);
	if (s->dir == XFRM_HA_DIR_IN && d->has & XHA_SA_HAS_WINDOW && d->win.bits)
		err = xha_replay_merge(&r, &d->win);
	if (d->has & XHA_SA_HAS_LIFE)
		xha_merge_life(s, &d->life);
out:
	spin_unlock_bh(&x->lock);
	if (err)
		xha_stat_inc(&p->xn->stats, XHA_STAT_IMPLAUSIBLE);
	if (!xha_pace_same(pace, s->pace.now)) {
		s->pace.now = pace;
		s->told = xha_pace_max(s->told, pace);
		xha_dirty(p->xn, &s->obj, XHA_W_PACE);
	}
	xha_serve_lease(s, xha_now_ms());
}

/*
 * Into one that the daemon has not installed yet: it begins above all that was used
 * before it comes.
 */
static void xha_merge_shadow(struct xha_peer *p, struct xha_sa *s)
{
	struct xha_sa_desc *d = &p->rxs->sa;
	struct xfrm_state *x = s->x;
	struct xha_replay r;
	int err = 0;

	if (XHA_MUTANT_NO_FINALS)
		return;
	xha_snapshot_replay(x, &r);
	spin_lock_bh(&x->lock);
	xha_snapshot_sa(x, &p->rxs->mine);
	if (!xha_snapshot_same_sa(&p->rxs->mine, d))
		goto out;
	if (s->dir == XFRM_HA_DIR_OUT && d->has & XHA_SA_HAS_LEASE) {
		err = xha_lease_learn(&s->view, d->lease, s->esn);
		s->view.pace = xha_pace_max(s->view.pace, d->pace);
	}
	if (s->dir == XFRM_HA_DIR_IN && d->has & XHA_SA_HAS_WINDOW && d->win.bits)
		err = xha_replay_merge(&r, &d->win);
	if (d->has & XHA_SA_HAS_LIFE) {
		x->curlft.packets = max_t(u64, x->curlft.packets, d->life.packets);
		x->curlft.bytes = max_t(u64, x->curlft.bytes, d->life.bytes);
	}
out:
	spin_unlock_bh(&x->lock);
	if (err)
		xha_stat_inc(&p->xn->stats, XHA_STAT_IMPLAUSIBLE);
}

/* Built outside the lock, and still wanted: closed first, as any other, then opened. */
static int xha_merge_built(struct xha_peer *p, struct xha_group *g,
			   const struct xha_sa_key *key, u8 dir,
			   struct xfrm_state *x, u32 keepalive)
{
	s64 silence = xha_now_ms() - g->peers[p->slot].peer_asof;
	struct xha_sa *s;

	/* Whoever takes over from the same copy, unheard, counts from there. */
	g->hot_asof = min(g->hot_asof, g->peers[p->slot].peer_asof);
	s = xha_apply_add(p, g, key, dir, false);
	if (!s) {
		xha_install_discard(x);
		return -ENOMEM;
	}
	if (xha_apply_insert(p, s, x, keepalive, NULL, 0)) {
		/* XFRM has one of its own there: that stays. */
		xha_obj_bury(p->xn, &s->obj);
		xha_install_discard(x);
		return 0;
	}
	if (s->shadow) {
		xha_shadow_stay(g, s);
		return 0;
	}
	if (!xha_group_adopt(g, s, max_t(s64, silence, 0)))
		return 0;
	xha_stat_inc(&p->xn->stats, XHA_STAT_MERGED);
	xha_dirty(p->xn, &s->obj, XHA_W_OBJECT);
	return 0;
}

static int xha_merge_build(struct xha_peer *p, struct xha_group *g,
			   const struct xha_sa_key *key, u8 dir)
{
	struct xha_net *xn = p->xn;
	u32 session = p->session;
	u8 gid = p->rxs->sa.gid;
	struct xfrm_state *x;
	u32 keepalive = 0;
	u8 result;

	mutex_unlock(&xn->lock);
	xha_apply_delay();
	x = xha_install_build(xn->net, &p->rxs->sa, &keepalive, &result);
	mutex_lock(&xn->lock);

	if (!x)
		return result == XHA_RESULT_OK ? -ENOMEM : 0;
	/* Nothing that was looked at before holds any more. */
	if (p->session != session || xha_merge_group(p, gid) != g ||
	    xha_sa_find(xn, key)) {
		xha_install_discard(x);
		return 0;
	}
	return xha_merge_built(p, g, key, dir, x, keepalive);
}

/**
 * xha_merge_sa - an SA of a peer's
 * @p: peer, xha_net.lock held; let go and taken again
 * @g: group that is being merged; the SA is in the receiver's scratch
 * @key: its key
 * @known: we have had it: if it is not here, and this node recalls what it had, it
 *	   was deleted here, or is retired
 *
 * Return: 0 or -ENOMEM.
 */
int xha_merge_sa(struct xha_peer *p, struct xha_group *g, const struct xha_sa_key *key,
		 bool known)
{
	struct xha_sa *s = xha_sa_find(p->xn, key);
	u8 dir;

	if (s) {
		if (s->shadow && s->obj.group == g)
			xha_merge_shadow(p, s);
		else if (s->x && xha_obj_replicated(&s->obj) && s->obj.group == g)
			xha_merge_counters(p, s);
		return 0;
	}
	if ((known && g->peers[p->slot].recalls) ||
	    xha_apply_check(p, g, &p->rxs->sa, &dir) != XHA_RESULT_OK)
		return 0;
	return xha_merge_build(p, g, key, dir);
}

/**
 * xha_merge_policy - a policy of a peer's
 * @p: peer, xha_net.lock held
 * @g: group that is being merged; the policy is in the receiver's scratch
 * @key: its key
 * @known: as above
 *
 * Policies come before their SAs, so that nothing leaves in clear text. Until the
 * SAs are there, too, it blocks: XFRM would ask a key manager for what is about to
 * come. That ends with the merge, and with that of any other peer; with the next
 * audit, if a peer is lost.
 *
 * Return: 0 or -ENOMEM.
 */
int xha_merge_policy(struct xha_peer *p, struct xha_group *g,
		     const struct xha_pol_key *key, bool known)
{
	struct xfrm_policy *xp;
	struct xha_pol *pol;
	bool closed;

	if ((known && g->peers[p->slot].recalls) || xha_pol_find(p->xn, key) ||
	    g->policies == XFRM_HA_POLICIES_OFF)
		return 0;
	xp = xha_install_policy_build(p->xn->net, &p->rxs->pol);
	if (!xp)
		return -ENOMEM;
	closed = xha_park_block(xp, key->dir);
	if (xha_install_policy_insert(xp, key->dir, false)) {
		/* XFRM has one of its own there: that stays. */
		xha_install_policy_discard(xp);
		return 0;
	}
	pol = xha_pol_add(p->xn, key, false);
	if (!pol) {
		xfrm_policy_delete(xp, key->dir);
		xfrm_pol_put(xp);
		return -ENOMEM;
	}
	pol->xp = xp;
	pol->closed = closed;
	pol->obj.origin = XFRM_HA_ORIGIN_OWN;
	pol->obj.installed = true;
	xha_obj_set_group(&pol->obj, g);
	xha_stat_inc(&p->xn->stats, XHA_STAT_MERGED);
	xha_dirty(p->xn, &pol->obj, XHA_W_OBJECT);
	return 0;
}
