// SPDX-License-Identifier: GPL-2.0
/*
 * The gate of an SA.
 *
 * A closed SA is in XFRM_STATE_ACQ with its SPI set. In that state XFRM keeps
 * it in all its tables and shows it, neither encrypts nor decrypts with it, and
 * asks no key manager for another one: policies that match it drop packets
 * instead of letting them out in clear text. Cached bundles notice by
 * themselves (xfrm_bundle_ok() looks at km.state).
 *
 * While it is closed its lifetime is parked: no soft limit fires (km.dying), the
 * idle timer sees no use (use_time 0), and the hard limit comes XHA_PARKED late.
 * An audit comes before that: keys whose active was lost for good do not stay for
 * ever, and no key manager hears of their end twice (xha_copy_expired()). Byte and
 * packet limits are not looked at in this state. The limits themselves are not
 * touched, so that dumps of both nodes are equal.
 */
#include "compat/xfrm.h"
#include "gate.h"
#include "lease.h"
#include "mutant.h"
#include "snapshot.h"

static u32 xha_gate_flag(enum xfrm_ha_role role)
{
	switch (role) {
	case XFRM_HA_ROLE_ACTIVE:
		return XHA_FLAG_ACTIVE;
	case XFRM_HA_ROLE_FENCED:
		return XHA_FLAG_FENCED;
	default:
		return XHA_FLAG_STANDBY;
	}
}

static bool xha_gate_smark_is_tag(const struct xfrm_mark *m)
{
	return !m->m && (m->v == XHA_MARK_STANDBY || m->v == XHA_MARK_FENCED);
}

/* x->lock held, or the state is not known to XFRM yet. */
static void xha_gate_show(struct xfrm_state *x, enum xfrm_ha_role role)
{
	struct xfrm_mark *m = &x->props.smark;

	x->props.extra_flags &= ~XHA_FLAG_MASK;
	x->props.extra_flags |= xha_gate_flag(role);

	if (role == XFRM_HA_ROLE_ACTIVE) {
		/* Even a mask of 0 would change the outer route lookup. */
		if (xha_gate_smark_is_tag(m))
			m->v = 0;
	} else if ((!m->v && !m->m) || xha_gate_smark_is_tag(m)) {
		m->v = role == XFRM_HA_ROLE_FENCED ? XHA_MARK_FENCED :
						     XHA_MARK_STANDBY;
	}
}

/**
 * xha_gate_park - close a state that is not open (any more)
 * @x: state; x->lock held, or not known to XFRM yet
 * @role: XFRM_HA_ROLE_STANDBY or _FENCED
 */
void xha_gate_park(struct xfrm_state *x, enum xfrm_ha_role role)
{
	x->km.dying = 1;
	/* Else the timer takes the hard limit for one that was just set, each time. */
	x->xflags &= ~XFRM_SOFT_EXPIRE;
	x->curlft.add_time += XHA_PARKED;
	x->curlft.use_time = 0;
	xha_gate_show(x, role);
	x->km.state = XFRM_STATE_ACQ;
}

/*
 * xfrm_find_acq_byseq() takes every state in ACQ for larval, whatever its SPI:
 * a key manager could get ours by its number, or have it deleted. So that goes
 * first; out of its policy's cache it comes when it is closed already, for whoever
 * finds it open puts it there again.
 */
static void xha_gate_shut(struct xfrm_state *x, enum xfrm_ha_role role)
{
	struct net *net = xs_net(x);

	spin_lock(&net->xfrm.xfrm_state_lock);
	if (x->km.seq) {
		hlist_del_init_rcu(&x->byseq);
		x->km.seq = 0;
	}
	xha_gate_park(x, role);
	xha_compat_uncache(x);
	spin_unlock(&net->xfrm.xfrm_state_lock);
}

/**
 * xha_gate_close_new - close a state that the table does not know yet
 * @x: state; x->lock not held
 * @role: XFRM_HA_ROLE_STANDBY or _FENCED
 *
 * Called from XFRM's own notification of a new SA, before its sender is told:
 * by the time a worker came it could have sent.
 *
 * Return: true if it was open.
 */
bool xha_gate_close_new(struct xfrm_state *x, enum xfrm_ha_role role)
{
	bool closed = false;

	spin_lock_bh(&x->lock);
	if (x->km.state == XFRM_STATE_VALID) {
		xha_gate_shut(x, role);
		closed = true;
	}
	spin_unlock_bh(&x->lock);
	return closed;
}

