// SPDX-License-Identifier: GPL-2.0
/* The dirty queue, and the accounts of what a peer holds. */
#include "dirty.h"
#include "group.h"
#include "peer.h"

static struct xha_sync *xha_sync_of(struct xha_peer *p, struct xha_obj *o)
{
	return &o->group->peers[p->slot];
}

/* Has the peer begun a copy that this object is, or was, a part of? */
static bool xha_dirty_wanted(struct xha_peer *p, struct xha_obj *o)
{
	struct xha_sync *s;

	if (!xha_peer_up(p) || !o->group || o->why_not)
		return false;

	s = xha_sync_of(p, o);
	if (s->state < XHA_SYNC_COPY)
		return false;
	/* What the bulk has still before it will be sent by the bulk. */
	if (o->kind != s->kind)
		return s->kind == XHA_KIND_SA;
	return o->id < s->cursor;
}

/*
 * Counters of a closed SA do not move: a merge has them in its record. By themselves
 * only a node that hands over says them. Whoever is active cannot place the others,
 * and would never ack what else is in their frame: such as were under way when the
 * role changed, and got lost.
 */
static bool xha_dirty_moves(struct xha_peer *p, struct xha_obj *o)
{
	return xha_group_active(o->group) || xha_sync_of(p, o)->finals;
}

static void xha_track_set_hash(struct xha_sync *s, struct xha_track *t, u64 hash)
{
	if (t->hash) {
		s->count--;
		s->digest -= t->hash;
	}
	t->hash = hash;
	if (hash) {
		s->count++;
		s->digest += hash;
	}
}

static void xha_track_set_lost(struct xha_sync *s, struct xha_track *t, bool lost)
{
	s->lost += lost - t->lost;
	t->lost = lost;
}

/* Nothing dirty, nothing under way: the peer has the object as it is. */
static void xha_track_settle(struct xha_sync *s, struct xha_track *t)
{
	if (t->flight || !list_empty(&t->dirty[XHA_W_OBJECT]))
		return;
	if (t->pending) {
		t->pending = false;
		s->pending--;
	}
	if (t->bulk) {
		t->bulk = false;
		s->left--;
	}
}

/**
 * xha_track_set_result - a peer has said what became of an object
 * @s: peer and group
 * @t: the object as the peer has it
 * @result: enum xha_result
 */
void xha_track_set_result(struct xha_sync *s, struct xha_track *t, u8 result)
{
	s->refused += (result != XHA_RESULT_OK) - (t->result != XHA_RESULT_OK);
	t->result = result;
	if (result != XHA_RESULT_OK && result != XHA_RESULT_WAITING)
		t->had = 0;
}

/**
 * xha_dirty_peer - an object has to be sent to a peer
 * @p: peer, xha_net.lock held
 * @o: object
 * @what: what of it
 *
 * Does nothing if the peer has no copy of the group: it gets everything when
 * it begins one.
 */
void xha_dirty_peer(struct xha_peer *p, struct xha_obj *o, enum xha_what what)
{
	struct xha_track *t = &o->track[p->slot];

	if (what == XHA_W_RESULT ? !xha_peer_up(p) : !xha_dirty_wanted(p, o))
		return;
	if (what > XHA_W_RESULT && !xha_dirty_moves(p, o))
		return;

	if (list_empty(&t->dirty[what]))
		list_add_tail(&t->dirty[what], &p->dirty[what]);
	if (what == XHA_W_OBJECT && !t->pending) {
		t->pending = true;
		xha_sync_of(p, o)->pending++;
	}
}

/**
 * xha_dirty - an object has to be sent to every peer
 * @xn: node, lock held
 * @o: object
 * @what: what of it
 *
 * The callers kick the senders once they are done.
 */
void xha_dirty(struct xha_net *xn, struct xha_obj *o, enum xha_what what)
{
	struct xha_peer *p;
	int slot;

	xha_for_each_peer(xn, slot, p)
		xha_dirty_peer(p, o, what);
}

