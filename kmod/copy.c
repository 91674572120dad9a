// SPDX-License-Identifier: GPL-2.0
/*
 * Copies, from the standby's side: whom we follow, which of its objects we
 * hold, and what it says of our copy. A new copy is made over the old one, by
 * mark and sweep: a failover in its middle finds at least what was there.
 */
#include <linux/random.h>

#include "dirty.h"
#include "gate.h"
#include "peer.h"

/**
 * xha_sync_want - ask for a new copy
 * @g: group that this node does not serve, xha_net.lock held
 * @cause: why; static
 */
void xha_sync_want(struct xha_group *g, const char *cause)
{
	struct xha_sync *s;

	if (g->src < 0) {
		xha_group_set_sync(g, XFRM_HA_SYNC_COLD, cause);
		return;
	}
	s = &g->peers[g->src];
	/*
	 * 0 is for a node that wants nothing. Random at first: a group that was
	 * removed and is back wants another copy than the one it has had.
	 */
	do {
		s->want = s->want ? s->want + 1 : get_random_u32();
	} while (!s->want);
	g->copy_gen = 0;
	xha_group_set_sync(g, XFRM_HA_SYNC_BULK, cause);
	xha_peers_beat(g->xn);
}

/* A peer says that it is active: follow it, unless somebody better is. */
static void xha_sync_follow(struct xha_peer *p, struct xha_group *g,
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
	xha_sync_want(g, "a peer is active");
}

static const char *xha_sync_mismatch(struct xha_group *g,
				     const struct xha_group_status *st)
{
	if (st->config != xha_group_config(g))
		return "vips, locals or install of the group are not the same there";
	return NULL;
}

/* The active has said how good our copy is. */
static void xha_sync_judge(struct xha_peer *p, struct xha_group *g,
			   const struct xha_group_status *st, u64 now)
{
	u64 asof = p->echoed;

	if (!g->copy_gen || st->gen != g->copy_gen ||
	    !(st->flags & XHA_STATUS_HOT)) {
		/* What was hot is stale by and by, not at once. */
		if (g->sync == XFRM_HA_SYNC_HOT && now - g->hot_asof > XHA_SILENT_MIN * 5)
			xha_group_set_sync(g, XFRM_HA_SYNC_STALE,
					   "the active does not confirm it");
		return;
	}
	/* Said no earlier than that; nothing of ours has come back: not known. */
	if (!asof)
		return;
	asof -= min_t(u64, asof, st->asof);
	if (asof > g->hot_asof)
		g->hot_asof = asof;
	g->ever_hot = true;
	xha_group_set_sync(g, XFRM_HA_SYNC_HOT, "the active confirms it");
}

static void xha_sync_terms(struct xha_peer *p, struct xha_group *g,
			   const struct xha_group_status *st)
{
	struct xha_net *xn = g->xn;

	if (xha_group_active(g)) {
		if (st->role == XFRM_HA_ROLE_ACTIVE &&
		    xha_role_wins(st->term, p->conf.id, g->term, xn->id)) {
			xha_stat_inc(&xn->stats, XHA_STAT_CONFLICTS);
			xha_group_event(g, XHA_EV_PEER_WINS, false,
					"a peer is active with a higher term", NULL);
		} else if (st->role != XFRM_HA_ROLE_ACTIVE && st->term > g->term) {
			g->term = st->term;
			xha_group_event(g, XHA_EV_PEER_TERM, false,
					"a peer knows a higher term", NULL);
		}
		return;
	}
	g->term = max(g->term, st->term);
}

/* Fenced, and nobody is there any more who has won. */
static void xha_sync_winner(struct xha_group *g)
{
	struct xha_peer *p;
	int slot;

	if (g->role != XFRM_HA_ROLE_FENCED)
		return;
	xha_for_each_peer(g->xn, slot, p)
		if (xha_peer_up(p) && g->peers[slot].known &&
		    g->peers[slot].heard.role == XFRM_HA_ROLE_ACTIVE)
			return;
	xha_group_event(g, XHA_EV_WINNER_GONE, false,
			"the winner of the conflict is gone", NULL);
}

/**
 * xha_sync_heard - a peer says how it stands to a group
 * @p: peer, xha_net.lock held
 * @g: group
 * @st: what it says
 * @now: ms
 */
void xha_sync_heard(struct xha_peer *p, struct xha_group *g,
		    const struct xha_group_status *st, u64 now)
{
	struct xha_sync *s = &g->peers[p->slot];

	s->heard = *st;
	s->heard_at = now;
	s->known = true;
	s->mismatch = xha_sync_mismatch(g, st);

	xha_sync_terms(p, g, st);
	if (!xha_group_active(g) && st->role == XFRM_HA_ROLE_ACTIVE &&
	    !s->mismatch) {
		xha_sync_follow(p, g, st);
		if (g->src == p->slot)
			xha_sync_judge(p, g, st, now);
	}
	xha_sync_winner(g);
}

/* Whom we follow says nothing of the group any more. */
static void xha_sync_unfollow(struct xha_peer *p, struct xha_group *g,
			      const char *cause)
{
	if (xha_group_active(g))
		return;
	if (g->src == p->slot) {
		g->peers[p->slot].want = 0;
		xha_group_set_sync(g, g->ever_hot ?
				   XFRM_HA_SYNC_STALE : XFRM_HA_SYNC_COLD, cause);
	}
	xha_sync_winner(g);
}

/**
 * xha_sync_peer_gone - a peer is not in contact any more
 * @p: peer, xha_net.lock held, not up
 */
void xha_sync_peer_gone(struct xha_peer *p)
{
	struct xha_group *g;

	list_for_each_entry(g, &p->xn->groups, node)
		xha_sync_unfollow(p, g, "the active is not in contact");
}

