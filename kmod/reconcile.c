// SPDX-License-Identifier: GPL-2.0
/*
 * Reconcile: brings the model to what XFRM's tables hold. Idempotent, so that
 * events, the audit and late joiners need no cases of their own.
 */
#include "dirty.h"
#include "gate.h"
#include "group.h"
#include "park.h"
#include "peer.h"
#include "serve.h"
#include "shadow.h"
#include "snapshot.h"
#include "tap.h"

static u8 xha_reconcile_role(const struct xha_group *g)
{
	return g->role == XFRM_HA_ROLE_FENCED ? XFRM_HA_ROLE_FENCED :
						XFRM_HA_ROLE_STANDBY;
}

/* An SA of this node's own has come up, or its group has. */
static void xha_reconcile_new(struct xha_net *xn, struct xha_sa *s)
{
	struct xha_group *g = s->obj.group;
	struct xha_opened res;

	if (!xha_obj_replicated(&s->obj)) {
		/* Closed when it was added, and nothing of ours by now. */
		if (s->x)
			xha_gate_forget(s->x);
		return;
	}

	if (!xha_group_active(g)) {
		xha_gate_close(s, xha_reconcile_role(g));
		return;
	}
	/* Closed when it was added, and this node has become active since. */
	xha_gate_open(s, g, 0, &res);
	if (res.exhausted) {
		xha_gate_retire(s);
		return;
	}
	if (res.opened)
		xha_gate_start_timer(s, xha_now_ms());
	xha_gate_tag(s, XFRM_HA_ROLE_ACTIVE);
	xha_serve_lease(s, xha_now_ms());
	xha_dirty(xn, &s->obj, XHA_W_OBJECT);
	xha_peers_kick(xn);
}

static struct xha_sa *xha_reconcile_add(struct xha_net *xn, struct xfrm_state *x,
					const struct xha_sa_key *key,
					struct xha_group *g, u8 dir)
{
	struct xha_sa *s = xha_sa_add(xn, key, false);
	struct xha_replay r;

	if (!s) {
		xha_stat_inc(&xn->stats, XHA_STAT_NO_MEMORY);
		return NULL;
	}
	/* Nothing would be done with it, and it keeps a device from going. */
	if (!xha_snapshot_in_device(x)) {
		xfrm_state_hold(x);
		s->x = x;
	}
	s->saddr = x->props.saddr;
	s->esn = x->props.flags & XFRM_STATE_ESN;
	s->dir = dir;
	/* It may have been in use for long: the first lease lies above that. */
	xha_snapshot_replay(x, &r);
	spin_lock_bh(&x->lock);
	s->oseq = xha_replay_oseq(&r);
	s->seq = xha_replay_seq(&r);
	s->synced_packets = x->curlft.packets;
	spin_unlock_bh(&x->lock);
	s->synced_seq = s->seq;
	s->obj.origin = XFRM_HA_ORIGIN_OWN;
	xha_obj_set_why(&s->obj, xha_snapshot_why_not(x));
	xha_obj_set_group(&s->obj, g);
	return s;
}

/* Only these are whole; others are on their way up or down. */
static bool xha_reconcile_settled(const struct xfrm_state *x)
{
	return x->id.spi && (x->km.state == XFRM_STATE_VALID ||
			     x->km.state == XFRM_STATE_ACQ);
}

/* Replaced, or its group was configured, or it has finished negotiating. */
static bool xha_reconcile_differs(const struct xha_sa *s, const struct xfrm_state *x,
				  const struct xha_group *g)
{
	if (s->x ? s->x != x : !xha_snapshot_in_device(x))
		return true;
	if (s->obj.group != g)
		return true;
	return !s->obj.too_large && s->obj.why_not != xha_snapshot_why_not(x);
}

/**
 * xha_reconcile_state - a state is in XFRM's table
 * @xn: node, lock held
 * @x: state, with a reference of the caller's
 * @changed: an event says that something about it may have changed
 *
 * Return: true if it was new.
 */
bool xha_reconcile_state(struct xha_net *xn, struct xfrm_state *x, bool changed)
{
	u8 dir = XFRM_HA_DIR_UNKNOWN;
	struct xha_sa_key key;
	struct xha_group *g;
	struct xha_sa *s;

	if (!xha_reconcile_settled(x))
		return false;

	xha_snapshot_key(x, &key);
	g = xha_group_match(xn, x->props.family, &x->props.saddr, &x->id.daddr, &dir);

	s = xha_sa_find(xn, &key);
	/* A copy has no place here without the group it came for. */
	if (s && s->x == x && s->obj.origin == XFRM_HA_ORIGIN_LEARNED &&
	    s->obj.group != g) {
		if (s->obj.group)
			xha_copy_forget(s->obj.group);
		xha_copy_drop(xn, &s->obj);
		return false;
	}
	if (s && s->x != x && s->obj.group == g &&
	    (s->shadow || xha_shadow_keep(xn, s))) {
		if (xha_shadow_meet(xn, s, x))
			return false;
		s = NULL;
	}
	if (s && xha_reconcile_differs(s, x, g)) {
		/* Out of its group by configuration: usable, as without us. */
		if (s->x == x && s->obj.group)
			xha_group_release(s->obj.group, s);
		xha_copy_missing(xn, &s->obj);
		s = NULL;
	}
	if (s && s->x && xha_copy_expired(s)) {
		xha_copy_drop(xn, &s->obj);
		return false;
	}
	if (s) {
		s->obj.round = xn->tap.round;
		if (changed && s->obj.origin == XFRM_HA_ORIGIN_OWN)
			xha_reconcile_new(xn, s);
		return false;
	}

	s = xha_reconcile_add(xn, x, &key, g, dir);
	if (!s)
		return false;
	/* One that no event announced is older than we are: a peer may have it. */
	s->shared = !changed;
	xha_reconcile_new(xn, s);
	return true;
}

