// SPDX-License-Identifier: GPL-2.0
/* The way in for counters: records of many SAs, one element each. */
#include "apply.h"
#include "peer.h"

/* 0 and the SA, NULL if there is none that it could be applied to; -EAGAIN: not yet. */
static int xha_receive_sa(struct xha_peer *p, u32 id, struct xha_sa **s)
{
	if (xha_apply_early(p, id))
		return -EAGAIN;
	*s = xha_apply_sa_by_id(p, id);
	return 0;
}

static int xha_receive_lease(struct xha_peer *p, struct xha_rec *rec)
{
	struct xha_sa *s;
	u32 id, low;
	int more;

	while ((more = xha_get_lease(rec, &id, &low)) > 0) {
		if (xha_receive_sa(p, id, &s))
			return -EAGAIN;
		if (s)
			xha_apply_lease(p, s, s->esn ?
					xha_lease_widen(low, s->view.base) : low);
	}
	return more;
}

static int xha_receive_lease64(struct xha_peer *p, struct xha_rec *rec)
{
	struct xha_sa *s;
	u64 lease;
	u32 id;
	int more;

	while ((more = xha_get_lease64(rec, &id, &lease)) > 0) {
		if (xha_receive_sa(p, id, &s))
			return -EAGAIN;
		if (s)
			xha_apply_lease(p, s, lease);
	}
	return more;
}

static int xha_receive_final(struct xha_peer *p, struct xha_rec *rec)
{
	struct xha_sa *s;
	u32 id, term;
	u64 oseq;
	int more;

	while ((more = xha_get_final(rec, &id, &term, &oseq)) > 0) {
		if (xha_receive_sa(p, id, &s))
			return -EAGAIN;
		if (s)
			xha_apply_final(s, term, oseq);
	}
	return more;
}

static int xha_receive_pace(struct xha_peer *p, struct xha_rec *rec, u64 frame)
{
	struct xha_pace pace;
	struct xha_sa *s;
	u32 id;
	int more;

	while ((more = xha_get_pace(rec, &id, &pace)) > 0) {
		if (xha_receive_sa(p, id, &s))
			return -EAGAIN;
		if (s)
			xha_apply_pace(p, s, pace, frame);
	}
	return more;
}

static int xha_receive_window(struct xha_peer *p, struct xha_rec *rec)
{
	struct xha_window_elem e;
	struct xha_sa *s;
	u32 id;
	int more;

	while ((more = xha_get_window(rec, &id, &e)) > 0) {
		if (xha_receive_sa(p, id, &s))
			return -EAGAIN;
		if (s)
			xha_apply_window_elem(p, s, &e);
	}
	return more;
}

static int xha_receive_life(struct xha_peer *p, struct xha_rec *rec)
{
	struct xha_life life;
	struct xha_sa *s;
	u32 id;
	int more;

	while ((more = xha_get_life(rec, &id, &life)) > 0) {
		if (xha_receive_sa(p, id, &s))
			return -EAGAIN;
		if (s)
			xha_apply_life(s, &life, false);
	}
	return more;
}

/**
 * xha_receive_counters - a record of counters came in
 * @p: peer, xha_net.lock held
 * @rec: the record, XHA_REC_LEASE, _LEASE64, _FINAL, _PACE, _WINDOW or _LIFE
 * @frame: number of the frame
 *
 * Return: 0; -EBADMSG; -EAGAIN: one is of an object that has not come yet. All
 * elements before it are applied, and will be again, which changes nothing.
 */
int xha_receive_counters(struct xha_peer *p, struct xha_rec *rec, u64 frame)
{
	switch (rec->type) {
	case XHA_REC_LEASE:
		return xha_receive_lease(p, rec);
	case XHA_REC_LEASE64:
		return xha_receive_lease64(p, rec);
	case XHA_REC_FINAL:
		return xha_receive_final(p, rec);
	case XHA_REC_PACE:
		return xha_receive_pace(p, rec, frame);
	case XHA_REC_WINDOW:
		return xha_receive_window(p, rec);
	case XHA_REC_LIFE:
		return xha_receive_life(p, rec);
	default:
		return -EBADMSG;
	}
}
