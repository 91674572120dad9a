// SPDX-License-Identifier: GPL-2.0
/* Every reader, and its writer: what was taken is the same when it comes again. */
#include <string.h>

#include "fuzz.h"

#define LEASE_BITS	32
#define TOP_BITS	48

static u8 buf[XHA_HDR_LEN + XHA_REC_HDR_LEN + U16_MAX];

/*
 * The record that has been written. A canonical one is no longer than what it
 * was read from.
 */
static struct xha_rec written(const struct xha_writer *w, const struct xha_rec *from)
{
	struct xha_reader r = { .p = w->buf + XHA_HDR_LEN, .left = w->len - XHA_HDR_LEN };
	struct xha_rec rec = {};

	MUST(xha_next(&r, &rec) == 1 && !r.left);
	MUST(rec.type == from->type && rec.len <= from->len);
	return rec;
}

/* Nothing in these is left out or has another form: a longer body only goes on. */
#define CONTROL(type, name)						\
static int again_##name(const struct xha_rec *rec)			\
{									\
	struct xha_rec second;						\
	struct type a, b;						\
	struct xha_writer w;						\
									\
	memset(&a, 0, sizeof(a));					\
	memset(&b, 0, sizeof(b));					\
	if (xha_get_##name(rec, &a))					\
		return -EBADMSG;					\
	gen_frame(&w, buf, sizeof(buf));				\
	MUST(!xha_put_##name(&w, &a));					\
	second = written(&w, rec);					\
	MUST(!memcmp(second.body, rec->body, second.len));		\
	MUST(!xha_get_##name(&second, &b));				\
	MUST(!memcmp(&a, &b, sizeof(a)));				\
	return 0;							\
}

CONTROL(xha_hello, hello)
CONTROL(xha_ack, ack)
CONTROL(xha_group_status, group)
CONTROL(xha_begin, begin)
CONTROL(xha_check, check)
CONTROL(xha_time, time)

/* What is in front of the counters is all that the digest is of. */
static void fixed_part(const struct xha_rec *rec, const struct xha_sa_desc *d, size_t fixed)
{
	static struct xha_sa_desc whole, cut;
	struct xha_rec front = *rec;
	size_t again = 0;
	int ret;

	front.len = fixed;
	ret = xha_get_sa(&front, &cut, &again);
	MUST(!ret || ret == -EOPNOTSUPP);
	MUST(again == fixed);
	whole = *d;
	whole.has &= ~(XHA_SA_HAS_LEASE | XHA_SA_HAS_WINDOW | XHA_SA_HAS_LIFE | XHA_SA_HAS_PACE);
	whole.lease = 0;
	memset(&whole.pace, 0, sizeof(whole.pace));
	memset(&whole.win, 0, sizeof(whole.win));
	memset(&whole.life, 0, sizeof(whole.life));
	MUST(gen_same_sa(&whole, &cut));
}

static int again_sa(const struct xha_rec *rec)
{
	static struct xha_sa_desc d;
	size_t fixed = 0;
	int ret = xha_get_sa(rec, &d, &fixed);

	MUST(!ret || ret == -EBADMSG || ret == -EOPNOTSUPP);
	if (ret == -EBADMSG)
		return ret;
	MUST(fixed <= rec->len);
	MUST_SAY_NOTHING(gen_fault_sa(&d));
	fixed_part(rec, &d, fixed);
	return ret;
}

static int again_policy(const struct xha_rec *rec)
{
	static struct xha_pol_desc d;
	size_t fixed = 0;
	int ret = xha_get_policy(rec, &d, &fixed);

	MUST(!ret || ret == -EBADMSG || ret == -EOPNOTSUPP);
	if (ret == -EBADMSG)
		return ret;
	MUST(fixed <= rec->len);
	MUST_SAY_NOTHING(gen_fault_policy(&d));
	return ret;
}

/* @v has the low @bits of @low, and no other such number is nearer to @have. */
static void nearest(u64 v, u64 low, u32 bits, u64 have)
{
	u64 span = 1ULL << bits, away = v > have ? v - have : have - v;

	MUST((v & (span - 1)) == low);
	MUST(away <= span / 2 || have < span || have > U64_MAX - span);
}

/* The window that an element stands for, as an SA with some top and size sees it. */
static void widened(u32 id, const struct xha_window_elem *e, struct xha_window *win)
{
	u64 tops[] = { 0, e->top, U64_MAX, id * 0x9e3779b97f4a7c15ULL };
	u64 have = tops[id % ARRAY_SIZE(tops)];
	u32 bits = id / ARRAY_SIZE(tops) % (XHA_WINDOW_BITS + 2), i, above;

	xha_window_widen(e, have, bits, win);
	nearest(win->top, e->top, TOP_BITS, have);
	MUST(win->bits == min_t(u32, bits, XHA_WINDOW_BITS));
	for (i = win->top ? win->bits / 32 : 0; i < XHA_WINDOW_WORDS; i++) {
		above = win->top && i == win->bits / 32 ? win->bits % 32 : 0;
		MUST(!(win->map[i] >> above));
	}
}

static void again_window(u32 id, const struct xha_window_elem *e)
{
	static struct xha_window first, second;
	struct xha_window_elem back;
	struct xha_writer w;
	struct xha_rec rec = { .type = XHA_REC_WINDOW, .len = 12 + 4 * XHA_WINDOW_WORDS };
	u32 same;

	MUST(e->words <= XHA_WINDOW_WORDS);
	widened(id, e, &first);
	gen_frame(&w, buf, sizeof(buf));
	MUST(!xha_put_window(&w, id, &first));
	rec = written(&w, &rec);
	MUST(xha_get_window(&rec, &same, &back) == 1 && same == id && !rec.len);
	widened(id, &back, &second);
	MUST(!memcmp(&first, &second, sizeof(first)));
}

/* Reads one element, and writes it behind those before. */
static int element(struct xha_rec *rec, struct xha_writer *w)
{
	struct xha_window_elem e;
	struct xha_pace pace;
	struct xha_life life;
	u32 id, low;
	u64 lease;
	u16 code;
	int ret;

	switch (rec->type) {
	case XHA_REC_DELETE:
		ret = xha_get_delete(rec, &id);
		return ret == 1 && xha_put_delete(w, id) ? -EIO : ret;
	case XHA_REC_SAME:
		ret = xha_get_same(rec, &id, &lease);
		return ret == 1 && xha_put_same(w, id, lease) ? -EIO : ret;
	case XHA_REC_LEASE:
		ret = xha_get_lease(rec, &id, &low);
		if (ret == 1)
			nearest(xha_lease_widen(low, (u64)id << 16), low, LEASE_BITS, (u64)id << 16);
		return ret == 1 && xha_put_lease(w, id, low) ? -EIO : ret;
	case XHA_REC_LEASE64:
		ret = xha_get_lease64(rec, &id, &lease);
		return ret == 1 && xha_put_lease64(w, id, lease) ? -EIO : ret;
	case XHA_REC_FINAL:
		ret = xha_get_final(rec, &id, &low, &lease);
		return ret == 1 && xha_put_final(w, id, low, lease) ? -EIO : ret;
	case XHA_REC_PACE:
		ret = xha_get_pace(rec, &id, &pace);
		if (ret == 1)
			MUST(pace.rate <= XHA_PACE_MAX && pace.guard <= XHA_PACE_MAX);
		return ret == 1 && xha_put_pace(w, id, pace) ? -EIO : ret;
	case XHA_REC_LIFE:
		ret = xha_get_life(rec, &id, &life);
		return ret == 1 && xha_put_life(w, id, &life) ? -EIO : ret;
	case XHA_REC_RESULT:
		ret = xha_get_result(rec, &id, &code);
		return ret == 1 && xha_put_result(w, id, code) ? -EIO : ret;
	default:
		ret = xha_get_window(rec, &id, &e);
		if (ret == 1)
			again_window(id, &e);
		return ret;
	}
}

/* All but windows have one form only, so that the same bytes come out. */
static int again_elements(const struct xha_rec *rec)
{
	static u8 own[sizeof(buf)];
	struct xha_rec rest = *rec;
	struct xha_writer w;
	size_t eaten;
	int ret;

	gen_frame(&w, own, sizeof(own));
	while ((ret = element(&rest, &w)) == 1)
		MUST(rest.body > rec->body);
	MUST(!ret || ret == -EBADMSG);
	MUST(ret || !rest.len);
	eaten = rec->len - rest.len;
	if (rec->type != XHA_REC_WINDOW && eaten) {
		MUST(w.len == XHA_HDR_LEN + XHA_REC_HDR_LEN + eaten);
		MUST(!memcmp(own + XHA_HDR_LEN + XHA_REC_HDR_LEN, rec->body, eaten));
	}
	return ret;
}

static int again(const struct xha_rec *rec)
{
	switch (rec->type) {
	case XHA_REC_HELLO:	return again_hello(rec);
	case XHA_REC_ACK:	return again_ack(rec);
	case XHA_REC_GROUP:	return again_group(rec);
	case XHA_REC_BEGIN:	return again_begin(rec);
	case XHA_REC_CHECK:	return again_check(rec);
	case XHA_REC_TIME:	return again_time(rec);
	case XHA_REC_SA:	return again_sa(rec);
	case XHA_REC_POLICY:	return again_policy(rec);
	default:
		/* Of a later release: skipped. */
		return gen_elems(rec->type) ? again_elements(rec) : 0;
	}
}

bool fuzz_record(u8 type, const u8 *body, size_t len)
{
	u8 *copy = fuzz_copy(body, len);
	struct xha_rec rec = { .type = type, .len = len, .body = copy };
	int ret = again(&rec);

	fuzz_drop(copy);
	return !ret;
}

void fuzz_all_readers(const u8 *body, size_t len)
{
	u8 type;

	for (type = XHA_REC_HELLO; type <= GEN_LAST_TYPE; type++)
		fuzz_record(type, body, len);
}
