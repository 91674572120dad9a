/* SPDX-License-Identifier: GPL-2.0 */
/* Frames on their way out. */
#ifndef _XHA_FRAME_H
#define _XHA_FRAME_H

#include "peer.h"

void xha_frame_head(struct xha_peer *p, struct xha_writer *w, u8 type);
size_t xha_frame_data(struct xha_peer *p, u64 now);
u64 xha_record_hash(const u8 *body, size_t fixed);

#endif /* _XHA_FRAME_H */
