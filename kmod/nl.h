/* SPDX-License-Identifier: GPL-2.0 */
/* The generic netlink family, and module parameters that do the same. */
#ifndef _XHA_NL_H
#define _XHA_NL_H

#include <net/genetlink.h>
#include <net/netlink.h>

#include "group.h"
#include "obj.h"
#include "peer.h"

extern struct genl_family xha_nl_family;

int xha_nl_init(void);
void xha_nl_exit(void);

/* Module parameters; the initial namespace only. */
int xha_params_apply(struct xha_net *xn);

/* node.c: configuration of the node itself; xha_net.cfg held */
int xha_node_set(struct xha_net *xn, u8 id, u32 sample_period,
		 struct netlink_ext_ack *extack);
/* Asks for a new copy of a group; xha_net.cfg held. */
int xha_node_resync(struct xha_net *xn, struct xha_group *g,
		    struct netlink_ext_ack *extack);

/* Handlers by object, for the table in nl.c. */
int xha_nl_node_set(struct sk_buff *skb, struct genl_info *info);
int xha_nl_node_get(struct sk_buff *skb, struct genl_info *info);
int xha_nl_stats_get(struct sk_buff *skb, struct genl_info *info);
int xha_nl_peer_add(struct sk_buff *skb, struct genl_info *info);
int xha_nl_peer_set(struct sk_buff *skb, struct genl_info *info);
int xha_nl_peer_del(struct sk_buff *skb, struct genl_info *info);
int xha_nl_peer_get(struct sk_buff *skb, struct genl_info *info);
int xha_nl_peer_dump(struct sk_buff *skb, struct netlink_callback *cb);
int xha_nl_group_add(struct sk_buff *skb, struct genl_info *info);
int xha_nl_group_set(struct sk_buff *skb, struct genl_info *info);
int xha_nl_group_del(struct sk_buff *skb, struct genl_info *info);
int xha_nl_group_get(struct sk_buff *skb, struct genl_info *info);
int xha_nl_group_dump(struct sk_buff *skb, struct netlink_callback *cb);
int xha_nl_resync(struct sk_buff *skb, struct genl_info *info);
int xha_nl_sa_dump(struct sk_buff *skb, struct netlink_callback *cb);

extern const struct nla_policy xha_nl_node_policy[XFRM_HA_NODE_MAX + 1];
extern const struct nla_policy xha_nl_peer_policy[XFRM_HA_PEER_MAX + 1];
extern const struct nla_policy xha_nl_group_policy[XFRM_HA_GROUP_MAX + 1];
extern const struct nla_policy xha_nl_sa_policy[XFRM_HA_SA_MAX + 1];

#endif /* _XHA_NL_H */
