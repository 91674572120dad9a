/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The dirty queue: state, not events. An object is dirty for a peer or it is
 * not; what is sent is its state at that time. Everything is under
 * xha_net.lock.
 */
#ifndef _XHA_DIRTY_H
#define _XHA_DIRTY_H

#include "obj.h"

struct xha_peer;
struct xha_sync;

void xha_track_set_result(struct xha_sync *s, struct xha_track *t, u8 result);
void xha_dirty(struct xha_net *xn, struct xha_obj *o, enum xha_what what);
void xha_dirty_peer(struct xha_peer *p, struct xha_obj *o, enum xha_what what);
void xha_dirty_buried(struct xha_net *xn, struct xha_obj *o);
void xha_dirty_lost(struct xha_peer *p, struct xha_obj *o, enum xha_what what);
void xha_dirty_sent(struct xha_peer *p, struct xha_obj *o, u64 hash);
void xha_dirty_landed(struct xha_peer *p, struct xha_obj *o, bool named);
void xha_dirty_confirmed(struct xha_peer *p, struct xha_group *g);
void xha_dirty_unknown(struct xha_peer *p);
void xha_dirty_bulk(struct xha_peer *p, struct xha_obj *o);
void xha_dirty_forget(struct xha_net *xn, struct xha_obj *o);
void xha_dirty_purge(struct xha_peer *p, struct xha_group *g);
bool xha_dirty_counters(const struct xha_peer *p);
bool xha_dirty_fills(const struct xha_peer *p);

#endif /* _XHA_DIRTY_H */
