// SPDX-License-Identifier: GPL-2.0
/* xha-ledger: the books on each SA. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger.h"

#define HALF	(1ull << 31)

struct sa *sas;

static void *must(void *p)
{
	if (!p) {
		fprintf(stderr, "xha-ledger: out of memory\n");
		exit(1);
	}
	return p;
}

struct sa *sa_find(uint32_t spi)
{
	struct sa *s = sas;

	while (s && s->spi != spi)
		s = s->next;
	return s;
}

struct sa *sa_add(uint32_t spi, uint32_t bits, bool esn, bool out, uint64_t start)
{
	struct sa *s = must(calloc(1, sizeof(*s)));

	s->spi = spi;
	s->bits = bits;
	s->esn = esn;
	s->out = out;
	s->top = start;
	s->last = &s->frames;
	s->next = sas;
	sas = s;
	return s;
}

void sa_forget_all(void)
{
	while (sas) {
		struct sa *s = sas;

		sas = s->next;
		while (s->frames) {
			struct frame *f = s->frames;

			s->frames = f->next;
			free(f);
		}
		free(s->numbers);
		free(s);
	}
}

/* Of an ESN the packet has the low word alone: the number next to the highest so far. */
static uint64_t whole(const struct sa *s, uint32_t low)
{
	uint64_t n = (s->top & ~0xffffffffull) | low;

	if (!s->esn)
		return low;
	if (n + HALF < s->top)
		n += 2 * HALF;
	else if (n > s->top + HALF && n >= 2 * HALF)
		n -= 2 * HALF;
	return n;
}

static uint64_t *slot(uint64_t *numbers, size_t room, uint64_t n)
{
	size_t i = n * 0x9e3779b97f4a7c15ull >> 20 & (room - 1);

	while (numbers[i] && numbers[i] != n)
		i = (i + 1) & (room - 1);
	return numbers + i;
}

static void grow(struct sa *s)
{
	size_t room = s->room ? 2 * s->room : 1024;
	uint64_t *numbers = must(calloc(room, sizeof(*numbers)));

	for (size_t i = 0; i < s->room; i++)
		if (s->numbers[i])
			*slot(numbers, room, s->numbers[i]) = s->numbers[i];
	free(s->numbers);
	s->numbers = numbers;
	s->room = room;
}

/*
 * A gateway has sent a packet. If it is below the window of the one who gets it although another gateway has sent what
 * is above it, the gateways are wrong. Where it was the same one, its machine has put its packets in another order.
 */
void sa_sent(struct sa *s, int node, uint32_t low)
{
	uint64_t n = whole(s, low), *at;

	if (s->count * 2 >= s->room)
		grow(s);
	s->count++;
	at = slot(s->numbers, s->room, n);
	if (*at == n) {
		if (!s->twice++) {
			s->first_twice = n;
			s->twice_by = node;
		}
	} else if (n + s->bits <= s->top && node == s->top_node) {
		s->jostled++;
	} else if (n + s->bits <= s->top) {
		if (!s->behind++) {
			s->first_behind = n;
			s->behind_by = node;
		}
	}
	*at = n;
	if (n > s->top) {
		s->top = n;
		s->top_node = node;
	}
}

/* The remote has sent a packet to the gateways. */
void sa_offered(struct sa *s, uint32_t low, const void *data, size_t len, uint64_t ns, bool fresh)
{
	struct frame *f = must(malloc(sizeof(*f) + len));

	*f = (struct frame){ .number = whole(s, low), .ns = ns, .fresh = fresh, .len = len };
	memcpy(f->data, data, len);
	*s->last = f;
	s->last = &f->next;
	s->count++;
	if (f->number > s->top)
		s->top = f->number;
}

/* By the window of the dump: what is above it, and what is in it and not yet marked. */
bool sa_may_take(const struct sa *s, uint64_t number)
{
	const struct window *w = &s->win;
	uint64_t below;
	uint32_t bit;

	if (!w->known || !w->open)
		return false;
	if (number > w->top)
		return true;
	below = w->top - number;
	if (below >= w->bits)
		return false;
	bit = below;
	if (w->ring)
		bit = ((uint32_t)w->top - 1 + w->bits - (uint32_t)below) % w->bits;
	return !(w->map[bit / 32] & 1u << bit % 32);
}

/*
 * How many of those that are due a takeover is not to miss: older than the period before the moment for which the copy
 * was known to be hot, or before that moment and more than the packets that may wait for the next sync.
 */
uint64_t sa_unexcused(const struct sa *s, const struct excuse *e, uint64_t *worst)
{
	uint64_t bad = 0, waiting = 0;

	for (const struct frame *f = s->frames; f; f = f->next) {
		if (!f->due || f->fresh || f->ns >= e->since_ns)
			continue;
		waiting++;
		if ((e->period_ns && f->ns + e->period_ns < e->since_ns) || (e->packets && waiting >= e->packets)) {
			if (!bad++)
				*worst = f->number;
		}
	}
	return bad;
}
