// SPDX-License-Identifier: GPL-2.0
/* Applying counters: leases, windows, lifetimes. They only move forward. */
#include "apply.h"
#include "dirty.h"
#include "gate.h"
#include "scratch.h"
#include "snapshot.h"

/**
 * xha_apply_early - has a counter overtaken its object?
 * @p: peer, xha_net.lock held
 * @id: the peer's number for the object
 *
 * Return: true if nothing is known of that number, not even that it is gone.
 * Then the frame must not be acked: the active would take for held here what
 * is not.
 */
bool xha_apply_early(struct xha_peer *p, u32 id)
{
	return !xa_load(&p->ids, id);
}

/**
 * xha_apply_sa_by_id - the SA that a number of a peer's means
 * @p: peer, xha_net.lock held
 * @id: its number there
 *
 * Return: a copy of the peer's with a closed state, in XFRM or as a shadow, or NULL.
 */
struct xha_sa *xha_apply_sa_by_id(struct xha_peer *p, u32 id)
{
	struct xha_obj *o = xha_copy_obj(p, id);

	if (!o || o->kind != XHA_KIND_SA || !xha_obj_sa(o)->x ||
	    (o->result != XHA_RESULT_OK && o->result != XHA_RESULT_WAITING))
		return NULL;
	return xha_obj_sa(o);
}

/*
 * A counter that cannot be true is not taken, and the active is told: it must
 * not call us hot. What was learned is asked for anew, and begins from nothing.
 */
static void xha_apply_refuse(struct xha_peer *p, struct xha_sa *s)
{
	struct xha_obj *o = &s->obj;

	xha_stat_inc(&p->xn->stats, XHA_STAT_IMPLAUSIBLE);
	if (o->result == XHA_RESULT_COUNTER)
		return;
	xha_obj_set_result(o, XHA_RESULT_COUNTER);
	xha_dirty_peer(p, o, XHA_W_RESULT);
	if (o->origin == XFRM_HA_ORIGIN_LEARNED && !xha_group_active(o->group))
		xha_follow_want(o->group, "a counter of the active was refused");
}

/**
 * xha_apply_lease - a lease of the active
 * @p: peer, xha_net.lock held
 * @s: SA
 * @lease: the lease
 */
void xha_apply_lease(struct xha_peer *p, struct xha_sa *s, u64 lease)
{
	if (s->dir != XFRM_HA_DIR_OUT)
		return;
	if (xha_lease_learn(&s->view, lease, s->esn))
		xha_apply_refuse(p, s);
}

/**
 * xha_apply_pace - how fast the active says that an SA may be used
 * @p: peer, xha_net.lock held
 * @s: SA
 * @pace: the pace
 * @frame: number of the frame
 *
 * It may fall, so what is older than what is known changes nothing.
 */
void xha_apply_pace(struct xha_peer *p, struct xha_sa *s, struct xha_pace pace, u64 frame)
{
	if (s->dir != XFRM_HA_DIR_OUT ||
	    (s->paced_session == p->session && frame < s->paced_frame))
		return;
	s->view.pace = pace;
	s->paced_session = p->session;
	s->paced_frame = frame;
}

/**
 * xha_apply_final - the last number that the former active has used
 * @s: SA, xha_net.lock held
 * @term: low half of the term that it ends
 * @oseq: the number
 *
 * Good for nothing but a takeover that is granted for that very term.
 */
void xha_apply_final(struct xha_sa *s, u32 term, u64 oseq)
{
	if (s->dir != XFRM_HA_DIR_OUT || oseq > xha_seq_max(s->esn))
		return;
	s->has_final = true;
	s->final_term = term;
	s->final = oseq;
}

static void xha_apply_window(struct xha_peer *p, struct xha_sa *s,
			     const struct xha_window *win)
{
	u64 now = xha_now_ms();
	struct xha_replay r;
	u64 seq;
	int err;

	if (s->dir != XFRM_HA_DIR_IN)
		return;
	xha_snapshot_replay(s->x, &r);
	spin_lock_bh(&s->x->lock);
	err = xha_replay_merge(&r, win);
	seq = xha_replay_seq(&r);
	spin_unlock_bh(&s->x->lock);
	/* How fast it moves tells how much a takeover may have missed. */
	if (s->sampled && now > s->sampled && seq >= s->seq)
		s->rate = div64_u64((seq - s->seq) * MSEC_PER_SEC, now - s->sampled);
	s->sampled = now;
	s->seq = seq;
	if (err)
		xha_apply_refuse(p, s);
}

/**
 * xha_apply_window_elem - an inbound window of the active
 * @p: peer, xha_net.lock held
 * @s: SA
 * @e: the window as it came
 */
void xha_apply_window_elem(struct xha_peer *p, struct xha_sa *s,
			   const struct xha_window_elem *e)
{
	struct xha_replay r;
	u32 bits;

	xha_snapshot_replay(s->x, &r);
	bits = xha_replay_window(&r);
	if (!bits)
		return;
	xha_window_widen(e, s->seq, bits, &p->rxs->win);
	xha_apply_window(p, s, &p->rxs->win);
}

/*
 * Ages are said in whole seconds, and are under way for a while: what is nearly the
 * same is the same, or a date would move with every takeover.
 */
static time64_t xha_apply_date(time64_t known, time64_t now, u64 age)
{
	time64_t said = now - (time64_t)min_t(u64, age, now);

	return known && abs(said - known) <= 1 ? known : said;
}

/**
 * xha_apply_life - what the active has used of the lifetime
 * @s: SA, xha_net.lock held
 * @life: the lifetime
 * @age: its add_age is there too
 *
 * The state's own dates stay parked until this node takes over.
 */
void xha_apply_life(struct xha_sa *s, const struct xha_life *life, bool age)
{
	time64_t now = ktime_get_real_seconds();
	struct xfrm_state *x = s->x;

	spin_lock_bh(&x->lock);
	x->curlft.bytes = max_t(u64, x->curlft.bytes, life->bytes);
	x->curlft.packets = max_t(u64, x->curlft.packets, life->packets);
	if (age) {
		s->add_time = xha_apply_date(s->add_time, now, life->add_age);
		if (x->km.state == XFRM_STATE_ACQ)
			x->curlft.add_time = s->add_time + XHA_PARKED;
	}
	if (life->use_age != XHA_AGE_NEVER)
		s->use_time = xha_apply_date(s->use_time, now, life->use_age);
	spin_unlock_bh(&x->lock);
}

/**
 * xha_apply_counters - all that an SA record says beside the SA itself
 * @p: peer, xha_net.lock held
 * @s: SA with a state
 * @d: the record
 * @frame: number of the frame
 */
void xha_apply_counters(struct xha_peer *p, struct xha_sa *s,
			const struct xha_sa_desc *d, u64 frame)
{
	/* One that is not in it is 0. */
	xha_apply_pace(p, s, d->pace, frame);
	if (d->has & XHA_SA_HAS_LEASE)
		xha_apply_lease(p, s, d->lease);
	if (d->has & XHA_SA_HAS_WINDOW && d->win.bits)
		xha_apply_window(p, s, &d->win);
	if (d->has & XHA_SA_HAS_LIFE)
		xha_apply_life(s, &d->life, true);
}
