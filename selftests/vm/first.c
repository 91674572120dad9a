// SPDX-License-Identifier: GPL-2.0
/*
 * xha-first: what a takeover takes, from the moment that its cause is there until a packet leaves. Adds an address to an
 * interface, and sends datagrams until the first ESP packet leaves by it.
 * usage: xha-first DEV ADDR FROM TO
 * ADDR is added with a prefix of 32; datagrams go from FROM to TO, which a policy protects, and one is sent before, when
 * nothing may leave. Prints, in us, how long it took to add the address and how long from before that to the packet:
 * {"added": 120, "esp": 480}.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PORT	9		/* discard */
#define PATIENCE 10000000	/* us */
#define SETTLE	20000		/* us */

static int64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000LL + ts.tv_nsec / 1000;
}

/* Everything that leaves by an interface. */
static int tap(unsigned int ifindex)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = ifindex };
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	return fd < 0 || bind(fd, (void *)&at, sizeof(at)) ? -1 : fd;
}

static int seen(int fd)
{
	uint8_t head[20];
	struct sockaddr_ll from;
	socklen_t len = sizeof(from);

	while (recvfrom(fd, head, sizeof(head), MSG_TRUNC, (void *)&from, &len) >= 0) {
		if (from.sll_pkttype == PACKET_OUTGOING && from.sll_protocol == htons(ETH_P_IP) && head[9] == IPPROTO_ESP)
			return 1;
		len = sizeof(from);
	}
	return 0;
}

static int sender(const char *from)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	if (inet_pton(AF_INET, from, &at.sin_addr) != 1) {
		errno = EINVAL;
		return -1;
	}
	return fd < 0 || bind(fd, (void *)&at, sizeof(at)) ? -1 : fd;
}

/* As `ip address add`: it has been done, notifiers and all, when this returns 0. */
static int add_address(unsigned int ifindex, const struct in_addr *addr)
{
	struct {
		struct nlmsghdr head;
		struct ifaddrmsg ifa;
		struct rtattr attr;
		struct in_addr addr;
	} request = {
		.head = { .nlmsg_len = sizeof(request), .nlmsg_type = RTM_NEWADDR,
			  .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL },
		.ifa = { .ifa_family = AF_INET, .ifa_prefixlen = 32, .ifa_index = ifindex },
		.attr = { .rta_len = RTA_LENGTH(sizeof(struct in_addr)), .rta_type = IFA_LOCAL },
		.addr = *addr,
	};
	struct {
		struct nlmsghdr head;
		struct nlmsgerr err;
		char more[256];
	} answer = { 0 };
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

	if (fd < 0 || send(fd, &request, sizeof(request), 0) < 0 || recv(fd, &answer, sizeof(answer), 0) < 0)
		return -errno;
	close(fd);
	return answer.err.error;
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	struct in_addr addr;
	int64_t began, added;
	unsigned int ifindex;
	int out, in, err;

	if (argc != 5 || inet_pton(AF_INET, argv[2], &addr) != 1 || inet_pton(AF_INET, argv[4], &to.sin_addr) != 1) {
		fprintf(stderr, "usage: xha-first DEV ADDR FROM TO\n");
		return 2;
	}
	ifindex = if_nametoindex(argv[1]);
	out = sender(argv[3]);
	in = ifindex ? tap(ifindex) : -1;
	if (out < 0 || in < 0) {
		perror("xha-first");
		return 1;
	}
	/* Closed still: what it takes to find that out is not the takeover's. */
	sendto(out, "?", 1, 0, (void *)&to, sizeof(to));
	usleep(SETTLE);
	if (seen(in)) {
		fprintf(stderr, "xha-first: an ESP packet without %s\n", argv[2]);
		return 1;
	}
	began = now_us();
	err = add_address(ifindex, &addr);
	added = now_us();
	if (err) {
		fprintf(stderr, "xha-first: %s: %s\n", argv[2], strerror(-err));
		return 1;
	}
	do {
		sendto(out, "?", 1, 0, (void *)&to, sizeof(to));
		if (seen(in)) {
			printf("{\"added\": %lld, \"esp\": %lld}\n", (long long)(added - began), (long long)(now_us() - began));
			return 0;
		}
		usleep(50);
	} while (now_us() - began < PATIENCE);
	fprintf(stderr, "xha-first: no ESP packet\n");
	return 1;
}
