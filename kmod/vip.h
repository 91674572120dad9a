/* SPDX-License-Identifier: GPL-2.0 */
/* VIPs: the addresses whose presence makes a node active. */
#ifndef _XHA_VIP_H
#define _XHA_VIP_H

#include "group.h"

int xha_vip_init(void);
void xha_vip_exit(void);
void xha_vip_net_init(struct xha_net *xn);
void xha_vip_net_stop(struct xha_net *xn);
void xha_vip_poll(struct xha_net *xn);
void xha_vip_look(struct xha_group *g, bool first);

#endif /* _XHA_VIP_H */
