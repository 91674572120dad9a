// SPDX-License-Identifier: GPL-2.0
/*
 * Leases: the arithmetic. Everything saturates: an overflow may cost sequence
 * numbers, or the SA, but never lets a number be used twice.
 */
#include "lease.h"

/* Numbers of the space above @seq. */
static u64 seq_left(u64 seq, bool esn)
{
	return seq < xha_seq_max(esn) ? xha_seq_max(esn) - seq : 0;
}

u64 xha_lease_step(u64 oseq, bool esn, u32 shift, u64 rate, u32 delay_ms)
{
	u64 left = seq_left(oseq, esn);
	u64 most = esn ? min_t(u64, left, XHA_LEASE_STEP_ESN) :
			 left / XHA_LEASE_STEP_32;
	u64 step;

	step = xha_packets_in(xha_sat_mul(rate, XHA_LEASE_HORIZON), delay_ms);
	step = max_t(u64, step, shift);
	step = min_t(u64, step, most);
	if (!step && left)
		step = 1;
	return step;
}

bool xha_lease_due(u64 oseq, u64 lease, u64 step)
{
	if (oseq > lease)
		return true;
	return lease - oseq < step - step / 2;
}

u64 xha_lease_renew(u64 oseq, u64 lease, u64 step, bool esn)
{
	u64 next = min_t(u64, xha_sat_add(oseq, step), xha_seq_max(esn));

	return max_t(u64, lease, next);
}

/* The least exponent of two that is not below @v. */
static u8 exponent(u64 v)
{
	return v > 1 ? min_t(int, fls64(v - 1), XHA_PACE_MAX) : 0;
}

struct xha_pace xha_pace_of(u64 rate, u64 step)
{
	struct xha_pace p = { .guard = exponent(xha_sat_mul(step, 2)) };

	rate = xha_sat_mul(rate, 2);
	if (rate > XHA_LEASE_RATE_32)
		p.rate = exponent(rate);
	return p;
}

struct xha_pace xha_pace_max(struct xha_pace a, struct xha_pace b)
{
	a.rate = max_t(u8, a.rate, b.rate);
	a.guard = max_t(u8, a.guard, b.guard);
	return a;
}

/* What is stated goes down to the highest that was wanted, if that is far below. */
static u8 fall(u8 stated, u8 top)
{
	return top + XHA_PACE_SLACK <= stated ? top : stated;
}

bool xha_pace_follow(struct xha_pacer *p, struct xha_pace want, u64 now)
{
	struct xha_pace was = p->now;

	p->now = xha_pace_max(p->now, want);
	p->top = xha_pace_max(p->top, want);
	if (!p->since) {
		p->since = now;
	} else if (now >= p->since && now - p->since >= XHA_PACE_FALL) {
		p->now.rate = fall(p->now.rate, p->top.rate);
		p->now.guard = fall(p->now.guard, p->top.guard);
		p->top = want;
		p->since = now;
	}
	return !xha_pace_same(p->now, was);
}

int xha_lease_learn(struct xha_lease_view *v, u64 lease, bool esn)
{
	if (lease > xha_seq_max(esn))
		return -ERANGE;
	if (lease <= v->base)
		return 0;
	if (v->base && esn && lease - v->base > XHA_LEASE_JUMP_ESN)
		return -ERANGE;
	v->base = lease;
	return 0;
}

/* An exponent of 0 stands for nothing above the floor. */
static u64 above_floor(u8 exp, u64 floor)
{
	return exp ? max_t(u64, floor, 1ULL << exp) : floor;
}

/* How far above the base the others may have got. */
static u64 takeover_jump(const struct xha_lease_view *v, u32 shift,
			 u64 silence, bool esn)
{
	u64 floor = esn ? XHA_LEASE_RATE_ESN : XHA_LEASE_RATE_32;
	/* Stated for all nodes, twice a step of the active's at least; @shift is ours alone. */
	u64 guard = v->pace.guard ? 1ULL << v->pace.guard : shift;
	u64 rate = above_floor(v->pace.rate, floor);

	return xha_sat_add(guard, xha_packets_in(rate, silence));
}

struct xha_lease_start xha_lease_takeover(const struct xha_lease_view *v,
					  u64 own, u32 shift, u64 silence,
					  bool esn)
{
	struct xha_lease_start s = { 0 };
	u64 jump = takeover_jump(v, shift, silence, esn);
	u64 cap = esn ? XHA_LEASE_CAP_ESN :
			seq_left(v->base, esn) / XHA_LEASE_CAP_32;

	if (jump > cap) {
		s.capped = esn;
		s.exhausted = !esn;
		jump = cap;
	}
	s.first = xha_sat_add(xha_sat_add(v->base, jump), 1);
	s.first = max_t(u64, s.first, xha_sat_add(own, 1));
	if (s.first > xha_seq_max(esn))
		s.exhausted = true;
	/* Whoever uses it all the same finds the space used up. */
	if (s.exhausted)
		s.first = esn ? U64_MAX : U32_MAX + 1ULL;
	return s;
}
