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
	u64 now = 1000;
	u32 i;

	CHECK(xha_lease_learn(&v, U32_MAX, now, false) == -ERANGE && !v.base);
	CHECK(xha_lease_learn(&v, U64_MAX, now, true) == -ERANGE && !v.base);
	CHECK(!xha_lease_learn(&v, 1ULL << 60, now, true));
	CHECK(v.base == 1ULL << 60 && !v.rate && !v.delta && v.at == now);
	was = v;
	CHECK(!xha_lease_learn(&v, v.base, now + 5, true));
	CHECK(!xha_lease_learn(&v, 5, now + 5, true));
	CHECK(!memcmp(&v, &was, sizeof(v)));
	CHECK(xha_lease_learn(&v, v.base + (1ULL << 33) + 1, now, true) ==
	      -ERANGE);
	CHECK(!memcmp(&v, &was, sizeof(v)));
	CHECK(!xha_lease_learn(&v, v.base + (1ULL << 33), now, true));

	/* A first move that follows at once says little of the rate. */
	memset(&v, 0, sizeof(v));
	xha_lease_learn(&v, 1000, now, false);
	xha_lease_learn(&v, 66536, now, false);
	CHECK(v.delta == 65536 && v.rate == 65536);
	xha_lease_learn(&v, 2 * 65536 + 1000, now + 500, false);
	CHECK(v.delta == 65536 && v.rate == 131072);
	xha_lease_learn(&v, 2 * 65536 + 2000, now + 1500, false);
	CHECK(v.delta == 65536 - (65536 - 1000) / 8);
	CHECK(v.rate == 131072 - (131072 - 1000) / 8);
	/* In 32 bit no step is more than 1/64 of what is left. */
	xha_lease_learn(&v, 1 << 30, now + 2500, false);
	CHECK(v.base == 1 << 30 && v.delta <= U32_MAX / 64);

	/* After a turn the jump is not taken for a step. */
	was = v;
	xha_lease_turn(&v);
	CHECK(!xha_lease_learn(&v, v.base + (1 << 28), now + 2501, false));
	CHECK(v.delta == was.delta && v.rate == was.rate && v.at == now + 2501);

	memset(&v, 0, sizeof(v));
	for (i = 0; i < 200000; i++) {
		bool esn = i & 1;
		u64 lease = one_in(2) ? rnd_edgy() : v.base + rnd_below(100000);
		int ret;

		now = one_in(8) ? rnd_edgy() : now + rnd_below(1000);
		was = v;
		ret = xha_lease_learn(&v, lease, now, esn);
		CHECK(v.base >= was.base);
		CHECK(ret ? ret == -ERANGE && !memcmp(&v, &was, sizeof(v)) :
			    v.base == wmax(was.base, lease));
		CHECK(v.base <= xha_seq_max(true));
		if (one_in(64))
			memset(&v, 0, sizeof(v));
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
	__int128 guard = wmax(shift, 2 * (__int128)v->delta);
	__int128 rate = wmax(2 * (__int128)v->rate, esn ? 65536 : 4096);
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
				v.delta = silence;
				v.rate = own % 5000;
				v.at = 0;
				check_takeover(&v, own, 1 + silence, silence,
					       false);
				check_takeover(&v, own, 1, silence, true);
			}
	for (i = 0; i < 500000; i++) {
		bool esn = one_in(2);

		v.base = rnd_edgy() >> (esn ? 0 : 32);
		v.delta = rnd_edgy();
		v.rate = rnd_edgy();
		if (one_in(2)) {
			v.delta >>= 40;
			v.rate >>= 40;
		}
		own = one_in(2) ? 0 : rnd_edgy() >> (esn ? 0 : 32);
		silence = one_in(2) ? rnd_below(100000) : rnd_edgy();
		check_takeover(&v, own, 1 + rnd_below(1 << 20), silence, esn);
	}
	memset(&v, 0, sizeof(v));
	CHECK(xha_lease_takeover(&v, 0, 65536, 0, false).first == 65537);
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
		v.delta = rnd_edgy() >> 36;
		v.rate = rnd_edgy() >> 36;
		v.at = 0;
		own = rnd_edgy() >> (esn ? 0 : 32);
		silence = rnd_edgy() >> 30;
		shift = 1 + rnd_below(1 << 18);
		a = xha_lease_takeover(&v, own, shift, silence, esn);
		w = v;
		w.delta += rnd() >> 40;
		w.rate += rnd() >> 40;
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
	{ "takeover", t_takeover },
	{ "takeover is monotonic", t_monotonic },
};

UNIT_MAIN(cases)
