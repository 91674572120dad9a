/* SPDX-License-Identifier: GPL-2.0 */
/* What the sockets of all transports have in common. */
#ifndef _XHA_SOCKET_H
#define _XHA_SOCKET_H

#include <linux/net.h>

#include "compat/socket.h"
#include "transport.h"

int xha_socket_create(struct net *net, struct xha_transport *t, int type, int protocol);
void xha_socket_listen(struct xha_transport *t);
void xha_socket_close(struct xha_transport *t);
int xha_socket_keep(struct net *net, struct xha_transport *t);
int xha_socket_addr(const struct xha_transport *t, const struct xha_addr *a, u16 port,
		    struct sockaddr_storage *ss);

/* bypass.c */
int xha_bypass_socket(struct socket *sock, u16 family);
int xha_bypass_keep(struct net *net, struct xha_transport *t);
void xha_bypass_end(struct xha_transport *t);

#endif /* _XHA_SOCKET_H */
