// SPDX-License-Identifier: GPL-2.0
/* Applying policy records. */
#include "apply.h"
#include "dirty.h"
#include "frame.h"
#include "install.h"
#include "park.h"
#include "scratch.h"
#include "secctx.h"
#include "snapshot.h"
#include "tap.h"

static void xha_apply_pol_key(const struct xha_pol_desc *d, struct xha_pol_key *key)
{
	memset(key, 0, sizeof(*key));
	key->sel = d->sel;
	/* As xfrm_policy_insert() will. */
	key->mark_v = d->mark.v & d->mark.m;
	key->mark_m = d->mark.m;
	key->if_id = d->if_id;
	key->type = d->type;
	key->dir = d->dir;
	key->secctx = xha_secctx_hash(&d->secctx);
}

/* Would we send just that record of what XFRM holds? */
static bool xha_apply_same_policy(struct xha_peer *p, struct xha_pol *pol, u64 hash)
{
	struct xha_rx_scratch *r = p->rxs;
	struct xha_hdr hdr = {};
	struct xha_writer w;
	struct xha_rec rec;
	size_t fixed;

	xha_snapshot_policy(pol, &r->mine_pol);
	r->mine_pol.id = r->pol.id;
	r->mine_pol.gid = r->pol.gid;
	xha_put_hdr(&w, r->cmp, sizeof(r->cmp), &hdr);
	if (xha_put_policy(&w, &r->mine_pol))
		return false;
	rec.body = w.buf + w.rec + XHA_REC_HDR_LEN;
	rec.len = w.len - w.rec - XHA_REC_HDR_LEN;
	return !xha_get_policy(&rec, &r->mine_pol, &fixed) &&
	       xha_record_hash(rec.body, fixed) == hash;
}

static int xha_apply_pol_add(struct xha_peer *p, struct xha_group *g,
			     const struct xha_pol_key *key, struct xfrm_policy *xp,
			     u64 frame, u64 hash, u8 result, bool beside)
{
	struct xha_pol *pol = xha_pol_add(p->xn, key, beside);

	if (!pol)
		return -ENOMEM;
	pol->xp = xp;
	pol->obj.origin = XFRM_HA_ORIGIN_LEARNED;
	pol->obj.installed = xp;
	xha_obj_set_group(&pol->obj, g);
	return xha_apply_claim(p, &pol->obj, p->rxs->pol.id, frame, hash, result);
}

/* Its place is taken by a policy of another group, or of none. */
static int xha_apply_pol_beside(struct xha_peer *p, struct xha_group *g,
				const struct xha_pol_key *key, u64 frame, u64 hash)
{
	u32 id = p->rxs->pol.id;
	struct xha_obj *o = xha_copy_obj(p, id);

	if (o)
		return xha_apply_claim(p, o, id, frame, hash, XHA_RESULT_TAKEN);
	return xha_apply_pol_add(p, g, key, NULL, frame, hash, XHA_RESULT_TAKEN, true);
}

/* A newer version takes the place of ours in one step: nothing slips through. */
static int xha_apply_pol_replace(struct xha_peer *p, struct xha_pol *pol, u64 frame, u64 hash)
{
	struct xfrm_policy *old = pol->xp, *xp;
	bool closed;

	xp = xha_install_policy_build(p->xn->net, &p->rxs->pol);
	if (!xp)
		return -ENOMEM;
	closed = !pol->parked && xha_park_block(xp, pol->key.dir);
	if (!pol->parked && xha_install_policy_insert(xp, pol->key.dir, true)) {
		xha_install_policy_discard(xp);
		return -ENOMEM;
	}
	xha_stat_inc(&p->xn->stats, XHA_STAT_INSTALLED);
	pol->xp = xp;
	pol->genid = 0;
	pol->closed = closed;
	pol->obj.installed = xp;
	if (pol->parked)
		xha_install_policy_discard(old);
	else
		xfrm_pol_put(old);
	return xha_apply_claim(p, &pol->obj, p->rxs->pol.id, frame, hash, XHA_RESULT_OK);
}

/*
 * 1: dealt with; 0: its place is free now; or -ENOMEM. @install: the record can
 * be installed.
 */
static int xha_apply_pol_existing(struct xha_peer *p, struct xha_group *g,
				  struct xha_pol *pol, u64 frame, u64 hash, bool install)
{
	struct xha_obj *o = &pol->obj;
	u32 id = p->rxs->pol.id;
	bool live, same = false;

	live = pol->xp && o->group == g && !READ_ONCE(pol->xp->walk.dead);
	if (live)
		same = (o->hash == hash && o->result == XHA_RESULT_OK) ||
		       xha_apply_same_policy(p, pol, hash);
	if (same)
		return xha_apply_claim(p, o, id, frame, hash, XHA_RESULT_OK) ?: 1;
	if (o->origin == XFRM_HA_ORIGIN_LEARNED) {
		if (live && install)
			return xha_apply_pol_replace(p, pol, frame, hash) ?: 1;
		xha_copy_drop(p->xn, o);
		return 0;
	}
	if (o->group != g)
		return xha_apply_pol_beside(p, g, &pol->key, frame, hash) ?: 1;
	return xha_apply_claim(p, o, id, frame, hash, XHA_RESULT_TAKEN) ?: 1;
}

