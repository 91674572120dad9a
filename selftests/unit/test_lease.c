// SPDX-License-Identifier: GPL-2.0
/* Leases: the arithmetic against a plain model in 128 bits. */
#include "unit.h"
#include "../../kmod/lease.h"

static __int128 wmin(__int128 a, __int128 b)
{
	return a < b ? a : b;
}

static __int128 wmax(__int128 a, __int128 b)
{
	return a > b ? a : b;
}

static __int128 model_max(bool esn)
{
	return esn ? (__int128)U64_MAX - 1 : (__int128)U32_MAX - 1;
}

/* Rounded up. */
static __int128 model_packets(__int128 rate, __int128 ms)
{
	return (rate * ms + 999) / 1000;
}

static __int128 model_step(__int128 oseq, bool esn, __int128 shift, __int128 rate, __int128 delay)
{
	__int128 left = wmax(model_max(esn) - oseq, 0);
	__int128 step = wmax(shift, model_packets(8 * rate, delay));

	/* Where 64 bits are not enough, all that is left. */
	if (8 * rate * delay > U64_MAX - 999)
		step = U64_MAX;
	step = wmin(step, esn ? wmin(left, 1ULL << 30) : left / 64);
	return wmax(step, left > 0);
}

static void check_step(u64 oseq, bool esn, u32 shift, u64 rate, u32 delay)
{
	__int128 want = model_step(oseq, esn, shift, rate, delay);
	u64 step = xha_lease_step(oseq, esn, shift, rate, delay);

	CHECK(step == want, "oseq %llu esn %d shift %u rate %llu delay %u: %llu",
	      (unsigned long long)oseq, esn, shift, (unsigned long long)rate,
	      delay, (unsigned long long)step);
	CHECK((__int128)oseq + step <= model_max(esn) || !step);
}

static void t_step(void)
{
	u64 oseq, rate;
	u32 i, shift, delay;

	for (oseq = 0; oseq < 3; oseq++)
		for (shift = 1; shift < 5; shift++)
			for (rate = 0; rate < 300; rate += 7)
				for (delay = 0; delay < 200; delay += 13) {
					check_step(oseq, true, shift, rate,
						   delay);
					check_step(U32_MAX - 300 + oseq, false,
						   shift, rate, delay);
				}
	for (i = 0; i < 300; i++) {
		check_step(U32_MAX - i, false, 65536, 1000, 100);
		check_step(U64_MAX - i, true, 65536, 1000, 100);
	}
	for (i = 0; i < 200000; i++)
		check_step(rnd_edgy(), one_in(2), 1 + rnd_below(1 << 20),
			   rnd_edgy() >> 8, rnd_below(100000));
	/* What overflows is large, not small; but no larger than can be decoded. */
	CHECK(xha_lease_step(0, true, 1, U64_MAX, U32_MAX) == 1ULL << 30);
	CHECK(XHA_LEASE_STEP_ESN + XHA_LEASE_CAP_ESN < (1ULL << 32) - 4096);
}

static void t_due_and_renew(void)
{
	u64 oseq, lease, step, next;
	u32 i;

	for (oseq = 0; oseq < 40; oseq++)
		for (lease = 0; lease < 40; lease++)
			for (step = 0; step < 40; step++) {
				bool due = xha_lease_due(oseq, lease, step);

				CHECK(due == (2 * ((s64)lease - (s64)oseq) <
					      (s64)step));
				next = xha_lease_renew(oseq, lease, step, true);
				CHECK(next == wmax(lease, oseq + step));
				/* One that was due is not due any more. */
				if (due && step)
					CHECK(!xha_lease_due(oseq, next, step));
			}
	for (i = 0; i < 200000; i++) {
		bool esn = one_in(2);

		oseq = rnd_edgy();
		lease = rnd_edgy();
		step = rnd_edgy();
		next = xha_lease_renew(oseq, lease, step, esn);
		CHECK(next == wmax(lease, wmin((__int128)oseq + step,
					       model_max(esn))));
		CHECK(xha_lease_due(oseq, lease, step) ==
		      (2 * ((__int128)lease - oseq) < (__int128)step));
	}
}

