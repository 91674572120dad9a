// SPDX-License-Identifier: GPL-2.0
/* Netlink: what peers are like; see nl_peer.c for what is done to them. */
#include "nl_addr.h"

static int put_u64(struct sk_buff *skb, int type, u64 value)
{
	return nla_put_u64_64bit(skb, type, value, XFRM_HA_PEER_PAD);
}

static int put_end(struct sk_buff *skb, int type, const struct xha_addr *a, unsigned int n)
{
	struct nlattr *nest = nla_nest_start(skb, type);
	unsigned int i;

	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < n; i++)
		if (xha_nl_put_addr(skb, XFRM_HA_LIST_ADDR, a[i].family, &a[i].a))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int fill_link(struct sk_buff *skb, const struct xha_transport_conf *t)
{
	int err;

	err = put_end(skb, XFRM_HA_PEER_LOCAL, t->local, t->nlocal) ?:
	      put_end(skb, XFRM_HA_PEER_REMOTE, t->remote, t->nremote) ?:
	      nla_put_u16(skb, XFRM_HA_PEER_PORT, t->port) ?:
	      nla_put_u16(skb, XFRM_HA_PEER_REMOTE_PORT, t->remote_port) ?:
	      nla_put_u8(skb, XFRM_HA_PEER_TRANSPORT, t->ops->kind) ?:
	      nla_put_u32(skb, XFRM_HA_PEER_HEARTBEAT, t->heartbeat) ?:
	      nla_put_u32(skb, XFRM_HA_PEER_RTO_MIN, t->rto_min) ?:
	      nla_put_u32(skb, XFRM_HA_PEER_RTO_MAX, t->rto_max);
	if (!err && t->ops == &xha_sctp_ops)
		err = nla_put_u32(skb, XFRM_HA_PEER_PATH_RETRANSMIT, t->path_retransmit) ?:
		      nla_put_u32(skb, XFRM_HA_PEER_ASSOC_RETRANSMIT, t->assoc_retransmit);
	if (!err && t->dev[0])
		err = nla_put_string(skb, XFRM_HA_PEER_DEV, t->dev);
	return err;
}

static int fill_conf(struct sk_buff *skb, const struct xha_peer_conf *c)
{
	int err = nla_put_u8(skb, XFRM_HA_PEER_ID, c->id) ?: fill_link(skb, &c->addr);

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
	if (!err && xha_peer_up(p) && p->keys.has_psk)
		err = put_u64(skb, XFRM_HA_PEER_KEY_AGE,
			      xha_nl_age(now, p->keys.now.born));
	/* srtt is in eighths of a microsecond */
	if (!err && xha_peer_up(p))
		err = nla_put_u32(skb, XFRM_HA_PEER_RTT,
				  p->srtt / 8);
	if (!err && xha_peer_up(p) && p->lacking[0] &&
	    now - p->lacking_at <= xha_session_limit(p))
		err = nla_put_string(skb, XFRM_HA_PEER_LACKING, p->lacking);
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
	p = xha_nl_peer(xn, info);
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
