// SPDX-License-Identifier: GPL-2.0
/*
 * Frames on their way out: one is written from the current state of what is
 * dirty, and remembered with what is in it. xha_net.lock is held.
 */
#include <linux/slab.h>

#include "dirty.h"
#include "frame.h"
#include "scratch.h"
#include "snapshot.h"

/**
 * xha_frame_item - remember that something is in the frame
 * @t: sender's scratch
 * @id: the object
 * @what: enum xha_what
 * @number: lease or top of the window that was written, 0: none
 *
 * Return: the item, for what else there is to remember.
 */
struct xha_item *xha_frame_item(struct xha_tx_scratch *t, u32 id, u8 what, u64 number)
{
	struct xha_item *i = &t->frame->item[t->frame->n++];

	i->id = id;
	i->what = what;
	i->named = false;
	i->number = number;
	i->pace = (struct xha_pace){};
	return i;
}

/**
 * xha_frame_item_pace - remember that a pace is in the frame
 * @i: its item
 * @s: SA
 * @pace: its pace
 *
 * From now on the peer may reckon with it, whether we hear of that or not.
 */
void xha_frame_item_pace(struct xha_item *i, struct xha_sa *s, struct xha_pace pace)
{
	i->pace = pace;
	s->told = xha_pace_max(s->told, pace);
}

static int xha_frame_lease(struct xha_peer *p, struct xha_writer *w,
			   struct xha_sa *s)
{
	u64 acked = s->obj.track[p->slot].acked;
	int err;

	/* Closed: there is none ahead any more, but a last number. */
	if (!xha_group_active(s->obj.group)) {
		err = xha_put_final(w, s->obj.id, lower_32_bits(s->obj.group->term), s->oseq);
		if (!err)
			xha_frame_item(p->txs, s->obj.id, XHA_W_LEASE, acked);
		return err;
	}
	/* The short form is for leases near the one that the peer has. */
	if (s->lease - acked < (1U << 30))
		err = xha_put_lease(w, s->obj.id, lower_32_bits(s->lease));
	else
		err = xha_put_lease64(w, s->obj.id, s->lease);
	if (!err)
		xha_frame_item(p->txs, s->obj.id, XHA_W_LEASE, s->lease);
	return err;
}

static int xha_frame_pace(struct xha_peer *p, struct xha_writer *w, struct xha_sa *s)
{
	bool active = xha_group_active(s->obj.group);
	struct xha_pace pace = active ? s->pace.now : s->view.pace;
	int err = xha_put_pace(w, s->obj.id, pace);

	if (!err)
		xha_frame_item_pace(xha_frame_item(p->txs, s->obj.id, XHA_W_PACE, 0), s, pace);
	return err;
}

/**
 * xha_frame_counter - write what moves of an SA
 * @p: peer, xha_net.lock held
 * @w: frame
 * @o: SA with a state; room for an item is the caller's to see to
 * @what: of it
 *
 * Return: 0, or -EMSGSIZE: there is no room for it.
 */
int xha_frame_counter(struct xha_peer *p, struct xha_writer *w, struct xha_obj *o,
		      enum xha_what what)
{
	struct xha_tx_scratch *t = p->txs;
	struct xha_sa *s = xha_obj_sa(o);
	int err;

	if (what == XHA_W_LEASE)
		return xha_frame_lease(p, w, s);
	if (what == XHA_W_PACE)
		return xha_frame_pace(p, w, s);

	spin_lock_bh(&s->x->lock);
	xha_snapshot_counters(s, &t->sa);
	spin_unlock_bh(&s->x->lock);
	if (what == XHA_W_WINDOW)
		err = xha_put_window(w, o->id, &t->sa.win);
	else
		err = xha_put_life(w, o->id, &t->sa.life);
	if (!err)
		xha_frame_item(t, o->id, what, what == XHA_W_WINDOW ? t->sa.win.top : 0);
	return err;
}

/* Counters of one kind, as many as fit. */
static int xha_frame_counters(struct xha_peer *p, struct xha_writer *w,
			      enum xha_what what)
{
	struct xha_track *t, *tmp;
	struct xha_obj *o;
	int err;

	list_for_each_entry_safe(t, tmp, &p->dirty[what], dirty[what]) {
		if (p->txs->frame->n == XHA_FRAME_ITEMS)
			return -EMSGSIZE;
		/* Not before its object, which the peer could not place it without. */
		if (t->pending)
			continue;
		o = container_of(t, struct xha_obj, track[p->slot]);
		if (!o->dead && o->kind == XHA_KIND_SA && xha_obj_sa(o)->x) {
			err = xha_frame_counter(p, w, o, what);
			if (err)
				return err;
		}
		list_del_init(&t->dirty[what]);
	}
	return 0;
}

static int xha_frame_results(struct xha_peer *p, struct xha_writer *w)
{
	struct list_head *list = &p->dirty[XHA_W_RESULT];
	struct xha_track *t;
	struct xha_obj *o;
	int err;

	while (!list_empty(list)) {
		if (p->txs->frame->n == XHA_FRAME_ITEMS)
			return -EMSGSIZE;
		t = list_first_entry(list, struct xha_track, dirty[XHA_W_RESULT]);
		o = container_of(t, struct xha_obj, track[p->slot]);
		if (o->src == p->slot) {
			err = xha_put_result(w, o->src_id, o->result);
			if (err)
				return err;
			xha_frame_item(p->txs, o->id, XHA_W_RESULT, 0);
		}
		list_del_init(&t->dirty[XHA_W_RESULT]);
	}
	return 0;
}

