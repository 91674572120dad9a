// SPDX-License-Identifier: GPL-2.0
/* Applying policy records. */
#include "apply.h"
#include "dirty.h"
#include "frame.h"
#include "install.h"
#include "scratch.h"
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
}

/* Would we send just that record of what XFRM holds? */
static bool xha_apply_same_policy(struct xha_peer *p, struct xha_pol *pol, u64 hash)
{
	struct xha_rx_scratch *r = p->rxs;
	struct xha_hdr hdr = {};
	struct xha_writer w;
	struct xha_rec rec;
	size_t fixed;

	xha_snapshot_policy(pol->xp, pol->key.dir, &r->mine_pol);
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

/* 1: dealt with; 0: its place is free now; or -ENOMEM. */
static int xha_apply_pol_existing(struct xha_peer *p, struct xha_group *g,
				  struct xha_pol *pol, u64 frame, u64 hash)
{
	struct xha_obj *o = &pol->obj;
	u32 id = p->rxs->pol.id;
	bool same = false;

	if (pol->xp && o->group == g && !pol->xp->walk.dead)
		same = (o->hash == hash && o->result == XHA_RESULT_OK) ||
		       xha_apply_same_policy(p, pol, hash);
	if (same)
		return xha_apply_claim(p, o, id, frame, hash, XHA_RESULT_OK) ?: 1;
	if (o->origin == XFRM_HA_ORIGIN_LEARNED) {
		xha_copy_drop(p->xn, o);
		return 0;
	}
	return xha_apply_claim(p, o, id, frame, hash, XHA_RESULT_TAKEN) ?: 1;
}

static int xha_apply_pol_install(struct xha_peer *p, struct xha_group *g,
				 const struct xha_pol_key *key, u64 frame, u64 hash,
				 u8 result)
{
	const struct xha_pol_desc *d = &p->rxs->pol;
	struct xfrm_policy *xp = NULL;
	struct xha_pol *pol;

	pol = xha_pol_add(p->xn, key);
	if (!pol)
		return -ENOMEM;
	pol->obj.origin = XFRM_HA_ORIGIN_LEARNED;
	pol->obj.installed = true;
	xha_obj_set_group(&pol->obj, g);
	if (result != XHA_RESULT_OK)
		return xha_apply_claim(p, &pol->obj, d->id, frame, hash, result);

	xp = xha_install_policy_build(p->xn->net, d);
	if (!xp) {
		xha_obj_bury(p->xn, &pol->obj);
		return -ENOMEM;
	}
	if (xha_install_policy_insert(xp, d->dir)) {
		/* There is one that the tap has not told us of yet. */
		xha_install_policy_discard(xp);
		xha_obj_bury(p->xn, &pol->obj);
		xha_reconcile_pol(p->xn, key);
		return -ENOMEM;
	}
	pol->xp = xp;
	xha_stat_inc(&p->xn->stats, XHA_STAT_INSTALLED);
	return xha_apply_claim(p, &pol->obj, d->id, frame, hash, XHA_RESULT_OK);
}

/**
 * xha_apply_policy - a policy of the active
 * @p: peer, xha_net.lock held
 * @rec: the record
 * @frame: number of the frame
 *
 * Installed at once: together with closed SAs it drops what matches it, which
 * is what a standby shall do.
 *
 * Return: 0, -EBADMSG or -ENOMEM.
 */
int xha_apply_policy(struct xha_peer *p, const struct xha_rec *rec, u64 frame)
{
	struct xha_pol_desc *d = &p->rxs->pol;
	struct xha_pol_key key;
	struct xha_group *g;
	struct xha_pol *pol;
	size_t fixed = 0;
	u64 hash;
	int err;

	err = xha_get_policy(rec, d, &fixed);
	if (err && err != -EOPNOTSUPP)
		return err;
	g = xha_copy_group(p, d->gid);
	if (!g || xha_apply_stale(p, d->id, frame))
		return 0;

	hash = xha_record_hash(rec->body, fixed);
	xha_apply_pol_key(d, &key);
	if (!err) {
		int known;

		pol = xha_pol_find(p->xn, &key);
		known = pol ? xha_apply_pol_existing(p, g, pol, frame, hash) : 0;
		if (known)
			return min(known, 0);
	}
	return xha_apply_pol_install(p, g, &key, frame, hash,
				     err ? XHA_RESULT_UNKNOWN_ATTR :
					   XHA_RESULT_OK);
}
