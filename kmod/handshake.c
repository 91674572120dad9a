// SPDX-License-Identifier: GPL-2.0
/*
 * Handshakes: how two nodes come by the keys of a session (keys.c).
 *
 *   header | number of the keys at the sender | Noise message
 *
 * The payload of the Noise message is records: the hello that opens a session
 * without keys, and a time stamp that only grows, against replays. Nothing is
 * remembered of a message before the operator's key has been proved by it.
 *
 * Either node begins when it has no session; if both do at once, the one with
 * the lower id has begun. It alone begins when keys have grown old. The session
 * goes on under the old ones until the peer has shown, by a frame under the new
 * ones, that it has them too.
 */
#include <linux/random.h>

#include "peer.h"
#include "scratch.h"

static_assert(XHA_SECRET_LEN == XHA_NOISE_OVERHEAD);

/* What both ends must agree on before anything else: who they are. */
static int xha_handshake_prologue(struct xha_noise *n, u8 initiator, u8 responder)
{
	const char prologue[] = { 'x', 'f', 'r', 'm', '-', 'h', 'a', ' ', '1',
				  initiator, responder };

	return xha_noise_begin(n, prologue, sizeof(prologue));
}

/* What the payload of either message says. */
static size_t xha_handshake_payload(struct xha_peer *p, const struct xha_hello *h,
				    u8 *buf, size_t room)
{
	struct xha_time t = { .stamp = p->keys.stamp };

	return xha_put_payload(buf, room, h, &t);
}

static void xha_handshake_head(struct xha_peer *p, u8 *buf, u8 type, u32 remote,
			       u32 local)
{
	struct xha_hdr hdr = {
		.version = XHA_WIRE_VERSION_MIN,
		.type = type,
		.src = p->xn->id,
		.dst = p->conf.id,
		.session = remote,
	};

	xha_put_prefix(buf, &hdr, local);
}

/**
 * xha_handshake_due - is it time to begin one?
 * @p: peer, xha_net.lock held
 * @now: ms
 */
bool xha_handshake_due(const struct xha_peer *p, u64 now)
{
	const struct xha_keys *k = &p->keys;

	if (!k->has_psk || now < p->hello_at)
		return false;
	if (p->state != XFRM_HA_PSTATE_UP)
		return true;
	return p->xn->id < p->conf.id &&
	       (now - k->now.born > XHA_REKEY_AGE ||
		p->number - k->now.first > XHA_REKEY_FRAMES);
}

/**
 * xha_handshake_begin - write the first message
 * @p: peer, xha_net.lock held
 * @now: ms
 *
 * Return: its length in the sender's scratch, 0 if it cannot be written.
 */
size_t xha_handshake_begin(struct xha_peer *p, u64 now)
{
	u8 payload[XHA_HANDSHAKE_MAX];
	struct xha_keys *k = &p->keys;
	u8 *buf = p->txs->buf;
	struct xha_hello h;
	size_t len;
	int err;

	/* No sooner than an answer may have come; the peer's turn comes between. */
	p->hello_at = now + get_random_u32_below(XHA_HELLO_PERIOD) +
		      (p->state == XFRM_HA_PSTATE_UP ? XHA_REKEY_RETRY : XHA_HELLO_PERIOD);
	k->stamp = max(k->stamp + 1, now);
	k->begun = now;
	k->index = xha_keys_number(k);
	xha_session_fill_hello(p, &h);
	len = xha_handshake_payload(p, &h, payload, sizeof(payload));

	xha_handshake_head(p, buf, XHA_MSG_INIT, 0, k->index);
	err = xha_handshake_prologue(&k->noise, p->xn->id, p->conf.id) ?:
	      xha_noise_ephemeral(&k->noise) ?:
	      xha_noise_write_init(&k->noise, k->psk, payload, len,
				   buf + XHA_PREFIX_LEN);
	if (err) {
		k->index = 0;
		return 0;
	}
	return XHA_PREFIX_LEN + len + XHA_NOISE_OVERHEAD;
}

/**
 * xha_handshake_answer - the second message, if there is one to be sent
 * @p: peer, xha_net.lock held
 *
 * Return: its length in the sender's scratch, or 0.
 */
size_t xha_handshake_answer(struct xha_peer *p)
{
	size_t len = p->keys.answer_len;

	p->keys.answer_len = 0;
	memcpy(p->txs->buf, p->keys.answer, len);
	return len;
}

/* @old: it was proved by the operator's old key */
static int xha_handshake_read_init(struct xha_peer *p, struct xha_noise *n,
				   const u8 *msg, size_t len, u8 *payload, bool *old)
{
	struct xha_keys *k = &p->keys;
	int err;

	*old = false;
	err = xha_handshake_prologue(n, p->conf.id, p->xn->id) ?:
	      xha_noise_read_init(n, k->psk, msg, len, payload);
	if (!err || !k->has_old)
		return err;
	*old = true;
	/* The operator has given us a new key and the peer not yet. */
	return xha_handshake_prologue(n, p->conf.id, p->xn->id) ?:
	       xha_noise_read_init(n, k->old_psk, msg, len, payload);
}

