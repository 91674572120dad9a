/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A tiny harness: each binary runs its cases and prints KTAP. UNIT_SEED in the
 * environment changes the random numbers; a failure shows the seed in use.
 */
#ifndef _XHA_UNIT_H
#define _XHA_UNIT_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../../kmod/pure.h"

struct unit_case {
	const char *name;
	void (*run)(void);
};

#define __weak	__attribute__((weak))

/* A test may have more than one file: they share these. */
int __weak unit_failures;	/* of the case that runs */
u64 __weak unit_state;		/* of rnd() */

/* splitmix64 */
static inline u64 rnd(void)
{
	u64 z = (unit_state += 0x9e3779b97f4a7c15ULL);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/* 0 .. @n - 1 */
static inline u64 rnd_below(u64 n)
{
	return rnd() % n;
}

/* True once in @n times. */
static inline bool one_in(u64 n)
{
	return !rnd_below(n);
}

/* Numbers of all magnitudes, with the edges that hide faults. */
static inline u64 rnd_edgy(void)
{
	static const u64 edges[] = {
		0, 1, 2, U16_MAX, U32_MAX - 1, U32_MAX, U32_MAX + 1ULL,
		1ULL << 48, U64_MAX - 1, U64_MAX,
	};

	if (one_in(4))
		return edges[rnd_below(ARRAY_SIZE(edges))];
	return rnd() >> rnd_below(64);
}

static inline double unit_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* Goes on after a failure; a case that fails a million times says so ten times. */
#define CHECK(cond, ...)						\
do {									\
	if (!(cond) && unit_failures++ < 10) {				\
		printf("# %s:%d: not true: %s", __FILE__, __LINE__, #cond); \
		printf(" " __VA_ARGS__);				\
		printf("\n");						\
	}								\
} while (0)

static inline int unit_run(const struct unit_case *cases, size_t n)
{
	const char *env = getenv("UNIT_SEED");
	u64 seed = env ? strtoull(env, NULL, 0) : 1;
	int bad = 0;
	size_t i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("TAP version 13\n1..%zu\n", n);
	for (i = 0; i < n; i++) {
		unit_failures = 0;
		unit_state = seed;
		cases[i].run();
		if (unit_failures)
			printf("# %d failures, UNIT_SEED=%llu\n", unit_failures,
			       (unsigned long long)seed);
		printf("%sok %zu %s\n", unit_failures ? "not " : "", i + 1,
		       cases[i].name);
		bad += !!unit_failures;
	}
	return bad ? EXIT_FAILURE : EXIT_SUCCESS;
}

#define UNIT_MAIN(cases)						\
int main(void)								\
{									\
	return unit_run(cases, ARRAY_SIZE(cases));			\
}

#endif /* _XHA_UNIT_H */
