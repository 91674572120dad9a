// SPDX-License-Identifier: GPL-2.0
/*
 * Sequence numbers of one outbound SA: leases, the takeover's jump, demotion.
 *
 * Time goes by in ticks; hosts send at most R numbers in one. Ages are rounded
 * up, moments down, as the module does. What a node learns moves forward only:
 * a lease, an ack or an age that comes late or twice is the same as one that
 * was not sent before. So a message arrives when it is sent, or never; with
 * LATE the last lease and the last statement arrive at any later time, too,
 * and again and again.
 *
 * Left out: ESN and the caps; rate and step, which are constant here, so the
 * guard is; windows; terms. An echo of time stamps makes a statement older,
 * never younger; so does the link here. A crash forgets all.
 *
 * Assumed, unless a define takes it away:
 *   hosts send through the node whose VIP came up last        (BOTH: through every active)
 *   of more than two nodes, one that takes over has a lease of
 *   the node that served last                                 (THIRD: any that has the SA)
 *   the active makes nobody hot whose own age it has not heard
 *   for SAID ticks, and GUARD >= BURST + R x SAID             (UNSAID: it does)
 *   a node that is demoted counts from the oldest moment       (OWN: from no earlier than its own)
 *   a copy begins with leases that are not overrun             (OVERRUN: it need not)
 *   a copy that has never been hot counts from its first BEGIN (LATER: from its last)
 *   of two actives the one that began later wins              (TIES: either)
 *   while an active does not know that it was overtaken, the
 *   one that knows does not crash                              (AMNESIA: it may)
 *   a node that is demoted does not take over again before
 *   another one has                                           (FLAP: it may)
 *
 * MUTANT_NO_GUARD: a takeover adds none. MUTANT_NO_RENEWAL: the first lease is
 * the last one, and peers are said to be hot all the same. MUTANT_EARLY_ACK: a
 * lease is acked, and may be lost before it is applied.
 */
#include "cover.h"

#ifndef N
#define N	2	/* nodes */
#endif
#ifndef TICKS
#define TICKS	3
#endif
#ifndef MOVES
#define MOVES	2	/* takeovers */
#endif
#ifndef CUTS
#define CUTS	1	/* times that a link is cut */
#endif
#ifndef CRASHES
#define CRASHES	1
#endif
#ifndef R
#define R	1
#endif
#ifndef STEP
#define STEP	1
#endif
#ifndef SAID
#define SAID	1
#endif
#ifdef MUTANT_NO_GUARD
#define GUARD	0
#else
#define GUARD	(BURST + R * SAID)
#endif
#define BURST	1	/* numbers above R, once, by the first active: no lease had shown them */
#define NOBODY	N

#define DOWN	0
#define COLD	1	/* has nothing */
#define STANDBY	2
#define ACTIVE	3

#define AT(a, b)	((a) * N + (b))
#define max(a, b)	((a) > (b) -> (a) : (b))
/* Every counter goes through this. */
#define FORWARD(x, v)	assert((v) >= (x)); x = (v)

byte now;
byte sent;		/* in this tick */
byte burst;
byte serve;		/* the node that hosts send through */
byte watched;		/* a number that was used; 0: not chosen yet */
byte last;		/* the node that took over, or took up contact, last */
byte moves, cuts, crashes;

byte role[N];
byte oseq[N];		/* the last number it has used, or skipped */
byte base[N];		/* active: the lease that it has granted */
byte asof[N];		/* hot_asof */
bool copied[N];		/* it was given one, or has given one */
#ifdef LATER
bool ever[N];		/* ever_hot */
#endif

bool cut[N * N];	/* a < b */
bool begun[N * N];	/* b has acked a's BEGIN */
byte acked[N * N];	/* the lease that b has acked, as a knows */
byte said[N * N];	/* peer_asof of b as a knows, + 1; 0: never said */
byte final[N * N];	/* what the loser a has told the winner b, on its way */
#ifdef LATE
byte m_lease[N * N];
byte m_hot[N * N];	/* + 1 */
#endif
#if N > 2
byte began[N];		/* takeovers before this node served last */
byte seen[N];		/* the newest of those of which it has a lease */
#endif

