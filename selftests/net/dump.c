// SPDX-License-Identifier: GPL-2.0
/* xha-ledger: reads the windows out of what 'ip -s xfrm state' prints. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger.h"

/* The module's tag of an SA whose gate is open. */
#define FLAG_MASK	0x43000000u
#define FLAG_ACTIVE	0x41000000u

struct reader {
	struct sa *sa;
	struct window win;
	uint32_t word;		/* of the bitmap: the last one that was read; they are printed from the last to the first */
	bool bitmap;
};

static void keep(struct reader *r)
{
	if (!r->sa)
		return;
	r->win.known = true;
	r->sa->win = r->win;
}

static void words(struct reader *r, const char *line)
{
	char *end;

	for (;;) {
		unsigned long v = strtoul(line, &end, 16);

		if (end == line || !r->word)
			return;
		r->win.map[--r->word] = v;
		line = end;
	}
}

static void begin(struct reader *r)
{
	keep(r);
	memset(r, 0, sizeof(*r));
}

static void context(struct reader *r, const char *line)
{
	uint32_t hi, lo, map, bits, n;

	if (sscanf(line, " anti-replay context: seq 0x%x, oseq 0x%x, bitmap 0x%x", &lo, &hi, &map) == 3) {
		r->win.top = lo;
		r->win.map[0] = map;
	} else if (sscanf(line, " seq-hi 0x%x, seq 0x%x", &hi, &lo) == 2) {
		r->win.top = (uint64_t)hi << 32 | lo;
		r->win.ring = true;
	} else if (sscanf(line, " replay_window %u, bitmap-length %u", &bits, &n) == 2) {
		r->bitmap = n <= WINDOW_MAX / 32;
		r->word = n;
		return;
	} else if (sscanf(line, " replay-window %u replay %u failed %u", &lo, &hi, &n) == 3) {
		r->win.refused = lo + hi + n;
	} else if (r->bitmap && strspn(line, " \t0123456789abcdef\n") == strlen(line)) {
		words(r, line);
		return;
	}
	r->bitmap = false;
}

int dump_read(const char *path)
{
	struct reader r = { 0 };
	char line[4096];
	int open = 0;
	FILE *file;

	for (struct sa *s = sas; s; s = s->next)
		s->win.known = false;
	file = fopen(path, "r");
	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file)) {
		const char *flag = strstr(line, "extra_flag ");
		uint32_t spi;

		if (!strncmp(line, "src ", 4)) {
			begin(&r);
		} else if (sscanf(line, " proto esp spi 0x%x", &spi) == 1) {
			r.sa = sa_find(spi);
			if (r.sa)
				r.win.bits = r.sa->bits;
		} else {
			context(&r, line);
		}
		if (flag && (strtoul(flag + strlen("extra_flag "), NULL, 16) & FLAG_MASK) == FLAG_ACTIVE) {
			r.win.open = true;
			open++;
		}
	}
	keep(&r);
	fclose(file);
	return open;
}
