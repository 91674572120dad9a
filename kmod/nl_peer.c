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

/* The peer that is meant, cfg held. */
static struct xha_peer *find(struct xha_net *xn, struct genl_info *info)
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

/* The one address of a list: with UDP there is no other path to go. */
static int read_end(struct genl_info *info, int type, const char *missing,
		    const char *several, struct xha_addr *a)
{
	struct nlattr *list = info->attrs[type];
	struct nlattr *attr;
	int n = 0, rem, err;

	if (list) {
		nla_for_each_nested(attr, list, rem) {
			if (n++)
				return xha_nl_refuse(info->extack, attr,
						     several, -EOPNOTSUPP);
			err = xha_nl_addr(attr, a, info->extack);
			if (err)
				return err;
		}
	}
	return n ? 0 : xha_nl_refuse(info->extack, list, missing, -EINVAL);
}

static int read_transport(struct genl_info *info, struct xha_transport_conf *t)
{
	struct nlattr *attr = info->attrs[XFRM_HA_PEER_TRANSPORT];
	u8 transport = attr ? nla_get_u8(attr) : XFRM_HA_TRANSPORT_UDP;

	switch (transport) {
	case XFRM_HA_TRANSPORT_UDP:
		t->ops = &xha_udp_ops;
		return 0;
	case XFRM_HA_TRANSPORT_SCTP:
		return xha_nl_refuse(info->extack, attr,
				     "SCTP is not supported yet", -EOPNOTSUPP);
	default:
		return xha_nl_refuse(info->extack, attr,
				     "transport: udp or sctp", -EINVAL);
	}
}

static int read_link(struct genl_info *info, struct xha_transport_conf *t)
{
	struct nlattr *remote_port = info->attrs[XFRM_HA_PEER_REMOTE_PORT];
	struct nlattr *port = info->attrs[XFRM_HA_PEER_PORT];
	struct nlattr *dev = info->attrs[XFRM_HA_PEER_DEV];
	struct xha_addr local, remote;
	u16 num = XFRM_HA_PORT;
	const char *wrong;
	int err;

	err = read_transport(info, t) ?:
	      read_end(info, XFRM_HA_PEER_LOCAL,
		       "the local address is missing",
		       "UDP has one local address", &local) ?:
	      read_end(info, XFRM_HA_PEER_REMOTE,
		       "the remote address is missing",
		       "UDP has one remote address", &remote);
	if (err)
		return err;
	if (dev) {
		nla_strscpy(t->dev, dev, sizeof(t->dev));
		if (!t->dev[0])
			return xha_nl_refuse(info->extack, dev,
					     "not a name of a device", -EINVAL);
	}
	if (port)
		num = nla_get_u16(port);
	xha_sockaddr_set(&t->local, &local, num);
	if (remote_port)
		num = nla_get_u16(remote_port);
	xha_sockaddr_set(&t->remote, &remote, num);
	wrong = xha_link_wrong(t);
	return wrong ? xha_nl_refuse(info->extack, NULL, wrong, -EINVAL) : 0;
}

