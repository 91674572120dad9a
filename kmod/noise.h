/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Noise_NNpsk0_25519_ChaChaPoly_SHA256 (the Noise Protocol Framework, revision
 * 34): mutual authentication by a pre-shared key, forward secrecy by ephemeral
 * keys.
 *
 *   -> psk, e
 *   <- e, ee
 */
#ifndef _XHA_NOISE_H
#define _XHA_NOISE_H

#include "crypto.h"

/* Bytes of a message beside its payload. */
#define XHA_NOISE_OVERHEAD	(XHA_KEY_LEN + XHA_TAG_LEN)

/**
 * struct xha_noise - a handshake under way
 * @ck: chaining key
 * @h: hash of all that was said
 * @k: key of the next payload
 * @secret: our ephemeral key
 * @public: ... and its public half
 * @remote: the other's public half
 *
 * All of it is secret but for the public halves: xha_noise_wipe() it.
 */
struct xha_noise {
	u8 ck[XHA_HASH_LEN];
	u8 h[XHA_HASH_LEN];
	u8 k[XHA_KEY_LEN];
	u8 secret[XHA_KEY_LEN];
	u8 public[XHA_KEY_LEN];
	u8 remote[XHA_KEY_LEN];
};

int xha_noise_begin(struct xha_noise *n, const void *prologue, size_t len);
int xha_noise_ephemeral(struct xha_noise *n);
int xha_noise_write_init(struct xha_noise *n, const u8 psk[XHA_KEY_LEN],
			 const void *payload, size_t len, u8 *out);
int xha_noise_read_init(struct xha_noise *n, const u8 psk[XHA_KEY_LEN],
			const u8 *in, size_t len, u8 *payload);
int xha_noise_write_response(struct xha_noise *n, const void *payload,
			     size_t len, u8 *out);
int xha_noise_read_response(struct xha_noise *n, const u8 *in, size_t len,
			    u8 *payload);
int xha_noise_split(struct xha_noise *n, u8 init[XHA_KEY_LEN],
		    u8 resp[XHA_KEY_LEN]);
void xha_noise_wipe(struct xha_noise *n);

#endif /* _XHA_NOISE_H */