#define LINKED(a, b)	(!cut[AT(a, b)] && !cut[AT(b, a)] && role[a] != DOWN && role[b] != DOWN)

inline end_copy(p, q)
{
	begun[AT(p, q)] = false;
	acked[AT(p, q)] = 0;
#ifdef LATE
	m_lease[AT(p, q)] = 0;
	m_hot[AT(p, q)] = 0;
#endif
}

/* max(own + 1, base + guard + R x silence + 1), and a lease from there. */
inline jump(me)
{
	FORWARD(oseq[me], max(oseq[me], base[me] + GUARD + R * (now + 1 - asof[me])));
	assert(oseq[me] + STEP + R * TICKS < 255);	/* the model's own limit */
	FORWARD(base[me], oseq[me] + STEP);
	sent = R	/* it was rounded up to the end of this tick */
}

#ifdef OWN
#define OWN_LATER	true
#else
#define OWN_LATER	false
#endif

/* Who has used numbers unseen did so since the oldest moment that is known of any copy, its own or a peer's. */
inline look_back(me)
{
	x = (copied[me] && !OWN_LATER -> asof[me] : now);
	for (i : 0 .. N - 1) {
		if
		:: i != me && said[AT(me, i)] && said[AT(me, i)] - 1 < x -> x = said[AT(me, i)] - 1
		:: else
		fi
	}
	asof[me] = (OWN_LATER -> max(asof[me], x) : x);
	x = 0;
	i = 0
}

/* The base is the last lease. */
inline demote(me)
{
	role[me] = STANDBY;
	FORWARD(base[me], max(base[me], oseq[me]));
	look_back(me);
	copied[me] = true;
#ifdef LATER
	ever[me] = true;
#endif
	for (i : 0 .. N - 1) { end_copy(me, i) }
	i = 0;
	if
	:: serve == me -> serve = NOBODY
	:: else
	fi
}

proctype clock()
{
end:	do
	:: d_step { now < TICKS -> HIT(1); now++; sent = 0 }
	od
}

#ifdef BOTH
#define SERVES(me)	true
#else
#define SERVES(me)	(serve == me)
#endif
#if N > 2 && !defined(THIRD)
#define FOLLOWED(me)	(seen[me] == moves)
#else
#define FOLLOWED(me)	true
#endif

#ifdef FLAP
#define TURN(me)	true
#else
#define TURN(me)	(last != me)
#endif

/* Is another one active, than me and than the one that knows it was later? */
#define STILL(me, i)	(me != i && last != i && role[i] == ACTIVE)
#if N > 2
#define OVERTAKEN(me)	(STILL(me, 0) || STILL(me, 1) || STILL(me, 2))
#define FOLLOWS_LAST(b)	(last < N && begun[AT(last, b)] && role[last] == ACTIVE)
#else
#define OVERTAKEN(me)	(STILL(me, 0) || STILL(me, 1))
#define FOLLOWS_LAST(b)	false
#endif
#ifdef AMNESIA
#define MAY_CRASH(me)	true
#else
#define MAY_CRASH(me)	(!OVERTAKEN(me))
#endif

#define CAN_SEND(me) \
	(role[me] == ACTIVE && SERVES(me) && (sent < R || (moves == 0 && burst < BURST)))

inline send(me)
{
	if
	:: sent < R -> sent++
	:: else -> burst++
	fi;
	oseq[me]++;
	printf("%d: %d sends %d\n", now, me, oseq[me]);
	assert(oseq[me] != watched)
}

