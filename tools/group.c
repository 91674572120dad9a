// SPDX-License-Identifier: GPL-2.0
/* xfrm-ha group: SAs that fail over together. The showing is in gshow.c. */
#include <string.h>

#include "cmd.h"
#include "err.h"
#include "gshow.h"
#include "knob.h"

struct vip {
	struct addr addr;
	const char *dev;	/* NULL: any */
};

struct ends {
	struct vip vip[XFRM_HA_LIMIT_ADDRS];
	unsigned int vips;
	struct addr_list local;
};

static int read_name(struct args *a, struct nl_msg *msg)
{
	const char *name;
	int ret;

	ret = args_value(a, "name", &name) ?: parse_group(name);
	if (!ret)
		req_put_str(msg, XFRM_HA_GROUP_NAME, name);
	return ret;
}

/* ADDR[/LEN] [dev DEV] */
static int read_vip(struct args *a, struct vip *vip)
{
	const char *val;
	int ret;

	vip->dev = NULL;
	ret = args_value(a, "vip", &val) ?:
	      parse_addr_len(val, "vip", &vip->addr);
	if (ret || !args_word(a, "dev"))
		return ret;
	ret = args_value(a, "dev", &vip->dev);
	return ret ?: parse_dev(vip->dev, "dev");
}

static int read_local(struct args *a, struct addr *addr)
{
	const char *val;

	return args_value(a, "local", &val) ?: parse_addr(val, "local", addr);
}

static void put_vip(struct nl_msg *msg, int attr, const struct vip *vip)
{
	struct nlattr *nest = req_nest(msg, attr);

	req_put_addr(msg, XFRM_HA_VIP_ADDR, &vip->addr);
	if (vip->dev)
		req_put_str(msg, XFRM_HA_VIP_DEV, vip->dev);
	nla_nest_end(msg, nest);
}

static void put_ends(struct nl_msg *msg, const struct ends *ends)
{
	struct nlattr *nest;
	unsigned int i;

	if (ends->vips) {
		nest = req_nest(msg, XFRM_HA_GROUP_VIPS);
		for (i = 0; i < ends->vips; i++)
			put_vip(msg, XFRM_HA_LIST_VIP, &ends->vip[i]);
		nla_nest_end(msg, nest);
	}
	req_put_addrs(msg, XFRM_HA_GROUP_LOCALS, &ends->local);
}

static int read_end(struct args *a, struct ends *ends)
{
	unsigned int *n = &ends->vips;
	const char *word = "vip";
	int ret;

	if (args_word(a, "local")) {
		word = "local";
		n = &ends->local.n;
	} else if (!args_word(a, "vip")) {
		return args_end(a);
	}
	if (*n == XFRM_HA_LIMIT_ADDRS)
		return err_usage("a group has at most %u of '%s'",
				 XFRM_HA_LIMIT_ADDRS, word);
	ret = n == &ends->vips ? read_vip(a, &ends->vip[*n]) :
				 read_local(a, &ends->local.addr[*n]);
	(*n)++;
	return ret;
}

static int group_add(struct args *a)
{
	struct nl_msg *msg = req_new(XFRM_HA_CMD_GROUP_ADD);
	struct knobs_read read = { };
	struct ends ends = { };
	int ret;

	ret = read_name(a, msg);
	while (a->n && !ret) {
		if (knob_next(group_knobs, a))
			ret = knob_read(group_knobs, a, &read, msg);
		else
			ret = read_end(a, &ends);
	}
	if (!ret && !ends.vips && !ends.local.n)
		ret = err_usage("a group needs 'vip ADDR' or 'local ADDR'");
	if (!ret)
		put_ends(msg, &ends);
	return cmd_send(msg, ret);
}

static int set_role(struct args *a, struct nl_msg *msg, u8 role)
{
	req_put_u8(msg, XFRM_HA_GROUP_SET_ROLE, role);
	if (args_word(a, "force"))
		req_put(msg, XFRM_HA_GROUP_FORCE, NULL, 0);
	return args_end(a);
}

static int set_end(struct args *a, struct nl_msg *msg, bool is_vip)
{
	bool add = args_word(a, "add");
	struct vip vip = { };
	int ret;

	if (!add && !args_word(a, "del"))
		return err_usage("%s takes 'add ADDR' or 'del ADDR'",
				 is_vip ? "vip" : "local");
	if (is_vip) {
		ret = read_vip(a, &vip);
		put_vip(msg, add ? XFRM_HA_GROUP_ADD_VIP :
				   XFRM_HA_GROUP_DEL_VIP, &vip);
	} else {
		ret = read_local(a, &vip.addr);
		req_put_addr(msg, add ? XFRM_HA_GROUP_ADD_LOCAL :
					XFRM_HA_GROUP_DEL_LOCAL, &vip.addr);
	}
	return ret ?: args_end(a);
}

static int set_knobs(struct args *a, struct nl_msg *msg)
{
	struct knobs_read read = { };
	int ret = ST_OK;

	while (a->n && !ret)
		ret = knob_next(group_knobs, a) ?
		      knob_read(group_knobs, a, &read, msg) : args_end(a);
	return ret;
}

static int group_set(struct args *a)
{
	struct nl_msg *msg = req_new(XFRM_HA_CMD_GROUP_SET);
	int ret = read_name(a, msg);

	if (!ret && !a->n)
		ret = err_usage("set lacks what to set");
	if (ret)
		return cmd_send(msg, ret);
	if (args_word(a, "active"))
		ret = set_role(a, msg, XFRM_HA_ROLE_ACTIVE);
	else if (args_word(a, "standby"))
		ret = set_role(a, msg, XFRM_HA_ROLE_STANDBY);
	else if (args_word(a, "vip"))
		ret = set_end(a, msg, true);
	else if (args_word(a, "local"))
		ret = set_end(a, msg, false);
	else
		ret = set_knobs(a, msg);
	return cmd_send(msg, ret);
}

static int group_del(struct args *a)
{
	struct nl_msg *msg = req_new(XFRM_HA_CMD_GROUP_DEL);

	return cmd_send(msg, read_name(a, msg) ?: args_end(a));
}

static int group_show(struct args *a)
{
	struct nl_msg *msg = req_new(XFRM_HA_CMD_GROUP_GET);
	bool all = !a->n;
	int ret = all ? ST_OK : read_name(a, msg) ?: args_end(a);

	return cmd_show(msg, ret, all, gshow);
}

static const struct verb verbs[] = {
	{ "show", group_show },
	{ "add", group_add },
	{ "set", group_set },
	{ "del", group_del },
	{ }
};

const struct cmd cmd_group = {
	.name = "group",
	.brief = "SAs that fail over together, and their role",
	.usage = "xfrm-ha group add NAME { [vip ADDR[/LEN] [dev DEV]]... [local ADDR]... }\n"
		 "                [KNOB VALUE]...\n"
		 "       xfrm-ha group set NAME { active [force] | standby [force] | KNOB VALUE...\n"
		 "                              | { vip | local } { add | del } ADDR [dev DEV] }\n"
		 "       xfrm-ha group { del NAME | show [NAME] }\n"
		 "KNOB is install kernel|daemon, policies hot|takeover|off, sync-period-time T,\n"
		 "        sync-period-packets N, oseq-shift N, replay restore, replay advance N\n",
	.verbs = verbs,
};
