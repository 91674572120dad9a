// SPDX-License-Identifier: GPL-2.0
/*
 * Sessions: which incarnation of which node we talk to, and what of it we have
 * heard already. Who the node is, and that nobody listens, is what handshakes
 * are for (handshake.c), which carry the same hello; without keys, where the
 * operator has said 'insecure', it goes by itself, and a session keeps out what
 * is stale, not what is forged.
 *
 * Each side gives the session a number and learns the other's by hello:
 *
 *   A                                        B
 *   hello(session a, echo 0)   ------------>  learns a
 *   learns b, a is known: up  <------------   hello(session b, echo a)
 *   hello(session a, echo b)   ------------>  b is known: up
 */
#include <linux/random.h>

#include "dirty.h"
#include "event.h"
#include "peer.h"

/**
 * xha_session_state - a peer's state, with an event if it is another one
 * @p: peer, xha_net.lock held
 * @state: enum xfrm_ha_peer_state
 * @reason: why it is not up; static
 */
void xha_session_state(struct xha_peer *p, u8 state, const char *reason)
{
	u8 from = p->state;

	p->reason = reason;
	if (state == from)
		return;
	p->state = state;
	p->since = xha_now_ms();
	xha_event_peer(p, from, state, reason ?: "session established");
}

/* Nothing that was said in the session counts any more. */
static void xha_session_forget(struct xha_peer *p, u8 state, const char *reason)
{
	bool up = p->state == XFRM_HA_PSTATE_UP;

	p->remote_session = 0;
	p->number = 0;
	p->top = 0;
	bitmap_zero(p->seen, XHA_REPLAY_FRAMES);
	memset(&p->acks, 0, sizeof(p->acks));
	p->ack_due = false;
	p->floor = 0;
	p->beat_frame = 0;
	p->stamp = 0;
	p->echoed = 0;
	p->version = 0;
	p->hello_at = 0;
	xha_flight_drop(p);
	/* Before the state: what is dirty for a peer that is up goes away here. */
	xha_sync_session_lost(p);
	xha_session_state(p, state, reason);
	if (up)
		xha_follow_peer_gone(p);
}

/**
 * xha_session_reset - end the session, if there is one, and begin anew
 * @p: peer, xha_net.lock held
 * @state: enum xfrm_ha_peer_state to be in
 * @reason: why; static
 */
void xha_session_reset(struct xha_peer *p, u8 state, const char *reason)
{
	do {
		p->session = get_random_u32();
	} while (!p->session);
	xha_keys_wipe(p);
	xha_session_forget(p, state, reason);
}

/*
 * The peer has begun another session. In a handshake it has our number and new
 * keys already; without one it has to be told another number, so that what is
 * still under way is known to be old.
 */
static void xha_session_renew(struct xha_peer *p, const char *reason)
{
	if (p->keys.has_psk)
		xha_session_forget(p, XFRM_HA_PSTATE_CONNECTING, reason);
	else
		xha_session_reset(p, XFRM_HA_PSTATE_CONNECTING, reason);
}

/**
 * xha_session_fill_hello - what we say
 * @p: peer, xha_net.lock held
 * @h: filled in
 */
void xha_session_fill_hello(struct xha_peer *p, struct xha_hello *h)
{
	memset(h, 0, sizeof(*h));
	h->boot = p->xn->boot;
	h->session = p->session;
	h->echo = p->remote_session;
	h->version_min = XHA_WIRE_VERSION_MIN;
	h->version_max = XHA_WIRE_VERSION;
	h->heartbeat = p->conf.addr.heartbeat;
}

/* Once: two nodes that refuse one another shall not do so at full speed. */
static void xha_session_refuse(struct xha_peer *p, const char *reason)
{
	if (p->state != XFRM_HA_PSTATE_REFUSED)
		xha_session_reset(p, XFRM_HA_PSTATE_REFUSED, reason);
}

/**
 * xha_session_hello - a hello came in
 * @p: peer, xha_net.lock held
 * @h: what it says
 * @now: ms
 */
