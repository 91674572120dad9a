// SPDX-License-Identifier: GPL-2.0
/* From the first words to the function that does it. */
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "err.h"
#include "out.h"
#include "req.h"
#include "util.h"

static const struct cmd *const cmds[] = {
	&cmd_node, &cmd_peer, &cmd_group, &cmd_sa, &cmd_stats, &cmd_monitor,
	&cmd_check, &cmd_resync, &cmd_genkey,
};

int cmd_help(void)
{
	unsigned int i;

	puts("Usage: xfrm-ha [OPTIONS] OBJECT [COMMAND] | -batch FILE | -V\n"
	     "OBJECTS:");
	for (i = 0; i < ARRAY_SIZE(cmds); i++)
		printf("  %-8s %s\n", cmds[i]->name, cmds[i]->brief);
	puts("OPTIONS: -j (JSON) -p (pretty) -s (more) -n NETNS -force\n"
	     "'xfrm-ha OBJECT help' shows its commands, xfrm-ha(8) all of it.");
	return ST_OK;
}

static int run_verb(const struct cmd *cmd, struct args *a)
{
	const struct verb *verb = cmd->verbs;

	if (!a->n)
		return verb->run(a);
	for (; verb->name; verb++)
		if (args_word(a, verb->name))
			return verb->run(a);
	return err_usage("%s has no command '%s'", cmd->name, args_peek(a));
}

/* Run one command, the words without the program's name. */
int cmd_run(struct args *a)
{
	const struct cmd *cmd;
	unsigned int i;

	err_object(NULL);
	if (args_word(a, "help"))
		return cmd_help();
	for (i = 0; i < ARRAY_SIZE(cmds); i++) {
		cmd = cmds[i];
		if (!args_word(a, cmd->name))
			continue;
		err_object(cmd->name);
		if (args_word(a, "help")) {
			printf("Usage: %s", cmd->usage);
			return ST_OK;
		}
		return cmd->run ? cmd->run(a) : run_verb(cmd, a);
	}
	if (!a->n)
		return err_usage("what shall be done?");
	return err_usage("'%s' is not a command", args_peek(a));
}

int cmd_send(struct nl_msg *msg, int status)
{
	if (!status)
		return nl_talk(msg, false, NULL, NULL);
	req_free(msg);
	return status;
}

int cmd_show(struct nl_msg *msg, int status, bool dump, nl_reader reader)
{
	status = status ?: out_begin();
	if (!status)
		return out_end(nl_talk(msg, dump, reader, NULL));
	req_free(msg);
	return status;
}
