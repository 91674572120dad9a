// SPDX-License-Identifier: GPL-2.0
/*
 * xha-flood: hostile datagrams in great numbers, from a peer's own address and port, at a node that is alive.
 * usage: xha-flood DEV SRC DST PORT COUNT NETNS [SEED]
 *
 * Runs where SRC is; NETNS (/run/netns/NAME) is where DST is. What SRC itself sends to DST is listened to all along, and
 * its session and frame numbers are used, so that also what is behind the header is read where no key keeps it out. Some
 * are random bytes, some are its own datagrams, changed or cut or sent again, some are records that are well-formed until
 * they are damaged, some are hellos and handshakes.
 *
 * The queue of DST's socket is watched: not more is sent than is read there. Prints JSON; exit status 1 if a datagram was
 * not read.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>

#include "../unit/unit.h"
#include "../unit/gen.h"
#include "spoof.h"

#define KEPT		16	/* of the newest datagrams of SRC */
#define BURST		64	/* between two looks at what SRC sends */
#define LOOK		256	/* between two looks at the queue */
#define QUEUE_MAX	(512 << 10)	/* bytes of memory that the queue may hold; the socket has room for megabytes */
#define PATIENCE	60	/* seconds until the queue must have been read */

static struct spoof who;
static struct datagram kept[KEPT];	/* data */
static struct datagram greeting;	/* the newest hello, or message of a handshake */
static unsigned long learned, sessions;
static u64 number;			/* of the next frame */
static u32 session;

static void take(const struct datagram *d)
{
	u32 now;

	if (d->data[1] != SPOOF_DATA) {
		greeting = *d;
		return;
	}
	memcpy(&now, d->data + 4, sizeof(now));
	if (now != session) {
		session = now;
		number = 0;
		sessions++;
	}
	number = max_t(u64, number, spoof_frame(d) + 1);
	kept[learned++ % KEPT] = *d;
}

static void learn(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	struct datagram d;

	while (poll(&pfd, 1, 0) > 0)
		if (spoof_hear(fd, &who, &d))
			take(&d);
}

static const struct datagram *known(void)
{
	return &kept[rnd_below(min_t(u64, learned, KEPT))];
}

/* --- datagrams ------------------------------------------------------------------------------------------------- */

static void fill(u8 *p, size_t len)
{
	while (len--)
		*p++ = rnd();
}

/* Numbers that nobody counts to. Behind the highest one nothing gets in until the session is another one: not that. */
static u64 far(void)
{
	return one_in(2) ? rnd() | 1ULL << 63 : rnd_edgy() >> 2;
}

/* What is sent next has to be ahead of what was. */
static void sent(const struct datagram *d)
{
	u64 n = spoof_frame(d);

	if (d->len >= SPOOF_HDR_LEN && !memcmp(d->data + 4, &session, sizeof(session)) && n >= number && n <= U64_MAX / 4)
		number = n + 1;
}

/* A header of the session, and a number that has not been there; at times another one. */
static void fresh(struct datagram *d)
{
	u64 n = number++;

	memcpy(d->data, known()->data, SPOOF_HDR_LEN);
	memcpy(d->data + 4, &session, sizeof(session));
	if (one_in(32))
		n += rnd_below(2048) - 1024;
	spoof_number(d, one_in(20000) ? far() : n);
}

static void damage(struct datagram *d, size_t from, unsigned int times)
{
	static const u8 edges[] = { 0, 1, 0x7f, 0x80, 0xff };
	size_t at;

	while (times-- && d->len > from) {
		at = from + rnd_below(d->len - from);
		switch (rnd_below(8)) {
		case 0:
			d->data[at] = edges[rnd_below(ARRAY_SIZE(edges))];
			break;
		case 1:
			d->data[at] = rnd_below(24);	/* a type, or a short length */
			break;
		case 2:
			d->data[at] ^= 1 << rnd_below(8);
			break;
		case 3:
			d->len = at;
			break;
		case 4:
			at = min_t(size_t, 1 + rnd_below(64), SPOOF_ROOM - d->len);
			fill(d->data + d->len, at);
			d->len += at;
			break;
		default:
			d->data[at] = rnd();
		}
	}
}

static void make_records(struct datagram *d)
{
	struct xha_writer w;
	unsigned int n;

	gen_frame(&w, d->data, SPOOF_FRAME_MAX);
	for (n = 1 + rnd_below(8); n; n--)
		if (gen_put(&w, 1 + rnd_below(GEN_LAST_TYPE)))
			break;
	d->len = w.len;
	fresh(d);
	damage(d, SPOOF_HDR_LEN, rnd_below(4));
}

static void make_greeting(struct datagram *d)
{
	if (greeting.len && one_in(2)) {
		*d = greeting;
		damage(d, one_in(4) ? 0 : SPOOF_HDR_LEN, rnd_below(4));
		return;
	}
	d->len = SPOOF_HDR_LEN + rnd_below(300);
	fresh(d);
	fill(d->data + SPOOF_HDR_LEN, d->len - SPOOF_HDR_LEN);
	d->data[1] = one_in(16) ? XHA_MSG_HELLO : XHA_MSG_INIT + rnd_below(2);
	spoof_number(d, 0);
}

