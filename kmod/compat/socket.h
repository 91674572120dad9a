/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Differences of sockets between the kernels supported.
 *
 * XHA_HAVE_SOCKADDR_UNSIZED	kernel_bind(), kernel_connect(): since 7.0
 */
#ifndef _XHA_COMPAT_SOCKET_H
#define _XHA_COMPAT_SOCKET_H

#include <linux/socket.h>

#ifdef XHA_HAVE_SOCKADDR_UNSIZED
#define xha_sockaddr(ss)	((struct sockaddr_unsized *)(ss))
#else
#define xha_sockaddr(ss)	((struct sockaddr *)(ss))
#endif

#endif /* _XHA_COMPAT_SOCKET_H */
