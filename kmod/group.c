// SPDX-License-Identifier: GPL-2.0
/* Groups: making them, and unmaking. */
#include <linux/slab.h>

#include "dirty.h"
#include "gate.h"
#include "group.h"
#include "park.h"
#include "peer.h"
#include "shadow.h"
#include "snapshot.h"
#include "serve.h"
#include "tap.h"
#include "vip.h"

/**
 * xha_group_conf_init - defaults
 * @c: configuration
 */
void xha_group_conf_init(struct xha_group_conf *c)
{
	memset(c, 0, sizeof(*c));
	c->period_time = XHA_SYNC_PERIOD_TIME;
	c->period_packets = XHA_SYNC_PERIOD_PACKETS;
	c->oseq_shift = XHA_OSEQ_SHIFT;
}

struct xha_group *xha_group_by_name(struct xha_net *xn, const char *name)
{
	struct xha_group *g;

	list_for_each_entry_rcu(g, &xn->groups, node,
				lockdep_is_held(&xn->cfg) || lockdep_is_held(&xn->lock))
		if (!strcmp(g->name, name))
			return g;
	return NULL;
}

struct xha_group *xha_group_by_gid(struct xha_net *xn, u8 gid)
{
	struct xha_group *g;

	list_for_each_entry_rcu(g, &xn->groups, node,
				lockdep_is_held(&xn->cfg) || lockdep_is_held(&xn->lock))
		if (g->gid == gid)
			return g;
	return NULL;
}

static struct xha_group *xha_group_alloc(struct xha_net *xn,
					 const struct xha_group_conf *c)
{
	struct xha_group *g = kzalloc(sizeof(*g), GFP_KERNEL);

	if (!g)
		return NULL;
	g->xn = xn;
	strscpy(g->name, c->name, sizeof(g->name));
	g->install = c->install;
	g->policies = c->policies;
	g->period_time = c->period_time;
	g->period_packets = c->period_packets;
	g->oseq_shift = c->oseq_shift;
	g->advance = c->advance;
	memcpy(g->vips, c->vips, sizeof(g->vips));
	memcpy(g->locals, c->locals, sizeof(g->locals));
	g->nvips = c->nvips;
	g->nlocals = c->nlocals;
	g->role = XFRM_HA_ROLE_INIT;
	g->sync = XFRM_HA_SYNC_NONE;
	g->since = xha_now_ms();
	g->hot_asof = g->since;
	g->src = -1;
	g->granted = -1;
	INIT_LIST_HEAD(&g->objs);
	if (xha_group_endpoints(g)) {
		kfree(g);
		return NULL;
	}
	while (xha_group_by_gid(xn, g->gid))
		g->gid++;
	return g;
}

/**
 * xha_group_add - add a group; its role follows from its VIPs at once
 * @xn: node, cfg held
 * @c: configuration, checked for itself
 * @extack: refusal
 *
 * Return: 0; -EEXIST, -ENOSPC, -ENOMEM.
 */
int xha_group_add(struct xha_net *xn, const struct xha_group_conf *c,
		  struct netlink_ext_ack *extack)
{
	struct xha_group *g;
	unsigned int n = 0;
	int err;

	if (xha_group_by_name(xn, c->name)) {
		NL_SET_ERR_MSG(extack, "a group of this name exists already");
		return -EEXIST;
	}
	list_for_each_entry(g, &xn->groups, node)
		n++;
	if (n >= XFRM_HA_LIMIT_GROUPS) {
		NL_SET_ERR_MSG(extack, "no room for another group");
		return -ENOSPC;
	}
	err = xha_group_refuse_addrs(xn, c, extack);
	if (err)
		return err;
	g = xha_group_alloc(xn, c);
	if (!g)
		return -ENOMEM;

	mutex_lock(&xn->lock);
	/* A walk that has begun already may have passed what is in it. */
	g->audit_round = xn->tap.round + 1;
	list_add_tail_rcu(&g->node, &xn->groups);
	xn->joined = xha_now_ms();
	xha_vip_look(g, true);
	xha_peers_beat(xn);
	mutex_unlock(&xn->lock);

	xha_tap_net_start(xn);
	xha_serve_net_start(xn);
	/* Of what changed since we looked nobody has told, if this is the first group. */
	xha_vip_poll(xn);
	return 0;
}

/**
 * xha_group_release - an SA of this node's own leaves the group
 * @g: group, xha_net.lock held
 * @s: SA with a state
 *
 * Where it was closed, somebody else has used its numbers: it starts above them.
 */
void xha_group_release(struct xha_group *g, struct xha_sa *s)
{
	struct xha_opened res;

	if (s->obj.why_not)
		return;
	xha_gate_open(s, g, xha_group_silence(g), &res);
	if (res.opened)
		xha_gate_start_timer(s, xha_now_ms());
	xha_gate_release(s);
	if (res.exhausted)
		xha_gate_retire(s);
}

