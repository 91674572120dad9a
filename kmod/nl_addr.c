// SPDX-License-Identifier: GPL-2.0
/*
 * Checks of what users give. A check returns a text and not an errno: whoever
 * asks knows where the text has to go, into extack or into the kernel log.
 */
#include <linux/build_bug.h>
#include <linux/ctype.h>
#include <linux/in.h>
#include <linux/netdevice.h>
#include <linux/stringify.h>
#include <net/ipv6.h>

#include "nl_addr.h"

#define RANGE(word, min, max, unit)					\
	word ": " __stringify(min) ".." __stringify(max) unit

static const struct {
	u32 min;
	u32 max;
	const char *text;
} knobs[XHA_KNOB_MAX] = {
	[XHA_KNOB_SAMPLE_PERIOD] = {
		XHA_SAMPLE_PERIOD_MIN, XHA_SAMPLE_PERIOD_MAX,
		RANGE("sample-period", XHA_SAMPLE_PERIOD_MIN,
		      XHA_SAMPLE_PERIOD_MAX, " ms"),
	},
	[XHA_KNOB_HEARTBEAT] = {
		XHA_HEARTBEAT_MIN, XHA_HEARTBEAT_MAX,
		RANGE("heartbeat", XHA_HEARTBEAT_MIN, XHA_HEARTBEAT_MAX, " ms"),
	},
	[XHA_KNOB_RTO_MIN] = {
		XHA_RTO_LEAST, XHA_RTO_MOST,
		RANGE("rto-min", XHA_RTO_LEAST, XHA_RTO_MOST, " ms"),
	},
	[XHA_KNOB_RTO_MAX] = {
		XHA_RTO_LEAST, XHA_RTO_MOST,
		RANGE("rto-max", XHA_RTO_LEAST, XHA_RTO_MOST, " ms"),
	},
	[XHA_KNOB_PATH_RETRANSMIT] = {
		1, XHA_RETRANSMIT_MAX,
		RANGE("path-retransmit", 1, XHA_RETRANSMIT_MAX, ""),
	},
	[XHA_KNOB_ASSOC_RETRANSMIT] = {
		1, XHA_RETRANSMIT_MAX,
		RANGE("assoc-retransmit", 1, XHA_RETRANSMIT_MAX, ""),
	},
	[XHA_KNOB_SYNC_PERIOD_TIME] = {
		0, XHA_SYNC_PERIOD_TIME_MAX,
		RANGE("sync-period-time", 0, XHA_SYNC_PERIOD_TIME_MAX,
		      " ms, 0: off"),
	},
	[XHA_KNOB_SYNC_PERIOD_PACKETS] = { 0, U32_MAX, NULL },
	[XHA_KNOB_OSEQ_SHIFT] = {
		XHA_OSEQ_SHIFT_MIN, XHA_OSEQ_SHIFT_MAX,
		RANGE("oseq-shift", XHA_OSEQ_SHIFT_MIN, 268435456, ""),
	},
	[XHA_KNOB_REPLAY_ADVANCE] = {
		0, XHA_REPLAY_ADVANCE_MAX,
		RANGE("replay advance", 0, XHA_REPLAY_ADVANCE_MAX,
		      ", 0: restore"),
	},
};

static_assert(XHA_OSEQ_SHIFT_MAX == 268435456);

const char *xha_knob_wrong(enum xha_knob knob, u32 value)
{
	if (value >= knobs[knob].min && value <= knobs[knob].max)
		return NULL;
	return knobs[knob].text;
}

/* The kernel's isalnum() takes Latin-1 too. */
static bool name_char(char c)
{
	return isascii(c) && (isalnum(c) || strchr("._-", c));
}

const char *xha_name_wrong(const char *name)
{
	size_t len = strlen(name), n = 0;

	while (n < len && name_char(name[n]))
		n++;
	if (len && len <= XFRM_HA_LIMIT_NAME && name[0] != '-' && n == len)
		return NULL;
	return "a group's name is 1.." __stringify(XFRM_HA_LIMIT_NAME)
	       " of A-Z a-z 0-9 . _ -, the first no '-'";
}

static const char *addr4_wrong(__be32 a)
{
	if (ipv4_is_zeronet(a))
		return "an unspecified address is no address of a node";
	if (ipv4_is_multicast(a))
		return "a multicast address is no address of a node";
	if (ipv4_is_lbcast(a))
		return "a broadcast address is no address of a node";
	return NULL;
}

