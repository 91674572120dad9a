/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Leases: sequence numbers are handed out ahead, so that a copy that is late
 * is still right. Pure arithmetic; docs/architecture.rst has the argument.
 */
#ifndef _XHA_LEASE_H
#define _XHA_LEASE_H

#include "pure.h"

/* A step is this many times what is sent until an ack can be there. */
#define XHA_LEASE_HORIZON	8
/* Packets/s assumed of a silent active, at least. */
#define XHA_LEASE_RATE_ESN	65536
#define XHA_LEASE_RATE_32	4096
/* The largest jump above the base; of 32 bits, this part of what is left above it. */
#define XHA_LEASE_CAP_ESN	(1ULL << 31)
#define XHA_LEASE_CAP_32	8
/* Of 32 bits, a step is at most this part of what is left. */
#define XHA_LEASE_STEP_32	64
/*
 * ESN: the largest step. A number that a daemon sets moves as no traffic does;
 * step and jump together must stay below what a receiver can decode.
 */
#define XHA_LEASE_STEP_ESN	(1ULL << 30)
/* ESN: the largest move that is plausible. */
#define XHA_LEASE_JUMP_ESN	(4 * XHA_LEASE_CAP_ESN)
/* Largest exponent of a pace. */
#define XHA_PACE_MAX		63
/* A pace falls by no less than this, and only after so many ms. */
#define XHA_PACE_SLACK		2
#define XHA_PACE_FALL		60000

/* Highest usable sequence number. xfrm_replay_overflow() refuses to wrap. */
static inline u64 xha_seq_max(bool esn)
{
	return esn ? U64_MAX - 1 : U32_MAX - 1;
}

/**
 * xha_lease_step - how far a lease reaches ahead
 * @oseq: last number used
 * @esn: extended sequence numbers
 * @shift: knob oseq-shift, at least 1
 * @rate: packets/s measured
 * @delay_ms: sample period + time until an ack is there
 *
 * Return: max(@shift, XHA_LEASE_HORIZON x rate x delay), but of a 32-bit space
 * at most 1/XHA_LEASE_STEP_32 of what is left, with ESN at most
 * XHA_LEASE_STEP_ESN; at least 1 (0 only when no number is left).
 */
u64 xha_lease_step(u64 oseq, bool esn, u32 shift, u64 rate, u32 delay_ms);

/* xha_lease_due - is less than half of @step left of @lease? */
bool xha_lease_due(u64 oseq, u64 lease, u64 step);

/* xha_lease_renew - @oseq + @step, never below @lease, never above the space */
u64 xha_lease_renew(u64 oseq, u64 lease, u64 step, bool esn);

/**
 * struct xha_pace - how fast an SA may be used, as its active states it
 * @rate: R is 2 to the power of this, packets/s; 0: nothing above the floor
 * @guard: likewise the guard, numbers; 0: none stated, the knob oseq-shift
 *
 * Every node must reckon with the same one: of two nodes that take turns
 * unseen, the one with the lower pace would begin below what the other has used.
 * So it is not measured by whoever takes over, but agreed on beforehand.
 */
struct xha_pace {
	u8 rate;
	u8 guard;
};

static inline bool xha_pace_same(struct xha_pace a, struct xha_pace b)
{
	return a.rate == b.rate && a.guard == b.guard;
}

/* Is no part of @a below @b? */
static inline bool xha_pace_covers(struct xha_pace a, struct xha_pace b)
{
	return a.rate >= b.rate && a.guard >= b.guard;
}

/* xha_pace_of - the pace of a rate in packets/s and a step: twice as much, rounded up */
struct xha_pace xha_pace_of(u64 rate, u64 step);

/* xha_pace_max - of each the higher one */
struct xha_pace xha_pace_max(struct xha_pace a, struct xha_pace b);

/**
 * struct xha_pacer - the pace that an active states
 * @now: the pace
 * @top: the highest that was wanted since
 * @since: ms; 0: nothing was wanted yet
 */
struct xha_pacer {
	struct xha_pace now;
	struct xha_pace top;
	u64 since;
};

/**
 * xha_pace_follow - what is stated follows what is wanted
 * @p: what is stated
 * @want: the pace that fits by now
 * @now: CLOCK_BOOTTIME, ms
 *
 * Up at once. Down only when all that was wanted for XHA_PACE_FALL was lower by
 * XHA_PACE_SLACK: each change is one that a peer may not have heard of.
 *
 * Return: true if it has changed.
 */
bool xha_pace_follow(struct xha_pacer *p, struct xha_pace want, u64 now);

/**
 * struct xha_lease_view - what a standby knows of an SA's numbers
 * @base: highest lease learned, 0 if none
 * @pace: as the active has stated it
 */
struct xha_lease_view {
	u64 base;
	struct xha_pace pace;
};

/**
 * xha_lease_learn - a lease came in
 * @v: view, changed only forward
 * @lease: the lease
 * @esn: extended sequence numbers
 *
 * Return: 0; 0 without a change if @lease is not above the base; -ERANGE if it
 * is above what a jump can plausibly be, @v unchanged. The first lease
 * (base 0) is taken as it is within the number space. For 32 bit everything
 * within the space is plausible; for ESN a jump up to 2^33.
 */
int xha_lease_learn(struct xha_lease_view *v, u64 lease, bool esn);

/**
 * struct xha_lease_start - where a node that takes over begins
 * @first: first number that it may use
 * @capped: the jump was cut at its cap: ask for a rekey
 * @exhausted: no room is left: the SA must be retired
 */
struct xha_lease_start {
	u64 first;
	bool capped;
	bool exhausted;
};

/**
 * xha_lease_takeover - where to begin
 * @v: what is known
 * @own: last number this node has used itself, 0 if none
 * @shift: knob oseq-shift, which counts where no guard was stated: nodes may differ in it
 * @silence: ms since the last moment for which the active stated this standby hot
 * @esn: extended sequence numbers
 *
 * max(own + 1, base + guard + R x silence + 1); guard and R as the pace says, R
 * no less than the floor. The jump above the base is cut at the cap: a
 * 32-bit SA is exhausted then, an ESN SA starts at the cap. With base 0 and
 * own 0 (nothing known, never used) the rule is the same.
 */
struct xha_lease_start xha_lease_takeover(const struct xha_lease_view *v,
					  u64 own, u32 shift, u64 silence,
					  bool esn);

#endif /* _XHA_LEASE_H */