/**
 * xha_sync_silence - has a peer ceased to speak of a group?
 * @p: peer, xha_net.lock held, up
 * @g: group
 * @now: ms
 */
void xha_sync_silence(struct xha_peer *p, struct xha_group *g, u64 now)
{
	struct xha_sync *s = &g->peers[p->slot];

	if (!s->known || now - s->heard_at <= xha_session_limit(p))
		return;
	s->known = false;
	xha_sync_unfollow(p, g, "the group was removed at the peer");
}

/**
 * xha_copy_group - the group that a number of a peer's means
 * @p: peer, xha_net.lock held
 * @gid: its number there
 *
 * Return: the group, if the peer has begun a copy of it that we want, or NULL.
 */
struct xha_group *xha_copy_group(struct xha_peer *p, u8 gid)
{
	struct xha_group *g;

	list_for_each_entry(g, &p->xn->groups, node) {
		struct xha_sync *s = &g->peers[p->slot];

		if (s->got_gen && s->got_gid == gid)
			return g->src == p->slot && !xha_group_active(g) ? g : NULL;
	}
	return NULL;
}

/**
 * xha_copy_obj - the object that a number of a peer's means
 * @p: peer, xha_net.lock held
 * @id: its number there
 *
 * Return: a learned object of a group that this node does not serve, or NULL.
 */
struct xha_obj *xha_copy_obj(struct xha_peer *p, u32 id)
{
	struct xha_obj *o = xa_load(&p->ids, id);

	if (!o || xa_is_value(o) || o->src != p->slot || !o->group ||
	    xha_group_active(o->group))
		return NULL;
	return o;
}

/* The peer gives the number to another group: what had it before is gone there. */
static void xha_copy_ungid(struct xha_peer *p, u8 gid)
{
	struct xha_group *g;

	list_for_each_entry(g, &p->xn->groups, node)
		if (g->peers[p->slot].got_gid == gid)
			g->peers[p->slot].got_gen = 0;
}

/**
 * xha_copy_begin - a new copy begins
 * @p: peer, xha_net.lock held
 * @b: what it says
 * @frame: number of the frame
 */
void xha_copy_begin(struct xha_peer *p, const struct xha_begin *b, u64 frame)
{
	struct xha_group *g = xha_group_by_name(p->xn, b->name);
	struct xha_sync *s;
	struct xha_obj *o;

	/* What was said of objects before is either applied or said again. */
	p->floor = max(p->floor, frame);
	if (!g || xha_group_active(g) || g->src != p->slot)
		return;

	xha_copy_ungid(p, b->gid);
	s = &g->peers[p->slot];
	s->got_gen = b->gen;
	s->got_gid = b->gid;
	s->got_ok = false;
	g->copy_gen = 0;
	/* Leases that come from now on are no older than this. */
	if (!g->ever_hot)
		g->hot_asof = xha_now_ms();
	list_for_each_entry(o, &g->objs, in_group)
		if (o->kind == XHA_KIND_SA)
			xha_lease_turn(&xha_obj_sa(o)->view);
	xha_group_set_sync(g, XFRM_HA_SYNC_BULK, "the active has begun a copy");
}

/**
 * xha_copy_drop - a learned object is no longer wanted
 * @xn: node, lock held
 * @o: object; may be freed
 *
 * What XFRM holds of it goes too.
 */
void xha_copy_drop(struct xha_net *xn, struct xha_obj *o)
{
	if (o->kind == XHA_KIND_SA && xha_obj_sa(o)->x)
		xfrm_state_delete(xha_obj_sa(o)->x);
	else if (o->kind == XHA_KIND_POLICY && xha_obj_pol(o)->xp)
		xfrm_policy_delete(xha_obj_pol(o)->xp, xha_obj_pol(o)->key.dir);
	xha_obj_bury(xn, o);
}

/* What this generation did not name does not exist at the active. */
static void xha_copy_sweep(struct xha_group *g, u32 gen)
{
	struct xha_obj *o, *tmp;

	list_for_each_entry_safe(o, tmp, &g->objs, in_group) {
		if (o->dead || (o->src == g->src && o->gen == gen))
			continue;
		/* One that was added here stays, and stays closed. */
		if (o->origin != XFRM_HA_ORIGIN_LEARNED) {
			xha_obj_set_hash(o, 0);
			continue;
		}
		xha_stat_inc(&g->xn->stats, XHA_STAT_SWEPT);
		xha_copy_drop(g->xn, o);
	}
}

static void xha_copy_forget_deleted(struct xha_peer *p)
{
	unsigned long id;
	void *entry;

	xa_for_each(&p->ids, id, entry)
		if (xa_is_value(entry))
			xa_erase(&p->ids, id);
}

/**
 * xha_copy_check - the active says what we must hold by now
 * @p: peer, xha_net.lock held
 * @c: what it says
 * @frame: number of the frame
 */
void xha_copy_check(struct xha_peer *p, const struct xha_check *c, u64 frame)
{
	struct xha_group *g = xha_copy_group(p, c->gid);
	struct xha_sync *s;

	p->floor = max(p->floor, frame);
	xha_copy_forget_deleted(p);
	if (!g)
		return;
	s = &g->peers[p->slot];
	if (s->got_gen != c->gen)
		return;

	if (c->flags & XHA_CHECK_END)
		xha_copy_sweep(g, c->gen);
	s->got_check = c->check;
	s->got_ok = g->count == c->count && g->digest == c->digest;
	if (s->got_ok && c->flags & XHA_CHECK_END)
		g->copy_gen = c->gen;
	/* The active waits for the answer. */
	p->beat_at = 0;
}
