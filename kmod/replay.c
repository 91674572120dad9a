// SPDX-License-Identifier: GPL-2.0
/*
 * Replay states: numbers and windows of the three kinds, read and moved
 * forward.
 *
 * In an extended window the top is at bit (low word of top - 1) % size, older
 * numbers follow below it, around the ring. That is what the kernel's check
 * goes by. It is the same as a fixed bit for each number as long as the low
 * word does not wrap, or the size is a power of 2; where it is not, the ring
 * has to be turned.
 */
#include "replay.h"

#define JUMP_ESN	0x200000000ULL	/* largest move of a top that is plausible */

static u64 join(u32 hi, u32 lo)
{
	return (u64)hi << 32 | lo;
}

static u64 space(const struct xha_replay *r)
{
	return r->ext && r->esn ? U64_MAX : U32_MAX;
}

/* xha_replay_oseq - last sequence number sent */
u64 xha_replay_oseq(const struct xha_replay *r)
{
	if (!r->ext)
		return r->legacy->oseq;
	return join(r->esn ? r->ext->oseq_hi : 0, r->ext->oseq);
}

/* xha_replay_set_oseq - the next one sent is above @oseq; cut to the space */
void xha_replay_set_oseq(const struct xha_replay *r, u64 oseq)
{
	oseq = min_t(u64, oseq, space(r));
	if (!r->ext) {
		r->legacy->oseq = (u32)oseq;
		return;
	}
	r->ext->oseq = (u32)oseq;
	if (r->esn)
		r->ext->oseq_hi = (u32)(oseq >> 32);
}

/* xha_replay_seq - highest sequence number received */
u64 xha_replay_seq(const struct xha_replay *r)
{
	if (!r->ext)
		return r->legacy->seq;
	return join(r->esn ? r->ext->seq_hi : 0, r->ext->seq);
}

static void set_seq(const struct xha_replay *r, u64 seq)
{
	if (!r->ext) {
		r->legacy->seq = (u32)seq;
		return;
	}
	r->ext->seq = (u32)seq;
	if (r->esn)
		r->ext->seq_hi = (u32)(seq >> 32);
}

u32 xha_replay_window(const struct xha_replay *r)
{
	return r->ext ? r->ext->replay_window : min_t(u32, r->window, 32);
}

/* The low @n bits, 0..32. */
static u32 ones(u32 n)
{
	return n < 32 ? (1U << n) - 1 : U32_MAX;
}

/* A ring counts upwards, a window downwards from the top. */
static u32 reverse(u32 v, u32 n)
{
	v = (v & 0x55555555) << 1 | (v >> 1 & 0x55555555);
	v = (v & 0x33333333) << 2 | (v >> 2 & 0x33333333);
	v = (v & 0x0f0f0f0f) << 4 | (v >> 4 & 0x0f0f0f0f);
	v = (v & 0x00ff00ff) << 8 | (v >> 8 & 0x00ff00ff);
	v = v << 16 | v >> 16;
	return v >> (32 - n);
}

/* Bit of the top. */
static u32 ring_top(const struct xfrm_replay_state_esn *ext)
{
	return (ext->seq - 1) % ext->replay_window;
}

/* How many of @n bits from bit @at are in one word and before the end. */
static u32 ring_run(const struct xfrm_replay_state_esn *ext, u32 at, u32 n)
{
	n = min_t(u32, n, 32 - at % 32);
	return min_t(u32, n, ext->replay_window - at);
}

/* Bits @at .. @at + @n - 1, around the ring, the first one lowest; n 1..32. */
static u32 ring_load(const struct xfrm_replay_state_esn *ext, u32 at, u32 n)
{
	u32 v = 0, done, run;

	for (done = 0; done < n; done += run) {
		run = ring_run(ext, at, n - done);
		v |= (ext->bmp[at / 32] >> at % 32 & ones(run)) << done;
		at = (at + run) % ext->replay_window;
	}
	return v;
}

static void ring_clear(struct xfrm_replay_state_esn *ext, u32 at, u32 n)
{
	u32 run;

	for (; n; n -= run) {
		run = ring_run(ext, at, n);
		ext->bmp[at / 32] &= ~(ones(run) << at % 32);
		at = (at + run) % ext->replay_window;
	}
}

static void ring_or(struct xfrm_replay_state_esn *ext, u32 at, u32 n, u32 v)
{
	u32 done, run;

	for (done = 0; done < n; done += run) {
		run = ring_run(ext, at, n - done);
		ext->bmp[at / 32] |= (v >> done & ones(run)) << at % 32;
		at = (at + run) % ext->replay_window;
	}
}

/* Bit of the number that is @below under the top; @below < size. */
static u32 ring_below(const struct xfrm_replay_state_esn *ext, u32 below)
{
	u32 top = ring_top(ext);

	return top >= below ? top - below : top + ext->replay_window - below;
}

static void ring_swap(struct xfrm_replay_state_esn *ext, u32 a, u32 b)
{
	for (; a < b; a++, b--) {
		u32 va = ext->bmp[a / 32] >> a % 32 & 1;
		u32 vb = ext->bmp[b / 32] >> b % 32 & 1;

		ext->bmp[a / 32] ^= (va ^ vb) << a % 32;
		ext->bmp[b / 32] ^= (va ^ vb) << b % 32;
	}
}

