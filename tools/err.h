/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XFRM_HA_TOOL_ERR_H
#define XFRM_HA_TOOL_ERR_H

#include "util.h"

/* What every command returns, and the program exits with. */
enum status {
	ST_OK,
	ST_REFUSED,	/* by the kernel, or by the machine */
	ST_USAGE,	/* the command line makes no sense */
};

void err_object(const char *name);
void err_place(const char *file, unsigned int line);

int err_usage(const char *fmt, ...) __printf(1, 2);
int err_refused(const char *fmt, ...) __printf(1, 2);

#endif /* XFRM_HA_TOOL_ERR_H */