/**
 * xha_dirty_buried - tell every peer that holds an object that it is gone
 * @xn: node, lock held
 * @o: object, dead
 */
void xha_dirty_buried(struct xha_net *xn, struct xha_obj *o)
{
	struct xha_peer *p;
	int slot, what;

	xha_for_each_peer(xn, slot, p) {
		struct xha_track *t = &o->track[slot];

		for (what = XHA_W_OBJECT + 1; what < XHA_W_MAX; what++)
			list_del_init(&t->dirty[what]);

		if (t->hash || t->flight || t->lost) {
			xha_dirty_peer(p, o, XHA_W_OBJECT);
		} else if (o->group) {
			/* It never got so far. */
			list_del_init(&t->dirty[XHA_W_OBJECT]);
			xha_track_settle(xha_sync_of(p, o), t);
		}
	}
}

/**
 * xha_dirty_sent - an object, or its removal, is in a frame
 * @p: peer, xha_net.lock held
 * @o: object
 * @hash: of the record, 0 for a removal
 */
void xha_dirty_sent(struct xha_peer *p, struct xha_obj *o, u64 hash)
{
	struct xha_track *t = &o->track[p->slot];
	struct xha_sync *s = xha_sync_of(p, o);

	list_del_init(&t->dirty[XHA_W_OBJECT]);
	t->flight++;
	xha_track_set_hash(s, t, hash);
	xha_track_set_lost(s, t, false);
}

/**
 * xha_dirty_landed - a frame with the object has been acked
 * @p: peer, xha_net.lock held
 * @o: object; freed if it was buried and everybody knows now
 * @named: by its hash alone: nobody knows whether the peer has it
 */
void xha_dirty_landed(struct xha_peer *p, struct xha_obj *o, bool named)
{
	struct xha_track *t = &o->track[p->slot];

	/* The frame may be older than the copy that the peer has begun since. */
	if (!t->flight || !o->group)
		return;

	t->flight--;
	t->known |= !named;
	if (!t->flight && t->hash)
		t->had = t->hash;
	xha_track_settle(xha_sync_of(p, o), t);
	xha_obj_reap(p->xn, o);
}

/**
 * xha_dirty_confirmed - a copy is whole: the peer has also what was only named to it
 * @p: peer, xha_net.lock held
 * @g: group
 *
 * What has changed since the CHECK is dirty or in flight again; its own ack tells.
 */
void xha_dirty_confirmed(struct xha_peer *p, struct xha_group *g)
{
	struct xha_obj *o;

	list_for_each_entry(o, &g->objs, in_group) {
		struct xha_track *t = &o->track[p->slot];

		if (!o->dead && t->hash && t->had == t->hash && !t->flight)
			t->known = true;
	}
}

/**
 * xha_dirty_unknown - a peer has started anew: it knows nothing of before
 * @p: peer, xha_net.lock held
 */
void xha_dirty_unknown(struct xha_peer *p)
{
	struct xha_obj *o;
	u32 id = 0;

	while ((o = xha_obj_next(p->xn, &id))) {
		o->track[p->slot].known = false;
		o->track[p->slot].had = 0;
		o->track[p->slot].promised = 0;
	}
}

/**
 * xha_dirty_lost - a frame got lost: what was in it is dirty again
 * @p: peer, xha_net.lock held
 * @o: object
 * @what: what of it was in the frame
 *
 * Nobody knows now whether the peer has it, so no check may be sent before it
 * was sent again: therefore it goes first.
 */
