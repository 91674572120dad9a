// SPDX-License-Identifier: GPL-2.0
/*
 * Datagrams against what no honest node sends: their records as a whole. What
 * is in a record is for test_attr.c.
 */
#include "unit.h"
#include "gen.h"

static u8 frame[GEN_ROOM];

/* A frame with a record of this type (elements: three) and one behind it. */
static size_t make_frame(u8 type)
{
	struct xha_writer w;

	gen_frame(&w, frame, sizeof(frame));
	CHECK(!gen_put(&w, type));
	if (gen_elems(type)) {
		CHECK(!gen_put(&w, type));
		CHECK(!gen_put(&w, type));
	}
	CHECK(!xha_put_result(&w, 1, 2));
	return w.len;
}

static void t_honest(void)
{
	struct gen_seen seen;
	int i;
	u8 t;

	for (i = 0; i < 200; i++) {
		for (t = XHA_REC_HELLO; t <= GEN_LAST_TYPE; t++) {
			gen_read_copy(frame, make_frame(t), &seen);
			CHECK(!seen.bad && !seen.unknown);
			CHECK(seen.records == (t == XHA_REC_RESULT ? 1 : 2));
		}
	}
}

static void t_truncated(void)
{
	struct gen_seen all, seen;
	size_t len, n;
	int i;
	u8 t;

	for (i = 0; i < 10; i++) {
		for (t = XHA_REC_HELLO; t <= GEN_LAST_TYPE; t++) {
			len = make_frame(t);
			gen_read_copy(frame, len, &all);
			for (n = 0; n < len; n++) {
				gen_read_copy(frame, n, &seen);
				CHECK(seen.bad || seen.records < all.records,
				      "type %u cut to %zu", t, n);
			}
		}
	}
}

/*
 * The same with a record that is cut, not the datagram: its length says less
 * and nothing follows. Elements and attributes may end at a boundary.
 */
static void t_truncated_record(void)
{
	struct gen_seen all, seen;
	size_t body, n;
	int i;
	u8 t;

	for (i = 0; i < 20; i++) {
		for (t = XHA_REC_HELLO; t <= GEN_LAST_TYPE; t++) {
			make_frame(t);
			body = frame[XHA_HDR_LEN + 2] << 8 |
			       frame[XHA_HDR_LEN + 3];
			gen_read_copy(frame, XHA_HDR_LEN + 4 + body, &all);
			for (n = 0; n < body; n++) {
				frame[XHA_HDR_LEN + 2] = n >> 8;
				frame[XHA_HDR_LEN + 3] = n & 0xff;
				gen_read_copy(frame, XHA_HDR_LEN + 4 + n, &seen);
				if (t == XHA_REC_SA || t == XHA_REC_POLICY)
					continue;
				CHECK(seen.bad || seen.elems < all.elems,
				      "type %u cut to %zu", t, n);
			}
		}
	}
}

static void t_bit_flips(void)
{
	struct gen_seen seen;
	size_t len, bit;
	int i;
	u8 t;

	for (i = 0; i < 2; i++) {
		for (t = XHA_REC_HELLO; t <= GEN_LAST_TYPE; t++) {
			len = make_frame(t);
			for (bit = 0; bit < len * 8; bit++) {
				frame[bit / 8] ^= 1 << bit % 8;
				gen_read_copy(frame, len, &seen);
				frame[bit / 8] ^= 1 << bit % 8;
			}
		}
	}
}

static void t_unknown_record(void)
{
	struct gen_seen seen;
	struct xha_writer w;
	int t;

	for (t = 0; t < 256; t++) {
		if (t >= XHA_REC_HELLO && t <= GEN_LAST_TYPE)
			continue;
		gen_frame(&w, frame, sizeof(frame));
		xha_put_delete(&w, 1);
		frame[w.len++] = t;
		frame[w.len++] = 0xff;
		frame[w.len++] = 0;
		frame[w.len++] = 3;
		w.len += 3;
		w.rec = 0;
		xha_put_delete(&w, 2);
		gen_read_copy(frame, w.len, &seen);
		CHECK(!seen.bad && seen.records == 3 && seen.elems == 2);
	}
}

static void t_longer_body(void)
{
	struct gen_seen seen;
	struct xha_writer w;
	size_t body;
	u8 t;

	for (t = XHA_REC_HELLO; t <= GEN_LAST_TYPE; t++) {
		if (gen_elems(t) || t == XHA_REC_SA || t == XHA_REC_POLICY)
			continue;
		gen_frame(&w, frame, sizeof(frame));
		gen_put(&w, t);
		body = w.len - XHA_HDR_LEN - XHA_REC_HDR_LEN + 9;
		memset(frame + w.len, 0xee, 9);
		frame[XHA_HDR_LEN + 2] = body >> 8;
		frame[XHA_HDR_LEN + 3] = body & 0xff;
		gen_read_copy(frame, w.len + 9, &seen);
		CHECK(!seen.bad && seen.records == 1);
	}
}

/* A million datagrams, or what two seconds are enough for. */
static void t_random(void)
{
	double end = unit_clock() + 2;
	u64 objects = 0, elems = 0;
	struct gen_seen seen;
	size_t len = 0, n;
	u32 i;

	for (i = 0; i < 1000000; i++) {
		if (i % 64 == 0) {
			if (unit_clock() > end)
				break;
			len = make_frame(1 + rnd_below(GEN_LAST_TYPE));
		}
		if (i % 64 == 0 && one_in(4)) {
			len = XHA_HDR_LEN + rnd_below(200);
			for (n = 0; n < len; n++)
				frame[n] = rnd() & 0xff;
		}
		/* Damage piles up until the next frame is made. */
		for (n = rnd_below(3); n; n--)
			frame[rnd_below(len)] = one_in(2) ? rnd() & 0xff :
						rnd_below(24);
		gen_read_copy(frame, one_in(16) ? rnd_below(len) : len, &seen);
		objects += seen.objects;
		elems += seen.elems;
	}
	printf("# %u datagrams, %llu objects and %llu elements taken\n", i,
	       (unsigned long long)objects, (unsigned long long)elems);
	CHECK(objects && elems);
}

static const struct unit_case cases[] = {
	{ "honest frames are taken", t_honest },
	{ "truncated datagrams", t_truncated },
	{ "truncated records", t_truncated_record },
	{ "every bit flipped", t_bit_flips },
	{ "records of an unknown type are skipped", t_unknown_record },
	{ "a longer body is accepted", t_longer_body },
	{ "random datagrams", t_random },
};

UNIT_MAIN(cases)
