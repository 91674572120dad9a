// SPDX-License-Identifier: GPL-2.0
/*
 * Objects: copies by mark and sweep, and the merge that comes before.
 *
 * Three nodes, a set of objects each. An active's local daemon adds an object
 * or deletes one. Copies go BEGIN, objects in any order, CHECK; the CHECK that
 * ends a copy sweeps what is learned and was not marked. Which object arrives
 * next, and which never does before the link is cut, is left open: that is all
 * that loss and order can do, since a CHECK goes out only when everything
 * before it was acked, and records of older frames are dropped.
 *
 * An activity is one time of one node as active; a copy belongs to the activity
 * that it was made from. An active takes from a peer whose copy belongs to
 * another activity what it lacks, before it sends it a BEGIN. A peer whose copy
 * belongs to this very activity has nothing that it lacks but what was deleted.
 *
 * Left out: sequence numbers, windows, digests, refused objects. One object
 * that was deleted may come back by a merge with a peer that has not heard of
 * it: nobody can tell it from one that only this peer has.
 *
 * MUTANT_NO_MERGE: sweeps without taking. MUTANT_EARLY_MERGE: the loser of a
 * conflict sends its finals, and gates then. ONCE: the merge is made at the
 * takeover only, with the peers that are in contact then. NO_BOOT: an activity
 * is told by term and node alone, not by the boot of the node. NAME_LATE: a
 * copy belongs to the new activity from its end on, and to the old one until
 * then. OUTBID: an active
 * goes above the term of a standby that follows another active, too.
 */
#include "cover.h"

#define N	3
#ifndef OBJECTS
#define OBJECTS	2
#endif
#ifndef MOVES
#define MOVES	2	/* takeovers */
#endif
#ifndef CUTS
#define CUTS	1
#endif
#ifndef CRASHES
#define CRASHES	1
#endif

#define DOWN	0
#define STANDBY	1
#define ACTIVE	2

#define NOBODY	N
#define AT(a, b)	((a) * N + (b))
#define max(a, b)	((a) > (b) -> (a) : (b))
#define LINKED(a, b)	(!cut[AT(a, b)] && !cut[AT(b, a)] && role[a] != DOWN && role[b] != DOWN)
#define WINS(a, b)	(term[a] * N + a > term[b] * N + b)

byte added;		/* objects that were ever added */
byte deleted;		/* sets of objects, a bit each */
byte moves, cuts, crashes;

byte role[N];
byte term[N];
byte has[N];
byte learned[N];
byte mark[N];		/* of the copy that this node receives: applied and acked */
byte had[N];		/* all that it ever had in this life */
byte copy[N];		/* the activity that its copy belongs to; 0: none */
byte doing[N];		/* an active's own activity */
byte src[N];		/* whom a standby follows */
bool copying[N];	/* BEGIN has come, CHECK has not */
bool cut[N * N];	/* a < b */

#ifdef NO_BOOT
#define ACTIVITY(me)	(term[me] * N + me + 1)
#else
#define ACTIVITY(me)	(moves + 1)
#endif

#define ALIVE_HAVE	(has[0] | has[1] | has[2])

/* What a living node had, and nobody has deleted, some living node has. */
inline none_lost()
{
	assert(((had[0] | had[1] | had[2]) & ~deleted & ~ALIVE_HAVE) == 0)
}

inline get(me, set)
{
	has[me] = has[me] | (set);
	had[me] = had[me] | (set)
}

inline stop_copy(me)
{
	src[me] = NOBODY;
	copying[me] = false;
	mark[me] = 0
}

/* Whoever copies from it does not any more. */
inline leave(me)
{
	for (i : 0 .. N - 1) {
		if
		:: src[i] == me -> stop_copy(i)
		:: else
		fi
	}
	i = 0
}

/* What was own is a copy now; the activity stays its name. */
inline demote(me)
{
	role[me] = STANDBY;
	learned[me] = has[me];
	leave(me)
}

inline merge(a, b)
{
	printf("%d takes %d of %d\n", a, has[b] & ~has[a], b);
	get(a, has[b] & ~has[a])
}

