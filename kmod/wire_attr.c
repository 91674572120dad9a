// SPDX-License-Identifier: GPL-2.0
/*
 * Attributes inside SA and policy records: how they follow one another, and
 * those that both kinds of object have. A default value is left out. A value
 * has exactly the size it should: what a later version has to add becomes an
 * attribute of its own, since half a copy of an SA is worse than none.
 */
#include "wire_bytes.h"

#define ATTR_HDR_LEN	3

#define SEL_ADDRS	0x01	/* what a selector's value has */
#define SEL_PORTS	0x02
#define SEL_USER	0x04

/**
 * xha_attr_begin - begin an attribute
 * @o: record being written
 * @type: enum xha_tlv
 *
 * Return: where its value begins, for xha_attr_end().
 */
u8 *xha_attr_begin(struct xha_out *o, u8 type)
{
	xha_out_u8(o, type);
	xha_out_be16(o, 0);
	return o->p;
}

/* xha_attr_end - finish an attribute: now its length is known */
void xha_attr_end(struct xha_out *o, u8 *value)
{
	size_t len = (size_t)(o->p - value);

	if (o->full)
		return;
	value[-2] = (len >> 8) & 0xff;
	value[-1] = len & 0xff;
}

/**
 * xha_walk_init - begin to walk over the attributes of a record
 * @w: walk
 * @rec: record
 * @head: what comes before the attributes has been read from it
 */
void xha_walk_init(struct xha_walk *w, const struct xha_rec *rec,
		   const struct xha_in *head)
{
	w->in = *head;
	w->start = rec->body;
	w->seen[0] = 0;
	w->seen[1] = 0;
	w->fixed = rec->len;
	w->counters = false;
}

/* Counters come last, so that the digest is over one run of bytes. */
static int note_counter(struct xha_walk *w, u8 type, const u8 *at)
{
	bool counter = type & XHA_TLV_COUNTER;

	if (!counter && w->counters)
		return -EBADMSG;
	if (counter && !w->counters) {
		w->counters = true;
		w->fixed = (size_t)(at - w->start);
	}
	return 0;
}

/* Of an optional one that is not known we cannot tell how many there may be. */
static int note_seen(struct xha_walk *w, u8 type)
{
	u64 bit = 1ULL << (type & 0x3f);
	u64 *seen = &w->seen[!!(type & XHA_TLV_COUNTER)];

	if (type & XHA_TLV_OPTIONAL)
		return 0;
	if (type != XHA_TLV_TMPL && (*seen & bit))
		return -EBADMSG;
	*seen |= bit;
	return 0;
}

/**
 * xha_walk_next - next attribute
 * @w: walk; @w->fixed is right when the end has been reached
 * @type: its type
 * @value: its value
 *
 * Return: 1; 0 at the end; -EBADMSG if the rest is not an attribute, is out of
 * order, or came before.
 */
int xha_walk_next(struct xha_walk *w, u8 *type, struct xha_in *value)
{
	const u8 *at = w->in.p, *p;
	size_t len;

	if (w->in.bad)
		return -EBADMSG;
	if (!w->in.left)
		return 0;
	*type = xha_in_u8(&w->in);
	len = xha_in_be16(&w->in);
	p = xha_in_take(&w->in, len);
	if (w->in.bad || note_counter(w, *type, at) || note_seen(w, *type))
		return -EBADMSG;
	xha_in_init(value, p, len);
	return 1;
}

/* xha_walk_seen - was there an attribute of this type? */
bool xha_walk_seen(const struct xha_walk *w, u8 type)
{
	return w->seen[!!(type & XHA_TLV_COUNTER)] >> (type & 0x3f) & 1;
}

/* xha_addr_len - bytes of an address; a family that says nothing has room for all */
size_t xha_addr_len(u16 family)
{
	return family == AF_INET ? 4 : 16;
}

/* xha_put_be32_attr - write a number, unless it is 0 */
void xha_put_be32_attr(struct xha_out *o, u8 type, u32 v)
{
	u8 *value;

	if (!v)
		return;
	value = xha_attr_begin(o, type);
	xha_out_be32(o, v);
	xha_attr_end(o, value);
}