static void make(struct datagram *d)
{
	switch (rnd_below(16)) {
	case 0:
		d->len = rnd_below(one_in(8) ? SPOOF_ROOM : 64);
		fill(d->data, d->len);
		break;
	case 1:
		d->len = SPOOF_HDR_LEN + rnd_below(one_in(8) ? SPOOF_ROOM - SPOOF_HDR_LEN : 256);
		fresh(d);
		fill(d->data + SPOOF_HDR_LEN, d->len - SPOOF_HDR_LEN);
		break;
	case 2 ... 6:
		make_records(d);
		break;
	case 7 ... 12:
		*d = *known();
		fresh(d);
		damage(d, SPOOF_HDR_LEN, 1 + rnd_below(4));
		break;
	case 13 ... 14:
		/* Its header, too; or not damaged at all: sent again. */
		*d = *known();
		damage(d, 0, rnd_below(3));
		memcpy(d->data + 8, known()->data + 8, 6);
		break;
	default:
		/* Without a key a hello ends the session: too many, and nothing else gets in. */
		if (greeting.data[1] == XHA_MSG_HELLO && !one_in(128))
			make_records(d);
		else
			make_greeting(d);
	}
}

/* --- the queue of the receiver's socket ------------------------------------------------------------------------ */

/* What /proc/net/udp of its namespace says of it: bytes that wait, and datagrams that found no room. */
static int look(int proc, unsigned long *waits, unsigned long *dropped)
{
	static char text[256 << 10];
	unsigned int lport, rport;
	u32 local, remote;
	size_t len = 0;
	char *line;
	ssize_t n;

	lseek(proc, 0, SEEK_SET);
	while ((n = read(proc, text + len, sizeof(text) - 1 - len)) > 0)
		len += n;
	text[len] = 0;
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		if (sscanf(line, " %*u: %x:%x %x:%x %*x %*x:%lx %*x:%*x %*x %*u %*d %*u %*d %*s %lu", &local, &lport,
			   &remote, &rport, waits, dropped) == 6 &&
		    local == who.dst.s_addr && remote == who.src.s_addr && lport == who.port)
			return 0;
	return -1;
}

/* Until no more than @most wait. */
static int wait_read(int proc, unsigned long most, unsigned long *dropped)
{
	double end = unit_clock() + PATIENCE;
	unsigned long waits;

	for (;;) {
		/* A socket that is opened anew for a moment does not wait at all. */
		if (look(proc, &waits, dropped))
			waits = most + 1;
		if (waits <= most)
			return 0;
		if (unit_clock() > end)
			return -1;
		usleep(500);
	}
}

/* Until all that is needed to send is known. */
static int begin(int fd)
{
	double end = unit_clock() + PATIENCE;

	while (!learned && unit_clock() < end) {
		usleep(1000);
		learn(fd);
	}
	return learned ? 0 : -1;
}

static int complain(const char *what)
{
	fprintf(stderr, "xha-flood: %s\n", what);
	return 1;
}

int main(int argc, char **argv)
{
	unsigned long count, n, before, dropped;
	struct datagram d;
	int hear, say, ns, proc;

	if (argc < 7 || argc > 8 || spoof_parse(&who, argv[2], argv[3], argv[4]) || !(count = strtoul(argv[5], NULL, 0))) {
		fprintf(stderr, "usage: xha-flood DEV SRC DST PORT COUNT NETNS [SEED]\n");
		return 2;
	}
	unit_state = argc == 8 ? strtoull(argv[7], NULL, 0) : 1;
	hear = spoof_listen(argv[1]);
	say = spoof_open();
	if (hear < 0 || say < 0)
		return complain("sockets");
	/* The sockets stay where they are. */
	ns = open(argv[6], O_RDONLY);
	if (ns < 0 || setns(ns, CLONE_NEWNET))
		return complain("network namespace");
	proc = open("/proc/thread-self/net/udp", O_RDONLY);
	if (proc < 0 || look(proc, &n, &before))
		return complain("no socket of the receiver");
	if (begin(hear))
		return complain("nothing to learn from");

	for (n = 0; n < count; n++) {
		if (n % BURST == 0)
			learn(hear);
		if (n % LOOK == 0 && wait_read(proc, QUEUE_MAX, &dropped))
			return complain("the receiver has stopped reading");
		make(&d);
		if (spoof_send(say, &who, &d))
			return complain("cannot send");
		sent(&d);
	}
	/* The last words are SRC's own: what it says of its heartbeat tells how soon its silence counts. */
	for (n = 0; n < KEPT; n++) {
		d = *known();
		spoof_number(&d, number++);
		if (spoof_send(say, &who, &d))
			return complain("cannot send");
	}
	if (wait_read(proc, 0, &dropped))
		return complain("the receiver has stopped reading");
	printf("{\"sent\": %lu, \"unread\": %lu, \"learned\": %lu, \"sessions\": %lu}\n", count, dropped - before, learned,
	       sessions);
	return dropped != before;
}
