// SPDX-License-Identifier: GPL-2.0
/*
 * An SA on the wire:
 *
 *   id 4 | gid 1 | family 1 | proto 1 | mode 1 | flags 1 | window 1 | dir 1 |
 *   spi 4 | reqid 4 | attributes ... | counters ...
 */
#include "replay.h"
#include "wire_bytes.h"

#define ALG_NAME_MAX	63
#define LEGACY_BITS	32	/* largest window of the legacy bitmap */

/* An algorithm: ICV bits 2 | key bits 2 | length of name 1 | name | key. */
static void put_alg(struct xha_out *o, u8 type, const struct xha_alg *alg)
{
	size_t len = strnlen(alg->name, ALG_NAME_MAX);
	u8 *value;

	if (!len)
		return;
	if (alg->key_bits > XHA_ALG_KEY_MAX * 8 || alg->icv_bits > U16_MAX) {
		o->full = true;
		return;
	}
	value = xha_attr_begin(o, type);
	xha_out_be16(o, (u16)alg->icv_bits);
	xha_out_be16(o, (u16)alg->key_bits);
	xha_out_u8(o, (u8)len);
	xha_out_bytes(o, alg->name, len);
	xha_out_bytes(o, alg->key, (alg->key_bits + 7) / 8);
	xha_attr_end(o, value);
}

static int get_alg(struct xha_in *in, struct xha_alg *alg)
{
	size_t len, i;

	alg->icv_bits = xha_in_be16(in);
	alg->key_bits = xha_in_be16(in);
	len = xha_in_u8(in);
	if (!len || len > ALG_NAME_MAX || alg->key_bits > XHA_ALG_KEY_MAX * 8)
		return -EBADMSG;
	xha_in_bytes(in, alg->name, len);
	alg->key = xha_in_take(in, (alg->key_bits + 7) / 8);
	for (i = 0; i < len; i++)
		if (alg->name[i] <= ' ' || alg->name[i] > '~')
			return -EBADMSG;
	return xha_in_end(in);
}

static void put_addrs(struct xha_out *o, const struct xha_sa_desc *d)
{
	u8 *value = xha_attr_begin(o, XHA_TLV_ADDRS);

	xha_out_bytes(o, &d->saddr, xha_addr_len(d->family));
	xha_out_bytes(o, &d->daddr, xha_addr_len(d->family));
	xha_attr_end(o, value);
}

static int get_addrs(struct xha_in *in, struct xha_sa_desc *d)
{
	xha_in_bytes(in, &d->saddr, xha_addr_len(d->family));
	xha_in_bytes(in, &d->daddr, xha_addr_len(d->family));
	return xha_in_end(in);
}

/* NAT-T: type 2 | source port 2 | destination port 2 [| original address]. */
static void put_encap(struct xha_out *o, const struct xha_sa_desc *d)
{
	static const xfrm_address_t none;
	const struct xfrm_encap_tmpl *e = &d->encap;
	size_t len = xha_addr_len(d->family);
	u8 *value;

	if (!(d->has & XHA_SA_HAS_ENCAP))
		return;
	value = xha_attr_begin(o, XHA_TLV_ENCAP);
	xha_out_be16(o, e->encap_type);
	xha_out_bytes(o, &e->encap_sport, 2);
	xha_out_bytes(o, &e->encap_dport, 2);
	if (memcmp(&e->encap_oa, &none, len))
		xha_out_bytes(o, &e->encap_oa, len);
	xha_attr_end(o, value);
}

static int get_encap(struct xha_in *in, struct xha_sa_desc *d)
{
	struct xfrm_encap_tmpl *e = &d->encap;

	e->encap_type = xha_in_be16(in);
	xha_in_bytes(in, &e->encap_sport, 2);
	xha_in_bytes(in, &e->encap_dport, 2);
	if (in->left)
		xha_in_bytes(in, &e->encap_oa, xha_addr_len(d->family));
	d->has |= XHA_SA_HAS_ENCAP;
	return xha_in_end(in);
}