void xha_dirty_lost(struct xha_peer *p, struct xha_obj *o, enum xha_what what)
{
	struct xha_track *t = &o->track[p->slot];

	if (what != XHA_W_OBJECT) {
		if (!o->dead)
			xha_dirty_peer(p, o, what);
		return;
	}
	if (!t->flight || !o->group)
		return;

	t->flight--;
	if (!xha_dirty_wanted(p, o)) {
		xha_track_settle(xha_sync_of(p, o), t);
		xha_obj_reap(p->xn, o);
		return;
	}
	xha_track_set_hash(xha_sync_of(p, o), t, 0);
	xha_track_set_lost(xha_sync_of(p, o), t, true);
	xha_dirty_peer(p, o, XHA_W_OBJECT);
	list_move(&t->dirty[XHA_W_OBJECT], &p->dirty[XHA_W_OBJECT]);
}

/* Forgets what a peer has of an object. */
static void xha_track_clear(struct xha_obj *o, int slot)
{
	struct xha_track *t = &o->track[slot];
	int what;

	for (what = 0; what < XHA_W_MAX; what++)
		list_del_init(&t->dirty[what]);
	t->flight = 0;
	t->acked = 0;
	t->acked_pace = (struct xha_pace){};
	t->acked_frame = 0;
	if (o->group) {
		struct xha_sync *s = &o->group->peers[slot];

		xha_track_set_hash(s, t, 0);
		xha_track_set_lost(s, t, false);
		xha_track_set_result(s, t, XHA_RESULT_OK);
		xha_track_settle(s, t);
	}
}

/**
 * xha_dirty_bulk - the bulk has come to an object
 * @p: peer, xha_net.lock held
 * @o: object of a group whose copy is in state XHA_SYNC_COPY
 */
void xha_dirty_bulk(struct xha_peer *p, struct xha_obj *o)
{
	struct xha_track *t = &o->track[p->slot];

	if (o->dead || o->why_not)
		return;

	xha_track_clear(o, p->slot);
	t->bulk = true;
	xha_sync_of(p, o)->left++;
	xha_dirty_peer(p, o, XHA_W_OBJECT);
}

/**
 * xha_dirty_forget - an object goes away without a word
 * @xn: node, lock held
 * @o: object
 */
void xha_dirty_forget(struct xha_net *xn, struct xha_obj *o)
{
	int slot;

	for (slot = 0; slot < XFRM_HA_LIMIT_PEERS; slot++)
		xha_track_clear(o, slot);
}

/**
 * xha_dirty_purge - a peer's copy of a group counts no more
 * @p: peer, xha_net.lock held
 * @g: group
 */
void xha_dirty_purge(struct xha_peer *p, struct xha_group *g)
{
	struct xha_obj *o, *tmp;

	list_for_each_entry_safe(o, tmp, &g->objs, in_group) {
		xha_track_clear(o, p->slot);
		xha_obj_reap(p->xn, o);
	}
}

/**
 * xha_dirty_counters - are there counters that have to be sent?
 * @p: peer, xha_net.lock held
 */
bool xha_dirty_counters(const struct xha_peer *p)
{
	return !list_empty(&p->dirty[XHA_W_LEASE]) || !list_empty(&p->dirty[XHA_W_WINDOW]) ||
	       !list_empty(&p->dirty[XHA_W_LIFE]) || !list_empty(&p->dirty[XHA_W_PACE]);
}

/**
 * xha_dirty_fills - is there as much to send as a frame takes?
 * @p: peer, xha_net.lock held
 *
 * By what records mostly take; it looks at no more than that.
 */
bool xha_dirty_fills(const struct xha_peer *p)
{
	static const u8 sizes[XHA_W_MAX] = {
		[XHA_W_OBJECT] = 150,
		[XHA_W_LEASE] = 8,
		[XHA_W_WINDOW] = 12,
		[XHA_W_LIFE] = 24,
		[XHA_W_PACE] = 6,
		[XHA_W_RESULT] = 6,
	};
	const struct list_head *at;
	size_t bytes = 0;
	int what;

	for (what = 0; what < XHA_W_MAX; what++) {
		list_for_each(at, &p->dirty[what]) {
			bytes += sizes[what];
			if (bytes >= XHA_FRAME_MAX)
				return true;
		}
	}
	return false;
}
