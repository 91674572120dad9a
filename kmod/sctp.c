// SPDX-License-Identifier: GPL-2.0
/*
 * SCTP: one association per peer, over several paths. It is used for that alone:
 * frames go unordered, and what could not be delivered for a while is dropped,
 * since who sends frames sends what is current instead (flight.c).
 *
 * One end sets the association up, the other listens; both have a socket of the
 * one-to-many style, so that an association may go and another come without it.
 * What comes from addresses that are not the peer's is ended at once.
 *
 * No symbol of sctp.ko is used: creating the first socket loads it.
 */
#include <linux/in.h>
#include <linux/sctp.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/sock.h>

#include "socket.h"

#define XHA_SCTP_TTL	1000	/* ms until a frame is dropped */
#define XHA_SCTP_RTO	200U	/* ms, as long as nothing has been measured */
#define XHA_SCTP_INITS	4	/* attempts, then it starts again from the first address */

static int xha_sctp_set(struct xha_transport *t, int option, void *value, size_t len)
{
	return t->sock->ops->setsockopt(t->sock, SOL_SCTP, option, KERNEL_SOCKPTR(value), len);
}

/* Timers and limits, of an association or (@assoc 0) of those to come. */
static int xha_sctp_limits(struct xha_transport *t, s32 assoc)
{
	const struct xha_transport_conf *c = t->conf;
	struct sctp_rtoinfo rto = {
		.srto_assoc_id = assoc,
		.srto_initial = clamp(XHA_SCTP_RTO, c->rto_min, c->rto_max),
		.srto_min = c->rto_min,
		.srto_max = c->rto_max,
	};
	struct sctp_assocparams limits = {
		.sasoc_assoc_id = assoc,
		.sasoc_asocmaxrxt = c->assoc_retransmit,
	};
	struct sctp_paddrparams path = {
		.spp_assoc_id = assoc,
		.spp_flags = SPP_HB_ENABLE | SPP_SACKDELAY_DISABLE | SPP_PMTUD_ENABLE,
		.spp_hbinterval = c->heartbeat,
		.spp_pathmaxrxt = c->path_retransmit,
	};
	/* The first loss on a path, and another one is used (RFC 7829). */
	struct sctp_paddrthlds failing = {
		.spt_assoc_id = assoc,
		.spt_pathmaxrxt = c->path_retransmit,
		.spt_pathpfthld = 0,
	};

	/* A live association takes no more losses than its paths do together. */
	return xha_sctp_set(t, SCTP_RTOINFO, &rto, sizeof(rto)) ?:
	       xha_sctp_set(t, SCTP_PEER_ADDR_PARAMS, &path, sizeof(path)) ?:
	       xha_sctp_set(t, SCTP_PEER_ADDR_THLDS, &failing, sizeof(failing)) ?:
	       xha_sctp_set(t, SCTP_ASSOCINFO, &limits, sizeof(limits));
}

static void xha_sctp_tune(struct xha_transport *t)
{
	s32 assoc = READ_ONCE(t->assoc);

	if (!t->sock)
		return;
	/* An association that has gone meanwhile needs nothing. */
	xha_sctp_limits(t, SCTP_FUTURE_ASSOC);
	if (assoc)
		xha_sctp_limits(t, assoc);
}

static int xha_sctp_options(struct xha_transport *t)
{
	struct sctp_event event = { .se_type = SCTP_ASSOC_CHANGE, .se_on = 1 };
	struct sctp_initmsg init = {
		.sinit_max_attempts = XHA_SCTP_INITS,
		.sinit_max_init_timeo = t->conf->rto_max,
	};
	int on = 1;

	return xha_sctp_set(t, SCTP_NODELAY, &on, sizeof(on)) ?:
	       xha_sctp_set(t, SCTP_EVENT, &event, sizeof(event)) ?:
	       xha_sctp_set(t, SCTP_INITMSG, &init, sizeof(init)) ?:
	       xha_sctp_limits(t, SCTP_FUTURE_ASSOC);
}

/*
 * One of our addresses must be there; the others may come later, as their
 * devices come up.
 */
static int xha_sctp_bind(struct xha_transport *t)
{
	const struct xha_transport_conf *c = t->conf;
	struct sockaddr_storage ss;
	int err = -EADDRNOTAVAIL;
	unsigned int first, i;
	int len;

	for (first = 0; first < c->nlocal && err == -EADDRNOTAVAIL; first++) {
		len = xha_socket_addr(t, &c->local[first], c->port, &ss);
		err = kernel_bind(t->sock, xha_sockaddr(&ss), len);
	}
	if (err)
		return err;
	ip_sock_set_freebind(t->sock->sk);
	for (i = 0; i < c->nlocal && !err; i++) {
		if (i == first - 1)
			continue;
		len = xha_socket_addr(t, &c->local[i], c->port, &ss);
		err = sock_bind_add(t->sock->sk, xha_sockaddr(&ss), len);
	}
	return err;
}

static int xha_sctp_setup(struct net *net, struct xha_transport *t)
{
	struct sock *sk = t->sock->sk;

	/* A connect() does not wait, and a close() leaves nothing behind. */
	sk->sk_sndtimeo = 0;
	sock_no_linger(sk);
	return xha_sctp_options(t) ?:
	       xha_bypass_keep(net, t) ?:
	       xha_sctp_bind(t) ?:
	       (t->conf->connects ? 0 : kernel_listen(t->sock, 1));
}