static void put_rest(struct xha_out *o, const struct xha_sa_desc *d)
{
	u8 *value;

	if (d->has & XHA_SA_HAS_COADDR) {
		value = xha_attr_begin(o, XHA_TLV_COADDR);
		xha_out_bytes(o, &d->coaddr, xha_addr_len(d->family));
		xha_attr_end(o, value);
	}
	xha_put_secctx(o, &d->secctx);
	xha_put_be32_attr(o, XHA_TLV_IF_ID, d->if_id);
	xha_put_be32_attr(o, XHA_TLV_EXTRA_FLAGS, d->extra_flags);
	xha_put_be32_attr(o, XHA_TLV_TFCPAD, d->tfcpad);
	xha_put_be32_attr(o, XHA_TLV_ESN_WINDOW, d->esn_window);
	xha_put_be32_attr(o, XHA_TLV_NAT_KEEPALIVE, d->nat_keepalive);
	if (d->has & XHA_SA_HAS_PCPU) {
		value = xha_attr_begin(o, XHA_TLV_PCPU);
		xha_out_be32(o, d->pcpu_num);
		xha_attr_end(o, value);
	}
	xha_put_be32_attr(o, XHA_TLV_MAPPING_AGE, d->mapping_maxage);
	if (d->has & XHA_SA_HAS_EVENTS) {
		value = xha_attr_begin(o, XHA_TLV_EVENTS);
		xha_out_be32(o, d->events_diff);
		xha_out_be64(o, d->events_age);
		xha_attr_end(o, value);
	}
}

static int get_be32(struct xha_in *in, u32 *v)
{
	*v = xha_in_be32(in);
	return xha_in_end(in);
}

static int get_esn_window(struct xha_in *in, struct xha_sa_desc *d)
{
	int ret = get_be32(in, &d->esn_window);

	return d->esn_window > XHA_WINDOW_BITS ? -EBADMSG : ret;
}

static int get_coaddr(struct xha_in *in, struct xha_sa_desc *d)
{
	xha_in_bytes(in, &d->coaddr, xha_addr_len(d->family));
	d->has |= XHA_SA_HAS_COADDR;
	return xha_in_end(in);
}

static int get_pcpu(struct xha_in *in, struct xha_sa_desc *d)
{
	d->has |= XHA_SA_HAS_PCPU;
	return get_be32(in, &d->pcpu_num);
}

static int get_events(struct xha_in *in, struct xha_sa_desc *d)
{
	d->events_diff = xha_in_be32(in);
	d->events_age = xha_in_be64(in);
	d->has |= XHA_SA_HAS_EVENTS;
	return xha_in_end(in);
}

static void put_lease(struct xha_out *o, const struct xha_sa_desc *d)
{
	u8 *value;

	if (!(d->has & XHA_SA_HAS_LEASE))
		return;
	value = xha_attr_begin(o, XHA_TLV_LEASE);
	xha_out_be64(o, d->lease);
	xha_attr_end(o, value);
}

static int get_lease(struct xha_in *in, struct xha_sa_desc *d)
{
	d->lease = xha_in_be64(in);
	d->has |= XHA_SA_HAS_LEASE;
	return xha_in_end(in);
}

static void put_pace(struct xha_out *o, const struct xha_sa_desc *d)
{
	u8 *value;

	if (!(d->has & XHA_SA_HAS_PACE))
		return;
	value = xha_attr_begin(o, XHA_TLV_PACE);
	xha_out_pace(o, d->pace);
	xha_attr_end(o, value);
}

static int get_pace(struct xha_in *in, struct xha_sa_desc *d)
{
	d->has |= XHA_SA_HAS_PACE;
	return xha_in_pace(in, &d->pace) ?: xha_in_end(in);
}

