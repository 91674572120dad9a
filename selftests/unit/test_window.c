// SPDX-License-Identifier: GPL-2.0
/* Small windows, all of them: every two that there are become one, each is read, and moved, against plain bits. */
#include "unit.h"
#include "receiver.h"

#define NUMBERS	6	/* base + 1 ... base + NUMBERS may have been received */
#define SETS	(1U << NUMBERS)

/* Bit n - 1 of @set: base + n has been received. */
static bool received(u32 set, int n)
{
	return n > 0 && set >> (n - 1) & 1;
}

static int highest(u32 set)
{
	int n = NUMBERS;

	while (n && !received(set, n))
		n--;
	return n;
}

/* The top need not have been received: it was moved there. */
static void window_of(u64 base, u32 set, int top, u32 bits, struct xha_window *w)
{
	u32 k;

	memset(w, 0, sizeof(*w));
	w->top = base + top;
	w->bits = bits;
	for (k = 0; k < bits; k++)
		w->map[0] |= (u32)received(set, top - (int)k) << k;
}

/* What is read, and what the kernel would let in. */
static void holds(const struct state *s, u64 base, u32 set, int top)
{
	struct xha_window w, want;
	int n;

	memset(&w, 0, sizeof(w));
	xha_replay_get(&s->r, &w);
	window_of(base, set, top, s->window, &want);
	CHECK(w.top == want.top && w.bits == want.bits && w.map[0] == want.map[0],
	      "%s, window %u, base %llx, set %x, top %d: got %llx %x, want %llx %x",
	      mode_names[s->mode], s->window, (unsigned long long)base, set, top,
	      (unsigned long long)w.top, w.map[0], (unsigned long long)want.top, want.map[0]);
	for (n = 1; n <= NUMBERS; n++)
		CHECK(recv_check(s, base + n) ==
		      (n > top || (top - n < (int)s->window && !received(set, n))));
}

static void two(enum layout mode, u32 bits, u64 base, u32 a, int top_a, u32 b, int top_b)
{
	struct xha_window w;
	struct state s;

	state_init(&s, mode, bits);
	window_of(base, a, top_a, bits, &w);
	CHECK(!xha_replay_merge(&s.r, &w));
	holds(&s, base, a, top_a);
	window_of(base, b, top_b, bits, &w);
	CHECK(!xha_replay_merge(&s.r, &w));
	holds(&s, base, a | b, max_t(int, top_a, top_b));
	CHECK(!xha_replay_merge(&s.r, &w));
	holds(&s, base, a | b, max_t(int, top_a, top_b));
	state_free(&s);
}

static void moved(enum layout mode, u32 bits, u64 base, u32 set, u32 by)
{
	u64 top = base + highest(set) + by, n;
	struct xha_window w;
	struct state s;

	state_init(&s, mode, bits);
	window_of(base, set, highest(set), bits, &w);
	CHECK(!xha_replay_merge(&s.r, &w));
	xha_replay_advance(&s.r, by);
	if (mode != ESN)
		top = min_t(u64, top, U32_MAX);
	CHECK(xha_replay_seq(&s.r) == top);
	for (n = base + 1; n <= top + 2; n++)
		CHECK(recv_check(&s, n) == (n > top));
	state_free(&s);
}

/* Runs @f for each way in which the kernel keeps a window, and where numbers begin, cross 32 bits, or end. */
static void for_all(void (*f)(enum layout mode, u32 bits, u64 base))
{
	static const u64 bases[][3] = {
		[LEGACY] = { 0, 1000, U32_MAX - NUMBERS },
		[BMP] = { 0, 1000, U32_MAX - NUMBERS },
		[ESN] = { 0, (1ULL << 32) - NUMBERS / 2, (3ULL << 32) - 1 },
	};
	u32 mode, bits, i;

	for (mode = LEGACY; mode <= ESN; mode++)
		for (bits = 1; bits <= NUMBERS + 2; bits++)
			for (i = 0; i < ARRAY_SIZE(bases[mode]); i++)
				f(mode, bits, bases[mode][i]);
}

static void merge_all(enum layout mode, u32 bits, u64 base)
{
	int top_a, top_b;
	u32 a, b;

	for (a = 0; a < SETS; a++)
		for (top_a = highest(a); top_a <= NUMBERS; top_a++)
			for (b = 0; b < SETS; b++)
				for (top_b = highest(b); top_b <= NUMBERS; top_b++)
					two(mode, bits, base, a, top_a, b, top_b);
}

static void advance_all(enum layout mode, u32 bits, u64 base)
{
	u32 set, by;

	for (set = 0; set < SETS; set++)
		for (by = 0; by <= NUMBERS + 3; by++)
			moved(mode, bits, base, set, by);
}

static void t_merge(void)
{
	for_all(merge_all);
}

static void t_advance(void)
{
	for_all(advance_all);
}

static const struct unit_case cases[] = {
	{ "every two small windows become one", t_merge },
	{ "every small window is advanced", t_advance },
};

UNIT_MAIN(cases)
