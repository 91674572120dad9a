/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XFRM_HA_TOOL_KNOB_H
#define XFRM_HA_TOOL_KNOB_H

#include "parse.h"
#include "req.h"

enum knob_kind {
	KNOB_TIME,	/* u32, ms */
	KNOB_NUM,	/* u32 */
	KNOB_CHOICE,	/* u8, one of @names */
	KNOB_REPLAY,	/* u32: 'restore' is 0, 'advance N' is N */
};

/* A knob: the word, and the attribute. A table of them ends without a word. */
struct knob {
	const char *word;
	enum knob_kind kind;
	int attr;
	const char *const *names;
};

/* What was read so far of one command. */
struct knobs_read {
	u32 seen;			/* bit per row of the table */
};

extern const struct knob node_knobs[], peer_knobs[], group_knobs[];

bool knob_next(const struct knob *table, const struct args *a);
int knob_read(const struct knob *table, struct args *a, struct knobs_read *read,
	      struct nl_msg *msg);
void knob_show(const struct knob *table, struct nlattr **tb, bool in_text);

#endif /* XFRM_HA_TOOL_KNOB_H */
