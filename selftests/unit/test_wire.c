// SPDX-License-Identifier: GPL-2.0
/* The wire format but for objects: round trips, sizes, rules of the readers. */
#include "unit.h"
#include "gen.h"
#include "../../kmod/replay.h"
#include "../../uapi/linux/xfrm_ha.h"

#define ROUNDS	3000

static u8 frame[GEN_ROOM];

static const u8 all_types[] = {
	XHA_REC_HELLO, XHA_REC_ACK, XHA_REC_GROUP, XHA_REC_BEGIN,
	XHA_REC_CHECK, XHA_REC_SA, XHA_REC_POLICY, XHA_REC_DELETE,
	XHA_REC_LEASE, XHA_REC_LEASE64, XHA_REC_WINDOW, XHA_REC_LIFE,
	XHA_REC_RESULT, XHA_REC_TIME, XHA_REC_FINAL, XHA_REC_PACE, XHA_REC_SAME,
};

/* The first record of what @w wrote. */
static void first(const struct xha_writer *w, struct xha_reader *r,
		  struct xha_rec *rec)
{
	struct xha_hdr hdr;

	CHECK(!xha_get_hdr(r, w->buf, w->len, &hdr));
	CHECK(xha_next(r, rec) == 1);
}

static void t_header(void)
{
	struct xha_hdr in = { 1, 2, 3, 4, 0x01020304, 0x05060708090a0b0cULL };
	static const u8 bytes[] = { 1, 2, 3, 4, 1, 2, 3, 4,
				    5, 6, 7, 8, 9, 10, 11, 12 };
	struct xha_writer w;
	struct xha_reader r;
	struct xha_hdr out;
	struct xha_rec rec;
	size_t len;

	xha_put_hdr(&w, frame, sizeof(frame), &in);
	CHECK(w.len == XHA_HDR_LEN && !w.rec);
	CHECK(!memcmp(frame, bytes, sizeof(bytes)));
	CHECK(!xha_get_hdr(&r, frame, w.len, &out));
	CHECK(!memcmp(&in, &out, sizeof(in)));
	CHECK(!xha_next(&r, &rec));
	for (len = 0; len < XHA_HDR_LEN; len++) {
		CHECK(xha_get_hdr(&r, frame, len, &out) == -EBADMSG);
		CHECK(!xha_next(&r, &rec));
		xha_put_hdr(&w, frame, len, &in);
		CHECK(xha_put_delete(&w, 1) == -EMSGSIZE);
	}
}

static void t_hello_and_ack(void)
{
	struct xha_hello h = { 0x1122334455667788ULL, 9, 8, 1, 3, 0x80000001,
			       100 }, h2;
	struct xha_ack a = { 77, { 0x8000000000000001ULL, 5 } }, a2;
	struct xha_writer w;
	struct xha_reader r;
	struct xha_rec rec;

	gen_frame(&w, frame, sizeof(frame));
	CHECK(!xha_put_hello(&w, &h) && !xha_put_ack(&w, &a));
	first(&w, &r, &rec);
	memset(&h2, 0, sizeof(h2));
	CHECK(rec.type == XHA_REC_HELLO && !xha_get_hello(&rec, &h2));
	CHECK(h2.boot == h.boot && h2.session == h.session &&
	      h2.echo == h.echo && h2.version_min == 1 &&
	      h2.version_max == 3 && h2.features == h.features &&
	      h2.heartbeat == h.heartbeat);
	CHECK(xha_next(&r, &rec) == 1 && rec.type == XHA_REC_ACK);
	CHECK(!xha_get_ack(&rec, &a2) && !memcmp(&a, &a2, sizeof(a)));

	h.boot = 0;
	gen_frame(&w, frame, sizeof(frame));
	xha_put_hello(&w, &h);
	first(&w, &r, &rec);
	CHECK(xha_get_hello(&rec, &h2) == -EBADMSG);
	h.boot = 1;
	h.version_min = 4;
	gen_frame(&w, frame, sizeof(frame));
	xha_put_hello(&w, &h);
	first(&w, &r, &rec);
	CHECK(xha_get_hello(&rec, &h2) == -EBADMSG);
}