proctype node(byte me)
{
	byte i;

end:	do
	/* The local daemon. */
	:: d_step { role[me] == ACTIVE && added < OBJECTS -> HIT(1);
		printf("%d adds %d\n", me, 1 << added);
		get(me, 1 << added);
		added++
	}
	:: d_step { role[me] == ACTIVE && (has[me] & 1) && !(deleted & 1) -> HIT(2);
		printf("%d deletes 1\n", me);
		deleted = deleted | 1;
		has[me] = has[me] & ~1;
		none_lost()
	}
	/* VIP up. */
	:: d_step { role[me] == STANDBY && moves < MOVES -> HIT(3);
		stop_copy(me);
		for (i : 0 .. N - 1) {
			if
			:: i != me && LINKED(me, i) -> term[me] = max(term[me], term[i])
			:: else
			fi
		}
		term[me]++;
		moves++;
		role[me] = ACTIVE;
		learned[me] = 0;
		doing[me] = ACTIVITY(me);
		copy[me] = doing[me];
		printf("%d takes over with %d, term %d\n", me, has[me], term[me]);
#ifdef ONCE
		for (i : 0 .. N - 1) {
			if
			:: i != me && LINKED(me, i) -> merge(me, i)
			:: else
			fi
		}
#endif
		i = 0
	}
	/* VIP down. */
	:: d_step { role[me] == ACTIVE -> HIT(4);
		printf("%d is demoted\n", me);
		demote(me);
		term[me]++
	}
#if CRASHES > 0
	:: d_step { role[me] != DOWN && crashes < CRASHES -> HIT(5);
		crashes++;
		printf("%d crashes\n", me);
		role[me] = DOWN;
		leave(me);
		stop_copy(me);
		term[me] = 0; has[me] = 0; had[me] = 0; learned[me] = 0;
		copy[me] = 0; doing[me] = 0
	}
	:: d_step { role[me] == DOWN -> HIT(6); role[me] = STANDBY }
#endif
	od
}

#if defined(MUTANT_NO_MERGE) || defined(ONCE)
#define MERGED(a, b)	true
#else
#define MERGED(a, b)	(!has[b] || copy[b] == doing[a])
#endif

#ifdef NAME_LATE
#define KEEPS_NAME	true
#else
#define KEEPS_NAME	false
#endif
#ifdef OUTBID
#define ELSEWHERE(a, b)	false
#else
#define ELSEWHERE(a, b)	(src[b] != a && src[b] != NOBODY)
#endif

