// SPDX-License-Identifier: GPL-2.0
/*
 * Policies on a standby. With 'policies hot' they are in XFRM all the time, and
 * block what matches them. That the SAs behind them are closed would do, but for
 * those that have none: one that expired, or a trap that no traffic has sprung at
 * the active. XFRM would ask a key manager for an SA, and both nodes would dial.
 * So an outbound policy is closed, too. With 'policies takeover' they wait
 * outside, built and ready, so that what the standby itself sends to those places
 * goes its usual way; with 'off' the standby has none.
 *
 * A policy that waits is a struct xfrm_policy that XFRM has never seen: one that
 * has been in its tables cannot go back.
 */
#include "dirty.h"
#include "install.h"
#include "mutant.h"
#include "park.h"
#include "peer.h"
#include "snapshot.h"
#include "tap.h"

const char *const xha_park_off = "policies off";

/**
 * xha_park_wanted - do policies of a group wait outside?
 * @g: group
 */
bool xha_park_wanted(const struct xha_group *g)
{
	return g->policies != XFRM_HA_POLICIES_HOT && !xha_group_active(g);
}

/**
 * xha_park_block - a policy of a standby is to block what it would let pass
 * @xp: policy, in XFRM or about to be
 * @dir: XFRM_POLICY_*; only what goes out asks for SAs
 *
 * Lookups read the action without a lock; nothing that they found before outlives
 * the closed SAs (xfrm_bundle_ok()).
 *
 * Return: true if it does so from now on.
 */
bool xha_park_block(struct xfrm_policy *xp, u8 dir)
{
	if (XHA_MUTANT_NO_GATE || XHA_MUTANT_NO_BLOCK)
		return false;
	if (dir != XFRM_POLICY_OUT || xp->action != XFRM_POLICY_ALLOW)
		return false;
	WRITE_ONCE(xp->action, XFRM_POLICY_BLOCK);
	return true;
}

/**
 * xha_park_close - close a policy of a group that this node does not serve
 * @pol: policy
 */
void xha_park_close(struct xha_pol *pol)
{
	if (pol->xp && !pol->parked && !pol->closed)
		pol->closed = xha_park_block(pol->xp, pol->key.dir);
}

/* Without memory it stays in XFRM: closed is worse than open, not wrong. */
static void xha_park_out(struct xha_pol *pol, struct xha_pol_desc *d)
{
	struct xfrm_policy *xp;

	xha_snapshot_policy(pol, d);
	xp = xha_install_policy_build(xp_net(pol->xp), d);
	if (!xp)
		return;
	xfrm_policy_delete(pol->xp, pol->key.dir);
	xfrm_pol_put(pol->xp);
	pol->xp = xp;
	pol->genid = 0;
	pol->parked = true;
	pol->closed = false;
}

/* 0, or an error: there is one in its place, or no memory. */
static int xha_park_in(struct xha_pol *pol, bool closed)
{
	int err;

	pol->closed = closed && xha_park_block(pol->xp, pol->key.dir);
	err = xha_install_policy_insert(pol->xp, pol->key.dir, false);
	if (err)
		xha_pol_open(pol);
	else
		pol->parked = false;
	return err;
}

/**
 * xha_park_enter - take the policies of a group out of XFRM
 * @g: group; this node has ceased to serve it
 *
 * Process context, maybe under RTNL.
 */
void xha_park_enter(struct xha_group *g)
{
	struct xha_pol_desc *d;
	struct xha_obj *o;

	if (!xha_park_wanted(g))
		return;
	d = kmalloc(sizeof(*d), GFP_KERNEL);
	if (!d)
		return;
	list_for_each_entry(o, &g->objs, in_group)
		if (o->kind == XHA_KIND_POLICY && !o->dead && !o->why_not &&
		    xha_obj_pol(o)->xp && !xha_obj_pol(o)->parked)
			xha_park_out(xha_obj_pol(o), d);
	kfree(d);
}

/**
 * xha_park_leave - give XFRM the policies of a group that wait; if this node serves
 *		    the group, all of them open
 * @g: group
 *
 * Where something else has their place, that stays, and the audit finds it. With
 * 'off' only what was this node's own before comes back. Without memory one
 * stays outside until the audit tries again: there it waits, it is not lost.
 */
