/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Roles: what a node is for a group, as one pure function over a table.
 * docs/roles.rst is drawn from the same table.
 */
#ifndef _XHA_ROLE_H
#define _XHA_ROLE_H

#include "pure.h"
#include "../uapi/linux/xfrm_ha.h"

/* Hard events are facts and always accepted; soft ones are requests. */
enum xha_role_event {
	XHA_EV_VIP_UP,		/* hard: all VIPs of the group are present */
	XHA_EV_VIP_DOWN,	/* hard: one is not, or no VIP at first */
	XHA_EV_SET_ACTIVE,	/* soft */
	XHA_EV_SET_STANDBY,	/* soft */
	XHA_EV_PEER_WINS,	/* hard: a peer is active with a higher (term, id) */
	XHA_EV_WINNER_GONE,	/* hard: no peer is active, nor fenced with a higher id */
	XHA_EV_PEER_TERM,	/* hard: a peer that is not active knows a higher term */
	XHA_EV_HANDOVER,	/* hard: a hot standby was told to become active, and asks */
	XHA_EV_RESUME,		/* hard: ... and has not */
	XHA_EV_MAX
};

/* What a transition makes its caller do, in this order. */
#define XHA_DO_GATE	0x01	/* close the gate of every SA */
#define XHA_DO_TERM	0x02	/* term = highest known + 1 */
#define XHA_DO_TAKEOVER	0x04	/* open the gate of every SA */
#define XHA_DO_WANT	0x08	/* ask for a new copy */

/**
 * struct xha_role_in - what a transition depends on
 * @role: role before
 * @event: what happened
 * @vip: the group has a VIP, which then drives the role
 * @vip_present: ... and all are present
 * @force: SET_* was forced
 * @hot: this node's copy is hot (or it is a copy that was never needed)
 * @better: a reachable peer is active or hot
 */
struct xha_role_in {
	enum xfrm_ha_role role;
	enum xha_role_event event;
	bool vip;
	bool vip_present;
	bool force;
	bool hot;
	bool better;
};

/**
 * struct xha_role_out - what becomes of it
 * @role: role after
 * @todo: XHA_DO_*
 * @refusal: NULL, or why a soft event was refused (nothing changes)
 * @cause: short text for the event and the log, NULL if nothing changed
 */
struct xha_role_out {
	enum xfrm_ha_role role;
	u32 todo;
	const char *refusal;
	const char *cause;
};

struct xha_role_out xha_role_step(const struct xha_role_in *in);

/* Does (@term, @node) win over (@other_term, @other_node)? */
bool xha_role_wins(u64 term, u8 node, u64 other_term, u8 other_node);

const char *xha_role_name(enum xfrm_ha_role role);
const char *xha_sync_name(enum xfrm_ha_sync sync);

#endif /* _XHA_ROLE_H */
