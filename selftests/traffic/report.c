// SPDX-License-Identifier: GPL-2.0
/* xha-traffic: the books on every datagram, and the report of one JSON line. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "traffic.h"

/* A report has an end also when every other datagram is lost; `lost` itself is always exact. */
#define MAX_RANGES 100000
/* Lost ones between which nothing was sent for so long were not lost at one time. */
#define PAUSE_NS 100000000ull

int tally_sent(struct tally *t, uint64_t number)
{
	if (number >= t->capacity) {
		uint64_t capacity = t->capacity ? 2 * t->capacity : 4096;
		struct fate *grown = realloc(t->fates, capacity * sizeof(*grown));

		if (!grown)
			return -1;
		t->fates = grown;
		t->capacity = capacity;
	}
	t->fates[number] = (struct fate){ .sent_real_ns = clock_ns(CLOCK_REALTIME) };
	t->sent = number + 1;
	return 0;
}

void tally_echo(struct tally *t, uint64_t number, uint64_t rtt_ns)
{
	if (number >= t->sent)
		return;
	if (t->fates[number].echoes++) {
		t->duplicates++;
		return;
	}
	t->received++;
	t->rtt_sum += rtt_ns;
	if (t->received == 1 || rtt_ns < t->rtt_min)
		t->rtt_min = rtt_ns;
	if (rtt_ns > t->rtt_max)
		t->rtt_max = rtt_ns;
}

static int is_lost(const struct tally *t, uint64_t i)
{
	return i < t->sent && !t->fates[i].echoes;
}

/*
 * [first, last, CLOCK_REALTIME ns when the first was sent, and when the last was sent] of each run of lost ones that were sent
 * without a pause.
 */
static void print_ranges(const struct tally *t)
{
	unsigned int ranges = 0;
	uint64_t i = 0;

	while (i < t->sent) {
		uint64_t first = i++;

		if (!is_lost(t, first))
			continue;
		while (is_lost(t, i) && t->fates[i].sent_real_ns < t->fates[i - 1].sent_real_ns + PAUSE_NS)
			i++;
		if (ranges < MAX_RANGES)
			printf("%s[%" PRIu64 ", %" PRIu64 ", %" PRIu64 ", %" PRIu64 "]", ranges ? ", " : "",
			       first, i - 1, t->fates[first].sent_real_ns, t->fates[i - 1].sent_real_ns);
		ranges++;
	}
	printf("], \"lost_range_count\": %u", ranges);
}

void tally_print(const struct tally *t, const struct options *opt, double seconds)
{
	printf("{\"sent\": %" PRIu64 ", \"refused\": %" PRIu64 ", \"seconds\": %.3f", t->sent, t->refused, seconds);
	if (opt->df == DF_YES)
		printf(", \"cuts\": %" PRIu64 ", \"size\": %u", t->cuts, opt->size);
	if (opt->echo) {
		uint64_t avg = t->received ? t->rtt_sum / t->received : 0;

		printf(", \"received\": %" PRIu64 ", \"lost\": %" PRIu64 ", \"duplicates\": %" PRIu64, t->received,
		       t->sent - t->received, t->duplicates);
		printf(", \"rtt_us\": {\"min\": %.1f, \"avg\": %.1f, \"max\": %.1f}, \"lost_ranges\": [",
		       t->rtt_min / 1e3, avg / 1e3, t->rtt_max / 1e3);
		print_ranges(t);
	}
	printf("}\n");
	fflush(stdout);
}
