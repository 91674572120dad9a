// SPDX-License-Identifier: GPL-2.0
/* xha-traffic client and blast: sends by the clock, or as fast as echoes come back. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "traffic.h"

/*
 * With a full window and lost echoes: how long until the oldest are given up; by the clock, three of its ticks at least. Twice
 * as long each time by the clock, until an echo comes: what makes them late must not be made worse.
 */
#define WINDOW_STALL_NS 200000000ull
#define WINDOW_STALL_TICKS 3

/* ... on a machine that is so many times as slow as others, as the tests know. */
static uint64_t stall_ns(double rate)
{
	const char *slower = getenv("XHA_PATIENCE");
	unsigned long n = slower ? strtoul(slower, NULL, 10) : 1;
	uint64_t stall = WINDOW_STALL_NS * (n ? n : 1), ticks = rate > 0 ? WINDOW_STALL_TICKS * 1e9 / rate : 0;

	return stall > ticks ? stall : ticks;
}

static int open_socket(const struct options *opt)
{
	int fd = socket(opt->peer.ss_family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	int room = 4 << 20;

	if (fd < 0) {
		perror("xha-traffic: socket");
		return -1;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	if (set_df(fd, opt) || (opt->bind_len && bind(fd, (const void *)&opt->bind, opt->bind_len))) {
		perror("xha-traffic: bind");
		close(fd);
		return -1;
	}
	/* Not connected: an ICMP error during a failover must not come back as an error of the next datagram. */
	return fd;
}

static void receive(int fd, struct tally *t, uint32_t flow)
{
	static char buf[MAX_SIZE];
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf), 0)) >= 0) {
		const struct probe *p = (const void *)buf;

		if ((size_t)n >= sizeof(*p) && p->magic == MAGIC && p->flow == flow)
			tally_echo(t, p->number, clock_ns(CLOCK_MONOTONIC) - p->sent_ns);
	}
}

/* What passes in one piece, as far as the kernel knows; only a connected socket is told. */
static unsigned int fitting(const struct options *opt)
{
	bool v6 = opt->peer.ss_family == AF_INET6;
	int headers = v6 ? 40 + 8 : 20 + 8;
	socklen_t len = sizeof(int);
	int fd, mtu = 0;

	fd = socket(opt->peer.ss_family, SOCK_DGRAM, 0);
	if (fd < 0)
		return 0;
	if ((!opt->bind_len || !bind(fd, (const void *)&opt->bind, opt->bind_len)) &&
	    !connect(fd, (const void *)&opt->peer, opt->peer_len) &&
	    getsockopt(fd, v6 ? SOL_IPV6 : SOL_IP, v6 ? IPV6_MTU : IP_MTU, &mtu, &len))
		mtu = 0;
	close(fd);
	return mtu > headers ? mtu - headers : 0;
}

/* Smaller ones from now on, as TCP would send; false if that is no way out. */
static bool cut(struct options *opt, struct tally *t)
{
	unsigned int size = fitting(opt);

	if (size < sizeof(struct probe) || size >= opt->size)
		return false;
	opt->size = size;
	t->cuts++;
	return true;
}

/* Returns 1 if it was sent or refused by the stack, 0 to try again, -1 when out of memory. */
static int send_one(int fd, struct options *opt, struct tally *t, uint32_t flow)
{
	static char buf[MAX_SIZE];
	struct probe *p = (void *)buf;

	*p = (struct probe){ MAGIC, flow, t->sent, clock_ns(CLOCK_MONOTONIC) };
	if (sendto(fd, buf, opt->size, 0, (const void *)&opt->peer, opt->peer_len) < 0) {
		if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS)
			return 0;
		if (errno == EMSGSIZE && opt->df == DF_YES && cut(opt, t))
			return 0;
		/* No route, no SA, no address: for the sender's books as lost as any other. */
		t->refused++;
	}
	return tally_sent(t, p->number) ? -1 : 1;
}

static uint64_t missing(const struct tally *t)
{
	return t->sent - t->received;
}

static void wait_for(int fd, uint64_t ns)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	struct timespec ts = { ns / 1000000000, ns % 1000000000 };

	ppoll(&pfd, 1, &ts, NULL);
}

int client(struct options *opt)
{
	uint64_t start, epoch, now, last_progress, end = 0, given_up = 0, seen = 0, stall;
	struct tally t = { 0 };
	uint32_t flow;
	int fd, sent;

	fd = open_socket(opt);
	if (fd < 0)
		return 1;
	stall = stall_ns(opt->rate);
	start = epoch = last_progress = clock_ns(CLOCK_MONOTONIC);
	flow = (uint32_t)start ^ (uint32_t)getpid() << 16;
	if (opt->seconds > 0)
		end = start + opt->seconds * 1e9;

	while (!stopping) {
		uint64_t due;

		now = clock_ns(CLOCK_MONOTONIC);
		if ((end && now >= end) || (opt->count && t.sent >= opt->count))
			break;
		if (opt->echo)
			receive(fd, &t, flow);
		if (t.received != seen) {
			seen = t.received;
			last_progress = now;
			stall = stall_ns(opt->rate);
		}
		if (opt->rate > 0) {
			due = epoch + (uint64_t)(t.sent * 1e9 / opt->rate);
			if (now < due) {
				wait_for(fd, due - now);
				continue;
			}
		}
		if (opt->window && opt->echo && missing(&t) >= given_up + opt->window) {
			/* The clock stands still meanwhile: what was not sent is not made up for. */
			if (opt->rate > 0)
				epoch = now - (uint64_t)(t.sent * 1e9 / opt->rate);
			if (now - last_progress < stall) {
				wait_for(fd, last_progress + stall - now);
				continue;
			}
			given_up = missing(&t);
			last_progress = now;
			if (opt->rate > 0)
				stall *= 2;
		}
		sent = send_one(fd, opt, &t, flow);
		if (sent < 0) {
			fprintf(stderr, "xha-traffic: out of memory after %llu datagrams\n", (unsigned long long)t.sent);
			return 1;
		}
		if (!sent)
			wait_for(fd, 1000000);
	}

	now = clock_ns(CLOCK_MONOTONIC);
	/* Where answers take longer than that, they are waited for. */
	end = opt->linger * 1e9;
	if (end < 2 * t.rtt_max)
		end = 2 * t.rtt_max;
	end += now;
	while (opt->echo && missing(&t) && clock_ns(CLOCK_MONOTONIC) < end) {
		wait_for(fd, 10000000);
		receive(fd, &t, flow);
	}
	/* What has come by then was answered, however late the machine looks at it. */
	if (opt->echo)
		receive(fd, &t, flow);
	tally_print(&t, opt, (now - start) / 1e9);
	close(fd);
	return 0;
}