/* Is it one that we have closed, and not a larval one of somebody else? */
static bool xha_gate_closed(const struct xfrm_state *x)
{
	return x->km.state == XFRM_STATE_ACQ && x->id.spi &&
	       (x->props.extra_flags & XHA_FLAG_MASK);
}

/**
 * xha_gate_close - close the gate of an SA
 * @s: SA with a state, xha_net.lock held
 * @role: XFRM_HA_ROLE_STANDBY or _FENCED
 *
 * What is parked is kept in @s. Closing again only changes the role shown.
 *
 * Return: true if it was open.
 */
bool xha_gate_close(struct xha_sa *s, enum xfrm_ha_role role)
{
	struct xfrm_state *x = s->x;
	struct xha_replay r;
	bool closed = false;

	spin_lock_bh(&x->lock);
	if (x->km.state == XFRM_STATE_VALID) {
		s->add_time = x->curlft.add_time;
		s->use_time = x->curlft.use_time;
		xha_gate_shut(x, role);
		closed = true;
	} else if (xha_gate_closed(x)) {
		/* By xha_gate_close_new(), before there was an @s. */
		if (!s->add_time)
			s->add_time = x->curlft.add_time - XHA_PARKED;
		xha_gate_show(x, role);
	}
	if (xha_gate_closed(x)) {
		u32 keepalive = xha_compat_keepalive_stop(x);

		if (keepalive)
			s->keepalive = keepalive;
	}
	xha_snapshot_replay(x, &r);
	s->oseq = xha_replay_oseq(&r);
	spin_unlock_bh(&x->lock);
	return closed;
}

/* Handed over: whoever used the last number is closed, and has said which it was. */
static struct xha_lease_start xha_gate_exact(const struct xha_sa *s, u64 own)
{
	u64 last = XHA_MUTANT_NO_FINALS ? own : max(own, s->final);
	struct xha_lease_start start = { .first = last + 1 };

	start.exhausted = last >= xha_seq_max(s->esn);
	return start;
}

static void xha_gate_open_out(struct xha_sa *s, struct xha_group *g, u64 silence,
			      struct xha_opened *res)
{
	struct xha_lease_start start;
	struct xha_replay r;

	/* Nobody else has ever had it: it goes on where it stood. */
	if (!s->shared)
		return;

	xha_snapshot_replay(s->x, &r);
	if (g->exact && s->has_final && s->final_term == g->exact_term)
		start = xha_gate_exact(s, xha_replay_oseq(&r));
	else
		start = xha_lease_takeover(&s->view, xha_replay_oseq(&r),
					   g->oseq_shift, silence, s->esn);
	if (XHA_MUTANT_NO_GUARD)
		start.first = max(s->view.base, xha_replay_oseq(&r)) + 1;
	if (start.exhausted) {
		res->exhausted = true;
		return;
	}
	res->capped = start.capped;
	if (start.first - 1 > s->view.base)
		res->jump = start.first - 1 - s->view.base;
	/* XFRM counts first and sends then. */
	xha_replay_set_oseq(&r, start.first - 1);
	s->oseq = start.first - 1;
}

static void xha_gate_sync_preplay(struct xfrm_state *x)
{
	x->preplay = x->replay;
	if (x->replay_esn && x->preplay_esn)
		memcpy(x->preplay_esn, x->replay_esn,
		       xfrm_replay_state_esn_len(x->replay_esn));
}

/**
 * xha_gate_open - open the gate of an SA: this node serves it now
 * @s: SA with a state, xha_net.lock held
 * @g: its group
 * @silence: ms since the moment for which the active last stated us hot
 * @res: what came of it
 *
 * Everything is in place before km.state says so, and all of it under x->lock,
 * which is what xfrm_output_one() and xfrm_input() take before they look.
 */
void xha_gate_open(struct xha_sa *s, struct xha_group *g, u64 silence,
		   struct xha_opened *res)
{
	struct xfrm_state *x = s->x;
	struct xha_replay r;

	memset(res, 0, sizeof(*res));
	spin_lock_bh(&x->lock);
	if (!xha_gate_closed(x))
		goto out;

	if (s->dir == XFRM_HA_DIR_OUT) {
		xha_gate_open_out(s, g, silence, res);
		if (res->exhausted)
			goto out;
	} else if (g->advance && !g->exact) {
		xha_snapshot_replay(x, &r);
		if (xha_replay_seq(&r))
			xha_replay_advance(&r, g->advance);
	}
	xha_gate_sync_preplay(x);

