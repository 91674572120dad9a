// SPDX-License-Identifier: GPL-2.0
/*
 * Element records: arrays of (id, counter), the bulk of what the link carries
 * in quiet times. Elements of one type that follow one another share a record
 * header. Readers eat from the front of the record.
 */
#include "replay.h"
#include "wire_bytes.h"

#define AGE_NEVER32	U32_MAX	/* use_age in a life element */

/*
 * Reads @n bytes of an element that begins with an id. Return: 1; 0 at the end
 * of the record; -EBADMSG if what is left is shorter.
 */
static int elem_begin(const struct xha_rec *rec, struct xha_in *in, size_t n,
		      u32 *id)
{
	xha_in_init(in, rec->body, rec->len);
	if (!rec->len)
		return 0;
	if (rec->len < n)
		return -EBADMSG;
	*id = xha_in_be32(in);
	return 1;
}

static int elem_end(struct xha_rec *rec, const struct xha_in *in)
{
	rec->body = in->p;
	rec->len = in->left;
	return 1;
}

/* xha_put_delete - write that an object is gone */
int xha_put_delete(struct xha_writer *w, u32 id)
{
	struct xha_out o;

	xha_rec_begin(w, &o, XHA_REC_DELETE, true);
	xha_out_be32(&o, id);
	return xha_rec_end(w, &o, XHA_REC_DELETE);
}

/* xha_get_delete - read it */
int xha_get_delete(struct xha_rec *rec, u32 *id)
{
	struct xha_in in;
	int ret = elem_begin(rec, &in, 4, id);

	return ret == 1 ? elem_end(rec, &in) : ret;
}

/* xha_put_same - write that an object is what a record of that hash says */
int xha_put_same(struct xha_writer *w, u32 id, u64 hash)
{
	struct xha_out o;

	xha_rec_begin(w, &o, XHA_REC_SAME, true);
	xha_out_be32(&o, id);
	xha_out_be64(&o, hash);
	return xha_rec_end(w, &o, XHA_REC_SAME);
}

/* xha_get_same - read it */
int xha_get_same(struct xha_rec *rec, u32 *id, u64 *hash)
{
	struct xha_in in;
	int ret = elem_begin(rec, &in, 12, id);

	if (ret != 1)
		return ret;
	*hash = xha_in_be64(&in);
	return elem_end(rec, &in);
}

/* xha_put_lease - write the low half of a lease, which is all of it for 32 bit */
int xha_put_lease(struct xha_writer *w, u32 id, u32 lease)
{
	struct xha_out o;

	xha_rec_begin(w, &o, XHA_REC_LEASE, true);
	xha_out_be32(&o, id);
	xha_out_be32(&o, lease);
	return xha_rec_end(w, &o, XHA_REC_LEASE);
}

/* xha_get_lease - read it */
int xha_get_lease(struct xha_rec *rec, u32 *id, u32 *lease)
{
	struct xha_in in;
	int ret = elem_begin(rec, &in, 8, id);

	if (ret != 1)
		return ret;
	*lease = xha_in_be32(&in);
	return elem_end(rec, &in);
}

/* xha_put_lease64 - write a lease whose high half the receiver may not know */
int xha_put_lease64(struct xha_writer *w, u32 id, u64 lease)
{
	struct xha_out o;

	xha_rec_begin(w, &o, XHA_REC_LEASE64, true);
	xha_out_be32(&o, id);
	xha_out_be64(&o, lease);
	return xha_rec_end(w, &o, XHA_REC_LEASE64);
}

/* xha_get_lease64 - read it */
int xha_get_lease64(struct xha_rec *rec, u32 *id, u64 *lease)
{
	struct xha_in in;
	int ret = elem_begin(rec, &in, 12, id);

	if (ret != 1)
		return ret;
	*lease = xha_in_be64(&in);
	return elem_end(rec, &in);
}

/* xha_put_final - write the last number used, and (low half) the term it ends */
int xha_put_final(struct xha_writer *w, u32 id, u32 term, u64 oseq)
{
	struct xha_out o;

	xha_rec_begin(w, &o, XHA_REC_FINAL, true);
	xha_out_be32(&o, id);
	xha_out_be32(&o, term);
	xha_out_be64(&o, oseq);
	return xha_rec_end(w, &o, XHA_REC_FINAL);
}

