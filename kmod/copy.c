// SPDX-License-Identifier: GPL-2.0
/*
 * Copies, from the standby's side: which objects of the active we hold. A new
 * copy is made over the old one, by
 * mark and sweep: a failover in its middle finds at least what was there.
 */
#include "dirty.h"
#include "gate.h"
#include "peer.h"
#include "shadow.h"
#include "tap.h"

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

/* BEGIN and CHECK are sent again until they are acked: one may come late, too. */
static bool xha_copy_late(struct xha_peer *p, struct xha_sync *s, u64 frame)
{
	if (frame < s->got_frame) {
		xha_stat_inc(&p->xn->stats, XHA_STAT_STALE);
		return true;
	}
	s->got_frame = frame;
	return false;
}

/* Is there an SA of an earlier copy, maybe of one that never became whole? */
static bool xha_copy_any(const struct xha_group *g)
{
	const struct xha_obj *o;

	list_for_each_entry(o, &g->objs, in_group)
		if (o->kind == XHA_KIND_SA && o->origin == XFRM_HA_ORIGIN_LEARNED && !o->dead)
			return true;
	return false;
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

	/* What was said of objects before is either applied or said again. */
	p->floor = max(p->floor, frame);
	if (!g)
		return;

	s = &g->peers[p->slot];
	if ((xha_group_active(g) ? !s->merge : g->src != p->slot) ||
	    xha_copy_late(p, s, frame))
		return;
	xha_copy_ungid(p, b->gid);
	s->holds = true;
	s->got_gen = b->gen;
	s->got_gid = b->gid;
	s->got_ok = false;
	if (xha_group_active(g))
		return;
	g->copy_gen = 0;
	/* Who sends us a copy has merged what we had. */
	g->finals = false;
	/* Leases that come from now on are no older than this; those that came before are. */
	if (!g->ever_hot && !xha_copy_any(g))
		g->hot_asof = xha_now_ms();
	xha_group_set_sync(g, XFRM_HA_SYNC_BULK, "the active has begun a copy");
}

/**
 * xha_copy_release - an object that was added here is nobody's copy any more
 * @xn: node, lock held
 * @o: object
 */
void xha_copy_release(struct xha_net *xn, struct xha_obj *o)
{
	xha_obj_set_hash(o, 0);
	xha_obj_set_src(xn, o, -1, 0);
	xha_obj_set_result(o, XHA_RESULT_OK);
}

/**
 * xha_copy_drop - a learned object is no longer wanted
 * @xn: node, lock held
 * @o: object; may be freed
 *
 * What XFRM holds of it goes too, but for what a local daemon has installed:
 * that stays, closed, as any other that was added here.
 */
void xha_copy_drop(struct xha_net *xn, struct xha_obj *o)
{
	if (o->kind == XHA_KIND_SA && xha_shadow_daemons(xha_obj_sa(o))) {
		o->origin = XFRM_HA_ORIGIN_OWN;
		xha_copy_release(xn, o);
		return;
	}
	if (o->kind == XHA_KIND_SA && xha_obj_sa(o)->x && !xha_obj_sa(o)->shadow)
		xfrm_state_delete(xha_obj_sa(o)->x);
	else if (o->kind == XHA_KIND_POLICY && xha_obj_pol(o)->xp &&
		 !xha_obj_pol(o)->parked)
		xfrm_policy_delete(xha_obj_pol(o)->xp, xha_obj_pol(o)->key.dir);
	xha_obj_bury(xn, o);
}

/* Is the active there, to say what goes? */
static bool xha_copy_led(const struct xha_obj *o)
{
	const struct xha_group *g = o->group;
	const struct xha_peer *p = g && g->src >= 0 ? xha_peer_slot(g->xn, g->src) : NULL;

	return p && xha_peer_up(p);
}

/**
 * xha_copy_expired - nobody can have an SA any more, and nobody is there to say so
 * @s: SA with a state; xha_net.lock held
 *
 * Return: true for a copy beyond its hard limit in time and XHA_GRACE.
 */
bool xha_copy_expired(const struct xha_sa *s)
{
	u64 limit = s->x->lft.hard_add_expires_seconds;
	time64_t age = ktime_get_real_seconds() - s->add_time;

	if (s->obj.origin != XFRM_HA_ORIGIN_LEARNED || xha_shadow_daemons(s) ||
	    xha_copy_led(&s->obj))
		return false;
	/* The limit may be any number, and the clock may have been set back. */
	return limit && s->add_time && age > XHA_GRACE &&
	       (u64)(age - XHA_GRACE) > limit;
}

/**
 * xha_copy_forget - what is here does not tell any more what was deleted here
 * @g: group, xha_net.lock held
 *
 * Nor what a peer knows us to have had: a merge takes all that it has.
 */
void xha_copy_forget(struct xha_group *g)
{
	int slot;

	for (slot = 0; slot < XFRM_HA_LIMIT_PEERS; slot++)
		g->peers[slot].recalls = false;
}

/**
 * xha_copy_missing - a copy has gone from XFRM, by nobody's order here
 * @xn: node, lock held
 * @o: object; may be freed
 *
 * Its number stays known, so that counters for it do not wait for it; the
 * active, which takes it for held, is asked for a new copy.
 */
void xha_copy_missing(struct xha_net *xn, struct xha_obj *o)
{
	struct xha_group *g = o->group;
	struct xha_peer *p = NULL;
	u32 id = o->src_id;

	if (o->src >= 0 && g && !xha_group_active(g))
		p = xha_peer_slot(xn, o->src);
	if (g && !xha_group_active(g) && o->origin == XFRM_HA_ORIGIN_LEARNED)
		xha_copy_forget(g);
	xha_obj_bury(xn, o);
	if (!p)
		return;
	/* Without memory the counters wait, until the copy is there. */
	xa_store(&p->ids, id, xa_mk_value(0), GFP_KERNEL);
	if (g->copy_gen)
		xha_follow_want(g, "a copied object has gone from here");
}