/* To the last number of 32 bits: the leases reach it and never pass it. */
static void t_end_of_space(void)
{
	u64 oseq = U32_MAX - 5000ULL, lease = oseq, step, n = 0;

	while (oseq < xha_seq_max(false)) {
		step = xha_lease_step(oseq, false, 65536, 1000000, 100);
		CHECK(step >= 1);
		if (xha_lease_due(oseq, lease, step)) {
			lease = xha_lease_renew(oseq, lease, step, false);
			n++;
		}
		CHECK(lease > oseq && lease <= xha_seq_max(false));
		oseq++;
	}
	CHECK(n < 1000, "%llu renewals", (unsigned long long)n);
	step = xha_lease_step(oseq, false, 65536, 1000000, 100);
	CHECK(!step && !xha_lease_due(oseq, lease, step));
	CHECK(xha_lease_renew(oseq, lease, step, false) == lease);
}

static void t_learn(void)
{
	struct xha_lease_view v = { 0 }, was;
	u32 i;

	v.pace.rate = 20;
	v.pace.guard = 17;
	CHECK(xha_lease_learn(&v, U32_MAX, false) == -ERANGE && !v.base);
	CHECK(xha_lease_learn(&v, U64_MAX, true) == -ERANGE && !v.base);
	CHECK(!xha_lease_learn(&v, 1ULL << 60, true));
	CHECK(v.base == 1ULL << 60);
	was = v;
	CHECK(!xha_lease_learn(&v, v.base, true));
	CHECK(!xha_lease_learn(&v, 5, true));
	CHECK(!memcmp(&v, &was, sizeof(v)));
	CHECK(xha_lease_learn(&v, v.base + (1ULL << 33) + 1, true) == -ERANGE);
	CHECK(!memcmp(&v, &was, sizeof(v)));
	CHECK(!xha_lease_learn(&v, v.base + (1ULL << 33), true));
	CHECK(v.pace.rate == 20 && v.pace.guard == 17);

	memset(&v, 0, sizeof(v));
	for (i = 0; i < 200000; i++) {
		bool esn = i & 1;
		u64 lease = one_in(2) ? rnd_edgy() : v.base + rnd_below(100000);
		int ret;

		was = v;
		ret = xha_lease_learn(&v, lease, esn);
		CHECK(v.base >= was.base && xha_pace_same(v.pace, was.pace));
		CHECK(ret ? ret == -ERANGE && v.base == was.base :
			    v.base == wmax(was.base, lease));
		CHECK(v.base <= xha_seq_max(true));
		if (one_in(64))
			memset(&v, 0, sizeof(v));
	}
}

/* The least power of two that is not below @n, as far as there is one. */
static __int128 model_power(__int128 n)
{
	__int128 p = 1;

	while (p < n && p < (__int128)1 << 63)
		p *= 2;
	return p;
}

static void t_pace_of(void)
{
	struct xha_pace p, q;
	u64 rate, step;
	u32 i;

	p = xha_pace_of(0, 0);
	CHECK(!p.rate && !p.guard);
	p = xha_pace_of(2048, 65536);
	CHECK(!p.rate && p.guard == 17);
	p = xha_pace_of(2049, 65537);
	CHECK(p.rate == 13 && p.guard == 18);
	for (i = 0; i < 200000; i++) {
		rate = rnd_edgy();
		step = rnd_edgy();
		p = xha_pace_of(rate, step);
		CHECK(p.rate <= XHA_PACE_MAX && p.guard <= XHA_PACE_MAX);
		if (2 * (__int128)rate <= 4096)
			CHECK(!p.rate);
		else
			CHECK((__int128)1 << p.rate == model_power(2 * (__int128)rate));
		CHECK((__int128)1 << p.guard == model_power(2 * (__int128)step));

		q = xha_pace_of(rnd_edgy(), rnd_edgy());
		CHECK(xha_pace_covers(xha_pace_max(p, q), p) &&
		      xha_pace_covers(xha_pace_max(p, q), q));
		CHECK(xha_pace_covers(p, q) == xha_pace_same(xha_pace_max(p, q), p));
	}
}

