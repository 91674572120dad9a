// SPDX-License-Identifier: GPL-2.0
/* A reader that takes in all of a datagram, and judges what it was given. */
#include "unit.h"
#include "gen.h"

static bool same_alg(const struct xha_alg *a, const struct xha_alg *b)
{
	return !memcmp(a->name, b->name, sizeof(a->name)) &&
	       a->key_bits == b->key_bits && a->icv_bits == b->icv_bits &&
	       (!a->key_bits ||
		!memcmp(a->key, b->key, (a->key_bits + 7) / 8));
}

static bool same_secctx(const struct xha_secctx *a, const struct xha_secctx *b)
{
	return a->len == b->len && (!a->len || !memcmp(a->str, b->str, a->len));
}

bool gen_same_sa(const struct xha_sa_desc *a, const struct xha_sa_desc *b)
{
	static struct xha_sa_desc ca, cb;

	if (!same_alg(&a->aead, &b->aead) || !same_alg(&a->auth, &b->auth) ||
	    !same_alg(&a->crypt, &b->crypt) || !same_alg(&a->comp, &b->comp) ||
	    !same_secctx(&a->secctx, &b->secctx))
		return false;
	/* Member by member is not needed: get begins with zeroes too. */
	memcpy(&ca, a, sizeof(ca));
	memcpy(&cb, b, sizeof(cb));
	ca.aead.key = NULL;
	ca.auth.key = NULL;
	ca.crypt.key = NULL;
	ca.comp.key = NULL;
	ca.secctx.str = NULL;
	cb.aead.key = NULL;
	cb.auth.key = NULL;
	cb.crypt.key = NULL;
	cb.comp.key = NULL;
	cb.secctx.str = NULL;
	return !memcmp(&ca, &cb, sizeof(ca));
}

bool gen_same_policy(const struct xha_pol_desc *a, const struct xha_pol_desc *b)
{
	static struct xha_pol_desc ca, cb;

	memcpy(&ca, a, sizeof(ca));
	memcpy(&cb, b, sizeof(cb));
	ca.secctx.str = NULL;
	cb.secctx.str = NULL;
	return same_secctx(&a->secctx, &b->secctx) && !memcmp(&ca, &cb, sizeof(ca));
}

static u64 sum_bytes(const void *p, size_t n)
{
	const u8 *b = p;
	u64 sum = 0;

	while (n--)
		sum += *b++;
	return sum;
}

static const char *bad_sel(const struct xfrm_selector *sel)
{
	u8 max = sel->family == AF_INET ? 32 : 128;

	if (sel->family != AF_UNSPEC && sel->family != AF_INET &&
	    sel->family != AF_INET6)
		return "family of a selector";
	if (sel->prefixlen_d > max || sel->prefixlen_s > max)
		return "prefix length";
	if (sel->ifindex)
		return "interface index";
	return NULL;
}

static const char *bad_alg(const struct xha_alg *alg)
{
	size_t len = strnlen(alg->name, sizeof(alg->name)), i;

	if (len == sizeof(alg->name))
		return "name of an algorithm without an end";
	for (i = 0; i < len; i++)
		if (alg->name[i] <= ' ' || alg->name[i] > '~')
			return "name of an algorithm";
	if (alg->key_bits > XHA_ALG_KEY_MAX * 8)
		return "length of a key";
	return NULL;
}

static const char *bad_sa(const struct xha_sa_desc *d)
{
	const char *bad = bad_sel(&d->sel);

	if (d->family != AF_INET && d->family != AF_INET6)
		return "family of an SA";
	if (d->window > 32 || d->esn_window > XHA_WINDOW_BITS ||
	    d->win.bits > XHA_WINDOW_BITS)
		return "size of a window";
	if (d->secctx.len > XHA_SECCTX_MAX)
		return "length of a security context";
	if (d->pace.rate > XHA_PACE_MAX || d->pace.guard > XHA_PACE_MAX)
		return "pace";
	if (!bad)
		bad = bad_alg(&d->aead);
	if (!bad)
		bad = bad_alg(&d->auth);
	if (!bad)
		bad = bad_alg(&d->crypt);
	if (!bad)
		bad = bad_alg(&d->comp);
	return bad;
}

