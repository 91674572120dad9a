/* SPDX-License-Identifier: GPL-2.0 */
/* Tap: what XFRM says and what its tables hold, brought into the model. */
#ifndef _XHA_TAP_H
#define _XHA_TAP_H

#include "obj.h"

int xha_tap_init(void);
void xha_tap_exit(void);
void xha_tap_net_init(struct xha_net *xn);
void xha_tap_net_start(struct xha_net *xn);
void xha_tap_net_stop(struct xha_net *xn);

void xha_tap_look_again(struct xha_net *xn, const struct xha_sa_key *key);
void xha_tap_drain(struct xha_net *xn);
void xha_tap_audit_now(struct xha_net *xn);

/* audit.c: the periodic walk */
void xha_audit_work(struct work_struct *work);
void xha_audit_release(struct xha_net *xn);

/* reconcile.c: the model as XFRM's tables say; xha_net.lock held */
void xha_reconcile_sa(struct xha_net *xn, const struct xha_sa_key *key);
void xha_reconcile_pol(struct xha_net *xn, const struct xha_pol_key *key);
bool xha_reconcile_state(struct xha_net *xn, struct xfrm_state *x, bool changed);
bool xha_reconcile_policy(struct xha_net *xn, struct xfrm_policy *xp, u8 dir);

#endif /* _XHA_TAP_H */
