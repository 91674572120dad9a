// SPDX-License-Identifier: GPL-2.0
/* SAs and policies on the wire: round trips, sizes, what the digest covers. */
#include "unit.h"
#include "gen.h"

#define ROUNDS	3000

static u8 frame[GEN_ROOM];

/* The first record of what @w wrote. */
static void first(const struct xha_writer *w, struct xha_reader *r,
		  struct xha_rec *rec)
{
	struct xha_hdr hdr;

	CHECK(!xha_get_hdr(r, w->buf, w->len, &hdr));
	CHECK(xha_next(r, rec) == 1);
}

static void t_sa_round_trip(void)
{
	static struct xha_sa_desc d;
	static struct gen_sa g;
	struct xha_writer w;
	struct xha_reader r;
	struct xha_rec rec;
	size_t fixed;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		gen_sa(&g);
		gen_frame(&w, frame, sizeof(frame));
		CHECK(!xha_put_sa(&w, &g.d));
		first(&w, &r, &rec);
		CHECK(rec.type == XHA_REC_SA && !xha_get_sa(&rec, &d, &fixed));
		CHECK(gen_same_sa(&g.d, &d), "round %d", i);
		CHECK(fixed <= rec.len);
	}
}

static void t_policy_round_trip(void)
{
	static struct xha_pol_desc d, e;
	struct xha_writer w;
	struct xha_reader r;
	struct xha_rec rec;
	size_t fixed, most = 0;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		gen_policy(&d);
		gen_frame(&w, frame, sizeof(frame));
		CHECK(!xha_put_policy(&w, &d));
		most = max_t(size_t, most, w.len);
		first(&w, &r, &rec);
		CHECK(rec.type == XHA_REC_POLICY &&
		      !xha_get_policy(&rec, &e, &fixed));
		CHECK(gen_same_policy(&d, &e), "round %d", i);
		CHECK(fixed == rec.len);
	}
	printf("# largest policy: %zu bytes\n", most - XHA_HDR_LEN);
	CHECK(most < 1300);
}

static size_t size_of_sa(const struct xha_sa_desc *d)
{
	struct xha_writer w;

	gen_frame(&w, frame, XHA_FRAME_MAX);
	CHECK(!xha_put_sa(&w, d));
	return w.len - XHA_HDR_LEN;
}

static void t_sizes(void)
{
	static struct gen_sa g;
	size_t usual, strong, largest;

	gen_usual_sa(&g);
	usual = size_of_sa(&g.d);
	gen_strong_sa(&g);
	strong = size_of_sa(&g.d);
	/* The most that a real SA needs: IPv6, all limits, a torn window. */
	g.d.family = AF_INET6;
	memset(&g.d.sel, 1, sizeof(g.d.sel));
	g.d.sel.family = AF_INET6;
	memset(&g.d.lft, 1, sizeof(g.d.lft));
	g.d.mark.m = 1;
	g.d.smark.m = 1;
	g.d.if_id = 1;
	g.d.extra_flags = 1;
	g.d.tfcpad = 1;
	g.d.nat_keepalive = 1;
	g.d.mapping_maxage = 1;
	g.d.has = 0xff;
	g.d.encap.encap_oa.a6[3] = 1;
	g.d.esn_window = 4096;
	g.d.win.bits = 4096;
	g.d.win.map[127] = 1;
	largest = size_of_sa(&g.d);
	printf("# SA: AES-GCM-128 %zu, AES-CBC-256 HMAC-SHA-512 ESN %zu, largest %zu bytes\n",
	       usual, strong, largest);
	CHECK(usual < 160);
	CHECK(strong < 300);
	CHECK(largest < 1300);
}

/* What cannot be said on the wire is refused, not cut. */
static void t_unsayable(void)
{
	static struct gen_sa g;
	struct xha_writer w;

	gen_usual_sa(&g);
	g.d.aead.key_bits = XHA_ALG_KEY_MAX * 8 + 1;
	gen_frame(&w, frame, sizeof(frame));
	CHECK(xha_put_sa(&w, &g.d) == -EMSGSIZE && w.len == XHA_HDR_LEN);
	gen_usual_sa(&g);
	g.d.aead.icv_bits = U16_MAX + 1;
	CHECK(xha_put_sa(&w, &g.d) == -EMSGSIZE && w.len == XHA_HDR_LEN);
	gen_usual_sa(&g);
	g.d.secctx.len = XHA_SECCTX_MAX + 1;
	g.d.secctx.str = (const char *)g.keys;
	CHECK(xha_put_sa(&w, &g.d) == -EMSGSIZE && w.len == XHA_HDR_LEN);
}

/* Members that the digest must cover, with bits of theirs to turn. */
#define MEMBER(m, bits)	{ #m, offsetof(struct xha_sa_desc, m), bits }

