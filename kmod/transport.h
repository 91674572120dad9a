/* SPDX-License-Identifier: GPL-2.0 */
/* Transport: datagrams to one peer. Knows nothing of sessions and SAs. */
#ifndef _XHA_TRANSPORT_H
#define _XHA_TRANSPORT_H

#include <linux/if.h>
#include <linux/socket.h>
#include <linux/workqueue.h>
#include "../uapi/linux/xfrm_ha.h"

#include "addr.h"

struct net;
struct net_device;
struct xfrm_policy;
struct xha_transport_ops;

/**
 * struct xha_transport_conf - where and how
 * @ops: which transport
 * @local: our addresses, all of one family; all but SCTP have one
 * @nlocal: how many
 * @remote: the peer's, of the same family
 * @nremote: how many
 * @port: ours
 * @remote_port: the peer's
 * @dev: device that the socket is bound to, "": none
 * @bypass: no IPsec policy applies: what goes here is encrypted already
 * @connects: where one end sets up a connection, it is this one
 * @heartbeat: ms between two signs of life, also on a path that is idle
 * @rto_min: SCTP: ms, the shortest time until something is sent again
 * @rto_max: SCTP: ms, the longest
 * @path_retransmit: SCTP: losses until a path is given up
 * @assoc_retransmit: SCTP: losses until the association is
 */
struct xha_transport_conf {
	const struct xha_transport_ops *ops;
	struct xha_addr local[XFRM_HA_LIMIT_PATHS];
	unsigned int nlocal;
	struct xha_addr remote[XFRM_HA_LIMIT_PATHS];
	unsigned int nremote;
	u16 port;
	u16 remote_port;
	char dev[IFNAMSIZ];
	bool bypass;
	bool connects;
	u32 heartbeat;
	u32 rto_min;
	u32 rto_max;
	u32 path_retransmit;
	u32 assoc_retransmit;
};

/**
 * struct xha_transport - an open transport
 * @conf: borrowed
 * @sock: the socket, NULL while it is closed
 * @rx: queued on @wq when something has arrived
 * @wq: where
 * @ifindex: of @conf->dev when the socket was opened
 * @data_ready: the socket's own callback
 * @assoc: SCTP: number of the association, 0: none; written by @rx
 * @pass: SCTP: policies that let it pass, one per remote address, or NULL
 */
struct xha_transport {
	const struct xha_transport_conf *conf;
	struct socket *sock;
	struct work_struct *rx;
	struct workqueue_struct *wq;
	int ifindex;
	void (*data_ready)(struct sock *sk);
	s32 assoc;
	struct xfrm_policy *pass[XFRM_HA_LIMIT_PATHS];
};

/**
 * struct xha_transport_ops - a kind of transport
 * @name: for users
 * @kind: enum xfrm_ha_transport
 * @paths: how many addresses an end may have
 * @open: process context, may sleep. 0; -ENODEV: no such device; -EADDRNOTAVAIL:
 *	  no such address (both are worth trying again); -EADDRINUSE ...
 * @close: process context, may sleep; no @rx is queued after it has returned
 * @keep: process context, each time something is due: 0, or -ENODEV: the device
 *	  that the socket was bound to is another one by now
 * @tune: knobs in the configuration have changed; NULL: none matter here
 * @send: one datagram; process context; errors are treated as a lost datagram
 * @receive: one datagram; its length, -EAGAIN if there is none, other errors
 *	     are those of the network and may be ignored
 */
struct xha_transport_ops {
	const char *name;
	u8 kind;
	unsigned int paths;
	int (*open)(struct net *net, struct xha_transport *t);
	void (*close)(struct xha_transport *t);
	int (*keep)(struct net *net, struct xha_transport *t);
	void (*tune)(struct xha_transport *t);
	int (*send)(struct xha_transport *t, const void *buf, size_t len);
	int (*receive)(struct xha_transport *t, void *buf, size_t len);
};

extern const struct xha_transport_ops xha_udp_ops;
extern const struct xha_transport_ops xha_sctp_ops;

void xha_transport_load(struct net *net, const struct xha_transport_conf *c, bool bypass);
const char *xha_transport_reason(int err);
const char *xha_transport_silence(struct net *net, const struct xha_transport *t);
const char *xha_device_why(const struct net_device *dev);

#endif /* _XHA_TRANSPORT_H */
