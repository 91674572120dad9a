/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which ways of a model were taken: spin itself does not say so of what is
 * inside a d_step. HIT(n) at the beginning of each; the verifier lists them
 * when it ends. Not a part of the state.
 */
c_decl {
	\#include <stdlib.h>
	static char xha_hit[64];
	static void xha_hits(void)
	{
		unsigned int i;

		printf("hit:");
		for (i = 0; i < sizeof(xha_hit); i++)
			if (xha_hit[i])
				printf(" %u", i);
		printf(" .\n");
	}
}

#define HIT(n)		c_code { xha_hit[n] = 1; }
#define HIT_REPORT	c_code { atexit(xha_hits); }