/* Between an active a and another node b. */
proctype link(byte a; byte b)
{
	byte i;

end:	do
	/* b follows the best active that it hears. */
	:: d_step { LINKED(a, b) && role[a] == ACTIVE && role[b] == STANDBY && src[b] != a &&
		    (src[b] == NOBODY || WINS(a, src[b])) -> HIT(7);
		stop_copy(b);
		src[b] = a;
		term[b] = max(term[b], term[a])
	}
	/* What b has of another activity is taken first. All of it, or nothing counts. */
	:: d_step { role[a] == ACTIVE && src[b] == a && !copying[b] && !MERGED(a, b) -> HIT(8);
		merge(a, b);
		/* Taken: what it has more of now was deleted here. */
		copy[b] = doing[a]
	}
	:: d_step { role[a] == ACTIVE && src[b] == a && !copying[b] && MERGED(a, b) &&
		    (has[b] != has[a] || copy[b] != doing[a]) -> HIT(9);
		printf("%d begins a copy on %d\n", a, b);
		copying[b] = true;
		/* From the first object on it is of two activities, so of none, until it is whole. */
		if
		:: copy[b] != doing[a] && !KEEPS_NAME -> copy[b] = 0
		:: else
		fi;
		mark[b] = 0
	}
	/* One object or the other, or the same again. */
	:: d_step { copying[b] && src[b] == a && (has[a] & ~mark[b] & 1) -> HIT(10);
		get(b, 1); learned[b] = learned[b] | 1; mark[b] = mark[b] | 1
	}
#if OBJECTS > 1
	:: d_step { copying[b] && src[b] == a && (has[a] & ~mark[b] & 2) -> HIT(11);
		get(b, 2); learned[b] = learned[b] | 2; mark[b] = mark[b] | 2
	}
#endif
	/* A removal in the middle of a copy. */
	:: d_step { copying[b] && src[b] == a && (mark[b] & ~has[a]) -> HIT(12);
		has[b] = has[b] & ~(mark[b] & ~has[a]);
		mark[b] = mark[b] & has[a];
		none_lost()
	}
	/* CHECK: all is acked. */
	:: d_step { copying[b] && src[b] == a && mark[b] == has[a] -> HIT(13);
		printf("%d sweeps %d, after a copy from %d\n", b, has[b] & learned[b] & ~mark[b], a);
		has[b] = has[b] & ~(learned[b] & ~mark[b]);
		copy[b] = doing[a];
		copying[b] = false;
		mark[b] = 0;
		/* Nothing that only it had. */
		none_lost();
		assert(has[b] == has[a])
	}
	/* b hears of a conflict that a wins: it gates, then sends its finals. */
	:: d_step { LINKED(a, b) && role[a] == ACTIVE && role[b] == ACTIVE && WINS(a, b) -> HIT(14);
		printf("%d wins against %d\n", a, b);
		demote(b);
		term[b] = max(term[a], term[b])
	}
#ifdef MUTANT_EARLY_MERGE
	:: d_step { LINKED(a, b) && role[a] == ACTIVE && role[b] == ACTIVE && WINS(a, b) -> HIT(15);
		merge(a, b);
		copy[b] = doing[a]
	}
#endif
	/* An active goes above the term of a peer that is not, and follows nobody else. */
	:: d_step { LINKED(a, b) && role[a] == ACTIVE && role[b] == STANDBY && term[b] > term[a] &&
		    !ELSEWHERE(a, b) -> HIT(16);
		term[a] = term[b] + 1;
		printf("%d raises its term to %d\n", a, term[a]);
		/* No more than events of the VIPs can account for. */
		assert(term[a] <= 8 * (1 + MOVES))
	}
#if CUTS > 0
	:: d_step { a < b && !cut[AT(a, b)] && cuts < CUTS -> HIT(17);
		cuts++;
		printf("cut: %d %d\n", a, b);
		cut[AT(a, b)] = true;
		if
		:: src[a] == b -> stop_copy(a)
		:: else
		fi;
		if
		:: src[b] == a -> stop_copy(b)
		:: else
		fi
	}
	:: d_step { a < b && cut[AT(a, b)] -> HIT(18); cut[AT(a, b)] = false }
#endif
	od
}

/*
 * Once nothing is left to be delivered: of nodes that can talk one is active at
 * most, and a standby that hears it has the same objects.
 */
#define SETTLED(a, b) \
	(!LINKED(a, b) || \
	 (role[a] == ACTIVE && role[b] == STANDBY && (src[b] != a || has[b] == has[a])) || \
	 (role[b] == ACTIVE && role[a] == STANDBY && (src[a] != b || has[a] == has[b])) || \
	 (role[a] == STANDBY && role[b] == STANDBY))

proctype quiet()
{
end:	timeout -> assert(SETTLED(0, 1) && SETTLED(0, 2) && SETTLED(1, 2))
}

init {
	byte i, j;

	HIT_REPORT;
	atomic {
		role[0] = ACTIVE;
		term[0] = 1;
		for (i : 0 .. N - 1) {
			src[i] = NOBODY;
			if
			:: i -> role[i] = STANDBY
			:: else -> doing[0] = ACTIVITY(0); copy[0] = doing[0]
			fi
		}
		for (i : 0 .. N - 1) {
			run node(i);
			for (j : 0 .. N - 1) {
				if
				:: i != j -> run link(i, j)
				:: else
				fi
			}
		}
		run quiet();
		i = 0;
		j = 0
	}
}
