// SPDX-License-Identifier: GPL-2.0
/*
 * The way out: a worker per peer looks what is due, has one frame after the
 * other written (frame.c), and goes back to sleep. It is the only one that
 * sends, so frames need no order among writers; xha_net.lock is held while a
 * frame is written, not while it is sent.
 */
#include "frame.h"
#include "scratch.h"

#define XHA_SEND_BURST	32	/* frames before others get the worker */

/**
 * xha_peer_kick - there may be something to send
 * @p: peer; xha_net.lock or cfg held
 */
void xha_peer_kick(struct xha_peer *p)
{
	if (!READ_ONCE(p->stopping))
		mod_delayed_work(xha_wq, &p->tx, 0);
}

/**
 * xha_peers_kick - there may be something to send to every peer
 * @xn: node, lock held
 */
void xha_peers_kick(struct xha_net *xn)
{
	struct xha_peer *p;
	int slot;

	xha_for_each_peer(xn, slot, p)
		xha_peer_kick(p);
}

/**
 * xha_peers_beat - tell every peer at once how this node stands to its groups
 * @xn: node, lock held
 */
void xha_peers_beat(struct xha_net *xn)
{
	struct xha_peer *p;
	int slot;

	xha_for_each_peer(xn, slot, p) {
		p->beat_at = 0;
		xha_peer_kick(p);
	}
}

static size_t xha_send_hello(struct xha_peer *p, u64 now)
{
	struct xha_hello h;
	struct xha_writer w;

	p->hello_due = false;
	p->hello_at = now + XHA_HELLO_PERIOD;
	xha_session_fill_hello(p, &h);
	xha_frame_head(p, &w, XHA_MSG_HELLO);
	xha_put_hello(&w, &h);
	return w.len;
}

/* The next datagram, whatever kind; 0 if there is none to send now. */
static size_t xha_send_next(struct xha_peer *p, u64 now)
{
	size_t len;

	if (p->keys.answer_len)
		return xha_handshake_answer(p);
	if (xha_handshake_due(p, now))
		return xha_handshake_begin(p, now);
	if (!p->keys.has_psk &&
	    (p->hello_due || (p->state != XFRM_HA_PSTATE_UP && now >= p->hello_at)))
		return xha_send_hello(p, now);
	if (p->state != XFRM_HA_PSTATE_UP)
		return 0;
	len = xha_frame_data(p, now);
	return len ? xha_seal(p, p->txs->buf, len, p->number) : 0;
}

static void xha_send_open(struct xha_peer *p)
{
	struct xha_net *xn = p->xn;
	int err = p->transport.conf->ops->open(xn->net, &p->transport);

	mutex_lock(&xn->lock);
	if (!err)
		xha_session_state(p, XFRM_HA_PSTATE_CONNECTING,
				  "nothing heard from it yet");
	else
		xha_session_state(p, XFRM_HA_PSTATE_DOWN,
				  xha_transport_reason(err));
	mutex_unlock(&xn->lock);
}

/* Knobs have changed since the socket was opened. */
static void xha_send_tune(struct xha_peer *p)
{
	const struct xha_transport_ops *ops = p->transport.conf->ops;
	bool retune;

	mutex_lock(&p->xn->lock);
	retune = p->retune;
	p->retune = false;
	mutex_unlock(&p->xn->lock);
	if (retune && ops->tune)
		ops->tune(&p->transport);
}

static u64 xha_send_wake(struct xha_peer *p, u64 expire)
{
	if (!p->transport.sock)
		return xha_now_ms() + XHA_HELLO_PERIOD;
	if (p->state != XFRM_HA_PSTATE_UP)
		return p->hello_at;
	return min(expire, p->beat_at);
}

/**
 * xha_send_work - all that has to be done for a peer, now
 * @work: xha_peer.tx
 */
void xha_send_work(struct work_struct *work)
{
	struct xha_peer *p = container_of(work, struct xha_peer, tx.work);
	struct xha_net *xn = p->xn;
	u64 now, expire, wake;
	int burst = 0;
	size_t len;

	if (p->transport.sock && p->transport.conf->ops->keep(xn->net, &p->transport)) {
		p->transport.conf->ops->close(&p->transport);
		mutex_lock(&xn->lock);
		xha_session_reset(p, XFRM_HA_PSTATE_DOWN, "the device is gone");
		mutex_unlock(&xn->lock);
	}
	if (!p->transport.sock)
		xha_send_open(p);

	xha_send_tune(p);

	mutex_lock(&xn->lock);
	now = xha_now_ms();
	xha_session_tick(p, now);
	expire = xha_flight_expire(p, now);
	xha_sync_tick(p, now);
	while (p->transport.sock && burst++ < XHA_SEND_BURST) {
		len = xha_send_next(p, now);
		if (!len)
			break;
		p->frames_tx++;
		p->bytes_tx += len;
		mutex_unlock(&xn->lock);
		/* What does not go out is lost, like what gets lost on the way. */
		p->transport.conf->ops->send(&p->transport, p->txs->buf, len);
		mutex_lock(&xn->lock);
		expire = min(expire, now + xha_flight_rto(p));
	}
	memzero_explicit(p->txs->buf, sizeof(p->txs->buf));
	now = xha_now_ms();
	wake = burst > XHA_SEND_BURST ? now : xha_send_wake(p, expire);
	mutex_unlock(&xn->lock);

	if (!READ_ONCE(p->stopping))
		queue_delayed_work(xha_wq, &p->tx,
				   msecs_to_jiffies(wake > now ? wake - now : 0));
}
