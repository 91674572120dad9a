// SPDX-License-Identifier: GPL-2.0
/*
 * The wire format: datagrams, records, and the records that are not objects.
 * wire_elem.c has the arrays of counters, wire_sa.c and wire_policy.c the
 * objects. In each file put stands beside get.
 */
#include "wire_bytes.h"
#include "../uapi/linux/xfrm_ha.h"

/**
 * xha_put_hdr - begin a datagram
 * @w: writer, made anew
 * @buf: where to write
 * @room: size of @buf; if it has no room for a header, nothing ever fits
 * @hdr: outer header
 */
void xha_put_hdr(struct xha_writer *w, u8 *buf, size_t room,
		 const struct xha_hdr *hdr)
{
	struct xha_out o = { .p = buf, .end = buf + room };

	w->buf = buf;
	w->rec = 0;
	xha_out_u8(&o, hdr->version);
	xha_out_u8(&o, hdr->type);
	xha_out_u8(&o, hdr->src);
	xha_out_u8(&o, hdr->dst);
	xha_out_be32(&o, hdr->session);
	xha_out_be64(&o, hdr->frame);
	w->len = o.full ? 0 : XHA_HDR_LEN;
	w->room = o.full ? 0 : room;
}

/**
 * xha_get_hdr - begin to read a datagram
 * @r: reader, made anew
 * @buf: datagram
 * @len: its length
 * @hdr: filled in
 *
 * Return: 0, or -EBADMSG if @len is shorter than a header.
 */
int xha_get_hdr(struct xha_reader *r, const u8 *buf, size_t len,
		struct xha_hdr *hdr)
{
	struct xha_in in;

	xha_in_init(&in, buf, len);
	hdr->version = xha_in_u8(&in);
	hdr->type = xha_in_u8(&in);
	hdr->src = xha_in_u8(&in);
	hdr->dst = xha_in_u8(&in);
	hdr->session = xha_in_be32(&in);
	hdr->frame = xha_in_be64(&in);
	r->p = in.p;
	r->left = in.bad ? 0 : in.left;
	return in.bad ? -EBADMSG : 0;
}

/**
 * xha_rec_begin - begin a record, or go on with the last one
 * @w: writer; does not change before xha_rec_end()
 * @o: made ready for the body
 * @type: enum xha_rec_type
 * @share: go on with the last record if it is of this type
 */
void xha_rec_begin(const struct xha_writer *w, struct xha_out *o, u8 type,
		   bool share)
{
	o->p = w->buf + w->len;
	o->end = w->buf + w->room;
	o->full = false;
	if (share && w->rec && w->buf[w->rec] == type) {
		o->rec = w->rec;
		return;
	}
	o->rec = w->len;
	xha_out_room(o, XHA_REC_HDR_LEN);
}

/**
 * xha_rec_end - finish a record
 * @w: writer, takes it over if it fits
 * @o: the record
 * @type: enum xha_rec_type
 *
 * Return: 0, or -EMSGSIZE with @w as it was.
 */
int xha_rec_end(struct xha_writer *w, struct xha_out *o, u8 type)
{
	size_t len = (size_t)(o->p - w->buf);
	size_t body;
	u8 *hdr;

	if (o->full)
		return -EMSGSIZE;
	body = len - o->rec - XHA_REC_HDR_LEN;
	if (body > U16_MAX)
		return -EMSGSIZE;
	hdr = w->buf + o->rec;
	hdr[0] = type;
	hdr[1] = 0;
	hdr[2] = body >> 8;
	hdr[3] = body & 0xff;
	w->rec = o->rec;
	w->len = len;
	return 0;
}

/**
 * xha_next - next record of a datagram
 * @r: reader; at its end after an error
 * @rec: filled in, borrows from the datagram
 *
 * Return: 1; 0 at the end; -EBADMSG if the rest is not a record.
 */
int xha_next(struct xha_reader *r, struct xha_rec *rec)
{
	struct xha_in in;

	if (!r->left)
		return 0;
	xha_in_init(&in, r->p, r->left);
	rec->type = xha_in_u8(&in);
	rec->flags = xha_in_u8(&in);
	rec->len = xha_in_be16(&in);
	rec->body = xha_in_take(&in, rec->len);
	r->p = in.p;
	r->left = in.bad ? 0 : in.left;
	return in.bad ? -EBADMSG : 1;
}