/* The window: top 8 | flags 1 | words of the map. Its size is the SA's. */
static void put_window(struct xha_out *o, const struct xha_sa_desc *d)
{
	bool full = xha_window_full(&d->win);
	u8 *value;

	if (!(d->has & XHA_SA_HAS_WINDOW))
		return;
	value = xha_attr_begin(o, XHA_TLV_WINDOW);
	xha_out_be64(o, d->win.top);
	xha_out_u8(o, full ? XHA_WINDOW_FULL : 0);
	xha_out_map(o, &d->win, xha_window_words(&d->win, full));
	xha_attr_end(o, value);
}

static int get_window(struct xha_in *in, struct xha_sa_desc *d)
{
	size_t len;
	bool full;

	d->win.bits = d->esn_window ? d->esn_window : d->window;
	d->win.top = xha_in_be64(in);
	full = xha_in_u8(in) & XHA_WINDOW_FULL;
	len = in->left;
	if (in->bad || len % 4 || len / 4 > (d->win.bits + 31) / 32 ||
	    (full && len))
		return -EBADMSG;
	xha_window_map(&d->win, full, xha_in_take(in, len), (u32)(len / 4));
	d->has |= XHA_SA_HAS_WINDOW;
	return 0;
}

static void put_life(struct xha_out *o, const struct xha_sa_desc *d)
{
	u8 *value;

	if (!(d->has & XHA_SA_HAS_LIFE))
		return;
	value = xha_attr_begin(o, XHA_TLV_LIFE);
	xha_out_be64(o, d->life.bytes);
	xha_out_be64(o, d->life.packets);
	xha_out_be64(o, d->life.add_age);
	xha_out_be64(o, d->life.use_age);
	xha_attr_end(o, value);
}

static int get_life(struct xha_in *in, struct xha_sa_desc *d)
{
	d->life.bytes = xha_in_be64(in);
	d->life.packets = xha_in_be64(in);
	d->life.add_age = xha_in_be64(in);
	d->life.use_age = xha_in_be64(in);
	d->has |= XHA_SA_HAS_LIFE;
	return xha_in_end(in);
}

static void put_pretended(struct xha_out *o)
{
	u8 *value = xha_attr_begin(o, XHA_TLV_PRETENDED);

	xha_out_be32(o, XHA_WIRE_VERSION);
	xha_attr_end(o, value);
}

/**
 * xha_put_sa - write an SA
 * @w: frame
 * @d: the SA; its keys go into the frame
 *
 * Return: 0; -EMSGSIZE if it does not fit into what is left of the frame, or
 * (no real SA) into any.
 */
int xha_put_sa(struct xha_writer *w, const struct xha_sa_desc *d)
{
	struct xha_out o;

	xha_rec_begin(w, &o, XHA_REC_SA, false);
	xha_out_be32(&o, d->id);
	xha_out_u8(&o, d->gid);
	xha_out_u8(&o, d->family);
	xha_out_u8(&o, d->proto);
	xha_out_u8(&o, d->mode);
	xha_out_u8(&o, d->flags);
	xha_out_u8(&o, d->window);
	xha_out_u8(&o, d->dir);
	xha_out_bytes(&o, &d->spi, 4);
	xha_out_be32(&o, d->reqid);

	put_addrs(&o, d);
	xha_put_sel(&o, &d->sel, d->family);
	xha_put_lft(&o, &d->lft);
	put_alg(&o, XHA_TLV_AEAD, &d->aead);
	put_alg(&o, XHA_TLV_AUTH, &d->auth);
	put_alg(&o, XHA_TLV_CRYPT, &d->crypt);
	put_alg(&o, XHA_TLV_COMP, &d->comp);
	xha_put_mark(&o, XHA_TLV_MARK, &d->mark);
	xha_put_mark(&o, XHA_TLV_SMARK, &d->smark);
	put_encap(&o, d);
	put_rest(&o, d);

	if (XHA_PRETEND_LATER)
		put_pretended(&o);
	put_lease(&o, d);
	put_window(&o, d);
	put_life(&o, d);
	put_pace(&o, d);
	return xha_rec_end(w, &o, XHA_REC_SA);
}

