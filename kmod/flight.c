// SPDX-License-Identifier: GPL-2.0
/*
 * Frames under way. A frame is remembered with what was in it until it is
 * acked; if it gets lost, its contents are dirty again and go out as they are
 * by then. Nothing is ever sent twice as it was.
 */
#include <linux/slab.h>

#include "dirty.h"
#include "peer.h"

#define XHA_FLIGHT_SMALL	2	/* frames under way beside which small ones go out */

/**
 * xha_flight_room - may another frame be sent?
 * @p: peer, xha_net.lock held
 *
 * As the window allows; what does not fill a frame waits while others are under
 * way, and goes with what comes meanwhile (as RFC 896 has it): where SAs are
 * added one by one, headers and acks are most of what crosses the link.
 */
bool xha_flight_room(const struct xha_peer *p)
{
	if (p->nflight < min_t(unsigned int, XHA_FLIGHT_SMALL, p->cwnd / 16))
		return true;
	return p->nflight < p->cwnd / 16 && xha_dirty_fills(p);
}

static void xha_flight_free(struct xha_peer *p, struct xha_frame *f)
{
	list_del(&f->node);
	p->nflight--;
	if (f->objects)
		p->objs_flight--;
	kfree(f);
}

/**
 * xha_flight_lost - a frame is given up
 * @p: peer, xha_net.lock held
 * @f: frame, freed
 */
void xha_flight_lost(struct xha_peer *p, struct xha_frame *f)
{
	struct xha_obj *o;
	unsigned int i;

	p->lost++;
	for (i = 0; i < f->n; i++) {
		o = xa_load(&p->xn->objs, f->item[i].id);
		if (!o)
			continue;
		p->resent++;
		xha_dirty_lost(p, o, f->item[i].what);
	}
	xha_sync_lost(p, f->begin, f->check);
	xha_flight_free(p, f);
}

static bool xha_flight_has_pace(const struct xha_item *i)
{
	return i->what == XHA_W_PACE || i->what == XHA_W_OBJECT;
}

/* What a peer has applied, both reckon with from now on: the base of whoever takes over. */
static void xha_flight_applied(struct xha_obj *o, struct xha_track *t, u64 number)
{
	struct xha_sa *s = xha_obj_sa(o);

	if (!number || o->kind != XHA_KIND_SA)
		return;
	t->acked = max(t->acked, number);
	if (s->dir != XFRM_HA_DIR_OUT)
		return;
	s->view.base = max(s->view.base, number);
	if (o->group && xha_group_active(o->group))
		t->promised = max(t->promised, number);
}

static void xha_flight_landed(struct xha_peer *p, struct xha_frame *f, u64 now)
{
	struct xha_track *t;
	struct xha_obj *o;
	unsigned int i;

	for (i = 0; i < f->n; i++) {
		o = xa_load(&p->xn->objs, f->item[i].id);
		if (!o)
			continue;
		t = &o->track[p->slot];
		xha_flight_applied(o, t, f->item[i].number);
		/* It may fall: the newest frame is what the peer goes by, too. */
		if (xha_flight_has_pace(&f->item[i]) && f->number >= t->acked_frame) {
			t->acked_pace = f->item[i].pace;
			t->acked_frame = f->number;
		}
		if (f->item[i].what == XHA_W_OBJECT)
			xha_dirty_landed(p, o, f->item[i].named);
	}
	xha_sync_landed(p, f->begin, f->check, now);
	xha_flight_free(p, f);

	/* One more frame under way for every full window of acks. */
	p->cwnd = min_t(unsigned int, p->cwnd + 256 / p->cwnd + 1,
			XHA_CWND_MAX * 16);
}

/* The timer as the path's own times have it: no loss has lengthened it. */
static void xha_flight_set_rto(struct xha_peer *p)
{
	p->rto = p->srtt ? (p->srtt / 8 + p->rttvar) / USEC_PER_MSEC : XHA_RTO_INIT;
}

/* RFC 6298, in microseconds. */
static void xha_flight_rtt(struct xha_peer *p, u32 rtt)
{
	if (!p->srtt) {
		p->srtt = max(rtt, 1U) * 8;
		p->rttvar = rtt * 2;
	} else {
		u32 err = abs((int)rtt - (int)(p->srtt / 8));

		p->rttvar += err - p->rttvar / 4;
		p->srtt += rtt - p->srtt / 8;
	}
	xha_flight_set_rto(p);
}

/**
 * xha_flight_rto - how long a frame is waited for
 * @p: peer, xha_net.lock held
 *
 * Return: ms, by the bounds as they are now.
 */
u32 xha_flight_rto(const struct xha_peer *p)
{
	return clamp(p->rto, p->conf.addr.rto_min, p->conf.addr.rto_max);
}

static bool xha_flight_in_ack(const struct xha_ack *a, u64 number)
{
	u64 behind;

	if (number >= a->top)
		return number == a->top;
	behind = a->top - 1 - number;
	return behind < XHA_ACK_BITS &&
	       a->bits[behind / 64] & (1ULL << (behind % 64));
}

/**
 * xha_flight_acked - an ack came in
 * @p: peer, xha_net.lock held
 * @a: the ack
 * @now: ms
 */
void xha_flight_acked(struct xha_peer *p, const struct xha_ack *a, u64 now)
{
	struct xha_frame *f, *tmp;

	if (a->top > p->number)
		return;
	list_for_each_entry_safe(f, tmp, &p->flight, node) {
		if (f->number > a->top)
			break;
		if (!xha_flight_in_ack(a, f->number)) {
			/* Too old for any ack to name it. */
			if (a->top - f->number > XHA_ACK_BITS)
				xha_flight_lost(p, f);
			continue;
		}
		if (f->number == a->top)
			xha_flight_rtt(p, xha_now_us() - f->sent_us);
		xha_flight_landed(p, f, now);
	}
}

/**
 * xha_flight_expire - give up frames whose time has come
 * @p: peer, xha_net.lock held
 * @now: ms
 *
 * Return: ms, when to come again; U64_MAX if nothing is under way.
 */
u64 xha_flight_expire(struct xha_peer *p, u64 now)
{
	struct xha_frame *f;
	bool lost = false;

	while ((f = list_first_entry_or_null(&p->flight, struct xha_frame, node))) {
		if (now - f->sent < xha_flight_rto(p))
			break;
		xha_flight_lost(p, f);
		lost = true;
	}
	if (lost) {
		p->cwnd = max(p->cwnd / 2, 16U);
		p->rto = xha_flight_rto(p) * 2;
	}
	return f ? f->sent + xha_flight_rto(p) : U64_MAX;
}

/**
 * xha_flight_resume - the peer is heard again, after it was not for a while
 * @p: peer, xha_net.lock held
 *
 * What was sent into the silence was lost again and again, and the timer has
 * doubled each time. That was the link's fault and is over: it comes again now.
 */
void xha_flight_resume(struct xha_peer *p)
{
	xha_flight_set_rto(p);
	xha_peer_kick(p);
}

/**
 * xha_flight_drop - forget everything under way, with the session
 * @p: peer, xha_net.lock held
 */
void xha_flight_drop(struct xha_peer *p)
{
	struct xha_frame *f, *tmp;

	list_for_each_entry_safe(f, tmp, &p->flight, node)
		xha_flight_free(p, f);
	p->cwnd = XHA_CWND_INIT * 16;
	p->srtt = 0;
	p->rttvar = 0;
	p->rto = XHA_RTO_INIT;
}
