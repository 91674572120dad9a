/* SPDX-License-Identifier: GPL-2.0 */
/* What the module tries on itself when it is loaded; test builds only. */
#ifndef _XHA_SELFTEST_H
#define _XHA_SELFTEST_H

#include <linux/types.h>

#ifdef XHA_SELFTEST
bool xha_selftest_noise(void);
#else
static inline bool xha_selftest_noise(void)
{
	return true;
}
#endif

#endif /* _XHA_SELFTEST_H */
