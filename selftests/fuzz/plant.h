/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Faults planted in a source file that is compiled with this one in front of
 * it, to show that a fuzzer finds such. Headers come first: what they have
 * inline stays sound.
 */
#ifndef _XHA_PLANT_H
#define _XHA_PLANT_H

#include "../../kmod/wire_bytes.h"
#include "../../kmod/wire_hello.h"

#ifdef PLANT_LENGTH
/* As many bytes as a length says, there or not. */
static inline const u8 *plant_take(struct xha_in *i, size_t n)
{
	const u8 *p = i->p;

	n = min_t(size_t, n, i->left);
	i->p += n;
	i->left -= n;
	return p;
}

#define xha_in_take(i, n)	plant_take(i, n)
#endif

#ifdef PLANT_LOSS
/* The highest bit of a 16-bit number is not written. */
#define xha_out_be16(o, v)	xha_out_be16(o, (v) & 0x7fff)
#endif

#ifdef PLANT_SHORT
/* A message of a handshake may end behind its prefix. */
#undef XHA_SECRET_LEN
#define XHA_SECRET_LEN		0
#endif

#endif /* _XHA_PLANT_H */
