// SPDX-License-Identifier: GPL-2.0
/* Windows: against a receiver like the kernel's, and a plain set of numbers. */
#include "unit.h"
#include "receiver.h"

static u32 some_window(enum layout mode)
{
	static const u32 edges[] = {
		1, 2, 31, 32, 33, 63, 64, 65, 100, 127, 1000, 1024, 4095, 4096,
	};
	u32 w = one_in(2) ? edges[rnd_below(ARRAY_SIZE(edges))] :
			    1 + rnd_below(4096);

	return mode == LEGACY ? 1 + rnd_below(32) : w;
}

/* Where a set begins: also around the wrap of the low word. */
static u64 some_start(enum layout mode)
{
	if (one_in(3))
		return 0;
	if (mode == ESN) {
		u64 hi = one_in(4) ? rnd() >> 34 : 1 + rnd_below(3);

		return (hi << 32) - rnd_below(one_in(2) ? 200 : SET);
	}
	return one_in(2) ? rnd_below(U32_MAX - SET) : U32_MAX - SET;
}

/* A number that arrives: mostly the next, some late, some far ahead. */
static u64 some_number(const struct set *m, u32 window)
{
	u64 top = max_t(u64, m->top, m->from), last = m->from + SET - 1, n;

	switch (rnd_below(8)) {
	case 0:
		n = top + rnd_below(window + 3);
		break;
	case 1:
		n = top - min_t(u64, rnd_below(window + 3), top - m->from);
		break;
	case 2:
		n = top + 1 + rnd_below(8);
		break;
	default:
		n = top + 1;
		break;
	}
	return min_t(u64, max_t(u64, n, 1), last);
}

static void t_oseq(void)
{
	struct state s;
	u64 v, max;
	u32 i, mode;

	for (mode = LEGACY; mode <= ESN; mode++) {
		state_init(&s, mode, 32);
		max = mode == ESN ? U64_MAX : U32_MAX;
		for (i = 0; i < 10000; i++) {
			v = rnd_edgy();
			xha_replay_set_oseq(&s.r, v);
			CHECK(xha_replay_oseq(&s.r) == min_t(u64, v, max));
			CHECK(!xha_replay_seq(&s.r));
			if (mode == LEGACY)
				CHECK(s.legacy.oseq == (u32)min_t(u64, v, max));
			else
				CHECK(s.ext->oseq == (u32)min_t(u64, v, max) &&
				      !s.legacy.oseq);
			if (mode == BMP)
				CHECK(!s.ext->oseq_hi);
		}
		state_free(&s);
	}
}

/* Whatever the bits are: get says what the receiver would. */
static void t_get(void)
{
	struct xha_window w;
	struct state s;
	u32 i, k, mode;

	for (i = 0; i < 3000; i++) {
		mode = rnd_below(3);
		state_init(&s, mode, some_window(mode));
		s.legacy.bitmap = rnd();
		s.legacy.seq = rnd();
		if (s.ext) {
			s.ext->seq = one_in(2) ? rnd() : rnd_below(200);
			s.ext->seq_hi = mode == ESN ? rnd_below(3) : 0;
			for (k = 0; k < s.ext->bmp_len; k++)
				s.ext->bmp[k] = rnd() | rnd();
		}
		memset(&w, 0xee, sizeof(w));
		xha_replay_get(&s.r, &w);
		CHECK(w.bits == s.window && w.top == recv_top(&s));
		CHECK(xha_replay_window(&s.r) == s.window);
		for (k = 0; k < XHA_WINDOW_BITS; k++)
			CHECK((w.map[k / 32] >> k % 32 & 1) ==
			      (k < s.window && recv_bit(&s, k)));
		state_free(&s);
	}
}

/* A receiver that runs, and a copy that takes over what it says. */
static void t_receiver(void)
{
	static struct set m;
	struct state a, b;
	struct xha_window w;
	u64 n;
	u32 i, k, mode;

	for (i = 0; i < 600; i++) {
		mode = rnd_below(3);
		state_init(&a, mode, some_window(mode));
		state_init(&b, mode, a.window);
		set_init(&m, some_start(mode));
		/*
		 * With a size that does not divide 2^32 the receiver itself
		 * loses its place at 0 and at the wrap: begin and stay between.
		 */
		if (mode != LEGACY && a.window & (a.window - 1)) {
			set_init(&m, 5000 + rnd_below(1 << 30));
			set_add(&m, m.from + 1);
			set_window(&m, a.window, &w);
			xha_replay_merge(&a.r, &w);
		}
		for (k = 0; k < 600; k++) {
			n = some_number(&m, a.window);
			CHECK(recv_check(&a, n) == set_check(&m, a.window, n));
			if (!recv_check(&a, n))
				continue;
			recv_advance(&a, n);
			set_add(&m, n);
			if (!one_in(20))
				continue;
			xha_replay_get(&a.r, &w);
			CHECK(!xha_replay_merge(&b.r, &w));
			same(&b, &m, "copy");
		}
		xha_replay_get(&a.r, &w);
		xha_replay_merge(&b.r, &w);
		same(&a, &m, "receiver");
		same(&b, &m, "copy");
		/* Both go on from there alike. */
		for (k = 0; k < 100; k++) {
			n = some_number(&m, a.window);
			CHECK(recv_check(&a, n) == recv_check(&b, n));
			if (!recv_check(&b, n))
				continue;
			recv_advance(&a, n);
			recv_advance(&b, n);
			set_add(&m, n);
		}
		same(&b, &m, "copy that went on");
		state_free(&a);
		state_free(&b);
	}
}

