// SPDX-License-Identifier: GPL-2.0
/*
 * xha-stream: bytes by TCP, echoed, and whether the right ones came back.
 * usage: xha-stream server ADDR PORT
 *        xha-stream client ADDR PORT [--rate BYTES-PER-SECOND] [--bind SRC] [--stall S]
 *
 * At SIGTERM or SIGINT the client sends no more, and ends when all is back. It also ends when the connection breaks, or
 * when nothing has come back for S seconds. One JSON line: path MTU and segments sent again are what the kernel knows.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <linux/tcp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* What is written at once, so that there are full segments at any rate. */
#define PIECE 8192

struct end {
	struct sockaddr_storage addr;
	socklen_t len;
};

struct transfer {
	uint64_t sent, back, wrong;
	double rate, stall;
	int error;
};

static volatile sig_atomic_t stopping;

static void on_signal(int signo)
{
	(void)signo;
	stopping = 1;
}

static int usage(void)
{
	fprintf(stderr,
		"usage: xha-stream server ADDR PORT\n"
		"       xha-stream client ADDR PORT [--rate BYTES-PER-SECOND] [--bind SRC] [--stall S]\n");
	return 2;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static bool resolve(const char *host, const char *port, struct end *to)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	struct addrinfo *info;

	if (getaddrinfo(host, port, &hints, &info)) {
		fprintf(stderr, "xha-stream: no address %s %s\n", host, port);
		return false;
	}
	memcpy(&to->addr, info->ai_addr, info->ai_addrlen);
	to->len = info->ai_addrlen;
	freeaddrinfo(info);
	return true;
}

/* What byte N of a stream is; a segment at another one's place is seen. */
static uint8_t pattern(uint64_t n)
{
	return n * 31 + (n >> 8) * 7;
}

static int echo(int fd)
{
	static char buf[65536];
	ssize_t n, done, m;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		for (done = 0; done < n; done += m) {
			m = write(fd, buf + done, n - done);
			if (m <= 0)
				return 1;
		}
	return n < 0;
}

static int serve(const struct end *at)
{
	int on = 1, fd = socket(at->addr.ss_family, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (fd < 0 || bind(fd, (const void *)&at->addr, at->len) || listen(fd, 100)) {
		perror("xha-stream: bind");
		return 1;
	}
	signal(SIGCHLD, SIG_IGN);
	fprintf(stderr, "ready\n");
	while (!stopping) {
		struct pollfd pfd = { .fd = fd, .events = POLLIN };
		int client;

		/* A signal between the test and the wait costs half a second at most. */
		if (poll(&pfd, 1, 500) <= 0)
			continue;
		client = accept(fd, NULL, NULL);
		if (client < 0)
			continue;
		if (!fork()) {
			signal(SIGTERM, SIG_DFL);
			prctl(PR_SET_PDEATHSIG, SIGTERM);
			close(fd);
			_exit(echo(client));
		}
		close(client);
	}
	return 0;
}

/* Up to what is due by now; false if the connection is broken. */
static bool push(int fd, struct transfer *t, double seconds)
{
	static uint8_t buf[PIECE];
	uint64_t due = seconds * t->rate;

	while (t->sent + PIECE <= due) {
		ssize_t m;

		for (size_t i = 0; i < PIECE; i++)
			buf[i] = pattern(t->sent + i);
		m = send(fd, buf, PIECE, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (m < 0)
			return errno == EAGAIN || errno == EINTR;
		t->sent += m;
	}
	return true;
}

static bool pull(int fd, struct transfer *t)
{
	static uint8_t buf[65536];
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0)
		for (ssize_t i = 0; i < n; i++)
			t->wrong += buf[i] != pattern(t->back++);
	if (!n)
		errno = ECONNRESET;
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}

static void report(int fd, const struct transfer *t, double seconds)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len);
	printf("{\"sent\": %" PRIu64 ", \"back\": %" PRIu64 ", \"wrong\": %" PRIu64 ", \"seconds\": %.3f", t->sent, t->back,
	       t->wrong, seconds);
	printf(", \"pmtu\": %u, \"mss\": %u, \"again\": %u, \"error\": \"%s\"}\n", info.tcpi_pmtu, info.tcpi_snd_mss,
	       info.tcpi_total_retrans, t->error ? strerror(t->error) : "");
}

static int transfer(int fd, struct transfer *t)
{
	double start = now(), last = start;

	while (!stopping || t->back < t->sent) {
		struct pollfd pfd = { .fd = fd, .events = POLLIN };
		uint64_t before = t->back;

		if ((!stopping && !push(fd, t, now() - start)) || !pull(fd, t)) {
			t->error = errno;
			break;
		}
		if (t->back > before || t->back == t->sent)
			last = now();
		if (now() - last > t->stall) {
			t->error = ETIMEDOUT;
			break;
		}
		poll(&pfd, 1, 20);
	}
	report(fd, t, now() - start);
	return 0;
}

static int client(const struct end *to, const struct end *from, struct transfer *t)
{
	int fd = socket(to->addr.ss_family, SOCK_STREAM, 0);

	if (fd < 0 || (from->len && bind(fd, (const void *)&from->addr, from->len)) ||
	    connect(fd, (const void *)&to->addr, to->len)) {
		perror("xha-stream: connect");
		return 1;
	}
	return transfer(fd, t);
}

int main(int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "rate", required_argument, NULL, 'r' },
		{ "bind", required_argument, NULL, 'b' }, { "stall", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	struct transfer t = { .rate = 10000, .stall = 30 };
	struct sigaction act = { .sa_handler = on_signal };
	struct end peer = { 0 }, from = { 0 };
	int c;

	while ((c = getopt_long(argc, argv, "", longopts, NULL)) != -1) {
		switch (c) {
		case 'r': t.rate = strtod(optarg, NULL); break;
		case 's': t.stall = strtod(optarg, NULL); break;
		case 'b':
			if (!resolve(optarg, "0", &from))
				return 2;
			break;
		default: return usage();
		}
	}
	argv += optind;
	if (argc - optind != 3 || !resolve(argv[1], argv[2], &peer))
		return usage();

	/* No SA_RESTART: the signal has to end the wait. */
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	if (!strcmp(argv[0], "server"))
		return serve(&peer);
	return strcmp(argv[0], "client") ? usage() : client(&peer, &from, &t);
}
