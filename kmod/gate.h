/* SPDX-License-Identifier: GPL-2.0 */
/* The gate of an SA: closed, it stays in the kernel but neither sends nor receives. */
#ifndef _XHA_GATE_H
#define _XHA_GATE_H

#include <net/xfrm.h>

#include "group.h"
#include "obj.h"

/* How stock 'ip xfrm state' shows the role. */
#define XHA_MARK_STANDBY	0x48410002	/* output-mark .../0x0 of a closed gate */
#define XHA_MARK_FENCED		0x48410003
#define XHA_FLAG_ACTIVE		0x41000000	/* extra_flag, of every replicated SA */
#define XHA_FLAG_STANDBY	0x42000000
#define XHA_FLAG_FENCED		0x43000000
#define XHA_FLAG_MASK		0x43000000

/*
 * Seconds that a copy outlives its hard limit: orphans go, but not early. They go
 * with an audit, of which no key manager hears; XFRM's own timer, which tells
 * them, is put off for so long that it never comes to that.
 */
#define XHA_GRACE		60
#define XHA_PARKED		(2 * XHA_GRACE)

/**
 * struct xha_opened - what opening a gate led to
 * @opened: the gate was closed and is open now
 * @exhausted: there are no numbers left: retire the SA
 * @capped: the jump was cut: it needs a successor
 * @jump: how far the sequence number moved
 */
struct xha_opened {
	bool opened;
	bool exhausted;
	bool capped;
	u64 jump;
};

void xha_gate_park(struct xfrm_state *x, enum xfrm_ha_role role);
bool xha_gate_close(struct xha_sa *s, enum xfrm_ha_role role);
bool xha_gate_close_new(struct xfrm_state *x, enum xfrm_ha_role role);
void xha_gate_open(struct xha_sa *s, struct xha_group *g, u64 silence,
		   struct xha_opened *res);
void xha_gate_start_timer(struct xha_sa *s, u64 now);
void xha_gate_tag(struct xha_sa *s, enum xfrm_ha_role role);
void xha_gate_release(struct xha_sa *s);
void xha_gate_forget(struct xfrm_state *x);
void xha_gate_retire(struct xha_sa *s);
void xha_gate_ask(struct xha_sa *s);

#endif /* _XHA_GATE_H */