static int get_attr(struct xha_sa_desc *d, u8 type, struct xha_in *value)
{
	switch (type) {
	case XHA_TLV_ADDRS:	return get_addrs(value, d);
	case XHA_TLV_SEL:	return xha_get_sel(value, &d->sel);
	case XHA_TLV_LFT:	return xha_get_lft(value, &d->lft);
	case XHA_TLV_AEAD:	return get_alg(value, &d->aead);
	case XHA_TLV_AUTH:	return get_alg(value, &d->auth);
	case XHA_TLV_CRYPT:	return get_alg(value, &d->crypt);
	case XHA_TLV_COMP:	return get_alg(value, &d->comp);
	case XHA_TLV_MARK:	return xha_get_mark(value, &d->mark);
	case XHA_TLV_SMARK:	return xha_get_mark(value, &d->smark);
	case XHA_TLV_IF_ID:	return get_be32(value, &d->if_id);
	case XHA_TLV_EXTRA_FLAGS: return get_be32(value, &d->extra_flags);
	case XHA_TLV_TFCPAD:	return get_be32(value, &d->tfcpad);
	case XHA_TLV_ENCAP:	return get_encap(value, d);
	case XHA_TLV_COADDR:	return get_coaddr(value, d);
	case XHA_TLV_SECCTX:	return xha_get_secctx(value, &d->secctx);
	case XHA_TLV_ESN_WINDOW: return get_esn_window(value, d);
	case XHA_TLV_NAT_KEEPALIVE: return get_be32(value, &d->nat_keepalive);
	case XHA_TLV_PCPU:	return get_pcpu(value, d);
	case XHA_TLV_MAPPING_AGE: return get_be32(value, &d->mapping_maxage);
	case XHA_TLV_EVENTS:	return get_events(value, d);
	case XHA_TLV_LEASE:	return get_lease(value, d);
	case XHA_TLV_WINDOW:	return get_window(value, d);
	case XHA_TLV_LIFE:	return get_life(value, d);
	case XHA_TLV_PACE:	return get_pace(value, d);
	default:
		return type & XHA_TLV_OPTIONAL ? 0 : -EOPNOTSUPP;
	}
}

static int get_head(struct xha_in *in, struct xha_sa_desc *d)
{
	memset(d, 0, sizeof(*d));
	d->id = xha_in_be32(in);
	d->gid = xha_in_u8(in);
	d->family = xha_in_u8(in);
	d->proto = xha_in_u8(in);
	d->mode = xha_in_u8(in);
	d->flags = xha_in_u8(in);
	d->window = xha_in_u8(in);
	d->dir = xha_in_u8(in);
	xha_in_bytes(in, &d->spi, 4);
	d->reqid = xha_in_be32(in);
	if (in->bad || d->window > LEGACY_BITS || d->dir > 2 ||
	    (d->family != AF_INET && d->family != AF_INET6))
		return -EBADMSG;
	d->sel.family = d->family;
	xha_lft_default(&d->lft);
	return 0;
}

/**
 * xha_get_sa - read an SA
 * @rec: record
 * @d: filled in; the keys are borrowed from the datagram
 * @fixed: how many bytes at the start of the body are not counters
 *
 * Return: 0; -EBADMSG; -EOPNOTSUPP if it has an attribute that is not known
 * here and may not be skipped: then @fixed and all that is known are set.
 */
int xha_get_sa(const struct xha_rec *rec, struct xha_sa_desc *d, size_t *fixed)
{
	struct xha_in in, value;
	struct xha_walk walk;
	int ret, unknown = 0;
	u8 type;

	xha_in_init(&in, rec->body, rec->len);
	ret = get_head(&in, d);
	if (ret)
		return ret;
	xha_walk_init(&walk, rec, &in);
	while ((ret = xha_walk_next(&walk, &type, &value)) == 1) {
		ret = get_attr(d, type, &value);
		if (ret == -EOPNOTSUPP)
			unknown = ret;
		else if (ret)
			return ret;
	}
	if (ret || !xha_walk_seen(&walk, XHA_TLV_ADDRS))
		return -EBADMSG;
	*fixed = walk.fixed;
	return unknown;
}
