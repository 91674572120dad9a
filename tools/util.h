/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XFRM_HA_TOOL_UTIL_H
#define XFRM_HA_TOOL_UTIL_H

#include <linux/types.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;

#define ARRAY_SIZE(x) (sizeof(x) / sizeof((x)[0]))
#define PRINTF_ARGS(fmt, args) format(printf, fmt, args)
#define __printf(fmt, args) __attribute__((PRINTF_ARGS(fmt, args)))

#endif /* XFRM_HA_TOOL_UTIL_H */