	/* Closed by xha_gate_close_new(), and opened before it was looked at. */
	if (!s->add_time)
		s->add_time = x->curlft.add_time - XHA_PARKED;
	x->curlft.add_time = s->add_time;
	x->curlft.use_time = s->use_time;
	/* Else the timer takes the older date for one that was just set. */
	x->xflags &= ~XFRM_SOFT_EXPIRE;
	/* Its timer has passed while it was closed: the next packet is told, and starts it. */
	if (x->replay_maxage)
		x->xflags |= XFRM_TIME_DEFER;
	x->km.dying = 0;
	xha_gate_show(x, XFRM_HA_ROLE_ACTIVE);
	/* Sockets that hold a bundle of an older SA shall look again. */
	x->genid++;
	x->km.state = XFRM_STATE_VALID;
	res->opened = true;
out:
	spin_unlock_bh(&x->lock);
}

/**
 * xha_gate_start_timer - let lifetimes of an opened SA run again
 * @s: SA with a state, xha_net.lock held
 * @now: CLOCK_BOOTTIME, ms; the timer goes by that clock (xfrm_state_alloc())
 *
 * A second pass after all gates are open. The state may have died since; its
 * timer handler looks at that under x->lock, and our reference keeps the timer
 * alive.
 */
void xha_gate_start_timer(struct xha_sa *s, u64 now)
{
	/* Not all of them in the same tick; what is due by now is not late for it. */
	hrtimer_start(&s->x->mtimer, ms_to_ktime(now + (s->obj.id & 511)), HRTIMER_MODE_ABS_SOFT);
	xha_compat_keepalive_start(s->x, s->keepalive);
	s->keepalive = 0;
}

/**
 * xha_gate_tag - show the role of an SA whose gate does not move
 * @s: SA with a state
 * @role: role
 */
void xha_gate_tag(struct xha_sa *s, enum xfrm_ha_role role)
{
	spin_lock_bh(&s->x->lock);
	if (s->x->km.state == XFRM_STATE_VALID)
		xha_gate_show(s->x, role);
	spin_unlock_bh(&s->x->lock);
}

static void xha_gate_untag(struct xfrm_state *x)
{
	if (xha_gate_smark_is_tag(&x->props.smark))
		x->props.smark.v = 0;
	x->props.extra_flags &= ~XHA_FLAG_MASK;
}

/**
 * xha_gate_release - an SA is none of ours any more: take our tags away
 * @s: SA with a state, which this node added; xha_net.lock held
 */
void xha_gate_release(struct xha_sa *s)
{
	spin_lock_bh(&s->x->lock);
	xha_gate_untag(s->x);
	spin_unlock_bh(&s->x->lock);
}

/**
 * xha_gate_forget - leave a state as it would be without us
 * @x: state that was added on this node and has never been another node's copy
 */
void xha_gate_forget(struct xfrm_state *x)
{
	bool opened = false;

	spin_lock_bh(&x->lock);
	if (xha_gate_closed(x)) {
		x->curlft.add_time -= XHA_PARKED;
		x->km.dying = 0;
		x->genid++;
		x->km.state = XFRM_STATE_VALID;
		opened = true;
	}
	if (x->props.extra_flags & XHA_FLAG_MASK)
		xha_gate_untag(x);
	spin_unlock_bh(&x->lock);
	if (opened)
		hrtimer_start(&x->mtimer, ktime_set(1, 0), HRTIMER_MODE_REL_SOFT);
}

/**
 * xha_gate_retire - an SA has no number left: its key manager shall make another
 * @s: SA with a state, xha_net.lock held
 */
void xha_gate_retire(struct xha_sa *s)
{
	if (!xfrm_state_delete(s->x))
		km_state_expired(s->x, 1, 0);
}

/**
 * xha_gate_ask - ask the key manager of an SA for a successor
 * @s: SA with an open state, xha_net.lock held
 *
 * As when its soft limit comes, and once: that one will not be said again.
 */
void xha_gate_ask(struct xha_sa *s)
{
	bool ask = false;

	spin_lock_bh(&s->x->lock);
	if (s->x->km.state == XFRM_STATE_VALID && !s->x->km.dying) {
		s->x->km.dying = 1;
		ask = true;
	}
	spin_unlock_bh(&s->x->lock);
	if (ask)
		km_state_expired(s->x, 0, 0);
}
