// SPDX-License-Identifier: GPL-2.0
/* Netlink: groups. */
#include <linux/delay.h>
#include <linux/slab.h>

#include "nl_addr.h"
#include "park.h"
#include "peer.h"

const struct nla_policy xha_nl_group_policy[XFRM_HA_GROUP_MAX + 1] = {
	[XFRM_HA_GROUP_NAME] = { .type = NLA_NUL_STRING,
				 .len = XFRM_HA_LIMIT_NAME },
	[XFRM_HA_GROUP_VIPS] = NLA_POLICY_NESTED(xha_nl_vips_policy),
	[XFRM_HA_GROUP_LOCALS] = NLA_POLICY_NESTED(xha_nl_addrs_policy),
	[XFRM_HA_GROUP_INSTALL] = { .type = NLA_U8 },
	[XFRM_HA_GROUP_POLICIES] = { .type = NLA_U8 },
	[XFRM_HA_GROUP_SYNC_PERIOD_TIME] = { .type = NLA_U32 },
	[XFRM_HA_GROUP_SYNC_PERIOD_PACKETS] = { .type = NLA_U32 },
	[XFRM_HA_GROUP_OSEQ_SHIFT] = { .type = NLA_U32 },
	[XFRM_HA_GROUP_REPLAY_ADVANCE] = { .type = NLA_U32 },
	[XFRM_HA_GROUP_SET_ROLE] = { .type = NLA_U8 },
	[XFRM_HA_GROUP_FORCE] = { .type = NLA_FLAG },
	[XFRM_HA_GROUP_ADD_VIP] = NLA_POLICY_NESTED(xha_nl_vip_policy),
	[XFRM_HA_GROUP_DEL_VIP] = NLA_POLICY_NESTED(xha_nl_vip_policy),
	[XFRM_HA_GROUP_ADD_LOCAL] = { .type = NLA_BINARY,
				      .len = sizeof(struct in6_addr) },
	[XFRM_HA_GROUP_DEL_LOCAL] = { .type = NLA_BINARY,
				      .len = sizeof(struct in6_addr) },
};

#define A(attr)	BIT_ULL(XFRM_HA_GROUP_##attr)

#define XHA_ATTRS_KNOBS							\
	(A(INSTALL) | A(POLICIES) | A(SYNC_PERIOD_TIME) |		\
	 A(SYNC_PERIOD_PACKETS) | A(OSEQ_SHIFT) | A(REPLAY_ADVANCE))
#define XHA_ATTRS_ADD	(A(NAME) | A(VIPS) | A(LOCALS) | XHA_ATTRS_KNOBS)

static const char *read_name(struct genl_info *info)
{
	struct nlattr *attr = info->attrs[XFRM_HA_GROUP_NAME];
	const char *wrong;
	int err = 0;

	if (!attr) {
		err = xha_nl_refuse(info->extack, NULL,
				    "the name of the group is missing",
				    -EINVAL);
		return ERR_PTR(err);
	}
	wrong = xha_name_wrong(nla_data(attr));
	if (wrong)
		err = xha_nl_refuse(info->extack, attr, wrong, -EINVAL);
	return err ? ERR_PTR(err) : nla_data(attr);
}

/**
 * xha_nl_group - the group that a request means
 * @xn: node, cfg held
 * @info: request
 *
 * Return: the group, or an error with extack set.
 */
struct xha_group *xha_nl_group(struct xha_net *xn, struct genl_info *info)
{
	const char *name = read_name(info);
	struct xha_group *g;
	int err;

	if (IS_ERR(name))
		return ERR_CAST(name);
	g = xha_group_by_name(xn, name);
	if (g)
		return g;
	err = xha_nl_refuse(info->extack, info->attrs[XFRM_HA_GROUP_NAME],
			    "there is no group of this name", -ENOENT);
	return ERR_PTR(err);
}

static int read_choices(struct genl_info *info, struct xha_group_conf *c)
{
	struct nlattr *install = info->attrs[XFRM_HA_GROUP_INSTALL];
	struct nlattr *policies = info->attrs[XFRM_HA_GROUP_POLICIES];

	if (install)
		c->install = nla_get_u8(install);
	if (c->install > XFRM_HA_INSTALL_DAEMON)
		return xha_nl_refuse(info->extack, install,
				     "install: kernel or daemon", -EINVAL);
	if (policies)
		c->policies = nla_get_u8(policies);
	if (c->policies > XFRM_HA_POLICIES_OFF)
		return xha_nl_refuse(info->extack, policies,
				     "policies: hot, takeover or off", -EINVAL);
	return 0;
}