void xha_session_hello(struct xha_peer *p, const struct xha_hello *h, u64 now)
{
	u8 version = min_t(u8, h->version_max, XHA_WIRE_VERSION);

	if (version < XHA_WIRE_VERSION_MIN || version < h->version_min) {
		xha_session_refuse(p, "no common version of the wire format");
		return;
	}
	if (h->boot == p->xn->boot) {
		xha_session_refuse(p, "it is this node itself");
		return;
	}

	/* Another incarnation: nothing of the old one holds. */
	if (p->state == XFRM_HA_PSTATE_UP && h->session != p->remote_session)
		xha_session_renew(p, h->boot == p->boot ?
				  "the peer has begun anew" :
				  "the peer has restarted");

	if (p->boot != h->boot)
		xha_dirty_unknown(p);
	p->heard_at = now;
	p->boot = h->boot;
	p->remote_session = h->session;
	p->remote_beat = h->heartbeat;
	p->version = version;
	if (h->echo != p->session) {
		p->hello_due = true;
		return;
	}
	if (p->state != XFRM_HA_PSTATE_UP) {
		/* The peer may be waiting for its own number to come back. */
		p->hello_due = true;
		p->up_at = now;
		p->beat_at = now;
		xha_session_state(p, XFRM_HA_PSTATE_UP, NULL);
	} else if (!p->top) {
		/* ... and still, if that got lost: one that is up has said more than hello. */
		p->hello_due = true;
	}
}

/**
 * xha_session_fresh - is a frame neither old nor met before?
 * @p: peer, xha_net.lock held
 * @number: of the frame; remembered
 */
bool xha_session_fresh(struct xha_peer *p, u64 number)
{
	/* Nobody counts that far; xha_peer.ids has no room for more. */
	if (!number || number > LONG_MAX)
		return false;
	if (number > p->top) {
		u64 n = min_t(u64, number - p->top, XHA_REPLAY_FRAMES);

		while (n--)
			__clear_bit((number - n) % XHA_REPLAY_FRAMES, p->seen);
		p->top = number;
	} else if (p->top - number >= XHA_REPLAY_FRAMES) {
		return false;
	}
	return !__test_and_set_bit(number % XHA_REPLAY_FRAMES, p->seen);
}

/**
 * xha_session_applied - a frame has been applied, and may be acked
 * @p: peer, xha_net.lock held
 * @number: of the frame
 */
void xha_session_applied(struct xha_peer *p, u64 number)
{
	struct xha_ack *a = &p->acks;
	u64 behind, n;

	if (number > a->top) {
		/* The old top becomes the first bit, the others move up. */
		n = min_t(u64, number - a->top, XHA_ACK_BITS + 1);
		while (n--) {
			a->bits[1] = a->bits[1] << 1 | a->bits[0] >> 63;
			a->bits[0] = a->bits[0] << 1 | (a->top ? 1 : 0);
			a->top = 0;
		}
		a->top = number;
		return;
	}
	behind = a->top - 1 - number;
	if (number < a->top && behind < XHA_ACK_BITS)
		a->bits[behind / 64] |= 1ULL << (behind % 64);
}

/**
 * xha_session_beat - how often a peer says how it stands
 * @p: peer, xha_net.lock held
 *
 * Return: ms.
 */
u32 xha_session_beat(const struct xha_peer *p)
{
	/* No peer beats less often: else one wrong word, and silence never counts. */
	return min_t(u32, p->remote_beat, XHA_HEARTBEAT_MAX);
}

/**
 * xha_session_limit - how long a peer may be silent
 * @p: peer, xha_net.lock held
 *
 * Return: ms.
 */
u64 xha_session_limit(const struct xha_peer *p)
{
	return max_t(u64, XHA_SILENT_MIN, (u64)XHA_SILENT_BEATS *
		     max(p->conf.addr.heartbeat, xha_session_beat(p)));
}

/**
 * xha_session_tick - has the peer gone silent?
 * @p: peer, xha_net.lock held
 * @now: ms
 */
void xha_session_tick(struct xha_peer *p, u64 now)
{
	u64 limit = xha_session_limit(p);

	/*
	 * If it was us who slept, or are still busy with what came last, then
	 * what has come meanwhile is still to be read.
	 */
	if (p->state == XFRM_HA_PSTATE_UP &&
	    (p->reading || now - p->ticked_at > limit / 2))
		p->heard_at = max(p->heard_at, now - limit / 2);
	p->ticked_at = now;
	if (p->state == XFRM_HA_PSTATE_UP && now - p->heard_at > limit)
		xha_session_reset(p, XFRM_HA_PSTATE_LOST,
				  xha_transport_silence(p->xn->net, &p->transport));
}
