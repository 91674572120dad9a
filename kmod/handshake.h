/* SPDX-License-Identifier: GPL-2.0 */
/* Handshakes, of which the keys of a session come; xha_net.lock held. */
#ifndef _XHA_HANDSHAKE_H
#define _XHA_HANDSHAKE_H

#include "keys.h"

#ifndef XHA_REKEY_AGE
#define XHA_REKEY_AGE		120000		/* ms until a session gets new keys */
#endif
#ifndef XHA_REKEY_FRAMES
#define XHA_REKEY_FRAMES	BIT_ULL(32)	/* frames under one pair of keys, likewise */
#endif
#define XHA_HANDSHAKE_WAIT	1000		/* ms for an answer */
#ifndef XHA_REKEY_RETRY
#define XHA_REKEY_RETRY		5000		/* ms until a session asks for new keys again */
#endif
#define XHA_HANDSHAKE_READS	2		/* first messages of one peer read in a ms */
#define XHA_HANDSHAKE_BURST	10		/* handshakes of one peer answered in a second */

bool xha_handshake_due(const struct xha_peer *p, u64 now);
size_t xha_handshake_begin(struct xha_peer *p, u64 now);
size_t xha_handshake_answer(struct xha_peer *p);
void xha_handshake_receive(struct xha_peer *p, const struct xha_hdr *hdr,
			   const u8 *buf, size_t len, u64 now);

#endif /* _XHA_HANDSHAKE_H */