/**
 * xha_copy_review - before a takeover: nothing is a copy that has died already
 * @g: group that this node does not serve, xha_net.lock held (maybe RTNL too)
 *
 * XFRM may have been flushed a moment ago, and nobody has come to look since. What
 * died as a copy has gone without a word; what dies later was deleted by whoever
 * serves the group.
 */
void xha_copy_review(struct xha_group *g)
{
	struct xha_obj *o, *tmp;

	list_for_each_entry_safe(o, tmp, &g->objs, in_group) {
		if (o->dead || o->origin != XFRM_HA_ORIGIN_LEARNED)
			continue;
		if (o->kind == XHA_KIND_SA) {
			struct xha_sa *s = xha_obj_sa(o);

			if (s->x && !s->shadow && READ_ONCE(s->x->km.state) == XFRM_STATE_DEAD)
				xha_reconcile_sa(g->xn, &s->key);
		} else if (xha_obj_pol(o)->xp && !xha_obj_pol(o)->parked &&
			   READ_ONCE(xha_obj_pol(o)->xp->walk.dead)) {
			xha_reconcile_pol(g->xn, &xha_obj_pol(o)->key);
		}
	}
}

static bool xha_copy_named(const struct xha_group *g, const struct xha_obj *o, u32 gen)
{
	return o->src == g->src && o->gen == gen;
}

/* Has this generation named all that there is at the active, and nothing else? */
static bool xha_copy_complete(const struct xha_group *g, const struct xha_check *c)
{
	const struct xha_obj *o;
	u64 digest = 0;
	u32 count = 0;

	list_for_each_entry(o, &g->objs, in_group) {
		if (o->dead || !o->hash || !xha_copy_named(g, o, c->gen))
			continue;
		digest += o->hash;
		count++;
	}
	return count == c->count && digest == c->digest;
}

/*
 * An active that copies no policies does not say which of them exist: what was this
 * node's own before it was demoted stays, closed. It is wanted when that is active
 * again: without it what its SAs are for would go out in clear text.
 */
static bool xha_copy_spared(struct xha_obj *o, u8 flags)
{
	return flags & XHA_CHECK_NO_POLICIES && o->kind == XHA_KIND_POLICY && !o->installed &&
	       xha_obj_pol(o)->xp;
}

/*
 * What this generation did not name does not exist at the active: if it is
 * complete. An old version is better than none, until a copy that is comes.
 */
static void xha_copy_sweep(struct xha_group *g, const struct xha_check *c)
{
	struct xha_obj *o, *tmp;

	list_for_each_entry_safe(o, tmp, &g->objs, in_group) {
		if (o->dead || xha_copy_named(g, o, c->gen))
			continue;
		if (xha_copy_spared(o, c->flags)) {
			xha_copy_release(g->xn, o);
			continue;
		}
		/* One that was added here stays, and stays closed. */
		if (o->origin != XFRM_HA_ORIGIN_LEARNED) {
			xha_obj_set_hash(o, 0);
			continue;
		}
		xha_stat_inc(&g->xn->stats, XHA_STAT_SWEPT);
		xha_copy_drop(g->xn, o);
	}
}

/* Those of before the CHECK: what came after it may have been delayed less than it. */
static void xha_copy_forget_deleted(struct xha_peer *p, u64 frame)
{
	unsigned long id;
	void *entry;

	xa_for_each(&p->ids, id, entry)
		if (xa_is_value(entry) && xa_to_value(entry) <= frame)
			xa_erase(&p->ids, id);
}

/* All of a merge was acked, so all of it was merged. */
static void xha_copy_merged(struct xha_peer *p, struct xha_group *g,
			    const struct xha_check *c, u64 frame)
{
	struct xha_sync *s = &g->peers[p->slot];

	if (s->got_gen != c->gen || xha_copy_late(p, s, frame) ||
	    !(c->flags & XHA_CHECK_END))
		return;
	xha_merge_done(p, g);
	p->beat_at = 0;
}

/**
 * xha_copy_check - the active says what we must hold by now
 * @p: peer, xha_net.lock held
 * @c: what it says
 * @frame: number of the frame
 */
void xha_copy_check(struct xha_peer *p, const struct xha_check *c, u64 frame)
{
	struct xha_group *g = xha_merge_group(p, c->gid);
	struct xha_sync *s;
	bool complete;

	p->floor = max(p->floor, frame);
	xha_copy_forget_deleted(p, frame);
	if (g) {
		xha_copy_merged(p, g, c, frame);
		return;
	}
	g = xha_copy_group(p, c->gid);
	if (!g)
		return;
	s = &g->peers[p->slot];
	if (s->got_gen != c->gen || xha_copy_late(p, s, frame))
		return;

	complete = !(c->flags & XHA_CHECK_END) || xha_copy_complete(g, c);
	if (c->flags & XHA_CHECK_END && complete)
		xha_copy_sweep(g, c);
	s->got_check = c->check;
	s->got_ok = complete && g->count == c->count && g->digest == c->digest;
	if (s->got_ok && c->flags & XHA_CHECK_END) {
		g->copy_gen = c->gen;
		s->recalls = true;
	}
	s->got_finals = s->got_ok && c->flags & XHA_CHECK_FINAL;
	/* The active waits for the answer. */
	p->beat_at = 0;
	xha_handover_try(p, g);
}
