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
 * struct xha_lease_view - what a standby knows of an SA's numbers
 * @base: highest lease learned, 0 if none
 * @delta: largest of the lease's recent moves, decays: stands for the step
 * @rate: peak of moves over time, packets/s
 * @at: CLOCK_BOOTTIME, ms, of the last move; 0: the next one is no measure
 */
struct xha_lease_view {
	u64 base;
	u64 delta;
	u64 rate;
	u64 at;
};

/*
 * Another node hands out the numbers from now on: its first lease has its jump
 * in it. That is neither a step nor a rate: taken for one it would double the
 * guard at each takeover.
 */
static inline void xha_lease_turn(struct xha_lease_view *v)
{
	v->at = 0;
}

/**
 * xha_lease_learn - a lease came in
 * @v: view, changed only forward
 * @lease: the lease
 * @now: CLOCK_BOOTTIME, ms
 * @esn: extended sequence numbers
 *
 * Return: 0; 0 without a change if @lease is not above the base; -ERANGE if it
 * is above what a jump can plausibly be (I8), @v unchanged. The first lease
 * (base 0) is taken as it is within the number space. For 32 bit everything
 * within the space is plausible; for ESN a jump up to 2^33.
 */
int xha_lease_learn(struct xha_lease_view *v, u64 lease, u64 now, bool esn);

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
 * @shift: knob oseq-shift
 * @silence: ms since the last moment for which the active stated this standby hot
 * @esn: extended sequence numbers
 *
 * max(own + 1, base + guard + R x silence + 1); guard = max(shift, 2 x delta);
 * R = max(2 x rate, floor). The jump above the base is cut at the cap: a
 * 32-bit SA is exhausted then, an ESN SA starts at the cap. With base 0 and
 * own 0 (nothing known, never used) the rule is the same.
 */
struct xha_lease_start xha_lease_takeover(const struct xha_lease_view *v,
					  u64 own, u32 shift, u64 silence,
					  bool esn);

#endif /* _XHA_LEASE_H */
