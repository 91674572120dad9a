// SPDX-License-Identifier: GPL-2.0
/*
 * Roles: who is active, by VIPs, terms and what is heard of the others.
 *
 * Three nodes. VRRP is anything that may happen to their VIPs: none has it, or
 * one, or several. A heartbeat is heard at any time, or never before the link is
 * cut; what it says is true when it is heard. Copies and merges are one step each
 * (objects.pml has them in full), and of one object that one node may have made.
 *
 * When nothing is left to be heard of, all links being sound, and some node has
 * the VIP, then one node is active, and it is one that has it. What a living node
 * had, some living node has.
 *
 * MUTANT_NO_TERM: nobody gives way. MUTANT_NO_MERGE: a copy replaces what there
 * is without taking it first. MUTANT_NO_WAY_OUT: a node stays fenced until its
 * VIP goes. ALL_AT_ONCE: of several fenced ones each takes over as soon as it
 * hears no active.
 */
#include "cover.h"

#define N	3
#ifndef MOVES
#define MOVES	2	/* of VIPs, up or down */
#endif
#ifndef CUTS
#define CUTS	1
#endif
#ifndef CRASHES
#define CRASHES	0
#endif

#define DOWN	0
#define STANDBY	1
#define ACTIVE	2
#define FENCED	3

#define NOBODY	N
#define AT(a, b)	((a) * N + (b))
#define max(a, b)	((a) > (b) -> (a) : (b))
#define LINKED(a, b)	(!cut[AT(a, b)] && !cut[AT(b, a)] && role[a] != DOWN && role[b] != DOWN)
#define WINS(a, b)	(term[a] * N + a > term[b] * N + b)

byte moves, cuts, crashes;
bool made;		/* the object was */

byte role[N];
byte term[N];		/* the highest that it knows of, an active's own included */
bool vip[N];
byte src[N];		/* whom it follows, who is not active */
byte heard[N * N];	/* by the one the role of the other, DOWN: nothing */
bool has[N];		/* the object */
bool had[N];
bool cut[N * N];	/* a < b */

#define HEARS_ACTIVE(me) \
	(heard[AT(me, 0)] == ACTIVE || heard[AT(me, 1)] == ACTIVE || heard[AT(me, 2)] == ACTIVE)

/* A fenced one with a higher id, which is to take over first: maybe it still hears an active. */
#ifdef ALL_AT_ONCE
#define HEARS_HIGHER(me) false
#else
#define HEARS_HIGHER(me) \
	((me < 1 && heard[AT(me, 1)] == FENCED) || (me < 2 && heard[AT(me, 2)] == FENCED))
#endif

inline none_lost()
{
	assert(!(had[0] || had[1] || had[2]) || has[0] || has[1] || has[2])
}

inline unheard(a, b)
{
	heard[AT(a, b)] = DOWN;
	heard[AT(b, a)] = DOWN;
	if
	:: src[a] == b -> src[a] = NOBODY
	:: else
	fi;
	if
	:: src[b] == a -> src[b] = NOBODY
	:: else
	fi
}

inline take_over(me)
{
	role[me] = ACTIVE;
	src[me] = NOBODY;
	term[me]++;
	printf("%d takes over, term %d\n", me, term[me])
}

proctype node(byte me)
{
	byte i;

end:	do
	:: d_step { moves < MOVES && !vip[me] && role[me] != DOWN -> HIT(1);
		moves++;
		printf("VIP of %d\n", me);
		vip[me] = true;
		if
		:: role[me] == STANDBY -> take_over(me)
		:: else
		fi
	}
	:: d_step { moves < MOVES && vip[me] && role[me] != DOWN -> HIT(2);
		moves++;
		printf("no VIP of %d\n", me);
		vip[me] = false;
		if
		/* Whoever comes next may be somebody who is not heard. */
		:: role[me] == ACTIVE -> term[me]++; role[me] = STANDBY
		:: role[me] == FENCED -> role[me] = STANDBY
		:: else
		fi
	}
#ifndef MUTANT_NO_WAY_OUT
	/* The winner is gone. */
	:: d_step { role[me] == FENCED && !HEARS_ACTIVE(me) && !HEARS_HIGHER(me) -> HIT(3);
		take_over(me)
	}
#endif
	:: d_step { role[me] == ACTIVE && !made -> HIT(4);
		printf("%d makes it\n", me);
		made = true;
		has[me] = true;
		had[me] = true
	}
#if CRASHES > 0
	:: d_step { role[me] != DOWN && crashes < CRASHES -> HIT(5);
		crashes++;
		printf("%d crashes\n", me);
		role[me] = DOWN;
		vip[me] = false;
		for (i : 0 .. N - 1) {
			if
			:: i != me -> unheard(me, i)
			:: else
			fi
		}
		term[me] = 0;
		has[me] = false;
		had[me] = false;
		i = 0
	}
	:: d_step { role[me] == DOWN -> HIT(6); role[me] = STANDBY }
#endif
	od
}

