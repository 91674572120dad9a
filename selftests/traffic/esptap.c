// SPDX-License-Identifier: GPL-2.0
/*
 * xha-esptap: watches a device for ESP (also in UDP, port 4500) and AH packets and keeps books per SA and direction.
 * usage: xha-esptap DEV [--clear ADDR ADDR]
 *
 * At SIGTERM or SIGINT one JSON line: per (direction, src, dst, SPI) the count, the lowest and highest 32-bit sequence
 * number, and how many came with a number that had been seen: exactly, by a bitmap over all numbers, in pages that
 * are allocated as they are touched. --clear counts packets between two addresses that are neither ESP nor AH: clear_out
 * are leaks, but clear_in are mostly what the kernel has just taken out of a tunnel, which passes the device once more.
 * Direction: as the device saw it; "in" only what is for this machine.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PAGE_BITS 15	/* 32768 numbers in a page of 4 KB */
#define NATT_PORT 4500
#define IPPROTO_FRAGMENT_V6 44

struct stream {
	struct stream *next;
	bool out;
	int family, proto;
	unsigned char src[16], dst[16];
	uint32_t spi, lowest, highest;
	uint64_t count, duplicates, first_ns, last_ns;
	uint8_t *pages[1u << (32 - PAGE_BITS)];
};

struct packet {
	int family, proto;
	const unsigned char *src, *dst, *body;
	size_t len;
};

static struct stream *streams;
static struct {
	int family;
	unsigned char a[16], b[16];
	uint64_t out, in;
} clear;
static uint64_t kernel_drops;
static volatile sig_atomic_t stopping;

static void on_signal(int signo)
{
	(void)signo;
	stopping = 1;
}

static uint32_t be32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

static uint16_t be16(const unsigned char *p)
{
	return p[0] << 8 | p[1];
}

static size_t addr_len(int family)
{
	return family == AF_INET ? 4 : 16;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

/* Finds the transport; false for what is not IP, is cut short, or is a later fragment. */
static bool parse(const unsigned char *p, size_t len, uint16_t ethertype, struct packet *out)
{
	size_t head;

	if (ethertype == ETH_P_IP && len >= 20) {
		head = (p[0] & 15) * 4;
		if (len < head || be16(p + 6) & 0x1fff)
			return false;
		*out = (struct packet){ AF_INET, p[9], p + 12, p + 16, p + head, len - head };
		return true;
	}
	if (ethertype != ETH_P_IPV6 || len < 40)
		return false;
	*out = (struct packet){ AF_INET6, p[6], p + 8, p + 24, p + 40, len - 40 };
	while (out->proto == IPPROTO_HOPOPTS || out->proto == IPPROTO_ROUTING || out->proto == IPPROTO_DSTOPTS ||
	       out->proto == IPPROTO_FRAGMENT_V6) {
		bool fragment = out->proto == IPPROTO_FRAGMENT_V6;

		if (out->len < 8 || (fragment && be16(out->body + 2) & 0xfff8))
			return false;
		head = fragment ? 8 : (out->body[1] + 1) * 8;
		if (out->len < head)
			return false;
		out->proto = out->body[0];
		out->body += head;
		out->len -= head;
	}
	return true;
}

/* SPI and sequence number, if it is IPsec at all. */
static bool ipsec(const struct packet *p, uint32_t *spi, uint32_t *seq)
{
	size_t at;

	if (p->proto == IPPROTO_ESP)
		at = 0;
	else if (p->proto == IPPROTO_AH)
		at = 4;
	else if (p->proto == IPPROTO_UDP && p->len >= 16 && be32(p->body + 8) &&
		 (be16(p->body) == NATT_PORT || be16(p->body + 2) == NATT_PORT))
		at = 8;
	else
		return false;
	if (p->len < at + 8)
		return false;
	*spi = be32(p->body + at);
	*seq = be32(p->body + at + 4);
	return true;
}

static void *must(void *p)
{
	if (!p) {
		fprintf(stderr, "xha-esptap: out of memory\n");
		exit(1);
	}
	return p;
}

static struct stream *stream_of(const struct packet *p, bool out, uint32_t spi)
{
	size_t n = addr_len(p->family);
	struct stream *s;

	for (s = streams; s; s = s->next)
		if (s->out == out && s->spi == spi && s->family == p->family && s->proto == p->proto &&
		    !memcmp(s->src, p->src, n) && !memcmp(s->dst, p->dst, n))
			return s;
	s = must(calloc(1, sizeof(*s)));
	s->out = out;
	s->spi = spi;
	s->family = p->family;
	s->proto = p->proto;
	memcpy(s->src, p->src, n);
	memcpy(s->dst, p->dst, n);
	s->lowest = UINT32_MAX;
	s->next = streams;
	streams = s;
	return s;
}

static void enter(struct stream *s, uint32_t seq)
{
	uint8_t **page = &s->pages[seq >> PAGE_BITS];
	uint32_t bit = seq & ((1u << PAGE_BITS) - 1);

	if (!*page)
		*page = must(calloc(1, (1u << PAGE_BITS) / 8));
	if ((*page)[bit / 8] & 1 << bit % 8)
		s->duplicates++;
	(*page)[bit / 8] |= 1 << bit % 8;
	s->last_ns = now_ns();
	if (!s->count++)
		s->first_ns = s->last_ns;
	if (seq < s->lowest)
		s->lowest = seq;
	if (seq > s->highest)
		s->highest = seq;
}

static bool between(const struct packet *p)
{
	size_t n = addr_len(clear.family);

	if (p->family != clear.family)
		return false;
	return (!memcmp(p->src, clear.a, n) && !memcmp(p->dst, clear.b, n)) ||
	       (!memcmp(p->src, clear.b, n) && !memcmp(p->dst, clear.a, n));
}

static void handle(const unsigned char *data, size_t len, const struct sockaddr_ll *from)
{
	bool out = from->sll_pkttype == PACKET_OUTGOING;
	uint32_t spi, seq;
	struct packet p;

	if (from->sll_pkttype == PACKET_OTHERHOST || !parse(data, len, ntohs(from->sll_protocol), &p))
		return;
	if (ipsec(&p, &spi, &seq))
		enter(stream_of(&p, out, spi), seq);
	else if (between(&p))
		++*(out ? &clear.out : &clear.in);
}

static void report(void)
{
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];
	const char *comma = "";

	printf("{\"sas\": [");
	for (const struct stream *s = streams; s; s = s->next) {
		inet_ntop(s->family, s->src, src, sizeof(src));
		inet_ntop(s->family, s->dst, dst, sizeof(dst));
		printf("%s{\"dir\": \"%s\", \"proto\": \"%s\", \"src\": \"%s\", \"dst\": \"%s\", \"spi\": %" PRIu32,
		       comma, s->out ? "out" : "in", s->proto == IPPROTO_AH ? "ah" : "esp", src, dst, s->spi);
		printf(", \"count\": %" PRIu64 ", \"min\": %" PRIu32 ", \"max\": %" PRIu32 ", \"duplicates\": %" PRIu64
		       ", \"first_ns\": %" PRIu64 ", \"last_ns\": %" PRIu64 "}",
		       s->count, s->lowest, s->highest, s->duplicates, s->first_ns, s->last_ns);
		comma = ", ";
	}
	printf("], \"clear_out\": %" PRIu64 ", \"clear_in\": %" PRIu64 ", \"drops\": %" PRIu64 "}\n", clear.out, clear.in,
	       kernel_drops);
}

