// SPDX-License-Identifier: GPL-2.0
/* Netlink: peers. */
#include "nl_addr.h"

const struct nla_policy xha_nl_peer_policy[XFRM_HA_PEER_MAX + 1] = {
	[XFRM_HA_PEER_ID] = { .type = NLA_U8 },
	[XFRM_HA_PEER_LOCAL] = NLA_POLICY_NESTED(xha_nl_addrs_policy),
	[XFRM_HA_PEER_REMOTE] = NLA_POLICY_NESTED(xha_nl_addrs_policy),
	[XFRM_HA_PEER_PORT] = { .type = NLA_U16 },
	[XFRM_HA_PEER_REMOTE_PORT] = { .type = NLA_U16 },
	[XFRM_HA_PEER_DEV] = { .type = NLA_NUL_STRING, .len = IFNAMSIZ - 1 },
	[XFRM_HA_PEER_TRANSPORT] = { .type = NLA_U8 },
	[XFRM_HA_PEER_HEARTBEAT] = { .type = NLA_U32 },
	[XFRM_HA_PEER_RTO_MIN] = { .type = NLA_U32 },
	[XFRM_HA_PEER_RTO_MAX] = { .type = NLA_U32 },
	[XFRM_HA_PEER_PATH_RETRANSMIT] = { .type = NLA_U32 },
	[XFRM_HA_PEER_ASSOC_RETRANSMIT] = { .type = NLA_U32 },
	[XFRM_HA_PEER_INSECURE] = { .type = NLA_FLAG },
	[XFRM_HA_PEER_KEY] = NLA_POLICY_EXACT_LEN(XFRM_HA_KEY_LEN),
};

static int read_id(struct genl_info *info, u8 *id)
{
	struct nlattr *attr = info->attrs[XFRM_HA_PEER_ID];
	const char *wrong;

	if (!attr)
		return xha_nl_refuse(info->extack, NULL,
				     "the id of the peer is missing", -EINVAL);
	*id = nla_get_u8(attr);
	wrong = xha_id_wrong(*id);
	return wrong ? xha_nl_refuse(info->extack, attr, wrong, -ERANGE) : 0;
}

/**
 * xha_nl_peer - the peer that a request means
 * @xn: node, cfg held
 * @info: request; its extack says why there is none
 *
 * Return: the peer or an ERR_PTR().
 */
struct xha_peer *xha_nl_peer(struct xha_net *xn, struct genl_info *info)
{
	struct xha_peer *p;
	u8 id;
	int err;

	err = read_id(info, &id);
	if (err)
		return ERR_PTR(err);
	p = xha_peer_by_id(xn, id);
	if (p)
		return p;
	err = xha_nl_refuse(info->extack, info->attrs[XFRM_HA_PEER_ID],
			    "there is no peer with this id", -ENOENT);
	return ERR_PTR(err);
}

static int read_end(struct genl_info *info, int type, const char *missing,
		    struct xha_addr *a, unsigned int *n)
{
	struct nlattr *list = info->attrs[type];
	int err = xha_nl_addrs(list, a, XFRM_HA_LIMIT_PATHS, n, info->extack);

	if (err || *n)
		return err;
	return xha_nl_refuse(info->extack, list, missing, -EINVAL);
}

static int read_transport(struct genl_info *info, struct xha_transport_conf *t)
{
	struct nlattr *attr = info->attrs[XFRM_HA_PEER_TRANSPORT];

	switch (attr ? nla_get_u8(attr) : XFRM_HA_TRANSPORT_UDP) {
	case XFRM_HA_TRANSPORT_UDP:
		t->ops = &xha_udp_ops;
		return 0;
	case XFRM_HA_TRANSPORT_SCTP:
		t->ops = &xha_sctp_ops;
		return 0;
	default:
		return xha_nl_refuse(info->extack, attr,
				     "transport: udp or sctp", -EINVAL);
	}
}

