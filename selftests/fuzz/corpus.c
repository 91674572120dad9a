// SPDX-License-Identifier: GPL-2.0
/*
 * Writes what fuzzers begin with: valid encodings of everything, the same each
 * time. usage: xha-corpus DIR, which gets a directory for each target. Most of
 * it is alike to a fuzzer: merged, few files remain.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../../kmod/wire_hello.h"
#include "../unit/unit.h"
#include "../unit/gen.h"

#define FRAMES		32
#define OBJECTS		24	/* records of SAs, of policies */
#define RECORDS		6	/* of each other type */
#define HANDSHAKES	8
#define LATER_TYPE	99	/* a record of a later release */
#define LATER_ATTR	(XHA_TLV_OPTIONAL | 1)

static const char *top;

static void save(const char *target, const char *kind, int n, const u8 *p, size_t len)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s/%s-%03d", top, target, kind, n);
	file = fopen(path, "wb");
	if (!file || fwrite(p, 1, len, file) != len || fclose(file)) {
		perror(path);
		exit(EXIT_FAILURE);
	}
}

static void make_dir(const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", top, name);
	if (mkdir(path, 0777) && errno != EEXIST) {
		perror(path);
		exit(EXIT_FAILURE);
	}
}

/* A record that this release skips. */
static void put_later(struct xha_writer *w)
{
	const u8 rec[] = { LATER_TYPE, 0, 0, 3, 1, 2, 3 };

	if (w->room - w->len < sizeof(rec))
		return;
	memcpy(w->buf + w->len, rec, sizeof(rec));
	w->rec = w->len;
	w->len += sizeof(rec);
}

/* Room for a little more at the end of the last record, NULL: there is none. */
static u8 *longer(struct xha_writer *w, size_t more)
{
	size_t body = w->len - w->rec - XHA_REC_HDR_LEN + more;
	u8 *p = w->buf + w->len;

	if (w->room - w->len < more)
		return NULL;
	w->buf[w->rec + 2] = body >> 8;
	w->buf[w->rec + 3] = body & 0xff;
	w->len += more;
	memset(p, 0, more);
	return p;
}

/* A policy with an attribute of a later release that may be skipped. */
static void put_optional(struct xha_writer *w)
{
	u8 *attr;

	if (gen_put(w, XHA_REC_POLICY))
		return;
	attr = longer(w, 5);
	if (attr) {
		attr[0] = LATER_ATTR;
		attr[2] = 2;
	}
}

static void usual_sas(struct xha_writer *w)
{
	static struct gen_sa g;

	gen_usual_sa(&g);
	xha_put_sa(w, &g.d);
	gen_strong_sa(&g);
	xha_put_sa(w, &g.d);
}

static void heartbeat(struct xha_writer *w)
{
	gen_put(w, XHA_REC_TIME);
	gen_put(w, XHA_REC_GROUP);
	gen_put(w, XHA_REC_ACK);
}

static void frames(void)
{
	u8 buf[XHA_FRAME_MAX];
	struct xha_writer w;
	int i, n;

	for (i = 0; i < FRAMES; i++) {
		gen_frame(&w, buf, sizeof(buf));
		if (i == 0)
			usual_sas(&w);
		else if (i == 1)
			put_later(&w);
		else if (i == 2)
			put_optional(&w);
		else if (i % 10 == 3)
			heartbeat(&w);
		/* Elements of one type share a record: the last type again. */
		for (n = rnd_below(6); i > 2 && n; n--)
			if (gen_put(&w, one_in(3) && w.rec ? w.buf[w.rec] : 1 + rnd_below(GEN_LAST_TYPE)))
				break;
		save("frame", "frame", i, buf, w.len);
	}
}

static void records(void)
{
	static u8 buf[GEN_ROOM];
	struct xha_writer w;
	char kind[16];
	bool object;
	u8 type;
	u8 *rec;
	int i;

	for (type = XHA_REC_HELLO; type <= GEN_LAST_TYPE; type++) {
		object = type == XHA_REC_SA || type == XHA_REC_POLICY;
		snprintf(kind, sizeof(kind), "%02u", type);
		for (i = 0; i < (object ? OBJECTS : RECORDS); i++) {
			gen_frame(&w, buf, sizeof(buf));
			if (gen_put(&w, type))
				continue;
			if (gen_elems(type) && i % 2)
				gen_put(&w, type);
			/* What has no elements and no attributes may have become longer. */
			if (!gen_elems(type) && !object && i == 1)
				longer(&w, 2);
			rec = buf + XHA_HDR_LEN + XHA_REC_HDR_LEN - 1;
			rec[0] = type;
			save("record", kind, i, rec, w.len - (rec - buf));
		}
	}
	gen_frame(&w, buf, sizeof(buf));
	put_optional(&w);
	rec = buf + XHA_HDR_LEN + XHA_REC_HDR_LEN - 1;
	rec[0] = XHA_REC_POLICY;
	save("record", "optional", 0, rec, w.len - (rec - buf));
}

static void handshakes(void)
{
	struct xha_hdr hdr = { .version = XHA_WIRE_VERSION_MIN, .src = 1, .dst = 2 };
	u8 buf[XHA_HANDSHAKE_MAX], payload[XHA_HANDSHAKE_MAX];
	struct xha_hdr none = {};
	struct xha_writer w;
	size_t len, i;
	int n;

	for (n = 0; n < HANDSHAKES; n++) {
		xha_put_hdr(&w, payload, XHA_HANDSHAKE_MAX - XHA_PREFIX_LEN - XHA_SECRET_LEN, &none);
		if (n % 4 == 3)
			put_later(&w);
		gen_put(&w, n % 2 ? XHA_REC_HELLO : XHA_REC_TIME);
		gen_put(&w, n % 2 ? XHA_REC_TIME : XHA_REC_HELLO);
		if (n % 4 == 2)
			longer(&w, 1);
		len = w.len - XHA_HDR_LEN;

		hdr.type = n / 2 % 2 ? XHA_MSG_RESPONSE : XHA_MSG_INIT;
		hdr.session = n / 2 % 2 ? rnd() : 0;
		xha_put_prefix(buf, &hdr, rnd() | 1);
		for (i = 0; i < XHA_SECRET_LEN; i++)
			buf[XHA_PREFIX_LEN + i + (i < 32 ? 0 : len)] = rnd() & 0xff;
		memcpy(buf + XHA_PREFIX_LEN + 32, payload + XHA_HDR_LEN, len);
		save("handshake", "message", n, buf, XHA_PREFIX_LEN + XHA_SECRET_LEN + len);
	}
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: xha-corpus DIR\n");
		return 2;
	}
	top = argv[1];
	unit_state = 1;
	make_dir("frame");
	make_dir("record");
	make_dir("handshake");
	frames();
	records();
	handshakes();
	return EXIT_SUCCESS;
}
