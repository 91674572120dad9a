// SPDX-License-Identifier: GPL-2.0
/* Unit tests of tools/out.c: the same calls as text and as JSON. */
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "ktap.h"
#include "out.h"

static char *written;

/* Run @show with stdout in memory; the caller frees what comes back. */
static void record(void (*show)(void), bool json, bool pretty)
{
	FILE *saved = stdout;
	size_t len;

	free(written);
	stdout = open_memstream(&written, &len);
	out_init(json, pretty);
	show();
	fclose(stdout);
	stdout = saved;
}

static void expect(void (*show)(void), bool json, bool pretty,
		   const char *want)
{
	record(show, json, pretty);
	ktap_expect(!strcmp(written, want), "\n#  got: %s\n# want: %s", written,
		    want);
}

static void show_one(void)
{
	out_begin();
	out_object(NULL);
	out_str("name", "group ", "east");
	out_num("not-replicated", " missing ", 3);
	out_bool("insecure", " insecure", true);
	out_bool("other flag", " other", false);
	out_null("rtt");
	out_array("locals");
	out_str(NULL, " local ", "10.0.0.1");
	out_str(NULL, ",", "10.0.0.2");
	out_array_end();
	out_object("none");
	out_object_end();
	out_num("hidden", NULL, 18446744073709551615ULL);
	out_text("\n");
	out_object_end();
	out_end(ST_OK);
}

static void test_both(void)
{
	expect(show_one, false, false,
	       "group east missing 3 insecure local 10.0.0.1,10.0.0.2\n");
	expect(show_one, true, false,
	       "[{\"name\":\"east\",\"not_replicated\":3,\"insecure\":true,\"other_flag\":false,\"rtt\":null,\"locals\":[\"10.0.0.1\",\"10.0.0.2\"],\"none\":{},\"hidden\":18446744073709551615}]\n");
}

static void show_nested(void)
{
	out_begin();
	out_object(NULL);
	out_num("a", NULL, 1);
	out_array("b");
	out_array_end();
	out_object_end();
	out_object(NULL);
	out_object_end();
	out_end(ST_OK);
}

static void test_pretty(void)
{
	expect(show_nested, true, true,
	       "[\n    {\n        \"a\": 1,\n        \"b\": []\n    },\n    {}\n]\n");
}

static void show_nothing(void)
{
	out_begin();
	out_end(ST_OK);
}

static void show_refused(void)
{
	out_begin();
	out_object(NULL);
	out_object_end();
	out_end(ST_REFUSED);
}

static void show_two(void)
{
	show_refused();
	show_nothing();
	show_one();
}

static void test_whole(void)
{
	expect(show_nothing, true, false, "[]\n");
	expect(show_nothing, false, false, "");
	expect(show_refused, true, false, "");
	record(show_two, true, false);
	ktap_expect(!strncmp(written, "[]\n[{\"name\"", 11), "%s", written);
}

static void show_lines(void)
{
	int i;

	for (i = 0; i < 2; i++) {
		out_object(NULL);
		out_num("n", "n ", i);
		out_object_end();
		out_line_end();
	}
}

static void test_lines(void)
{
	expect(show_lines, true, false, "{\"n\":0}\n{\"n\":1}\n");
	expect(show_lines, false, false, "n 0\nn 1\n");
}

static void show_bad_chars(void)
{
	out_str(NULL, "", "\"\\\n\x1b\x7f\xc3\xa4");	/* the last is one */
	out_str(NULL, "", "\xff\x80\xc3");		/* no sequences */
	out_str(NULL, "", "\xc0\xaf\xed\xa0\x80");	/* overlong, surrogate */
	out_str(NULL, "", "\xf0\x9f\x90\xa7");		/* four bytes */
}

static void test_escapes(void)
{
	expect(show_bad_chars, true, false,
	       "\"\\\"\\\\\\u000a\\u001b\\u007f\xc3\xa4\",\"\\ufffd\\ufffd\\ufffd\",\"\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\",\"\xf0\x9f\x90\xa7\"");
	expect(show_bad_chars, false, false,
	       "\"\\???\xc3\xa4????????\xf0\x9f\x90\xa7");
}

static void show_times(void)
{
	static const u64 ms[] = {
		0, 50, 1000, 1500, 61000, 3599999, 7260000, 90000000,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ms); i++) {
		out_time(NULL, " ", ms[i]);
		out_age(NULL, "=", ms[i]);
	}
	out_time(NULL, NULL, 1000);
	out_age(NULL, NULL, 1000);
}

static void test_times(void)
{
	expect(show_times, false, false,
	       " 0ms=0ms 50ms=50ms 1s=1.0s 1500ms=1.5s 61s=1m01s 3599999ms=59m59s 7260s=2h01m 90000s=1d01h");
	expect(show_times, true, false,
	       "0,0,50,50,1000,1000,1500,1500,61000,61000,3599999,3599999,7260000,7260000,90000000,90000000,1000,1000");
}

static const struct ktap_test tests[] = {
	{ "text and JSON", test_both },
	{ "pretty", test_pretty },
	{ "whole or not at all", test_whole },
	{ "one object per line", test_lines },
	{ "escapes", test_escapes },
	{ "times", test_times },
};

int main(void)
{
	int ret = ktap_run(tests, ARRAY_SIZE(tests));

	free(written);
	return ret;
}