static void t_group_begin_check(void)
{
	struct xha_time t = { 0x0102030405060708ULL, 9, U32_MAX, 77 }, t2;
	struct xha_check c = { 3, 1, 4, 5, 6, 0x123456789abcdef0ULL }, c2;
	struct xha_begin b = { .gid = 9, .gen = 1, .count = U32_MAX }, b2;
	struct xha_group_status s, s2;
	struct xha_writer w;
	struct xha_reader r;
	struct xha_rec rec;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		gen_group(&s);
		gen_name(b.name);
		gen_frame(&w, frame, sizeof(frame));
		CHECK(!xha_put_group(&w, &s) && !xha_put_begin(&w, &b) &&
		      !xha_put_check(&w, &c) && !xha_put_time(&w, &t));
		first(&w, &r, &rec);
		memset(&s2, 0, sizeof(s2));
		CHECK(!xha_get_group(&rec, &s2) && !memcmp(&s, &s2, sizeof(s)));
		CHECK(xha_next(&r, &rec) == 1 && !xha_get_begin(&rec, &b2));
		CHECK(b2.gid == 9 && b2.gen == 1 && b2.count == U32_MAX &&
		      !strcmp(b.name, b2.name));
		CHECK(xha_next(&r, &rec) == 1);
		memset(&c2, 0, sizeof(c2));
		CHECK(!xha_get_check(&rec, &c2));
		CHECK(c2.gid == c.gid && c2.flags == c.flags &&
		      c2.gen == c.gen && c2.check == c.check &&
		      c2.count == c.count && c2.digest == c.digest);
		CHECK(xha_next(&r, &rec) == 1 && !xha_get_time(&rec, &t2));
		CHECK(t2.stamp == t.stamp && t2.echo == 9 &&
		      t2.held == U32_MAX && t2.beat == 77);
		CHECK(!xha_next(&r, &rec));
	}
}

/* Reads a status, with more behind its name, of which a byte was changed. */
static int get_spoiled(size_t at, u8 byte)
{
	struct xha_group_status s;
	struct xha_writer w;
	struct xha_reader r;
	struct xha_rec rec;

	memset(&s, 0, sizeof(s));
	memcpy(s.name, "abcdefghijklmnopqrstuvwxyz01234", XHA_WIRE_NAME_MAX);
	gen_frame(&w, frame, sizeof(frame));
	xha_put_group(&w, &s);
	memset(frame + w.len, 'x', 200);
	w.len += 200;
	frame[XHA_HDR_LEN + 3] += 200 - 256;
	frame[XHA_HDR_LEN + 2]++;
	frame[XHA_HDR_LEN + XHA_REC_HDR_LEN + at] = byte;
	first(&w, &r, &rec);
	return xha_get_group(&rec, &s);
}

static void t_names_and_ranges(void)
{
	const size_t name = 41;		/* 40 is its length */
	int c;

	for (c = 0; c < 256; c++) {
		bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			    (c >= '0' && c <= '9') ||
			    (c && strchr("._-", c));

		CHECK(get_spoiled(name + 30, c) == (good ? 0 : -EBADMSG),
		      "character %d", c);
		CHECK(get_spoiled(name, c) == (good ? 0 : -EBADMSG));
		CHECK(get_spoiled(1, c) ==
		      (c <= XFRM_HA_ROLE_FENCED ? 0 : -EBADMSG));
		CHECK(get_spoiled(2, c) ==
		      (c <= XFRM_HA_SYNC_STALE ? 0 : -EBADMSG));
		CHECK(get_spoiled(name - 1, c) ==
		      (c >= 1 && c <= 31 ? 0 : -EBADMSG));
	}
}

static void t_elem_sizes(void)
{
	struct xha_window win;
	struct xha_writer w;
	size_t before;

	gen_frame(&w, frame, XHA_FRAME_MAX);
	before = w.len;
	CHECK(!xha_put_lease(&w, 1, 2));
	CHECK(w.len - before == XHA_REC_HDR_LEN + 8);
	before = w.len;
	CHECK(!xha_put_lease(&w, 1, 2) && w.len - before == 8);
	gen_window(&win, 0, 7);
	xha_put_window(&w, 1, &win);
	before = w.len;
	win.bits = 1000;
	memset(win.map, 0xff, sizeof(win.map));
	win.map[31] = 0xff;		/* 1000 = 31 * 32 + 8 */
	CHECK(!xha_put_window(&w, 1, &win) && w.len - before == 12);
	before = w.len;
	win.map[31] = 0x7f;
	CHECK(!xha_put_window(&w, 1, &win) && w.len - before == 12 + 32 * 4);
	before = w.len;
	win.top = 0;
	CHECK(!xha_put_window(&w, 1, &win) && w.len - before == 12);
	before = w.len;
	memset(win.map + 1, 0, sizeof(win.map) - 4);
	win.top = 20;
	CHECK(!xha_put_window(&w, 1, &win) && w.len - before == 12 + 4);
}

