// SPDX-License-Identifier: GPL-2.0
/*
 * Target: a message of a handshake. What Noise would decrypt stands in it as it
 * is: that can only be reached with the operator's key, and has to hold all the
 * same.
 */
#include <string.h>

#include "../../kmod/wire_hello.h"
#include "fuzz.h"

#define KEY_LEN		32	/* ephemeral key, in front of the payload */

const struct fuzz_shape fuzz_shape = {
	.front = XHA_PREFIX_LEN + KEY_LEN,
	.back = XHA_SECRET_LEN - KEY_LEN,
};

static bool payload(const u8 *data, size_t len)
{
	struct xha_hello h, h2;
	struct xha_time t, t2;
	u8 buf[XHA_HANDSHAKE_MAX];

	memset(&h, 0, sizeof(h));
	memset(&t, 0, sizeof(t));
	memset(&h2, 0, sizeof(h2));
	memset(&t2, 0, sizeof(t2));
	if (xha_get_payload(data, len, &h, &t))
		return false;
	MUST(h.boot && h.version_min && h.version_min <= h.version_max);
	len = xha_put_payload(buf, sizeof(buf), &h, &t);
	MUST(!xha_get_payload(buf, len, &h2, &t2));
	MUST(!memcmp(&h, &h2, sizeof(h)) && !memcmp(&t, &t2, sizeof(t)));
	return true;
}

bool fuzz_input(const u8 *data, size_t size)
{
	u8 buf[XHA_PREFIX_LEN], *copy;
	struct xha_reader r;
	struct xha_hdr hdr;
	u32 index = 0;
	bool taken;

	if (xha_get_hdr(&r, data, size, &hdr) ||
	    (hdr.type != XHA_MSG_INIT && hdr.type != XHA_MSG_RESPONSE) ||
	    xha_get_prefix(data, size, &index))
		return false;
	MUST(index);
	/* What Noise takes for granted, and what there is room for. */
	MUST(size >= XHA_PREFIX_LEN + XHA_SECRET_LEN && size <= XHA_HANDSHAKE_MAX);
	xha_put_prefix(buf, &hdr, index);
	MUST(!memcmp(buf, data, sizeof(buf)));

	size -= XHA_PREFIX_LEN + XHA_SECRET_LEN;
	copy = fuzz_copy(data + XHA_PREFIX_LEN + KEY_LEN, size);
	taken = payload(copy, size);
	fuzz_drop(copy);
	return taken;
}