#ifdef MUTANT_NO_TERM
#define GIVES_WAY(b, a)	false
#else
#define GIVES_WAY(b, a)	(role[b] == ACTIVE && role[a] == ACTIVE && WINS(a, b))
#endif
/* One that follows another active tells of that one's. */
#define BELOW(b, a)	(role[b] == ACTIVE && role[a] != ACTIVE && src[a] == b && term[a] > term[b])
#define BETTER(b, a)	(role[b] != ACTIVE && role[a] == ACTIVE && src[b] != a && \
			 (src[b] == NOBODY || heard[AT(b, src[b])] != ACTIVE || WINS(a, src[b])))

/* What b hears of a. */
proctype link(byte a; byte b)
{
end:	do
	:: d_step { LINKED(a, b) && heard[AT(b, a)] != role[a] -> HIT(7);
		heard[AT(b, a)] = role[a]
	}
	:: d_step { LINKED(a, b) && GIVES_WAY(b, a) -> HIT(8);
		printf("%d gives way to %d\n", b, a);
		heard[AT(b, a)] = ACTIVE;
		if
		:: vip[b] -> role[b] = FENCED
		:: else -> role[b] = STANDBY
		fi
	}
	:: d_step { LINKED(a, b) && role[b] != ACTIVE && term[a] > term[b] -> HIT(9);
		term[b] = term[a]
	}
	:: d_step { LINKED(a, b) && BELOW(b, a) -> HIT(10);
		term[b] = term[a] + 1;
		printf("%d raises its term to %d\n", b, term[b]);
		assert(term[b] <= 4 * (1 + MOVES + CUTS))
	}
	:: d_step { LINKED(a, b) && BETTER(b, a) -> HIT(11);
		heard[AT(b, a)] = ACTIVE;
		src[b] = a
	}
	/* A copy, and what comes before it. */
	:: d_step { LINKED(a, b) && role[a] == ACTIVE && src[b] == a && has[a] != has[b] -> HIT(12);
#ifndef MUTANT_NO_MERGE
		has[a] = has[a] || has[b];
		had[a] = has[a];
#endif
		has[b] = has[a];
		had[b] = had[b] || has[b];
		none_lost()
	}
#if CUTS > 0
	:: d_step { a < b && !cut[AT(a, b)] && cuts < CUTS -> HIT(13);
		cuts++;
		printf("cut: %d %d\n", a, b);
		cut[AT(a, b)] = true;
		unheard(a, b)
	}
	:: d_step { a < b && cut[AT(a, b)] -> HIT(14);
		printf("sound: %d %d\n", a, b);
		cut[AT(a, b)] = false
	}
#endif
	od
}

#define SERVES(me)	(role[me] == ACTIVE && vip[me])
#define ONE_SERVES	(SERVES(0) + SERVES(1) + SERVES(2) == 1)
#define ONE_VIP		(vip[0] || vip[1] || vip[2])
#define NONE_ACTIVE	(role[0] != ACTIVE && role[1] != ACTIVE && role[2] != ACTIVE)

proctype quiet()
{
end:	timeout -> assert((ONE_VIP -> ONE_SERVES : NONE_ACTIVE))
}

init {
	byte i, j;

	HIT_REPORT;
	atomic {
		for (i : 0 .. N - 1) {
			src[i] = NOBODY;
			role[i] = STANDBY
		}
		role[0] = ACTIVE;
		vip[0] = true;
		term[0] = 1;
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
