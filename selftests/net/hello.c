// SPDX-License-Identifier: GPL-2.0
/*
 * xha-hello: speaks OSPF and RIP on devices as far as multicast goes, and hears those of others there.
 * usage: xha-hello ID RATE DEV...
 *
 * The packets are numbered and bear the ID; their bodies are no protocol's. At SIGTERM or SIGINT one JSON line: for each
 * device, protocol and other ID how many numbers were heard, how many between the lowest and the highest were not, how
 * many twice, the TTL if one was not 1, and when the lowest and the highest were sent (CLOCK_REALTIME).
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAGIC 0x78686c6fu
#define MAX_CHANNELS 32
#define MAX_IDS 4
#define MAX_NUMBERS 65536
#define IPPROTO_OSPF 89

static const struct protocol {
	const char *name, *group;
	int type, proto, port;
} protocols[] = {
	{ "ospf", "224.0.0.5", SOCK_RAW, IPPROTO_OSPF, 0 },
	{ "rip", "224.0.0.9", SOCK_DGRAM, IPPROTO_UDP, 520 },
};
#define PROTOCOLS (sizeof(protocols) / sizeof(*protocols))

struct hello {
	uint32_t magic, id;
	uint64_t number, sent_ns;
};

/* What was heard of one ID. Encryption on two processors lets packets overtake one another. */
struct neighbour {
	uint32_t id;
	uint64_t count, lowest, highest, twice, first_ns, last_ns;
	int ttl;
	uint8_t seen[MAX_NUMBERS];
};

static struct channel {
	const struct protocol *p;
	const char *dev;
	int fd;
	uint64_t sent, refused;
	struct neighbour *heard[MAX_IDS];
} channels[MAX_CHANNELS];
static size_t channel_count;
static volatile sig_atomic_t stopping;

static void on_signal(int signo)
{
	(void)signo;
	stopping = 1;
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static int open_socket(const struct protocol *p, const char *dev)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(p->port) };
	struct ip_mreqn group = { .imr_ifindex = if_nametoindex(dev) };
	int fd = socket(AF_INET, p->type | SOCK_NONBLOCK, p->proto);
	int on = 1, off = 0, ttl = 1;

	inet_pton(AF_INET, p->group, &group.imr_multiaddr);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, dev, strlen(dev) + 1) ||
	    setsockopt(fd, SOL_IP, IP_MULTICAST_IF, &group, sizeof(group)) ||
	    setsockopt(fd, SOL_IP, IP_MULTICAST_TTL, &ttl, sizeof(ttl)) ||
	    setsockopt(fd, SOL_IP, IP_MULTICAST_LOOP, &off, sizeof(off)) ||
	    setsockopt(fd, SOL_IP, IP_RECVTTL, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_IP, IP_ADD_MEMBERSHIP, &group, sizeof(group)) || bind(fd, (void *)&at, sizeof(at))) {
		perror("xha-hello: socket");
		return -1;
	}
	return fd;
}

static struct neighbour *neighbour(struct channel *c, uint32_t id)
{
	struct neighbour **n = c->heard;

	while (n < c->heard + MAX_IDS && *n && (*n)->id != id)
		n++;
	if (n == c->heard + MAX_IDS)
		return NULL;
	if (!*n) {
		*n = calloc(1, sizeof(**n));
		if (*n)
			**n = (struct neighbour){ .id = id, .lowest = UINT64_MAX, .ttl = 1 };
	}
	return *n;
}

static void enter(struct channel *c, const struct hello *h, int ttl)
{
	struct neighbour *n = neighbour(c, h->id);

	if (!n || h->number >= MAX_NUMBERS)
		return;
	if (n->seen[h->number]++) {
		n->twice++;
		return;
	}
	n->count++;
	if (h->number < n->lowest) {
		n->lowest = h->number;
		n->first_ns = h->sent_ns;
	}
	if (h->number >= n->highest) {
		n->highest = h->number;
		n->last_ns = h->sent_ns;
	}
	if (ttl != 1)
		n->ttl = ttl;
}