/**
 * xha_reconcile_sa - something happened to an SA
 * @xn: node, lock held
 * @key: its key
 */
void xha_reconcile_sa(struct xha_net *xn, const struct xha_sa_key *key)
{
	struct xha_sa_key found;
	struct xfrm_state *x;
	struct xha_sa *s;

	x = xfrm_state_lookup(xn->net, key->mark_v, &key->daddr, key->spi,
			      key->proto, key->family);
	if (x) {
		xha_snapshot_key(x, &found);
		/* A mark with another mask may cover ours. */
		if (!memcmp(&found, key, sizeof(found))) {
			xha_reconcile_state(xn, x, true);
			xfrm_state_put(x);
			return;
		}
		xfrm_state_put(x);
	}

	s = xha_sa_find(xn, key);
	if (s && (s->shadow || xha_shadow_keep(xn, s)))
		return;
	/* One without a state is a learned one that could not be installed. */
	if (s && (s->x || s->obj.origin == XFRM_HA_ORIGIN_OWN)) {
		xha_copy_missing(xn, &s->obj);
		xha_peers_kick(xn);
	}
}

static struct xha_group *xha_reconcile_pol_group(struct xha_net *xn,
						 const struct xfrm_policy *xp)
{
	struct xha_group *g;
	u8 dir;
	int i;

	for (i = 0; i < xp->xfrm_nr; i++) {
		const struct xfrm_tmpl *t = &xp->xfrm_vec[i];

		if (t->mode == XFRM_MODE_TRANSPORT)
			g = xha_group_match(xn, xp->family, &xp->selector.saddr,
					    &xp->selector.daddr, &dir);
		else
			g = xha_group_match(xn, t->encap_family, &t->saddr,
					    &t->id.daddr, &dir);
		if (g)
			return g;
	}
	return NULL;
}

/**
 * xha_reconcile_policy - a policy is in XFRM's table
 * @xn: node, lock held
 * @xp: policy, with a reference of the caller's
 * @dir: XFRM_POLICY_IN, _OUT or _FWD
 *
 * Return: true if it was new.
 */
bool xha_reconcile_policy(struct xha_net *xn, struct xfrm_policy *xp, u8 dir)
{
	struct xha_pol_key key;
	struct xha_group *g;
	struct xha_pol *p;
	int genid;

	if (xp->walk.dead)
		return false;

	xha_snapshot_pol_key(xp, dir, &key);
	/* Before what it says, which may be changing. */
	genid = atomic_read(&xp->genid);
	g = xha_reconcile_pol_group(xn, xp);

	p = xha_pol_find(xn, &key);
	if (p && p->xp == xp && p->obj.installed && p->obj.group != g &&
	    p->obj.origin == XFRM_HA_ORIGIN_LEARNED) {
		if (p->obj.group)
			xha_copy_forget(p->obj.group);
		xha_copy_drop(xn, &p->obj);
		return false;
	}
	if (p && (p->xp != xp || p->genid != genid || p->obj.group != g)) {
		xha_copy_missing(xn, &p->obj);
		p = NULL;
	}
	if (p) {
		p->obj.round = xn->tap.round;
		return false;
	}
	/* Policies of no group are nobody's business. */
	if (!g)
		return false;

	p = xha_pol_add(xn, &key, false);
	if (!p) {
		xha_stat_inc(&xn->stats, XHA_STAT_NO_MEMORY);
		return false;
	}
	xfrm_pol_hold(xp);
	p->xp = xp;
	p->genid = genid;
	p->obj.origin = XFRM_HA_ORIGIN_OWN;
	xha_obj_set_why(&p->obj, xha_park_why_not(g, xp, dir));
	xha_obj_set_group(&p->obj, g);
	if (xha_group_active(g)) {
		xha_dirty(xn, &p->obj, XHA_W_OBJECT);
		xha_peers_kick(xn);
	} else if (!p->obj.why_not) {
		xha_park_close(p);
	}
	return true;
}

/**
 * xha_reconcile_pol - something happened to a policy
 * @xn: node, lock held
 * @key: its key
 */
void xha_reconcile_pol(struct xha_net *xn, const struct xha_pol_key *key)
{
	struct xfrm_selector sel = key->sel;
	struct xfrm_mark mark = { .v = key->mark_v, .m = key->mark_m };
	struct xha_pol *p = xha_pol_find(xn, key);
	struct xfrm_policy *xp;
	int err;

	/* XFRM looks for the context itself: that of the one we have, or all there are. */
	if (key->secctx && (!p || !p->xp)) {
		xha_tap_audit_now(xn);
		return;
	}
	xp = xfrm_policy_bysel_ctx(xn->net, &mark, key->if_id, key->type,
				   key->dir, &sel, key->secctx ? p->xp->security : NULL,
				   0, &err);
	if (xp) {
		xha_reconcile_policy(xn, xp, key->dir);
		xfrm_pol_put(xp);
		return;
	}
	if (p && p->xp && !p->parked) {
		xha_copy_missing(xn, &p->obj);
		xha_peers_kick(xn);
	}
}
