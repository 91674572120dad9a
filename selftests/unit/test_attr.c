// SPDX-License-Identifier: GPL-2.0
/* Attributes, keys and windows that no honest node sends. */
#include "unit.h"
#include "gen.h"

static u8 frame[GEN_ROOM];

/*
 * An SA or policy with an attribute of @len bytes in front of its
 * attributes, or behind its counters. Returns what the reader said.
 */
static int get_with(bool sa, u8 type, u16 len, bool behind, size_t *grown,
		    u32 *id)
{
	const size_t body = XHA_HDR_LEN + XHA_REC_HDR_LEN;
	static struct xha_pol_desc pol;
	static struct xha_sa_desc d;
	static struct gen_sa g;
	struct xha_writer w;
	struct xha_reader r;
	struct xha_rec rec;
	struct xha_hdr hdr;
	size_t at, fixed[2] = { 0, 0 };
	int i, ret = 0;

	gen_usual_sa(&g);
	memset(&pol, 0, sizeof(pol));
	pol.family = AF_INET;
	pol.sel.family = AF_INET;
	pol.id = 7;
	gen_frame(&w, frame, sizeof(frame));
	CHECK(!(sa ? xha_put_sa(&w, &g.d) : xha_put_policy(&w, &pol)));
	for (i = 0; i < 2; i++) {
		xha_get_hdr(&r, frame, w.len, &hdr);
		CHECK(xha_next(&r, &rec) == 1);
		if (sa) {
			ret = xha_get_sa(&rec, &d, &fixed[i]);
			*id = d.gid == 1 ? d.id : 0;
		} else {
			ret = xha_get_policy(&rec, &pol, &fixed[i]);
			*id = pol.id;
		}
		if (i)
			break;
		at = behind ? w.len : body + (sa ? 19 : 14);
		memmove(frame + at + 3 + len, frame + at, w.len - at);
		/* A context has no 0 in it. */
		memset(frame + at + 3, type == XHA_TLV_SECCTX ? 'x' : 0, len);
		frame[at] = type;
		frame[at + 1] = len >> 8;
		frame[at + 2] = len & 0xff;
		w.len += 3 + len;
		frame[XHA_HDR_LEN + 2] = (w.len - body) >> 8;
		frame[XHA_HDR_LEN + 3] = (w.len - body) & 0xff;
	}
	*grown = fixed[1] - fixed[0];
	return ret;
}

static void t_unknown_attribute(void)
{
	int kind, t, want;
	size_t grown;
	u32 id;

	for (kind = 0; kind < 2; kind++) {
		bool sa = kind;

		for (t = 22; t < 0x40; t++) {
			want = -EOPNOTSUPP;
			CHECK(get_with(sa, t, 5, false, &grown, &id) == want);
			CHECK(id == 7 && grown == 8);
			CHECK(get_with(sa, t | XHA_TLV_OPTIONAL, 5, false,
				       &grown, &id) == 0);
			CHECK(id == 7 && grown == 8);
			/* Counters come last and do not count. */
			CHECK(get_with(sa, t | XHA_TLV_COUNTER, 5, true,
				       &grown, &id) == want);
			CHECK(id == 7 && !grown);
			CHECK(get_with(sa, t | XHA_TLV_COUNTER |
				       XHA_TLV_OPTIONAL, 5, true, &grown,
				       &id) == 0);
			CHECK(!grown);
			if (!sa)
				continue;
			/* A counter in front of others, others behind them. */
			want = -EBADMSG;
			CHECK(get_with(sa, t | XHA_TLV_COUNTER |
				       XHA_TLV_OPTIONAL, 5, false, &grown,
				       &id) == want);
			CHECK(get_with(sa, t | XHA_TLV_OPTIONAL, 5, true,
				       &grown, &id) == want);
		}
	}
	/* What a policy cannot have. */
	CHECK(get_with(false, XHA_TLV_ADDRS, 8, true, &grown, &id) ==
	      -EOPNOTSUPP);
}

