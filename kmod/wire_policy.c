// SPDX-License-Identifier: GPL-2.0
/*
 * A policy on the wire:
 *
 *   id 4 | gid 1 | type 1 | dir 1 | action 1 | flags 1 | family 1 |
 *   priority 4 | attributes ...
 */
#include "wire_bytes.h"

/*
 * A template: family 1 | proto 1 | mode 1 | share 1 | optional 1 | spi 4 |
 * reqid 4 | aalgos 4 | ealgos 4 | calgos 4 | source | destination.
 */
static void put_tmpl(struct xha_out *o, const struct xfrm_user_tmpl *t)
{
	u8 *value = xha_attr_begin(o, XHA_TLV_TMPL);

	xha_out_u8(o, (u8)t->family);
	xha_out_u8(o, t->id.proto);
	xha_out_u8(o, t->mode);
	xha_out_u8(o, t->share);
	xha_out_u8(o, t->optional);
	xha_out_bytes(o, &t->id.spi, 4);
	xha_out_be32(o, t->reqid);
	xha_out_be32(o, t->aalgos);
	xha_out_be32(o, t->ealgos);
	xha_out_be32(o, t->calgos);
	xha_out_bytes(o, &t->saddr, xha_addr_len(t->family));
	xha_out_bytes(o, &t->id.daddr, xha_addr_len(t->family));
	xha_attr_end(o, value);
}

static int get_tmpl(struct xha_in *in, struct xha_pol_desc *d)
{
	struct xfrm_user_tmpl *t;

	if (d->ntmpl >= ARRAY_SIZE(d->tmpl))
		return -EBADMSG;
	t = &d->tmpl[d->ntmpl++];
	t->family = xha_in_u8(in);
	if (t->family != AF_INET && t->family != AF_INET6)
		return -EBADMSG;
	t->id.proto = xha_in_u8(in);
	t->mode = xha_in_u8(in);
	t->share = xha_in_u8(in);
	t->optional = xha_in_u8(in);
	xha_in_bytes(in, &t->id.spi, 4);
	t->reqid = xha_in_be32(in);
	t->aalgos = xha_in_be32(in);
	t->ealgos = xha_in_be32(in);
	t->calgos = xha_in_be32(in);
	xha_in_bytes(in, &t->saddr, xha_addr_len(t->family));
	xha_in_bytes(in, &t->id.daddr, xha_addr_len(t->family));
	return xha_in_end(in);
}

/**
 * xha_put_policy - write a policy
 * @w: frame
 * @d: the policy
 *
 * Return: 0, or -EMSGSIZE if it does not fit into what is left of the frame.
 */
int xha_put_policy(struct xha_writer *w, const struct xha_pol_desc *d)
{
	struct xha_out o;
	u8 i;

	xha_rec_begin(w, &o, XHA_REC_POLICY, false);
	xha_out_be32(&o, d->id);
	xha_out_u8(&o, d->gid);
	xha_out_u8(&o, d->type);
	xha_out_u8(&o, d->dir);
	xha_out_u8(&o, d->action);
	xha_out_u8(&o, d->flags);
	xha_out_u8(&o, (u8)d->family);
	xha_out_be32(&o, d->priority);

	xha_put_sel(&o, &d->sel, d->family);
	xha_put_lft(&o, &d->lft);
	xha_put_mark(&o, XHA_TLV_MARK, &d->mark);
	xha_put_be32_attr(&o, XHA_TLV_IF_ID, d->if_id);
	xha_put_secctx(&o, &d->secctx);
	for (i = 0; i < d->ntmpl && i < ARRAY_SIZE(d->tmpl); i++)
		put_tmpl(&o, &d->tmpl[i]);
	return xha_rec_end(w, &o, XHA_REC_POLICY);
}

static int get_attr(struct xha_pol_desc *d, u8 type, struct xha_in *value)
{
	switch (type) {
	case XHA_TLV_SEL:	return xha_get_sel(value, &d->sel);
	case XHA_TLV_LFT:	return xha_get_lft(value, &d->lft);
	case XHA_TLV_MARK:	return xha_get_mark(value, &d->mark);
	case XHA_TLV_IF_ID:
		d->if_id = xha_in_be32(value);
		return xha_in_end(value);
	case XHA_TLV_SECCTX:	return xha_get_secctx(value, &d->secctx);
	case XHA_TLV_TMPL:	return get_tmpl(value, d);
	default:
		return type & XHA_TLV_OPTIONAL ? 0 : -EOPNOTSUPP;
	}
}

static int get_head(struct xha_in *in, struct xha_pol_desc *d)
{
	memset(d, 0, sizeof(*d));
	d->id = xha_in_be32(in);
	d->gid = xha_in_u8(in);
	d->type = xha_in_u8(in);
	d->dir = xha_in_u8(in);
	d->action = xha_in_u8(in);
	d->flags = xha_in_u8(in);
	d->family = xha_in_u8(in);
	d->priority = xha_in_be32(in);
	if (in->bad || d->type >= XFRM_POLICY_TYPE_MAX ||
	    d->dir >= XFRM_POLICY_MAX || d->action > XFRM_POLICY_BLOCK ||
	    (d->family != AF_INET && d->family != AF_INET6))
		return -EBADMSG;
	d->sel.family = d->family;
	xha_lft_default(&d->lft);
	return 0;
}

/**
 * xha_get_policy - read a policy
 * @rec: record
 * @d: filled in
 * @fixed: how many bytes at the start of the body are not counters: all that
 *	   this version writes
 *
 * A policy's family is its selector's: the kernel uses the one to read the
 * other.
 *
 * Return: 0; -EBADMSG; -EOPNOTSUPP if it has an attribute that is not known
 * here and may not be skipped: then @fixed and all that is known are set.
 */
int xha_get_policy(const struct xha_rec *rec, struct xha_pol_desc *d,
		   size_t *fixed)
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
	if (ret || d->sel.family != d->family)
		return -EBADMSG;
	*fixed = walk.fixed;
	return unknown;
}
