// SPDX-License-Identifier: GPL-2.0
/*
 * Everything the tool says on stderr: one line each, with the place in a batch
 * file in front and the way to the help behind.
 */
#include <stdarg.h>
#include <stdio.h>

#include "err.h"

static struct {
	const char *object;	/* NULL: before any object is known */
	const char *file;	/* NULL: not in a batch */
	unsigned int line;
} where;

void err_object(const char *name)
{
	where.object = name;
}

void err_place(const char *file, unsigned int line)
{
	where.file = file;
	where.line = line;
}

static void say(const char *fmt, va_list ap)
{
	fputs("xfrm-ha: ", stderr);
	if (where.file)
		fprintf(stderr, "%s:%u: ", where.file, where.line);
	vfprintf(stderr, fmt, ap);
}

int err_usage(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
	fprintf(stderr, "; see 'xfrm-ha %s%shelp'\n",
		where.object ?: "", where.object ? " " : "");
	return ST_USAGE;
}

/* Also for warnings: then nobody looks at what it returns. */
int err_refused(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return ST_REFUSED;
}