/* xha_get_final - read it */
int xha_get_final(struct xha_rec *rec, u32 *id, u32 *term, u64 *oseq)
{
	struct xha_in in;
	int ret = elem_begin(rec, &in, 16, id);

	if (ret != 1)
		return ret;
	*term = xha_in_be32(&in);
	*oseq = xha_in_be64(&in);
	return elem_end(rec, &in);
}

/* xha_out_pace - write a pace */
void xha_out_pace(struct xha_out *o, struct xha_pace pace)
{
	xha_out_u8(o, pace.rate);
	xha_out_u8(o, pace.guard);
}

/* xha_in_pace - read it; -EBADMSG if it is none, or not there */
int xha_in_pace(struct xha_in *in, struct xha_pace *pace)
{
	pace->rate = xha_in_u8(in);
	pace->guard = xha_in_u8(in);
	if (in->bad || pace->rate > XHA_PACE_MAX || pace->guard > XHA_PACE_MAX)
		return -EBADMSG;
	return 0;
}

/* xha_put_pace - write how fast an SA may be used */
int xha_put_pace(struct xha_writer *w, u32 id, struct xha_pace pace)
{
	struct xha_out o;

	xha_rec_begin(w, &o, XHA_REC_PACE, true);
	xha_out_be32(&o, id);
	xha_out_pace(&o, pace);
	return xha_rec_end(w, &o, XHA_REC_PACE);
}

/* xha_get_pace - read it */
int xha_get_pace(struct xha_rec *rec, u32 *id, struct xha_pace *pace)
{
	struct xha_in in;
	int ret = elem_begin(rec, &in, 6, id);

	if (ret != 1)
		return ret;
	return xha_in_pace(&in, pace) ?: elem_end(rec, &in);
}

/**
 * xha_window_words - how many words of a window need to be sent
 * @win: the window
 * @full: all its bits are set: that is one flag
 *
 * Return: words up to the last one that is not 0.
 */
u32 xha_window_words(const struct xha_window *win, bool full)
{
	u32 n = min_t(u32, (win->bits + 31) / 32, XHA_WINDOW_WORDS);

	if (full || !win->top)
		return 0;
	while (n && !win->map[n - 1])
		n--;
	return n;
}

/* xha_out_map - write the first @words words of a window */
void xha_out_map(struct xha_out *o, const struct xha_window *win, u32 words)
{
	u32 i;

	for (i = 0; i < words; i++)
		xha_out_be32(o, win->map[i]);
}

/**
 * xha_window_map - fill in the bits of a window from what was sent
 * @win: top and bits are set already
 * @full: all bits are set
 * @map: big-endian words
 * @words: how many; the others are 0, and so is what is above the size
 *
 * Under a top of 0 nothing has been received, whatever was sent.
 */
void xha_window_map(struct xha_window *win, bool full, const u8 *map,
		    u32 words)
{
	u32 n = (win->bits + 31) / 32;
	struct xha_in in;
	u32 i;

	xha_in_init(&in, map, (size_t)words * 4);
	for (i = 0; i < XHA_WINDOW_WORDS; i++) {
		win->map[i] = 0;
		if (i >= n || !win->top)
			continue;
		if (full)
			win->map[i] = U32_MAX;
		else if (i < words)
			win->map[i] = xha_in_be32(&in);
	}
	if (win->bits % 32)
		win->map[n - 1] &= (1U << win->bits % 32) - 1;
}

/* xha_put_window - write an inbound window */
int xha_put_window(struct xha_writer *w, u32 id, const struct xha_window *win)
{
	bool full = xha_window_full(win);
	u32 words = xha_window_words(win, full);
	struct xha_out o;

	xha_rec_begin(w, &o, XHA_REC_WINDOW, true);
	xha_out_be32(&o, id);
	xha_out_be32(&o, (u32)win->top);
	xha_out_be16(&o, (u16)(win->top >> 32));
	xha_out_u8(&o, full ? XHA_WINDOW_FULL : 0);
	xha_out_u8(&o, (u8)words);
	xha_out_map(&o, win, words);
	return xha_rec_end(w, &o, XHA_REC_WINDOW);
}

