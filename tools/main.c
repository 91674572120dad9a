// SPDX-License-Identifier: GPL-2.0
/* xfrm-ha: control and show stateful IPsec failover. */
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "err.h"
#include "netns.h"
#include "out.h"
#include "util.h"

#ifndef VERSION
#define VERSION "unknown"
#endif

struct opts opts;

static bool version, force, help;
static const char *batch, *netns;

/* As iproute2 has them; two dashes are as good as one. */
static const struct opt {
	const char *brief, *full;
	bool *flag;
	const char **value;
} table[] = {
	{ "j", "json", &opts.json },
	{ "p", "pretty", &opts.pretty },
	{ "s", "statistics", &opts.more },
	{ "V", "Version", &version },
	{ "h", "help", &help },
	{ "force", "force", &force },
	{ "b", "batch", NULL, &batch },
	{ "n", "netns", NULL, &netns },
};

static int read_opt(struct args *a)
{
	const char *word = args_next(a), *name = word + 1;
	unsigned int i;

	name += *name == '-';
	for (i = 0; i < ARRAY_SIZE(table); i++)
		if (!strcmp(name, table[i].brief) ||
		    !strcmp(name, table[i].full))
			break;
	if (i == ARRAY_SIZE(table))
		return err_usage("'%s' is not an option", word);
	if (table[i].value)
		return args_value(a, word, table[i].value);
	*table[i].flag = true;
	return ST_OK;
}

static int run(struct args *a)
{
	int ret = ST_OK;

	while (a->n && a->v[0][0] == '-' && !ret)
		ret = read_opt(a);
	if (ret)
		return ret;
	out_init(opts.json, opts.pretty);
	if (version) {
		puts("xfrm-ha " VERSION);
		return ST_OK;
	}
	if (help)
		return cmd_help();
	if (force && !batch)
		return err_usage("-force goes with -batch");
	ret = netns ? netns_enter(netns) : ST_OK;
	if (ret)
		return ret;
	return batch ? args_end(a) ?: batch_run(batch, force) : cmd_run(a);
}

int main(int argc, char **argv)
{
	struct args a = { argv + 1, argc - 1 };
	int ret = run(&a), end = out_finish();

	return ret ?: end;
}
