/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XFRM_HA_TOOL_REQ_H
#define XFRM_HA_TOOL_REQ_H

#include <netlink/attr.h>
#include <netlink/msg.h>

#include "parse.h"

/*
 * Requests are built before the family is looked up: the command line is
 * judged without a module. They are small, so that an allocation that fails
 * is the end of the program.
 */
struct nl_msg *req_new(u8 cmd);
void req_free(struct nl_msg *msg);

void req_put(struct nl_msg *msg, int attr, const void *data, int len);
void req_put_u8(struct nl_msg *msg, int attr, u8 val);
void req_put_u16(struct nl_msg *msg, int attr, u16 val);
void req_put_u32(struct nl_msg *msg, int attr, u32 val);
void req_put_str(struct nl_msg *msg, int attr, const char *str);
void req_put_addr(struct nl_msg *msg, int attr, const struct addr *addr);
void req_put_addrs(struct nl_msg *msg, int attr, const struct addr_list *list);
struct nlattr *req_nest(struct nl_msg *msg, int attr);

#endif /* XFRM_HA_TOOL_REQ_H */