/* Which node this is, is looked at under cfg: see add(). */
static int read_conf(struct genl_info *info, struct xha_peer_conf *c)
{
	int err;

	xha_peer_conf_init(c);
	err = read_id(info, &c->id) ?:
	      read_link(info, &c->addr) ?:
	      xha_nl_knob(info->attrs[XFRM_HA_PEER_HEARTBEAT],
			  XHA_KNOB_HEARTBEAT, &c->heartbeat, info->extack);
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

int xha_nl_peer_add(struct sk_buff *skb, struct genl_info *info)
{
	struct xha_net *xn = xha_pernet(genl_info_net(info));
	struct xha_peer_conf c;
	int err;

	err = read_conf(info, &c);
	if (err)
		return err;
	mutex_lock(&xn->cfg);
	err = add(xn, &c, info);
	mutex_unlock(&xn->cfg);
	memzero_explicit(&c, sizeof(c));
	return err;
}

static int alter(struct xha_net *xn, struct genl_info *info)
{
	struct nlattr *beat = info->attrs[XFRM_HA_PEER_HEARTBEAT];
	struct nlattr *key = info->attrs[XFRM_HA_PEER_KEY];
	struct xha_peer *p = find(xn, info);
	u32 heartbeat;
	int err;

	if (IS_ERR(p))
		return PTR_ERR(p);
	err = xha_nl_only(info->attrs, XFRM_HA_PEER_MAX,
			  BIT_ULL(XFRM_HA_PEER_ID) |
			  BIT_ULL(XFRM_HA_PEER_HEARTBEAT) |
			  BIT_ULL(XFRM_HA_PEER_KEY),
			  "only heartbeat and key can be changed: delete the peer and add it again",
			  info->extack);
	if (err)
		return err;
	if (!beat && !key)
		return xha_nl_refuse(info->extack, NULL, "nothing to set",
				     -EINVAL);
	if (key && p->conf.insecure)
		return xha_nl_refuse(info->extack, key,
				     "the peer is insecure: delete it and add it with a key",
				     -EINVAL);
	heartbeat = p->conf.heartbeat;
	err = xha_nl_knob(beat, XHA_KNOB_HEARTBEAT, &heartbeat, info->extack);
	if (err)
		return err;
	mutex_lock(&xn->lock);
	p->conf.heartbeat = heartbeat;
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
	return err;
}

int xha_nl_peer_del(struct sk_buff *skb, struct genl_info *info)
{
	struct xha_net *xn = xha_pernet(genl_info_net(info));
	struct xha_peer *p;

	mutex_lock(&xn->cfg);
	p = find(xn, info);
	if (!IS_ERR(p))
		xha_peer_del(xn, p);
	mutex_unlock(&xn->cfg);
	return PTR_ERR_OR_ZERO(p);
}

static int put_u64(struct sk_buff *skb, int type, u64 value)
{
	return nla_put_u64_64bit(skb, type, value, XFRM_HA_PEER_PAD);
}

static int put_end(struct sk_buff *skb, int list, int port,
		   const struct sockaddr_storage *ss)
{
	struct nlattr *nest = nla_nest_start(skb, list);
	struct xha_addr a;
	u16 num;

	xha_sockaddr_get(ss, &a, &num);
	if (!nest || xha_nl_put_addr(skb, XFRM_HA_LIST_ADDR, a.family, &a.a))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return nla_put_u16(skb, port, num);
}

static int fill_conf(struct sk_buff *skb, const struct xha_peer_conf *c)
{
	int err;

	err = nla_put_u8(skb, XFRM_HA_PEER_ID, c->id) ?:
	      put_end(skb, XFRM_HA_PEER_LOCAL, XFRM_HA_PEER_PORT,
		      &c->addr.local) ?:
	      put_end(skb, XFRM_HA_PEER_REMOTE, XFRM_HA_PEER_REMOTE_PORT,
		      &c->addr.remote) ?:
	      nla_put_u8(skb, XFRM_HA_PEER_TRANSPORT, XFRM_HA_TRANSPORT_UDP) ?:
	      nla_put_u32(skb, XFRM_HA_PEER_HEARTBEAT, c->heartbeat);
	if (!err && c->addr.dev[0])
		err = nla_put_string(skb, XFRM_HA_PEER_DEV, c->addr.dev);
	if (!err && c->insecure)
		err = nla_put_flag(skb, XFRM_HA_PEER_INSECURE);
	return err;
}

static int fill_session(struct sk_buff *skb, const struct xha_peer *p, u64 now)
{
	int err;

	err = nla_put_u8(skb, XFRM_HA_PEER_STATE, p->state) ?:
	      put_u64(skb, XFRM_HA_PEER_SINCE, xha_nl_age(now, p->since)) ?:
	      nla_put_u8(skb, XFRM_HA_PEER_VERSION, p->version);
	if (!err && !xha_peer_up(p) && p->reason)
		err = nla_put_string(skb, XFRM_HA_PEER_REASON, p->reason);
	if (!err && xha_peer_up(p))
		err = put_u64(skb, XFRM_HA_PEER_SESSION_AGE,
			      xha_nl_age(now, p->up_at));
	/* srtt is in eighths of a microsecond */
	if (!err && xha_peer_up(p))
		err = nla_put_u32(skb, XFRM_HA_PEER_RTT,
				  p->srtt / 8);
	if (!err && p->heard_at)
		err = put_u64(skb, XFRM_HA_PEER_LAST_HEARD,
			      xha_nl_age(now, p->heard_at));
	return err;
}

static int fill_traffic(struct sk_buff *skb, const struct xha_peer *p)
{
	struct nlattr *nest;
	int i, err;

	err = put_u64(skb, XFRM_HA_PEER_FRAMES_TX, p->frames_tx) ?:
	      put_u64(skb, XFRM_HA_PEER_FRAMES_RX, p->frames_rx) ?:
	      put_u64(skb, XFRM_HA_PEER_BYTES_TX, p->bytes_tx) ?:
	      put_u64(skb, XFRM_HA_PEER_BYTES_RX, p->bytes_rx) ?:
	      put_u64(skb, XFRM_HA_PEER_LOST, p->lost) ?:
	      put_u64(skb, XFRM_HA_PEER_RESENT, p->resent);
	if (err)
		return err;
	nest = nla_nest_start(skb, XFRM_HA_PEER_REJECTED);
	if (!nest)
		return -EMSGSIZE;
	for (i = XHA_STAT_DROP_SHORT; i <= XHA_STAT_DROP_RECORD; i++)
		if (xha_nl_put_counter(skb, xha_stat_names[i], p->rejected[i]))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* Locks cfg and lock held. */
static int fill(struct sk_buff *skb, const struct xha_peer *p, u32 portid,
		u32 seq, int flags)
{
	void *hdr = genlmsg_put(skb, portid, seq, &xha_nl_family, flags,
				XFRM_HA_CMD_PEER_GET);

	if (!hdr)
		return -EMSGSIZE;
	if (fill_conf(skb, &p->conf) || fill_session(skb, p, xha_now_ms()) ||
	    fill_traffic(skb, p)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

static int get(struct sk_buff *msg, struct xha_net *xn, struct genl_info *info)
{
	struct xha_peer *p;
	int err;

	mutex_lock(&xn->cfg);
	p = find(xn, info);
	if (IS_ERR(p)) {
		err = PTR_ERR(p);
	} else {
		mutex_lock(&xn->lock);
		err = fill(msg, p, info->snd_portid, info->snd_seq, 0);
		mutex_unlock(&xn->lock);
	}
	mutex_unlock(&xn->cfg);
	return err;
}

int xha_nl_peer_get(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	int err;

	if (!msg)
		return -ENOMEM;
	err = get(msg, xha_pernet(genl_info_net(info)), info);
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	return genlmsg_reply(msg, info);
}

/* cb->args[0]: the next slot */
int xha_nl_peer_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct xha_net *xn = xha_pernet(sock_net(cb->skb->sk));
	struct xha_peer *p;
	int slot, err = 0;

	mutex_lock(&xn->cfg);
	mutex_lock(&xn->lock);
	for (slot = cb->args[0]; slot < XFRM_HA_LIMIT_PEERS && !err; slot++) {
		p = xha_peer_slot(xn, slot);
		if (p)
			err = fill(skb, p, NETLINK_CB(cb->skb).portid,
				   cb->nlh->nlmsg_seq, NLM_F_MULTI);
	}
	mutex_unlock(&xn->lock);
	mutex_unlock(&xn->cfg);
	cb->args[0] = err ? slot - 1 : slot;
	return skb->len ?: err;
}
