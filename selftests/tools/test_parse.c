// SPDX-License-Identifier: GPL-2.0
/* Unit tests of tools/parse.c: what is taken, and what is refused. */
#include <arpa/inet.h>
#include <string.h>

#include "err.h"
#include "ktap.h"
#include "names.h"
#include "parse.h"

static void test_time(void)
{
	static const struct {
		const char *in;
		u32 ms;
	} good[] = {
		{ "0", 0 }, { "10s", 10000 }, { "1000ms", 1000 }, { "50", 50 },
		{ "2000us", 2 }, { "0s", 0 }, { "010", 10 },
		{ "4294967295", 4294967295U }, { "4294967s", 4294967000U },
	};
	static const char *const bad[] = {
		"", "s", "ms", "10x", "10S", "-1", "+1", " 1", "1 ", "1.5s",
		"10 s", "500us", "4294967296", "4294968s", "1m", "0x", "0xs",
		"99999999999999999999", "18446744073709551615s",
	};
	unsigned int i;
	u32 ms;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		ms = ~0;
		ktap_expect(!parse_time(good[i].in, "t", &ms) &&
			    ms == good[i].ms, "%s gave %u", good[i].in, ms);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		ktap_expect(parse_time(bad[i], "t", &ms) == ST_USAGE, "'%s'",
			    bad[i]);
}

static void test_num(void)
{
	static const char *const bad[] = {
		"", "0", "16", "-1", "+1", " 1", "1 ", "1x", "0x", "0x10",
		"1.0", "18446744073709551617",
	};
	unsigned int i;
	u64 num;

	ktap_expect(!parse_num("1", "n", 1, 15, &num) && num == 1, "1");
	ktap_expect(!parse_num("15", "n", 1, 15, &num) && num == 15, "15");
	ktap_expect(!parse_num("0xF", "n", 1, 15, &num) && num == 15, "0xF");
	ktap_expect(!parse_num("010", "n", 1, 15, &num) && num == 10, "010");
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		ktap_expect(parse_num(bad[i], "n", 1, 15, &num) == ST_USAGE,
			    "'%s'", bad[i]);
}

static void test_addr(void)
{
	static const char *const bad[] = {
		"", "10.0.0", "10.0.0.256", "0.0.0.0", "::", "fe80::1%eth0",
		"10.0.0.1/24", "host", "2001:db8::g", " 10.0.0.1",
	};
	static const u8 v4[] = { 192, 0, 2, 15 };
	struct addr addr;
	unsigned int i;

	ktap_expect(!parse_addr("192.0.2.15", "a", &addr) && addr.len == 4 &&
		    !memcmp(addr.bytes, v4, 4), "IPv4");
	ktap_expect(!parse_addr("2001:db8::1", "a", &addr) && addr.len == 16 &&
		    addr.bytes[0] == 0x20 && addr.bytes[15] == 1, "IPv6");
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		ktap_expect(parse_addr(bad[i], "a", &addr) == ST_USAGE, "'%s'",
			    bad[i]);
}

static void test_addr_len(void)
{
	static const char *const good[] = {
		"10.0.0.1", "10.0.0.1/0", "10.0.0.1/32", "2001:db8::1/128",
		"1111:2222:3333:4444:5555:6666:255.255.255.255/64",
	};
	static const char *const bad[] = {
		"10.0.0.1/", "10.0.0.1/33", "2001:db8::1/129", "/24",
		"10.0.0.1/24/1", "10.0.0.1/ 8",
		"1111111111222222222233333333334444444444555555555/1",
	};
	struct addr addr;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(good); i++)
		ktap_expect(!parse_addr_len(good[i], "a", &addr), "'%s'",
			    good[i]);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		ktap_expect(parse_addr_len(bad[i], "a", &addr) == ST_USAGE,
			    "'%s'", bad[i]);
}

