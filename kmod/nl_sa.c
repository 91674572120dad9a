// SPDX-License-Identifier: GPL-2.0
/* Netlink: SAs, what is known of each, and why one is not replicated. */
#include <linux/inetdevice.h>
#include <net/addrconf.h>
#include <net/route.h>

#include "nl_addr.h"
#include "snapshot.h"

#define XHA_WHY_MAX	160	/* two addresses and some words */

const struct nla_policy xha_nl_sa_policy[XFRM_HA_SA_MAX + 1] = {
	[XFRM_HA_SA_GROUP] = { .type = NLA_NUL_STRING,
			       .len = XFRM_HA_LIMIT_NAME },
	[XFRM_HA_SA_SPI] = { .type = NLA_U32 },
};

static const xfrm_address_t *sa_source(const struct xha_sa *s)
{
	return s->x ? &s->x->props.saddr : &s->saddr;
}

static bool is_local(struct net *net, u16 family, const xfrm_address_t *a)
{
	if (family == AF_INET)
		return inet_addr_type(net, a->a4) == RTN_LOCAL;
	return IS_ENABLED(CONFIG_IPV6) && ipv6_mod_enabled() &&
	       ipv6_chk_addr(net, &a->in6, NULL, 0);
}

static int print_addr(char *buf, size_t len, u16 family,
		      const xfrm_address_t *a)
{
	if (family == AF_INET)
		return scnprintf(buf, len, "%pI4", &a->a4);
	return scnprintf(buf, len, "%pI6c", &a->in6);
}

/* Which address a group would have to have. */
static void why_no_group(struct net *net, const struct xha_sa *s, char *buf)
{
	const xfrm_address_t *src = sa_source(s), *dst = &s->key.daddr;
	bool in = is_local(net, s->key.family, dst);
	bool out = is_local(net, s->key.family, src);
	size_t n;

	n = scnprintf(buf, XHA_WHY_MAX, "no group has local ");
	if (out || !in)
		n += print_addr(buf + n, XHA_WHY_MAX - n, s->key.family, src);
	if (out == in)
		n += scnprintf(buf + n, XHA_WHY_MAX - n, " or ");
	if (in || !out)
		print_addr(buf + n, XHA_WHY_MAX - n, s->key.family, dst);
}

static const char *result_text(u8 result)
{
	switch (result) {
	case XHA_RESULT_NO_ALG:
		return "an algorithm is not available";
	case XHA_RESULT_TAKEN:
		return "a local SA has this SPI";
	case XHA_RESULT_UNKNOWN_ATTR:
		return "it has an attribute or security context that is not known";
	case XHA_RESULT_INVALID:
		return "the kernel refused it";
	case XHA_RESULT_NO_GROUP:
		return "it is not of a group there";
	case XHA_RESULT_COUNTER:
		return "a counter jumps implausibly far";
	case XHA_RESULT_WAITING:
		return "the local daemon has not installed it";
	default:
		return "refused";
	}
}

/* The first peer that has refused it. */
static bool why_peer(struct xha_net *xn, const struct xha_obj *o, char *buf)
{
	struct xha_peer *p;
	int slot;

	xha_for_each_peer(xn, slot, p) {
		if (!xha_peer_up(p) || o->track[slot].result == XHA_RESULT_OK)
			continue;
		snprintf(buf, XHA_WHY_MAX, "at peer %u: %s", p->conf.id,
			 result_text(o->track[slot].result));
		return true;
	}
	return false;
}

/* Why an SA is not replicated, NULL if it is; @buf is XHA_WHY_MAX long. */
static const char *why_not(struct xha_net *xn, struct xha_sa *s, char *buf)
{
	const struct xha_obj *o = &s->obj;

	if (o->why_not)
		return o->why_not;
	if (!o->group) {
		why_no_group(xn->net, s, buf);
		return buf;
	}
	/* Of one that was added here the copy may have been refused, too. */
	if (o->result != XHA_RESULT_OK) {
		snprintf(buf, XHA_WHY_MAX, "at this node: %s",
			 result_text(o->result));
		return buf;
	}
	if (o->origin == XFRM_HA_ORIGIN_LEARNED)
		return NULL;
	return why_peer(xn, o, buf) ? buf : NULL;
}

