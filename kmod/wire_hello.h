/* SPDX-License-Identifier: GPL-2.0 */
/* Messages of a handshake, but for what Noise makes of them. */
#ifndef _XHA_WIRE_HELLO_H
#define _XHA_WIRE_HELLO_H

#include "wire.h"

#define XHA_INDEX_LEN		4
#define XHA_PREFIX_LEN		(XHA_HDR_LEN + XHA_INDEX_LEN)
#define XHA_SECRET_LEN		48	/* bytes of a Noise message beside its payload */
#define XHA_HANDSHAKE_MAX	256	/* of the whole datagram */

void xha_put_prefix(u8 buf[XHA_PREFIX_LEN], const struct xha_hdr *hdr,
		    u32 index);
int xha_get_prefix(const u8 *buf, size_t len, u32 *index);

size_t xha_put_payload(u8 *buf, size_t room, const struct xha_hello *h,
		       const struct xha_time *t);
int xha_get_payload(const u8 *buf, size_t len, struct xha_hello *h,
		    struct xha_time *t);

#endif /* _XHA_WIRE_HELLO_H */
