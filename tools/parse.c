// SPDX-License-Identifier: GPL-2.0
/*
 * From words to values. A word is refused here if no kernel could make sense
 * of it; what a knob may be set to is the kernel's to say.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <net/if.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "parse.h"
#include "util.h"

const char *args_peek(const struct args *a)
{
	return a->n ? a->v[0] : NULL;
}

const char *args_next(struct args *a)
{
	if (!a->n)
		return NULL;
	a->n--;
	return *a->v++;
}

/* Take the next word if it is this one. */
bool args_word(struct args *a, const char *word)
{
	if (!a->n || strcmp(a->v[0], word))
		return false;
	args_next(a);
	return true;
}

int args_value(struct args *a, const char *what, const char **val)
{
	*val = args_next(a);
	return *val ? ST_OK : err_usage("'%s' lacks its value", what);
}

int args_end(const struct args *a)
{
	return a->n ? err_usage("unexpected '%s'", a->v[0]) : ST_OK;
}

/*
 * strtoull() alone takes blanks, signs and, with base 0, octal numbers, which
 * nobody means by a leading 0.
 */
static bool number(const char *s, char **end, u64 *num)
{
	int base = s[0] == '0' && (s[1] == 'x' || s[1] == 'X') ? 16 : 10;

	if (!isdigit((unsigned char)s[0]))
		return false;
	if (base == 16 && !isxdigit((unsigned char)s[2]))
		return false;
	errno = 0;
	*num = strtoull(s, end, base);
	return !errno;
}

int parse_num(const char *s, const char *what, u64 min, u64 max,
	      u64 *num)
{
	char *end;

	if (!number(s, &end, num) || *end || *num < min || *num > max)
		return err_usage("%s '%s' is not a number of %llu..%llu", what,
				 s, min,
				max);
	return ST_OK;
}

int parse_time(const char *s, const char *what, u32 *ms)
{
	static const struct {
		const char *unit;
		unsigned int num, den;	/* in ms */
	} units[] = {
		{ "", 1, 1 }, { "ms", 1, 1 }, { "s", 1000, 1 },
		{ "us", 1, 1000 },
	};
	u64 num;
	unsigned int i;
	char *end;

	if (!number(s, &end, &num))
		goto bad;
	for (i = 0; i < ARRAY_SIZE(units); i++)
		if (!strcmp(end, units[i].unit))
			break;
	if (i == ARRAY_SIZE(units))
		goto bad;
	if (num % units[i].den)
		return err_usage("%s '%s' is not a whole number of ms", what, s);
	num /= units[i].den;
	if (num > UINT32_MAX / units[i].num)
		return err_usage("%s '%s' is too long a time", what, s);
	*ms = num * units[i].num;
	return ST_OK;
bad:
	return err_usage("%s '%s' is not a time like 10s, 1000ms or 1000",
			 what, s);
}

int parse_addr(const char *s, const char *what, struct addr *addr)
{
	static const u8 any[sizeof(struct in6_addr)];

	memset(addr, 0, sizeof(*addr));
	if (inet_pton(AF_INET, s, addr->bytes) == 1)
		addr->len = sizeof(struct in_addr);
	else if (inet_pton(AF_INET6, s, addr->bytes) == 1)
		addr->len = sizeof(struct in6_addr);
	else
		return err_usage("%s '%s' is not an IP address", what, s);
	if (!memcmp(addr->bytes, any, addr->len))
		return err_usage("%s '%s' is no address of one node", what, s);
	return ST_OK;
}

/*
 * ADDR[/LEN]: a VIP may be written as it was given to 'ip address add'. The
 * length says nothing about which address it is, so it is checked and dropped.
 */
int parse_addr_len(const char *s, const char *what, struct addr *addr)
{
	const char *slash = strchr(s, '/');
	char buf[INET6_ADDRSTRLEN];
	u64 len;
	int ret;

	if (!slash)
		return parse_addr(s, what, addr);
	if ((size_t)(slash - s) >= sizeof(buf))
		return err_usage("%s '%s' is not an IP address", what, s);
	memcpy(buf, s, slash - s);
	buf[slash - s] = '\0';
	ret = parse_addr(buf, what, addr);
	if (ret)
		return ret;
	return parse_num(slash + 1, "prefix length", 0, addr->len * 8, &len);
}

int parse_addr_list(const char *s, const char *what, struct addr_list *list)
{
	char *copy = strdup(s), *rest = copy, *one;
	int ret = ST_OK;

	list->n = 0;
	while (!ret && copy && (one = strsep(&rest, ","))) {
		if (list->n == XFRM_HA_LIMIT_ADDRS)
			ret = err_usage("%s has more than %u addresses", what,
					XFRM_HA_LIMIT_ADDRS);
		else
			ret = parse_addr(one, what, &list->addr[list->n++]);
		if (!ret && list->addr[list->n - 1].len != list->addr[0].len)
			ret = err_usage("%s '%s' mixes IPv4 and IPv6", what, s);
	}
	if (!copy)
		ret = err_refused("out of memory");
	free(copy);
	return ret;
}

int parse_id(struct args *a, u8 *id)
{
	const char *val;
	u64 num;
	int ret;

	ret = args_value(a, "id", &val) ?:
	      parse_num(val, "id", 1, XFRM_HA_LIMIT_NODE, &num);
	if (!ret)
		*id = num;
	return ret;
}

/* As the kernel's dev_valid_name(). */
int parse_dev(const char *s, const char *what)
{
	size_t len = strlen(s);
	const char *c;

	if (!len || len >= IFNAMSIZ || !strcmp(s, ".") || !strcmp(s, ".."))
		goto bad;
	for (c = s; *c; c++)
		if (*c == '/' || *c == ':' || isspace((unsigned char)*c))
			goto bad;
	return ST_OK;
bad:
	return err_usage("%s '%s' is not the name of a device", what, s);
}

int parse_group(const char *s)
{
	size_t len = 0;

	/* no locale is set: isalnum() knows ASCII only */
	while (isalnum((unsigned char)s[len]) || (s[len] && strchr("._-", s[len])))
		len++;
	if (!len || len > XFRM_HA_LIMIT_NAME || s[len] || s[0] == '-')
		return err_usage("'%s' is no name: 1..%u of A-Z a-z 0-9 . _ -, no '-' first",
				 s, XFRM_HA_LIMIT_NAME);
	return ST_OK;
}

int parse_choice(const char *s, const char *what, const char *const *names,
		 u8 *val)
{
	char all[128] = "";
	unsigned int i;

	for (i = 0; names[i]; i++) {
		if (!strcmp(s, names[i])) {
			*val = i;
			return ST_OK;
		}
		strncat(all, i ? "|" : "", sizeof(all) - strlen(all) - 1);
		strncat(all, names[i], sizeof(all) - strlen(all) - 1);
	}
	return err_usage("%s '%s' is not one of %s", what, s, all);
}