static int put_u64(struct sk_buff *skb, int type, u64 value)
{
	return nla_put_u64_64bit(skb, type, value, XFRM_HA_SA_PAD);
}

static void live_numbers(struct xfrm_state *x, u64 *oseq, u64 *seq)
{
	struct xha_replay r;

	spin_lock_bh(&x->lock);
	xha_snapshot_replay(x, &r);
	*oseq = xha_replay_oseq(&r);
	*seq = xha_replay_seq(&r);
	spin_unlock_bh(&x->lock);
}

/*
 * What every peer in contact has of an SA; with none in contact, what those go by
 * that may take over all the same. False if there is none such.
 */
static bool acked(struct xha_net *xn, const struct xha_obj *o, u64 *number)
{
	u64 promised = U64_MAX;
	struct xha_peer *p;
	bool any = false;
	int slot;

	*number = U64_MAX;
	xha_for_each_peer(xn, slot, p) {
		if (!xha_peer_up(p) && o->track[slot].promised)
			promised = min(promised, o->track[slot].promised);
		if (!xha_peer_up(p) ||
		    o->group->peers[slot].state < XHA_SYNC_COPY)
			continue;
		*number = min(*number, o->track[slot].acked);
		any = true;
	}
	if (!any)
		*number = promised;
	return any || promised != U64_MAX;
}

static int fill_own(struct sk_buff *skb, const struct xha_sa *s)
{
	return put_u64(skb, XFRM_HA_SA_LEASE, s->lease) ?:
	       put_u64(skb, XFRM_HA_SA_RATE, s->rate) ?:
	       put_u64(skb, XFRM_HA_SA_OVERRUNS, s->overruns) ?:
	       (s->capped ? nla_put_flag(skb, XFRM_HA_SA_CAPPED) : 0) ?:
	       (s->x && s->x->xso.dev ? nla_put_flag(skb, XFRM_HA_SA_OFFLOADED) : 0);
}

/* What XFRM would do with it, and a takeover does not. */
static int fill_limits(struct sk_buff *skb, const struct xha_sa *s)
{
	if (!s->x || !(s->x->props.extra_flags & XFRM_SA_XFLAG_OSEQ_MAY_WRAP))
		return 0;
	return nla_put_flag(skb, XFRM_HA_SA_MAY_WRAP);
}

/* What peers have of it: of interest while this node is active. */
static int fill_synced(struct sk_buff *skb, struct xha_net *xn,
		       const struct xha_sa *s, u64 seq)
{
	u64 number;

	if (!acked(xn, &s->obj, &number))
		return 0;
	if (s->dir == XFRM_HA_DIR_OUT)
		return put_u64(skb, XFRM_HA_SA_ACKED_LEASE, number);
	return put_u64(skb, XFRM_HA_SA_EXPOSURE, seq > number ? seq - number : 0);
}

static int fill_numbers(struct sk_buff *skb, struct xha_net *xn,
			const struct xha_sa *s)
{
	u64 oseq, seq = s->seq, rate = 0;
	int err = 0;

	if (s->x) {
		live_numbers(s->x, &oseq, &seq);
		err = put_u64(skb, XFRM_HA_SA_OSEQ, oseq) ?:
		      put_u64(skb, XFRM_HA_SA_SEQ, seq);
	}
	if (err)
		return err;
	if (xha_group_active(s->obj.group))
		err = fill_synced(skb, xn, s, seq);
	if (err)
		return err;
	if (s->obj.origin == XFRM_HA_ORIGIN_OWN)
		return fill_own(skb, s);
	/* The active sends no more than this, as it states. */
	if (s->view.pace.rate)
		rate = 1ULL << (s->view.pace.rate - 1);
	return put_u64(skb, XFRM_HA_SA_LEASE, s->view.base) ?:
	       put_u64(skb, XFRM_HA_SA_RATE, rate);
}

