/* SPDX-License-Identifier: GPL-2.0 */
/* Room that the two workers of a peer need, too big for their stacks. */
#ifndef _XHA_SCRATCH_H
#define _XHA_SCRATCH_H

#include "desc.h"
#include "peer.h"

/**
 * struct xha_tx_scratch - a frame being written
 * @buf: the datagram
 * @frame: what is in it; its own memory once it is sent
 * @sa: an SA on its way from XFRM to the frame
 * @pol: likewise a policy
 */
struct xha_tx_scratch {
	u8 buf[XHA_FRAME_MAX];
	struct xha_frame *frame;
	struct xha_sa_desc sa;
	struct xha_pol_desc pol;
};

/**
 * struct xha_rx_scratch - a datagram being read
 * @buf: the datagram
 * @sa: an SA as it came
 * @pol: a policy as it came
 * @mine: what XFRM holds in its place, and
 * @mine_pol: ... likewise
 * @cmp: ... as it would be sent
 * @win: a window as it came
 */
struct xha_rx_scratch {
	u8 buf[XHA_FRAME_MAX];
	struct xha_sa_desc sa;
	struct xha_pol_desc pol;
	struct xha_sa_desc mine;
	struct xha_pol_desc mine_pol;
	u8 cmp[XHA_FRAME_MAX];
	struct xha_window win;
};

#endif /* _XHA_SCRATCH_H */
