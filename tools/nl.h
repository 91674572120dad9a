/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XFRM_HA_TOOL_NL_H
#define XFRM_HA_TOOL_NL_H

#include <stdbool.h>

#include <netlink/msg.h>

/* One message from the kernel: its attributes, to be parsed by the reader. */
typedef void (*nl_reader)(struct nlattr *attrs, int len, void *arg);

int nl_talk(struct nl_msg *msg, bool dump, nl_reader reader, void *arg);
int nl_listen(nl_reader reader, void *arg);

/* What the kernel said about @req, in words, on stderr (ack.c). */
int nl_ack(const struct nlmsghdr *ack, const struct nlmsghdr *req);

#endif /* XFRM_HA_TOOL_NL_H */
