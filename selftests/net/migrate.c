// SPDX-License-Identifier: GPL-2.0
/*
 * xha-migrate: moves a policy and its SA from one pair of tunnel endpoints to another, as an IKE daemon with MOBIKE does
 * by XFRM_MSG_MIGRATE; or the SA alone, by XFRM_MSG_MIGRATE_STATE (7.2).
 * usage: xha-migrate in|out|fwd SEL-SRC SEL-DST REQID OLD-SRC OLD-DST NEW-SRC NEW-DST
 *        xha-migrate state OLD-DST SPI REQID NEW-SRC NEW-DST
 *
 * ESP in tunnel mode; the selector is of single addresses, that of an SA alone of all. Addresses of a tunnel's inside are of
 * one family, so are those of its outside; of an SA alone IPv4.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/xfrm.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct request {
	struct nlmsghdr nlh;
	struct xfrm_userpolicy_id id;
	struct nlattr attr;
	struct xfrm_user_migrate migrate;
};

/* linux/xfrm.h of newer kernels. */
#define MIGRATE_STATE	(XFRM_MSG_BASE + 0x19)

struct state_request {
	struct nlmsghdr nlh;
	struct xfrm_usersa_id id;
	xfrm_address_t new_daddr;
	xfrm_address_t new_saddr;
	struct xfrm_mark old_mark;
	struct xfrm_selector new_sel;
	__u32 new_reqid;
	__u32 flags;
	__u16 new_family;
	__u16 reserved;
};

struct answer {
	struct nlmsghdr nlh;
	struct nlmsgerr err;
	char rest[512];
};

static int direction(const char *word)
{
	if (!strcmp(word, "in"))
		return XFRM_POLICY_IN;
	if (!strcmp(word, "out"))
		return XFRM_POLICY_OUT;
	return strcmp(word, "fwd") ? -1 : XFRM_POLICY_FWD;
}

/* Its family, 0 if it is no address. */
static int address(const char *text, xfrm_address_t *addr)
{
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;

	return inet_pton(family, text, addr) == 1 ? family : 0;
}

static int talk(const void *request, size_t len)
{
	struct answer a;
	int fd;

	fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_XFRM);
	if (fd < 0 || send(fd, request, len, 0) < 0 ||
	    recv(fd, &a, sizeof(a), 0) < (ssize_t)(sizeof(a.nlh) + sizeof(a.err))) {
		perror("xha-migrate");
		return 1;
	}
	if (a.nlh.nlmsg_type != NLMSG_ERROR || a.err.error) {
		fprintf(stderr, "xha-migrate: %s\n", strerror(a.nlh.nlmsg_type == NLMSG_ERROR ? -a.err.error : EPROTO));
		return 1;
	}
	return 0;
}

static int usage(void)
{
	fprintf(stderr, "usage: xha-migrate in|out|fwd SEL-SRC SEL-DST REQID OLD-SRC OLD-DST NEW-SRC NEW-DST\n"
			"       xha-migrate state OLD-DST SPI REQID NEW-SRC NEW-DST\n");
	return 2;
}

static int state(char **argv)
{
	struct state_request r = {
		.nlh = { .nlmsg_len = sizeof(r), .nlmsg_type = MIGRATE_STATE, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
		.id = { .family = AF_INET, .proto = IPPROTO_ESP, .spi = htonl(strtoul(argv[1], NULL, 0)) },
		.new_sel.family = AF_INET,
		.new_reqid = strtoul(argv[2], NULL, 0),
		.new_family = AF_INET,
	};

	if (inet_pton(AF_INET, argv[0], &r.id.daddr.a4) != 1 || inet_pton(AF_INET, argv[3], &r.new_saddr.a4) != 1 ||
	    inet_pton(AF_INET, argv[4], &r.new_daddr.a4) != 1)
		return usage();
	return talk(&r, sizeof(r));
}

int main(int argc, char **argv)
{
	struct request r = {
		.nlh = {
			.nlmsg_len = sizeof(r),
			.nlmsg_type = XFRM_MSG_MIGRATE,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
		},
		.attr = { .nla_len = sizeof(r.attr) + sizeof(r.migrate), .nla_type = XFRMA_MIGRATE },
		.migrate = { .proto = IPPROTO_ESP, .mode = XFRM_MODE_TUNNEL },
	};
	int dir, inside, outside;

	if (argc == 7 && !strcmp(argv[1], "state"))
		return state(argv + 2);
	dir = argc == 9 ? direction(argv[1]) : -1;
	if (dir < 0)
		return usage();
	inside = address(argv[2], &r.id.sel.saddr);
	outside = address(argv[5], &r.migrate.old_saddr);
	if (!inside || !outside || address(argv[3], &r.id.sel.daddr) != inside || address(argv[6], &r.migrate.old_daddr) != outside ||
	    address(argv[7], &r.migrate.new_saddr) != outside || address(argv[8], &r.migrate.new_daddr) != outside)
		return usage();
	r.id.sel.family = inside;
	r.id.sel.prefixlen_s = r.id.sel.prefixlen_d = inside == AF_INET ? 32 : 128;
	r.migrate.old_family = r.migrate.new_family = outside;
	r.id.dir = dir;
	r.migrate.reqid = atoi(argv[4]);
	return talk(&r, sizeof(r));
}