/* What is not given stays as it is in @c. */
static int read_knobs(struct genl_info *info, struct xha_group_conf *c)
{
	struct netlink_ext_ack *extack = info->extack;
	struct nlattr **a = info->attrs;

	return read_choices(info, c) ?:
	       xha_nl_knob(a[XFRM_HA_GROUP_SYNC_PERIOD_TIME],
			   XHA_KNOB_SYNC_PERIOD_TIME, &c->period_time,
			   extack) ?:
	       xha_nl_knob(a[XFRM_HA_GROUP_SYNC_PERIOD_PACKETS],
			   XHA_KNOB_SYNC_PERIOD_PACKETS, &c->period_packets,
			   extack) ?:
	       xha_nl_knob(a[XFRM_HA_GROUP_OSEQ_SHIFT], XHA_KNOB_OSEQ_SHIFT,
			   &c->oseq_shift, extack) ?:
	       xha_nl_knob(a[XFRM_HA_GROUP_REPLAY_ADVANCE],
			   XHA_KNOB_REPLAY_ADVANCE, &c->advance, extack);
}

static int read_conf(struct genl_info *info, struct xha_group_conf *c)
{
	const char *name = read_name(info);
	int err;

	if (IS_ERR(name))
		return PTR_ERR(name);
	xha_group_conf_init(c);
	strscpy(c->name, name, sizeof(c->name));
	err = xha_nl_only(info->attrs, XFRM_HA_GROUP_MAX, XHA_ATTRS_ADD,
			  "this goes with 'group set'", info->extack) ?:
	      read_knobs(info, c) ?:
	      xha_nl_vips(info->attrs[XFRM_HA_GROUP_VIPS], c->vips, &c->nvips,
			  info->extack) ?:
	      xha_nl_addrs(info->attrs[XFRM_HA_GROUP_LOCALS], c->locals,
			   XFRM_HA_LIMIT_ADDRS, &c->nlocals, info->extack);
	if (err)
		return err;
	if (!c->nvips && !c->nlocals)
		return xha_nl_refuse(info->extack, NULL,
				     "a group needs a vip or a local address",
				     -EINVAL);
	return 0;
}

int xha_nl_group_add(struct sk_buff *skb, struct genl_info *info)
{
	struct xha_net *xn = xha_pernet(genl_info_net(info));
	struct xha_group_conf *c;
	int err;

	c = kzalloc(sizeof(*c), GFP_KERNEL);
	if (!c)
		return -ENOMEM;
	err = read_conf(info, c);
	if (!err) {
		mutex_lock(&xn->cfg);
		err = xha_group_add(xn, c, info->extack);
		mutex_unlock(&xn->cfg);
	}
	kfree(c);
	return err;
}

#define HANDOVER_WAIT	1000	/* ms */
#define HANDOVER_LOOK	5	/* ms */

/*
 * The active was asked to hand over: soon this node is active, or it is not to
 * wait any more. The group stays, by xha_net.cfg; xha_net.lock is let go and
 * taken again.
 */
static void await_handover(struct xha_group *g)
{
	u64 until = xha_now_ms() + HANDOVER_WAIT;

	while (g->asking && xha_now_ms() < until) {
		mutex_unlock(&g->xn->lock);
		msleep(HANDOVER_LOOK);
		mutex_lock(&g->xn->lock);
	}
	g->asking = false;
}

static int set_role(struct xha_group *g, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[XFRM_HA_GROUP_SET_ROLE];
	bool force = info->attrs[XFRM_HA_GROUP_FORCE];
	enum xha_role_event event;
	bool was_active;
	int err;

	switch (nla_get_u8(attr)) {
	case XFRM_HA_ROLE_ACTIVE:
		event = XHA_EV_SET_ACTIVE;
		break;
	case XFRM_HA_ROLE_STANDBY:
		event = XHA_EV_SET_STANDBY;
		break;
	default:
		return xha_nl_refuse(info->extack, attr,
				     "a role to set is active or standby",
				     -EINVAL);
	}
	mutex_lock(&g->xn->lock);
	was_active = xha_group_active(g);
	if (event == XHA_EV_SET_ACTIVE && !force && xha_handover_ask(g))
		await_handover(g);
	err = xha_group_event(g, event, force,
			      force ? "group set, forced" : "group set",
			      info->extack);
	if (was_active && !xha_group_active(g))
		xha_handover_offer(g, false);
	mutex_unlock(&g->xn->lock);
	return err;
}

