/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reading and checking what users give: shared by the netlink files and the
 * module parameters, so that both accept and refuse the same.
 */
#ifndef _XHA_NL_ADDR_H
#define _XHA_NL_ADDR_H

#include "nl.h"

#define XHA_SAMPLE_PERIOD_MIN	10	/* ms */
#define XHA_SAMPLE_PERIOD_MAX	10000

enum xha_knob {
	XHA_KNOB_SAMPLE_PERIOD,
	XHA_KNOB_HEARTBEAT,
	XHA_KNOB_RTO_MIN,
	XHA_KNOB_RTO_MAX,
	XHA_KNOB_PATH_RETRANSMIT,
	XHA_KNOB_ASSOC_RETRANSMIT,
	XHA_KNOB_SYNC_PERIOD_TIME,
	XHA_KNOB_SYNC_PERIOD_PACKETS,
	XHA_KNOB_OSEQ_SHIFT,
	XHA_KNOB_REPLAY_ADVANCE,
	XHA_KNOB_MAX
};

/* Each of these returns what is wrong, for the user to read, or NULL. */
const char *xha_knob_wrong(enum xha_knob knob, u32 value);
const char *xha_name_wrong(const char *name);
const char *xha_addr_wrong(const struct xha_addr *a);
const char *xha_vip_wrong(const struct xha_vip *vip);
const char *xha_id_wrong(unsigned int id);
const char *xha_link_wrong(const struct xha_transport_conf *t);

/* Attributes to addresses and back. */
int xha_nl_addr(const struct nlattr *attr, struct xha_addr *a,
		struct netlink_ext_ack *extack);
int xha_nl_addrs(const struct nlattr *list, struct xha_addr *a, unsigned int max,
		 unsigned int *n, struct netlink_ext_ack *extack);
int xha_nl_vip(const struct nlattr *nest, struct xha_vip *vip,
	       struct netlink_ext_ack *extack);
int xha_nl_vips(const struct nlattr *list, struct xha_vip *vips,
		unsigned int *n, struct netlink_ext_ack *extack);
int xha_nl_put_addr(struct sk_buff *skb, int type, u16 family,
		    const xfrm_address_t *a);
int xha_nl_put_vip(struct sk_buff *skb, const struct xha_vip *vip);

extern const struct nla_policy xha_nl_addrs_policy[XFRM_HA_LIST_MAX + 1];
extern const struct nla_policy xha_nl_vip_policy[XFRM_HA_VIP_MAX + 1];
extern const struct nla_policy xha_nl_vips_policy[XFRM_HA_LIST_MAX + 1];

/* Ages for users: the clock may have moved between two readings of it. */
static inline u64 xha_nl_age(u64 now, u64 then)
{
	return now > then ? now - then : 0;
}

/* nl_peer.c, nl_group.c */
struct xha_peer *xha_nl_peer(struct xha_net *xn, struct genl_info *info);
struct xha_group *xha_nl_group(struct xha_net *xn, struct genl_info *info);

/* nl.c; @attr may be NULL: a knob then keeps its @value */
int xha_nl_refuse(struct netlink_ext_ack *extack, const struct nlattr *attr,
		  const char *text, int err);
int xha_nl_only(struct nlattr **attrs, int max, u64 allowed, const char *text,
		struct netlink_ext_ack *extack);
int xha_nl_knob(const struct nlattr *attr, enum xha_knob knob, u32 *value,
		struct netlink_ext_ack *extack);
int xha_nl_put_counter(struct sk_buff *skb, const char *name, u64 value);
bool xha_nl_listened(struct net *net);

#endif /* _XHA_NL_ADDR_H */