static int read_knobs(struct genl_info *info, struct xha_transport_conf *t)
{
	struct netlink_ext_ack *extack = info->extack;
	struct nlattr **attrs = info->attrs;

	if (t->ops != &xha_sctp_ops && (attrs[XFRM_HA_PEER_PATH_RETRANSMIT] ||
					attrs[XFRM_HA_PEER_ASSOC_RETRANSMIT]))
		return xha_nl_refuse(extack, NULL,
				     "path-retransmit and assoc-retransmit go with sctp",
				     -EINVAL);
	return xha_nl_knob(attrs[XFRM_HA_PEER_HEARTBEAT], XHA_KNOB_HEARTBEAT,
			   &t->heartbeat, extack) ?:
	       xha_nl_knob(attrs[XFRM_HA_PEER_RTO_MIN], XHA_KNOB_RTO_MIN,
			   &t->rto_min, extack) ?:
	       xha_nl_knob(attrs[XFRM_HA_PEER_RTO_MAX], XHA_KNOB_RTO_MAX,
			   &t->rto_max, extack) ?:
	       xha_nl_knob(attrs[XFRM_HA_PEER_PATH_RETRANSMIT], XHA_KNOB_PATH_RETRANSMIT,
			   &t->path_retransmit, extack) ?:
	       xha_nl_knob(attrs[XFRM_HA_PEER_ASSOC_RETRANSMIT], XHA_KNOB_ASSOC_RETRANSMIT,
			   &t->assoc_retransmit, extack);
}

static int read_link(struct genl_info *info, struct xha_transport_conf *t)
{
	struct nlattr *remote_port = info->attrs[XFRM_HA_PEER_REMOTE_PORT];
	struct nlattr *port = info->attrs[XFRM_HA_PEER_PORT];
	struct nlattr *dev = info->attrs[XFRM_HA_PEER_DEV];
	const char *wrong;
	int err;

	err = read_transport(info, t) ?:
	      read_end(info, XFRM_HA_PEER_LOCAL, "the local address is missing",
		       t->local, &t->nlocal) ?:
	      read_end(info, XFRM_HA_PEER_REMOTE, "the remote address is missing",
		       t->remote, &t->nremote) ?:
	      read_knobs(info, t);
	if (err)
		return err;
	if (dev) {
		nla_strscpy(t->dev, dev, sizeof(t->dev));
		if (!t->dev[0])
			return xha_nl_refuse(info->extack, dev,
					     "not a name of a device", -EINVAL);
	}
	t->port = port ? nla_get_u16(port) : XFRM_HA_PORT;
	t->remote_port = remote_port ? nla_get_u16(remote_port) : t->port;
	wrong = xha_link_wrong(t);
	return wrong ? xha_nl_refuse(info->extack, NULL, wrong, -EINVAL) : 0;
}

/* Which node this is, is looked at under cfg: see add(). */
static int read_conf(struct genl_info *info, struct xha_peer_conf *c)
{
	int err;

	xha_peer_conf_init(c);
	err = read_id(info, &c->id) ?: read_link(info, &c->addr);
	if (err)
		return err;
	c->insecure = info->attrs[XFRM_HA_PEER_INSECURE];
	if (c->insecure != !info->attrs[XFRM_HA_PEER_KEY])
		return xha_nl_refuse(info->extack, NULL,
				     "the link needs a key, or the word 'insecure'",
				     -EINVAL);
	if (!c->insecure)
		nla_memcpy(c->key, info->attrs[XFRM_HA_PEER_KEY], sizeof(c->key));
	return 0;
}

static int add(struct xha_net *xn, const struct xha_peer_conf *c,
	       struct genl_info *info)
{
	struct nlattr *id = info->attrs[XFRM_HA_PEER_ID];

	if (!xn->id)
		return xha_nl_refuse(info->extack, NULL,
				     "set the node id first", -EINVAL);
	if (c->id == xn->id)
		return xha_nl_refuse(info->extack, id,
				     "this node has that id itself", -EINVAL);
	return xha_peer_add(xn, c, info->extack);
}

