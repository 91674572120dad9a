// SPDX-License-Identifier: GPL-2.0
/*
 * Target: one record, without the walk that leads to it. The first byte of the
 * input is its type, the rest its body: so that what is tried goes into the
 * attributes of SAs and policies, and into elements.
 */
#include "fuzz.h"

const struct fuzz_shape fuzz_shape = { .single = true };

bool fuzz_input(const u8 *data, size_t size)
{
	if (!size || size - 1 > U16_MAX)
		return false;
	return fuzz_record(data[0], data + 1, size - 1);
}
