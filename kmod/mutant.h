/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Mutants: a build that can be told to be wrong on purpose, to show that the tests
 * notice (-DXHA_MUTANTS; parameters of the module: mutant.c). In any other build all
 * of these are 0, for the compiler, too.
 */
#ifndef _XHA_MUTANT_H
#define _XHA_MUTANT_H

#include <linux/delay.h>

/* Takeover starts at the base itself; */
#define XHA_MUTANT_NO_GUARD	(xha_mutant == 1)
/* the first lease is the last one; */
#define XHA_MUTANT_NO_RENEWAL	(xha_mutant == 2)
/* frames are acked before they are applied; */
#define XHA_MUTANT_EARLY_ACK	(xha_mutant == 3)
/* standby SAs are open; */
#define XHA_MUTANT_NO_GATE	(xha_mutant == 4)
/* a new active takes nothing from its peers; */
#define XHA_MUTANT_NO_MERGE	(xha_mutant == 5)
/* the last counters of who was active are ignored; */
#define XHA_MUTANT_NO_FINALS	(xha_mutant == 6)
/* standby policies are open. */
#define XHA_MUTANT_NO_BLOCK	(xha_mutant == 7)

#ifdef XHA_MUTANTS
extern unsigned int xha_mutant;
extern unsigned int xha_apply_delay_ms;
#else
#define xha_mutant		0
#define xha_apply_delay_ms	0
#endif

/* Every install takes so much longer. */
static inline void xha_apply_delay(void)
{
	if (xha_apply_delay_ms)
		msleep(xha_apply_delay_ms);
}

#endif /* _XHA_MUTANT_H */