static int xha_frame_objects(struct xha_peer *p, struct xha_writer *w)
{
	struct list_head *list = &p->dirty[XHA_W_OBJECT];
	bool barrier = xha_sync_barrier(p);
	struct xha_track *t;
	struct xha_obj *o;
	int err;

	while (!list_empty(list)) {
		/* An object, and what moves of it. */
		if (p->txs->frame->n + XHA_W_MAX > XHA_FRAME_ITEMS)
			return -EMSGSIZE;
		t = list_first_entry(list, struct xha_track, dirty[XHA_W_OBJECT]);
		/* Those that got lost are first, and what the barrier waits for. */
		if (barrier && !t->lost)
			return 0;
		o = container_of(t, struct xha_obj, track[p->slot]);
		err = xha_frame_object(p, w, o);
		if (err && w->len == XHA_HDR_LEN) {
			/* It fits into no frame: nobody can be given it. */
			o->too_large = true;
			xha_obj_set_why(o, "too large for the link");
			xha_dirty_forget(p->xn, o);
			continue;
		}
		if (err)
			return err;
	}
	return 0;
}

/* What has to be acked, in the order of its weight, until the frame is full. */
static void xha_frame_acked(struct xha_peer *p, struct xha_writer *w)
{
	struct xha_frame *f = p->txs->frame;

	xha_sync_put(p, w, &f->begin, &f->check);
	/* Alone: what else a frame carries must not keep it from being acked. */
	if (f->begin || f->check) {
		f->objects = true;
		return;
	}
	if (xha_frame_objects(p, w))
		return;
	/* A lease that is acked is one whose pace is known. */
	if (xha_frame_counters(p, w, XHA_W_PACE) ||
	    xha_frame_counters(p, w, XHA_W_LEASE) ||
	    xha_frame_counters(p, w, XHA_W_WINDOW) ||
	    xha_frame_counters(p, w, XHA_W_LIFE))
		return;
	xha_frame_results(p, w);
}

static void xha_frame_beat(struct xha_peer *p, struct xha_writer *w, u64 now)
{
	struct xha_time time = {
		.stamp = now,
		.echo = p->stamp,
		.held = p->stamp ? now - p->stamp_at : 0,
		.beat = p->conf.addr.heartbeat,
	};
	struct xha_group_status st;
	unsigned int n = 0;
	struct xha_group *g;

	xha_put_time(w, &time);
	list_for_each_entry(g, &p->xn->groups, node) {
		if (n++ < p->beat_done)
			continue;
		xha_status_fill(p, g, &st, now);
		/* The rest goes into the next frame, which is due at once. */
		if (xha_put_group(w, &st))
			return;
		p->beat_done = n;
	}
	if (XHA_PRETEND_LATER)
		xha_put_pretended(w);
	p->beat_done = 0;
	p->beat_at = now + p->conf.addr.heartbeat;
}

/* Is there memory to remember one more frame? */
static bool xha_frame_prepare(struct xha_peer *p)
{
	struct xha_tx_scratch *t = p->txs;
	struct xha_frame *f = t->frame;

	if (!f)
		f = kmalloc(struct_size(f, item, XHA_FRAME_ITEMS), GFP_KERNEL);
	t->frame = f;
	if (!f) {
		/* All stays dirty, and is tried again with the next beat. */
		xha_stat_inc(&p->xn->stats, XHA_STAT_NO_MEMORY);
		return false;
	}
	f->objects = false;
	f->begin = 0;
	f->check = 0;
	f->n = 0;
	return true;
}

static void xha_frame_remember(struct xha_peer *p, u64 now)
{
	struct xha_frame *f = p->txs->frame;

	if (!f->n && !f->begin && !f->check)
		return;
	f->number = p->number;
	f->sent = now;
	f->sent_us = xha_now_us();
	list_add_tail(&f->node, &p->flight);
	p->nflight++;
	p->objs_flight += f->objects;
	p->txs->frame = NULL;
}

/**
 * xha_frame_head - begin a datagram in the sender's scratch
 * @p: peer, xha_net.lock held
 * @w: writer, made anew
 * @type: enum xha_msg_type
 */
void xha_frame_head(struct xha_peer *p, struct xha_writer *w, u8 type)
{
	struct xha_hdr hdr = {
		.version = p->version ?: XHA_WIRE_VERSION,
		.type = type,
		.src = p->xn->id,
		.dst = p->conf.id,
		.session = p->keys.has_psk ? p->keys.now.remote : p->remote_session,
		.frame = type == XHA_MSG_HELLO ? 0 : p->number + 1,
	};

	if (type == XHA_MSG_HELLO)
		hdr.version = XHA_WIRE_VERSION_MIN;
	/* Room for the tag stays free. */
	xha_put_hdr(w, p->txs->buf, XHA_FRAME_MAX - XHA_TAG_LEN, &hdr);
}

/**
 * xha_frame_data - write the next frame, if there is something to say
 * @p: peer, xha_net.lock held, up
 * @now: ms
 *
 * An ack, a heartbeat, and what has to be acked, in this order, as far as they
 * are due and as the peer's window allows.
 *
 * Return: its length in the sender's scratch, or 0.
 */
size_t xha_frame_data(struct xha_peer *p, u64 now)
{
	bool acked = xha_flight_room(p) && xha_frame_prepare(p);
	struct xha_writer w;

	xha_frame_head(p, &w, XHA_MSG_DATA);

	if (p->ack_due && !xha_put_ack(&w, &p->acks))
		p->ack_due = false;
	if (now >= p->beat_at)
		xha_frame_beat(p, &w, now);
	if (acked)
		xha_frame_acked(p, &w);
	if (w.len == XHA_HDR_LEN)
		return 0;

	p->number++;
	if (acked)
		xha_frame_remember(p, now);
	return w.len;
}