/* Answers a first message whose sender has proved the key. */
static int xha_handshake_respond(struct xha_peer *p, struct xha_noise *n,
				 u32 remote, const struct xha_hello *h, bool old, u64 now)
{
	u8 payload[XHA_HANDSHAKE_MAX];
	struct xha_keys *k = &p->keys;
	struct xha_hello mine;
	size_t len;
	int err;

	xha_session_fill_hello(p, &mine);
	mine.echo = h->session;
	len = xha_handshake_payload(p, &mine, payload, sizeof(payload));

	xha_keypair_wipe(&k->next);
	k->next.local = xha_keys_number(k);
	k->next.remote = remote;
	k->next.born = now;
	xha_handshake_head(p, k->answer, XHA_MSG_RESPONSE, remote, k->next.local);
	err = xha_noise_ephemeral(n) ?:
	      xha_noise_write_response(n, payload, len,
				       k->answer + XHA_PREFIX_LEN) ?:
	      xha_noise_split(n, k->next.receive, k->next.send);
	if (err) {
		xha_keypair_wipe(&k->next);
		return err;
	}
	k->hello = *h;
	k->next_old = old;
	k->answer_len = XHA_PREFIX_LEN + len + XHA_NOISE_OVERHEAD;
	return 0;
}

/*
 * To read one costs some hashes, so that all who can send may have them read, if
 * only a few in a ms: among those of a flood the peer's own gets through by and
 * by, since it comes again until it is answered.
 */
static bool xha_handshake_flood(struct xha_keys *k, u64 now)
{
	if (now != k->read_at) {
		k->read_at = now;
		k->read = 0;
	}
	return k->read++ >= XHA_HANDSHAKE_READS;
}

/* To answer one costs Diffie-Hellman; this is for who has the key. */
static bool xha_handshake_often(struct xha_keys *k, u64 now)
{
	if (now - k->budget_at >= MSEC_PER_SEC) {
		k->budget_at = now;
		k->budget = XHA_HANDSHAKE_BURST;
	}
	if (!k->budget)
		return true;
	k->budget--;
	return false;
}

static int xha_handshake_got_init(struct xha_peer *p, const u8 *msg, size_t len,
				  u32 remote, u64 now)
{
	u8 payload[XHA_HANDSHAKE_MAX];
	struct xha_keys *k = &p->keys;
	struct xha_noise n;
	struct xha_hello h;
	struct xha_time t;
	bool old;
	int err;

	if (xha_handshake_flood(k, now))
		return XHA_STAT_DROP_FLOOD;
	if (xha_handshake_read_init(p, &n, msg, len, payload, &old)) {
		xha_noise_wipe(&n);
		return XHA_STAT_DROP_AUTH;
	}
	err = XHA_STAT_DROP_RECORD;
	if (xha_get_payload(payload, len - XHA_NOISE_OVERHEAD, &h, &t))
		goto out;
	err = XHA_STAT_DROP_REPLAY;
	if (h.boot == k->heard_boot && t.stamp <= k->heard_stamp)
		goto out;
	err = XHA_STAT_DROP_FLOOD;
	if (xha_handshake_often(k, now))
		goto out;
	k->heard_boot = h.boot;
	k->heard_stamp = t.stamp;

	/* Both have begun: the lower id has, unless its key is not known there yet. */
	err = XHA_STAT_DROP_SESSION;
	if (k->index && now - k->begun < XHA_HANDSHAKE_WAIT &&
	    p->xn->id < p->conf.id && !old)
		goto out;
	k->index = 0;
	err = xha_handshake_respond(p, &n, remote, &h, old, now) ? XHA_STAT_NO_MEMORY : 0;
out:
	xha_noise_wipe(&n);
	return err;
}

static int xha_handshake_got_response(struct xha_peer *p, const u8 *msg,
				      size_t len, u32 index, u32 remote, u64 now)
{
	u8 payload[XHA_HANDSHAKE_MAX];
	struct xha_keys *k = &p->keys;
	struct xha_keypair fresh = {};
	struct xha_hello h;
	struct xha_time t;
	int err;

	if (!k->index || index != k->index)
		return XHA_STAT_DROP_SESSION;
	/* Whatever comes of it, a handshake is answered once. */
	k->index = 0;
	fresh.local = index;
	fresh.remote = remote;
	fresh.born = now;
	err = XHA_STAT_DROP_AUTH;
	if (xha_noise_read_response(&k->noise, msg, len, payload) ||
	    xha_noise_split(&k->noise, fresh.send, fresh.receive))
		goto out;
	err = XHA_STAT_DROP_RECORD;
	if (xha_get_payload(payload, len - XHA_NOISE_OVERHEAD, &h, &t))
		goto out;
	err = 0;
	xha_keys_turn(p, &fresh, &h, false, now);
out:
	xha_noise_wipe(&k->noise);
	xha_keypair_wipe(&fresh);
	return err;
}

/**
 * xha_handshake_receive - a message of a handshake came in
 * @p: peer, xha_net.lock held
 * @hdr: its header, of the right nodes
 * @buf: the datagram
 * @len: its length
 * @now: ms
 */
void xha_handshake_receive(struct xha_peer *p, const struct xha_hdr *hdr,
			   const u8 *buf, size_t len, u64 now)
{
	int why, err;
	u32 remote;

	if (!p->keys.has_psk) {
		xha_peer_reject(p, XHA_STAT_DROP_TYPE);
		return;
	}
	err = xha_get_prefix(buf, len, &remote);
	if (err == -EMSGSIZE)
		why = XHA_STAT_DROP_SHORT;
	else if (err)
		why = XHA_STAT_DROP_RECORD;
	else if (hdr->type == XHA_MSG_INIT)
		why = xha_handshake_got_init(p, buf + XHA_PREFIX_LEN,
					     len - XHA_PREFIX_LEN, remote, now);
	else
		why = xha_handshake_got_response(p, buf + XHA_PREFIX_LEN,
						 len - XHA_PREFIX_LEN,
						 hdr->session, remote, now);
	if (why)
		xha_peer_reject(p, why);
}
