// SPDX-License-Identifier: GPL-2.0
/* xfrm-ha resync: ask for a new copy of a group. */
#include "cmd.h"
#include "req.h"

static int resync(struct args *a)
{
	struct nl_msg *msg = req_new(XFRM_HA_CMD_RESYNC);
	const char *name;
	int ret;

	ret = args_value(a, "resync", &name) ?: parse_group(name);
	ret = ret ?: args_end(a);
	if (!ret)
		req_put_str(msg, XFRM_HA_GROUP_NAME, name);
	return cmd_send(msg, ret);
}

const struct cmd cmd_resync = {
	.name = "resync",
	.brief = "ask for a new copy of a group",
	.usage = "xfrm-ha resync NAME\n",
	.run = resync,
};
