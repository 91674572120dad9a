// SPDX-License-Identifier: GPL-2.0
/* xfrm-ha -batch: commands from a file, one on each line. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "err.h"
#include "util.h"

enum { WORDS = 256 };

/*
 * Cut the next word out of @s, in place: quotes keep blanks, a backslash keeps
 * any character outside single quotes. Returns what follows, NULL if a quote
 * stays open; @word is NULL at the end of the line or at a comment.
 */
static char *cut(char *s, char **word)
{
	char quote = '\0', *to;

	while (isspace((unsigned char)*s))
		s++;
	*word = *s && *s != '#' ? s : NULL;
	if (!*word)
		return s;
	for (to = s; *s && (quote || !isspace((unsigned char)*s)); s++) {
		if (*s == quote)
			quote = '\0';
		else if (!quote && (*s == '"' || *s == '\''))
			quote = *s;
		else if (*s == '\\' && s[1] && quote != '\'')
			*to++ = *++s;
		else
			*to++ = *s;
	}
	if (*s)
		s++;
	*to = '\0';
	return quote ? NULL : s;
}

static int run_line(char *line)
{
	char *v[WORDS], *word;
	struct args a = { .v = v };

	for (;;) {
		line = cut(line, &word);
		if (!line)
			return err_usage("a quote is not closed");
		if (!word)
			break;
		if (a.n == WORDS)
			return err_usage("more than %u words", WORDS);
		v[a.n++] = word;
	}
	return a.n ? cmd_run(&a) : ST_OK;
}

static int run_file(FILE *f, const char *file, bool force)
{
	int ret, first = ST_OK;
	unsigned int n = 0;
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	while ((len = getline(&line, &size, f)) >= 0) {
		err_object(NULL);
		err_place(file, ++n);
		ret = strlen(line) == (size_t)len ? run_line(line) :
		      err_usage("a NUL in the line");
		first = first ?: ret;
		if (ret && !force)
			break;
	}
	err_place(NULL, 0);
	free(line);
	if (ferror(f))
		return err_refused("%s: %s", file, strerror(errno));
	return first;
}

int batch_run(const char *file, bool force)
{
	FILE *f = strcmp(file, "-") ? fopen(file, "re") : stdin;
	int ret;

	if (!f)
		return err_refused("%s: %s", file, strerror(errno));
	ret = run_file(f, file, force);
	if (f != stdin)
		fclose(f);
	return ret;
}