static int xha_sctp_open(struct net *net, struct xha_transport *t)
{
	int err;

	t->assoc = 0;
	err = xha_socket_create(net, t, SOCK_SEQPACKET, IPPROTO_SCTP);
	if (err)
		return err;
	err = xha_sctp_setup(net, t);
	if (err) {
		sock_release(t->sock);
		t->sock = NULL;
		xha_bypass_end(t);
		return err;
	}
	xha_socket_listen(t);
	return 0;
}

static void xha_sctp_close(struct xha_transport *t)
{
	xha_socket_close(t);
	xha_bypass_end(t);
}

static int xha_sctp_keep(struct net *net, struct xha_transport *t)
{
	/* Without memory they are missing until the next time. */
	xha_bypass_keep(net, t);
	return xha_socket_keep(net, t);
}

/* Begins to set up the association, unless that is under way. */
static void xha_sctp_connect(struct xha_transport *t)
{
	const struct xha_transport_conf *c = t->conf;
	u8 buf[XFRM_HA_LIMIT_PATHS * sizeof(struct sockaddr_in6)];
	struct sockaddr_storage ss;
	size_t len = 0;
	unsigned int i;
	int n;

	for (i = 0; i < c->nremote; i++) {
		n = xha_socket_addr(t, &c->remote[i], c->remote_port, &ss);
		memcpy(buf + len, &ss, n);
		len += n;
	}
	xha_sctp_set(t, SCTP_SOCKOPT_CONNECTX, buf, len);
}

static int xha_sctp_message(struct xha_transport *t, s32 assoc, u16 flags,
			    const void *buf, size_t len)
{
	struct kvec vec = { .iov_base = (void *)buf, .iov_len = len };
	union {
		struct cmsghdr head;
		u8 space[CMSG_SPACE(sizeof(struct sctp_sndrcvinfo))];
	} control = {};
	struct msghdr msg = {
		.msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct sctp_sndrcvinfo *info = CMSG_DATA(&control.head);

	control.head.cmsg_level = SOL_SCTP;
	control.head.cmsg_type = SCTP_SNDRCV;
	control.head.cmsg_len = CMSG_LEN(sizeof(*info));
	info->sinfo_flags = flags;
	info->sinfo_timetolive = XHA_SCTP_TTL;
	info->sinfo_assoc_id = assoc;
	return kernel_sendmsg(t->sock, &msg, &vec, 1, len);
}

static int xha_sctp_send(struct xha_transport *t, const void *buf, size_t len)
{
	s32 assoc = READ_ONCE(t->assoc);

	if (assoc)
		return xha_sctp_message(t, assoc, SCTP_UNORDERED | SCTP_PR_SCTP_TTL, buf, len);
	if (t->conf->connects)
		xha_sctp_connect(t);
	return -ENOTCONN;
}

static bool xha_sctp_known(const struct xha_transport *t, const struct sockaddr_storage *from)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)from;
	const struct sockaddr_in *in = (const struct sockaddr_in *)from;
	const struct xha_addr *a;
	unsigned int i;

	for (i = 0; i < t->conf->nremote; i++) {
		a = &t->conf->remote[i];
		if (from->ss_family != a->family)
			continue;
		if (a->family == AF_INET ? in->sin_addr.s_addr == a->a.a4 :
					   ipv6_addr_equal(&in6->sin6_addr, &a->a.in6))
			return true;
	}
	return false;
}

static void xha_sctp_abort(struct xha_transport *t, s32 assoc)
{
	xha_sctp_message(t, assoc, SCTP_ABORT, NULL, 0);
}

/* An association has come or gone. */
static void xha_sctp_changed(struct xha_transport *t, const struct sctp_assoc_change *c,
			     const struct sockaddr_storage *primary)
{
	s32 assoc = c->sac_assoc_id, old = t->assoc;

	if (c->sac_state != SCTP_COMM_UP && c->sac_state != SCTP_RESTART) {
		if (old == assoc)
			WRITE_ONCE(t->assoc, 0);
		return;
	}
	if (!xha_sctp_known(t, primary)) {
		xha_sctp_abort(t, assoc);
		return;
	}
	WRITE_ONCE(t->assoc, assoc);
	if (old && old != assoc)
		xha_sctp_abort(t, old);
}

static int xha_sctp_receive(struct xha_transport *t, void *buf, size_t len)
{
	struct kvec vec = { .iov_base = buf, .iov_len = len };
	struct sockaddr_storage from = {};
	struct msghdr msg = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_flags = MSG_DONTWAIT,
	};
	struct sctp_assoc_change change;
	int n;

	n = kernel_recvmsg(t->sock, &msg, &vec, 1, len, MSG_DONTWAIT);
	if (n < 0)
		return n;
	if (msg.msg_flags & MSG_NOTIFICATION) {
		if (n >= sizeof(change)) {
			memcpy(&change, buf, sizeof(change));
			xha_sctp_changed(t, &change, &from);
		}
		return -ENOMSG;
	}
	/* Cut off, or a stranger's: of no use, and counted as such. */
	return msg.msg_flags & MSG_EOR && xha_sctp_known(t, &from) ? n : 0;
}

const struct xha_transport_ops xha_sctp_ops = {
	.name = "sctp",
	.kind = XFRM_HA_TRANSPORT_SCTP,
	.paths = XFRM_HA_LIMIT_PATHS,
	.open = xha_sctp_open,
	.close = xha_sctp_close,
	.keep = xha_sctp_keep,
	.tune = xha_sctp_tune,
	.send = xha_sctp_send,
	.receive = xha_sctp_receive,
};