static bool addr_any(const xfrm_address_t *a, u16 family)
{
	if (family == AF_INET)
		return !a->a4;
	return !(a->a6[0] | a->a6[1] | a->a6[2] | a->a6[3]);
}

static u8 sel_parts(const struct xfrm_selector *sel)
{
	u8 parts = 0;

	if (!addr_any(&sel->daddr, sel->family) ||
	    !addr_any(&sel->saddr, sel->family))
		parts |= SEL_ADDRS;
	if (sel->dport || sel->dport_mask || sel->sport || sel->sport_mask)
		parts |= SEL_PORTS;
	if (sel->user)
		parts |= SEL_USER;
	return parts;
}

/**
 * xha_put_sel - write a selector
 * @o: record being written
 * @sel: selector
 * @family: of the object; one that selects all of it is left out
 */
void xha_put_sel(struct xha_out *o, const struct xfrm_selector *sel,
		 u16 family)
{
	u8 parts = sel_parts(sel);
	u8 *value;

	if (!parts && sel->family == family && !sel->prefixlen_d &&
	    !sel->prefixlen_s && !sel->proto)
		return;
	value = xha_attr_begin(o, XHA_TLV_SEL);
	xha_out_u8(o, parts);
	xha_out_u8(o, (u8)sel->family);
	xha_out_u8(o, sel->prefixlen_d);
	xha_out_u8(o, sel->prefixlen_s);
	xha_out_u8(o, sel->proto);
	if (parts & SEL_ADDRS) {
		xha_out_bytes(o, &sel->daddr, xha_addr_len(sel->family));
		xha_out_bytes(o, &sel->saddr, xha_addr_len(sel->family));
	}
	if (parts & SEL_PORTS) {
		xha_out_bytes(o, &sel->dport, 2);
		xha_out_bytes(o, &sel->dport_mask, 2);
		xha_out_bytes(o, &sel->sport, 2);
		xha_out_bytes(o, &sel->sport_mask, 2);
	}
	if (parts & SEL_USER)
		xha_out_be32(o, sel->user);
	xha_attr_end(o, value);
}

/**
 * xha_get_sel - read a selector
 * @in: value
 * @sel: filled in
 *
 * The family may be AF_UNSPEC, which an SA with XFRM_STATE_AF_UNSPEC has.
 *
 * Return: 0 or -EBADMSG.
 */
int xha_get_sel(struct xha_in *in, struct xfrm_selector *sel)
{
	u8 parts = xha_in_u8(in);
	u8 max;

	memset(sel, 0, sizeof(*sel));
	sel->family = xha_in_u8(in);
	sel->prefixlen_d = xha_in_u8(in);
	sel->prefixlen_s = xha_in_u8(in);
	sel->proto = xha_in_u8(in);
	if (sel->family != AF_UNSPEC && sel->family != AF_INET &&
	    sel->family != AF_INET6)
		return -EBADMSG;
	max = 8 * xha_addr_len(sel->family);
	if (sel->prefixlen_d > max || sel->prefixlen_s > max ||
	    parts & ~(SEL_ADDRS | SEL_PORTS | SEL_USER))
		return -EBADMSG;
	if (parts & SEL_ADDRS) {
		xha_in_bytes(in, &sel->daddr, xha_addr_len(sel->family));
		xha_in_bytes(in, &sel->saddr, xha_addr_len(sel->family));
	}
	if (parts & SEL_PORTS) {
		xha_in_bytes(in, &sel->dport, 2);
		xha_in_bytes(in, &sel->dport_mask, 2);
		xha_in_bytes(in, &sel->sport, 2);
		xha_in_bytes(in, &sel->sport_mask, 2);
	}
	if (parts & SEL_USER)
		sel->user = xha_in_be32(in);
	return xha_in_end(in);
}

/* xha_lft_default - no limits at all, which is what is left out */
void xha_lft_default(struct xfrm_lifetime_cfg *lft)
{
	memset(lft, 0, sizeof(*lft));
	lft->soft_byte_limit = XFRM_INF;
	lft->hard_byte_limit = XFRM_INF;
	lft->soft_packet_limit = XFRM_INF;
	lft->hard_packet_limit = XFRM_INF;
}

