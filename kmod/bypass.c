// SPDX-License-Identifier: GPL-2.0
/*
 * The link must not end in a tunnel by accident, least of all in one whose SAs
 * a standby keeps closed. Policies of a socket go before all others, but SCTP
 * looks for its routes over IPv4 without its socket: it needs policies of its
 * own as well, which 'ip xfrm policy' shows.
 */
#include <net/sock.h>
#include <net/xfrm.h>

#include "socket.h"

static int xha_bypass_dir(struct socket *sock, u16 family, u8 dir)
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

/**
 * xha_bypass_socket - no IPsec policy applies to a socket
 * @sock: socket
 * @family: AF_INET or AF_INET6
 *
 * Needs xfrm_user: see xha_transport_load(). Process context.
 *
 * Return: 0 or the error of the socket option.
 */
int xha_bypass_socket(struct socket *sock, u16 family)
{
	return xha_bypass_dir(sock, family, XFRM_POLICY_OUT) ?:
	       xha_bypass_dir(sock, family, XFRM_POLICY_IN);
}

static struct xfrm_policy *xha_bypass_build(struct net *net, const struct xha_transport_conf *c,
					    const struct xha_addr *to)
{
	struct xfrm_policy *xp = xfrm_policy_alloc(net, GFP_KERNEL);
	struct xfrm_selector *sel;

	if (!xp)
		return NULL;
	sel = &xp->selector;
	sel->family = AF_INET;
	sel->daddr = to->a;
	sel->prefixlen_d = 32;
	sel->proto = IPPROTO_SCTP;
	sel->sport = htons(c->port);
	sel->sport_mask = htons(U16_MAX);
	sel->dport = htons(c->remote_port);
	sel->dport_mask = htons(U16_MAX);
	xp->family = AF_INET;
	xp->action = XFRM_POLICY_ALLOW;
	xp->lft.soft_byte_limit = XFRM_INF;
	xp->lft.hard_byte_limit = XFRM_INF;
	xp->lft.soft_packet_limit = XFRM_INF;
	xp->lft.hard_packet_limit = XFRM_INF;
	return xp;
}

static int xha_bypass_one(struct net *net, struct xha_transport *t, int i)
{
	struct xfrm_policy *xp = xha_bypass_build(net, t->conf, &t->conf->remote[i]);
	int err;

	if (!xp)
		return -ENOMEM;
	err = xfrm_policy_insert(XFRM_POLICY_OUT, xp, 1);
	if (err) {
		/* The operator has one for just this: so be it. */
		xp->walk.dead = 1;
		xfrm_policy_destroy(xp);
		return err == -EEXIST ? 0 : err;
	}
	t->pass[i] = xp;
	return 0;
}

/**
 * xha_bypass_keep - see to it that the policies are there
 * @net: namespace
 * @t: SCTP transport; if it wants no bypass, nothing is done
 *
 * IKE daemons flush what they find, and not only at their start.
 * Process context.
 *
 * Return: 0; -ENOMEM.
 */
int xha_bypass_keep(struct net *net, struct xha_transport *t)
{
	unsigned int i;
	int err = 0;

	if (!t->conf->bypass || t->conf->local[0].family != AF_INET)
		return 0;
	for (i = 0; i < t->conf->nremote && !err; i++) {
		if (t->pass[i] && !READ_ONCE(t->pass[i]->walk.dead))
			continue;
		if (t->pass[i])
			xfrm_pol_put(t->pass[i]);
		t->pass[i] = NULL;
		err = xha_bypass_one(net, t, i);
	}
	return err;
}

/**
 * xha_bypass_end - take the policies away
 * @t: transport
 */
void xha_bypass_end(struct xha_transport *t)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(t->pass); i++) {
		if (!t->pass[i])
			continue;
		/* -ENOENT: somebody has been here before us. */
		xfrm_policy_delete(t->pass[i], XFRM_POLICY_OUT);
		xfrm_pol_put(t->pass[i]);
		t->pass[i] = NULL;
	}
}
