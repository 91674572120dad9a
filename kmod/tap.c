// SPDX-License-Identifier: GPL-2.0
/*
 * Tap: a key manager that only listens.
 *
 * km_state_notify() calls us inside rcu_read_lock(), from process context or
 * softirq, with x->lock held or not, and with a state whose reference count may
 * be 0 (hard expiry) or that is a temporary one (update). So the callback only
 * copies the key; a worker looks the state up again. The one thing that cannot
 * wait is the gate of a new SA on a node that is not active.
 */
#include <linux/slab.h>

#include "gate.h"
#include "group.h"
#include "snapshot.h"
#include "tap.h"

/**
 * struct xha_tap_event - something to look at
 * @node: in xha_tap.queue
 * @policy: which of the keys
 * @sa: key of an SA
 * @pol: key of a policy
 */
struct xha_tap_event {
	struct list_head node;
	bool policy;
	union {
		struct xha_sa_key sa;
		struct xha_pol_key pol;
	};
};

/* Any context; @ev NULL: look at everything. */
static void xha_tap_queue(struct xha_net *xn, struct xha_tap_event *ev)
{
	struct xha_tap *t = &xn->tap;

	spin_lock_bh(&t->lock);
	if (ev)
		list_add_tail(&ev->node, &t->queue);
	else
		t->missed = true;
	spin_unlock_bh(&t->lock);
	queue_work(xha_wq, &t->work);
}

/**
 * xha_tap_look_again - something happened to an SA
 * @xn: node
 * @key: its key
 *
 * Any context. Without memory everything is looked at, later.
 */
void xha_tap_look_again(struct xha_net *xn, const struct xha_sa_key *key)
{
	struct xha_tap_event *ev = kmalloc(sizeof(*ev), GFP_ATOMIC);

	if (ev) {
		ev->policy = false;
		ev->sa = *key;
	} else {
		xha_stat_inc(&xn->stats, XHA_STAT_EVENTS_MISSED);
	}
	xha_tap_queue(xn, ev);
}

/**
 * xha_tap_audit_now - look at everything, soon
 * @xn: node; any context
 */
void xha_tap_audit_now(struct xha_net *xn)
{
	xha_tap_queue(xn, NULL);
}

/*
 * Closes the gate of an SA that was added on a node that does not serve it, or
 * whose shadow has waited for it: then a worker opens it above what was used.
 * An update hands us a temporary state: the live one is looked up. Both come
 * from process context without x->lock.
 */
static void xha_tap_gate(struct xha_net *xn, struct xfrm_state *x, u32 event)
{
	struct xfrm_state *live = NULL;
	struct xha_sa_key key;
	struct xha_group *g;
	u8 dir;

	g = xha_group_match(xn, x->props.family, &x->props.saddr, &x->id.daddr, &dir);
	if (!g || xha_snapshot_why_not(x))
		return;
	xha_snapshot_key(x, &key);
	if (xha_group_active(g) && !xha_sa_shadowed(xn, &key))
		return;

	if (event == XFRM_MSG_UPDSA && x->km.state == XFRM_STATE_DEAD) {
		live = xfrm_state_lookup(xn->net, x->mark.v, &x->id.daddr,
					 x->id.spi, x->id.proto, x->props.family);
		if (!live)
			return;
		x = live;
	}
	xha_gate_close_new(x, XFRM_HA_ROLE_STANDBY);
	if (live)
		xfrm_state_put(live);
}

static int xha_tap_notify(struct xfrm_state *x, const struct km_event *c)
{
	struct xha_sa_key key;
	struct xha_net *xn;

	/* c->net is set for a flush only, where there is no state. */
	xn = xha_pernet(x ? xs_net(x) : c->net);
	if (!READ_ONCE(xn->configured))
		return 0;

	switch (c->event) {
	case XFRM_MSG_NEWSA:
	case XFRM_MSG_UPDSA:
		xha_tap_gate(xn, x, c->event);
		break;
	case XFRM_MSG_DELSA:
	case XFRM_MSG_FLUSHSA:
	case XFRM_MSG_EXPIRE:
		break;
	case XFRM_MSG_NEWAE:
		/* A key manager has set something. What has moved by itself is sampled. */
		if (c->data.aevent == XFRM_AE_CU)
			break;
		return 0;
	default:
		return 0;
	}

	xha_stat_inc(&xn->stats, XHA_STAT_EVENTS);
	if (!x) {
		xha_tap_audit_now(xn);
		return 0;
	}
	xha_snapshot_key(x, &key);
	xha_tap_look_again(xn, &key);
	return 0;
}

static int xha_tap_notify_policy(struct xfrm_policy *xp, int dir,
				 const struct km_event *c)
{
	struct xha_tap_event *ev;
	struct xha_net *xn;

	xn = xha_pernet(xp ? xp_net(xp) : c->net);
	if (!READ_ONCE(xn->configured) || dir >= XFRM_POLICY_MAX)
		return 0;

	xha_stat_inc(&xn->stats, XHA_STAT_EVENTS);
	ev = xp ? kmalloc(sizeof(*ev), GFP_ATOMIC) : NULL;
	if (ev) {
		ev->policy = true;
		xha_snapshot_pol_key(xp, dir, &ev->pol);
	} else if (xp) {
		xha_stat_inc(&xn->stats, XHA_STAT_EVENTS_MISSED);
	}
	xha_tap_queue(xn, ev);
	return 0;
}

