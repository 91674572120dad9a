// SPDX-License-Identifier: GPL-2.0
/*
 * xha-datagram: says to a node what its peer would never say, from the peer's own address and port.
 * usage: xha-datagram DEV SRC DST PORT CASE [COUNT]
 *
 * Runs where SRC is. A raw socket, since the port is the module's. For what only a known session gets as far as to, a
 * real datagram from SRC to DST is watched first, and its header used. COUNT (default 100) datagrams are sent:
 *
 *   empty    no payload at all          short    1..15 bytes, less than a header
 *   version  an unknown version         node     from or for another node
 *   type     an unknown message type    session  a session that was never agreed on
 *   replay   the watched one, again     cut      a record that is longer than the datagram
 *   unknown  100 records of unknown types         random   random bytes, of any length
 *   noise    a right header, then random bytes    mangled  the watched one with a few bytes changed behind the header
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HDR_LEN		16	/* version, type, source and target node, session, frame number */
#define MAX_LEN		1400
#define UNKNOWN		100	/* records of unknown types in one datagram */

struct datagram {
	unsigned char data[MAX_LEN];
	size_t len;
};

static struct in_addr src, dst;
static uint16_t port;
static struct datagram seen;
static uint64_t frame;

static void put_frame(struct datagram *d, uint64_t number)
{
	for (int i = 0; i < 8; i++)
		d->data[8 + i] = number >> (56 - 8 * i);
}

static void fill(unsigned char *p, size_t len)
{
	while (len--)
		*p++ = rand() >> 7;
}

/*
 * A header that the receiver accepts, with the number of the next frame: that one will come too late. A few such do no
 * harm; many make the peer fall silent for the receiver, so that it begins a new session.
 */
static void fresh(struct datagram *d, size_t len)
{
	memcpy(d->data, seen.data, HDR_LEN);
	put_frame(d, frame++);
	d->len = len;
}

/* The header of a record at the end; what is behind it is not looked at. */
static void record(struct datagram *d, unsigned int type, unsigned int len)
{
	unsigned char *p = d->data + d->len;

	p[0] = type;
	p[1] = 0;
	p[2] = len >> 8;
	p[3] = len;
}

static int make(const char *kind, struct datagram *d, int n)
{
	*d = seen;
	if (!strcmp(kind, "empty")) {
		d->len = 0;
	} else if (!strcmp(kind, "short")) {
		d->len = 1 + n % (HDR_LEN - 1);
	} else if (!strcmp(kind, "version")) {
		d->data[0] = n % 2 ? 0 : 2 + n % 250;
	} else if (!strcmp(kind, "node")) {
		d->data[2 + n % 2] ^= 1 + n % 15;
	} else if (!strcmp(kind, "type")) {
		d->data[1] = n % 2 ? 0 : 3 + n % 250;
	} else if (!strcmp(kind, "session")) {
		d->data[4 + n % 4] ^= 1 + n % 255;
	} else if (!strcmp(kind, "replay")) {
		/* as it is */
	} else if (!strcmp(kind, "cut")) {
		fresh(d, HDR_LEN);
		record(d, 6 + n % 2, 41 + n % 1000);
		d->len += 4 + n % 40;
		fill(d->data + HDR_LEN + 4, n % 40);
	} else if (!strcmp(kind, "unknown")) {
		fresh(d, HDR_LEN);
		for (int i = 0; i < UNKNOWN; i++) {
			record(d, 100 + i, i % 8);
			fill(d->data + d->len + 4, i % 8);
			d->len += 4 + i % 8;
		}
	} else if (!strcmp(kind, "random")) {
		d->len = rand() % MAX_LEN;
		fill(d->data, d->len);
	} else if (!strcmp(kind, "noise")) {
		fresh(d, HDR_LEN + rand() % (MAX_LEN - HDR_LEN));
		fill(d->data + HDR_LEN, d->len - HDR_LEN);
		d->data[HDR_LEN] = rand() % 16;
	} else if (!strcmp(kind, "mangled")) {
		fresh(d, seen.len);
		for (int i = 0; i < 4 && seen.len > HDR_LEN; i++)
			d->data[HDR_LEN + rand() % (seen.len - HDR_LEN)] = rand();
	} else {
		return -1;
	}
	return 0;
}

/* Takes a datagram of the module's, as it leaves the device: data, and long enough to have records. */
static int watch(const char *device)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP) };
	int fd = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_ALL));

	at.sll_ifindex = if_nametoindex(device);
	at.sll_protocol = htons(ETH_P_ALL);
	if (fd < 0 || !at.sll_ifindex || bind(fd, (void *)&at, sizeof(at)))
		return -1;
	for (;;) {
		unsigned char buf[2048];
		struct pollfd pfd = { .fd = fd, .events = POLLIN };
		struct iphdr *ip = (void *)buf;
		struct udphdr *udp;
		ssize_t n;

		if (poll(&pfd, 1, 5000) <= 0)
			return -1;
		n = recv(fd, buf, sizeof(buf), 0);
		if (n < (ssize_t)sizeof(*ip) || ip->protocol != IPPROTO_UDP || ip->saddr != src.s_addr ||
		    ip->daddr != dst.s_addr)
			continue;
		udp = (void *)(buf + ip->ihl * 4);
		seen.len = n - ip->ihl * 4 - sizeof(*udp);
		if (ntohs(udp->dest) != port || seen.len <= HDR_LEN || seen.len > MAX_LEN)
			continue;
		memcpy(seen.data, udp + 1, seen.len);
		if (seen.data[1] != 2)
			continue;
		for (int i = 0; i < 8; i++)
			frame = frame << 8 | seen.data[8 + i];
		frame++;
		close(fd);
		return 0;
	}
}

static int say(int fd, const struct datagram *d)
{
	static unsigned char buf[2048];
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr = dst };
	size_t len = sizeof(struct iphdr) + sizeof(struct udphdr) + d->len;
	struct iphdr *ip = (void *)buf;
	struct udphdr *udp = (void *)(ip + 1);

	*ip = (struct iphdr){ .version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP,
			      .saddr = src.s_addr, .daddr = dst.s_addr };
	/* No checksum: allowed by UDP over IPv4. */
	*udp = (struct udphdr){ .source = htons(port), .dest = htons(port), .len = htons(sizeof(*udp) + d->len) };
	memcpy(udp + 1, d->data, d->len);
	return sendto(fd, buf, len, 0, (void *)&to, sizeof(to)) == (ssize_t)len ? 0 : -1;
}

int main(int argc, char **argv)
{
	int count = argc == 7 ? atoi(argv[6]) : 100;
	struct datagram d;
	int fd;

	if (argc < 6 || argc > 7 || inet_pton(AF_INET, argv[2], &src) != 1 || inet_pton(AF_INET, argv[3], &dst) != 1 ||
	    !(port = atoi(argv[4])) || make(argv[5], &d, 0)) {
		fprintf(stderr, "usage: xha-datagram DEV SRC DST PORT CASE [COUNT]\n");
		return 2;
	}
	srand(1); /* the same each time: a failure can be repeated */
	if (watch(argv[1])) {
		fprintf(stderr, "xha-datagram: no datagram to learn from on %s\n", argv[1]);
		return 1;
	}
	fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	for (int n = 0; n < count; n++) {
		if (make(argv[5], &d, n) || fd < 0 || say(fd, &d)) {
			perror("xha-datagram: send");
			return 1;
		}
		if (n % 16 == 15)
			usleep(1000); /* the receiver's queue is not what is tested */
	}
	printf("%d\n", count);
	return 0;
}
