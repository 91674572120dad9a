// SPDX-License-Identifier: GPL-2.0
/*
 * SHA-256 and the key derivation that Noise builds on it, by way of the
 * kernel's shash interface, which is the same on all kernels supported.
 */
#include <crypto/hash.h>
#include <linux/mutex.h>

#include "crypto.h"

static struct crypto_shash *xha_sha256;
static struct crypto_shash *xha_hmac;
/* The key of a transform belongs to it: one derivation at a time. Leaf. */
static DEFINE_MUTEX(xha_hmac_lock);

/**
 * xha_crypto_init - allocate the transforms
 *
 * Return: 0 or the error of the crypto API.
 */
int xha_crypto_init(void)
{
	xha_sha256 = crypto_alloc_shash("sha256", 0, 0);
	if (IS_ERR(xha_sha256))
		return PTR_ERR(xha_sha256);
	xha_hmac = crypto_alloc_shash("hmac(sha256)", 0, 0);
	if (IS_ERR(xha_hmac)) {
		crypto_free_shash(xha_sha256);
		return PTR_ERR(xha_hmac);
	}
	return 0;
}

void xha_crypto_exit(void)
{
	crypto_free_shash(xha_hmac);
	crypto_free_shash(xha_sha256);
}

/**
 * xha_crypto_hash - SHA-256 of two strings, one behind the other
 * @out: the hash; may be @a
 * @a: first string
 * @alen: its length
 * @b: second string
 * @blen: its length
 *
 * Return: 0 or the error of the crypto API.
 */
int xha_crypto_hash(u8 out[XHA_HASH_LEN], const void *a, size_t alen,
		    const void *b, size_t blen)
{
	SHASH_DESC_ON_STACK(desc, xha_sha256);
	int err;

	desc->tfm = xha_sha256;
	err = crypto_shash_init(desc) ?:
	      crypto_shash_update(desc, a, alen) ?:
	      crypto_shash_update(desc, b, blen) ?:
	      crypto_shash_final(desc, out);
	shash_desc_zero(desc);
	return err;
}

/* HMAC(@key, @a || @b); the lock is held. */
static int xha_crypto_hmac(const u8 key[XHA_HASH_LEN], const void *a, size_t alen,
			   const void *b, size_t blen, u8 out[XHA_HASH_LEN])
{
	SHASH_DESC_ON_STACK(desc, xha_hmac);
	int err;

	desc->tfm = xha_hmac;
	err = crypto_shash_setkey(xha_hmac, key, XHA_HASH_LEN) ?:
	      crypto_shash_init(desc) ?:
	      crypto_shash_update(desc, a, alen) ?:
	      crypto_shash_update(desc, b, blen) ?:
	      crypto_shash_final(desc, out);
	shash_desc_zero(desc);
	return err;
}

/**
 * xha_crypto_hkdf - HKDF of the Noise specification, section 4.3
 * @ck: chaining key
 * @ikm: input key material
 * @len: its length, 0 or 32
 * @out: @n outputs
 * @n: 2 or 3
 *
 * Process context, may sleep.
 *
 * Return: 0 or the error of the crypto API.
 */
int xha_crypto_hkdf(const u8 ck[XHA_HASH_LEN], const void *ikm, size_t len,
		    u8 out[][XHA_HASH_LEN], unsigned int n)
{
	static const u8 zero[XHA_HASH_LEN];
	u8 temp[XHA_HASH_LEN];
	unsigned int i;
	u8 count;
	int err;

	mutex_lock(&xha_hmac_lock);
	err = xha_crypto_hmac(ck, ikm, len, NULL, 0, temp);
	for (i = 0; i < n && !err; i++) {
		count = i + 1;
		err = xha_crypto_hmac(temp, i ? out[i - 1] : zero,
				      i ? XHA_HASH_LEN : 0, &count, 1, out[i]);
	}
	/* The transform is shared: it shall not remember. */
	crypto_shash_setkey(xha_hmac, zero, XHA_HASH_LEN);
	mutex_unlock(&xha_hmac_lock);
	memzero_explicit(temp, sizeof(temp));
	return err;
}
