/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XFRM_HA_SELFTEST_KTAP_H
#define XFRM_HA_SELFTEST_KTAP_H

#include <stdbool.h>
#include <stdio.h>

struct ktap_test {
	const char *name;
	void (*run)(void);
};

static bool ktap_failed;

/* Say what was wrong, go on with the rest of the table. */
#define ktap_expect(cond, ...) do {			\
	if (!(cond)) {					\
		printf("# %s:%d: %s: ", __FILE__, __LINE__, #cond);	\
		printf(__VA_ARGS__);			\
		printf("\n");				\
		ktap_failed = true;			\
	}						\
} while (0)

static int ktap_run(const struct ktap_test *tests, unsigned int n)
{
	unsigned int i, bad = 0;

	printf("TAP version 13\n1..%u\n", n);
	for (i = 0; i < n; i++) {
		ktap_failed = false;
		tests[i].run();
		bad += ktap_failed;
		printf("%sok %u %s\n", ktap_failed ? "not " : "", i + 1,
		       tests[i].name);
	}
	return bad ? 1 : 0;
}

#endif /* XFRM_HA_SELFTEST_KTAP_H */
