// SPDX-License-Identifier: GPL-2.0
/*
 * The audit: a walk over XFRM's tables that finds what no event tells, such as
 * migration, the flush of a device, or states inserted inside the kernel. It is
 * also how the module learns what was there before it, and what a group that
 * was just configured consists of.
 */
#include <linux/slab.h>

#include "gate.h"
#include "park.h"
#include "peer.h"
#include "shadow.h"
#include "tap.h"

/**
 * struct xha_batch - what one step of a walk has picked up
 * @n: how many
 * @x: states, a reference each, or
 * @xp: policies, likewise, with
 * @dir: their directions
 */
struct xha_batch {
	unsigned int n;
	union {
		struct xfrm_state *x[XHA_CHUNK];
		struct xfrm_policy *xp[XHA_CHUNK];
	};
	u8 dir[XHA_CHUNK];
};

/*
 * Called with xfrm_state_lock held and BH off: only takes references. A walk
 * that is told to stop goes on with the same state the next time.
 */
static int xha_audit_pick_state(struct xfrm_state *x, int seq, void *data)
{
	struct xha_batch *b = data;

	if (b->n == XHA_CHUNK)
		return -EAGAIN;
	xfrm_state_hold(x);
	b->x[b->n++] = x;
	return 0;
}

static int xha_audit_pick_policy(struct xfrm_policy *xp, int dir, int seq,
				 void *data)
{
	struct xha_batch *b = data;

	/* Policies of sockets come with higher directions. */
	if (dir >= XFRM_POLICY_MAX)
		return 0;
	if (b->n == XHA_CHUNK)
		return -EAGAIN;
	xfrm_pol_hold(xp);
	b->dir[b->n] = dir;
	b->xp[b->n++] = xp;
	return 0;
}

static u64 xha_audit_states(struct xha_net *xn, struct xha_batch *b)
{
	struct xfrm_state_walk walk;
	u64 found = 0;
	int more;

	xfrm_state_walk_init(&walk, IPSEC_PROTO_ANY, NULL);
	do {
		b->n = 0;
		more = xfrm_state_walk(xn->net, &walk, xha_audit_pick_state, b);

		mutex_lock(&xn->lock);
		while (b->n) {
			struct xfrm_state *x = b->x[--b->n];

			found += xha_reconcile_state(xn, x, false);
			xfrm_state_put(x);
		}
		mutex_unlock(&xn->lock);
		cond_resched();
	} while (more == -EAGAIN);
	/* A walk that is not ended stays linked in the namespace. */
	xfrm_state_walk_done(&walk, xn->net);
	return found;
}

static u64 xha_audit_policies(struct xha_net *xn, struct xha_batch *b)
{
	struct xfrm_policy_walk walk;
	u64 found = 0;
	int more;

	xfrm_policy_walk_init(&walk, XFRM_POLICY_TYPE_ANY);
	do {
		b->n = 0;
		more = xfrm_policy_walk(xn->net, &walk, xha_audit_pick_policy, b);

		mutex_lock(&xn->lock);
		while (b->n) {
			struct xfrm_policy *xp = b->xp[--b->n];

			found += xha_reconcile_policy(xn, xp, b->dir[b->n]);
			xfrm_pol_put(xp);
		}
		mutex_unlock(&xn->lock);
		cond_resched();
	} while (more == -EAGAIN);
	xfrm_policy_walk_done(&walk, xn->net);
	return found;
}

