/* SPDX-License-Identifier: GPL-2.0 */
/* Security contexts (labelled IPsec) of states and policies. */
#ifndef _XHA_SECCTX_H
#define _XHA_SECCTX_H

#include <net/xfrm.h>

#include "desc.h"

void xha_secctx_snapshot(const struct xfrm_sec_ctx *ctx, struct xha_secctx *d);
u64 xha_secctx_hash(const struct xha_secctx *d);
bool xha_secctx_known(const struct xha_secctx *d);
int xha_secctx_state(struct xfrm_state *x, const struct xha_secctx *d);
int xha_secctx_policy(struct xfrm_policy *xp, const struct xha_secctx *d);

#endif /* _XHA_SECCTX_H */
