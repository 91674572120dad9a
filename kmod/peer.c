// SPDX-License-Identifier: GPL-2.0
/* Peers: making and unmaking them. */
#include <linux/slab.h>

#include "dirty.h"
#include "peer.h"
#include "scratch.h"

/**
 * xha_peer_conf_init - defaults
 * @c: configuration
 */
void xha_peer_conf_init(struct xha_peer_conf *c)
{
	memset(c, 0, sizeof(*c));
	c->addr.ops = &xha_udp_ops;
	c->addr.heartbeat = XHA_HEARTBEAT;
	c->addr.rto_min = XHA_RTO_MIN;
	c->addr.rto_max = XHA_RTO_MAX;
	c->addr.path_retransmit = XHA_PATH_RETRANSMIT;
	c->addr.assoc_retransmit = XHA_ASSOC_RETRANSMIT;
}

/**
 * xha_peer_by_id - find a peer
 * @xn: node, cfg or lock held
 * @id: its node id
 *
 * Return: the peer or NULL.
 */
struct xha_peer *xha_peer_by_id(struct xha_net *xn, u8 id)
{
	struct xha_peer *p;
	int slot;

	xha_for_each_peer(xn, slot, p)
		if (p->conf.id == id)
			return p;
	return NULL;
}

static void xha_peer_free(struct xha_peer *p)
{
	if (p->txs)
		kfree(p->txs->frame);
	kfree_sensitive(p->txs);
	kfree_sensitive(p->rxs);
	xa_destroy(&p->ids);
	kfree_sensitive(p);
}

static struct xha_peer *xha_peer_alloc(struct xha_net *xn,
				       const struct xha_peer_conf *c, int slot)
{
	struct xha_peer *p = kzalloc(sizeof(*p), GFP_KERNEL);
	int what;

	if (!p)
		return NULL;
	p->xn = xn;
	p->slot = slot;
	p->conf = *c;
	if (!c->insecure)
		xha_keys_set(p, c->key);
	p->conf.addr.bypass = !c->insecure;
	p->conf.addr.connects = xn->id < c->id;
	/* Kept in one place only. */
	memzero_explicit(p->conf.key, sizeof(p->conf.key));
	p->transport.conf = &p->conf.addr;
	p->transport.rx = &p->rx;
	p->transport.wq = xha_wq;
	p->state = XFRM_HA_PSTATE_DOWN;
	p->reason = "the socket is not open yet";
	p->since = xha_now_ms();
	INIT_DELAYED_WORK(&p->tx, xha_send_work);
	INIT_WORK(&p->rx, xha_receive_work);
	INIT_LIST_HEAD(&p->flight);
	xa_init(&p->ids);
	for (what = 0; what < XHA_W_MAX; what++)
		INIT_LIST_HEAD(&p->dirty[what]);

	p->txs = kzalloc(sizeof(*p->txs), GFP_KERNEL);
	p->rxs = kzalloc(sizeof(*p->rxs), GFP_KERNEL);
	if (!p->txs || !p->rxs) {
		xha_peer_free(p);
		return NULL;
	}
	return p;
}

static bool xha_peer_same_ends(const struct xha_transport_conf *a,
			       const struct xha_transport_conf *b)
{
	/* Link-local ones may well be the same on two devices. */
	if (a->dev[0] && b->dev[0] && strcmp(a->dev, b->dev))
		return false;
	return a->port == b->port && a->remote_port == b->remote_port &&
	       !memcmp(a->local, b->local, sizeof(a->local)) &&
	       !memcmp(a->remote, b->remote, sizeof(a->remote));
}

/* Which of two sockets would get what comes is anybody's guess. */
static const char *xha_peer_clash(const struct xha_transport_conf *a,
				  const struct xha_transport_conf *b)
{
	if (a->ops != b->ops)
		return NULL;
	if (xha_peer_same_ends(a, b))
		return "another peer has these addresses and ports already";
	/* An association may begin anywhere in a port's addresses. */
	if (a->ops == &xha_sctp_ops && a->port == b->port)
		return "with SCTP each peer needs a local port of its own";
	return NULL;
}

/**
 * xha_peer_add - add a peer and begin to talk to it
 * @xn: node, cfg held
 * @c: configuration, checked
 * @extack: refusal
 *
 * The socket is opened by the peer's worker, as often as it takes: the link
 * may come up later than this.
 *
 * Return: 0; -EEXIST, -ENOSPC, -EADDRINUSE, -ENOMEM.
 */
int xha_peer_add(struct xha_net *xn, const struct xha_peer_conf *c,
		 struct netlink_ext_ack *extack)
{
	const char *clash;
	struct xha_peer *p;
	int slot, free = -1;

	if (xha_peer_by_id(xn, c->id)) {
		NL_SET_ERR_MSG(extack, "a peer with this id exists already");
		return -EEXIST;
	}
	xha_for_each_peer(xn, slot, p) {
		clash = xha_peer_clash(&p->conf.addr, &c->addr);
		if (clash) {
			if (extack)
				extack->_msg = clash;
			return -EEXIST;
		}
	}
	for (slot = XFRM_HA_LIMIT_PEERS - 1; slot >= 0; slot--)
		if (!xha_peer_slot(xn, slot))
			free = slot;
	if (free < 0) {
		NL_SET_ERR_MSG(extack, "no room for another peer");
		return -ENOSPC;
	}

	p = xha_peer_alloc(xn, c, free);
	if (!p)
		return -ENOMEM;
	if (c->insecure)
		pr_warn("xfrm_ha: peer %u is insecure: keys of SAs cross the link in clear text\n",
			c->id);

	mutex_lock(&xn->lock);
	xha_session_reset(p, XFRM_HA_PSTATE_DOWN, p->reason);
	rcu_assign_pointer(xn->peers[free], p);
	xn->joined = xha_now_ms();
	xha_peer_kick(p);
	mutex_unlock(&xn->lock);
	return 0;
}

/**
 * xha_peer_del - remove a peer
 * @xn: node, cfg held
 * @p: peer, freed
 */
void xha_peer_del(struct xha_net *xn, struct xha_peer *p)
{
	/*
	 * a. the sender ends, so that nobody opens the socket again;
	 * b. the socket is closed: nobody queues the receiver, which has ended;
	 * c. the model forgets the peer, then nobody can find it.
	 */
	mutex_lock(&xn->lock);
	WRITE_ONCE(p->stopping, true);
	mutex_unlock(&xn->lock);
	cancel_delayed_work_sync(&p->tx);
	p->transport.conf->ops->close(&p->transport);

	mutex_lock(&xn->lock);
	xha_session_reset(p, XFRM_HA_PSTATE_DOWN, "removed");
	xha_group_forget_peer(xn, p->slot);
	xha_dirty_unknown(p);
	RCU_INIT_POINTER(xn->peers[p->slot], NULL);
	mutex_unlock(&xn->lock);
	xha_peer_free(p);
}

/**
 * xha_peer_del_all - remove every peer
 * @xn: node, cfg held
 */
void xha_peer_del_all(struct xha_net *xn)
{
	struct xha_peer *p;
	int slot;

	xha_for_each_peer(xn, slot, p)
		xha_peer_del(xn, p);
}
