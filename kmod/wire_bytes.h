/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the wire*.c files share: bytes out, bytes in, attributes. Overflow is
 * sticky on both sides, so that a record is written or read straight down and
 * asked once, at its end, whether it fitted.
 */
#ifndef _XHA_WIRE_BYTES_H
#define _XHA_WIRE_BYTES_H

#include "wire.h"

#define XHA_WINDOW_FULL	0x01	/* flag of a window: all its bits are set */

/**
 * struct xha_out - a record being written behind a writer's last one
 * @p: where the next byte goes
 * @end: end of the room
 * @rec: offset of the record's header in the datagram
 * @full: something did not fit
 */
struct xha_out {
	u8 *p;
	u8 *end;
	size_t rec;
	bool full;
};

/* Reserves @n bytes, NULL if there is no room. */
static inline u8 *xha_out_room(struct xha_out *o, size_t n)
{
	u8 *p = o->p;

	if (o->full || n > (size_t)(o->end - p)) {
		o->full = true;
		return NULL;
	}
	o->p += n;
	return p;
}

static inline void xha_out_bytes(struct xha_out *o, const void *src, size_t n)
{
	u8 *p = xha_out_room(o, n);

	if (p && n)
		memcpy(p, src, n);
}

/* The low @n bytes of @v, most significant first. */
static inline void xha_out_be(struct xha_out *o, u64 v, size_t n)
{
	u8 *p = xha_out_room(o, n);

	while (p && n--) {
		p[n] = v & 0xff;
		v >>= 8;
	}
}

static inline void xha_out_u8(struct xha_out *o, u8 v)
{
	xha_out_be(o, v, 1);
}

static inline void xha_out_be16(struct xha_out *o, u16 v)
{
	xha_out_be(o, v, 2);
}

static inline void xha_out_be32(struct xha_out *o, u32 v)
{
	xha_out_be(o, v, 4);
}

static inline void xha_out_be64(struct xha_out *o, u64 v)
{
	xha_out_be(o, v, 8);
}

/**
 * struct xha_in - bytes being read
 * @p: next byte
 * @left: bytes from there
 * @bad: more was asked for than there is; all that is read since is 0
 */
struct xha_in {
	const u8 *p;
	size_t left;
	bool bad;
};

static inline void xha_in_init(struct xha_in *i, const u8 *p, size_t len)
{
	i->p = p;
	i->left = len;
	i->bad = false;
}

/* Takes @n bytes, NULL if there are fewer. */
static inline const u8 *xha_in_take(struct xha_in *i, size_t n)
{
	const u8 *p = i->p;

	if (i->bad || n > i->left) {
		i->bad = true;
		return NULL;
	}
	i->p += n;
	i->left -= n;
	return p;
}

/* @dst becomes 0 if there are fewer than @n bytes. */
static inline void xha_in_bytes(struct xha_in *i, void *dst, size_t n)
{
	const u8 *p = xha_in_take(i, n);

	if (p)
		memcpy(dst, p, n);
	else
		memset(dst, 0, n);
}

static inline u64 xha_in_be(struct xha_in *i, size_t n)
{
	const u8 *p = xha_in_take(i, n);
	u64 v = 0;

	while (p && n--)
		v = v << 8 | *p++;
	return v;
}

static inline u8 xha_in_u8(struct xha_in *i)
{
	return (u8)xha_in_be(i, 1);
}

static inline u16 xha_in_be16(struct xha_in *i)
{
	return (u16)xha_in_be(i, 2);
}

static inline u32 xha_in_be32(struct xha_in *i)
{
	return (u32)xha_in_be(i, 4);
}

static inline u64 xha_in_be64(struct xha_in *i)
{
	return xha_in_be(i, 8);
}

/* For values of fixed size: neither short nor long. */
static inline int xha_in_end(const struct xha_in *i)
{
	return i->bad || i->left ? -EBADMSG : 0;
}

/* wire.c: records */
void xha_rec_begin(const struct xha_writer *w, struct xha_out *o, u8 type,
		   bool share);
int xha_rec_end(struct xha_writer *w, struct xha_out *o, u8 type);

/* wire_elem.c: windows, also inside an SA */
u32 xha_window_words(const struct xha_window *win, bool full);
void xha_out_map(struct xha_out *o, const struct xha_window *win, u32 words);
void xha_window_map(struct xha_window *win, bool full, const u8 *map,
		    u32 words);

/* wire_elem.c: a pace, also inside an SA */
void xha_out_pace(struct xha_out *o, struct xha_pace pace);
int xha_in_pace(struct xha_in *in, struct xha_pace *pace);

/**
 * struct xha_walk - the attributes of a record being read
 * @in: what is left of the body
 * @start: start of the body
 * @seen: attributes met, without and with XHA_TLV_COUNTER
 * @fixed: bytes before the first counter
 * @counters: a counter was met
 */
struct xha_walk {
	struct xha_in in;
	const u8 *start;
	u64 seen[2];
	size_t fixed;
	bool counters;
};

/* wire_attr.c: attributes in general, and those of SAs and policies alike */
u8 *xha_attr_begin(struct xha_out *o, u8 type);
void xha_attr_end(struct xha_out *o, u8 *value);
void xha_walk_init(struct xha_walk *w, const struct xha_rec *rec,
		   const struct xha_in *head);
int xha_walk_next(struct xha_walk *w, u8 *type, struct xha_in *value);
bool xha_walk_seen(const struct xha_walk *w, u8 type);

size_t xha_addr_len(u16 family);
void xha_put_be32_attr(struct xha_out *o, u8 type, u32 v);
void xha_put_sel(struct xha_out *o, const struct xfrm_selector *sel,
		 u16 family);
int xha_get_sel(struct xha_in *in, struct xfrm_selector *sel);
void xha_put_lft(struct xha_out *o, const struct xfrm_lifetime_cfg *lft);
int xha_get_lft(struct xha_in *in, struct xfrm_lifetime_cfg *lft);
void xha_lft_default(struct xfrm_lifetime_cfg *lft);
void xha_put_mark(struct xha_out *o, u8 type, const struct xfrm_mark *mark);
int xha_get_mark(struct xha_in *in, struct xfrm_mark *mark);
void xha_put_secctx(struct xha_out *o, const struct xha_secctx *ctx);
int xha_get_secctx(struct xha_in *in, struct xha_secctx *ctx);

#endif /* _XHA_WIRE_BYTES_H */