static int fill_key(struct sk_buff *skb, const struct xha_sa *s)
{
	const struct xha_sa_key *k = &s->key;

	return xha_nl_put_addr(skb, XFRM_HA_SA_SRC, k->family, sa_source(s)) ?:
	       xha_nl_put_addr(skb, XFRM_HA_SA_DST, k->family, &k->daddr) ?:
	       nla_put_u8(skb, XFRM_HA_SA_PROTO, k->proto) ?:
	       nla_put_be32(skb, XFRM_HA_SA_SPI, k->spi) ?:
	       nla_put_u8(skb, XFRM_HA_SA_DIR, s->dir) ?:
	       nla_put_u8(skb, XFRM_HA_SA_ORIGIN, s->obj.origin);
}

static int fill_sa(struct sk_buff *skb, struct xha_net *xn, struct xha_sa *s)
{
	const struct xha_group *g = s->obj.group;
	char buf[XHA_WHY_MAX];
	const char *why = why_not(xn, s, buf);
	int err;

	err = fill_key(skb, s);
	if (!err && g)
		err = nla_put_string(skb, XFRM_HA_SA_GROUP, g->name);
	if (!err && why)
		err = nla_put_string(skb, XFRM_HA_SA_NOT_REPLICATED, why);
	/* Of one that is not replicated nothing is measured. */
	if (err || !xha_obj_replicated(&s->obj))
		return err;
	return nla_put_u8(skb, XFRM_HA_SA_ROLE, g->role) ?:
	       fill_limits(skb, s) ?: fill_numbers(skb, xn, s);
}

static int fill(struct sk_buff *skb, struct xha_net *xn, struct xha_sa *s,
		const struct netlink_callback *cb)
{
	void *hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				cb->nlh->nlmsg_seq, &xha_nl_family,
				NLM_F_MULTI, XFRM_HA_CMD_SA_GET);

	if (!hdr)
		return -EMSGSIZE;
	if (fill_sa(skb, xn, s)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/**
 * struct filter - which SAs are wanted
 * @group: name of their group, NULL: any. By name, since the group itself may
 *	   go while the lock is let go.
 * @spi: their SPI, if @has_spi
 * @has_spi: only those with @spi
 */
struct filter {
	const char *group;
	__be32 spi;
	bool has_spi;
};

static bool wanted(const struct xha_obj *o, const struct filter *f)
{
	if (o->kind != XHA_KIND_SA || o->dead)
		return false;
	if (f->group && (!o->group || strcmp(o->group->name, f->group)))
		return false;
	return !f->has_spi ||
	       container_of(o, struct xha_sa, obj)->key.spi == f->spi;
}

/* cb->args[0]: the next id */
static int dump(struct sk_buff *skb, struct xha_net *xn,
		struct netlink_callback *cb, const struct filter *f)
{
	unsigned int looked = 0;
	struct xha_obj *o;
	u32 id = cb->args[0];

	while ((o = xha_obj_next(xn, &id))) {
		if (wanted(o, f) && fill(skb, xn, xha_obj_sa(o), cb))
			return -EMSGSIZE;
		cb->args[0] = id;
		if (!(++looked % XHA_CHUNK))
			xha_net_relax(xn);
	}
	return 0;
}

/*
 * The request is parsed anew for every part of the dump: where the parsed
 * attributes are kept differs between kernels, where the request is does not.
 */
int xha_nl_sa_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct xha_net *xn = xha_pernet(sock_net(cb->skb->sk));
	struct nlattr *tb[XFRM_HA_SA_MAX + 1];
	struct filter f = { };
	int err;

	err = genlmsg_parse(cb->nlh, &xha_nl_family, tb, XFRM_HA_SA_MAX,
			    xha_nl_sa_policy, cb->extack);
	if (err)
		return err;
	if (tb[XFRM_HA_SA_GROUP])
		f.group = nla_data(tb[XFRM_HA_SA_GROUP]);
	if (tb[XFRM_HA_SA_SPI]) {
		f.spi = nla_get_be32(tb[XFRM_HA_SA_SPI]);
		f.has_spi = true;
	}

	mutex_lock(&xn->lock);
	if (f.group && !cb->args[0] && !xha_group_by_name(xn, f.group))
		err = xha_nl_refuse(cb->extack, tb[XFRM_HA_SA_GROUP],
				    "there is no group of this name", -ENOENT);
	else
		err = dump(skb, xn, cb, &f);
	mutex_unlock(&xn->lock);
	return skb->len ?: err;
}
