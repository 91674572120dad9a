// SPDX-License-Identifier: GPL-2.0
/*
 * Leases: the arithmetic. Everything saturates: an overflow may cost sequence
 * numbers, or the SA, but never lets a number be used twice.
 */
#include "lease.h"

#define FIRST_MS	1000	/* a first move says at most this of the rate */

static u64 sat_add(u64 a, u64 b)
{
	u64 sum;

	return check_add_overflow(a, b, &sum) ? U64_MAX : sum;
}

static u64 sat_mul(u64 a, u64 b)
{
	u64 product;

	return check_mul_overflow(a, b, &product) ? U64_MAX : product;
}

/* What @rate packets/s make in @ms, rounded up. */
static u64 packets_in(u64 rate, u64 ms)
{
	u64 product = sat_mul(rate, ms);

	if (product > U64_MAX - 999)
		return U64_MAX;
	return div_u64(product + 999, 1000);
}

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

	step = packets_in(sat_mul(rate, XHA_LEASE_HORIZON), delay_ms);
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
	u64 next = min_t(u64, sat_add(oseq, step), xha_seq_max(esn));

	return max_t(u64, lease, next);
}

/* Up at once, down by an eighth of the way: the largest of the recent ones. */
static u64 peak(u64 old, u64 sample)
{
	return sample >= old ? sample : old - (old - sample) / 8;
}

/*
 * A step of a 32-bit SA is at most a part of what is left. A larger move was
 * several steps, or another node's jump, and would make our own jump larger
 * than it need be.
 */
static u64 plausible_step(u64 move, u64 base, bool esn)
{
	if (esn)
		return move;
	return min_t(u64, move, seq_left(base, esn) / XHA_LEASE_STEP_32);
}

/*
 * The time of the first lease is when it came, not when it was granted: the
 * first move after it can follow at once and says little of the rate.
 */
static u64 rate_of(const struct xha_lease_view *v, u64 move, u64 now)
{
	u64 ms = now > v->at ? now - v->at : 1;

	if (!v->delta)
		ms = max_t(u64, ms, FIRST_MS);
	return div64_u64(sat_mul(move, 1000), ms);
}

int xha_lease_learn(struct xha_lease_view *v, u64 lease, u64 now, bool esn)
{
	u64 move;

	if (lease > xha_seq_max(esn))
		return -ERANGE;
	if (lease <= v->base)
		return 0;
	move = lease - v->base;
	if (v->base && esn && move > XHA_LEASE_JUMP_ESN)
		return -ERANGE;
	if (v->base && v->at) {
		v->rate = peak(v->rate, rate_of(v, move, now));
		v->delta = peak(v->delta, plausible_step(move, v->base, esn));
	}
	v->base = lease;
	v->at = now;
	return 0;
}

/* How far above the base the others may have got. */
static u64 takeover_jump(const struct xha_lease_view *v, u32 shift,
			 u64 silence, bool esn)
{
	u64 guard = max_t(u64, shift, sat_mul(v->delta, 2));
	u64 rate = max_t(u64, sat_mul(v->rate, 2),
			 esn ? XHA_LEASE_RATE_ESN : XHA_LEASE_RATE_32);

	return sat_add(guard, packets_in(rate, silence));
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
	s.first = sat_add(sat_add(v->base, jump), 1);
	s.first = max_t(u64, s.first, sat_add(own, 1));
	if (s.first > xha_seq_max(esn))
		s.exhausted = true;
	/* Whoever uses it all the same finds the space used up. */
	if (s.exhausted)
		s.first = esn ? U64_MAX : U32_MAX + 1ULL;
	return s;
}