/* The limits in wire order; bit i of the value's first byte: i-th is there. */
static u64 lft_limit(const struct xfrm_lifetime_cfg *lft, u8 i)
{
	switch (i) {
	case 0: return lft->soft_byte_limit;
	case 1: return lft->hard_byte_limit;
	case 2: return lft->soft_packet_limit;
	case 3: return lft->hard_packet_limit;
	case 4: return lft->soft_add_expires_seconds;
	case 5: return lft->hard_add_expires_seconds;
	case 6: return lft->soft_use_expires_seconds;
	default: return lft->hard_use_expires_seconds;
	}
}

/* xha_put_lft - write the limits that are limits */
void xha_put_lft(struct xha_out *o, const struct xfrm_lifetime_cfg *lft)
{
	u8 *value, parts = 0, i;

	for (i = 0; i < 8; i++)
		if (lft_limit(lft, i) != (i < 4 ? XFRM_INF : 0))
			parts |= 1 << i;
	if (!parts)
		return;
	value = xha_attr_begin(o, XHA_TLV_LFT);
	xha_out_u8(o, parts);
	for (i = 0; i < 8; i++)
		if (parts & 1 << i)
			xha_out_be64(o, lft_limit(lft, i));
	xha_attr_end(o, value);
}

static u64 get_limit(struct xha_in *in, u8 parts, u8 i)
{
	if (parts & 1 << i)
		return xha_in_be64(in);
	return i < 4 ? XFRM_INF : 0;
}

/* xha_get_lft - read them */
int xha_get_lft(struct xha_in *in, struct xfrm_lifetime_cfg *lft)
{
	u8 parts = xha_in_u8(in);

	lft->soft_byte_limit = get_limit(in, parts, 0);
	lft->hard_byte_limit = get_limit(in, parts, 1);
	lft->soft_packet_limit = get_limit(in, parts, 2);
	lft->hard_packet_limit = get_limit(in, parts, 3);
	lft->soft_add_expires_seconds = get_limit(in, parts, 4);
	lft->hard_add_expires_seconds = get_limit(in, parts, 5);
	lft->soft_use_expires_seconds = get_limit(in, parts, 6);
	lft->hard_use_expires_seconds = get_limit(in, parts, 7);
	return xha_in_end(in);
}

/* xha_put_mark - write a mark, unless it is none */
void xha_put_mark(struct xha_out *o, u8 type, const struct xfrm_mark *mark)
{
	u8 *value;

	if (!mark->v && !mark->m)
		return;
	value = xha_attr_begin(o, type);
	xha_out_be32(o, mark->v);
	xha_out_be32(o, mark->m);
	xha_attr_end(o, value);
}

/* xha_get_mark - read it */
int xha_get_mark(struct xha_in *in, struct xfrm_mark *mark)
{
	mark->v = xha_in_be32(in);
	mark->m = xha_in_be32(in);
	return xha_in_end(in);
}

/* xha_put_secctx - write a security context, if there is one: doi 1 | alg 1 | string */
void xha_put_secctx(struct xha_out *o, const struct xha_secctx *ctx)
{
	u8 *value;

	if (!ctx->len)
		return;
	if (ctx->len > XHA_SECCTX_MAX) {
		o->full = true;
		return;
	}
	value = xha_attr_begin(o, XHA_TLV_SECCTX);
	xha_out_u8(o, ctx->doi);
	xha_out_u8(o, ctx->alg);
	xha_out_bytes(o, ctx->str, ctx->len);
	xha_attr_end(o, value);
}

/* xha_get_secctx - read it; the string is borrowed, not terminated, and has no 0 in it */
int xha_get_secctx(struct xha_in *in, struct xha_secctx *ctx)
{
	ctx->doi = xha_in_u8(in);
	ctx->alg = xha_in_u8(in);
	if (in->bad || !in->left || in->left > XHA_SECCTX_MAX)
		return -EBADMSG;
	ctx->len = (u16)in->left;
	ctx->str = (const char *)xha_in_take(in, in->left);
	/* XFRM's copy would end there, and be taken for another context. */
	return memchr(ctx->str, 0, ctx->len) ? -EBADMSG : 0;
}