proctype node(byte me)
{
	byte i, x;

end:	do
	/* No number twice. One that was sent is watched. */
	:: d_step { CAN_SEND(me) -> HIT(2);
		send(me)
	}
	:: d_step { CAN_SEND(me) && !watched -> HIT(3);
		send(me);
		watched = oseq[me]
	}
#ifndef MUTANT_NO_RENEWAL
	/* Late or not: nothing holds the SA at its lease. */
	:: d_step { role[me] == ACTIVE && oseq[me] + STEP / 2 > base[me] -> HIT(4);
		FORWARD(base[me], oseq[me] + STEP)
	}
#endif
	/* VIP up. */
	:: d_step { role[me] == STANDBY && moves < MOVES && FOLLOWED(me) && TURN(me) -> HIT(5);
		moves++;
#if N > 2
		began[me] = moves;
		seen[me] = moves;
#endif
		role[me] = ACTIVE;
		jump(me);
		printf("%d: %d takes over, base %d, as of %d, last %d\n", now, me, base[me], asof[me], oseq[me]);
		serve = me;
		last = me;
		for (i : 0 .. N - 1) { end_copy(i, me) }
		i = 0
	}
	/* VIP down. */
	:: d_step { role[me] == ACTIVE -> HIT(6);
		demote(me);
		printf("%d: %d is demoted, base %d, as of %d\n", now, me, base[me], asof[me])
	}
#if CRASHES > 0
	:: d_step { role[me] != DOWN && crashes < CRASHES && MAY_CRASH(me) -> HIT(7);
		crashes++;
		printf("%d: %d crashes\n", now, me);
		role[me] = DOWN;
		oseq[me] = 0; base[me] = 0; asof[me] = 0; copied[me] = false;
#ifdef LATER
		ever[me] = false;
#endif
#if N > 2
		began[me] = 0;
		seen[me] = 0;
#endif
		for (i : 0 .. N - 1) {
			end_copy(me, i);
			end_copy(i, me);
			final[AT(me, i)] = 0;
			final[AT(i, me)] = 0;
			said[AT(me, i)] = 0;
		}
		if
		:: serve == me -> serve = NOBODY
		:: else
		fi;
		i = 0
	}
	:: d_step { role[me] == DOWN -> HIT(8); role[me] = COLD }
#endif
	od
}

#ifdef MUTANT_NO_RENEWAL
#define BELOW(a, b)	true
#else
#define BELOW(a, b)	(oseq[a] <= acked[AT(a, b)])
#endif
#ifdef TIES
#define WINS(a)		true
#else
#define WINS(a)		(last == a)
#endif
#ifdef UNSAID
#define HEARD(a, b)	true
#else
#define HEARD(a, b)	(said[AT(a, b)] + SAID >= now + 1)
#endif
#ifdef LATE
#define LEASE(a, b)	m_lease[AT(a, b)]
#else
#define LEASE(a, b)	base[a]
#endif

inline apply(p, q)
{
	if
	:: LEASE(p, q) > base[q] -> FORWARD(base[q], LEASE(p, q))
	:: else
	fi;
#if N > 2
	FORWARD(seen[q], max(seen[q], began[p]));
#endif
	role[q] = STANDBY;
	printf("%d: %d has lease %d of %d\n", now, q, base[q], p)
}

