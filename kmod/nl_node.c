// SPDX-License-Identifier: GPL-2.0
/* Netlink: the node itself and its counters. */
#include <linux/module.h>

#include "nl_addr.h"

const struct nla_policy xha_nl_node_policy[XFRM_HA_NODE_MAX + 1] = {
	[XFRM_HA_NODE_ID] = { .type = NLA_U8 },
	[XFRM_HA_NODE_SAMPLE_PERIOD] = { .type = NLA_U32 },
};

/* What is not given stays as it is: an id of 0 is still no id. */
static int alter(struct xha_net *xn, struct genl_info *info)
{
	struct nlattr *id = info->attrs[XFRM_HA_NODE_ID];
	u32 period = xn->sample_period;
	const char *wrong;
	int err;

	wrong = id ? xha_id_wrong(nla_get_u8(id)) : NULL;
	if (wrong)
		return xha_nl_refuse(info->extack, id, wrong, -ERANGE);
	err = xha_nl_knob(info->attrs[XFRM_HA_NODE_SAMPLE_PERIOD],
			  XHA_KNOB_SAMPLE_PERIOD, &period, info->extack);
	if (err)
		return err;
	return xha_node_set(xn, id ? nla_get_u8(id) : xn->id, period,
			    info->extack);
}

int xha_nl_node_set(struct sk_buff *skb, struct genl_info *info)
{
	struct xha_net *xn = xha_pernet(genl_info_net(info));
	int err;

	if (!info->attrs[XFRM_HA_NODE_ID] &&
	    !info->attrs[XFRM_HA_NODE_SAMPLE_PERIOD])
		return xha_nl_refuse(info->extack, NULL, "nothing to set",
				     -EINVAL);
	mutex_lock(&xn->cfg);
	err = alter(xn, info);
	mutex_unlock(&xn->cfg);
	return err;
}

static int node_fill(struct sk_buff *msg, struct xha_net *xn)
{
	const char *version = THIS_MODULE->version;
	int err;

	mutex_lock(&xn->cfg);
	err = nla_put_u8(msg, XFRM_HA_NODE_ID, xn->id) ?:
	      nla_put_u32(msg, XFRM_HA_NODE_SAMPLE_PERIOD, xn->sample_period);
	mutex_unlock(&xn->cfg);
	if (!err && version)
		err = nla_put_string(msg, XFRM_HA_NODE_MODULE_VERSION,
				     version);
	return err;
}

static int stats_fill(struct sk_buff *msg, struct xha_net *xn)
{
	struct nlattr *nest = nla_nest_start(msg, XFRM_HA_STATS_COUNTERS);
	int i;

	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < XHA_STAT_MAX; i++)
		if (xha_nl_put_counter(msg, xha_stat_names[i],
				       xha_stat_get(&xn->stats, i)))
			return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

static int reply(struct genl_info *info, u8 cmd,
		 int (*fill)(struct sk_buff *msg, struct xha_net *xn))
{
	struct sk_buff *msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	void *hdr;

	if (!msg)
		return -ENOMEM;
	hdr = genlmsg_put_reply(msg, info, &xha_nl_family, 0, cmd);
	if (!hdr || fill(msg, xha_pernet(genl_info_net(info)))) {
		nlmsg_free(msg);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);
}

int xha_nl_node_get(struct sk_buff *skb, struct genl_info *info)
{
	return reply(info, XFRM_HA_CMD_NODE_GET, node_fill);
}

int xha_nl_stats_get(struct sk_buff *skb, struct genl_info *info)
{
	return reply(info, XFRM_HA_CMD_STATS_GET, stats_fill);
}