void xha_park_leave(struct xha_group *g)
{
	struct xha_obj *o, *tmp;
	bool off = g->policies == XFRM_HA_POLICIES_OFF, active = xha_group_active(g);
	bool lost = false;
	int err;

	list_for_each_entry_safe(o, tmp, &g->objs, in_group) {
		if (o->kind != XHA_KIND_POLICY || o->dead)
			continue;
		if (active)
			xha_pol_open(xha_obj_pol(o));
		if (!xha_obj_pol(o)->parked)
			continue;
		err = off && o->installed ? -EEXIST : xha_park_in(xha_obj_pol(o), !active);
		if (!err && off)
			xha_obj_set_why(o, xha_park_off);
		if (!err || err == -ENOMEM)
			continue;
		lost = true;
		xha_obj_bury(g->xn, o);
	}
	if (lost)
		xha_tap_audit_now(g->xn);
}

#define XHA_PARK_GRACE	1000	/* ms */

/* Is the rest of what belongs to merged policies on its way? */
static bool xha_park_merging(struct xha_group *g)
{
	struct xha_peer *p;
	int slot;

	xha_for_each_peer(g->xn, slot, p)
		if (g->peers[slot].got_gen && xha_merge_wanted(p, g))
			return true;
	return false;
}

/**
 * xha_park_settle - what a change of the role has left to do; by the audit
 * @g: group
 *
 * A standby that was active a moment ago may still be answering what came by a
 * tunnel: its policies drop that, and go only after a while. On an active, those
 * that there was no memory for at the takeover, or that a merge has brought: when
 * it is over, or when its peer is lost.
 */
void xha_park_settle(struct xha_group *g)
{
	if (xha_group_active(g)) {
		if (!xha_park_merging(g))
			xha_park_leave(g);
		return;
	}
	if (xha_now_ms() - g->since >= XHA_PARK_GRACE)
		xha_park_enter(g);
}

/**
 * xha_park_restore - a policy that this node had before it was a standby
 * @pol: policy, about to be forgotten
 *
 * It goes back to where it was; if something else is there, that is what the
 * operator wants.
 */
void xha_park_restore(struct xha_pol *pol)
{
	if (pol->parked && !pol->obj.installed)
		xha_park_in(pol, false);
}

/**
 * xha_park_why_not - why a policy of a group is not replicated
 * @g: group
 * @xp: policy
 * @dir: XFRM_POLICY_*
 *
 * Return: NULL, or the reason; static.
 */
const char *xha_park_why_not(const struct xha_group *g, const struct xfrm_policy *xp, u8 dir)
{
	if (g->install == XFRM_HA_INSTALL_DAEMON)
		return "install daemon";
	if (g->policies == XFRM_HA_POLICIES_OFF)
		return xha_park_off;
	return xha_snapshot_pol_why_not(xp, dir);
}

/* The active carries them from now on, or ceases to: every peer gets a new copy. */
static void xha_park_serve(struct xha_group *g)
{
	struct xha_obj *o;

	list_for_each_entry(o, &g->objs, in_group)
		if (o->kind == XHA_KIND_POLICY && !o->dead && xha_obj_pol(o)->xp)
			xha_obj_set_why(o, xha_park_why_not(g, xha_obj_pol(o)->xp,
							    xha_obj_pol(o)->key.dir));
	xha_sync_again(g);
}

/* What was left alone because of 'off' is the group's again. */
static void xha_park_review(struct xha_group *g)
{
	struct xha_obj *o;

	list_for_each_entry(o, &g->objs, in_group) {
		if (o->kind != XHA_KIND_POLICY || o->dead || o->installed || !xha_obj_pol(o)->xp)
			continue;
		if (o->why_not == xha_park_off)
			xha_obj_set_why(o, xha_park_why_not(g, xha_obj_pol(o)->xp,
							    xha_obj_pol(o)->key.dir));
		if (!o->why_not)
			xha_park_close(xha_obj_pol(o));
	}
}

/**
 * xha_park_change - the knob 'policies' has changed
 * @g: group
 * @policies: enum xfrm_ha_policies
 */
void xha_park_change(struct xha_group *g, u8 policies)
{
	u8 old = g->policies;

	if (old == policies)
		return;
	g->policies = policies;
	if (!xha_group_active(g) && old == XFRM_HA_POLICIES_OFF)
		xha_park_review(g);
	if (xha_group_active(g)) {
		if (old == XFRM_HA_POLICIES_OFF || policies == XFRM_HA_POLICIES_OFF)
			xha_park_serve(g);
	} else if (policies == XFRM_HA_POLICIES_HOT) {
		xha_park_leave(g);
	} else {
		xha_park_enter(g);
	}
}