/* What the walk has not met is probably gone. */
static u64 xha_audit_rest(struct xha_net *xn, u32 round)
{
	struct xha_obj *o;
	u64 found = 0;
	u32 id = 0;
	int n = 0;

	mutex_lock(&xn->lock);
	while ((o = xha_obj_next(xn, &id))) {
		if (++n % XHA_CHUNK == 0)
			xha_net_relax(xn);
		/* By number again: relaxing may have freed it. */
		o = xa_load(&xn->objs, id - 1);
		if (!o || o->dead || o->round == round)
			continue;
		if (o->kind == XHA_KIND_SA && xha_obj_sa(o)->shadow) {
			if (xha_copy_expired(xha_obj_sa(o)))
				xha_copy_drop(xn, o);
		} else if (o->kind == XHA_KIND_SA &&
			   (xha_obj_sa(o)->x || o->origin == XFRM_HA_ORIGIN_OWN)) {
			/* Of one that a device has taken whole there is no state here. */
			xha_reconcile_sa(xn, &xha_obj_sa(o)->key);
			found++;
		} else if (o->kind == XHA_KIND_POLICY && xha_obj_pol(o)->xp &&
			   !xha_obj_pol(o)->parked) {
			xha_reconcile_pol(xn, &xha_obj_pol(o)->key);
			found++;
		}
	}
	mutex_unlock(&xn->lock);
	return found;
}

/* Groups that were there when the walk began are known whole now. */
static void xha_audit_done(struct xha_net *xn, u32 round)
{
	struct xha_group *g;

	mutex_lock(&xn->lock);
	list_for_each_entry(g, &xn->groups, node) {
		xha_park_settle(g);
		if (g->audited || (s32)(round - g->audit_round) < 0)
			continue;
		g->audited = true;
		xha_merge_settle(g);
		xha_peers_kick(xn);
	}
	mutex_unlock(&xn->lock);
}

/**
 * xha_audit_release - leave nothing closed behind
 * @xn: node whose groups are gone and whose tap has stopped
 *
 * States that were closed when they were added, and that nobody has come to
 * look at since.
 */
void xha_audit_release(struct xha_net *xn)
{
	struct xfrm_state_walk walk;
	struct xha_batch *b;
	int more;

	b = kmalloc(sizeof(*b), GFP_KERNEL | __GFP_NOFAIL);
	xfrm_state_walk_init(&walk, IPSEC_PROTO_ANY, NULL);
	do {
		b->n = 0;
		more = xfrm_state_walk(xn->net, &walk, xha_audit_pick_state, b);
		while (b->n) {
			struct xfrm_state *x = b->x[--b->n];

			xha_gate_forget(x);
			xfrm_state_put(x);
		}
		cond_resched();
	} while (more == -EAGAIN);
	xfrm_state_walk_done(&walk, xn->net);
	kfree(b);
}

/**
 * xha_audit_work - one walk over everything
 * @work: xha_tap.audit
 */
void xha_audit_work(struct work_struct *work)
{
	struct xha_tap *t = container_of(work, struct xha_tap, audit.work);
	struct xha_net *xn = container_of(t, struct xha_net, tap);
	bool announced = xchg(&t->announced, false);
	u32 round, delay = XHA_AUDIT_PERIOD;
	struct xha_batch *b;
	u64 found = 0;

	b = kmalloc(sizeof(*b), GFP_KERNEL);
	if (b) {
		mutex_lock(&xn->lock);
		round = ++t->round;
		mutex_unlock(&xn->lock);

		/* Policies first: no SA shall be known without its policy. */
		found += xha_audit_policies(xn, b);
		found += xha_audit_states(xn, b);
		found += xha_audit_rest(xn, round);
		kfree(b);

		xha_audit_done(xn, round);
		xha_stat_inc(&xn->stats, XHA_STAT_AUDITS);
		if (!announced)
			xha_stat_add(&xn->stats, XHA_STAT_AUDIT_FOUND, found);
		/* An IKE daemon migrates policy by policy: more may follow. */
		if (found) {
			WRITE_ONCE(t->announced, true);
			delay = XHA_AUDIT_AGAIN;
		}
	} else {
		xha_stat_inc(&xn->stats, XHA_STAT_NO_MEMORY);
	}

	if (READ_ONCE(xn->configured))
		queue_delayed_work(xha_wq, &t->audit,
				   msecs_to_jiffies(delay));
}
