// SPDX-License-Identifier: GPL-2.0
/*
 * The handshake, as the Noise specification tells it (sections 5 and 9). The
 * names of its operations are kept: MixHash, MixKey, MixKeyAndHash,
 * EncryptAndHash, DecryptAndHash, Split.
 */
#include <crypto/chacha20poly1305.h>
#include <crypto/curve25519.h>
#include <linux/random.h>
#include <linux/string.h>

#include "noise.h"

static const char xha_noise_name[] = "Noise_NNpsk0_25519_ChaChaPoly_SHA256";

static int mix_hash(struct xha_noise *n, const void *data, size_t len)
{
	return xha_crypto_hash(n->h, n->h, sizeof(n->h), data, len);
}

static int mix_key(struct xha_noise *n, const u8 *ikm)
{
	u8 out[2][XHA_HASH_LEN];
	int err = xha_crypto_hkdf(n->ck, ikm, XHA_KEY_LEN, out, 2);

	if (!err) {
		memcpy(n->ck, out[0], sizeof(n->ck));
		memcpy(n->k, out[1], sizeof(n->k));
	}
	memzero_explicit(out, sizeof(out));
	return err;
}

static int mix_key_and_hash(struct xha_noise *n, const u8 *psk)
{
	u8 out[3][XHA_HASH_LEN];
	int err = xha_crypto_hkdf(n->ck, psk, XHA_KEY_LEN, out, 3);

	if (!err) {
		memcpy(n->ck, out[0], sizeof(n->ck));
		err = mix_hash(n, out[1], sizeof(out[1]));
		memcpy(n->k, out[2], sizeof(n->k));
	}
	memzero_explicit(out, sizeof(out));
	return err;
}

/* Every key encrypts one payload only, so its counter is always 0. */
static int encrypt_and_hash(struct xha_noise *n, const void *payload, size_t len,
			    u8 *out)
{
	chacha20poly1305_encrypt(out, payload, len, n->h, sizeof(n->h), 0, n->k);
	return mix_hash(n, out, len + XHA_TAG_LEN);
}

static int decrypt_and_hash(struct xha_noise *n, const u8 *in, size_t len,
			    u8 *payload)
{
	if (!chacha20poly1305_decrypt(payload, in, len, n->h, sizeof(n->h), 0, n->k))
		return -EBADMSG;
	return mix_hash(n, in, len);
}

/* Token "e": with a psk the public key goes into the chaining key as well. */
static int mix_ephemeral(struct xha_noise *n, const u8 *public)
{
	return mix_hash(n, public, XHA_KEY_LEN) ?: mix_key(n, public);
}

/* Token "ee". */
static int mix_dh(struct xha_noise *n)
{
	u8 shared[XHA_KEY_LEN];
	int err = -EBADMSG;

	/* False for a point of small order, which would make the result known. */
	if (curve25519(shared, n->secret, n->remote))
		err = mix_key(n, shared);
	memzero_explicit(shared, sizeof(shared));
	return err;
}

/**
 * xha_noise_begin - begin a handshake
 * @n: handshake, made anew
 * @prologue: what both ends must agree on
 * @len: its length
 *
 * Process context. All of these return 0, -EBADMSG if what came is not from
 * somebody who knows the key, or an error of the crypto API; after an error
 * the handshake is only good for xha_noise_wipe().
 */
int xha_noise_begin(struct xha_noise *n, const void *prologue, size_t len)
{
	int err;

	memset(n, 0, sizeof(*n));
	err = xha_crypto_hash(n->h, xha_noise_name, sizeof(xha_noise_name) - 1,
			      NULL, 0);
	memcpy(n->ck, n->h, sizeof(n->ck));
	return err ?: mix_hash(n, prologue, len);
}

/**
 * xha_noise_ephemeral - draw our ephemeral key
 * @n: handshake
 */
int xha_noise_ephemeral(struct xha_noise *n)
{
	do {
		curve25519_generate_secret(n->secret);
	} while (!curve25519_generate_public(n->public, n->secret));
	return 0;
}

/**
 * xha_noise_write_init - the first message
 * @n: handshake with an ephemeral key
 * @psk: the operator's key
 * @payload: what to say in it
 * @len: its length
 * @out: @len + XHA_NOISE_OVERHEAD bytes
 */
int xha_noise_write_init(struct xha_noise *n, const u8 psk[XHA_KEY_LEN],
			 const void *payload, size_t len, u8 *out)
{
	memcpy(out, n->public, XHA_KEY_LEN);
	return mix_key_and_hash(n, psk) ?:
	       mix_ephemeral(n, n->public) ?:
	       encrypt_and_hash(n, payload, len, out + XHA_KEY_LEN);
}

/**
 * xha_noise_read_init - the other's first message
 * @n: handshake
 * @psk: the operator's key
 * @in: the message
 * @len: its length
 * @payload: @len - XHA_NOISE_OVERHEAD bytes
 */
int xha_noise_read_init(struct xha_noise *n, const u8 psk[XHA_KEY_LEN],
			const u8 *in, size_t len, u8 *payload)
{
	if (len < XHA_NOISE_OVERHEAD)
		return -EBADMSG;
	memcpy(n->remote, in, XHA_KEY_LEN);
	return mix_key_and_hash(n, psk) ?:
	       mix_ephemeral(n, n->remote) ?:
	       decrypt_and_hash(n, in + XHA_KEY_LEN, len - XHA_KEY_LEN, payload);
}

/**
 * xha_noise_write_response - the second message
 * @n: handshake that has read the first, with an ephemeral key
 * @payload: what to say in it
 * @len: its length
 * @out: @len + XHA_NOISE_OVERHEAD bytes
 */
int xha_noise_write_response(struct xha_noise *n, const void *payload,
			     size_t len, u8 *out)
{
	memcpy(out, n->public, XHA_KEY_LEN);
	return mix_ephemeral(n, n->public) ?:
	       mix_dh(n) ?:
	       encrypt_and_hash(n, payload, len, out + XHA_KEY_LEN);
}

/**
 * xha_noise_read_response - the other's second message
 * @n: handshake that has written the first
 * @in: the message
 * @len: its length
 * @payload: @len - XHA_NOISE_OVERHEAD bytes
 */
int xha_noise_read_response(struct xha_noise *n, const u8 *in, size_t len,
			    u8 *payload)
{
	if (len < XHA_NOISE_OVERHEAD)
		return -EBADMSG;
	memcpy(n->remote, in, XHA_KEY_LEN);
	return mix_ephemeral(n, n->remote) ?:
	       mix_dh(n) ?:
	       decrypt_and_hash(n, in + XHA_KEY_LEN, len - XHA_KEY_LEN, payload);
}

/**
 * xha_noise_split - the keys of the session
 * @n: handshake with both messages
 * @init: for what the initiator sends
 * @resp: for what the responder sends
 */
int xha_noise_split(struct xha_noise *n, u8 init[XHA_KEY_LEN],
		    u8 resp[XHA_KEY_LEN])
{
	u8 out[2][XHA_HASH_LEN];
	int err = xha_crypto_hkdf(n->ck, NULL, 0, out, 2);

	if (!err) {
		memcpy(init, out[0], XHA_KEY_LEN);
		memcpy(resp, out[1], XHA_KEY_LEN);
	}
	memzero_explicit(out, sizeof(out));
	return err;
}

/**
 * xha_noise_wipe - forget a handshake
 * @n: handshake
 */
void xha_noise_wipe(struct xha_noise *n)
{
	memzero_explicit(n, sizeof(*n));
}
