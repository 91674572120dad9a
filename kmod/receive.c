// SPDX-License-Identifier: GPL-2.0
/*
 * The way in, from top to bottom: a worker per peer takes one datagram after
 * the other, checks that it is the peer's and new, and applies its records. A
 * frame is acked when all of it has been applied, and not before.
 */
#include "apply.h"
#include "dirty.h"
#include "mutant.h"
#include "peer.h"
#include "scratch.h"

#define XHA_RECEIVE_BURST	64	/* datagrams before others get the worker */

/* What two nodes are given that does not fit shows in what is dropped. */
static const char *xha_receive_hint(const struct xha_peer *p, enum xha_stat why)
{
	switch (why) {
	case XHA_STAT_DROP_NODE:
		return "what comes from there has other node ids";
	case XHA_STAT_DROP_AUTH:
		return "what comes from there has another key";
	case XHA_STAT_DROP_TYPE:
		return p->keys.has_psk ? "what comes from there has no key" :
					 "what comes from there has a key";
	default:
		return NULL;
	}
}

/**
 * xha_peer_reject - a datagram of a peer is dropped
 * @p: peer, xha_net.lock held
 * @why: XHA_STAT_DROP_*
 */
void xha_peer_reject(struct xha_peer *p, enum xha_stat why)
{
	const char *hint = xha_receive_hint(p, why);

	p->rejected[why]++;
	xha_stat_inc(&p->xn->stats, why);
	/* A session that is up proves that both fit. */
	if (hint && (p->state == XFRM_HA_PSTATE_CONNECTING ||
		     p->state == XFRM_HA_PSTATE_LOST))
		p->reason = hint;
}

static int xha_receive_ack(struct xha_peer *p, struct xha_rec *rec, u64 now)
{
	struct xha_ack a;
	int err = xha_get_ack(rec, &a);

	if (!err)
		xha_flight_acked(p, &a, now);
	return err;
}

static int xha_receive_time(struct xha_peer *p, struct xha_rec *rec, u64 now)
{
	struct xha_time t;
	int err = xha_get_time(rec, &t);

	if (err)
		return err;
	p->stamp = t.stamp;
	p->stamp_at = now;
	if (t.beat)
		p->remote_beat = t.beat;
	/* Ours, or nonsense: then it proves nothing. */
	p->echoed = t.echo && t.echo + t.held <= now ? t.echo + t.held : 0;
	return 0;
}

/* Logged for the first one only: heartbeats go on. */
static void xha_receive_stranger(struct xha_peer *p, const char *name, u64 now)
{
	if (!p->lacking[0])
		pr_warn("xfrm_ha: peer %u has group %s, which is missing here\n",
			p->conf.id, name);
	strscpy(p->lacking, name, sizeof(p->lacking));
	p->lacking_at = now;
}

static int xha_receive_group(struct xha_peer *p, struct xha_rec *rec, u64 now)
{
	struct xha_group_status st;
	struct xha_group *g;
	int err = xha_get_group(rec, &st);

	if (err)
		return err;
	g = xha_group_by_name(p->xn, st.name);
	if (g)
		xha_follow_heard(p, g, &st, now);
	else
		xha_receive_stranger(p, st.name, now);
	return 0;
}

static int xha_receive_begin(struct xha_peer *p, struct xha_rec *rec, u64 frame)
{
	struct xha_begin b;
	int err = xha_get_begin(rec, &b);

	if (!err)
		xha_copy_begin(p, &b, frame);
	return err;
}

static int xha_receive_check(struct xha_peer *p, struct xha_rec *rec, u64 frame)
{
	struct xha_check c;
	int err = xha_get_check(rec, &c);

	if (!err)
		xha_copy_check(p, &c, frame);
	return err;
}

static int xha_receive_delete(struct xha_peer *p, struct xha_rec *rec, u64 frame)
{
	u32 id;
	int more;

	while ((more = xha_get_delete(rec, &id)) > 0)
		if (xha_apply_delete(p, id, frame))
			return -ENOMEM;
	return more;
}