static const char *addr6_wrong(const struct in6_addr *a)
{
	if (ipv6_addr_any(a))
		return "an unspecified address is no address of a node";
	if (ipv6_addr_is_multicast(a))
		return "a multicast address is no address of a node";
	if (ipv6_addr_v4mapped(a))
		return "an IPv4-mapped address has to be given as IPv4";
	return NULL;
}

const char *xha_addr_wrong(const struct xha_addr *a)
{
	if (a->family == AF_INET)
		return addr4_wrong(a->a.a4);
	return addr6_wrong(&a->a.in6);
}

static bool linklocal(const struct xha_addr *a)
{
	return a->family == AF_INET6 &&
	       ipv6_addr_type(&a->a.in6) & IPV6_ADDR_LINKLOCAL;
}

/* The device need not exist: the VIP is absent as long as it does not. */
const char *xha_vip_wrong(const struct xha_vip *vip)
{
	const char *wrong = xha_addr_wrong(&vip->addr);

	if (wrong)
		return wrong;
	if (vip->dev[0] && !dev_valid_name(vip->dev))
		return "not a name of a device";
	if (!vip->dev[0] && linklocal(&vip->addr))
		return "a link-local VIP needs 'dev'";
	return NULL;
}

const char *xha_id_wrong(unsigned int id)
{
	if (id >= 1 && id <= XFRM_HA_LIMIT_NODE)
		return NULL;
	return "a node id is 1.." __stringify(XFRM_HA_LIMIT_NODE);
}

/* Addresses of one end; @family is that of all. */
static const char *end_wrong(const struct xha_addr *a, unsigned int n, u16 family, bool dev)
{
	const char *wrong;
	unsigned int i, j;

	for (i = 0; i < n; i++) {
		if (a[i].family != family)
			return "local and remote are not both IPv4 or both IPv6";
		wrong = xha_addr_wrong(&a[i]);
		if (wrong)
			return wrong;
		if (!dev && linklocal(&a[i]))
			return "a link-local address needs 'dev'";
		for (j = 0; j < i; j++)
			if (!memcmp(&a[i], &a[j], sizeof(*a)))
				return "an address is given twice";
	}
	return NULL;
}

static const char *paths_wrong(const struct xha_transport_conf *t)
{
	if (t->nlocal > t->ops->paths)
		return "UDP has one local address";
	if (t->nremote > t->ops->paths)
		return "UDP has one remote address";
	return t->rto_min > t->rto_max ? "rto-min is above rto-max" : NULL;
}

const char *xha_link_wrong(const struct xha_transport_conf *t)
{
	u16 family = t->local[0].family;
	const char *wrong;
	unsigned int i, j;

	wrong = paths_wrong(t) ?:
		end_wrong(t->local, t->nlocal, family, t->dev[0]) ?:
		end_wrong(t->remote, t->nremote, family, t->dev[0]);
	if (wrong)
		return wrong;
	if (!t->port || !t->remote_port)
		return "port: 1..65535";
	if (t->dev[0] && !dev_valid_name(t->dev))
		return "not a name of a device";
	for (i = 0; i < t->nlocal; i++)
		for (j = 0; j < t->nremote; j++)
			if (t->port == t->remote_port &&
			    !memcmp(&t->local[i], &t->remote[j], sizeof(t->local[i])))
				return "local and remote are the same";
	return NULL;
}

const struct nla_policy xha_nl_addrs_policy[XFRM_HA_LIST_MAX + 1] = {
	[XFRM_HA_LIST_ADDR] = { .type = NLA_BINARY,
				.len = sizeof(struct in6_addr) },
};

const struct nla_policy xha_nl_vip_policy[XFRM_HA_VIP_MAX + 1] = {
	[XFRM_HA_VIP_ADDR] = { .type = NLA_BINARY,
			       .len = sizeof(struct in6_addr) },
	[XFRM_HA_VIP_DEV] = { .type = NLA_NUL_STRING, .len = IFNAMSIZ - 1 },
};

const struct nla_policy xha_nl_vips_policy[XFRM_HA_LIST_MAX + 1] = {
	[XFRM_HA_LIST_VIP] = NLA_POLICY_NESTED(xha_nl_vip_policy),
};

