/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Mutants: builds that are wrong on purpose, to show that the tests notice.
 * 'make mutants' builds them; in any other build all of these are 0.
 */
#ifndef _XHA_MUTANT_H
#define _XHA_MUTANT_H

#include <linux/delay.h>

#define XHA_MUTANT_NONE_	0
#define XHA_MUTANT_NO_GUARD_	1	/* takeover starts at the base itself */
#define XHA_MUTANT_NO_RENEWAL_	2	/* the first lease is the last one */
#define XHA_MUTANT_EARLY_ACK_	3	/* frames are acked before they are applied */
#define XHA_MUTANT_NO_GATE_	4	/* standby SAs are open */
#define XHA_MUTANT_NO_MERGE_	5	/* a new active takes nothing from its peers */
#define XHA_MUTANT_NO_FINALS_	6	/* the last counters of who was active are ignored */

#ifndef XHA_MUTANT
#define XHA_MUTANT		XHA_MUTANT_NONE_
#endif

#define XHA_MUTANT_NO_GUARD	(XHA_MUTANT == XHA_MUTANT_NO_GUARD_)
#define XHA_MUTANT_NO_RENEWAL	(XHA_MUTANT == XHA_MUTANT_NO_RENEWAL_)
#define XHA_MUTANT_EARLY_ACK	(XHA_MUTANT == XHA_MUTANT_EARLY_ACK_)
#define XHA_MUTANT_NO_FINALS	(XHA_MUTANT == XHA_MUTANT_NO_FINALS_)
#define XHA_MUTANT_NO_MERGE	(XHA_MUTANT == XHA_MUTANT_NO_MERGE_)
#define XHA_MUTANT_NO_GATE	(XHA_MUTANT == XHA_MUTANT_NO_GATE_)

/* Test builds only: ms that every install takes longer. */
#ifndef XHA_APPLY_DELAY
#define XHA_APPLY_DELAY		0
#endif

static inline void xha_apply_delay(void)
{
	if (XHA_APPLY_DELAY)
		msleep(XHA_APPLY_DELAY);
}

#endif /* _XHA_MUTANT_H */
