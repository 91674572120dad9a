// SPDX-License-Identifier: GPL-2.0
/*
 * A message of a handshake, but for what Noise makes of it:
 *
 *   header | number of the keys at the sender 4 | Noise message
 *
 * and the payload of the Noise message, which is two records: the hello that
 * opens a session without keys, and a time whose stamp only grows.
 */
#include "wire_bytes.h"
#include "wire_hello.h"

/**
 * xha_put_prefix - write what stands before the Noise message
 * @buf: the datagram
 * @hdr: its header
 * @index: number that the sender gives the keys to come
 */
void xha_put_prefix(u8 buf[XHA_PREFIX_LEN], const struct xha_hdr *hdr, u32 index)
{
	struct xha_out o = { .p = buf + XHA_HDR_LEN, .end = buf + XHA_PREFIX_LEN };
	struct xha_writer w;

	xha_put_hdr(&w, buf, XHA_HDR_LEN, hdr);
	xha_out_be32(&o, index);
}

/**
 * xha_get_prefix - read it, but for the header
 * @buf: the datagram
 * @len: its length
 * @index: number that the sender gives the keys to come, not 0
 *
 * Return: 0; -EMSGSIZE if no message of a handshake is of that length;
 * -EBADMSG. After 0 a Noise message of the rest of @len stands behind.
 */
int xha_get_prefix(const u8 *buf, size_t len, u32 *index)
{
	struct xha_in in;

	if (len < XHA_PREFIX_LEN + XHA_SECRET_LEN || len > XHA_HANDSHAKE_MAX)
		return -EMSGSIZE;
	xha_in_init(&in, buf, len);
	xha_in_take(&in, XHA_HDR_LEN);
	*index = xha_in_be32(&in);
	return *index ? 0 : -EBADMSG;
}

/**
 * xha_put_payload - write what a handshake says
 * @buf: where to
 * @room: bytes there; 54 are enough
 * @h: hello
 * @t: time
 *
 * Return: bytes written.
 */
size_t xha_put_payload(u8 *buf, size_t room, const struct xha_hello *h,
		       const struct xha_time *t)
{
	struct xha_writer w = { .buf = buf, .room = room };

	xha_put_hello(&w, h);
	xha_put_time(&w, t);
	return w.len;
}

/**
 * xha_get_payload - read it
 * @buf: the payload, authenticated and decrypted
 * @len: its length
 * @h: hello
 * @t: time
 *
 * Records of other types are skipped. Of several of a type the last one counts.
 *
 * Return: 0, or -EBADMSG if one of both is missing or it is not all records.
 */
int xha_get_payload(const u8 *buf, size_t len, struct xha_hello *h,
		    struct xha_time *t)
{
	struct xha_reader r = { .p = buf, .left = len };
	bool hello = false, time = false;
	struct xha_rec rec;
	int more;

	while ((more = xha_next(&r, &rec)) > 0) {
		if (rec.type == XHA_REC_HELLO)
			hello = !xha_get_hello(&rec, h);
		else if (rec.type == XHA_REC_TIME)
			time = !xha_get_time(&rec, t);
	}
	return !more && hello && time ? 0 : -EBADMSG;
}