static void t_duplicates(void)
{
	size_t grown;
	u32 id;

	/* There is one already, or there is room for one. */
	CHECK(get_with(true, XHA_TLV_ADDRS, 8, false, &grown, &id) == -EBADMSG);
	CHECK(get_with(true, XHA_TLV_LEASE, 8, true, &grown, &id) == -EBADMSG);
	CHECK(get_with(true, XHA_TLV_LIFE, 32, true, &grown, &id) == -EBADMSG);
	CHECK(get_with(true, XHA_TLV_IF_ID, 4, false, &grown, &id) == 0);
	CHECK(get_with(true, XHA_TLV_IF_ID, 5, false, &grown, &id) == -EBADMSG);
	CHECK(get_with(true, XHA_TLV_IF_ID, 3, false, &grown, &id) == -EBADMSG);
	CHECK(get_with(true, XHA_TLV_MARK, 8, false, &grown, &id) == 0);
	CHECK(get_with(true, XHA_TLV_MARK, 7, false, &grown, &id) == -EBADMSG);
	CHECK(get_with(true, XHA_TLV_COADDR, 4, false, &grown, &id) == 0);
	CHECK(get_with(true, XHA_TLV_COADDR, 16, false, &grown, &id) ==
	      -EBADMSG);
	CHECK(get_with(true, XHA_TLV_ENCAP, 6, false, &grown, &id) == 0);
	CHECK(get_with(true, XHA_TLV_ENCAP, 8, false, &grown, &id) == -EBADMSG);
	CHECK(get_with(true, XHA_TLV_SECCTX, 3, false, &grown, &id) == 0);
	CHECK(get_with(true, XHA_TLV_SECCTX, 2, false, &grown, &id) == -EBADMSG);
	CHECK(get_with(true, XHA_TLV_SECCTX, 2 + XHA_SECCTX_MAX + 1, false, &grown, &id) ==
	      -EBADMSG);
	CHECK(get_with(false, XHA_TLV_SECCTX, 3, false, &grown, &id) == 0);
}

static int get_context(const char *str, u16 len)
{
	static struct xha_sa_desc d;
	static struct gen_sa g;
	struct xha_writer w;
	struct xha_reader r;
	struct xha_rec rec;
	struct xha_hdr hdr;
	size_t fixed;

	gen_usual_sa(&g);
	g.d.secctx = (struct xha_secctx){ .doi = 1, .alg = 1, .len = len, .str = str };
	gen_frame(&w, frame, sizeof(frame));
	CHECK(!xha_put_sa(&w, &g.d));
	xha_get_hdr(&r, frame, w.len, &hdr);
	CHECK(xha_next(&r, &rec) == 1);
	return xha_get_sa(&rec, &d, &fixed);
}

/* XFRM holds strings: what is behind a 0 would be lost, and the two sides would not agree on it. */
static void t_context(void)
{
	CHECK(get_context("init", 4) == 0);
	CHECK(get_context("init", 5) == -EBADMSG);
	CHECK(get_context("in\0it", 5) == -EBADMSG);
	CHECK(get_context("\0init", 5) == -EBADMSG);
}

static void t_templates(void)
{
	static struct xha_pol_desc d;
	struct gen_seen seen;
	struct xha_writer w;
	size_t one, body;
	u8 i;

	memset(&d, 0, sizeof(d));
	d.family = AF_INET6;
	d.sel.family = AF_INET6;
	d.ntmpl = 6;
	for (i = 0; i < 6; i++)
		d.tmpl[i].family = AF_INET;
	gen_frame(&w, frame, sizeof(frame));
	CHECK(!xha_put_policy(&w, &d));
	gen_read_copy(frame, w.len, &seen);
	CHECK(seen.objects == 1 && !seen.bad);
	one = 3 + 5 + 4 * 5 + 2 * 4;
	memcpy(frame + w.len, frame + w.len - one, one);
	body = w.len + one - XHA_HDR_LEN - XHA_REC_HDR_LEN;
	frame[XHA_HDR_LEN + 2] = body >> 8;
	frame[XHA_HDR_LEN + 3] = body & 0xff;
	gen_read_copy(frame, w.len + one, &seen);
	CHECK(!seen.objects && seen.bad == 1);
}

#define SPOIL(m, byte)	{ offsetof(struct xha_sa_desc, m), byte }

/* Bytes of a good SA that make it a bad one. */
static const struct {
	size_t at;
	u8 byte;
} spoils[] = {
	SPOIL(family, 0), SPOIL(family, 17), SPOIL(sel.family, 17),
	SPOIL(sel.prefixlen_s, 33), SPOIL(sel.prefixlen_d, 33),
	SPOIL(window, 33), SPOIL(dir, 3),
	SPOIL(crypt.name[3], ' '), SPOIL(crypt.name[3], 0x7f),
	SPOIL(auth.name[0], 0xe4),
};

