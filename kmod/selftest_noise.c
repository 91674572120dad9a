// SPDX-License-Identifier: GPL-2.0
/*
 * Noise against the published test vector of its pattern (the "cacophony"
 * collection). In builds with XHA_SELFTEST the module refuses to load if
 * anything differs.
 */
#include <crypto/chacha20poly1305.h>
#include <crypto/curve25519.h>
#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "noise.h"
#include "selftest.h"

#define MESSAGE_MAX	64

/* Handshake messages and then transport messages, initiator first. */
static const struct {
	const char *payload;
	const char *ciphertext;
	const char *more;
} messages[] = {
	{ "4c756477696720766f6e204d69736573",
	  "ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c7944",
	  "79b962b8aff8485742ac32f905ba45369e2465fb59e138a93d67a0d1266b6a54" },
	{ "4d757272617920526f746862617264",
	  "95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f144808843",
	  "d6062704d5a9c422a8e834423f8c1feada7e8d0d910a1a2cd030fb584221e3" },
	{ "462e20412e20486179656b",
	  "e632c3763d7669067383433197a3baddf146e9e70ad4b4e9e59e0f" },
	{ "4361726c204d656e676572",
	  "64c6bee32ea91c8474bb4c21d7a700109ad45af77b29764ba5eb1e" },
	{ "4a65616e2d426170746973746520536179",
	  "e2fa0bed0603b62d3ccac2ecabbf3fe33f3e86514909b323361626266cb2471cc8" },
	{ "457567656e2042f6686d20766f6e2042617765726b",
	  "0c01dc9cec1fe4ddd692e8dd32188aa351088dc91183639a53b57aa4692b5ebdef8b8ca111" },
};

static const char *const psk_hex =
	"54686973206973206d7920417573747269616e20706572737065637469766521";
static const char *const init_hex =
	"893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a";
static const char *const resp_hex =
	"bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b";
static const char prologue[] = "John Galt";

static size_t unhex(u8 *out, const char *text)
{
	size_t len = strlen(text) / 2;

	return hex2bin(out, text, len) ? 0 : len;
}

static size_t ciphertext(u8 *out, size_t i)
{
	size_t len = unhex(out, messages[i].ciphertext);

	return messages[i].more ? len + unhex(out + len, messages[i].more) : len;
}

static bool is(const u8 *got, size_t len, size_t i)
{
	u8 want[MESSAGE_MAX];

	return ciphertext(want, i) == len && !memcmp(got, want, len);
}

static int start(struct xha_noise *n, const char *secret)
{
	int err = xha_noise_begin(n, prologue, sizeof(prologue) - 1);

	unhex(n->secret, secret);
	if (!err && !curve25519_generate_public(n->public, n->secret))
		err = -EINVAL;
	return err;
}

static bool handshake(struct xha_noise *a, struct xha_noise *b)
{
	u8 psk[XHA_KEY_LEN], payload[MESSAGE_MAX], msg[MESSAGE_MAX], back[MESSAGE_MAX];
	size_t len;

	unhex(psk, psk_hex);
	if (start(a, init_hex) || start(b, resp_hex))
		return false;

	len = unhex(payload, messages[0].payload);
	if (xha_noise_write_init(a, psk, payload, len, msg) ||
	    !is(msg, len + XHA_NOISE_OVERHEAD, 0) ||
	    xha_noise_read_init(b, psk, msg, len + XHA_NOISE_OVERHEAD, back) ||
	    memcmp(back, payload, len))
		return false;

	len = unhex(payload, messages[1].payload);
	return !xha_noise_write_response(b, payload, len, msg) &&
	       is(msg, len + XHA_NOISE_OVERHEAD, 1) &&
	       !xha_noise_read_response(a, msg, len + XHA_NOISE_OVERHEAD, back) &&
	       !memcmp(back, payload, len) && !memcmp(a->h, b->h, sizeof(a->h));
}

static bool transport(struct xha_noise *a, struct xha_noise *b)
{
	u8 key[2][XHA_KEY_LEN], other[2][XHA_KEY_LEN];
	u8 payload[MESSAGE_MAX], msg[MESSAGE_MAX];
	size_t i, len;

	if (xha_noise_split(a, key[0], key[1]) ||
	    xha_noise_split(b, other[0], other[1]) ||
	    memcmp(key, other, sizeof(key)))
		return false;
	for (i = 2; i < ARRAY_SIZE(messages); i++) {
		len = unhex(payload, messages[i].payload);
		chacha20poly1305_encrypt(msg, payload, len, NULL, 0, (i - 2) / 2,
					 key[i % 2]);
		if (!is(msg, len + XHA_TAG_LEN, i))
			return false;
	}
	return true;
}

/* A wrong key and every flipped bit of the first message are refused. */
static bool refusals(void)
{
	u8 psk[XHA_KEY_LEN], msg[MESSAGE_MAX], bad[MESSAGE_MAX], back[MESSAGE_MAX];
	struct xha_noise n;
	size_t len, bit;

	len = ciphertext(msg, 0);
	for (bit = 0; bit < len * 8; bit++) {
		memcpy(bad, msg, len);
		bad[bit / 8] ^= 1 << (bit % 8);
		unhex(psk, psk_hex);
		if (start(&n, resp_hex) ||
		    xha_noise_read_init(&n, psk, bad, len, back) != -EBADMSG)
			return false;
	}
	for (bit = 0; bit < len; bit++)
		if (start(&n, resp_hex) ||
		    xha_noise_read_init(&n, psk, msg, bit, back) != -EBADMSG)
			return false;
	psk[0] ^= 1;
	return !start(&n, resp_hex) &&
	       xha_noise_read_init(&n, psk, msg, len, back) == -EBADMSG;
}

/**
 * xha_selftest_noise - is it Noise that we speak?
 *
 * Return: true if everything is as published.
 */
bool xha_selftest_noise(void)
{
	struct xha_noise a, b;
	bool ok = handshake(&a, &b) && transport(&a, &b) && refusals();

	pr_info("xfrm_ha: selftest noise: %s\n", ok ? "pass" : "FAIL");
	return ok;
}