/* Two windows become one: of any size, over the wrap too. */
static void t_merge(void)
{
	static struct set a, b, both;
	struct state s;
	struct xha_window w;
	u32 i, k, mode;
	u64 n;

	for (i = 0; i < 3000; i++) {
		mode = rnd_below(3);
		state_init(&s, mode, some_window(mode));
		set_init(&a, some_start(mode));
		set_init(&b, a.from);
		set_init(&both, a.from);
		for (k = rnd_below(500); k; k--) {
			n = some_number(one_in(2) ? &a : &b, s.window);
			if (one_in(2))
				set_add(&a, n);
			else
				set_add(&b, n);
			set_add(&both, n);
		}
		/* One may be far ahead. */
		if (one_in(4)) {
			n = a.from + 1 + rnd_below(SET - 1);
			set_add(&b, n);
			set_add(&both, n);
		}
		/* The bit of a top that was only set need not be set. */
		if (one_in(4) && b.top > a.top) {
			b.has[b.top - b.from] = 0;
			both.has[b.top - b.from] = 0;
		}
		set_window(&a, s.window, &w);
		CHECK(!xha_replay_merge(&s.r, &w));
		same(&s, &a, "one");
		set_window(&b, s.window, &w);
		CHECK(!xha_replay_merge(&s.r, &w));
		same(&s, &both, "both");
		CHECK(!xha_replay_merge(&s.r, &w));
		same(&s, &both, "again");
		xha_replay_get(&s.r, &w);
		CHECK(!xha_replay_merge(&s.r, &w));
		same(&s, &both, "itself");
		state_free(&s);
	}
}

/* Every size once, also where one merge moves the top by every distance. */
static void t_every_size(void)
{
	static struct set m;
	struct xha_window w;
	struct state s;
	u32 size, k;
	u64 n;

	for (size = 1; size <= XHA_WINDOW_BITS; size++) {
		state_init(&s, ESN, size);
		set_init(&m, (1ULL << 32) - size / 2 - 3);
		for (k = 0; k < 3; k++) {
			n = max_t(u64, m.from, m.top) + 1 + rnd_below(size + 2);
			set_add(&m, n);
			set_add(&m, n - rnd_below(min_t(u64, size,
							n - m.from)));
			set_window(&m, size, &w);
			CHECK(!xha_replay_merge(&s.r, &w));
		}
		same(&s, &m, "size");
		state_free(&s);
	}
}

static void refuse(struct state *s, const struct xha_window *w, int want)
{
	struct xha_window was, is;

	memset(&was, 0, sizeof(was));
	memset(&is, 0, sizeof(is));
	xha_replay_get(&s->r, &was);
	CHECK(xha_replay_merge(&s->r, w) == want);
	xha_replay_get(&s->r, &is);
	CHECK(!memcmp(&was, &is, sizeof(is)));
}

static void t_refused(void)
{
	struct xha_window w;
	struct state s;
	u32 mode;

	for (mode = LEGACY; mode <= ESN; mode++) {
		state_init(&s, mode, 32);
		memset(&w, 0, sizeof(w));
		w.top = 1000;
		w.bits = 32;
		w.map[0] = 0x55;
		CHECK(!xha_replay_merge(&s.r, &w));
		w.bits = 31;
		refuse(&s, &w, -EINVAL);
		w.bits = 33;
		refuse(&s, &w, -EINVAL);
		w.bits = 32;
		w.map[0] = U32_MAX;
		w.top = mode == ESN ? 1001 + (1ULL << 33) : U32_MAX + 1ULL;
		refuse(&s, &w, -ERANGE);
		w.top = 0;
		refuse(&s, &w, 0);
		w.top = 900;
		refuse(&s, &w, 0);
		w.top = mode == ESN ? 1000 + (1ULL << 33) : U32_MAX;
		CHECK(!xha_replay_merge(&s.r, &w));
		CHECK(xha_replay_seq(&s.r) == w.top);
		state_free(&s);
		/* The first one is taken wherever it is. */
		state_init(&s, mode, 32);
		w.top = mode == ESN ? U64_MAX : U32_MAX;
		CHECK(!xha_replay_merge(&s.r, &w));
		CHECK(xha_replay_seq(&s.r) == w.top);
		state_free(&s);
	}
}