static const char *bad_policy(const struct xha_pol_desc *d)
{
	u8 i;

	if (d->sel.family != d->family ||
	    (d->family != AF_INET && d->family != AF_INET6))
		return "family of a policy";
	if (d->type > 1 || d->dir > 2 || d->action > 1)
		return "kind of a policy";
	if (d->secctx.len > XHA_SECCTX_MAX)
		return "length of a security context";
	if (d->ntmpl > ARRAY_SIZE(d->tmpl))
		return "too many templates";
	for (i = 0; i < d->ntmpl; i++)
		if (d->tmpl[i].family != AF_INET &&
		    d->tmpl[i].family != AF_INET6)
			return "family of a template";
	return bad_sel(&d->sel);
}

/* What was accepted says the same when it is written and read again. */
static const char *again_sa(const struct xha_sa_desc *d)
{
	static struct xha_sa_desc e;
	static u8 buf[GEN_ROOM];
	struct xha_reader r;
	struct xha_writer w;
	struct xha_rec rec;
	struct xha_hdr hdr;
	size_t fixed;

	gen_frame(&w, buf, sizeof(buf));
	if (xha_put_sa(&w, d))
		return "cannot be written again";
	if (xha_get_hdr(&r, buf, w.len, &hdr) || xha_next(&r, &rec) != 1 ||
	    xha_get_sa(&rec, &e, &fixed))
		return "cannot be read again";
	return gen_same_sa(d, &e) ? NULL : "is another SA when read again";
}

static const char *again_policy(const struct xha_pol_desc *d)
{
	static struct xha_pol_desc e;
	static u8 buf[GEN_ROOM];
	struct xha_reader r;
	struct xha_writer w;
	struct xha_rec rec;
	struct xha_hdr hdr;
	size_t fixed;

	gen_frame(&w, buf, sizeof(buf));
	if (xha_put_policy(&w, d))
		return "cannot be written again";
	if (xha_get_hdr(&r, buf, w.len, &hdr) || xha_next(&r, &rec) != 1 ||
	    xha_get_policy(&rec, &e, &fixed))
		return "cannot be read again";
	return gen_same_policy(d, &e) ? NULL : "is another policy when read again";
}

/* gen_fault_sa - what is wrong with an SA that was accepted, NULL: nothing */
const char *gen_fault_sa(const struct xha_sa_desc *d)
{
	const char *bad = bad_sa(d);

	return bad ? bad : again_sa(d);
}

/* gen_fault_policy - likewise a policy */
const char *gen_fault_policy(const struct xha_pol_desc *d)
{
	const char *bad = bad_policy(d);

	return bad ? bad : again_policy(d);
}

static void note_object(struct gen_seen *seen, int ret, size_t fixed,
			const struct xha_rec *rec, const char *fault)
{
	if (ret == -EBADMSG) {
		seen->bad++;
		return;
	}
	if (ret && ret != -EOPNOTSUPP)
		fault = "unexpected error";
	if (fixed > rec->len)
		fault = "more fixed bytes than there are";
	seen->objects++;
	seen->unknown += ret == -EOPNOTSUPP;
	if (fault && !seen->fault)
		seen->fault = fault;
}

static void read_sa(const struct xha_rec *rec, struct gen_seen *seen)
{
	static struct xha_sa_desc d;
	const char *fault = NULL;
	size_t fixed = 0;
	int ret = xha_get_sa(rec, &d, &fixed);

	if (!ret || ret == -EOPNOTSUPP) {
		fault = gen_fault_sa(&d);
		if (d.aead.key)
			seen->sum += sum_bytes(d.aead.key,
					       (d.aead.key_bits + 7) / 8);
	}
	note_object(seen, ret, fixed, rec, fault);
}

