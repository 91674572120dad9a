// SPDX-License-Identifier: GPL-2.0
/*
 * The keys of a peer: the operator's, and those of the session, which seal its
 * frames. Handshakes bring new ones; they are in use when both nodes have them.
 */
#include <crypto/algapi.h>
#include <crypto/chacha20poly1305.h>
#include <linux/random.h>

#include "peer.h"

/* xha_keypair_wipe - forget a pair of keys */
void xha_keypair_wipe(struct xha_keypair *k)
{
	memzero_explicit(k, sizeof(*k));
}

/* xha_keys_number - a number that no keys of this peer have */
u32 xha_keys_number(const struct xha_keys *k)
{
	u32 n;

	do {
		n = get_random_u32();
	} while (!n || n == k->now.local || n == k->before.local ||
		 n == k->next.local || n == k->index);
	return n;
}

/**
 * xha_keys_set - the operator's key, or another one
 * @p: peer
 * @psk: the key
 *
 * The session goes on under the keys it has; the next handshake needs the new
 * key, or the old one as long as the peer has not been given the new one. The key
 * that there is changes nothing: the old one would be lost that the peer still has.
 */
void xha_keys_set(struct xha_peer *p, const u8 psk[XHA_KEY_LEN])
{
	struct xha_keys *k = &p->keys;

	if (k->has_psk) {
		if (!crypto_memneq(k->psk, psk, sizeof(k->psk)))
			return;
		memcpy(k->old_psk, k->psk, sizeof(k->old_psk));
		k->has_old = true;
		/* What is under way with it proves nothing of the new one. */
		k->next_old = true;
		k->index = 0;
		xha_noise_wipe(&k->noise);
	}
	memcpy(k->psk, psk, sizeof(k->psk));
	k->has_psk = true;
}

/**
 * xha_keys_wipe - the session is over: forget its keys, not the operator's
 * @p: peer
 */
void xha_keys_wipe(struct xha_peer *p)
{
	struct xha_keys *k = &p->keys;

	xha_keypair_wipe(&k->now);
	xha_keypair_wipe(&k->before);
	xha_keypair_wipe(&k->next);
	xha_noise_wipe(&k->noise);
	k->index = 0;
	k->answer_len = 0;
}

/**
 * xha_keys_turn - new keys are in use from here on
 * @p: peer, xha_net.lock held
 * @fresh: the keys; wiped
 * @h: what the peer has said in the handshake that they come of
 * @old: it was proved by the operator's old key
 * @now: ms
 *
 * Those before may still be under way.
 */
void xha_keys_turn(struct xha_peer *p, struct xha_keypair *fresh,
		   const struct xha_hello *h, bool old, u64 now)
{
	struct xha_keys *k = &p->keys;
	bool same = p->state == XFRM_HA_PSTATE_UP && h->session == p->remote_session;

	xha_keypair_wipe(&k->before);
	if (same)
		k->before = k->now;
	k->now = *fresh;
	xha_keypair_wipe(fresh);
	if (!old) {
		/* Both have the operator's new key. */
		k->has_old = false;
		memzero_explicit(k->old_psk, sizeof(k->old_psk));
	}
	xha_session_hello(p, h, now);
	k->now.first = p->number;
	/* A frame tells the peer that we have them. */
	p->beat_at = 0;
}

/**
 * xha_seal - encrypt a frame where it stands
 * @p: peer, xha_net.lock held, up
 * @buf: the datagram, with room for XHA_TAG_LEN behind it
 * @len: its length
 * @number: its frame number
 *
 * The header is authenticated with it. Numbers only grow while keys are in use,
 * so that none is used twice with the same keys.
 *
 * Return: its length now.
 */
size_t xha_seal(struct xha_peer *p, u8 *buf, size_t len, u64 number)
{
	if (!p->keys.has_psk)
		return len;
	chacha20poly1305_encrypt(buf + XHA_HDR_LEN, buf + XHA_HDR_LEN,
				 len - XHA_HDR_LEN, buf, XHA_HDR_LEN, number,
				 p->keys.now.send);
	return len + XHA_TAG_LEN;
}

static struct xha_keypair *xha_keys_find(struct xha_keys *k, u32 local)
{
	if (!local)
		return NULL;
	if (k->now.local == local)
		return &k->now;
	if (k->before.local == local)
		return &k->before;
	return k->next.local == local ? &k->next : NULL;
}

/**
 * xha_unseal - authenticate and decrypt a frame where it stands
 * @p: peer, xha_net.lock held
 * @hdr: its header
 * @buf: the datagram
 * @len: its length
 * @now: ms
 *
 * The first frame under keys that we have answered for proves that the peer has
 * them: they are in use from then on.
 *
 * Return: its length now, or why it is dropped, negative (enum xha_stat).
 */
int xha_unseal(struct xha_peer *p, const struct xha_hdr *hdr, u8 *buf,
	       size_t len, u64 now)
{
	struct xha_keys *k = &p->keys;
	struct xha_keypair *pair;
	struct xha_hello h;

	if (!k->has_psk)
		return hdr->session == p->session ? (int)len : -XHA_STAT_DROP_SESSION;
	pair = xha_keys_find(k, hdr->session);
	if (!pair)
		return -XHA_STAT_DROP_SESSION;
	if (len < XHA_HDR_LEN + XHA_TAG_LEN)
		return -XHA_STAT_DROP_SHORT;
	if (!chacha20poly1305_decrypt(buf + XHA_HDR_LEN, buf + XHA_HDR_LEN,
				      len - XHA_HDR_LEN, buf, XHA_HDR_LEN,
				      hdr->frame, pair->receive))
		return -XHA_STAT_DROP_AUTH;
	if (pair == &k->next) {
		h = k->hello;
		/* It could not have these keys without having heard our number. */
		h.echo = p->session;
		xha_keys_turn(p, pair, &h, k->next_old, now);
	}
	return len - XHA_TAG_LEN;
}
