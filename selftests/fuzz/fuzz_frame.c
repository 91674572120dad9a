// SPDX-License-Identifier: GPL-2.0
/*
 * Target: a data frame, after it has been authenticated and decrypted. Header,
 * then one record after the other, each as the reader of its type takes it,
 * until one is not well-formed: as the receiver goes (receive.c). Beyond that
 * all other readers see the same body.
 */
#include <string.h>

#include "fuzz.h"

const struct fuzz_shape fuzz_shape = { .front = XHA_HDR_LEN };

static void header(const struct xha_hdr *hdr, const u8 *data)
{
	u8 buf[XHA_HDR_LEN];
	struct xha_writer w;

	xha_put_hdr(&w, buf, sizeof(buf), hdr);
	MUST(w.len == sizeof(buf) && !memcmp(buf, data, sizeof(buf)));
}

bool fuzz_input(const u8 *data, size_t size)
{
	const u8 *end = data + size;
	struct xha_reader r;
	struct xha_hdr hdr;
	struct xha_rec rec;
	int more;

	if (xha_get_hdr(&r, data, size, &hdr)) {
		MUST(size < XHA_HDR_LEN && !r.left);
		return false;
	}
	MUST(r.p == data + XHA_HDR_LEN && r.left == size - XHA_HDR_LEN);
	header(&hdr, data);

	while ((more = xha_next(&r, &rec)) > 0) {
		MUST(r.p == rec.body + rec.len && r.p + r.left == end);
		if (!fuzz_record(rec.type, rec.body, rec.len))
			return false;
		fuzz_all_readers(rec.body, rec.len);
	}
	MUST(!r.left && (!more || more == -EBADMSG));
	return !more;
}