static void test_addr_list(void)
{
	static const char *const bad[] = {
		"", ",", "10.0.0.1,", ",10.0.0.1", "10.0.0.1,,10.0.0.2",
		"10.0.0.1, 10.0.0.2", "10.0.0.1,2001:db8::1",
		"1.1.1.1,2.1.1.1,3.1.1.1,4.1.1.1,5.1.1.1,6.1.1.1,7.1.1.1,8.1.1.1,9.1.1.1,10.1.1.1,11.1.1.1,12.1.1.1,13.1.1.1,14.1.1.1,15.1.1.1,16.1.1.1,17.1.1.1",
	};
	struct addr_list list;
	unsigned int i;

	ktap_expect(!parse_addr_list("10.0.0.1", "a", &list) && list.n == 1,
		    "one");
	ktap_expect(!parse_addr_list("10.0.0.1,10.0.0.2", "a", &list) &&
		    list.n == 2 && list.addr[1].bytes[3] == 2, "two");
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		ktap_expect(parse_addr_list(bad[i], "a", &list) == ST_USAGE,
			    "'%s'", bad[i]);
}

static void test_names(void)
{
	static const char *const good[] = {
		"e", "east", "Ea-st_1.2", "0123456789012345678901234567890",
	};
	static const char *const bad[] = {
		"", "-east", "ea st", "e/a", "\xc3\xa4st", "east\n",
		"01234567890123456789012345678901",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(good); i++)
		ktap_expect(!parse_group(good[i]), "'%s'", good[i]);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		ktap_expect(parse_group(bad[i]) == ST_USAGE, "'%s'", bad[i]);
}

static void test_dev(void)
{
	static const char *const good[] = { "eth0", "a", "eth0.100", "-" };
	static const char *const bad[] = {
		"", ".", "..", "a/b", "a b", "eth0:1", "0123456789012345",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(good); i++)
		ktap_expect(!parse_dev(good[i], "d"), "'%s'", good[i]);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		ktap_expect(parse_dev(bad[i], "d") == ST_USAGE, "'%s'", bad[i]);
}

static void test_choice(void)
{
	u8 val = 99;

	ktap_expect(!parse_choice("daemon", "c", names_install, &val) &&
		    val == XFRM_HA_INSTALL_DAEMON, "%u", val);
	ktap_expect(parse_choice("", "c", names_install, &val) == ST_USAGE,
		    "empty");
	ktap_expect(parse_choice("kern", "c", names_install, &val) == ST_USAGE,
		    "no abbreviations");
	ktap_expect(!strcmp(names_get(names_role, XFRM_HA_ROLE_FENCED),
			    "fenced"), "fenced");
	ktap_expect(!strcmp(names_get(names_role, 99), "unknown"), "99");
}

static void test_args(void)
{
	char *words[3] = { "dev", "eth0", "more" };
	struct args a = { words, 3 };
	const char *val;

	ktap_expect(!args_word(&a, "vip") && a.n == 3, "another word");
	ktap_expect(args_word(&a, "dev") && a.n == 2, "the word");
	ktap_expect(!args_value(&a, "dev", &val) && !strcmp(val, "eth0"),
		    "its value");
	ktap_expect(args_end(&a) == ST_USAGE, "one is left");
	args_next(&a);
	ktap_expect(args_end(&a) == ST_OK && !args_peek(&a), "none is left");
	ktap_expect(args_value(&a, "dev", &val) == ST_USAGE, "no value");
}

static const struct ktap_test tests[] = {
	{ "time", test_time },
	{ "num", test_num },
	{ "addr", test_addr },
	{ "addr/len", test_addr_len },
	{ "addr list", test_addr_list },
	{ "group name", test_names },
	{ "dev", test_dev },
	{ "choice", test_choice },
	{ "args", test_args },
};

int main(void)
{
	/* the refusals are wanted here */
	if (!freopen("/dev/null", "w", stderr))
		return 1;
	return ktap_run(tests, ARRAY_SIZE(tests));
}