/* xha_get_window - read it */
int xha_get_window(struct xha_rec *rec, u32 *id, struct xha_window_elem *e)
{
	struct xha_in in;
	int ret = elem_begin(rec, &in, 12, id);

	if (ret != 1)
		return ret;
	e->top = xha_in_be32(&in);
	e->top |= (u64)xha_in_be16(&in) << 32;
	e->full = xha_in_u8(&in) & XHA_WINDOW_FULL;
	e->words = xha_in_u8(&in);
	if (e->words > XHA_WINDOW_WORDS || (e->full && e->words))
		return -EBADMSG;
	e->map = xha_in_take(&in, (size_t)e->words * 4);
	if (in.bad)
		return -EBADMSG;
	return elem_end(rec, &in);
}

/*
 * Times count in ages since clocks differ; one that does not fit 32 bits has
 * been reached for more than a century.
 */
static u32 age_to_wire(u64 age)
{
	if (age == XHA_AGE_NEVER)
		return AGE_NEVER32;
	return min_t(u64, age, AGE_NEVER32 - 1);
}

/* xha_put_life - write what is used of a lifetime, but for the age of the SA */
int xha_put_life(struct xha_writer *w, u32 id, const struct xha_life *life)
{
	struct xha_out o;

	xha_rec_begin(w, &o, XHA_REC_LIFE, true);
	xha_out_be32(&o, id);
	xha_out_be64(&o, life->bytes);
	xha_out_be64(&o, life->packets);
	xha_out_be32(&o, age_to_wire(life->use_age));
	return xha_rec_end(w, &o, XHA_REC_LIFE);
}

/* xha_get_life - read it; add_age becomes 0: only the SA's record has it */
int xha_get_life(struct xha_rec *rec, u32 *id, struct xha_life *life)
{
	struct xha_in in;
	int ret = elem_begin(rec, &in, 24, id);

	if (ret != 1)
		return ret;
	life->bytes = xha_in_be64(&in);
	life->packets = xha_in_be64(&in);
	life->add_age = 0;
	life->use_age = xha_in_be32(&in);
	if (life->use_age == AGE_NEVER32)
		life->use_age = XHA_AGE_NEVER;
	return elem_end(rec, &in);
}

/* xha_put_result - write what became of an object */
int xha_put_result(struct xha_writer *w, u32 id, u16 code)
{
	struct xha_out o;

	xha_rec_begin(w, &o, XHA_REC_RESULT, true);
	xha_out_be32(&o, id);
	xha_out_be16(&o, code);
	return xha_rec_end(w, &o, XHA_REC_RESULT);
}

/* xha_get_result - read it; the code may be one that is not known here */
int xha_get_result(struct xha_rec *rec, u32 *id, u16 *code)
{
	struct xha_in in;
	int ret = elem_begin(rec, &in, 6, id);

	if (ret != 1)
		return ret;
	*code = xha_in_be16(&in);
	return elem_end(rec, &in);
}

/*
 * The number nearest to @have whose low @shift bits are @low. Of two that are
 * as near it is the higher one: too high a counter costs numbers, too low a
 * one repeats them.
 */
static u64 widen(u64 low, u32 shift, u64 have)
{
	u64 span = 1ULL << shift;
	u64 v = (have & ~(span - 1)) | low;

	if (v < have && have - v >= span / 2 && v <= U64_MAX - span)
		return v + span;
	if (v > have && v - have > span / 2 && v >= span)
		return v - span;
	return v;
}

/**
 * xha_window_widen - the window that an element stands for
 * @e: element
 * @have: number near its top
 * @bits: size of the SA's window
 * @win: filled in
 */
void xha_window_widen(const struct xha_window_elem *e, u64 have, u32 bits,
		      struct xha_window *win)
{
	win->top = widen(e->top, 48, have);
	win->bits = min_t(u32, bits, XHA_WINDOW_BITS);
	xha_window_map(win, e->full, e->map, e->words);
}

/* xha_lease_widen - the number nearest to @have whose low 32 bits are @low */
u64 xha_lease_widen(u32 low, u64 have)
{
	return widen(low, 32, have);
}