static void read_policy(const struct xha_rec *rec, struct gen_seen *seen)
{
	static struct xha_pol_desc d;
	const char *fault = NULL;
	size_t fixed = 0;
	int ret = xha_get_policy(rec, &d, &fixed);

	if (!ret || ret == -EOPNOTSUPP)
		fault = gen_fault_policy(&d);
	note_object(seen, ret, fixed, rec, fault);
}

static int read_elem(struct xha_rec *rec, struct gen_seen *seen)
{
	struct xha_window_elem e;
	struct xha_window win;
	struct xha_life life;
	struct xha_pace pace;
	u32 id, v32;
	u64 v64;
	u16 v16;
	int ret;

	switch (rec->type) {
	case XHA_REC_DELETE:
		return xha_get_delete(rec, &id);
	case XHA_REC_SAME:
		return xha_get_same(rec, &id, &v64);
	case XHA_REC_LEASE:
		return xha_get_lease(rec, &id, &v32);
	case XHA_REC_LEASE64:
		return xha_get_lease64(rec, &id, &v64);
	case XHA_REC_FINAL:
		return xha_get_final(rec, &id, &v32, &v64);
	case XHA_REC_PACE:
		ret = xha_get_pace(rec, &id, &pace);
		if (ret == 1 && (pace.rate > XHA_PACE_MAX || pace.guard > XHA_PACE_MAX))
			seen->fault = "pace";
		return ret;
	case XHA_REC_LIFE:
		return xha_get_life(rec, &id, &life);
	case XHA_REC_RESULT:
		return xha_get_result(rec, &id, &v16);
	default:
		ret = xha_get_window(rec, &id, &e);
		if (ret != 1)
			return ret;
		seen->sum += sum_bytes(e.map, (size_t)e.words * 4);
		xha_window_widen(&e, rnd_edgy(), rnd_below(4097), &win);
		return ret;
	}
}

static int read_control(const struct xha_rec *rec)
{
	struct xha_group_status s;
	struct xha_begin b;
	struct xha_check c;
	struct xha_hello h;
	struct xha_time t;
	struct xha_ack a;

	switch (rec->type) {
	case XHA_REC_HELLO:
		return xha_get_hello(rec, &h);
	case XHA_REC_ACK:
		return xha_get_ack(rec, &a);
	case XHA_REC_GROUP:
		return xha_get_group(rec, &s);
	case XHA_REC_BEGIN:
		return xha_get_begin(rec, &b);
	case XHA_REC_CHECK:
		return xha_get_check(rec, &c);
	case XHA_REC_TIME:
		return xha_get_time(rec, &t);
	default:
		return 0;
	}
}

void gen_read(const u8 *buf, size_t len, struct gen_seen *seen)
{
	struct xha_reader r;
	struct xha_rec rec;
	struct xha_hdr hdr;
	int ret;

	memset(seen, 0, sizeof(*seen));
	if (xha_get_hdr(&r, buf, len, &hdr)) {
		seen->bad++;
		return;
	}
	while ((ret = xha_next(&r, &rec)) == 1) {
		seen->records++;
		seen->sum += sum_bytes(rec.body, rec.len);
		if (rec.type == XHA_REC_SA) {
			read_sa(&rec, seen);
		} else if (rec.type == XHA_REC_POLICY) {
			read_policy(&rec, seen);
		} else if (gen_elems(rec.type)) {
			while ((ret = read_elem(&rec, seen)) == 1)
				seen->elems++;
			seen->bad += ret == -EBADMSG;
		} else {
			seen->bad += read_control(&rec) == -EBADMSG;
		}
	}
	seen->bad += ret == -EBADMSG;
}

void gen_read_copy(const u8 *buf, size_t len, struct gen_seen *seen)
{
	u8 *copy = malloc(len ? len : 1);

	memcpy(copy, buf, len);
	gen_read(copy + !len, len, seen);	/* len 0: nothing may be read */
	CHECK(!seen->fault, "%s", seen->fault ? seen->fault : "");
	free(copy);
}
