// SPDX-License-Identifier: GPL-2.0
/*
 * xha-counters: sets the replay counters of many SAs at once, as an IKE daemon does by XFRM_MSG_NEWAE.
 * usage: xha-counters out|in SRC DST FIRST-SPI COUNT NUMBER
 *
 * SAs of IPv4 ESP with SPIs from FIRST-SPI on, with windows of 32 bits and no ESN. NUMBER becomes the last number sent
 * (out), or the top of a full window (in). Prints how many there were.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/xfrm.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct request {
	struct nlmsghdr nlh;
	struct xfrm_aevent_id id;
	struct nlattr attr;
	struct xfrm_replay_state replay;
};

struct answer {
	struct nlmsghdr nlh;
	struct nlmsgerr err;
	char rest[256];
};

static int set(int fd, struct request *r)
{
	struct answer a;

	r->nlh.nlmsg_seq++;
	if (send(fd, r, sizeof(*r), 0) < 0 || recv(fd, &a, sizeof(a), 0) < (ssize_t)(sizeof(a.nlh) + sizeof(a.err)))
		return errno;
	return a.nlh.nlmsg_type == NLMSG_ERROR ? -a.err.error : EPROTO;
}

int main(int argc, char **argv)
{
	struct request r = {
		.nlh = {
			.nlmsg_len = sizeof(r),
			.nlmsg_type = XFRM_MSG_NEWAE,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_REPLACE,
		},
		.id.sa_id = { .family = AF_INET, .proto = IPPROTO_ESP },
		.attr = { .nla_len = sizeof(r.attr) + sizeof(r.replay), .nla_type = XFRMA_REPLAY_VAL },
	};
	unsigned long first, count, n;
	int fd, err;

	if (argc != 7 || inet_pton(AF_INET, argv[2], &r.id.saddr.a4) != 1 ||
	    inet_pton(AF_INET, argv[3], &r.id.sa_id.daddr.a4) != 1) {
		fprintf(stderr, "usage: xha-counters out|in SRC DST FIRST-SPI COUNT NUMBER\n");
		return 2;
	}
	first = strtoul(argv[4], NULL, 0);
	count = strtoul(argv[5], NULL, 0);
	if (!strcmp(argv[1], "out")) {
		r.replay.oseq = strtoul(argv[6], NULL, 0);
	} else {
		r.replay.seq = strtoul(argv[6], NULL, 0);
		r.replay.bitmap = UINT32_MAX;
	}
	fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_XFRM);
	if (fd < 0) {
		perror("xha-counters: socket");
		return 1;
	}
	for (n = 0; n < count; n++) {
		r.id.sa_id.spi = htonl(first + n);
		err = set(fd, &r);
		if (err) {
			fprintf(stderr, "xha-counters: SPI 0x%08lx: %s\n", first + n, strerror(err));
			return 1;
		}
	}
	close(fd);
	printf("%lu\n", n);
	return 0;
}