/* Elements of one type share a header, another type in between parts them. */
static void t_sharing(void)
{
	u32 id, n, lease;
	struct xha_writer w;
	struct xha_reader r;
	struct xha_rec rec;

	gen_frame(&w, frame, sizeof(frame));
	for (n = 0; n < 100; n++)
		CHECK(!xha_put_lease(&w, n, n * 7));
	CHECK(w.len == XHA_HDR_LEN + XHA_REC_HDR_LEN + 800);
	CHECK(!xha_put_delete(&w, 5));
	CHECK(!xha_put_lease(&w, 1, 1));
	CHECK(w.len == XHA_HDR_LEN + 3 * XHA_REC_HDR_LEN + 800 + 4 + 8);
	first(&w, &r, &rec);
	CHECK(rec.type == XHA_REC_LEASE && rec.len == 800);
	for (n = 0; n < 100; n++)
		CHECK(xha_get_lease(&rec, &id, &lease) == 1 && id == n &&
		      lease == n * 7);
	CHECK(!xha_get_lease(&rec, &id, &lease));
	CHECK(xha_next(&r, &rec) == 1 && rec.type == XHA_REC_DELETE);
	CHECK(xha_next(&r, &rec) == 1 && rec.type == XHA_REC_LEASE);
	CHECK(!xha_next(&r, &rec));

	/* Whole records never share; a body has 16 bits of length. */
	gen_frame(&w, frame, sizeof(frame));
	CHECK(!gen_put(&w, XHA_REC_ACK) && !gen_put(&w, XHA_REC_ACK));
	CHECK(w.len == XHA_HDR_LEN + 2 * (XHA_REC_HDR_LEN + 24));
}

static void t_long_body(void)
{
	static u8 big[80 * 1024];
	struct xha_writer w;
	int n = 0;

	gen_frame(&w, big, sizeof(big));
	while (!xha_put_delete(&w, n))
		n++;
	CHECK(n == U16_MAX / 4);
	CHECK(!xha_put_result(&w, 1, 1));
}

static void t_elements(void)
{
	struct xha_pace pace, p2;
	struct xha_life life, l2;
	struct xha_window win, w2;
	struct xha_window_elem e;
	struct xha_writer w;
	struct xha_reader r;
	struct xha_rec rec;
	u32 id, lease;
	u64 lease64;
	u16 code;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		gen_window(&win, rnd_below(4097), rnd_edgy());
		memset(&life, 0, sizeof(life));
		life.bytes = rnd_edgy();
		life.packets = rnd_edgy();
		life.add_age = rnd();
		life.use_age = rnd_edgy();
		gen_frame(&w, frame, sizeof(frame));
		CHECK(!xha_put_lease(&w, i, 0xfffffff0 + i));
		CHECK(!xha_put_lease64(&w, i, 0xfffffff0ULL + i));
		CHECK(!xha_put_window(&w, i, &win));
		CHECK(!xha_put_life(&w, i, &life));
		CHECK(!xha_put_result(&w, i, 0xfff0));
		CHECK(!xha_put_final(&w, i, ~i, 0xfffffff0ULL + i));
		pace = gen_pace();
		CHECK(!xha_put_pace(&w, i, pace));
		CHECK(!xha_put_same(&w, i, ~0xfffffff0ULL - i));
		first(&w, &r, &rec);
		CHECK(xha_get_lease(&rec, &id, &lease) == 1 &&
		      id == (u32)i && lease == 0xfffffff0U + i);
		CHECK(xha_next(&r, &rec) == 1);
		CHECK(xha_get_lease64(&rec, &id, &lease64) == 1 &&
		      id == (u32)i && lease64 == 0xfffffff0ULL + i);
		CHECK(xha_next(&r, &rec) == 1);
		CHECK(xha_get_window(&rec, &id, &e) == 1 && id == (u32)i);
		CHECK(e.full == (win.top && xha_window_full(&win)));
		xha_window_widen(&e, win.top, win.bits, &w2);
		CHECK(win.top == w2.top && win.bits == w2.bits &&
		      !memcmp(win.map, w2.map, sizeof(win.map)), "round %d", i);
		CHECK(!xha_get_window(&rec, &id, &e));
		CHECK(xha_next(&r, &rec) == 1);
		CHECK(xha_get_life(&rec, &id, &l2) == 1 && id == (u32)i);
		CHECK(l2.bytes == life.bytes && l2.packets == life.packets &&
		      !l2.add_age);
		if (life.use_age == XHA_AGE_NEVER)
			CHECK(l2.use_age == XHA_AGE_NEVER);
		else
			CHECK(l2.use_age ==
			      min_t(u64, life.use_age, U32_MAX - 1));
		CHECK(xha_next(&r, &rec) == 1);
		CHECK(xha_get_result(&rec, &id, &code) == 1 && code == 0xfff0);
		CHECK(xha_next(&r, &rec) == 1);
		CHECK(xha_get_final(&rec, &id, &lease, &lease64) == 1 && id == (u32)i &&
		      lease == (u32)~i && lease64 == 0xfffffff0ULL + i);
		CHECK(xha_next(&r, &rec) == 1);
		CHECK(xha_get_pace(&rec, &id, &p2) == 1 && id == (u32)i &&
		      xha_pace_same(pace, p2));
		CHECK(xha_next(&r, &rec) == 1);
		CHECK(xha_get_same(&rec, &id, &lease64) == 1 && id == (u32)i &&
		      lease64 == ~0xfffffff0ULL - i);
		CHECK(!xha_next(&r, &rec));
	}
}

