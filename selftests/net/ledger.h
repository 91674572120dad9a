/* SPDX-License-Identifier: GPL-2.0 */
/* xha-ledger: what it knows of SAs, of the numbers used with them, and of the packets that can be replayed. */
#ifndef XHA_LEDGER_H
#define XHA_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WINDOW_MAX	1024
#define FRAME_MAX	512	/* longer ones are nobody's here */

/* A frame on its way to the gateways. */
struct frame {
	struct frame *next;
	uint64_t number;
	uint64_t ns;		/* CLOCK_REALTIME: when a gateway may first have taken it, by what is known */
	bool fresh;		/* no gateway can have taken it yet */
	bool due;		/* a gateway may take it, by its window before the replay */
	size_t len;
	unsigned char data[];
};

/* An inbound window, as a dump of XFRM's states has it. */
struct window {
	bool known, open;
	uint64_t top;
	uint32_t refused;	/* by number, or by integrity, which is how a wrong ESN shows */
	uint32_t bits;
	uint32_t map[WINDOW_MAX / 32];
	bool ring;		/* the top is at bit (top - 1) % bits; else at bit 0, older ones above it */
};

struct sa {
	struct sa *next;
	uint32_t spi, bits;
	bool esn, out;		/* out: from the gateways to the remote */
	uint64_t top;		/* highest number seen */
	int top_node;		/* whose it was */
	uint64_t count, twice, behind, jostled;
	uint64_t first_twice, first_behind;
	int twice_by, behind_by;
	uint64_t *numbers;	/* a hash table; 0: free */
	size_t room;
	struct frame *frames, **last;
	struct window win;
	uint32_t refused;	/* what win.refused was before the replay */
	uint64_t sent;		/* frames of the replay; 0: the gateway could not take any */
};

/* What a takeover may have missed. */
struct excuse {
	uint64_t since_ns;	/* anything after that */
	uint64_t period_ns;	/* and what came in that time before, 0: no limit */
	uint64_t packets;	/* but no more than that of an SA, 0: no limit */
};

extern struct sa *sas;

struct sa *sa_find(uint32_t spi);
void sa_forget_all(void);
struct sa *sa_add(uint32_t spi, uint32_t bits, bool esn, bool out, uint64_t start);
void sa_sent(struct sa *s, int node, uint32_t low);
void sa_offered(struct sa *s, uint32_t low, const void *frame, size_t len, uint64_t ns, bool fresh);
bool sa_may_take(const struct sa *s, uint64_t number);
uint64_t sa_unexcused(const struct sa *s, const struct excuse *e, uint64_t *worst);

/* dump.c: the windows of all SAs as 'ip -s xfrm state' has printed them; how many SAs are open, or -1. */
int dump_read(const char *path);

#endif /* XHA_LEDGER_H */