static void change_knobs(struct xha_group *g, const struct xha_group_conf *c)
{
	mutex_lock(&g->xn->lock);
	xha_park_change(g, c->policies);
	g->period_time = c->period_time;
	g->period_packets = c->period_packets;
	g->oseq_shift = c->oseq_shift;
	g->advance = c->advance;
	mutex_unlock(&g->xn->lock);
}

/* All are validated before the first is changed. */
static int set_knobs(struct xha_group *g, struct genl_info *info)
{
	struct xha_group_conf *c = kzalloc(sizeof(*c), GFP_KERNEL);
	int err;

	if (!c)
		return -ENOMEM;
	c->install = g->install;
	c->policies = g->policies;
	c->period_time = g->period_time;
	c->period_packets = g->period_packets;
	c->oseq_shift = g->oseq_shift;
	c->advance = g->advance;
	err = read_knobs(info, c);
	/* Whose the copies are that are there already would be anybody's guess. */
	if (!err && c->install != g->install)
		err = xha_nl_refuse(info->extack, info->attrs[XFRM_HA_GROUP_INSTALL],
				    "install is chosen when the group is added",
				    -EBUSY);
	if (!err)
		change_knobs(g, c);
	kfree(c);
	return err;
}

static int set_vip(struct xha_group *g, struct genl_info *info, int type,
		   int (*change)(struct xha_group *g, const struct xha_vip *vip,
				 struct netlink_ext_ack *extack))
{
	struct xha_vip vip;
	int err;

	err = xha_nl_vip(info->attrs[type], &vip, info->extack);
	return err ?: change(g, &vip, info->extack);
}

static int set_local(struct xha_group *g, struct genl_info *info, int type,
		     int (*change)(struct xha_group *g,
				   const struct xha_addr *addr,
				   struct netlink_ext_ack *extack))
{
	struct xha_addr addr;
	int err;

	err = xha_nl_addr(info->attrs[type], &addr, info->extack);
	return err ?: change(g, &addr, info->extack);
}

/* One request is one kind of change, so that it is done or refused as a whole. */
static int alter(struct xha_group *g, struct genl_info *info)
{
	u64 given = 0;
	int i;

	for (i = 1; i <= XFRM_HA_GROUP_MAX; i++)
		if (info->attrs[i] && i != XFRM_HA_GROUP_NAME)
			given |= BIT_ULL(i);
	switch (given) {
	case 0:
		return xha_nl_refuse(info->extack, NULL, "nothing to set",
				     -EINVAL);
	case A(FORCE):
		return xha_nl_refuse(info->extack,
				     info->attrs[XFRM_HA_GROUP_FORCE],
				     "force goes with a role", -EINVAL);
	case A(SET_ROLE):
	case A(SET_ROLE) | A(FORCE):
		return set_role(g, info);
	case A(ADD_VIP):
		return set_vip(g, info, XFRM_HA_GROUP_ADD_VIP,
			       xha_group_vip_add);
	case A(DEL_VIP):
		return set_vip(g, info, XFRM_HA_GROUP_DEL_VIP,
			       xha_group_vip_del);
	case A(ADD_LOCAL):
		return set_local(g, info, XFRM_HA_GROUP_ADD_LOCAL,
				 xha_group_local_add);
	case A(DEL_LOCAL):
		return set_local(g, info, XFRM_HA_GROUP_DEL_LOCAL,
				 xha_group_local_del);
	}
	if (!(given & ~XHA_ATTRS_KNOBS))
		return set_knobs(g, info);
	return xha_nl_refuse(info->extack, NULL,
			     "one change at a time: a role, an address, or knobs",
			     -EINVAL);
}

static int del(struct xha_group *g, struct genl_info *info)
{
	return xha_group_del(g->xn, g, info->extack);
}

static int resync(struct xha_group *g, struct genl_info *info)
{
	return xha_node_resync(g->xn, g, info->extack);
}

static int with_group(struct genl_info *info,
		      int (*what)(struct xha_group *g, struct genl_info *info))
{
	struct xha_net *xn = xha_pernet(genl_info_net(info));
	struct xha_group *g;
	int err;

	mutex_lock(&xn->cfg);
	g = xha_nl_group(xn, info);
	err = IS_ERR(g) ? PTR_ERR(g) : what(g, info);
	mutex_unlock(&xn->cfg);
	return err;
}

int xha_nl_group_set(struct sk_buff *skb, struct genl_info *info)
{
	return with_group(info, alter);
}

int xha_nl_group_del(struct sk_buff *skb, struct genl_info *info)
{
	return with_group(info, del);
}

int xha_nl_resync(struct sk_buff *skb, struct genl_info *info)
{
	return with_group(info, resync);
}
