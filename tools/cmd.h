/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XFRM_HA_TOOL_CMD_H
#define XFRM_HA_TOOL_CMD_H

#include <stdbool.h>

#include "nl.h"
#include "parse.h"

struct verb {
	const char *name;
	int (*run)(struct args *a);
};

/* A first word of the command line: verbs behind it, or @run. */
struct cmd {
	const char *name;
	const char *brief;
	const char *usage;
	const struct verb *verbs;	/* the first is the default */
	int (*run)(struct args *a);
};

extern const struct cmd cmd_node, cmd_peer, cmd_group, cmd_sa, cmd_stats,
			cmd_monitor, cmd_check, cmd_resync, cmd_genkey;

struct opts {
	bool json;
	bool pretty;
	bool more;	/* -s */
};

extern struct opts opts;

int cmd_run(struct args *a);
int cmd_help(void);

/*
 * The end of most commands: send @msg if its words were read well, free it in
 * any case.
 */
int cmd_send(struct nl_msg *msg, int status);
int cmd_show(struct nl_msg *msg, int status, bool dump, nl_reader reader);
int batch_run(const char *file, bool force);

#endif /* XFRM_HA_TOOL_CMD_H */