static bool address(const char *text, unsigned char *to)
{
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;

	if (clear.family && clear.family != family)
		return false;
	clear.family = family;
	return inet_pton(family, text, to) == 1;
}

int main(int argc, char **argv)
{
	static unsigned char buf[65536];
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	struct sigaction act = { .sa_handler = on_signal };
	struct tpacket_stats stats;
	socklen_t stats_len = sizeof(stats);
	int room = 16 << 20;
	int fd;

	if ((argc != 2 && argc != 5) || (argc == 5 && (strcmp(argv[2], "--clear") || !address(argv[3], clear.a) ||
						      !address(argv[4], clear.b)))) {
		fprintf(stderr, "usage: xha-esptap DEV [--clear ADDR ADDR]\n");
		return 2;
	}
	at.sll_ifindex = if_nametoindex(argv[1]);
	if (!at.sll_ifindex) {
		fprintf(stderr, "xha-esptap: no device %s\n", argv[1]);
		return 1;
	}
	/* Without link-layer header: a VLAN device and an Ethernet look the same. */
	fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (void *)&at, sizeof(at))) {
		perror("xha-esptap: packet socket");
		return 1;
	}
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)))
		perror("xha-esptap: a larger receive buffer");
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	fprintf(stderr, "ready\n");

	while (!stopping) {
		struct pollfd pfd = { .fd = fd, .events = POLLIN };
		struct sockaddr_ll from;
		socklen_t from_len = sizeof(from);
		ssize_t n;

		/* A signal between the test and the wait costs half a second at most. */
		if (poll(&pfd, 1, 500) <= 0)
			continue;
		while ((n = recvfrom(fd, buf, sizeof(buf), 0, (void *)&from, &from_len)) >= 0) {
			handle(buf, n, &from);
			from_len = sizeof(from);
		}
	}
	if (!getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &stats_len))
		kernel_drops = stats.tp_drops;
	report();
	return 0;
}
