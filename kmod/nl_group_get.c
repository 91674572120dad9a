// SPDX-License-Identifier: GPL-2.0
/* Netlink: showing groups. */
#include "nl_addr.h"

static int put_u64(struct sk_buff *skb, int type, u64 value)
{
	return nla_put_u64_64bit(skb, type, value, XFRM_HA_GROUP_PAD);
}

static int put_text(struct sk_buff *skb, int type, const char *text)
{
	return text ? nla_put_string(skb, type, text) : 0;
}

static int fill_knobs(struct sk_buff *skb, const struct xha_group *g)
{
	return nla_put_string(skb, XFRM_HA_GROUP_NAME, g->name) ?:
	       nla_put_u8(skb, XFRM_HA_GROUP_INSTALL, g->install) ?:
	       nla_put_u8(skb, XFRM_HA_GROUP_POLICIES, g->policies) ?:
	       nla_put_u32(skb, XFRM_HA_GROUP_SYNC_PERIOD_TIME,
			   g->period_time) ?:
	       nla_put_u32(skb, XFRM_HA_GROUP_SYNC_PERIOD_PACKETS,
			   g->period_packets) ?:
	       nla_put_u32(skb, XFRM_HA_GROUP_OSEQ_SHIFT, g->oseq_shift) ?:
	       nla_put_u32(skb, XFRM_HA_GROUP_REPLAY_ADVANCE, g->advance);
}

static int fill_addrs(struct sk_buff *skb, const struct xha_group *g)
{
	struct nlattr *nest = nla_nest_start(skb, XFRM_HA_GROUP_VIPS);
	unsigned int i;

	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < g->nvips; i++)
		if (xha_nl_put_vip(skb, &g->vips[i]))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	nest = nla_nest_start(skb, XFRM_HA_GROUP_LOCALS);
	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < g->nlocals; i++)
		if (xha_nl_put_addr(skb, XFRM_HA_LIST_ADDR,
				    g->locals[i].family, &g->locals[i].a))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int fill_policies(struct sk_buff *skb, const struct xha_group *g)
{
	const char *why = NULL;
	u32 left = xha_group_policies_left(g, &why);

	return nla_put_u32(skb, XFRM_HA_GROUP_POLICY_COUNT, g->npols) ?:
	       nla_put_u32(skb, XFRM_HA_GROUP_POLICIES_LEFT, left) ?:
	       put_text(skb, XFRM_HA_GROUP_POLICIES_WHY, why);
}

static int fill_state(struct sk_buff *skb, struct xha_group *g, u64 now)
{
	return nla_put_u8(skb, XFRM_HA_GROUP_ROLE, g->role) ?:
	       nla_put_u8(skb, XFRM_HA_GROUP_SYNC, g->sync) ?:
	       put_u64(skb, XFRM_HA_GROUP_TERM, g->term) ?:
	       put_u64(skb, XFRM_HA_GROUP_SINCE, xha_nl_age(now, g->since)) ?:
	       nla_put_u32(skb, XFRM_HA_GROUP_SAS, g->nsas) ?:
	       fill_policies(skb, g) ?:
	       nla_put_u32(skb, XFRM_HA_GROUP_NOT_REPLICATED,
			   xha_group_not_replicated(g)) ?:
	       put_text(skb, XFRM_HA_GROUP_WHY, xha_group_why(g)) ?:
	       put_text(skb, XFRM_HA_GROUP_CHECK, xha_group_check(g, false)) ?:
	       put_text(skb, XFRM_HA_GROUP_CHECK_REDUNDANT,
			xha_group_check(g, true));
}

/* Why a peer is not hot, as far as it is known here; NULL if it is. */
static const char *peer_reason(const struct xha_group *g,
			       const struct xha_peer *p,
			       const struct xha_sync *s)
{
	if (!xha_peer_up(p))
		return p->reason ?: "not in contact";
	if (s->mismatch)
		return s->mismatch;
	if (!s->known)
		return "it has not told of this group";
	if (s->heard.sync == XFRM_HA_SYNC_HOT || !xha_group_active(g) ||
	    s->heard.role == XFRM_HA_ROLE_ACTIVE)
		return NULL;
	if (s->state == XHA_SYNC_IDLE)
		return "it has not asked for a copy";
	if (!s->whole)
		return "its copy is not complete";
	if (xha_sync_pending(g, s))
		return "it has not acknowledged all objects";
	return "it has not acknowledged all leases";
}

