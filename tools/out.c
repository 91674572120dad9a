// SPDX-License-Identifier: GPL-2.0
/*
 * The output layer: every show function is written once, and comes out as text
 * or as JSON.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "out.h"

static struct {
	FILE *to;
	bool json;
	bool pretty;
	bool more;		/* something was written at this level */
	unsigned int depth;
	char *buf;		/* of @to, between out_begin() and out_end() */
	size_t len;
} out;

void out_init(bool json, bool pretty)
{
	memset(&out, 0, sizeof(out));
	out.to = stdout;
	out.json = json;
	out.pretty = pretty;
}

/* A full disk or a closed pipe must not look like a success. */
int out_finish(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return ST_OK;
	return err_refused("cannot write the output: %s", strerror(errno));
}

/*
 * JSON is collected in memory: when the kernel refuses in the middle of a
 * dump, half an array on stdout would help nobody.
 */
int out_begin(void)
{
	if (!out.json)
		return ST_OK;
	out.to = open_memstream(&out.buf, &out.len);
	if (!out.to) {
		out.to = stdout;
		return err_refused("out of memory");
	}
	out_array(NULL);
	return ST_OK;
}

int out_end(int status)
{
	if (!out.json)
		return status;
	out_array_end();
	fputc('\n', out.to);
	if (fclose(out.to))
		status = err_refused("out of memory");
	out.to = stdout;
	out.more = false;
	if (!status)
		fwrite(out.buf, 1, out.len, stdout);
	free(out.buf);
	out.buf = NULL;
	return status;
}

/* Length of the UTF-8 sequence at @s, 0 if it is not one. */
static unsigned int utf8_len(const unsigned char *s)
{
	static const u32 lowest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned int len, i;
	u32 c;

	if (s[0] < 0x80)
		return 1;
	len = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	if (s[0] < 0xc0 || s[0] > 0xf7)
		return 0;
	c = s[0] & (0x7f >> len);
	for (i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < lowest[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	return len;
}

/*
 * Device names may hold any byte, and reasons come from other machines: JSON
 * has to stay valid, and a terminal must see no control characters.
 */
static void put_chars(const char *str)
{
	const unsigned char *s = (const unsigned char *)str;
	unsigned int len;

	for (; *s; s += len ?: 1) {
		len = utf8_len(s);
		if (!len)
			fputs(out.json ? "\\ufffd" : "?", out.to);
		else if (*s < ' ' || *s == 0x7f)
			fprintf(out.to, out.json ? "\\u%04x" : "?", *s);
		else if (out.json && (*s == '"' || *s == '\\'))
			fprintf(out.to, "\\%c", *s);
		else
			fwrite(s, 1, len, out.to);
	}
}

static void new_line(void)
{
	if (out.pretty)
		fprintf(out.to, "\n%*s", out.depth * 4, "");
}

/* What comes before each value. The words of the command line become keys. */
static void put_key(const char *key)
{
	if (out.more)
		fputc(',', out.to);
	if (out.depth)
		new_line();
	out.more = true;
	if (!key)
		return;
	fputc('"', out.to);
	for (; *key; key++) {
		const char c[2] = { *key == '-' || *key == ' ' ? '_' : *key };

		put_chars(c);
	}
	fputs(out.pretty ? "\": " : "\":", out.to);
}

static void open_level(const char *key, char c)
{
	if (!out.json)
		return;
	put_key(key);
	fputc(c, out.to);
	out.depth++;
	out.more = false;
}

static void close_level(char c)
{
	if (!out.json)
		return;
	out.depth--;
	if (out.more)
		new_line();
	fputc(c, out.to);
	out.more = true;
}

void out_object(const char *key)
{
	open_level(key, '{');
}

void out_object_end(void)
{
	close_level('}');
}

void out_array(const char *key)
{
	open_level(key, '[');
}

void out_array_end(void)
{
	close_level(']');
}

void out_line_end(void)
{
	fputc('\n', out.to);
	out.more = false;
}

void out_null(const char *key)
{
	if (!out.json)
		return;
	put_key(key);
	fputs("null", out.to);
}

void out_bool(const char *key, const char *label, bool val)
{
	if (out.json) {
		put_key(key);
		fputs(val ? "true" : "false", out.to);
	} else if (label && val) {
		fputs(label, out.to);
	}
}

void out_str(const char *key, const char *label, const char *val)
{
	if (out.json) {
		put_key(key);
		fputc('"', out.to);
		put_chars(val);
		fputc('"', out.to);
	} else if (label) {
		fputs(label, out.to);
		put_chars(val);
	}
}

void out_num(const char *key, const char *label, u64 val)
{
	if (out.json) {
		put_key(key);
		fprintf(out.to, "%llu", val);
	} else if (label) {
		fprintf(out.to, "%s%llu", label, val);
	}
}

/* A time that was configured: exact, and in a form that can be typed again. */
void out_time(const char *key, const char *label, u64 ms)
{
	bool whole = ms && ms % 1000 == 0;

	out_num(key, label, whole && !out.json ? ms / 1000 : ms);
	if (label)
		out_text(whole ? "s" : "ms");
}

/* A time that went by: two units are enough. */
void out_age(const char *key, const char *label, u64 ms)
{
	u64 s = ms / 1000;

	if (out.json) {
		out_num(key, NULL, ms);
		return;
	}
	if (!label)
		return;
	fputs(label, out.to);
	if (s < 1)
		out_text("%llums", ms);
	else if (s < 60)
		out_text("%llu.%llus", s, ms % 1000 / 100);
	else if (s < 3600)
		out_text("%llum%02llus", s / 60, s % 60);
	else if (s < 86400)
		out_text("%lluh%02llum", s / 3600, s / 60 % 60);
	else
		out_text("%llud%02lluh", s / 86400,
			 s / 3600 % 24);
}

void out_text(const char *fmt, ...)
{
	va_list ap;

	if (out.json)
		return;
	va_start(ap, fmt);
	vfprintf(out.to, fmt, ap);
	va_end(ap);
}