/* A shift by more than there is of a number is none. */
static void t_pace_range(void)
{
	struct xha_pace pace = { 0 }, got;
	struct xha_writer w;
	struct xha_reader r;
	struct xha_rec rec;
	u32 id, rate, guard;

	for (rate = 0; rate < 256; rate++)
		for (guard = 0; guard < 256; guard++) {
			pace.rate = rate;
			pace.guard = guard;
			gen_frame(&w, frame, sizeof(frame));
			CHECK(!xha_put_pace(&w, 1, pace));
			first(&w, &r, &rec);
			CHECK(xha_get_pace(&rec, &id, &got) ==
			      (rate > 63 || guard > 63 ? -EBADMSG : 1));
		}
}

/* Of the numbers with these low bits, the nearest, by going through them. */
static u64 nearest(u64 low, u32 shift, u64 have)
{
	__int128 span = (__int128)1 << shift, best = -1, diff, least = 0, v;
	__int128 from = ((__int128)have >> shift) - 2;
	int i;

	for (i = 0; i < 5; i++) {
		v = (from + i) * span + low;
		diff = v > have ? v - have : (__int128)have - v;
		if (v < 0 || v > U64_MAX)
			continue;
		if (best < 0 || diff < least || (diff == least && v > best)) {
			best = v;
			least = diff;
		}
	}
	return best;
}

static void t_widen(void)
{
	static const struct xha_window_elem none;
	struct xha_window_elem e = none;
	struct xha_window win;
	u8 map[16];
	int i;

	for (i = 0; i < 100000; i++) {
		u64 have = rnd_edgy();
		u64 low = (one_in(2) ? rnd() : have + rnd_edgy()) &
			  ((1ULL << 48) - 1);

		CHECK(xha_lease_widen(low, have) ==
		      nearest((u32)low, 32, have), "%llx %llx",
		      (unsigned long long)low, (unsigned long long)have);
		e.top = low;
		xha_window_widen(&e, have, 64, &win);
		CHECK(win.top == nearest(low, 48, have));
	}
	/* Bits above the size never appear, whatever was sent. */
	memset(map, 0xff, sizeof(map));
	e.top = 1000;
	e.map = map;
	e.words = 4;
	xha_window_widen(&e, 0, 65, &win);
	CHECK(win.bits == 65 && win.map[0] == U32_MAX &&
	      win.map[1] == U32_MAX && win.map[2] == 1 && !win.map[3]);
	e.full = true;
	e.words = 0;
	xha_window_widen(&e, 0, 33, &win);
	CHECK(win.map[0] == U32_MAX && win.map[1] == 1 && !win.map[2]);
	xha_window_widen(&e, 0, 0, &win);
	CHECK(!win.bits && !win.map[0]);
	xha_window_widen(&e, 0, U32_MAX, &win);
	CHECK(win.bits == XHA_WINDOW_BITS && win.map[127] == U32_MAX);
}

/* A full frame: refused, the writer as it was, and what it holds too. */
static void t_full_frame(void)
{
	static u8 buf[GEN_ROOM], before[GEN_ROOM];
	struct xha_writer w, was;
	size_t i, need, room, base;
	u64 state;

	for (i = 0; i < ARRAY_SIZE(all_types); i++) {
		gen_frame(&w, buf, sizeof(buf));
		xha_put_delete(&w, 3);
		base = w.len;
		state = unit_state;
		CHECK(!gen_put(&w, all_types[i]));
		need = w.len;
		for (room = base; room <= need; room++) {
			gen_frame(&w, buf, room);
			xha_put_delete(&w, 3);
			was = w;
			memcpy(before, buf, base);
			unit_state = state;
			if (room == need) {
				CHECK(!gen_put(&w, all_types[i]));
				continue;
			}
			CHECK(gen_put(&w, all_types[i]) == -EMSGSIZE);
			CHECK(!memcmp(&w, &was, sizeof(w)));
			CHECK(!memcmp(before, buf, base));
		}
	}
}

static const struct unit_case cases[] = {
	{ "outer header", t_header },
	{ "hello and ack", t_hello_and_ack },
	{ "group, begin, check, time", t_group_begin_check },
	{ "names, roles and syncs out of range are refused", t_names_and_ranges },
	{ "sizes", t_elem_sizes },
	{ "elements share a record header", t_sharing },
	{ "a record has 16 bits of length", t_long_body },
	{ "elements round trip", t_elements },
	{ "a pace is two exponents", t_pace_range },
	{ "widening finds the nearest number", t_widen },
	{ "a full frame leaves the writer as it was", t_full_frame },
};

UNIT_MAIN(cases)