/**
 * xha_group_leave - leave the SAs of a group as they would be without us
 * @g: group, xha_net.lock held
 *
 * What this node added stays, usable; what was learned goes.
 */
static void xha_group_leave(struct xha_group *g)
{
	struct xha_obj *o, *tmp;

	list_for_each_entry_safe(o, tmp, &g->objs, in_group) {
		if (o->dead) {
			xha_dirty_forget(g->xn, o);
			xha_obj_reap(g->xn, o);
			continue;
		}
		if (o->origin == XFRM_HA_ORIGIN_LEARNED &&
		    (o->kind == XHA_KIND_SA ? !xha_shadow_daemons(xha_obj_sa(o)) :
					      o->installed)) {
			xha_dirty_forget(g->xn, o);
			xha_copy_drop(g->xn, o);
			continue;
		}
		if (o->kind == XHA_KIND_SA && xha_obj_sa(o)->x)
			xha_group_release(g, xha_obj_sa(o));
		else if (o->kind == XHA_KIND_POLICY)
			xha_park_restore(xha_obj_pol(o));
		xha_dirty_forget(g->xn, o);
		xha_obj_bury(g->xn, o);
	}
}

/**
 * xha_group_del - remove a group
 * @xn: node, cfg held
 * @g: group, freed
 * @extack: refusal
 *
 * Return: 0.
 */
int xha_group_del(struct xha_net *xn, struct xha_group *g,
		  struct netlink_ext_ack *extack)
{
	struct xha_peer *p;
	int slot;

	mutex_lock(&xn->lock);
	list_del_rcu(&g->node);
	xha_group_leave(g);
	/* Peers that follow are not told to delete: they see that we are gone. */
	xha_for_each_peer(xn, slot, p) {
		xha_dirty_purge(p, g);
		p->beat_at = 0;
		xha_peer_kick(p);
	}
	WARN_ON_ONCE(!list_empty(&g->objs));
	mutex_unlock(&xn->lock);

	/* The tap may be looking at it, in an RCU reader. */
	synchronize_rcu();
	kfree(rcu_dereference_protected(g->endpoints, true));
	kfree(g);
	/* SAs that were in it are in no group now, and shown so. */
	xha_tap_audit_now(xn);
	return 0;
}

/**
 * xha_group_del_all - remove every group
 * @xn: node, cfg held
 */
void xha_group_del_all(struct xha_net *xn)
{
	struct xha_group *g, *tmp;

	list_for_each_entry_safe(g, tmp, &xn->groups, node)
		xha_group_del(xn, g, NULL);
}

/**
 * xha_group_forget_peer - a slot becomes free
 * @xn: node, lock held
 * @slot: which
 */
void xha_group_forget_peer(struct xha_net *xn, int slot)
{
	struct xha_group *g;

	list_for_each_entry(g, &xn->groups, node) {
		if (g->src == slot)
			g->src = -1;
		memset(&g->peers[slot], 0, sizeof(g->peers[slot]));
	}
}

/* Has a peer in contact said that it cannot install it? */
static bool xha_group_refused(struct xha_net *xn, const struct xha_obj *o)
{
	struct xha_peer *p;
	int slot;

	xha_for_each_peer(xn, slot, p)
		if (xha_peer_up(p) && o->track[slot].result != XHA_RESULT_OK)
			return true;
	return false;
}

/**
 * xha_group_not_replicated - SAs that a failover would lose
 * @g: group, xha_net.lock held
 *
 * Return: how many SAs of the group, or of no group at all, are not
 * replicated: the usual mistake is an endpoint that no group names.
 */
u32 xha_group_not_replicated(struct xha_group *g)
{
	struct xha_obj *o;
	u32 n = 0, id = 0;

	while ((o = xha_obj_next(g->xn, &id)))
		if (o->kind == XHA_KIND_SA && !o->dead &&
		    (!o->group || (o->group == g &&
				   (o->why_not || o->result != XHA_RESULT_OK ||
				    xha_group_refused(g->xn, o)))))
			n++;
	return n;
}

/**
 * xha_group_policies_left - policies that a failover would lose
 * @g: group, xha_net.lock held
 * @why: the reason of one of them, static; unchanged if there are none
 *
 * Return: how many policies of the group cannot be replicated. Those that are
 * not to be, by 'policies off' or 'install daemon', do not count.
 */
u32 xha_group_policies_left(const struct xha_group *g, const char **why)
{
	struct xha_obj *o;
	u32 n = 0;

	if (g->policies == XFRM_HA_POLICIES_OFF || g->install == XFRM_HA_INSTALL_DAEMON)
		return 0;
	list_for_each_entry(o, &g->objs, in_group) {
		if (o->kind != XHA_KIND_POLICY || o->dead || !o->why_not)
			continue;
		*why = o->why_not;
		n++;
	}
	return n;
}
