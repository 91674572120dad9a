/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XFRM_HA_TOOL_KEY_H
#define XFRM_HA_TOOL_KEY_H

#include <linux/xfrm_ha.h>

#include "util.h"

/* Reads a key file, as genkey writes it; an exit status. The caller wipes @key. */
int key_read(const char *file, u8 key[XFRM_HA_KEY_LEN]);

#endif /* XFRM_HA_TOOL_KEY_H */
