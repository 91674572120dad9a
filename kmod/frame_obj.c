// SPDX-License-Identifier: GPL-2.0
/* SAs and policies on their way into a frame, and what stands for them in digests. */
#include <linux/siphash.h>

#include "dirty.h"
#include "frame.h"
#include "scratch.h"
#include "snapshot.h"

/**
 * xha_record_hash - what a record counts in a digest
 * @body: its body
 * @fixed: bytes of it that do not move
 *
 * Whoever sends it: what the sender numbers it by is left out.
 *
 * Return: never 0, which stands for "none".
 */
u64 xha_record_hash(const u8 *body, size_t fixed)
{
	/* Both nodes must agree on it; nothing depends on it being secret. */
	static const siphash_key_t key = { { 0x7866726d2d686131ULL, 1 } };
	size_t skip = min_t(size_t, fixed, XHA_REC_NUMBERS);

	return siphash(body + skip, fixed - skip, &key) ?: 1;
}

static int xha_frame_sa(struct xha_peer *p, struct xha_writer *w, struct xha_obj *o)
{
	struct xha_tx_scratch *t = p->txs;
	struct xha_sa *s = xha_obj_sa(o);

	spin_lock_bh(&s->x->lock);
	xha_snapshot_sa(s->x, &t->sa);
	xha_snapshot_counters(s, &t->sa);
	spin_unlock_bh(&s->x->lock);
	if (s->keepalive)
		t->sa.nat_keepalive = s->keepalive;
	t->sa.id = o->id;
	t->sa.gid = o->group->gid;
	/* Keys are borrowed from the state, which we hold and which keeps them. */
	return xha_put_sa(w, &t->sa);
}

static int xha_frame_policy(struct xha_peer *p, struct xha_writer *w,
			    struct xha_obj *o)
{
	struct xha_tx_scratch *t = p->txs;

	xha_snapshot_policy(xha_obj_pol(o), &t->pol);
	t->pol.id = o->id;
	t->pol.gid = o->group->gid;
	return xha_put_policy(w, &t->pol);
}

/* How many bytes of the record just written do not move? */
static size_t xha_frame_fixed(struct xha_tx_scratch *t, const struct xha_writer *w,
			      struct xha_obj *o)
{
	struct xha_rec rec = {
		.body = w->buf + w->rec + XHA_REC_HDR_LEN,
		.len = w->len - w->rec - XHA_REC_HDR_LEN,
	};
	size_t fixed = 0;

	if (o->kind == XHA_KIND_SA)
		xha_get_sa(&rec, &t->sa, &fixed);
	else
		xha_get_policy(&rec, &t->pol, &fixed);
	return fixed;
}

/*
 * Has the peer what we would write? Only in the bulk: the CHECK that ends it finds
 * out whether the peer has it. And not where a WINDOW might not tell which top is
 * meant.
 */
static bool xha_frame_is_same(const struct xha_peer *p, struct xha_obj *o, u64 hash)
{
	struct xha_track *t = &o->track[p->slot];

	if (o->dead || !o->group->peers[p->slot].brief || !t->bulk || hash != t->had)
		return false;
	return o->kind != XHA_KIND_SA || xha_obj_sa(o)->dir == XFRM_HA_DIR_OUT ||
	       p->txs->sa.win.top < XHA_TOP_NEAR;
}

/*
 * That it has it, in place of the record, and what moves right behind that: who
 * acks the frame has both, as with the record itself.
 */
static int xha_frame_same(struct xha_peer *p, struct xha_writer *w, struct xha_obj *o,
			  u64 hash)
{
	int err;

	err = xha_put_same(w, o->id, hash);
	if (err)
		return err;
	xha_frame_item(p->txs, o->id, XHA_W_OBJECT, 0)->named = true;
	if (o->kind != XHA_KIND_SA)
		return 0;
	if (xha_obj_sa(o)->dir == XFRM_HA_DIR_OUT)
		err = xha_frame_counter(p, w, o, XHA_W_PACE) ?:
		      xha_frame_counter(p, w, o, XHA_W_LEASE);
	else
		err = xha_frame_counter(p, w, o, XHA_W_WINDOW);
	return err ?: xha_frame_counter(p, w, o, XHA_W_LIFE);
}

/**
 * xha_frame_object - write an object, or that it is gone
 * @p: peer, xha_net.lock held
 * @w: frame
 * @o: object
 *
 * Return: 0, or -EMSGSIZE: there is no room for it.
 */
int xha_frame_object(struct xha_peer *p, struct xha_writer *w, struct xha_obj *o)
{
	struct xha_tx_scratch *t = p->txs;
	unsigned int n = t->frame->n;
	struct xha_writer at = *w;
	struct xha_pace pace = {};
	u64 number = 0, hash = 0;
	struct xha_item *i;
	int err;

	if (o->dead) {
		err = xha_put_delete(w, o->id);
	} else if (o->kind == XHA_KIND_SA) {
		err = xha_frame_sa(p, w, o);
		number = xha_obj_sa(o)->dir == XFRM_HA_DIR_OUT ? t->sa.lease : t->sa.win.top;
		pace = t->sa.pace;
		xha_obj_sa(o)->shared = true;
	} else {
		err = xha_frame_policy(p, w, o);
	}
	if (err)
		return err;

	/* The flags of the record are the second byte of its header. */
	if (!o->dead && o->track[p->slot].known && !xha_group_active(o->group))
		w->buf[w->rec + 1] |= XHA_REC_KNOWN;
	if (!o->dead)
		hash = xha_record_hash(w->buf + w->rec + XHA_REC_HDR_LEN,
				       xha_frame_fixed(t, w, o));
	if (xha_frame_is_same(p, o, hash)) {
		*w = at;
		err = xha_frame_same(p, w, o, hash);
		if (err) {
			*w = at;
			t->frame->n = n;
			return err;
		}
	} else {
		i = xha_frame_item(t, o->id, XHA_W_OBJECT, number);
		if (!o->dead && o->kind == XHA_KIND_SA)
			xha_frame_item_pace(i, xha_obj_sa(o), pace);
	}
	xha_dirty_sent(p, o, hash);
	t->frame->objects = true;
	return 0;
}