static int fill_peer(struct sk_buff *skb, const struct xha_group *g,
		     const struct xha_peer *p, u64 now)
{
	const struct xha_sync *s = &g->peers[p->slot];
	struct nlattr *nest = nla_nest_start(skb, XFRM_HA_LIST_PEER);
	int err;

	if (!nest)
		return -EMSGSIZE;
	err = nla_put_u8(skb, XFRM_HA_GPEER_ID, p->conf.id) ?:
	      nla_put_u32(skb, XFRM_HA_GPEER_PENDING, xha_sync_pending(g, s)) ?:
	      nla_put_u32(skb, XFRM_HA_GPEER_REFUSED, s->refused) ?:
	      put_text(skb, XFRM_HA_GPEER_REASON, peer_reason(g, p, s));
	if (!err && xha_peer_up(p) && s->known)
		err = nla_put_u8(skb, XFRM_HA_GPEER_ROLE, s->heard.role) ?:
		      nla_put_u8(skb, XFRM_HA_GPEER_SYNC, s->heard.sync);
	if (!err && s->whole)
		err = nla_put_u64_64bit(skb, XFRM_HA_GPEER_LAG,
					xha_nl_age(now, min(s->objs_asof,
							    s->lease_asof)),
					XFRM_HA_GPEER_PAD);
	nla_nest_end(skb, nest);
	return err;
}

static int fill_peers(struct sk_buff *skb, const struct xha_group *g, u64 now)
{
	struct nlattr *nest = nla_nest_start(skb, XFRM_HA_GROUP_PEERS);
	struct xha_peer *p;
	int slot;

	if (!nest)
		return -EMSGSIZE;
	xha_for_each_peer(g->xn, slot, p)
		if (fill_peer(skb, g, p, now))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* Locks cfg and lock held. */
static int fill(struct sk_buff *skb, struct xha_group *g, u32 portid, u32 seq,
		int flags)
{
	void *hdr = genlmsg_put(skb, portid, seq, &xha_nl_family, flags,
				XFRM_HA_CMD_GROUP_GET);
	u64 now = xha_now_ms();

	if (!hdr)
		return -EMSGSIZE;
	if (fill_knobs(skb, g) || fill_addrs(skb, g) ||
	    fill_state(skb, g, now) || fill_peers(skb, g, now)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

static int get(struct sk_buff *msg, struct xha_net *xn, struct genl_info *info)
{
	struct xha_group *g;
	int err;

	mutex_lock(&xn->cfg);
	g = xha_nl_group(xn, info);
	if (IS_ERR(g)) {
		err = PTR_ERR(g);
	} else {
		mutex_lock(&xn->lock);
		err = fill(msg, g, info->snd_portid, info->snd_seq, 0);
		mutex_unlock(&xn->lock);
	}
	mutex_unlock(&xn->cfg);
	return err;
}

int xha_nl_group_get(struct sk_buff *skb, struct genl_info *info)
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

/* cb->args[0]: how many groups have been shown */
int xha_nl_group_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct xha_net *xn = xha_pernet(sock_net(cb->skb->sk));
	struct xha_group *g;
	int i = 0, err = 0;

	mutex_lock(&xn->cfg);
	mutex_lock(&xn->lock);
	list_for_each_entry(g, &xn->groups, node) {
		if (i++ < cb->args[0])
			continue;
		err = fill(skb, g, NETLINK_CB(cb->skb).portid,
			   cb->nlh->nlmsg_seq, NLM_F_MULTI);
		if (err)
			break;
		cb->args[0] = i;
	}
	mutex_unlock(&xn->lock);
	mutex_unlock(&xn->cfg);
	return skb->len ?: err;
}