static int xha_receive_same(struct xha_peer *p, struct xha_rec *rec, u64 frame)
{
	u64 hash;
	u32 id;
	int more;

	while ((more = xha_get_same(rec, &id, &hash)) > 0)
		if (xha_apply_same(p, id, hash, frame))
			return -ENOMEM;
	return more;
}

static int xha_receive_result(struct xha_peer *p, struct xha_rec *rec)
{
	struct xha_obj *o;
	u16 code;
	u32 id;
	int more;

	while ((more = xha_get_result(rec, &id, &code)) > 0) {
		o = xa_load(&p->xn->objs, id);
		if (o && o->group)
			xha_track_set_result(&o->group->peers[p->slot],
					     &o->track[p->slot], code);
	}
	return more;
}

/* 0; -EBADMSG; -ENOMEM, -EAGAIN: not all of it could be applied now. */
static int xha_receive_record(struct xha_peer *p, struct xha_rec *rec, u64 frame,
			      u64 now, bool *acked)
{
	*acked |= rec->type >= XHA_REC_BEGIN && rec->type <= XHA_REC_SAME &&
		  rec->type != XHA_REC_TIME;
	if (rec->type == XHA_REC_TIME || rec->type == XHA_REC_GROUP) {
		/* What a newer frame has said is not unsaid by an older one. */
		if (frame < p->beat_frame)
			return 0;
		p->beat_frame = frame;
	}
	switch (rec->type) {
	case XHA_REC_ACK:
		return xha_receive_ack(p, rec, now);
	case XHA_REC_TIME:
		return xha_receive_time(p, rec, now);
	case XHA_REC_GROUP:
		return xha_receive_group(p, rec, now);
	case XHA_REC_BEGIN:
		return xha_receive_begin(p, rec, frame);
	case XHA_REC_CHECK:
		return xha_receive_check(p, rec, frame);
	case XHA_REC_SA:
		return xha_apply_sa(p, rec, frame);
	case XHA_REC_POLICY:
		return xha_apply_policy(p, rec, frame);
	case XHA_REC_SAME:
		return xha_receive_same(p, rec, frame);
	case XHA_REC_DELETE:
		return xha_receive_delete(p, rec, frame);
	case XHA_REC_LEASE:
	case XHA_REC_LEASE64:
	case XHA_REC_FINAL:
	case XHA_REC_PACE:
	case XHA_REC_WINDOW:
	case XHA_REC_LIFE:
		return xha_receive_counters(p, rec, frame);
	case XHA_REC_RESULT:
		return xha_receive_result(p, rec);
	default:
		/* Of a later release; its length tells where it ends. */
		xha_stat_inc(&p->xn->stats, XHA_STAT_SKIP_RECORD);
		return 0;
	}
}

static void xha_receive_data(struct xha_peer *p, const struct xha_hdr *hdr,
			     struct xha_reader *r, u64 now)
{
	u32 session = p->session;
	bool acked = false;
	struct xha_rec rec;
	int err;

	if (p->state != XFRM_HA_PSTATE_UP) {
		xha_peer_reject(p, XHA_STAT_DROP_SESSION);
		return;
	}
	if (!xha_session_fresh(p, hdr->frame)) {
		xha_peer_reject(p, XHA_STAT_DROP_REPLAY);
		return;
	}
	if (now - p->heard_at > 2ULL * xha_session_beat(p))
		xha_flight_resume(p);
	p->heard_at = now;
	p->frames_rx++;
	if (XHA_MUTANT_EARLY_ACK) {
		xha_session_applied(p, hdr->frame);
		p->ack_due = true;
		xha_peer_kick(p);
	}

