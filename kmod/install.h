/* SPDX-License-Identifier: GPL-2.0 */
/* Building XFRM's objects. */
#ifndef _XHA_INSTALL_H
#define _XHA_INSTALL_H

#include <net/xfrm.h>

#include "desc.h"

struct xfrm_state *xha_install_build(struct net *net, const struct xha_sa_desc *d,
				     u32 *keepalive, u8 *result);
int xha_install_insert(struct xfrm_state *x);
void xha_install_discard(struct xfrm_state *x);

struct xfrm_policy *xha_install_policy_build(struct net *net,
					     const struct xha_pol_desc *d);
int xha_install_policy_insert(struct xfrm_policy *xp, u8 dir, bool replace);
void xha_install_policy_discard(struct xfrm_policy *xp);

#endif /* _XHA_INSTALL_H */
