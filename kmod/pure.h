/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the pure files (wire, lease, replay, role) need from their
 * surroundings, so that they compile in user space too, for unit tests and
 * fuzzing. They have no state of their own, allocate nothing and take no lock.
 */
#ifndef _XHA_PURE_H
#define _XHA_PURE_H

#ifdef __KERNEL__

#include <linux/bitops.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/socket.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/xfrm.h>
#include <asm/byteorder.h>

#else

#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/types.h>
#include <linux/xfrm.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;
typedef int64_t s64;

#define U16_MAX	UINT16_MAX
#define U32_MAX	UINT32_MAX
#define U64_MAX	UINT64_MAX

#define cpu_to_be16(x)	((__be16)htobe16(x))
#define cpu_to_be32(x)	((__be32)htobe32(x))
#define cpu_to_be64(x)	((__be64)htobe64(x))
#define be16_to_cpu(x)	be16toh((uint16_t)(x))
#define be32_to_cpu(x)	be32toh((uint32_t)(x))
#define be64_to_cpu(x)	be64toh((uint64_t)(x))

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define min_t(t, a, b)	({ t min_a_ = (a), min_b_ = (b); min_a_ < min_b_ ? min_a_ : min_b_; })
#define max_t(t, a, b)	({ t max_a_ = (a), max_b_ = (b); max_a_ > max_b_ ? max_a_ : max_b_; })
#define check_add_overflow(a, b, d)	__builtin_add_overflow(a, b, d)
#define check_mul_overflow(a, b, d)	__builtin_mul_overflow(a, b, d)
#define fls64(x)	({ u64 fls_ = (x); fls_ ? 64 - __builtin_clzll(fls_) : 0; })
#define div_u64(a, b)	((u64)(a) / (u32)(b))
#define div64_u64(a, b)	((u64)(a) / (u64)(b))
#ifndef __force
#define __force
#endif

#endif /* __KERNEL__ */

static inline u64 xha_sat_add(u64 a, u64 b)
{
	u64 sum;

	return check_add_overflow(a, b, &sum) ? U64_MAX : sum;
}

static inline u64 xha_sat_mul(u64 a, u64 b)
{
	u64 product;

	return check_mul_overflow(a, b, &product) ? U64_MAX : product;
}

/* What @rate packets/s make in @ms, rounded up. */
static inline u64 xha_packets_in(u64 rate, u64 ms)
{
	u64 product = xha_sat_mul(rate, ms);

	if (product > U64_MAX - 999)
		return U64_MAX;
	return div_u64(product + 999, 1000);
}
#endif /* _XHA_PURE_H */