static struct xha_pace pace(u8 rate, u8 guard)
{
	struct xha_pace p = { .rate = rate, .guard = guard };

	return p;
}

static void t_pace_follow(void)
{
	struct xha_pacer p = { 0 };
	u64 now = 5, low[2];
	struct xha_pace was, want;
	u32 i;

	CHECK(xha_pace_follow(&p, pace(14, 17), now));
	CHECK(xha_pace_same(p.now, pace(14, 17)));
	CHECK(!xha_pace_follow(&p, pace(14, 17), now));
	/* Each goes up by itself. */
	CHECK(xha_pace_follow(&p, pace(0, 19), now) && xha_pace_same(p.now, pace(14, 19)));
	CHECK(xha_pace_follow(&p, pace(16, 0), now) && xha_pace_same(p.now, pace(16, 19)));
	/* Not down while it was wanted within the time, nor by a little. */
	now += XHA_PACE_FALL;
	CHECK(!xha_pace_follow(&p, pace(0, 18), now));
	now += XHA_PACE_FALL - 1;
	CHECK(!xha_pace_follow(&p, pace(13, 18), now));
	CHECK(xha_pace_follow(&p, pace(0, 18), now + 1));
	CHECK(xha_pace_same(p.now, pace(13, 19)));

	/* Whatever comes: at once above all that is wanted, and never early below. */
	memset(&p, 0, sizeof(p));
	want = pace(20, 20);
	low[0] = now;
	low[1] = now;
	for (i = 0; i < 300000; i++) {
		now += rnd_below(3000);
		if (one_in(20))
			want = pace(rnd_below(24), rnd_below(24));
		was = p.now;
		CHECK(xha_pace_follow(&p, want, now) == !xha_pace_same(was, p.now));
		CHECK(xha_pace_covers(p.now, want));
		/* Since when has it been two lower? */
		if (want.rate + 2 > was.rate)
			low[0] = now;
		if (want.guard + 2 > was.guard)
			low[1] = now;
		CHECK(p.now.rate >= was.rate || now - low[0] >= 60000);
		CHECK(p.now.guard >= was.guard || now - low[1] >= 60000);
		/* In the end it does fall. */
		if (p.now.rate != was.rate)
			low[0] = now;
		if (p.now.guard != was.guard)
			low[1] = now;
		CHECK(now - low[0] < 130000 && now - low[1] < 130000);
	}
}

struct model_start {
	__int128 first;
	bool capped;
	bool exhausted;
};

static struct model_start model_takeover(const struct xha_lease_view *v,
					 u64 own, u32 shift, u64 silence,
					 bool esn)
{
	__int128 guard = v->pace.guard ? (__int128)1 << v->pace.guard : shift;
	__int128 floor = esn ? 65536 : 4096;
	__int128 rate = v->pace.rate ? wmax(floor, (__int128)1 << v->pace.rate) : floor;
	__int128 jump, cap, left = wmax(model_max(esn) - v->base, 0);
	struct model_start s = { 0 };

	/* Stay below 2^127; whatever is above 2^64 is above all caps. */
	if (rate > (__int128)1 << 60 && silence > (__int128)1 << 60)
		rate = (__int128)1 << 60;
	jump = guard + model_packets(rate, silence);
	cap = esn ? (__int128)1 << 31 : left / 8;
	if (jump > cap) {
		jump = cap;
		s.capped = esn;
		s.exhausted = !esn;
	}
	s.first = wmax((__int128)v->base + jump + 1, (__int128)own + 1);
	if (s.first > model_max(esn))
		s.exhausted = true;
	return s;
}

