// SPDX-License-Identifier: GPL-2.0
/*
 * Shadows: where a local IKE daemon installs what a standby holds, too
 * ("install daemon"), a copy is a state that XFRM does not know. Counters go
 * into it as into any other copy. When the daemon adds the SA, its state takes
 * the place of the shadow, if it is the same SA, and gets all that the shadow
 * has got; when the daemon deletes it, the deleted state is the shadow again:
 * nobody but us holds it then.
 *
 *               record                 the daemon adds it
 *   (nothing) ----------> shadow  ----------------------------> bound, closed
 *                        WAITING  <----------------------------   OK
 *                                      the daemon deletes it
 *
 * The module never puts a shadow into XFRM, and never deletes what a daemon
 * has added. A takeover opens what is bound. A shadow stays one, and an SA that
 * the daemon adds after it begins above all numbers that were used elsewhere.
 */
#include <linux/slab.h>

#include "dirty.h"
#include "gate.h"
#include "peer.h"
#include "shadow.h"
#include "snapshot.h"

/**
 * struct xha_shadow_pair - two states to be compared
 * @shadow: ours
 * @daemons: that of the daemon; its window is room for the shadow's
 */
struct xha_shadow_pair {
	struct xha_sa_desc shadow;
	struct xha_sa_desc daemons;
};

/**
 * xha_shadow_daemons - is the state of an SA a local daemon's, to be left to it?
 * @s: SA, a copy
 */
bool xha_shadow_daemons(const struct xha_sa *s)
{
	return s->x && !s->shadow && s->obj.group &&
	       s->obj.group->install == XFRM_HA_INSTALL_DAEMON;
}

static void xha_shadow_tell(struct xha_net *xn, struct xha_sa *s, u8 result)
{
	struct xha_peer *p = s->obj.src < 0 ? NULL : xha_peer_slot(xn, s->obj.src);

	xha_obj_set_result(&s->obj, result);
	if (!p)
		return;
	xha_dirty_peer(p, &s->obj, XHA_W_RESULT);
	xha_peers_kick(xn);
}

/**
 * xha_shadow_keep - the daemon has deleted an SA: keep what we know of it
 * @xn: node, lock held
 * @s: SA whose state has gone from XFRM
 *
 * Return: false if it is not a copy that the active still has.
 */
bool xha_shadow_keep(struct xha_net *xn, struct xha_sa *s)
{
	if (!xha_shadow_daemons(s) || xha_group_active(s->obj.group) ||
	    s->obj.origin != XFRM_HA_ORIGIN_LEARNED || s->obj.result != XHA_RESULT_OK)
		return false;

	/* Read by the tap, without the lock. */
	WRITE_ONCE(s->shadow, true);
	xha_shadow_tell(xn, s, XHA_RESULT_WAITING);
	return true;
}

/* Keys are compared, not copied. */
static bool xha_shadow_same(struct xha_sa *s, struct xfrm_state *x,
			    struct xha_shadow_pair *pair)
{
	struct xfrm_state *shadow = s->x;

	spin_lock_bh(&shadow->lock);
	xha_snapshot_sa(shadow, &pair->shadow);
	spin_unlock_bh(&shadow->lock);
	spin_lock_bh(&x->lock);
	xha_snapshot_sa(x, &pair->daemons);
	spin_unlock_bh(&x->lock);
	return xha_snapshot_same_sa(&pair->shadow, &pair->daemons) &&
	       xha_snapshot_same_replay(&pair->shadow, &pair->daemons, s->dir);
}

/* All that moves. @x is closed. */
static void xha_shadow_move(struct xha_sa *s, struct xfrm_state *x,
			    struct xha_window *win)
{
	struct xfrm_state *shadow = s->x;
	struct xfrm_lifetime_cur used;
	struct xha_replay r;
	u64 oseq;

	xha_snapshot_replay(shadow, &r);
	spin_lock_bh(&shadow->lock);
	xha_replay_get(&r, win);
	oseq = xha_replay_oseq(&r);
	used = shadow->curlft;
	spin_unlock_bh(&shadow->lock);

