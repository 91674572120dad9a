// SPDX-License-Identifier: GPL-2.0
/* xha-traffic server: returns each datagram from the address that it was sent to. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "traffic.h"

int serve(const struct options *opt)
{
	static char buf[MAX_SIZE], control[256];
	unsigned long long echoed = 0, failed = 0;
	int on = 1, room = 4 << 20;
	int fd = socket(opt->peer.ss_family, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	/* A VIP may come later than its server. */
	setsockopt(fd, SOL_IP, IP_FREEBIND, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	if (opt->peer.ss_family == AF_INET)
		setsockopt(fd, SOL_IP, IP_PKTINFO, &on, sizeof(on));
	else
		setsockopt(fd, SOL_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
	if (fd < 0 || set_df(fd, opt) || bind(fd, (const void *)&opt->peer, opt->peer_len)) {
		perror("xha-traffic: bind");
		return 1;
	}
	fprintf(stderr, "ready\n");

	while (!stopping) {
		struct pollfd pfd = { .fd = fd, .events = POLLIN };
		struct sockaddr_storage from;
		struct iovec iov = { .iov_base = buf, .iov_len = sizeof(buf) };
		struct msghdr msg = { .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov,
				      .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
		ssize_t n;

		/* A signal between the test and the wait costs half a second at most. */
		if (poll(&pfd, 1, 500) <= 0)
			continue;
		n = recvmsg(fd, &msg, 0);
		if (n < 0)
			continue;
		iov.iov_len = n;
		/* The control message that came, PKTINFO, goes back as it is; only the interface is left to routing. */
		for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
			if (c->cmsg_level == SOL_IP && c->cmsg_type == IP_PKTINFO) {
				struct in_pktinfo *info = (void *)CMSG_DATA(c);

				info->ipi_ifindex = 0;
				info->ipi_spec_dst = info->ipi_addr;
			} else if (c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
				struct in6_pktinfo *info = (void *)CMSG_DATA(c);

				if (!IN6_IS_ADDR_LINKLOCAL(&info->ipi6_addr))
					info->ipi6_ifindex = 0;
			}
		}
		if (sendmsg(fd, &msg, 0) == n)
			echoed++;
		else
			failed++;
	}
	printf("{\"echoed\": %llu, \"failed\": %llu}\n", echoed, failed);
	return 0;
}