static void t_limits(void)
{
	static struct gen_sa g;
	struct gen_seen seen;
	struct xha_writer w;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(spoils); i++) {
		gen_strong_sa(&g);
		((u8 *)&g.d)[spoils[i].at] = spoils[i].byte;
		gen_frame(&w, frame, sizeof(frame));
		xha_put_sa(&w, &g.d);
		gen_read_copy(frame, w.len, &seen);
		CHECK(seen.bad == 1 && !seen.objects, "spoil %u", i);
	}
	for (i = 4095; i < 4100; i++) {
		gen_strong_sa(&g);
		g.d.esn_window = i;
		gen_frame(&w, frame, sizeof(frame));
		xha_put_sa(&w, &g.d);
		gen_read_copy(frame, w.len, &seen);
		CHECK(seen.objects == (i <= 4096), "window %u", i);
	}
}

static void t_window_words(void)
{
	struct xha_window win;
	struct gen_seen seen;
	struct xha_writer w;

	/* More words than a window can have, there or not. */
	gen_window(&win, 4096, 5000);
	win.map[127] = 1;
	gen_frame(&w, frame, sizeof(frame));
	xha_put_window(&w, 1, &win);
	CHECK(frame[w.len - 513] == 128);
	frame[w.len - 513] = 129;
	gen_read_copy(frame, w.len, &seen);
	CHECK(seen.bad == 1 && !seen.elems);
	memset(frame + w.len, 0, 4);
	frame[XHA_HDR_LEN + 3] += 4;
	gen_read_copy(frame, w.len + 4, &seen);
	CHECK(seen.bad == 1 && !seen.elems);
}

/* Adds @len bytes to the last attribute of the frame's only record. */
static size_t grow(struct xha_writer *w, size_t attr, size_t len)
{
	size_t body = w->len + len - XHA_HDR_LEN - XHA_REC_HDR_LEN;
	size_t value = w->len + len - attr - 3;

	memset(frame + w->len, 0, len);
	frame[XHA_HDR_LEN + 2] = body >> 8;
	frame[XHA_HDR_LEN + 3] = body & 0xff;
	frame[attr + 1] = value >> 8;
	frame[attr + 2] = value & 0xff;
	return w->len + len;
}

static void t_long_key(void)
{
	static struct gen_sa g;
	struct gen_seen seen;
	struct xha_writer w;
	size_t attr;
	u32 bits;

	for (bits = 4088; bits < 4105; bits++) {
		gen_usual_sa(&g);
		g.d.aead.key_bits = 0;
		g.d.has = 0;
		gen_frame(&w, frame, sizeof(frame));
		CHECK(!xha_put_sa(&w, &g.d));
		attr = w.len - 3 - 5 - strlen(g.d.aead.name);
		CHECK(frame[attr] == XHA_TLV_AEAD);
		frame[attr + 5] = bits >> 8;
		frame[attr + 6] = bits & 0xff;
		gen_read_copy(frame, grow(&w, attr, (bits + 7) / 8), &seen);
		CHECK(seen.objects == (bits <= 4096), "%u bits", bits);
	}
}

static void t_long_window(void)
{
	static struct gen_sa g;
	struct gen_seen seen;
	struct xha_writer w;
	size_t attr, len;

	for (len = 0; len < 1024; len++) {
		gen_strong_sa(&g);
		g.d.esn_window = 1000;
		g.d.win.bits = 0;
		g.d.has = XHA_SA_HAS_WINDOW;
		gen_frame(&w, frame, sizeof(frame));
		CHECK(!xha_put_sa(&w, &g.d));
		attr = w.len - 3 - 9;
		CHECK(frame[attr] == XHA_TLV_WINDOW);
		gen_read_copy(frame, grow(&w, attr, len), &seen);
		CHECK(seen.objects == (len % 4 == 0 && len <= 32 * 4),
		      "%zu bytes", len);
	}
}

static const struct unit_case cases[] = {
	{ "unknown attributes", t_unknown_attribute },
	{ "duplicate attributes and wrong lengths", t_duplicates },
	{ "a security context is a string", t_context },
	{ "at most six templates", t_templates },
	{ "limits of an SA", t_limits },
	{ "limits of a window", t_window_words },
	{ "too long a key", t_long_key },
	{ "too long a window of an SA", t_long_window },
};

UNIT_MAIN(cases)