/* Turns the ring up by @by bits, 1..size - 1, in place: three reversals. */
static void ring_turn(struct xfrm_replay_state_esn *ext, u32 by)
{
	u32 last = ext->replay_window - 1;

	ring_swap(ext, 0, last);
	ring_swap(ext, 0, by - 1);
	ring_swap(ext, by, last);
}

void xha_replay_get(const struct xha_replay *r, struct xha_window *w)
{
	u32 i, n, at;

	memset(w, 0, sizeof(*w));
	w->top = xha_replay_seq(r);
	w->bits = min_t(u32, xha_replay_window(r), XHA_WINDOW_BITS);
	if (!r->ext) {
		w->map[0] = r->legacy->bitmap & ones(w->bits);
		return;
	}
	for (i = 0; i < w->bits; i += 32) {
		n = min_t(u32, w->bits - i, 32);
		at = ring_below(r->ext, i + n - 1);
		w->map[i / 32] = reverse(ring_load(r->ext, at, n), n);
	}
}

/* Moves the top of an extended window to @top, which is higher. */
static void ring_advance(const struct xha_replay *r, u64 top)
{
	struct xfrm_replay_state_esn *ext = r->ext;
	u32 bits = ext->replay_window, n, at, to;
	u64 old = xha_replay_seq(r);

	if (top - old >= bits) {
		set_seq(r, top);
		ring_clear(ext, 0, bits);
		return;
	}
	n = (u32)(top - old);
	at = ring_top(ext);
	ring_clear(ext, (at + 1) % bits, n);
	at = (at + n) % bits;
	set_seq(r, top);
	to = ring_top(ext);
	if (at != to)
		ring_turn(ext, to > at ? to - at : to + bits - at);
}

/* Marks what @w has; it begins @below under our top. */
static void ring_merge(struct xfrm_replay_state_esn *ext,
		       const struct xha_window *w, u32 below)
{
	u32 i, n;

	for (i = 0; i + below < ext->replay_window; i += 32) {
		n = min_t(u32, ext->replay_window - below - i, 32);
		ring_or(ext, ring_below(ext, below + i + n - 1), n,
			reverse(w->map[i / 32] & ones(n), n));
	}
}

/* The same for the legacy bitmap, which is a window already. */
static void legacy_merge(const struct xha_replay *r,
			 const struct xha_window *w, u64 own)
{
	u32 bitmap = r->legacy->bitmap;
	u64 diff = w->top > own ? w->top - own : own - w->top;

	if (w->top > own) {
		bitmap = diff < 32 ? bitmap << diff : 0;
		bitmap |= w->map[0];
		r->legacy->seq = (u32)w->top;
	} else if (diff < 32) {
		bitmap |= w->map[0] << diff;
	}
	r->legacy->bitmap = bitmap & ones(w->bits);
}

int xha_replay_merge(const struct xha_replay *r, const struct xha_window *w)
{
	u64 own = xha_replay_seq(r);

	if (w->bits != xha_replay_window(r))
		return -EINVAL;
	if (w->top > space(r))
		return -ERANGE;
	if (r->ext && r->esn && own && w->top > own &&
	    w->top - own > JUMP_ESN)
		return -ERANGE;
	if (!w->top)
		return 0;
	if (!r->ext) {
		legacy_merge(r, w, own);
		return 0;
	}
	if (!w->bits) {
		set_seq(r, max_t(u64, own, w->top));
		return 0;
	}
	if (w->top > own) {
		ring_advance(r, w->top);
		own = w->top;
	}
	if (own - w->top < w->bits)
		ring_merge(r->ext, w, (u32)(own - w->top));
	return 0;
}

void xha_replay_advance(const struct xha_replay *r, u32 n)
{
	u32 bits = xha_replay_window(r);
	u64 seq = xha_replay_seq(r);
	u32 i;

	if (!bits)
		return;
	set_seq(r, n < space(r) - seq ? seq + n : space(r));
	if (!r->ext) {
		r->legacy->bitmap = ones(bits);
		return;
	}
	for (i = 0; i < bits; i += 32)
		r->ext->bmp[i / 32] = ones(min_t(u32, bits - i, 32));
}

u64 xha_replay_exposure(u64 rate, u64 age, u64 silence, u32 period, u32 packets,
			u32 advance)
{
	u64 n;

	if (period)
		age = min_t(u64, age, xha_sat_add(silence, period));
	n = xha_packets_in(rate, age);
	if (packets)
		n = min_t(u64, n, xha_sat_add(xha_packets_in(rate, silence), packets));
	return n > advance ? n - advance : 0;
}

/* xha_window_full - are all bits set? Never so without a window. */
bool xha_window_full(const struct xha_window *w)
{
	u32 i, n;

	for (i = 0; i < w->bits && i < XHA_WINDOW_BITS; i += 32) {
		n = min_t(u32, w->bits - i, 32);
		if ((w->map[i / 32] & ones(n)) != ones(n))
			return false;
	}
	return w->bits;
}
