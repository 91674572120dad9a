// SPDX-License-Identifier: GPL-2.0
/*
 * UDP: one connected socket per peer, so that the network stack itself drops
 * what comes from elsewhere.
 */
#include <linux/in.h>
#include <net/ip.h>
#include <net/sock.h>

#include "socket.h"

static int xha_udp_setup(struct xha_transport *t)
{
	const struct xha_transport_conf *c = t->conf;
	struct sock *sk = t->sock->sk;
	struct sockaddr_storage ss;
	int err, len;

	/* Two peers may share our port: connected, they do not get in the way. */
	sock_set_reuseport(sk);
	/* Fragments rather than silence where the path is narrow. */
	if (c->local[0].family == AF_INET)
		ip_sock_set_mtu_discover(sk, IP_PMTUDISC_DONT);
	else
		inet6_sk(sk)->pmtudisc = IPV6_PMTUDISC_DONT;

	len = xha_socket_addr(t, &c->local[0], c->port, &ss);
	err = kernel_bind(t->sock, xha_sockaddr(&ss), len);
	if (err)
		return err;
	len = xha_socket_addr(t, &c->remote[0], c->remote_port, &ss);
	return kernel_connect(t->sock, xha_sockaddr(&ss), len, 0);
}

static int xha_udp_open(struct net *net, struct xha_transport *t)
{
	int err;

	err = xha_socket_create(net, t, SOCK_DGRAM, IPPROTO_UDP);
	if (err)
		return err;
	err = xha_udp_setup(t);
	if (err) {
		sock_release(t->sock);
		t->sock = NULL;
		return err;
	}
	xha_socket_listen(t);
	return 0;
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
	.kind = XFRM_HA_TRANSPORT_UDP,
	.paths = 1,
	.open = xha_udp_open,
	.close = xha_socket_close,
	.keep = xha_socket_keep,
	.send = xha_udp_send,
	.receive = xha_udp_receive,
};
