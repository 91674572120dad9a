// SPDX-License-Identifier: GPL-2.0
/* Random contents of every record. */
#include "unit.h"
#include "gen.h"
#include "../../uapi/linux/xfrm_ha.h"

static void fill(void *p, size_t n)
{
	u8 *b = p;

	while (n--)
		*b++ = rnd() & 0xff;
}

void gen_name(char *name)
{
	static const char chars[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t len = 1 + rnd_below(XHA_WIRE_NAME_MAX), i;

	memset(name, 0, XHA_WIRE_NAME_MAX + 1);
	for (i = 0; i < len; i++)
		name[i] = chars[rnd_below(sizeof(chars) - 1)];
}

void gen_group(struct xha_group_status *s)
{
	memset(s, 0, sizeof(*s));
	s->gid = rnd();
	s->role = rnd_below(XFRM_HA_ROLE_FENCED + 1);
	s->sync = rnd_below(XFRM_HA_SYNC_STALE + 1);
	s->flags = rnd();
	s->asof = rnd_edgy();
	s->term = rnd_edgy();
	s->config = rnd();
	s->want = rnd_edgy();
	s->gen = rnd_edgy();
	s->check = rnd_edgy();
	s->count = rnd_edgy();
	gen_name(s->name);
}

struct xha_pace gen_pace(void)
{
	struct xha_pace p = {
		.rate = rnd_below(XHA_PACE_MAX + 1),
		.guard = rnd_below(XHA_PACE_MAX + 1),
	};

	return p;
}

void gen_window(struct xha_window *win, u32 bits, u64 top)
{
	u32 i, density = rnd_below(4);

	memset(win, 0, sizeof(*win));
	win->bits = bits;
	win->top = top;
	for (i = 0; top && i < bits; i++)
		if (density == 3 || (density && !one_in(density + 1)))
			win->map[i / 32] |= 1U << i % 32;
}

static void gen_addr(xfrm_address_t *a, u16 family)
{
	memset(a, 0, sizeof(*a));
	if (!one_in(8))
		fill(a, family == AF_INET ? 4 : 16);
}

static void gen_sel(struct xfrm_selector *sel, u16 family)
{
	memset(sel, 0, sizeof(*sel));
	sel->family = family;
	if (one_in(3))
		return;
	gen_addr(&sel->daddr, family);
	gen_addr(&sel->saddr, family);
	sel->prefixlen_d = rnd_below(family == AF_INET ? 33 : 129);
	sel->prefixlen_s = rnd_below(family == AF_INET ? 33 : 129);
	sel->proto = one_in(2) ? 0 : rnd();
	if (one_in(2)) {
		fill(&sel->dport, 2);
		fill(&sel->dport_mask, 2);
		fill(&sel->sport, 2);
		fill(&sel->sport_mask, 2);
	}
	if (one_in(4))
		sel->user = rnd();
}

static void gen_lft(struct xfrm_lifetime_cfg *lft)
{
	lft->soft_byte_limit = one_in(2) ? XFRM_INF : rnd_edgy();
	lft->hard_byte_limit = one_in(2) ? XFRM_INF : rnd_edgy();
	lft->soft_packet_limit = one_in(2) ? XFRM_INF : rnd_edgy();
	lft->hard_packet_limit = one_in(2) ? XFRM_INF : rnd_edgy();
	lft->soft_add_expires_seconds = one_in(2) ? 0 : rnd_edgy();
	lft->hard_add_expires_seconds = one_in(2) ? 0 : rnd_edgy();
	lft->soft_use_expires_seconds = one_in(2) ? 0 : rnd_edgy();
	lft->hard_use_expires_seconds = one_in(2) ? 0 : rnd_edgy();
}

static void set_alg(struct xha_alg *alg, const char *name, u32 key_bits,
		    u32 icv_bits, u8 *key)
{
	memcpy(alg->name, name, strlen(name) + 1);
	alg->key_bits = key_bits;
	alg->icv_bits = icv_bits;
	alg->key = key;
	fill(key, (key_bits + 7) / 8);
}

static void gen_alg(struct xha_alg *alg, u8 *key)
{
	size_t len = one_in(8) ? 63 : 1 + rnd_below(20), i;
	char name[64] = "";

	for (i = 0; i < len; i++)
		name[i] = '!' + rnd_below('~' - '!' + 1);
	set_alg(alg, name, one_in(16) ? XHA_ALG_KEY_MAX * 8 : rnd_below(520),
		rnd_below(U16_MAX + 1), key);
}

static void gen_counters(struct xha_sa_desc *d)
{
	if (one_in(2)) {
		d->has |= XHA_SA_HAS_LEASE;
		d->lease = rnd_edgy();
	}
	if (one_in(2)) {
		d->has |= XHA_SA_HAS_WINDOW;
		gen_window(&d->win, d->esn_window ? d->esn_window : d->window,
			   rnd_edgy());
	}
	if (one_in(2)) {
		d->has |= XHA_SA_HAS_LIFE;
		d->life.bytes = rnd_edgy();
		d->life.packets = rnd_edgy();
		d->life.add_age = rnd_edgy();
		d->life.use_age = rnd_edgy();
	}
	if (one_in(2)) {
		d->has |= XHA_SA_HAS_PACE;
		d->pace = gen_pace();
	}
}

static void gen_secctx(struct xha_secctx *ctx)
{
	static char any[XHA_SECCTX_MAX];
	size_t i;

	if (!one_in(4))
		return;
	for (i = 0; i < sizeof(any); i++)
		any[i] = 1 + rnd_below(255);
	ctx->doi = rnd();
	ctx->alg = rnd();
	ctx->len = one_in(8) ? XHA_SECCTX_MAX : 1 + rnd_below(40);
	ctx->str = any;
}

static void gen_options(struct xha_sa_desc *d)
{
	if (one_in(3)) {
		d->has |= XHA_SA_HAS_ENCAP;
		d->encap.encap_type = rnd();
		fill(&d->encap.encap_sport, 2);
		fill(&d->encap.encap_dport, 2);
		if (one_in(2))
			gen_addr(&d->encap.encap_oa, d->family);
	}
	if (one_in(3)) {
		d->has |= XHA_SA_HAS_COADDR;
		gen_addr(&d->coaddr, d->family);
	}
	if (one_in(3)) {
		d->has |= XHA_SA_HAS_PCPU;
		d->pcpu_num = rnd_edgy();
	}
	if (one_in(3)) {
		d->has |= XHA_SA_HAS_EVENTS;
		d->events_diff = rnd_edgy();
		d->events_age = rnd_edgy();
	}
	gen_secctx(&d->secctx);
}

void gen_sa(struct gen_sa *g)
{
	struct xha_sa_desc *d = &g->d;

	memset(g, 0, sizeof(*g));
	d->id = rnd_edgy();
	d->gid = rnd();
	d->family = one_in(2) ? AF_INET : AF_INET6;
	d->proto = rnd();
	d->mode = rnd();
	d->flags = rnd();
	d->window = rnd_below(33);
	d->dir = rnd_below(3);
	fill(&d->spi, 4);
	d->reqid = rnd_edgy();
	gen_addr(&d->saddr, d->family);
	gen_addr(&d->daddr, d->family);
	gen_sel(&d->sel, one_in(4) ? (one_in(2) ? AF_UNSPEC : AF_INET6) :
				     d->family);
	gen_lft(&d->lft);
	if (one_in(2)) {
		gen_alg(&d->aead, g->keys[0]);
	} else {
		gen_alg(&d->auth, g->keys[1]);
		gen_alg(&d->crypt, g->keys[2]);
	}
	if (one_in(8))
		set_alg(&d->comp, "deflate", 0, 0, g->keys[0]);
	if (one_in(2)) {
		d->mark.v = rnd_edgy();
		d->mark.m = rnd_edgy();
	}
	if (one_in(2)) {
		d->smark.v = rnd_edgy();
		d->smark.m = rnd_edgy();
	}
	d->if_id = one_in(2) ? 0 : rnd_edgy();
	d->extra_flags = one_in(2) ? 0 : rnd_edgy();
	d->tfcpad = one_in(2) ? 0 : rnd_edgy();
	d->nat_keepalive = one_in(2) ? 0 : rnd_edgy();
	d->mapping_maxage = one_in(2) ? 0 : rnd_edgy();
	d->esn_window = one_in(2) ? 0 : one_in(4) ? 4096 : rnd_below(4097);
	gen_options(d);
	gen_counters(d);
}

static void usual(struct gen_sa *g)
{
	struct xha_sa_desc *d = &g->d;

	memset(g, 0, sizeof(*g));
	d->id = 7;
	d->gid = 1;
	d->family = AF_INET;
	d->proto = 50;
	d->mode = XFRM_MODE_TUNNEL;
	fill(&d->spi, 4);
	d->reqid = 1;
	fill(&d->saddr, 4);
	fill(&d->daddr, 4);
	d->sel.family = AF_INET;
	d->lft.soft_byte_limit = XFRM_INF;
	d->lft.hard_byte_limit = XFRM_INF;
	d->lft.soft_packet_limit = XFRM_INF;
	d->lft.hard_packet_limit = XFRM_INF;
	d->has = XHA_SA_HAS_LEASE | XHA_SA_HAS_WINDOW | XHA_SA_HAS_LIFE;
	d->lease = 1234567;
	d->win.top = 98765;
	d->life.use_age = XHA_AGE_NEVER;
}

/* AES-GCM-128, IPv4, tunnel, legacy window with a hole. */
void gen_usual_sa(struct gen_sa *g)
{
	usual(g);
	set_alg(&g->d.aead, "rfc4106(gcm(aes))", 160, 128, g->keys[0]);
	g->d.window = 32;
	g->d.win.bits = 32;
	g->d.win.map[0] = 0xfffffff7;
}

/* AES-CBC-256 with HMAC-SHA-512, ESN, window of 1024 that is full. */
void gen_strong_sa(struct gen_sa *g)
{
	int i;

	usual(g);
	set_alg(&g->d.crypt, "cbc(aes)", 256, 0, g->keys[1]);
	set_alg(&g->d.auth, "hmac(sha512)", 512, 256, g->keys[2]);
	g->d.flags = XFRM_STATE_ESN;
	g->d.esn_window = 1024;
	g->d.win.bits = 1024;
	for (i = 0; i < 1024 / 32; i++)
		g->d.win.map[i] = U32_MAX;
}

void gen_policy(struct xha_pol_desc *d)
{
	u8 i;

	memset(d, 0, sizeof(*d));
	d->id = rnd_edgy();
	d->gid = rnd();
	d->type = rnd_below(2);
	d->dir = rnd_below(3);
	d->action = rnd_below(2);
	d->flags = rnd();
	d->family = one_in(2) ? AF_INET : AF_INET6;
	d->priority = rnd_edgy();
	gen_sel(&d->sel, d->family);
	gen_lft(&d->lft);
	if (one_in(2)) {
		d->mark.v = rnd_edgy();
		d->mark.m = rnd_edgy();
	}
	d->if_id = one_in(2) ? 0 : rnd_edgy();
	gen_secctx(&d->secctx);
	d->ntmpl = rnd_below(7);
	for (i = 0; i < d->ntmpl; i++) {
		struct xfrm_user_tmpl *t = &d->tmpl[i];

		t->family = one_in(2) ? AF_INET : AF_INET6;
		fill(&t->id.spi, 4);
		t->id.proto = rnd();
		gen_addr(&t->id.daddr, t->family);
		gen_addr(&t->saddr, t->family);
		t->reqid = rnd_edgy();
		t->mode = rnd();
		t->share = rnd();
		t->optional = rnd();
		t->aalgos = rnd_edgy();
		t->ealgos = rnd_edgy();
		t->calgos = rnd_edgy();
	}
}

static int put_control(struct xha_writer *w, u8 type)
{
	struct xha_hello h = { .boot = rnd() | 1, .session = rnd(),
			       .echo = rnd(), .version_min = 1,
			       .version_max = 1 + rnd_below(9),
			       .heartbeat = rnd() };
	struct xha_ack a = { .top = rnd(), .bits = { rnd(), rnd() } };
	struct xha_begin b = { .gid = rnd(), .gen = rnd(), .count = rnd() };
	struct xha_check c = { .gid = rnd(), .flags = rnd(), .gen = rnd(),
			       .check = rnd(), .count = rnd(),
			       .digest = rnd() };
	struct xha_time t = { rnd(), rnd(), rnd(), rnd() };
	struct xha_group_status s;

	switch (type) {
	case XHA_REC_HELLO:
		return xha_put_hello(w, &h);
	case XHA_REC_ACK:
		return xha_put_ack(w, &a);
	case XHA_REC_GROUP:
		gen_group(&s);
		return xha_put_group(w, &s);
	case XHA_REC_BEGIN:
		gen_name(b.name);
		return xha_put_begin(w, &b);
	case XHA_REC_TIME:
		return xha_put_time(w, &t);
	default:
		return xha_put_check(w, &c);
	}
}

int gen_put(struct xha_writer *w, u8 type)
{
	struct xha_life life = { rnd_edgy(), rnd_edgy(), 0, rnd_edgy() };
	struct xha_pol_desc pol;
	struct xha_window win;
	struct gen_sa sa;

	switch (type) {
	case XHA_REC_SA:
		gen_sa(&sa);
		return xha_put_sa(w, &sa.d);
	case XHA_REC_POLICY:
		gen_policy(&pol);
		return xha_put_policy(w, &pol);
	case XHA_REC_DELETE:
		return xha_put_delete(w, rnd());
	case XHA_REC_SAME:
		return xha_put_same(w, rnd(), rnd_edgy());
	case XHA_REC_LEASE:
		return xha_put_lease(w, rnd(), rnd());
	case XHA_REC_LEASE64:
		return xha_put_lease64(w, rnd(), rnd());
	case XHA_REC_FINAL:
		return xha_put_final(w, rnd(), rnd(), rnd_edgy());
	case XHA_REC_PACE:
		return xha_put_pace(w, rnd(), gen_pace());
	case XHA_REC_WINDOW:
		gen_window(&win, rnd_below(4097), rnd_edgy());
		return xha_put_window(w, rnd(), &win);
	case XHA_REC_LIFE:
		return xha_put_life(w, rnd(), &life);
	case XHA_REC_RESULT:
		return xha_put_result(w, rnd(), rnd());
	default:
		return put_control(w, type);
	}
}

void gen_frame(struct xha_writer *w, u8 *buf, size_t room)
{
	struct xha_hdr hdr = { XHA_WIRE_VERSION, XHA_MSG_DATA, 1, 2, 3, 4 };

	xha_put_hdr(w, buf, room, &hdr);
}
