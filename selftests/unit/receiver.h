/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two models of an inbound window: a receiver that does what the kernel's
 * three modes do, and the plain set of the numbers received.
 */
#ifndef _XHA_RECEIVER_H
#define _XHA_RECEIVER_H

#include "unit.h"
#include "../../kmod/replay.h"

enum layout { LEGACY, BMP, ESN };

static const char *const mode_names[] = { "legacy", "bmp", "esn" };

struct state {
	enum layout mode;
	u32 window;
	struct xfrm_replay_state legacy;
	struct xfrm_replay_state_esn *ext;
	struct xha_replay r;
};

static inline void state_init(struct state *s, enum layout mode, u32 window)
{
	u32 words = (window + 31) / 32;

	memset(s, 0, sizeof(*s));
	s->mode = mode;
	s->window = window;
	if (mode != LEGACY) {
		/* Of the exact size: ASan sees a word too far. */
		s->ext = calloc(1, sizeof(*s->ext) + words * 4);
		s->ext->bmp_len = words;
		s->ext->replay_window = window;
	}
	s->r.legacy = &s->legacy;
	s->r.window = mode == LEGACY ? window : 0;
	s->r.ext = s->ext;
	s->r.esn = mode == ESN;
}

static inline void state_free(struct state *s)
{
	free(s->ext);
}

/*
 * The receiver. What is special about it is taken over on purpose: positions
 * go by the low word alone.
 */
static inline u32 recv_pos(const struct state *s, u32 below)
{
	u32 pos = (s->ext->seq - 1) % s->window;

	return pos >= below ? pos - below : s->window - (below - pos);
}

static inline bool recv_bit(const struct state *s, u32 below)
{
	u32 pos;

	if (s->mode == LEGACY)
		return s->legacy.bitmap >> below & 1;
	pos = recv_pos(s, below);
	return s->ext->bmp[pos / 32] >> pos % 32 & 1;
}

static inline u64 recv_top(const struct state *s)
{
	if (s->mode == LEGACY)
		return s->legacy.seq;
	return (s->mode == ESN ? (u64)s->ext->seq_hi << 32 : 0) | s->ext->seq;
}

/* Would number @n be let in? The high word is taken for known. */
static inline bool recv_check(const struct state *s, u64 n)
{
	u64 top = recv_top(s);

	if (!n)
		return false;
	if (n > top)
		return true;
	if (top - n >= s->window)
		return false;
	return !recv_bit(s, top - n);
}

static inline void recv_advance_legacy(struct state *s, u32 n)
{
	u32 diff;

	if (n > s->legacy.seq) {
		diff = n - s->legacy.seq;
		s->legacy.bitmap = diff < s->window ?
				   s->legacy.bitmap << diff | 1 : 1;
		s->legacy.seq = n;
	} else {
		s->legacy.bitmap |= 1U << (s->legacy.seq - n);
	}
}

static inline void recv_advance(struct state *s, u64 n)
{
	u64 top = recv_top(s), diff;
	u32 pos, i, bit;

	if (s->mode == LEGACY) {
		recv_advance_legacy(s, n);
		return;
	}
	pos = (s->ext->seq - 1) % s->window;
	if (n > top) {
		diff = n - top;
		for (i = 1; i < diff && i < s->window; i++) {
			bit = (pos + i) % s->window;
			s->ext->bmp[bit / 32] &= ~(1U << bit % 32);
		}
		if (diff >= s->window)
			memset(s->ext->bmp, 0, s->ext->bmp_len * 4);
		bit = (pos + (u32)diff) % s->window;
		s->ext->seq = n;
		if (s->mode == ESN)
			s->ext->seq_hi = n >> 32;
	} else {
		bit = recv_pos(s, top - n);
	}
	s->ext->bmp[bit / 32] |= 1U << bit % 32;
}

/* The set of numbers, as offsets from a number below all of them. */
#define SET	32768

struct set {
	u64 from;
	u64 top;
	u8 has[SET];
};

static inline void set_init(struct set *m, u64 from)
{
	memset(m, 0, sizeof(*m));
	m->from = from;
}

static inline void set_add(struct set *m, u64 n)
{
	m->has[n - m->from] = 1;
	m->top = max_t(u64, m->top, n);
}

static inline bool set_check(const struct set *m, u32 window, u64 n)
{
	if (!n)
		return false;
	if (n > m->top)
		return true;
	if (m->top - n >= window)
		return false;
	return !(n >= m->from && m->has[n - m->from]);
}

/* Everything near the top is answered alike. */
static inline void same(const struct state *s, const struct set *m, const char *what)
{
	u64 n, low = m->top > s->window + 3ULL ? m->top - s->window - 3 : 1;

	CHECK(xha_replay_seq(&s->r) == m->top && recv_top(s) == m->top,
	      "%s %s %u: top %llx, %llx", what, mode_names[s->mode], s->window,
	      (unsigned long long)recv_top(s), (unsigned long long)m->top);
	for (n = low; n <= m->top; n++)
		CHECK(recv_check(s, n) == set_check(m, s->window, n),
		      "%s %s %u: number %llx below %llx", what,
		      mode_names[s->mode], s->window, (unsigned long long)n,
		      (unsigned long long)m->top);
	CHECK(m->top == U64_MAX || recv_check(s, m->top + 1));
}

/* The window that this set stands for. */
static inline void set_window(const struct set *m, u32 bits, struct xha_window *w)
{
	u32 i;

	memset(w, 0, sizeof(*w));
	w->top = m->top;
	w->bits = bits;
	for (i = 0; i < bits && i < m->top; i++)
		if (m->top - i >= m->from && m->has[m->top - i - m->from])
			w->map[i / 32] |= 1U << i % 32;
}

#endif /* _XHA_RECEIVER_H */
