/* SPDX-License-Identifier: GPL-2.0 */
/* Events: what 'xfrm-ha monitor' shows, and the kernel log beside it. */
#ifndef _XHA_EVENT_H
#define _XHA_EVENT_H

#include "group.h"

struct xha_peer;

/**
 * struct xha_transition - a role that changed
 * @from: role before
 * @to: role after
 * @cause: why
 * @sas: SAs whose gate moved
 * @duration_us: how long it took
 * @staleness: ms since the copy was whole, takeovers only
 * @exposure: packets that could be replayed, an estimate, takeovers only
 * @jump: largest jump of a sequence number, takeovers only
 */
struct xha_transition {
	enum xfrm_ha_role from;
	enum xfrm_ha_role to;
	const char *cause;
	u32 sas;
	u64 duration_us;
	u64 staleness;
	u64 exposure;
	u64 jump;
};

/*
 * Process context, xha_net.lock held (maybe RTNL too). Each writes one line
 * to the kernel log and one event; without memory the event is lost, which
 * netlink tells its listeners by itself (ENOBUFS).
 */
void xha_event_role(struct xha_group *g, const struct xha_transition *t);
void xha_event_sync(struct xha_group *g, enum xfrm_ha_sync from,
		    enum xfrm_ha_sync to, const char *cause);
void xha_event_peer(struct xha_peer *p, enum xfrm_ha_peer_state from,
		    enum xfrm_ha_peer_state to, const char *cause);

#endif /* _XHA_EVENT_H */