	xha_snapshot_replay(x, &r);
	spin_lock_bh(&x->lock);
	if (s->dir == XFRM_HA_DIR_IN && win->bits == xha_replay_window(&r))
		xha_replay_merge(&r, win);
	if (s->dir == XFRM_HA_DIR_OUT && oseq > xha_replay_oseq(&r))
		xha_replay_set_oseq(&r, oseq);
	x->curlft.bytes = max(x->curlft.bytes, used.bytes);
	x->curlft.packets = max(x->curlft.packets, used.packets);
	if (x->km.state == XFRM_STATE_ACQ && s->add_time)
		x->curlft.add_time = s->add_time + XHA_PARKED;
	spin_unlock_bh(&x->lock);
}

static void xha_shadow_replace(struct xha_sa *s, struct xfrm_state *x)
{
	/* XFRM does not know it, or no more. */
	s->x->km.state = XFRM_STATE_DEAD;
	xfrm_state_put(s->x);
	xfrm_state_hold(x);
	s->x = x;
	WRITE_ONCE(s->shadow, false);
}

/* It comes after the takeover: what it must not use again is what was open then. */
static void xha_shadow_adopt(struct xha_net *xn, struct xha_group *g, struct xha_sa *s)
{
	s64 silence = max_t(s64, (s64)g->since - g->hot_asof, 0);

	xha_obj_set_why(&s->obj, NULL);
	if (xha_group_adopt(g, s, silence)) {
		xha_dirty(xn, &s->obj, XHA_W_OBJECT);
		xha_peers_kick(xn);
	}
}

/**
 * xha_shadow_meet - the daemon has added an SA that has a shadow
 * @xn: node, lock held
 * @s: SA, a shadow; may be freed
 * @x: the daemon's state
 *
 * One that is another SA is told to the active and left alone.
 *
 * Return: false if it is another one and this node is the active: then @x is
 * new, and there is no shadow any more.
 */
bool xha_shadow_meet(struct xha_net *xn, struct xha_sa *s, struct xfrm_state *x)
{
	struct xha_group *g = s->obj.group;
	bool active = xha_group_active(g);
	struct xha_shadow_pair *pair;
	bool same;

	s->obj.round = xn->tap.round;
	/* Not yet one that could be compared, or one that cannot be closed. */
	if (xha_snapshot_why_not(x))
		return true;
	pair = kmalloc(sizeof(*pair), GFP_KERNEL);
	if (!pair) {
		/* The next audit comes by. It stays closed. */
		xha_stat_inc(&xn->stats, XHA_STAT_NO_MEMORY);
		return true;
	}
	same = xha_shadow_same(s, x, pair);
	if (!same && active) {
		kfree(pair);
		xha_obj_bury(xn, &s->obj);
		return false;
	}
	xha_gate_close_new(x, XFRM_HA_ROLE_STANDBY);
	if (same)
		xha_shadow_move(s, x, &pair->daemons.win);
	kfree(pair);
	xha_shadow_replace(s, x);

	if (active) {
		xha_shadow_adopt(xn, g, s);
		return true;
	}
	if (!same)
		s->obj.origin = XFRM_HA_ORIGIN_OWN;
	xha_gate_close(s, g->role == XFRM_HA_ROLE_FENCED ? XFRM_HA_ROLE_FENCED :
							   XFRM_HA_ROLE_STANDBY);
	xha_shadow_tell(xn, s, same ? XHA_RESULT_OK : XHA_RESULT_TAKEN);
	return true;
}

/**
 * xha_shadow_stay - a takeover finds that the daemon has not added an SA yet
 * @g: group that this node serves from now on, xha_net.lock held
 * @s: SA, a shadow
 */
void xha_shadow_stay(struct xha_group *g, struct xha_sa *s)
{
	xha_obj_set_src(g->xn, &s->obj, -1, 0);
	xha_obj_set_hash(&s->obj, 0);
	xha_obj_set_why(&s->obj, "the local daemon has not installed it");
}
