/* SPDX-License-Identifier: GPL-2.0 */
/* Frames on their way out. */
#ifndef _XHA_FRAME_H
#define _XHA_FRAME_H

#include "peer.h"

struct xha_tx_scratch;

void xha_frame_head(struct xha_peer *p, struct xha_writer *w, u8 type);
size_t xha_frame_data(struct xha_peer *p, u64 now);
struct xha_item *xha_frame_item(struct xha_tx_scratch *t, u32 id, u8 what, u64 number);
void xha_frame_item_pace(struct xha_item *i, struct xha_sa *s, struct xha_pace pace);
int xha_frame_counter(struct xha_peer *p, struct xha_writer *w, struct xha_obj *o,
		      enum xha_what what);

/* frame_obj.c */
u64 xha_record_hash(const u8 *body, size_t fixed);
int xha_frame_object(struct xha_peer *p, struct xha_writer *w, struct xha_obj *o);

#endif /* _XHA_FRAME_H */
