// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets in the kernel, whatever they speak: made for a device, heard by a
 * worker, and closed so that nothing of them is left.
 */
#include <linux/in.h>
#include <linux/kmod.h>
#include <linux/netdevice.h>
#include <net/ip.h>
#include <net/sock.h>

#include "socket.h"

#define XHA_SOCKET_BUFFER	(4 << 20)	/* bytes each way: what a bulk may have under way */

/**
 * xha_transport_reason - why a socket could not be opened
 * @err: what open() returned
 *
 * Return: static text.
 */
const char *xha_transport_reason(int err)
{
	switch (err) {
	case -ENODEV:
		return "the device does not exist";
	case -EADDRNOTAVAIL:
		return "the local address is not configured";
	case -EADDRINUSE:
		return "the local port is in use";
	case -ENETUNREACH:
	case -EHOSTUNREACH:
		return "there is no route to the peer";
	case -EPROTONOSUPPORT:
	case -ESOCKTNOSUPPORT:
		return "this kernel does not have the transport";
	case -ENOMEM:
		return "no memory";
	default:
		return "the socket cannot be opened";
	}
}

/**
 * xha_device_why - why a device is no good
 * @dev: device, RCU held
 *
 * Return: static text, NULL if it is up and has a carrier.
 */
const char *xha_device_why(const struct net_device *dev)
{
	if (!netif_running(dev))
		return "its device is down";
	if (READ_ONCE(dev->proto_down))
		return "its device is held down (protodown)";
	if (!netif_carrier_ok(dev))
		return "its device has no carrier";
	return NULL;
}

/**
 * xha_transport_silence - why nothing is heard of a peer, as far as it shows here
 * @net: namespace
 * @t: open transport
 *
 * Return: static text.
 */
const char *xha_transport_silence(struct net *net, const struct xha_transport *t)
{
	const struct net_device *dev;
	const char *why = NULL;

	rcu_read_lock();
	dev = t->ifindex ? dev_get_by_index_rcu(net, t->ifindex) : NULL;
	if (dev)
		why = xha_device_why(dev);
	rcu_read_unlock();
	return why ?: "nothing heard from it";
}

static int xha_socket_device(struct net *net, const char *name)
{
	struct net_device *dev;
	int ifindex = -ENODEV;

	if (!name[0])
		return 0;
	rcu_read_lock();
	dev = dev_get_by_name_rcu(net, name);
	if (dev)
		ifindex = dev->ifindex;
	rcu_read_unlock();
	return ifindex;
}

/**
 * xha_socket_addr - an address as sockets want it
 * @t: transport, bound to its device
 * @a: address
 * @port: port
 * @ss: filled in
 *
 * Return: how many bytes of @ss count.
 */
int xha_socket_addr(const struct xha_transport *t, const struct xha_addr *a, u16 port,
		    struct sockaddr_storage *ss)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ss;
	struct sockaddr_in *in = (struct sockaddr_in *)ss;

	memset(ss, 0, sizeof(*ss));
	ss->ss_family = a->family;
	if (a->family == AF_INET) {
		in->sin_addr.s_addr = a->a.a4;
		in->sin_port = htons(port);
		return sizeof(*in);
	}
	in6->sin6_addr = a->a.in6;
	in6->sin6_port = htons(port);
	if (ipv6_addr_type(&a->a.in6) & IPV6_ADDR_LINKLOCAL)
		in6->sin6_scope_id = t->ifindex;
	return sizeof(*in6);
}

/**
 * xha_transport_load - load the modules that a peer's sockets need
 * @net: namespace
 * @c: how it is reached
 * @bypass: sockets are to have policies of their own
 *
 * Process context, no lock held. Not by the workers that open sockets: these modules
 * register operations of namespaces, for which they wait for whoever removes a
 * namespace, or this module; and that one waits for the workers.
 */
void xha_transport_load(struct net *net, const struct xha_transport_conf *c, bool bypass)
{
	struct socket *sock;

	if (bypass)
		request_module("xfrm_user");
	if (c->ops->kind == XFRM_HA_TRANSPORT_SCTP &&
	    !sock_create_kern(net, c->local[0].family, SOCK_SEQPACKET, IPPROTO_SCTP, &sock))
		sock_release(sock);
}

/**
 * xha_socket_create - a socket for a transport, bound to its device
 * @net: namespace
 * @t: transport; @t->sock is set
 * @type: SOCK_DGRAM, ...
 * @protocol: IPPROTO_UDP, ...
 *
 * Return: 0; -ENODEV, or another error; then there is no socket.
 */
int xha_socket_create(struct net *net, struct xha_transport *t, int type, int protocol)
{
	struct sock *sk;
	int err;

	t->ifindex = xha_socket_device(net, t->conf->dev);
	if (t->ifindex < 0)
		return t->ifindex;
	err = sock_create_kern(net, t->conf->local[0].family, type, protocol, &t->sock);
	if (err)
		return err;

	sk = t->sock->sk;
	/* Reclaim must not wait for what goes out here. */
	sk->sk_allocation = GFP_NOFS;
	sock_set_rcvbuf(sk, XHA_SOCKET_BUFFER);
	sk->sk_sndbuf = XHA_SOCKET_BUFFER;
	if (t->ifindex)
		err = sock_bindtoindex(sk, t->ifindex, true);
	if (!err && t->conf->bypass)
		err = xha_bypass_socket(t->sock, t->conf->local[0].family);
	if (err) {
		sock_release(t->sock);
		t->sock = NULL;
	}
	return err;
}

/* Softirq or process context. */
static void xha_socket_data_ready(struct sock *sk)
{
	struct xha_transport *t;

	read_lock_bh(&sk->sk_callback_lock);
	t = sk->sk_user_data;
	if (t)
		queue_work(t->wq, t->rx);
	read_unlock_bh(&sk->sk_callback_lock);
}

/**
 * xha_socket_listen - have the receiver queued from here on
 * @t: open transport
 */
void xha_socket_listen(struct xha_transport *t)
{
	struct sock *sk = t->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	t->data_ready = sk->sk_data_ready;
	sk->sk_user_data = t;
	sk->sk_data_ready = xha_socket_data_ready;
	write_unlock_bh(&sk->sk_callback_lock);
}

/**
 * xha_socket_close - close the socket, if there is one
 * @t: transport; its receiver is neither running nor queued afterwards
 */
void xha_socket_close(struct xha_transport *t)
{
	struct sock *sk;

	if (!t->sock)
		return;
	sk = t->sock->sk;
	write_lock_bh(&sk->sk_callback_lock);
	sk->sk_data_ready = t->data_ready;
	sk->sk_user_data = NULL;
	write_unlock_bh(&sk->sk_callback_lock);

	cancel_work_sync(t->rx);
	sock_release(t->sock);
	t->sock = NULL;
}

/**
 * xha_socket_keep - is the socket still bound to what its device is called?
 * @net: namespace
 * @t: open transport
 *
 * Return: 0; -ENODEV.
 */
int xha_socket_keep(struct net *net, struct xha_transport *t)
{
	return t->ifindex == xha_socket_device(net, t->conf->dev) ? 0 : -ENODEV;
}
