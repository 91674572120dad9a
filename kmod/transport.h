/* SPDX-License-Identifier: GPL-2.0 */
/* Transport: datagrams to one peer. Knows nothing of sessions and SAs. */
#ifndef _XHA_TRANSPORT_H
#define _XHA_TRANSPORT_H

#include <linux/if.h>
#include <linux/in6.h>
#include <linux/socket.h>
#include <linux/workqueue.h>

struct net;
struct xha_transport_ops;

/**
 * struct xha_transport_conf - where and how
 * @ops: which transport
 * @local: our end, port included
 * @remote: the peer's
 * @dev: device that the socket is bound to, "": none
 * @bypass: no IPsec policy applies: what goes here is encrypted already
 */
struct xha_transport_conf {
	const struct xha_transport_ops *ops;
	struct sockaddr_storage local;
	struct sockaddr_storage remote;
	char dev[IFNAMSIZ];
	bool bypass;
};

/**
 * struct xha_transport - an open transport
 * @conf: borrowed
 * @sock: the socket, NULL while it is closed
 * @rx: queued on @wq when something has arrived
 * @wq: where
 * @ifindex: of @conf->dev when the socket was opened
 * @data_ready: the socket's own callback
 */
struct xha_transport {
	const struct xha_transport_conf *conf;
	struct socket *sock;
	struct work_struct *rx;
	struct workqueue_struct *wq;
	int ifindex;
	void (*data_ready)(struct sock *sk);
};

/**
 * struct xha_transport_ops - a kind of transport
 * @name: for users
 * @open: process context, may sleep. 0; -ENODEV: no such device; -EADDRNOTAVAIL:
 *	  no such address (both are worth trying again); -EADDRINUSE ...
 * @close: process context, may sleep; no @rx is queued after it has returned
 * @stale: the device that the socket was bound to is another one by now
 * @send: one datagram; process context; errors are treated as a lost datagram
 * @receive: one datagram; its length, -EAGAIN if there is none, other errors
 *	     are those of the network and may be ignored
 */
struct xha_transport_ops {
	const char *name;
	int (*open)(struct net *net, struct xha_transport *t);
	void (*close)(struct xha_transport *t);
	bool (*stale)(struct net *net, struct xha_transport *t);
	int (*send)(struct xha_transport *t, const void *buf, size_t len);
	int (*receive)(struct xha_transport *t, void *buf, size_t len);
};

extern const struct xha_transport_ops xha_udp_ops;

const char *xha_transport_reason(int err);

#endif /* _XHA_TRANSPORT_H */
