// SPDX-License-Identifier: GPL-2.0
/*
 * xfrm-ha check: may this node be master? For keepalived's track_script, so it
 * is silent when all is well.
 */
#include <stdio.h>

#include "cmd.h"
#include "err.h"
#include "field.h"
#include "req.h"

struct check {
	int attr;		/* the one whose presence is a failure */
	bool seen;		/* a reply came at all */
	char reason[256];
};

static void read_reply(struct nlattr *attrs, int len, void *arg)
{
	struct nlattr *tb[XFRM_HA_GROUP_MAX + 1];
	struct check *check = arg;

	if (nla_parse(tb, XFRM_HA_GROUP_MAX, attrs, len, NULL))
		return;
	check->seen = true;
	if (tb[check->attr])
		snprintf(check->reason, sizeof(check->reason), "%s",
			 field_text(tb[check->attr]) ?: "no reason given");
}

static int check(struct args *a)
{
	struct check check = { .attr = XFRM_HA_GROUP_CHECK };
	struct nl_msg *msg = req_new(XFRM_HA_CMD_GROUP_GET);
	const char *name;
	int ret;

	ret = args_value(a, "check", &name) ?: parse_group(name);
	if (!ret && args_word(a, "redundant"))
		check.attr = XFRM_HA_GROUP_CHECK_REDUNDANT;
	ret = ret ?: args_end(a);
	if (ret)
		return cmd_send(msg, ret);
	req_put_str(msg, XFRM_HA_GROUP_NAME, name);
	ret = nl_talk(msg, false, read_reply, &check);
	if (ret)
		return ret;
	if (!check.seen)
		return err_refused("%s: the kernel did not answer", name);
	return check.reason[0] ? err_refused("%s: %s", name, check.reason) :
				 ST_OK;
}

const struct cmd cmd_check = {
	.name = "check",
	.brief = "may this node be the active one? (for keepalived)",
	.usage = "xfrm-ha check NAME [redundant]\n"
		 "fails, with the reason, while another node has the better copy; with\n"
		 "'redundant' while no other node could take over\n",
	.run = check,
};