/*
 * XFRM has another policy in that place. If the tap had not told us of it yet, it
 * is in our table now; one of no group never will be.
 */
static int xha_apply_pol_taken(struct xha_peer *p, struct xha_group *g,
			       const struct xha_pol_key *key, u64 frame, u64 hash)
{
	struct xha_pol *pol;

	xha_reconcile_pol(p->xn, key);
	pol = xha_pol_find(p->xn, key);
	if (pol)
		return xha_apply_pol_existing(p, g, pol, frame, hash, false);
	return xha_apply_pol_add(p, g, key, NULL, frame, hash, XHA_RESULT_TAKEN, false);
}

static int xha_apply_pol_install(struct xha_peer *p, struct xha_group *g,
				 const struct xha_pol_key *key, u64 frame, u64 hash)
{
	const struct xha_pol_desc *d = &p->rxs->pol;
	bool parked = xha_park_wanted(g), closed;
	struct xfrm_policy *xp;
	struct xha_pol *pol;
	int err;

	xp = xha_install_policy_build(p->xn->net, d);
	if (!xp)
		return -ENOMEM;
	closed = !parked && xha_park_block(xp, d->dir);
	if (!parked && xha_install_policy_insert(xp, d->dir, false)) {
		xha_install_policy_discard(xp);
		return xha_apply_pol_taken(p, g, key, frame, hash);
	}
	xha_stat_inc(&p->xn->stats, XHA_STAT_INSTALLED);
	err = xha_apply_pol_add(p, g, key, xp, frame, hash, XHA_RESULT_OK, false);
	pol = xha_pol_find(p->xn, key);
	if (pol) {
		pol->parked = parked;
		pol->closed = closed;
	} else if (parked) {
		xha_install_policy_discard(xp);
	} else {
		/* Not in our table: it must not stay in XFRM's. */
		xfrm_policy_delete(xp, d->dir);
		xfrm_pol_put(xp);
	}
	return err;
}

/*
 * The checks of validate_tmpl() in net/xfrm/xfrm_user.c: XFRM relies on them. An
 * outbound policy of optional templates alone would let clear text out.
 */
static bool xha_apply_pol_valid(const struct xha_pol_desc *d)
{
	u16 family = d->family;
	int i, required = 0;

	for (i = 0; i < d->ntmpl; i++) {
		const struct xfrm_user_tmpl *t = &d->tmpl[i];

		required += !t->optional;
		if (!xha_snapshot_carried(t->id.proto, t->mode))
			return false;
		if (t->mode == XFRM_MODE_TRANSPORT && t->family != family)
			return false;
		if (t->family != AF_INET && t->family != AF_INET6)
			return false;
		if (t->optional && d->dir == XFRM_POLICY_OUT && t->mode != XFRM_MODE_TRANSPORT)
			return false;
		family = t->family;
	}
	if (!IS_ENABLED(CONFIG_XFRM_SUB_POLICY) && d->type != XFRM_POLICY_TYPE_MAIN)
		return false;
	return required || !d->ntmpl || d->dir != XFRM_POLICY_OUT;
}

/**
 * xha_apply_policy - a policy of the active
 * @p: peer, xha_net.lock held
 * @rec: the record
 * @frame: number of the frame
 *
 * With 'policies hot' installed at once, and closed: it blocks what matches it.
 *
 * Return: 0, -EBADMSG or -ENOMEM.
 */
int xha_apply_policy(struct xha_peer *p, const struct xha_rec *rec, u64 frame)
{
	struct xha_pol_desc *d = &p->rxs->pol;
	u8 result = XHA_RESULT_OK;
	struct xha_pol_key key;
	struct xha_group *g;
	struct xha_pol *pol;
	size_t fixed = 0;
	u64 hash;
	int err;

	err = xha_get_policy(rec, d, &fixed);
	if (err && err != -EOPNOTSUPP)
		return err;
	if (xha_apply_stale(p, d->id, frame))
		return 0;
	xha_apply_pol_key(d, &key);
	g = xha_merge_group(p, d->gid);
	if (g)
		return err || !xha_apply_pol_valid(d) || !xha_secctx_known(&d->secctx) ? 0 :
		       xha_merge_policy(p, g, &key, rec->flags & XHA_REC_KNOWN);
	g = xha_copy_group(p, d->gid);
	if (!g)
		return 0;

	if (err || !xha_secctx_known(&d->secctx))
		result = XHA_RESULT_UNKNOWN_ATTR;
	else if (!xha_apply_pol_valid(d))
		result = XHA_RESULT_INVALID;
	hash = xha_record_hash(rec->body, fixed);
	pol = xha_pol_find(p->xn, &key);
	err = pol ? xha_apply_pol_existing(p, g, pol, frame, hash,
					   result == XHA_RESULT_OK) : 0;
	if (!err && result != XHA_RESULT_OK)
		err = xha_apply_pol_add(p, g, &key, NULL, frame, hash, result, false);
	else if (!err)
		err = xha_apply_pol_install(p, g, &key, frame, hash);
	return min(err, 0);
}