static void put_name(struct xha_out *o, const char *name)
{
	u8 len = strnlen(name, XHA_WIRE_NAME_MAX);

	xha_out_u8(o, len);
	xha_out_bytes(o, name, len);
}

static bool name_char(u8 c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

static int get_name(struct xha_in *in, char *name)
{
	u8 len = xha_in_u8(in);
	u8 i;

	memset(name, 0, XHA_WIRE_NAME_MAX + 1);
	if (!len || len > XHA_WIRE_NAME_MAX)
		return -EBADMSG;
	xha_in_bytes(in, name, len);
	if (in->bad)
		return -EBADMSG;
	for (i = 0; i < len; i++)
		if (!name_char((u8)name[i]))
			return -EBADMSG;
	return 0;
}

/* xha_put_hello - write what opens a session */
int xha_put_hello(struct xha_writer *w, const struct xha_hello *h)
{
	struct xha_out o;

	xha_rec_begin(w, &o, XHA_REC_HELLO, false);
	xha_out_be64(&o, h->boot);
	xha_out_be32(&o, h->session);
	xha_out_be32(&o, h->echo);
	xha_out_u8(&o, h->version_min);
	xha_out_u8(&o, h->version_max);
	xha_out_be32(&o, h->features);
	xha_out_be32(&o, h->heartbeat);
	return xha_rec_end(w, &o, XHA_REC_HELLO);
}

/* xha_get_hello - read it */
int xha_get_hello(const struct xha_rec *rec, struct xha_hello *h)
{
	struct xha_in in;

	xha_in_init(&in, rec->body, rec->len);
	h->boot = xha_in_be64(&in);
	h->session = xha_in_be32(&in);
	h->echo = xha_in_be32(&in);
	h->version_min = xha_in_u8(&in);
	h->version_max = xha_in_u8(&in);
	h->features = xha_in_be32(&in);
	h->heartbeat = xha_in_be32(&in);
	if (in.bad || !h->boot || !h->version_min ||
	    h->version_min > h->version_max)
		return -EBADMSG;
	return 0;
}

/* xha_put_ack - write which frames were applied */
int xha_put_ack(struct xha_writer *w, const struct xha_ack *a)
{
	struct xha_out o;
	size_t i;

	xha_rec_begin(w, &o, XHA_REC_ACK, false);
	xha_out_be64(&o, a->top);
	for (i = 0; i < ARRAY_SIZE(a->bits); i++)
		xha_out_be64(&o, a->bits[i]);
	return xha_rec_end(w, &o, XHA_REC_ACK);
}

/* xha_get_ack - read it */
int xha_get_ack(const struct xha_rec *rec, struct xha_ack *a)
{
	struct xha_in in;
	size_t i;

	xha_in_init(&in, rec->body, rec->len);
	a->top = xha_in_be64(&in);
	for (i = 0; i < ARRAY_SIZE(a->bits); i++)
		a->bits[i] = xha_in_be64(&in);
	return in.bad ? -EBADMSG : 0;
}

/* xha_put_group - write what this node says of a group */
int xha_put_group(struct xha_writer *w, const struct xha_group_status *s)
{
	struct xha_out o;

	xha_rec_begin(w, &o, XHA_REC_GROUP, false);
	xha_out_u8(&o, s->gid);
	xha_out_u8(&o, s->role);
	xha_out_u8(&o, s->sync);
	xha_out_u8(&o, s->flags);
	xha_out_be32(&o, s->asof);
	xha_out_be64(&o, s->term);
	xha_out_be64(&o, s->config);
	xha_out_be32(&o, s->want);
	xha_out_be32(&o, s->gen);
	xha_out_be32(&o, s->check);
	xha_out_be32(&o, s->count);
	put_name(&o, s->name);
	return xha_rec_end(w, &o, XHA_REC_GROUP);
}

/* xha_get_group - read it; role and sync are in the range of their enums */
int xha_get_group(const struct xha_rec *rec, struct xha_group_status *s)
{
	struct xha_in in;

	xha_in_init(&in, rec->body, rec->len);
	s->gid = xha_in_u8(&in);
	s->role = xha_in_u8(&in);
	s->sync = xha_in_u8(&in);
	s->flags = xha_in_u8(&in);
	s->asof = xha_in_be32(&in);
	s->term = xha_in_be64(&in);
	s->config = xha_in_be64(&in);
	s->want = xha_in_be32(&in);
	s->gen = xha_in_be32(&in);
	s->check = xha_in_be32(&in);
	s->count = xha_in_be32(&in);
	if (s->role > XFRM_HA_ROLE_FENCED || s->sync > XFRM_HA_SYNC_STALE)
		return -EBADMSG;
	return get_name(&in, s->name);
}

/* xha_put_begin - write that a new generation begins */
int xha_put_begin(struct xha_writer *w, const struct xha_begin *b)
{
	struct xha_out o;

	xha_rec_begin(w, &o, XHA_REC_BEGIN, false);
	xha_out_u8(&o, b->gid);
	xha_out_be32(&o, b->gen);
	xha_out_be32(&o, b->count);
	put_name(&o, b->name);
	return xha_rec_end(w, &o, XHA_REC_BEGIN);
}

/* xha_get_begin - read it */
int xha_get_begin(const struct xha_rec *rec, struct xha_begin *b)
{
	struct xha_in in;

	xha_in_init(&in, rec->body, rec->len);
	b->gid = xha_in_u8(&in);
	b->gen = xha_in_be32(&in);
	b->count = xha_in_be32(&in);
	return get_name(&in, b->name);
}

/* xha_put_check - write what the receiver must hold now */
int xha_put_check(struct xha_writer *w, const struct xha_check *c)
{
	struct xha_out o;

	xha_rec_begin(w, &o, XHA_REC_CHECK, false);
	xha_out_u8(&o, c->gid);
	xha_out_u8(&o, c->flags);
	xha_out_be32(&o, c->gen);
	xha_out_be32(&o, c->check);
	xha_out_be32(&o, c->count);
	xha_out_be64(&o, c->digest);
	return xha_rec_end(w, &o, XHA_REC_CHECK);
}

/* xha_get_check - read it */
int xha_get_check(const struct xha_rec *rec, struct xha_check *c)
{
	struct xha_in in;

	xha_in_init(&in, rec->body, rec->len);
	c->gid = xha_in_u8(&in);
	c->flags = xha_in_u8(&in);
	c->gen = xha_in_be32(&in);
	c->check = xha_in_be32(&in);
	c->count = xha_in_be32(&in);
	c->digest = xha_in_be64(&in);
	return in.bad ? -EBADMSG : 0;
}

/* xha_put_pretended - write what this release does not know */
int xha_put_pretended(struct xha_writer *w)
{
	struct xha_out o;

	xha_rec_begin(w, &o, XHA_REC_PRETENDED, false);
	xha_out_be32(&o, XHA_WIRE_VERSION);
	return xha_rec_end(w, &o, XHA_REC_PRETENDED);
}

/* xha_put_time - write what tells the age of the rest */
int xha_put_time(struct xha_writer *w, const struct xha_time *t)
{
	struct xha_out o;

	xha_rec_begin(w, &o, XHA_REC_TIME, false);
	xha_out_be64(&o, t->stamp);
	xha_out_be64(&o, t->echo);
	xha_out_be32(&o, t->held);
	xha_out_be32(&o, t->beat);
	return xha_rec_end(w, &o, XHA_REC_TIME);
}

/* xha_get_time - read it */
int xha_get_time(const struct xha_rec *rec, struct xha_time *t)
{
	struct xha_in in;

	xha_in_init(&in, rec->body, rec->len);
	t->stamp = xha_in_be64(&in);
	t->echo = xha_in_be64(&in);
	t->held = xha_in_be32(&in);
	t->beat = xha_in_be32(&in);
	return in.bad ? -EBADMSG : 0;
}