static void hear(struct channel *ch, uint32_t self)
{
	char buf[2048], control[256];
	struct iovec iov = { .iov_base = buf, .iov_len = sizeof(buf) };
	struct hello h;
	ssize_t n;

	for (;;) {
		struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
				      .msg_controllen = sizeof(control) };
		size_t at = 0;
		int ttl = -1;

		n = recvmsg(ch->fd, &msg, 0);
		if (n < 0)
			return;
		for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c))
			if (c->cmsg_level == SOL_IP && c->cmsg_type == IP_TTL)
				memcpy(&ttl, CMSG_DATA(c), sizeof(ttl));
		/* A raw socket is given the IP header, too. */
		if (ch->p->type == SOCK_RAW && n > 0)
			at = (buf[0] & 15) * 4;
		if ((size_t)n < at + sizeof(h))
			continue;
		memcpy(&h, buf + at, sizeof(h));
		if (h.magic == MAGIC && h.id != self)
			enter(ch, &h, ttl);
	}
}

static void say(struct channel *c, uint32_t id)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(c->p->port) };
	struct hello h = { MAGIC, id, c->sent++, clock_ns(CLOCK_REALTIME) };

	inet_pton(AF_INET, c->p->group, &to.sin_addr);
	/* A gateway that stands by has no address to send them from. */
	c->refused += sendto(c->fd, &h, sizeof(h), 0, (void *)&to, sizeof(to)) < 0;
}

static void report_channel(const struct channel *c)
{
	printf("{\"dev\": \"%s\", \"proto\": \"%s\", \"sent\": %" PRIu64 ", \"refused\": %" PRIu64 ", \"heard\": [", c->dev,
	       c->p->name, c->sent, c->refused);
	for (size_t i = 0; i < MAX_IDS && c->heard[i]; i++) {
		const struct neighbour *n = c->heard[i];

		printf("%s{\"id\": %" PRIu32 ", \"count\": %" PRIu64 ", \"missed\": %" PRIu64 ", \"twice\": %" PRIu64
		       ", \"ttl\": %d, \"first_ns\": %" PRIu64 ", \"last_ns\": %" PRIu64 "}",
		       i ? ", " : "", n->id, n->count, n->highest - n->lowest + 1 - n->count, n->twice, n->ttl, n->first_ns,
		       n->last_ns);
	}
	printf("]}");
}

static void report(void)
{
	printf("[");
	for (size_t i = 0; i < channel_count; i++) {
		printf("%s", i ? ", " : "");
		report_channel(&channels[i]);
	}
	printf("]\n");
}

static void run(uint32_t id, double rate)
{
	uint64_t start = clock_ns(CLOCK_MONOTONIC), rounds = 0;
	struct pollfd pfd[MAX_CHANNELS];

	for (size_t i = 0; i < channel_count; i++)
		pfd[i] = (struct pollfd){ .fd = channels[i].fd, .events = POLLIN };
	while (!stopping) {
		uint64_t due = start + rounds * 1e9 / rate, now = clock_ns(CLOCK_MONOTONIC);

		if (now < due) {
			struct timespec ts = { (due - now) / 1000000000, (due - now) % 1000000000 };

			ppoll(pfd, channel_count, &ts, NULL);
		} else {
			rounds++;
			for (size_t i = 0; i < channel_count; i++)
				say(&channels[i], id);
		}
		for (size_t i = 0; i < channel_count; i++)
			hear(&channels[i], id);
	}
	report();
}

static bool listen_on(const char *dev)
{
	for (const struct protocol *p = protocols; p < protocols + PROTOCOLS; p++) {
		struct channel *c = &channels[channel_count++];

		c->p = p;
		c->dev = dev;
		c->fd = open_socket(p, dev);
		if (c->fd < 0)
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	struct sigaction act = { .sa_handler = on_signal };
	double rate = argc > 3 ? atof(argv[2]) : 0;

	if (rate <= 0 || (argc - 3) * PROTOCOLS > MAX_CHANNELS) {
		fprintf(stderr, "usage: xha-hello ID RATE DEV...\n");
		return 2;
	}
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	for (int i = 3; i < argc; i++)
		if (!listen_on(argv[i]))
			return 1;
	fprintf(stderr, "ready\n");
	run(atoi(argv[1]), rate);
	return 0;
}
