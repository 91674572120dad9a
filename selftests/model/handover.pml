// SPDX-License-Identifier: GPL-2.0
/*
 * Exact handover: `group set NAME active` on a standby asks the active, which
 * gates and sends its finals; when they are acked it grants, and the new active
 * goes on at the next number.
 *
 *   standby (asks)                      active
 *      ASK  ─────────────────────────────> gates
 *           <───────── FINALS(oseq, lease)
 *      ACK(stamp) ───────────────────────> still means it
 *           <───────── GRANT(stamp)        does not open for HOLD ticks
 *   within HOLD ticks of its own stamp:
 *   goes on at oseq + 1
 *
 * Before its GRANT the active may break off, and goes on as if it had paused:
 * nobody has begun at its number, and who took over by lease + guard meanwhile
 * is above it as above any active. After its GRANT it opens by lease + guard.
 *
 * Two nodes, one SA, which both have; the group has no VIP, or a fact could
 * open the old active while its grant is out. Time, rate and rounding are those
 * of numbers.pml, and so is what it assumes: hosts send through the node that
 * opened last, and where a node is the next to open after itself, the other one
 * hears of it before it opens by lease + guard, too (FLAP: it need not). A
 * message stays in the link: it arrives late, again and again, or never, as if
 * the link were cut. One round in each direction. Left out: crashes, since a
 * node that knows nothing has no SA to open, and terms.
 *
 * MUTANT_NO_FINALS: begins at what it knew before. MUTANT_NOT_LIVE: any GRANT
 * is good, however late. MUTANT_UNBOUND: the old active opens again though its
 * grant is out. MUTANT_LATE_GATE: it gates only when it grants. BOTH_JUMP: who
 * breaks off before the GRANT opens by lease + guard.
 */
#include "cover.h"

#define N	2
#ifndef TICKS
#define TICKS	6
#endif
#ifndef MOVES
#define MOVES	2	/* openings but the exact ones */
#endif
#ifndef ASKS
#define ASKS	1	/* nodes that may ask */
#endif
#define R	1
#define STEP	1
#ifndef GUARD
#define GUARD	1
#endif
#ifndef HOLD
#define HOLD	1
#endif

#define STANDBY	0
#define GATED	1	/* was active, has sent its finals */
#define ACTIVE	2

#define max(a, b)	((a) > (b) -> (a) : (b))
#define FORWARD(x, v)	assert((v) >= (x)); x = (v)

byte now, sent, serve, watched, moves;
byte last = 1;		/* the node that opened last */
bool alone;		/* it did so after itself, and was not heard since */

byte role[N];
byte oseq[N];
byte base[N];
byte asof[N];
byte said[N];		/* the other's asof, as this one knows */
byte bound[N];		/* its grant is out until then */
bool over[N];		/* its round has ended, one way or the other */
bool asked[N], m_final[N], acked[N], granted[N];
byte final[N], floor[N];	/* what FINALS say: last number, lease */
byte stamp[N];		/* of ACK; GRANT has the same */
#ifdef MUTANT_NO_FINALS
byte news[N];		/* the last number that the other was known to have used */
#endif

#define other	(1 - me)

/* Lease + guard. */
inline jump(me)
{
	FORWARD(oseq[me], max(oseq[me], base[me] + GUARD + R * (now + 1 - asof[me])));
	assert(oseq[me] + STEP + R * TICKS < 255);	/* the model's own limit */
	FORWARD(base[me], oseq[me] + STEP);
	role[me] = ACTIVE;
	sent = R;
	alone = (last == me);
	over[me] = asked[me];
	acked[me] = false;
	last = me;
	serve = me;
	moves++;
	printf("%d: %d opens above %d\n", now, me, oseq[me])
}

inline gate(me, to)
{
	FORWARD(base[me], max(base[me], oseq[me]));
	asof[me] = said[me];
	serve = to
}

proctype clock()
{
end:	do
	:: d_step { now < TICKS -> HIT(1); now++; sent = 0 }
	od
}

/* After its grant, once that cannot be used any more. */
#ifdef MUTANT_UNBOUND
#define UNBOUND(me)	true
#else
#define UNBOUND(me)	(!granted[me] || now > bound[me])
#endif
#ifdef FLAP
#define MAY_OPEN(me)	true
#else
#define MAY_OPEN(me)	(last == me || !alone)
#endif

#define CAN_SEND(me)	(role[me] == ACTIVE && serve == me && sent < R)

inline send(me)
{
	sent++;
	oseq[me]++;
	printf("%d: %d sends %d\n", now, me, oseq[me]);
	assert(oseq[me] != watched)
}