int xha_nl_addr(const struct nlattr *attr, struct xha_addr *a,
		struct netlink_ext_ack *extack)
{
	const char *wrong;

	memset(a, 0, sizeof(*a));
	switch (nla_len(attr)) {
	case sizeof(struct in_addr):
		a->family = AF_INET;
		break;
	case sizeof(struct in6_addr):
		a->family = AF_INET6;
		break;
	default:
		return xha_nl_refuse(extack, attr,
				     "an address has 4 or 16 bytes", -EINVAL);
	}
	memcpy(&a->a, nla_data(attr), nla_len(attr));
	wrong = xha_addr_wrong(a);
	return wrong ? xha_nl_refuse(extack, attr, wrong, -EINVAL) : 0;
}

/* @a has room for @max. */
int xha_nl_addrs(const struct nlattr *list, struct xha_addr *a, unsigned int max,
		 unsigned int *n, struct netlink_ext_ack *extack)
{
	struct nlattr *attr;
	int rem, err;

	*n = 0;
	if (!list)
		return 0;
	nla_for_each_nested(attr, list, rem) {
		if (*n == max)
			return xha_nl_refuse(extack, attr, "too many addresses",
					     -E2BIG);
		err = xha_nl_addr(attr, &a[(*n)++], extack);
		if (err)
			return err;
	}
	return 0;
}

int xha_nl_vip(const struct nlattr *nest, struct xha_vip *vip,
	       struct netlink_ext_ack *extack)
{
	struct nlattr *tb[XFRM_HA_VIP_MAX + 1];
	const char *wrong;
	int err;

	memset(vip, 0, sizeof(*vip));
	err = nla_parse_nested(tb, XFRM_HA_VIP_MAX, nest, xha_nl_vip_policy,
			       extack);
	if (err)
		return err;
	if (!tb[XFRM_HA_VIP_ADDR])
		return xha_nl_refuse(extack, nest, "the VIP has no address",
				     -EINVAL);
	err = xha_nl_addr(tb[XFRM_HA_VIP_ADDR], &vip->addr, extack);
	if (err)
		return err;
	if (tb[XFRM_HA_VIP_DEV])
		nla_strscpy(vip->dev, tb[XFRM_HA_VIP_DEV], sizeof(vip->dev));
	wrong = xha_vip_wrong(vip);
	return wrong ? xha_nl_refuse(extack, nest, wrong, -EINVAL) : 0;
}

/* @vips has room for XFRM_HA_LIMIT_ADDRS. */
int xha_nl_vips(const struct nlattr *list, struct xha_vip *vips,
		unsigned int *n, struct netlink_ext_ack *extack)
{
	struct nlattr *attr;
	int rem, err;

	*n = 0;
	if (!list)
		return 0;
	nla_for_each_nested(attr, list, rem) {
		if (*n == XFRM_HA_LIMIT_ADDRS)
			return xha_nl_refuse(extack, attr, "too many VIPs",
					     -E2BIG);
		err = xha_nl_vip(attr, &vips[(*n)++], extack);
		if (err)
			return err;
	}
	return 0;
}

int xha_nl_put_addr(struct sk_buff *skb, int type, u16 family,
		    const xfrm_address_t *a)
{
	return nla_put(skb, type, family == AF_INET ? sizeof(struct in_addr) :
						      sizeof(struct in6_addr),
		       a);
}

int xha_nl_put_vip(struct sk_buff *skb, const struct xha_vip *vip)
{
	struct nlattr *nest = nla_nest_start(skb, XFRM_HA_LIST_VIP);
	int err;

	if (!nest)
		return -EMSGSIZE;
	err = xha_nl_put_addr(skb, XFRM_HA_VIP_ADDR, vip->addr.family,
			      &vip->addr.a);
	if (!err && vip->dev[0])
		err = nla_put_string(skb, XFRM_HA_VIP_DEV, vip->dev);
	if (!err && vip->present)
		err = nla_put_flag(skb, XFRM_HA_VIP_PRESENT);
	if (!err && !vip->present && vip->why)
		err = nla_put_string(skb, XFRM_HA_VIP_REASON, vip->why);
	nla_nest_end(skb, nest);
	return err;
}
