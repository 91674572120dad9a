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
 *   flipped  the watched one with a bit changed   clipped  ... without its last bytes
 *   moved    ... with another frame number        init, response  a message of a handshake, again; it has to be made while
 *                                                          this watches; slow-init: fewer than the peer allows
 *   delete   the SA that went by last is gone; it is said when the next CHECK is over, with the number that the peer's next
 *            frame would have. "ready" on stderr: it watches
 */
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spoof.h"

#define UNKNOWN		100	/* records of unknown types in one datagram */
#define SEAL_LEN	16	/* what a sealed frame ends with */
#define MSG_INIT	3
#define MSG_RESPONSE	4
#define REC_SA		6
#define REC_DELETE	8
#define AFTER_CHECK	2	/* heartbeats after a CHECK: it is not under way any more, and the next one not yet */
#define HEARD_MOST	300	/* datagrams until we give up */

static struct spoof who;
static struct datagram seen;
static uint64_t next, later;
static unsigned char object[4];	/* number of an SA */

static void fill(unsigned char *p, size_t len)
{
	while (len--)
		*p++ = rand() >> 7;
}

/*
 * A header that the receiver accepts, with the number of a frame to come: that one will be too late. A few such do no harm
 * (a CHECK is asked again); many make the peer fall silent for the receiver, so that it begins a new session.
 */
static void fresh(struct datagram *d, size_t len, uint64_t *number)
{
	memcpy(d->data, seen.data, SPOOF_HDR_LEN);
	spoof_number(d, (*number)++);
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

/* Which type of message a case begins with. */
static unsigned char watched(const char *kind)
{
	if (!strcmp(kind, "init") || !strcmp(kind, "slow-init"))
		return MSG_INIT;
	return !strcmp(kind, "response") ? MSG_RESPONSE : SPOOF_DATA;
}

/* Nothing is under way, and nothing but a heartbeat is due for a while. */
static bool between_checks(void)
{
	static bool named;
	static int after = -1;	/* the CHECK; -1: there was none */
	const unsigned char *sa = spoof_find(&seen, REC_SA, sizeof(object));

	if (sa) {
		memcpy(object, sa, sizeof(object));
		named = true;
		after = -1;
	} else if (named && spoof_find(&seen, SPOOF_CHECK, 0)) {
		after = 0;
	} else if (after >= 0) {
		after++;
	}
	return after == AFTER_CHECK;
}

static int make(const char *kind, struct datagram *d, int n)
{
	*d = seen;
	if (!strcmp(kind, "empty")) {
		d->len = 0;
	} else if (!strcmp(kind, "short")) {
		d->len = 1 + n % (SPOOF_HDR_LEN - 1);
	} else if (!strcmp(kind, "version")) {
		d->data[0] = n % 2 ? 0 : 2 + n % 250;
	} else if (!strcmp(kind, "node")) {
		d->data[2 + n % 2] ^= 1 + n % 15;
	} else if (!strcmp(kind, "type")) {
		d->data[1] = n % 2 ? 0 : 5 + n % 248;
	} else if (!strcmp(kind, "session")) {
		d->data[4 + n % 4] ^= 1 + n % 255;
	} else if (!strcmp(kind, "replay") || watched(kind) != SPOOF_DATA) {
		/* as it is */
	} else if (!strcmp(kind, "flipped")) {
		d->data[SPOOF_HDR_LEN + n % (seen.len - SPOOF_HDR_LEN)] ^= 1 << n % 8;
	} else if (!strcmp(kind, "clipped")) {
		d->len -= 1 + n % SEAL_LEN;
	} else if (!strcmp(kind, "moved")) {
		spoof_number(d, next + n);
	} else if (!strcmp(kind, "delete")) {
		fresh(d, SPOOF_HDR_LEN, &next);
		record(d, REC_DELETE, sizeof(object));
		memcpy(d->data + d->len + SPOOF_REC_LEN, object, sizeof(object));
		d->len += SPOOF_REC_LEN + sizeof(object);
	} else if (!strcmp(kind, "cut")) {
		fresh(d, SPOOF_HDR_LEN, &later);
		record(d, 6 + n % 2, 41 + n % 1000);
		d->len += 4 + n % 40;
		fill(d->data + SPOOF_HDR_LEN + 4, n % 40);
	} else if (!strcmp(kind, "unknown")) {
		fresh(d, SPOOF_HDR_LEN, &later);
		for (int i = 0; i < UNKNOWN; i++) {
			record(d, 100 + i, i % 8);
			fill(d->data + d->len + 4, i % 8);
			d->len += 4 + i % 8;
		}
	} else if (!strcmp(kind, "random")) {
		d->len = rand() % SPOOF_FRAME_MAX;
		fill(d->data, d->len);
	} else if (!strcmp(kind, "noise")) {
		fresh(d, SPOOF_HDR_LEN + rand() % (SPOOF_FRAME_MAX - SPOOF_HDR_LEN), &next);
		fill(d->data + SPOOF_HDR_LEN, d->len - SPOOF_HDR_LEN);
		d->data[SPOOF_HDR_LEN] = rand() % 16;
	} else if (!strcmp(kind, "mangled")) {
		fresh(d, seen.len, &next);
		for (int i = 0; i < 4 && seen.len > SPOOF_HDR_LEN; i++)
			d->data[SPOOF_HDR_LEN + rand() % (seen.len - SPOOF_HDR_LEN)] = rand();
	} else {
		return -1;
	}
	return 0;
}

/* Takes a datagram of the module's, as it leaves the device: of the type for a case, and long enough to have records. */
static int watch(const char *device, const char *kind)
{
	bool wait = !strcmp(kind, "delete");
	int fd = spoof_listen(device), heard = 0;

	if (wait && fd >= 0)
		fprintf(stderr, "ready\n");
	while (fd >= 0 && heard < HEARD_MOST) {
		struct pollfd pfd = { .fd = fd, .events = POLLIN };

		if (poll(&pfd, 1, 5000) <= 0)
			return -1;
		if (!spoof_hear(fd, &who, &seen) || seen.data[1] != watched(kind) || seen.len <= SPOOF_HDR_LEN + SEAL_LEN)
			continue;
		heard++;
		if (wait && !between_checks())
			continue;
		next = spoof_frame(&seen) + 1;
		/* Few must be accepted for sure: neither the peer nor another run of this has been there yet. */
		later = next + 16 + getpid() % 256;
		close(fd);
		return 0;
	}
	return -1;
}

int main(int argc, char **argv)
{
	int count = argc == 7 ? atoi(argv[6]) : 100;
	struct datagram d;
	bool slow;
	int fd;

	seen.len = SPOOF_HDR_LEN + 1;
	if (argc < 6 || argc > 7 || spoof_parse(&who, argv[2], argv[3], argv[4]) || make(argv[5], &d, 0)) {
		fprintf(stderr, "usage: xha-datagram DEV SRC DST PORT CASE [COUNT]\n");
		return 2;
	}
	srand(1); /* the same each time: a failure can be repeated */
	slow = !strcmp(argv[5], "slow-init");
	if (watch(argv[1], argv[5])) {
		fprintf(stderr, "xha-datagram: no datagram to learn from on %s\n", argv[1]);
		return 1;
	}
	fd = spoof_open();
	for (int n = 0; n < count; n++) {
		if (make(argv[5], &d, n) || fd < 0 || spoof_send(fd, &who, &d)) {
			perror("xha-datagram: send");
			return 1;
		}
		/* The receiver's queue is not what is tested. */
		if (n % 16 == 15 || slow)
			usleep(slow ? 200000 : 1000);
	}
	printf("%d\n", count);
	return 0;
}