static void t_no_window(void)
{
	struct xha_window w;
	struct state s;
	u32 mode;

	for (mode = LEGACY; mode <= ESN; mode++) {
		state_init(&s, mode, 0);
		xha_replay_get(&s.r, &w);
		CHECK(!w.bits && !w.top && !w.map[0] && !xha_window_full(&w));
		CHECK(!xha_replay_merge(&s.r, &w));
		w.top = 5;
		CHECK(!xha_replay_merge(&s.r, &w));
		CHECK(xha_replay_seq(&s.r) == 5);
		xha_replay_advance(&s.r, 5);
		CHECK(xha_replay_seq(&s.r) == 5);
		state_free(&s);
	}
}

static void t_advance(void)
{
	static struct set m;
	struct xha_window w;
	struct state s;
	u64 top, want, k;
	u32 i, n, mode;

	for (i = 0; i < 2000; i++) {
		mode = rnd_below(3);
		state_init(&s, mode, some_window(mode));
		set_init(&m, some_start(mode));
		set_add(&m, some_number(&m, s.window));
		set_window(&m, s.window, &w);
		CHECK(!xha_replay_merge(&s.r, &w));
		n = one_in(4) ? U32_MAX - rnd_below(3) : rnd_below(5000);
		want = m.top + n;
		if (mode != ESN)
			want = min_t(u64, want, U32_MAX);
		xha_replay_advance(&s.r, n);
		top = xha_replay_seq(&s.r);
		CHECK(top == want && recv_top(&s) == want);
		for (k = 0; k < s.window + 2ULL && k < top; k++)
			CHECK(!recv_check(&s, top - k));
		CHECK(recv_check(&s, top + 1));
		xha_replay_get(&s.r, &w);
		CHECK(xha_window_full(&w));
		state_free(&s);
	}
	state_init(&s, ESN, 100);
	s.ext->seq = U32_MAX - 4;
	s.ext->seq_hi = U32_MAX;
	xha_replay_advance(&s.r, 100);
	CHECK(xha_replay_seq(&s.r) == U64_MAX);
	state_free(&s);
}

static void t_full(void)
{
	struct xha_window w;
	u32 bits, k;

	for (bits = 1; bits <= XHA_WINDOW_BITS; bits++) {
		memset(&w, 0, sizeof(w));
		w.top = 10000;
		w.bits = bits;
		for (k = 0; k < bits; k++)
			w.map[k / 32] |= 1U << k % 32;
		CHECK(xha_window_full(&w));
		k = one_in(2) ? bits - 1 : rnd_below(bits);
		w.map[k / 32] &= ~(1U << k % 32);
		CHECK(!xha_window_full(&w), "bits %u without %u", bits, k);
	}
}

static void t_exposure(void)
{
	/* Nothing on the way, 100 packets/s: what came since the window, as far as one can be due. */
	CHECK(xha_replay_exposure(100, 300, 0, 1000, 0, 0) == 30);
	CHECK(xha_replay_exposure(100, 60000, 0, 1000, 0, 0) == 100);
	CHECK(xha_replay_exposure(100, 60000, 250, 1000, 0, 0) == 125);
	CHECK(xha_replay_exposure(100, 60000, 250, 0, 0, 0) == 6000);
	/* By packets: no more than these, and what came in the silence. */
	CHECK(xha_replay_exposure(100, 60000, 0, 1000, 32, 0) == 32);
	CHECK(xha_replay_exposure(100, 60000, 250, 0, 32, 0) == 57);
	CHECK(xha_replay_exposure(100, 100, 250, 0, 32, 0) == 10);
	/* What the window is moved by is refused. */
	CHECK(xha_replay_exposure(100, 300, 0, 1000, 0, 29) == 1);
	CHECK(xha_replay_exposure(100, 300, 0, 1000, 0, 30) == 0);
	CHECK(xha_replay_exposure(100, 300, 0, 1000, 0, U32_MAX) == 0);
	CHECK(xha_replay_exposure(0, U64_MAX, U32_MAX, 1000, 0, 0) == 0);
	/* Nonsense saturates. */
	CHECK(xha_replay_exposure(1000, U64_MAX, U64_MAX, 1000, 32, 0) == U64_MAX);
}

static const struct unit_case cases[] = {
	{ "numbers sent", t_oseq },
	{ "get reads what the kernel's check would", t_get },
	{ "a receiver and its copy", t_receiver },
	{ "two windows become one", t_merge },
	{ "every size over the wrap", t_every_size },
	{ "refused: another size, too far", t_refused },
	{ "no window", t_no_window },
	{ "advance", t_advance },
	{ "full", t_full },
	{ "exposure", t_exposure },
};

UNIT_MAIN(cases)
