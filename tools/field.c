// SPDX-License-Identifier: GPL-2.0
/*
 * From netlink attributes to output. Each length is looked at where the value
 * is read: an integer of any width is taken, so that a module which widens one
 * does not need a new tool.
 */
#include <arpa/inet.h>
#include <string.h>

#include <linux/xfrm_ha.h>

#include "field.h"
#include "names.h"
#include "out.h"

u64 field_get(const struct nlattr *attr)
{
	u64 u64;
	u32 u32;
	u16 u16;

	switch (attr ? nla_len(attr) : 0) {
	case 1:
		return *(u8 *)nla_data(attr);
	case 2:
		memcpy(&u16, nla_data(attr), 2);
		return u16;
	case 4:
		memcpy(&u32, nla_data(attr), 4);
		return u32;
	case 8:
		memcpy(&u64, nla_data(attr), 8);
		return u64;
	}
	return 0;
}

/* NULL if there is no string in it. */
const char *field_text(const struct nlattr *attr)
{
	if (!attr || !memchr(nla_data(attr), '\0', nla_len(attr)))
		return NULL;
	return nla_data(attr);
}

void field_num(const char *key, const char *label, const struct nlattr *attr)
{
	if (attr)
		out_num(key, label, field_get(attr));
	else
		out_null(key);
}

void field_time(const char *key, const char *label, const struct nlattr *attr)
{
	if (attr)
		out_time(key, label, field_get(attr));
	else
		out_null(key);
}

void field_age(const char *key, const char *label, const struct nlattr *attr)
{
	if (attr)
		out_age(key, label, field_get(attr));
	else
		out_null(key);
}

void field_str(const char *key, const char *label, const struct nlattr *attr)
{
	const char *text = field_text(attr);

	if (text)
		out_str(key, label, text);
	else
		out_null(key);
}

void field_addr(const char *key, const char *label, const struct nlattr *attr)
{
	int len = attr ? nla_len(attr) : 0;
	char buf[INET6_ADDRSTRLEN];

	if (len == sizeof(struct in_addr) || len == sizeof(struct in6_addr))
		out_str(key, label, inet_ntop(len == sizeof(struct in_addr) ?
					      AF_INET : AF_INET6,
					      nla_data(attr), buf, sizeof(buf)));
	else
		out_null(key);
}

void field_name(const char *key, const char *label, const struct nlattr *attr,
		const char *const *names)
{
	if (attr)
		out_str(key, label, names_get(names, field_get(attr)));
	else
		out_null(key);
}

void field_addrs(const char *key, const char *label, const struct nlattr *list)
{
	struct nlattr *one;
	int rem;

	out_array(key);
	if (list) {
		nla_for_each_nested(one, list, rem) {
			if (nla_type(one) != XFRM_HA_LIST_ADDR)
				continue;
			field_addr(NULL, label, one);
			label = ",";
		}
	}
	out_array_end();
}

static const char *counter(struct nlattr *one, u64 *val)
{
	struct nlattr *tb[XFRM_HA_COUNTER_MAX + 1];

	if (nla_type(one) != XFRM_HA_LIST_COUNTER ||
	    nla_parse_nested(tb, XFRM_HA_COUNTER_MAX, one, NULL))
		return NULL;
	*val = field_get(tb[XFRM_HA_COUNTER_VALUE]);
	return field_text(tb[XFRM_HA_COUNTER_NAME]);
}

/* As fields of the object that is open; @end is behind each in text. */
void field_counters(const struct nlattr *list, const char *label,
		    const char *end)
{
	struct nlattr *one;
	const char *name;
	u64 val;
	int rem;

	if (!list)
		return;
	nla_for_each_nested(one, list, rem) {
		name = counter(one, &val);
		if (!name)
			continue;
		out_text("%s%s", label, name);
		out_num(name, " ", val);
		out_text("%s", end);
	}
}

u64 field_counters_sum(const struct nlattr *list)
{
	struct nlattr *one;
	u64 val, sum = 0;
	int rem;

	if (list)
		nla_for_each_nested(one, list, rem)
			sum += counter(one, &val) ? val : 0;
	return sum;
}