static const struct {
	const char *name;
	size_t at;
	u8 bits;
} members[] = {
	MEMBER(id, 1), MEMBER(gid, 1), MEMBER(proto, 1), MEMBER(mode, 1),
	MEMBER(flags, 1), MEMBER(window, 48), MEMBER(dir, 1), MEMBER(spi, 1),
	MEMBER(reqid, 1), MEMBER(saddr, 1), MEMBER(daddr, 1),
	MEMBER(sel.prefixlen_d, 1), MEMBER(sel.prefixlen_s, 1),
	MEMBER(sel.proto, 1), MEMBER(sel.saddr, 1), MEMBER(sel.daddr, 1),
	MEMBER(sel.sport, 1), MEMBER(sel.sport_mask, 1), MEMBER(sel.dport, 1),
	MEMBER(sel.dport_mask, 1), MEMBER(sel.user, 1),
	MEMBER(lft.soft_byte_limit, 1), MEMBER(lft.hard_byte_limit, 1),
	MEMBER(lft.soft_packet_limit, 1), MEMBER(lft.hard_packet_limit, 1),
	MEMBER(lft.soft_add_expires_seconds, 1),
	MEMBER(lft.hard_add_expires_seconds, 1),
	MEMBER(lft.soft_use_expires_seconds, 1),
	MEMBER(lft.hard_use_expires_seconds, 1),
	MEMBER(aead.name, 1), MEMBER(aead.icv_bits, 1),
	MEMBER(auth.name, 'x'), MEMBER(crypt.name, 'x'),
	MEMBER(mark.v, 1), MEMBER(mark.m, 1), MEMBER(smark.v, 1),
	MEMBER(smark.m, 1), MEMBER(if_id, 1), MEMBER(extra_flags, 1),
	MEMBER(tfcpad, 1), MEMBER(esn_window, 1), MEMBER(nat_keepalive, 1),
	MEMBER(mapping_maxage, 1),
	MEMBER(has, XHA_SA_HAS_ENCAP), MEMBER(has, XHA_SA_HAS_COADDR),
	MEMBER(has, XHA_SA_HAS_PCPU), MEMBER(has, XHA_SA_HAS_EVENTS),
	MEMBER(secctx.doi, 1), MEMBER(secctx.alg, 1),
	MEMBER(secctx.len, 1),
};

/* An SA with all that a member may be about. */
static void labelled_sa(struct gen_sa *g)
{
	gen_usual_sa(g);
	memset(g->keys[1], 'x', sizeof(g->keys[1]));
	g->d.secctx = (struct xha_secctx){ 1, 1, 20, (const char *)g->keys[1] };
}

/* Turns a bit of a member, of the key or of the context if @which is behind them all. */
static const char *change(struct gen_sa *g, size_t which)
{
	if (which == ARRAY_SIZE(members)) {
		g->keys[0][19] ^= 1;
		return "key";
	}
	if (which > ARRAY_SIZE(members)) {
		g->keys[1][19] ^= 1;
		return "security context";
	}
	((u8 *)&g->d)[members[which].at] ^= members[which].bits;
	return members[which].name;
}

/* The digest is over @fixed bytes: all that is fixed, no counter. */
static void t_digest_bytes(void)
{
	static struct xha_sa_desc d;
	static struct gen_sa g;
	static u8 a[GEN_ROOM];
	struct xha_writer w;
	struct xha_reader r;
	struct xha_rec rec;
	size_t fa, fb;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		gen_sa(&g);
		gen_frame(&w, a, sizeof(a));
		CHECK(!xha_put_sa(&w, &g.d));
		first(&w, &r, &rec);
		CHECK(!xha_get_sa(&rec, &d, &fa));
		g.d.has ^= XHA_SA_HAS_LEASE << rnd_below(4);
		g.d.lease = rnd();
		g.d.pace = gen_pace();
		g.d.life.bytes = rnd();
		gen_window(&g.d.win, g.d.esn_window ? g.d.esn_window :
						      g.d.window, rnd());
		gen_frame(&w, frame, sizeof(frame));
		CHECK(!xha_put_sa(&w, &g.d));
		first(&w, &r, &rec);
		CHECK(!xha_get_sa(&rec, &d, &fb));
		CHECK(fa == fb);
		CHECK(!memcmp(a + XHA_HDR_LEN + XHA_REC_HDR_LEN, rec.body,
			      fa));
	}
}

static void t_digest_covers(void)
{
	static struct xha_sa_desc d;
	static struct gen_sa g;
	static u8 a[GEN_ROOM];
	struct xha_writer w;
	struct xha_reader r;
	struct xha_rec rec;
	const char *what;
	size_t fa, fb, i;

	for (i = 0; i <= ARRAY_SIZE(members) + 1; i++) {
		labelled_sa(&g);
		gen_frame(&w, a, sizeof(a));
		CHECK(!xha_put_sa(&w, &g.d));
		first(&w, &r, &rec);
		CHECK(!xha_get_sa(&rec, &d, &fa));
		what = change(&g, i);
		gen_frame(&w, frame, sizeof(frame));
		CHECK(!xha_put_sa(&w, &g.d));
		first(&w, &r, &rec);
		CHECK(!xha_get_sa(&rec, &d, &fb));
		CHECK(fa != fb || memcmp(a + XHA_HDR_LEN + XHA_REC_HDR_LEN,
					 rec.body, fa), "%s", what);
	}
}

static const struct unit_case cases[] = {
	{ "SA round trip", t_sa_round_trip },
	{ "policy round trip", t_policy_round_trip },
	{ "sizes", t_sizes },
	{ "what cannot be said is refused", t_unsayable },
	{ "the digest does not depend on counters", t_digest_bytes },
	{ "the digest covers all that is fixed", t_digest_covers },
};

UNIT_MAIN(cases)