static void check_takeover(const struct xha_lease_view *v, u64 own, u32 shift,
			   u64 silence, bool esn)
{
	struct model_start m = model_takeover(v, own, shift, silence, esn);
	struct xha_lease_start s = xha_lease_takeover(v, own, shift, silence,
						      esn);

	CHECK(s.exhausted == m.exhausted && s.capped == m.capped,
	      "base %llu own %llu shift %u silence %llu esn %d",
	      (unsigned long long)v->base, (unsigned long long)own, shift,
	      (unsigned long long)silence, esn);
	if (m.exhausted)
		CHECK(s.first > xha_seq_max(esn));
	else
		CHECK(s.first == m.first && s.first > own && s.first > v->base);
}

static void t_takeover(void)
{
	struct xha_lease_view v;
	u64 silence, own;
	u32 i;

	for (v.base = U32_MAX - 2000ULL; v.base <= U32_MAX; v.base += 7)
		for (own = v.base - 50; own < v.base + 150; own += 23)
			for (silence = 0; silence < 60; silence += 3) {
				v.pace = pace(own % 15, silence % 11);
				check_takeover(&v, own, 1 + silence, silence,
					       false);
				check_takeover(&v, own, 1, silence, true);
			}
	for (i = 0; i < 500000; i++) {
		bool esn = one_in(2);

		v.base = rnd_edgy() >> (esn ? 0 : 32);
		v.pace = pace(rnd_below(64), rnd_below(64));
		if (one_in(2))
			v.pace = pace(rnd_below(24), rnd_below(24));
		own = one_in(2) ? 0 : rnd_edgy() >> (esn ? 0 : 32);
		silence = one_in(2) ? rnd_below(100000) : rnd_edgy();
		check_takeover(&v, own, 1 + rnd_below(1 << 20), silence, esn);
	}
	memset(&v, 0, sizeof(v));
	CHECK(xha_lease_takeover(&v, 0, 65536, 0, false).first == 65537);
	v.pace = pace(12, 16);
	CHECK(xha_lease_takeover(&v, 0, 65536, 1000, false).first == 65537 + 4096);
	v.pace = pace(14, 17);
	CHECK(xha_lease_takeover(&v, 0, 65536, 1000, false).first == 2 * 65536 + 16384 + 1);
	CHECK(xha_lease_takeover(&v, 0, 65536, 1000, true).first == 3 * 65536 + 1);
	v.pace = pace(0, 0);
	CHECK(xha_lease_takeover(&v, 0, 65536, 1000, false).first ==
	      65537 + 4096);
	CHECK(xha_lease_takeover(&v, 0, 65536, 1000, true).first ==
	      65537 + 65536);
}

/* More silence, shift, rate, base or own: never a lower start. */
static void t_monotonic(void)
{
	struct xha_lease_start a, b;
	struct xha_lease_view v, w;
	u64 own, silence;
	u32 i, shift;

	for (i = 0; i < 300000; i++) {
		bool esn = one_in(2);

		v.base = rnd_edgy() >> (esn ? 0 : 33);
		v.pace = pace(rnd_below(28), rnd_below(28));
		own = rnd_edgy() >> (esn ? 0 : 32);
		silence = rnd_edgy() >> 30;
		shift = 1 + rnd_below(1 << 18);
		a = xha_lease_takeover(&v, own, shift, silence, esn);
		w = v;
		w.pace.rate += rnd_below(36);
		w.pace.guard += rnd_below(36);
		b = xha_lease_takeover(&w, own, shift, silence + (rnd() >> 40),
				       esn);
		CHECK(b.first >= a.first && b.exhausted >= a.exhausted);
		b = xha_lease_takeover(&v, own, shift + rnd_below(1 << 18),
				       silence, esn);
		CHECK(b.first >= a.first && b.exhausted >= a.exhausted);
	}
}

static const struct unit_case cases[] = {
	{ "step", t_step },
	{ "due and renew", t_due_and_renew },
	{ "the end of 32 bits", t_end_of_space },
	{ "learn", t_learn },
	{ "pace of a rate and a step", t_pace_of },
	{ "pace: up at once, down late", t_pace_follow },
	{ "takeover", t_takeover },
	{ "takeover is monotonic", t_monotonic },
};

UNIT_MAIN(cases)