proctype node(byte me)
{
end:	do
	/* No number twice. One that was sent is watched. */
	:: d_step { CAN_SEND(me) -> HIT(2); send(me) }
	:: d_step { CAN_SEND(me) && !watched -> HIT(3); send(me); watched = oseq[me] }
	:: d_step { role[me] == ACTIVE && oseq[me] + STEP / 2 > base[me] -> HIT(4);
		FORWARD(base[me], oseq[me] + STEP)
	}
	/* In contact: of two actives the later one stays; what the other has used is taken. */
	:: d_step { role[me] == ACTIVE && role[other] == ACTIVE && last == other -> HIT(5);
		gate(me, serve);
		role[me] = STANDBY;
		printf("%d: %d loses\n", now, me)
	}
	:: d_step { role[me] == ACTIVE && role[other] == STANDBY && base[other] > base[me] -> HIT(6);
		FORWARD(oseq[me], max(oseq[me], base[other]));
		FORWARD(base[me], oseq[me] + STEP);
		last = me;
		printf("%d: %d takes %d of %d\n", now, me, oseq[me], other)
	}
	/* The other one has the lease; is hot; says how old its copy is. */
	:: d_step { role[me] == ACTIVE && role[other] == STANDBY && (base[other] < base[me] || alone) -> HIT(7);
		FORWARD(base[other], base[me]);
		alone = false
	}
	:: d_step { role[me] == ACTIVE && role[other] == STANDBY && base[other] >= oseq[me] &&
		    base[other] <= base[me] && !alone && asof[other] < now &&
		    said[me] + 1 >= now -> HIT(8);
		FORWARD(asof[other], now);
#ifdef MUTANT_NO_FINALS
		news[other] = oseq[me];
#endif
		printf("%d: %d hears that it is hot\n", now, other)
	}
	:: d_step { role[me] == ACTIVE && role[other] == STANDBY && said[me] < asof[other] -> HIT(9);
		FORWARD(said[me], asof[other])
	}

	/* ASK */
	:: d_step { me < ASKS && role[other] == ACTIVE && role[me] == STANDBY && !asked[me] -> HIT(10);
		asked[me] = true;
		printf("%d: %d asks\n", now, me)
	}
	:: d_step { asked[other] && role[me] == ACTIVE && !m_final[me] &&
		    base[other] <= base[me] -> HIT(11);
		m_final[me] = true;
#ifdef MUTANT_LATE_GATE
		role[me] = ACTIVE;
#else
		role[me] = GATED;
		gate(me, (serve == me -> N : serve));
#endif
		final[me] = oseq[me];
		floor[me] = base[me];
		printf("%d: %d sends its finals: %d, lease %d\n", now, me, final[me], floor[me])
	}
	/* ACK, stamped again each time. */
	:: d_step { m_final[other] && role[me] == STANDBY && !over[me] && (!acked[me] || stamp[me] != now) -> HIT(12);
		acked[me] = true;
		stamp[me] = now;
		FORWARD(base[me], max(base[me], floor[other]));
		printf("%d: %d has the finals\n", now, me)
	}
	/* GRANT: it still means it. The stamp that it saw goes back. */
	:: d_step { acked[other] && !granted[me] &&
#ifdef MUTANT_LATE_GATE
		    role[me] == ACTIVE -> HIT(13);
		gate(me, (serve == me -> N : serve));
#else
		    role[me] == GATED -> HIT(13);
#endif
		granted[me] = true;
		role[me] = STANDBY;
		bound[me] = now + HOLD;
		stamp[me] = stamp[other];
		printf("%d: %d grants\n", now, me)
	}
	:: d_step { granted[other] && acked[me] && role[me] == STANDBY && !over[me] &&
#ifndef MUTANT_NOT_LIVE
		    now <= stamp[other] + HOLD &&
#endif
		    true -> HIT(14);
		acked[me] = false;
		over[me] = true;
#ifndef MUTANT_NO_FINALS
		FORWARD(oseq[me], max(oseq[me], final[other]));
#else
		FORWARD(oseq[me], max(oseq[me], news[me]));
#endif
		FORWARD(base[me], max(base[me], oseq[me] + STEP));
		role[me] = ACTIVE;
		serve = me;
		last = me;
		alone = false;
		printf("%d: %d goes on above %d\n", now, me, oseq[me])
	}
	/* Broken off before the grant: hosts have gone nowhere else. */
	:: d_step { role[me] == GATED && !granted[me] -> HIT(15);
#ifdef BOTH_JUMP
		jump(me)
#else
		role[me] = ACTIVE;
		serve = (serve == N && last == me -> me : serve);
		printf("%d: %d breaks off\n", now, me)
#endif
	}
	/* By lease + guard: a wish, by somebody who hears no active. */
	:: d_step { role[me] == STANDBY && moves < MOVES && (last != me || granted[me]) && UNBOUND(me) && MAY_OPEN(me) -> HIT(16);
		jump(me)
	}
	/* A wish: set standby. */
	:: d_step { role[me] == ACTIVE && !asked[other] -> HIT(17);
		gate(me, (serve == me -> N : serve));
		role[me] = STANDBY;
		printf("%d: %d is demoted\n", now, me)
	}
	od
}

init {
	HIT_REPORT;
	atomic {
		role[1] = ACTIVE;
		serve = 1;
		base[1] = STEP;
		base[0] = STEP;
		run clock();
		run node(0);
		run node(1)
	}
}
