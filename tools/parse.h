/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XFRM_HA_TOOL_PARSE_H
#define XFRM_HA_TOOL_PARSE_H

#include <netinet/in.h>
#include <stdbool.h>

#include <linux/xfrm_ha.h>

#include "util.h"

/* The words of a command that are still to be read. */
struct args {
	char **v;
	int n;
};

const char *args_peek(const struct args *a);
const char *args_next(struct args *a);
bool args_word(struct args *a, const char *word);
int args_value(struct args *a, const char *what, const char **val);
int args_end(const struct args *a);

/* An address as netlink has it: @len is 4 or 16. */
struct addr {
	u8 len;
	u8 bytes[sizeof(struct in6_addr)];
};

struct addr_list {
	unsigned int n;
	struct addr addr[XFRM_HA_LIMIT_ADDRS];
};

/*
 * Each takes the word to read, and what it is for, to name it in the usage
 * error that it prints; they return an enum status.
 */
int parse_num(const char *s, const char *what, u64 min, u64 max,
	      u64 *num);
int parse_time(const char *s, const char *what, u32 *ms);
int parse_addr(const char *s, const char *what, struct addr *addr);
int parse_addr_len(const char *s, const char *what, struct addr *addr);
int parse_addr_list(const char *s, const char *what, struct addr_list *list);
int parse_id(struct args *a, u8 *id);
int parse_dev(const char *s, const char *what);
int parse_group(const char *s);
int parse_choice(const char *s, const char *what, const char *const *names,
		 u8 *val);

#endif /* XFRM_HA_TOOL_PARSE_H */
