/* SPDX-License-Identifier: GPL-2.0 */
/* Serving: what an active does for its SAs: leases, and what moves. */
#ifndef _XHA_SERVE_H
#define _XHA_SERVE_H

#include "obj.h"

void xha_serve_lease(struct xha_sa *s, u64 now);
void xha_serve_net_init(struct xha_net *xn);
void xha_serve_net_start(struct xha_net *xn);
void xha_serve_net_stop(struct xha_net *xn);

#endif /* _XHA_SERVE_H */
