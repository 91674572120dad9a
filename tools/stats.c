// SPDX-License-Identifier: GPL-2.0
/* xfrm-ha stats: the node's counters, by the names that the kernel gives. */
#include "cmd.h"
#include "field.h"
#include "out.h"
#include "req.h"

static void show(struct nlattr *attrs, int len, void *arg)
{
	struct nlattr *tb[XFRM_HA_STATS_MAX + 1];

	if (nla_parse(tb, XFRM_HA_STATS_MAX, attrs, len, NULL))
		return;
	out_object(NULL);
	field_counters(tb[XFRM_HA_STATS_COUNTERS], "", "\n");
	out_object_end();
}

static int stats_show(struct args *a)
{
	return cmd_show(req_new(XFRM_HA_CMD_STATS_GET), args_end(a), false,
			show);
}

static const struct verb verbs[] = {
	{ "show", stats_show },
	{ }
};

const struct cmd cmd_stats = {
	.name = "stats",
	.brief = "the node's counters",
	.usage = "xfrm-ha stats show\n",
	.verbs = verbs,
};
