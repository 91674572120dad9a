/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XFRM_HA_TOOL_FIELD_H
#define XFRM_HA_TOOL_FIELD_H

#include <stdbool.h>

#include <netlink/attr.h>

#include "util.h"

u64 field_get(const struct nlattr *attr);
const char *field_text(const struct nlattr *attr);

/*
 * Show an attribute (see out.h for key and label). One that is absent is null
 * in JSON, so that the keys are always there, and nothing in text.
 */
void field_num(const char *key, const char *label, const struct nlattr *attr);
void field_time(const char *key, const char *label, const struct nlattr *attr);
void field_age(const char *key, const char *label, const struct nlattr *attr);
void field_str(const char *key, const char *label, const struct nlattr *attr);
void field_addr(const char *key, const char *label, const struct nlattr *attr);
void field_name(const char *key, const char *label, const struct nlattr *attr,
		const char *const *names);

/* Lists that the attribute nests; empty if it is absent. */
void field_addrs(const char *key, const char *label, const struct nlattr *list);
void field_counters(const struct nlattr *list, const char *label,
		    const char *end);
u64 field_counters_sum(const struct nlattr *list);

#endif /* XFRM_HA_TOOL_FIELD_H */
