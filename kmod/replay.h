/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sequence numbers and windows inside the kernel's three replay states, seen
 * as one thing. The layouts are those of net/xfrm/xfrm_replay.c: in the legacy
 * bitmap bit 0 is the top; in the extended one the bit of number s is
 * (s - 1) % replay_window. Callers hold x->lock where the state is live.
 */
#ifndef _XHA_REPLAY_H
#define _XHA_REPLAY_H

#include "desc.h"

/**
 * struct xha_replay - the replay state of one SA
 * @legacy: always there; used if @ext is NULL
 * @window: size of the legacy window (props.replay_window)
 * @ext: XFRMA_REPLAY_ESN_VAL, or NULL
 * @esn: the high words of @ext count (XFRM_STATE_ESN)
 */
struct xha_replay {
	struct xfrm_replay_state *legacy;
	u32 window;
	struct xfrm_replay_state_esn *ext;
	bool esn;
};

u64 xha_replay_oseq(const struct xha_replay *r);
void xha_replay_set_oseq(const struct xha_replay *r, u64 oseq);
u64 xha_replay_seq(const struct xha_replay *r);

/* Size of the window in bits; 0 means that replays are not checked. */
u32 xha_replay_window(const struct xha_replay *r);

/* Reads the inbound window into @w. */
void xha_replay_get(const struct xha_replay *r, struct xha_window *w);

/**
 * xha_replay_merge - take over what a peer knows of the inbound window
 * @r: state, only ever moved forward
 * @w: window of the peer, the same size
 *
 * The top becomes the higher of both; a number counts as received if either
 * says so. Numbers that fall out of the window do.
 *
 * Return: 0; -EINVAL if the sizes differ; -ERANGE if @w's top is outside the
 * number space or (ESN) more than 2^33 above ours while ours is not 0.
 */
int xha_replay_merge(const struct xha_replay *r, const struct xha_window *w);

/* Moves the top forward by @n and marks all of the window received, within the space. */
void xha_replay_advance(const struct xha_replay *r, u32 n);

/**
 * xha_replay_exposure - about how many received packets a copy does not know of
 * @rate: packets/s between the last two windows that came
 * @age: ms since the last one
 * @silence: ms since the moment for which the active last stated us hot
 * @period: sync-period-time, ms; 0: off
 * @packets: sync-period-packets; 0: off
 * @advance: how far the window is moved before it serves
 *
 * A window that has not moved is not sent: while the active was heard, none was
 * older than @period, or lacked more than @packets.
 */
u64 xha_replay_exposure(u64 rate, u64 age, u64 silence, u32 period, u32 packets,
			u32 advance);

bool xha_window_full(const struct xha_window *w);

#endif /* _XHA_REPLAY_H */
