// SPDX-License-Identifier: GPL-2.0
/*
 * Netlink: the family. All commands need CAP_NET_ADMIN in the user namespace
 * that owns the network namespace, reading too, as 'ip xfrm' has it: how far
 * the counters of SAs have come is nobody else's business. Every attribute is
 * validated strictly, there being no old user to be kind to.
 */
#include <linux/init.h>
#include <linux/module.h>

#include "nl_addr.h"

static const struct genl_ops xha_nl_ops[] = {
	{
		.cmd = XFRM_HA_CMD_NODE_SET,
		.doit = xha_nl_node_set,
		.policy = xha_nl_node_policy,
		.maxattr = XFRM_HA_NODE_MAX,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = XFRM_HA_CMD_NODE_GET,
		.doit = xha_nl_node_get,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = XFRM_HA_CMD_PEER_ADD,
		.doit = xha_nl_peer_add,
		.policy = xha_nl_peer_policy,
		.maxattr = XFRM_HA_PEER_MAX,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = XFRM_HA_CMD_PEER_SET,
		.doit = xha_nl_peer_set,
		.policy = xha_nl_peer_policy,
		.maxattr = XFRM_HA_PEER_MAX,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = XFRM_HA_CMD_PEER_DEL,
		.doit = xha_nl_peer_del,
		.policy = xha_nl_peer_policy,
		.maxattr = XFRM_HA_PEER_MAX,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = XFRM_HA_CMD_PEER_GET,
		.doit = xha_nl_peer_get,
		.dumpit = xha_nl_peer_dump,
		.policy = xha_nl_peer_policy,
		.maxattr = XFRM_HA_PEER_MAX,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = XFRM_HA_CMD_GROUP_ADD,
		.doit = xha_nl_group_add,
		.policy = xha_nl_group_policy,
		.maxattr = XFRM_HA_GROUP_MAX,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = XFRM_HA_CMD_GROUP_SET,
		.doit = xha_nl_group_set,
		.policy = xha_nl_group_policy,
		.maxattr = XFRM_HA_GROUP_MAX,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = XFRM_HA_CMD_GROUP_DEL,
		.doit = xha_nl_group_del,
		.policy = xha_nl_group_policy,
		.maxattr = XFRM_HA_GROUP_MAX,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = XFRM_HA_CMD_GROUP_GET,
		.doit = xha_nl_group_get,
		.dumpit = xha_nl_group_dump,
		.policy = xha_nl_group_policy,
		.maxattr = XFRM_HA_GROUP_MAX,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = XFRM_HA_CMD_SA_GET,
		.dumpit = xha_nl_sa_dump,
		.policy = xha_nl_sa_policy,
		.maxattr = XFRM_HA_SA_MAX,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = XFRM_HA_CMD_STATS_GET,
		.doit = xha_nl_stats_get,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = XFRM_HA_CMD_RESYNC,
		.doit = xha_nl_resync,
		.policy = xha_nl_group_policy,
		.maxattr = XFRM_HA_GROUP_MAX,
		.flags = GENL_UNS_ADMIN_PERM,
	},
};

/* Index 0 is what event.c sends to. */
static const struct genl_multicast_group xha_nl_mcgrps[] = {
	{ .name = XFRM_HA_GENL_MCGRP, .flags = GENL_MCAST_CAP_NET_ADMIN },
};

/* No resv_start_op: the headers of all commands are validated, from the first. */
struct genl_family xha_nl_family __ro_after_init = {
	.name = XFRM_HA_GENL_NAME,
	.version = XFRM_HA_GENL_VERSION,
	.netnsok = true,
	.parallel_ops = true,
	.module = THIS_MODULE,
	.ops = xha_nl_ops,
	.n_ops = ARRAY_SIZE(xha_nl_ops),
	.mcgrps = xha_nl_mcgrps,
	.n_mcgrps = ARRAY_SIZE(xha_nl_mcgrps),
};

static bool xha_nl_registered;

int __init xha_nl_init(void)
{
	int err = genl_register_family(&xha_nl_family);

	if (!err)
		WRITE_ONCE(xha_nl_registered, true);
	return err;
}

void xha_nl_exit(void)
{
	WRITE_ONCE(xha_nl_registered, false);
	genl_unregister_family(&xha_nl_family);
}

/**
 * xha_nl_listened - does anybody wait for events?
 * @net: namespace
 *
 * The module may have events before the family is registered and after it is
 * not: then its numbers may already be those of another family.
 *
 * Return: true if an event would reach somebody.
 */
bool xha_nl_listened(struct net *net)
{
	return READ_ONCE(xha_nl_registered) &&
	       genl_has_listeners(&xha_nl_family, net, 0);
}

/**
 * xha_nl_refuse - say why a request is refused
 * @extack: where to, or NULL
 * @attr: the attribute that is to blame, or NULL
 * @text: why; has to outlive the request, so it is a constant
 * @err: negative errno
 *
 * NL_SET_ERR_MSG() takes literals only, and the kernels before 6.3 have no
 * NL_SET_ERR_MSG_FMT().
 *
 * Return: @err
 */
int xha_nl_refuse(struct netlink_ext_ack *extack, const struct nlattr *attr,
		  const char *text, int err)
{
	if (extack) {
		extack->_msg = text;
		if (attr)
			extack->bad_attr = attr;
	}
	return err;
}

/**
 * xha_nl_only - refuse attributes that a command does not take
 * @attrs: by type
 * @max: highest type, below 64
 * @allowed: bit by type
 * @text: why others are refused
 * @extack: where to say so
 *
 * Return: 0 or -EINVAL
 */
int xha_nl_only(struct nlattr **attrs, int max, u64 allowed, const char *text,
		struct netlink_ext_ack *extack)
{
	int i;

	for (i = 1; i <= max; i++)
		if (attrs[i] && !(allowed & BIT_ULL(i)))
			return xha_nl_refuse(extack, attrs[i], text, -EINVAL);
	return 0;
}

int xha_nl_knob(const struct nlattr *attr, enum xha_knob knob, u32 *value,
		struct netlink_ext_ack *extack)
{
	const char *wrong;

	if (!attr)
		return 0;
	wrong = xha_knob_wrong(knob, nla_get_u32(attr));
	if (wrong)
		return xha_nl_refuse(extack, attr, wrong, -ERANGE);
	*value = nla_get_u32(attr);
	return 0;
}

int xha_nl_put_counter(struct sk_buff *skb, const char *name, u64 value)
{
	struct nlattr *nest = nla_nest_start(skb, XFRM_HA_LIST_COUNTER);

	if (!nest || nla_put_string(skb, XFRM_HA_COUNTER_NAME, name) ||
	    nla_put_u64_64bit(skb, XFRM_HA_COUNTER_VALUE, value,
			      XFRM_HA_COUNTER_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}
