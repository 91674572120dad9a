/* SPDX-License-Identifier: GPL-2.0 */
/* Addresses, as users and peers give them. */
#ifndef _XHA_ADDR_H
#define _XHA_ADDR_H

#include <linux/types.h>
#include <uapi/linux/xfrm.h>

/**
 * struct xha_addr - an address
 * @family: AF_INET or AF_INET6
 * @a: the address
 */
struct xha_addr {
	u16 family;
	xfrm_address_t a;
};

#endif /* _XHA_ADDR_H */
