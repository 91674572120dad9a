/* SPDX-License-Identifier: GPL-2.0 */
/* Primitives that Noise is made of, from the kernel's own library. */
#ifndef _XHA_CRYPTO_H
#define _XHA_CRYPTO_H

#include <linux/types.h>

#define XHA_HASH_LEN	32	/* SHA-256 */
#define XHA_KEY_LEN	32	/* ChaCha20-Poly1305, X25519, and the operator's key */
#define XHA_TAG_LEN	16

int xha_crypto_init(void);
void xha_crypto_exit(void);

int xha_crypto_hash(u8 out[XHA_HASH_LEN], const void *a, size_t alen,
		    const void *b, size_t blen);
int xha_crypto_hkdf(const u8 ck[XHA_HASH_LEN], const void *ikm, size_t len,
		    u8 out[][XHA_HASH_LEN], unsigned int n);

#endif /* _XHA_CRYPTO_H */