/* What goes from a to b, and b's answers. */
proctype link(byte a; byte b)
{
	byte i, x;

end:	do
	/* A barrier: no lease is sent before BEGIN was acked. One active is followed, the later one. */
	:: d_step { LINKED(a, b) && role[a] == ACTIVE && role[b] != ACTIVE && !begun[AT(a, b)] &&
		    !FOLLOWS_LAST(b) -> HIT(9);
		for (i : 0 .. N - 1) { end_copy(i, b) }
		begun[AT(a, b)] = true;
		/* First it takes what the other has and it lacks: somebody else has served. */
		if
		:: role[b] == STANDBY && base[b] > base[a] ->
			FORWARD(oseq[a], max(oseq[a], base[b]));
			FORWARD(base[a], oseq[a] + STEP);
			printf("%d: %d takes %d of %d\n", now, a, oseq[a], b)
		:: else
		fi;
#if !defined(MUTANT_NO_RENEWAL) && !defined(OVERRUN)
		/* What is told first is not below what was used. */
		if
		:: oseq[a] + STEP / 2 > base[a] -> FORWARD(base[a], oseq[a] + STEP)
		:: else
		fi;
#endif
		if
#ifdef LATER
		:: !ever[b] -> asof[b] = now
#else
		:: !copied[b] -> asof[b] = now
#endif
		:: else
		fi;
		copied[b] = true;
		if
		:: role[last] != ACTIVE -> last = a
		:: else
		fi;
		/* Both know of this moment. */
		said[AT(a, b)] = max(said[AT(a, b)], asof[b] + 1);
		printf("%d: %d begins a copy on %d, as of %d\n", now, a, b, asof[b]);
		i = 0
	}
#ifdef LATE
	:: d_step { begun[AT(a, b)] && m_lease[AT(a, b)] != base[a] -> HIT(10);
		m_lease[AT(a, b)] = base[a]
	}
#endif
	/* Acked means applied. */
	:: d_step { begun[AT(a, b)] && LEASE(a, b) > acked[AT(a, b)] -> HIT(11);
		apply(a, b);
		acked[AT(a, b)] = LEASE(a, b)
	}
	/* The ack is lost. */
	:: d_step { begun[AT(a, b)] && LEASE(a, b) && (LEASE(a, b) > base[b] || role[b] == COLD) -> HIT(12);
		apply(a, b)
	}
#ifdef MUTANT_EARLY_ACK
	/* Acked, and lost before it was applied. */
	:: d_step { begun[AT(a, b)] && role[b] != COLD && LEASE(a, b) > acked[AT(a, b)] -> HIT(13);
		acked[AT(a, b)] = LEASE(a, b)
	}
#endif
	/* Hot, as of now. */
#ifdef LATE
	:: d_step { begun[AT(a, b)] && acked[AT(a, b)] && BELOW(a, b) && HEARD(a, b) &&
		    m_hot[AT(a, b)] != now + 1 -> HIT(14);
		m_hot[AT(a, b)] = now + 1
	}
	:: d_step { begun[AT(a, b)] && m_hot[AT(a, b)] > asof[b] + 1 -> HIT(15);
		FORWARD(asof[b], m_hot[AT(a, b)] - 1)
#ifdef LATER
		; ever[b] = true
#endif
	}
#else
	:: d_step { begun[AT(a, b)] && acked[AT(a, b)] && BELOW(a, b) && HEARD(a, b) && asof[b] < now -> HIT(16);
		FORWARD(asof[b], now);
#ifdef LATER
		ever[b] = true;
#endif
		printf("%d: %d hears from %d that it is hot\n", now, b, a)
	}
#endif
	/* The standby says in turn how old its copy is. */
	:: d_step { begun[AT(a, b)] && role[b] == STANDBY && said[AT(a, b)] < asof[b] + 1 -> HIT(17);
		FORWARD(said[AT(a, b)], asof[b] + 1);
		printf("%d: %d says to %d: as of %d\n", now, b, a, asof[b])
	}
	/* b hears that a, which wins, is active: it gates, then sends its finals. */
	:: d_step { LINKED(a, b) && role[a] == ACTIVE && role[b] == ACTIVE && WINS(a) -> HIT(18);
		if
		:: serve == b -> serve = a
		:: else
		fi;
		demote(b);
		final[AT(b, a)] = oseq[b];
		printf("%d: %d wins, %d is demoted, base %d, as of %d\n", now, a, b, base[b], asof[b])
	}
	:: d_step { final[AT(a, b)] && LINKED(a, b) && role[b] == ACTIVE -> HIT(19);
		FORWARD(oseq[b], max(oseq[b], final[AT(a, b)]));
		FORWARD(base[b], max(base[b], oseq[b]));
		final[AT(a, b)] = 0
	}
#if CUTS > 0
	:: d_step { a < b && !cut[AT(a, b)] && cuts < CUTS -> HIT(20);
		cuts++;
		cut[AT(a, b)] = true;
		end_copy(a, b);
		end_copy(b, a);
		final[AT(a, b)] = 0;
		final[AT(b, a)] = 0
	}
	:: d_step { a < b && cut[AT(a, b)] -> HIT(21); cut[AT(a, b)] = false }
#endif
	od
}

init {
	byte i, j;

	HIT_REPORT;
	atomic {
		/* Node 0 serves, nobody has a copy. */
		role[0] = ACTIVE;
		base[0] = STEP;
		for (i : 1 .. N - 1) { role[i] = COLD }
		run clock();
		for (i : 0 .. N - 1) {
			run node(i);
			for (j : 0 .. N - 1) {
				if
				:: i != j -> run link(i, j)
				:: else
				fi
			}
		}
		i = 0;
		j = 0
	}
}
