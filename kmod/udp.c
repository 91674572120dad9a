// SPDX-License-Identifier: GPL-2.0
/*
 * UDP: one connected socket per peer, so that the network stack itself drops
 * what comes from elsewhere.
 */
#include <linux/in.h>
#include <linux/kmod.h>
#include <linux/net.h>
#include <linux/netdevice.h>
#include <linux/xfrm.h>
#include <net/ip.h>
#include <net/sock.h>
#include <net/udp.h>

#include "compat/socket.h"
#include "transport.h"

#define XHA_UDP_BUFFER	(4 << 20)	/* bytes each way: what a bulk may have under way */

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
	case -ENOMEM:
		return "no memory";
	default:
		return "the socket cannot be opened";
	}
}

static int xha_sockaddr_len(const struct sockaddr_storage *ss)
{
	return ss->ss_family == AF_INET ? sizeof(struct sockaddr_in) :
					  sizeof(struct sockaddr_in6);
}

/* Softirq or process context. */
static void xha_udp_data_ready(struct sock *sk)
{
	struct xha_transport *t;

	read_lock_bh(&sk->sk_callback_lock);
	t = sk->sk_user_data;
	if (t)
		queue_work(t->wq, t->rx);
	read_unlock_bh(&sk->sk_callback_lock);
}

static int xha_udp_device(struct net *net, const char *name)
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

static int xha_udp_bypass_dir(struct socket *sock, u16 family, u8 dir)
{
	struct xfrm_userpolicy_info pol = {
		.sel.family = family,
		.dir = dir,
		.action = XFRM_POLICY_ALLOW,
	};

	if (family == AF_INET)
		return sock->ops->setsockopt(sock, IPPROTO_IP, IP_XFRM_POLICY,
					     KERNEL_SOCKPTR(&pol), sizeof(pol));
	return sock->ops->setsockopt(sock, IPPROTO_IPV6, IPV6_XFRM_POLICY,
				     KERNEL_SOCKPTR(&pol), sizeof(pol));
}

/*
 * Policies of the socket go before all others: the link must not end in a
 * tunnel whose SAs a standby keeps closed. Needs xfrm_user, which whoever has
 * SAs has loaded.
 */
static int xha_udp_bypass(struct socket *sock, u16 family)
{
	request_module("xfrm_user");
	return xha_udp_bypass_dir(sock, family, XFRM_POLICY_OUT) ?:
	       xha_udp_bypass_dir(sock, family, XFRM_POLICY_IN);
}

static int xha_udp_setup(struct xha_transport *t)
{
	const struct xha_transport_conf *c = t->conf;
	struct sock *sk = t->sock->sk;
	int err;

	if (t->ifindex) {
		err = sock_bindtoindex(sk, t->ifindex, true);
		if (err)
			return err;
	}
	/* Two peers may share our port: connected, they do not get in the way. */
	sock_set_reuseport(sk);
	sock_set_rcvbuf(sk, XHA_UDP_BUFFER);
	sk->sk_sndbuf = XHA_UDP_BUFFER;
	/* Fragments rather than silence where the path is narrow. */
	if (c->local.ss_family == AF_INET)
		ip_sock_set_mtu_discover(sk, IP_PMTUDISC_DONT);
	else
		inet6_sk(sk)->pmtudisc = IPV6_PMTUDISC_DONT;

	if (c->bypass) {
		err = xha_udp_bypass(t->sock, c->local.ss_family);
		if (err)
			return err;
	}
	err = kernel_bind(t->sock, xha_sockaddr(&c->local),
			  xha_sockaddr_len(&c->local));
	if (err)
		return err;
	return kernel_connect(t->sock, xha_sockaddr(&c->remote),
			      xha_sockaddr_len(&c->remote), 0);
}

static int xha_udp_open(struct net *net, struct xha_transport *t)
{
	struct sock *sk;
	int err;

	t->ifindex = xha_udp_device(net, t->conf->dev);
	if (t->ifindex < 0)
		return t->ifindex;

	err = sock_create_kern(net, t->conf->local.ss_family, SOCK_DGRAM,
			       IPPROTO_UDP, &t->sock);
	if (err)
		return err;
	err = xha_udp_setup(t);
	if (err) {
		sock_release(t->sock);
		t->sock = NULL;
		return err;
	}

	sk = t->sock->sk;
	/* Reclaim must not wait for what goes out here. */
	sk->sk_allocation = GFP_NOFS;
	write_lock_bh(&sk->sk_callback_lock);
	t->data_ready = sk->sk_data_ready;
	sk->sk_user_data = t;
	sk->sk_data_ready = xha_udp_data_ready;
	write_unlock_bh(&sk->sk_callback_lock);
	return 0;
}

static void xha_udp_close(struct xha_transport *t)
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

static bool xha_udp_stale(struct net *net, struct xha_transport *t)
{
	return t->ifindex != xha_udp_device(net, t->conf->dev);
}

static int xha_udp_send(struct xha_transport *t, const void *buf, size_t len)
{
	struct kvec vec = { .iov_base = (void *)buf, .iov_len = len };
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL };

	return kernel_sendmsg(t->sock, &msg, &vec, 1, len);
}

static int xha_udp_receive(struct xha_transport *t, void *buf, size_t len)
{
	struct kvec vec = { .iov_base = buf, .iov_len = len };
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT };
	int n;

	n = kernel_recvmsg(t->sock, &msg, &vec, 1, len, MSG_DONTWAIT);
	/* Cut off: longer than any frame of ours. Let it fail as too short. */
	return n >= 0 && msg.msg_flags & MSG_TRUNC ? 0 : n;
}

const struct xha_transport_ops xha_udp_ops = {
	.name = "udp",
	.open = xha_udp_open,
	.close = xha_udp_close,
	.stale = xha_udp_stale,
	.send = xha_udp_send,
	.receive = xha_udp_receive,
};