	while ((err = xha_next(r, &rec)) > 0) {
		err = xha_receive_record(p, &rec, hdr->frame, now, &acked);
		/* Applying lets the lock go: another session may have begun. */
		if (p->session != session)
			return;
		if (err)
			break;
	}
	if (err == -EBADMSG)
		xha_peer_reject(p, XHA_STAT_DROP_RECORD);
	if (err == -ENOMEM)
		xha_stat_inc(&p->xn->stats, XHA_STAT_NO_MEMORY);
	/* What was not applied, or not understood, is not held here. */
	if (!err)
		xha_session_applied(p, hdr->frame);
	p->ack_due |= acked;
}

/* Nothing behind the header is looked at before it is known to be the peer's. */
static void xha_receive_sealed(struct xha_peer *p, const struct xha_hdr *hdr,
			       size_t len, u64 now)
{
	int plain = xha_unseal(p, hdr, p->rxs->buf, len, now);
	struct xha_reader r;

	if (plain < 0) {
		xha_peer_reject(p, -plain);
		return;
	}
	if (p->state == XFRM_HA_PSTATE_UP && hdr->version != p->version) {
		xha_peer_reject(p, XHA_STAT_DROP_VERSION);
		return;
	}
	r.p = p->rxs->buf + XHA_HDR_LEN;
	r.left = plain - XHA_HDR_LEN;
	xha_receive_data(p, hdr, &r, now);
}

static void xha_receive_hello(struct xha_peer *p, struct xha_reader *r, u64 now)
{
	struct xha_hello h;
	struct xha_rec rec;
	int err;

	while ((err = xha_next(r, &rec)) > 0) {
		if (rec.type != XHA_REC_HELLO)
			continue;
		if (xha_get_hello(&rec, &h))
			break;
		p->frames_rx++;
		xha_session_hello(p, &h, now);
		return;
	}
	xha_peer_reject(p, XHA_STAT_DROP_RECORD);
}

static void xha_receive_one(struct xha_peer *p, size_t len)
{
	u64 now = xha_now_ms();
	struct xha_reader r;
	struct xha_hdr hdr;

	p->bytes_rx += len;
	if (xha_get_hdr(&r, p->rxs->buf, len, &hdr)) {
		xha_peer_reject(p, XHA_STAT_DROP_SHORT);
	} else if (hdr.src != p->conf.id || hdr.dst != p->xn->id) {
		xha_peer_reject(p, XHA_STAT_DROP_NODE);
	} else if (hdr.type == XHA_MSG_INIT || hdr.type == XHA_MSG_RESPONSE) {
		xha_handshake_receive(p, &hdr, p->rxs->buf, len, now);
	} else if (hdr.type == XHA_MSG_HELLO && !p->keys.has_psk) {
		/* Of any version: it says which ones the peer speaks. */
		xha_receive_hello(p, &r, now);
	} else if (hdr.type != XHA_MSG_DATA) {
		xha_peer_reject(p, XHA_STAT_DROP_TYPE);
	} else {
		xha_receive_sealed(p, &hdr, len, now);
	}
}

/**
 * xha_receive_work - take what has arrived
 * @work: xha_peer.rx
 */
void xha_receive_work(struct work_struct *work)
{
	struct xha_peer *p = container_of(work, struct xha_peer, rx);
	struct xha_rx_scratch *s = p->rxs;
	int burst = 0, len;

	do {
		len = p->transport.conf->ops->receive(&p->transport, s->buf,
						      sizeof(s->buf));
		if (len == -EAGAIN)
			break;
		/* Errors of the network, such as an unreachable port. */
		if (len < 0)
			continue;
		mutex_lock(&p->xn->lock);
		p->reading = true;
		xha_receive_one(p, len);
		p->reading = false;
		mutex_unlock(&p->xn->lock);
	} while (++burst < XHA_RECEIVE_BURST);
	memzero_explicit(s->buf, sizeof(s->buf));

	/* Under the lock: once the peer is stopping, nothing wakes the sender. */
	mutex_lock(&p->xn->lock);
	xha_peer_kick(p);
	mutex_unlock(&p->xn->lock);
	if (burst == XHA_RECEIVE_BURST)
		queue_work(xha_wq, &p->rx);
}