/* The request's memory is freed as it is; with an error, it is sent back, too. */
static void forget_key(struct genl_info *info)
{
	struct nlattr *key = info->attrs[XFRM_HA_PEER_KEY];

	if (key)
		memzero_explicit(nla_data(key), nla_len(key));
}

int xha_nl_peer_add(struct sk_buff *skb, struct genl_info *info)
{
	struct xha_net *xn = xha_pernet(genl_info_net(info));
	struct xha_peer_conf c;
	int err;

	err = read_conf(info, &c);
	if (!err) {
		xha_transport_load(genl_info_net(info), &c.addr, !c.insecure);
		mutex_lock(&xn->cfg);
		err = add(xn, &c, info);
		mutex_unlock(&xn->cfg);
	}
	memzero_explicit(&c, sizeof(c));
	forget_key(info);
	return err;
}

#define XHA_PEER_KNOBS	(BIT_ULL(XFRM_HA_PEER_HEARTBEAT) |	\
			 BIT_ULL(XFRM_HA_PEER_RTO_MIN) |	\
			 BIT_ULL(XFRM_HA_PEER_RTO_MAX) |	\
			 BIT_ULL(XFRM_HA_PEER_PATH_RETRANSMIT) |	\
			 BIT_ULL(XFRM_HA_PEER_ASSOC_RETRANSMIT))

/* What a request may set, and does. */
static int alter_check(struct genl_info *info, const struct xha_peer *p)
{
	u64 settable = XHA_PEER_KNOBS | BIT_ULL(XFRM_HA_PEER_KEY);
	struct nlattr *key = info->attrs[XFRM_HA_PEER_KEY];
	int i, err;

	err = xha_nl_only(info->attrs, XFRM_HA_PEER_MAX,
			  BIT_ULL(XFRM_HA_PEER_ID) | settable,
			  "only knobs and key can be changed: delete the peer and add it again",
			  info->extack);
	if (err)
		return err;
	if (key && p->conf.insecure)
		return xha_nl_refuse(info->extack, key,
				     "the peer is insecure: delete it and add it with a key",
				     -EINVAL);
	for (i = 1; i <= XFRM_HA_PEER_MAX; i++)
		if (info->attrs[i] && settable & BIT_ULL(i))
			return 0;
	return xha_nl_refuse(info->extack, NULL, "nothing to set", -EINVAL);
}

static int alter(struct xha_net *xn, struct genl_info *info)
{
	struct nlattr *key = info->attrs[XFRM_HA_PEER_KEY];
	struct xha_peer *p = xha_nl_peer(xn, info);
	struct xha_transport_conf link;
	const char *wrong;
	int err;

	if (IS_ERR(p))
		return PTR_ERR(p);
	link = p->conf.addr;
	err = alter_check(info, p) ?: read_knobs(info, &link);
	if (err)
		return err;
	wrong = xha_link_wrong(&link);
	if (wrong)
		return xha_nl_refuse(info->extack, NULL, wrong, -EINVAL);
	mutex_lock(&xn->lock);
	/* Workers read the addresses without a lock: these stay what they are. */
	p->conf.addr = link;
	p->retune = true;
	if (key)
		xha_keys_set(p, nla_data(key));
	mutex_unlock(&xn->lock);
	xha_peer_kick(p);
	return 0;
}

int xha_nl_peer_set(struct sk_buff *skb, struct genl_info *info)
{
	struct xha_net *xn = xha_pernet(genl_info_net(info));
	int err;

	mutex_lock(&xn->cfg);
	err = alter(xn, info);
	mutex_unlock(&xn->cfg);
	forget_key(info);
	return err;
}

int xha_nl_peer_del(struct sk_buff *skb, struct genl_info *info)
{
	struct xha_net *xn = xha_pernet(genl_info_net(info));
	struct xha_peer *p;

	mutex_lock(&xn->cfg);
	p = xha_nl_peer(xn, info);
	if (!IS_ERR(p))
		xha_peer_del(xn, p);
	mutex_unlock(&xn->cfg);
	return PTR_ERR_OR_ZERO(p);
}