/* Not NULL: km_query() calls it of every key manager. We serve no acquire. */
static int xha_tap_acquire(struct xfrm_state *x, struct xfrm_tmpl *t,
			   struct xfrm_policy *xp)
{
	return -EOPNOTSUPP;
}

/* Likewise in xfrm_user_policy(). *@dir holds another manager's error: hands off. */
static struct xfrm_policy *xha_tap_compile_policy(struct sock *sk, int opt,
						  u8 *data, int len, int *dir)
{
	return NULL;
}

static struct xfrm_mgr xha_tap_mgr = {
	.notify = xha_tap_notify,
	.notify_policy = xha_tap_notify_policy,
	.acquire = xha_tap_acquire,
	.compile_policy = xha_tap_compile_policy,
};

static struct xha_tap_event *xha_tap_next(struct xha_tap *t)
{
	struct xha_tap_event *ev;

	spin_lock_bh(&t->lock);
	ev = list_first_entry_or_null(&t->queue, struct xha_tap_event, node);
	if (ev)
		list_del(&ev->node);
	spin_unlock_bh(&t->lock);
	return ev;
}

static void xha_tap_look(struct xha_net *xn, struct xha_tap_event *ev)
{
	if (ev->policy)
		xha_reconcile_pol(xn, &ev->pol);
	else
		xha_reconcile_sa(xn, &ev->sa);
	kfree(ev);
}

/**
 * xha_tap_drain - look now at what has happened until now
 * @xn: node, lock held (maybe RTNL too)
 *
 * For whoever must not miss it: what a node has added while it was active is to be
 * among what it says when it is not any more. Not what a key manager goes on adding.
 */
void xha_tap_drain(struct xha_net *xn)
{
	struct xha_tap_event *ev, *tmp;
	LIST_HEAD(queue);

	spin_lock_bh(&xn->tap.lock);
	list_splice_init(&xn->tap.queue, &queue);
	spin_unlock_bh(&xn->tap.lock);
	list_for_each_entry_safe(ev, tmp, &queue, node)
		xha_tap_look(xn, ev);
}

static void xha_tap_work(struct work_struct *work)
{
	struct xha_tap *t = container_of(work, struct xha_tap, work);
	struct xha_net *xn = container_of(t, struct xha_net, tap);
	struct xha_tap_event *ev;
	unsigned int n = 0;
	bool missed;

	spin_lock_bh(&t->lock);
	missed = t->missed;
	t->missed = false;
	spin_unlock_bh(&t->lock);

	mutex_lock(&xn->lock);
	/* One by one: whoever gets the lock meanwhile may want the rest. */
	while ((ev = xha_tap_next(t))) {
		xha_tap_look(xn, ev);
		if (++n % XHA_CHUNK == 0)
			xha_net_relax(xn);
	}
	mutex_unlock(&xn->lock);

	if (missed) {
		WRITE_ONCE(t->announced, true);
		mod_delayed_work(xha_wq, &t->audit, 0);
	}
}

/**
 * xha_tap_net_init - prepare the tap of a namespace
 * @xn: node
 */
void xha_tap_net_init(struct xha_net *xn)
{
	spin_lock_init(&xn->tap.lock);
	INIT_LIST_HEAD(&xn->tap.queue);
	INIT_WORK(&xn->tap.work, xha_tap_work);
	INIT_DELAYED_WORK(&xn->tap.audit, xha_audit_work);
}

/**
 * xha_tap_net_start - there is something to look at from now on
 * @xn: node
 */
void xha_tap_net_start(struct xha_net *xn)
{
	WRITE_ONCE(xn->configured, true);
	mod_delayed_work(xha_wq, &xn->tap.audit, 0);
}

/**
 * xha_tap_net_stop - the namespace goes away
 * @xn: node; process context
 *
 * Events may still be queued until this returns; nothing looks at them.
 */
void xha_tap_net_stop(struct xha_net *xn)
{
	struct xha_tap_event *ev, *tmp;

	WRITE_ONCE(xn->configured, false);
	/* The callbacks run in RCU readers: no more of them see it set. */
	synchronize_rcu();
	/* They queue each other: the audit twice, so that both stay quiet. */
	cancel_delayed_work_sync(&xn->tap.audit);
	cancel_work_sync(&xn->tap.work);
	cancel_delayed_work_sync(&xn->tap.audit);

	list_for_each_entry_safe(ev, tmp, &xn->tap.queue, node)
		kfree(ev);
	INIT_LIST_HEAD(&xn->tap.queue);
	xha_audit_release(xn);
}

int xha_tap_init(void)
{
	xfrm_register_km(&xha_tap_mgr);
	return 0;
}

void xha_tap_exit(void)
{
	/* Waits for RCU readers, in which the callbacks run. */
	xfrm_unregister_km(&xha_tap_mgr);
}
