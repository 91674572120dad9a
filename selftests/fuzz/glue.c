// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer's side of a target. With XHA_FUZZ_VALID in the environment each
 * input has to be well-formed: so a corpus shows that it is of this wire format.
 */
#include <string.h>

#include "fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static bool valid_only;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	valid_only = getenv("XHA_FUZZ_VALID");
	return 0;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	bool taken = fuzz_input(data, size);

	/* libFuzzer itself begins with an empty one. */
	MUST(taken || !size || !valid_only);
	return 0;
}

u8 *fuzz_copy(const u8 *p, size_t len)
{
	/* One more in front: of an empty copy nothing may be read either. */
	u8 *copy = malloc(len + 1);

	if (!copy)
		abort();
	if (len)
		memcpy(copy + 1, p, len);
	return copy + 1;
}

void fuzz_drop(u8 *copy)
{
	free(copy - 1);
}
