// SPDX-License-Identifier: GPL-2.0
/*
 * xha-records: what is in the frames of a capture of an insecure link over IPv4 and UDP.
 * usage: xha-records FILE.pcap
 *
 * For each heartbeat, SA record, check, window and lease a line: ms, its kind, the number of the object (or of the check),
 * and the highest number received or the low word of the lease; 0 where there is none.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../kmod/wire.h"
#include "pcap.h"

#define UDP_AT	(14 + 20)
#define DATA_AT	(UDP_AT + 8)

static void line(uint64_t ms, const char *kind, u32 id, uint64_t value)
{
	printf("%" PRIu64 " %s %u %" PRIu64 "\n", ms, kind, id, value);
}

static void windows(uint64_t ms, struct xha_rec *rec)
{
	struct xha_window_elem e;
	u32 id;

	while (xha_get_window(rec, &id, &e) > 0)
		line(ms, "window", id, e.top);
}

static void leases(uint64_t ms, struct xha_rec *rec)
{
	u32 id, low;

	while (xha_get_lease(rec, &id, &low) > 0)
		line(ms, "lease", id, low);
}

static void record(uint64_t ms, struct xha_rec *rec)
{
	static struct xha_sa_desc sa;
	struct xha_check check;
	size_t fixed;

	switch (rec->type) {
	case XHA_REC_TIME:
		line(ms, "heartbeat", 0, 0);
		break;
	case XHA_REC_SA:
		if (!xha_get_sa(rec, &sa, &fixed))
			line(ms, "sa", sa.id, 0);
		break;
	case XHA_REC_CHECK:
		if (!xha_get_check(rec, &check))
			line(ms, "check", check.check, 0);
		break;
	case XHA_REC_WINDOW:
		windows(ms, rec);
		break;
	case XHA_REC_LEASE:
		leases(ms, rec);
		break;
	}
}

int main(int argc, char **argv)
{
	static unsigned char frame[65536];
	struct pcap_frame head;
	FILE *file;
	int more;

	if (argc != 2) {
		fprintf(stderr, "usage: xha-records FILE.pcap\n");
		return 2;
	}
	file = pcap_open("xha-records", argv[1]);
	if (!file)
		return 1;
	while ((more = pcap_next(file, &head, frame, sizeof(frame))) > 0) {
		struct xha_reader r;
		struct xha_rec rec;
		struct xha_hdr hdr;

		if (head.len < DATA_AT || frame[14] != 0x45 || xha_get_hdr(&r, frame + DATA_AT, head.len - DATA_AT, &hdr) ||
		    hdr.type != XHA_MSG_DATA)
			continue;
		while (xha_next(&r, &rec) > 0)
			record(head.sec * 1000ull + head.usec / 1000, &rec);
	}
	fclose(file);
	if (more < 0)
		fprintf(stderr, "xha-records: %s is broken\n", argv[1]);
	return more < 0;
}
