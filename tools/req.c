// SPDX-License-Identifier: GPL-2.0
/* Building requests; what the kernel answers is read in field.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/genl/genl.h>

#include "err.h"
#include "req.h"

static void no_memory(void)
{
	exit(err_refused("out of memory"));
}

struct nl_msg *req_new(u8 cmd)
{
	struct nl_msg *msg = nlmsg_alloc();

	/* The family's number is filled in by nl_talk(). */
	if (!msg || !genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, 0, 0, 0, cmd,
				 XFRM_HA_GENL_VERSION))
		no_memory();
	return msg;
}

/* There may be a key in it. */
void req_free(struct nl_msg *msg)
{
	explicit_bzero(nlmsg_hdr(msg), nlmsg_hdr(msg)->nlmsg_len);
	nlmsg_free(msg);
}

void req_put(struct nl_msg *msg, int attr, const void *data, int len)
{
	if (nla_put(msg, attr, len, data))
		no_memory();
}

void req_put_u8(struct nl_msg *msg, int attr, u8 val)
{
	req_put(msg, attr, &val, sizeof(val));
}

void req_put_u16(struct nl_msg *msg, int attr, u16 val)
{
	req_put(msg, attr, &val, sizeof(val));
}

void req_put_u32(struct nl_msg *msg, int attr, u32 val)
{
	req_put(msg, attr, &val, sizeof(val));
}

void req_put_str(struct nl_msg *msg, int attr, const char *str)
{
	req_put(msg, attr, str, strlen(str) + 1);
}

void req_put_addr(struct nl_msg *msg, int attr, const struct addr *addr)
{
	req_put(msg, attr, addr->bytes, addr->len);
}

void req_put_addrs(struct nl_msg *msg, int attr, const struct addr_list *list)
{
	struct nlattr *nest;
	unsigned int i;

	if (!list->n)
		return;
	nest = req_nest(msg, attr);
	for (i = 0; i < list->n; i++)
		req_put_addr(msg, XFRM_HA_LIST_ADDR, &list->addr[i]);
	nla_nest_end(msg, nest);
}

/* The kernel's strict parsing wants the flag; old libnl does not set it. */
struct nlattr *req_nest(struct nl_msg *msg, int attr)
{
	struct nlattr *nest = nla_nest_start(msg, attr | NLA_F_NESTED);

	if (!nest)
		no_memory();
	return nest;
}
