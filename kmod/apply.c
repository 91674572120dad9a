// SPDX-License-Identifier: GPL-2.0
/* Applying SA and policy records: install, adopt, replace or refuse. */
#include "apply.h"
#include "dirty.h"
#include "frame.h"
#include "gate.h"
#include "install.h"
#include "mutant.h"
#include "scratch.h"
#include "shadow.h"
#include "snapshot.h"
#include "tap.h"

static void xha_apply_key(const struct xha_sa_desc *d, struct xha_sa_key *key)
{
	memset(key, 0, sizeof(*key));
	key->daddr = d->daddr;
	key->spi = d->spi;
	key->mark_v = d->mark.v;
	key->mark_m = d->mark.m;
	key->family = d->family;
	key->proto = d->proto;
}

/* What becomes of a record of which there is a state. */
static u8 xha_apply_held(const struct xha_sa *s)
{
	return s->shadow ? XHA_RESULT_WAITING : XHA_RESULT_OK;
}

/*
 * Would we send just that record of what XFRM holds? What a daemon has installed
 * need not be the same to the last bit, only the same SA.
 */
static bool xha_apply_same_sa(struct xha_peer *p, struct xha_sa *s, u64 hash)
{
	struct xha_rx_scratch *r = p->rxs;
	struct xha_hdr hdr = {};
	struct xha_writer w;
	struct xha_rec rec;
	size_t fixed;
	bool same = false;

	spin_lock_bh(&s->x->lock);
	xha_snapshot_sa(s->x, &r->mine);
	spin_unlock_bh(&s->x->lock);
	if (xha_shadow_daemons(s))
		return xha_snapshot_same_sa(&r->mine, &r->sa) &&
		       xha_snapshot_same_replay(&r->mine, &r->sa, s->dir);
	if (s->keepalive)
		r->mine.nat_keepalive = s->keepalive;
	r->mine.id = r->sa.id;
	r->mine.gid = r->sa.gid;

	xha_put_hdr(&w, r->cmp, sizeof(r->cmp), &hdr);
	if (!xha_put_sa(&w, &r->mine)) {
		rec.body = w.buf + w.rec + XHA_REC_HDR_LEN;
		rec.len = w.len - w.rec - XHA_REC_HDR_LEN;
		same = !xha_get_sa(&rec, &r->mine, &fixed) &&
		       xha_record_hash(rec.body, fixed) == hash;
	}
	/* Keys, even of a record that did not fit. */
	memzero_explicit(r->cmp, sizeof(r->cmp));
	return same;
}

/**
 * xha_apply_add - a row in the table for the SA in the receiver's scratch
 * @p: peer, xha_net.lock held
 * @g: its group
 * @key: its key
 * @dir: enum xfrm_ha_dir
 * @beside: another one has that key
 *
 * Return: the SA, still without a state; NULL without memory.
 */
struct xha_sa *xha_apply_add(struct xha_peer *p, struct xha_group *g,
			     const struct xha_sa_key *key, u8 dir, bool beside)
{
	const struct xha_sa_desc *d = &p->rxs->sa;
	struct xha_sa *s = xha_sa_add(p->xn, key, beside);

	if (!s)
		return NULL;
	s->saddr = d->saddr;
	s->esn = d->flags & XFRM_STATE_ESN;
	s->dir = dir;
	s->shared = true;
	s->obj.origin = XFRM_HA_ORIGIN_LEARNED;
	xha_obj_set_group(&s->obj, g);
	return s;
}

/* Its place is taken by an SA of another group, or of none, which stays that. */
static int xha_apply_beside(struct xha_peer *p, struct xha_group *g,
			    const struct xha_sa_key *key, u64 frame, u64 hash)
{
	u32 id = p->rxs->sa.id;
	struct xha_obj *o = xha_copy_obj(p, id);
	struct xha_sa *s;

	if (!o) {
		s = xha_apply_add(p, g, key, XFRM_HA_DIR_UNKNOWN, true);
		if (!s)
			return -ENOMEM;
		o = &s->obj;
	}
	return xha_apply_claim(p, o, id, frame, hash, XHA_RESULT_TAKEN);
}

/*
 * What is in the table under the record's key: the copy itself, the same SA by
 * another way, or something else that must not be touched. 1: dealt with; 0: an
 * older version of the copy, which stays until the new one is built.
 */
static int xha_apply_existing(struct xha_peer *p, struct xha_group *g,
			      struct xha_sa *s, u64 frame, u64 hash)
{
	struct xha_sa_desc *d = &p->rxs->sa;
	bool same = false;
	int err;

	/* Deleted by the daemon, and nobody has come to look yet. */
	if (s->x && s->x->km.state == XFRM_STATE_DEAD)
		xha_shadow_keep(p->xn, s);
	/* With a state that died the audit has not come by yet. */
	if (s->x && s->obj.group == g && s->x->km.state != XFRM_STATE_DEAD)
		same = (s->obj.hash == hash && s->obj.result == xha_apply_held(s)) ||
		       (s->obj.result != XHA_RESULT_COUNTER &&
			xha_apply_same_sa(p, s, hash));
	if (same) {
		s->shared = true;
		/* The daemon's own, too: it is the active's that counts. */
		if (g->install == XFRM_HA_INSTALL_DAEMON)
			s->obj.origin = XFRM_HA_ORIGIN_LEARNED;
		err = xha_apply_claim(p, &s->obj, d->id, frame, hash,
				      xha_apply_held(s));
		xha_apply_counters(p, s, d, frame);
		return err ?: 1;
	}
	if (s->obj.origin == XFRM_HA_ORIGIN_LEARNED && !xha_shadow_daemons(s))
		return 0;
	if (s->obj.group != g)
		return xha_apply_beside(p, g, &s->key, frame, hash) ?: 1;
	return xha_apply_claim(p, &s->obj, d->id, frame, hash,
			       XHA_RESULT_TAKEN) ?: 1;
}

/**
 * struct xha_kept - what the copy of an SA that is replaced knew already
 * @view: of the numbers
 * @paced_session: where their pace is from
 * @paced_frame: likewise
 * @seq: highest number received
 * @valid: there was one
 *
 * Its window is in the scratch of the receiver.
 */
struct xha_kept {
	struct xha_lease_view view;
	u32 paced_session;
	u64 paced_frame;
	u64 seq;
	bool valid;
};

/* The record may be older than what came for the last version of the SA. */
static void xha_apply_keep(struct xha_peer *p, struct xha_sa *s,
			   struct xha_kept *kept)
{
	struct xha_replay r;

	kept->valid = s->x && s->obj.result == xha_apply_held(s);
	if (!kept->valid)
		return;
	kept->view = s->view;
	kept->paced_session = s->paced_session;
	kept->paced_frame = s->paced_frame;
	kept->seq = s->seq;
	xha_snapshot_replay(s->x, &r);
	spin_lock_bh(&s->x->lock);
	xha_replay_get(&r, &p->rxs->win);
	spin_unlock_bh(&s->x->lock);
}

static void xha_apply_restore(struct xha_peer *p, struct xha_sa *s,
			      const struct xha_kept *kept)
{
	struct xha_replay r;

	if (!kept->valid)
		return;
	s->view = kept->view;
	s->paced_session = kept->paced_session;
	s->paced_frame = kept->paced_frame;
	s->seq = kept->seq;
	xha_snapshot_replay(s->x, &r);
	/* Not known to XFRM yet; a window of another size begins anew. */
	if (s->dir == XFRM_HA_DIR_IN)
		xha_replay_merge(&r, &p->rxs->win);
}

/**
 * xha_apply_insert - give a state to an SA that is in the table already
 * @p: peer, xha_net.lock held; the SA's record is in its scratch
 * @s: SA
 * @x: state that XFRM does not know yet; closed by this
 * @keepalive: its NAT keepalives, s
 * @kept: what an older version knew, may be NULL
 * @frame: number of the record's frame
 *
 * Return: 0, or -EEXIST: XFRM has another one in its place.
 */
int xha_apply_insert(struct xha_peer *p, struct xha_sa *s, struct xfrm_state *x,
		     u32 keepalive, const struct xha_kept *kept, u64 frame)
{
	const struct xha_sa_desc *d = &p->rxs->sa;
	int err;

	s->x = x;
	s->keepalive = keepalive;
	s->add_time = x->curlft.add_time;
	xha_gate_park(x, XFRM_HA_ROLE_STANDBY);
	if (kept)
		xha_apply_restore(p, s, kept);
	xha_apply_counters(p, s, d, frame);
	if (XHA_MUTANT_NO_GATE)
		x->km.state = XFRM_STATE_VALID;
	if (s->obj.group->install == XFRM_HA_INSTALL_DAEMON) {
		WRITE_ONCE(s->shadow, true);
		return 0;
	}

	err = xha_install_insert(x);
	if (err)
		s->x = NULL;
	else
		xha_stat_inc(&p->xn->stats, XHA_STAT_INSTALLED);
	return err;
}

/*
 * XFRM has something else under the key. If the tap had not told us of it yet,
 * it is in our table now; else it is nothing that a table could hold.
 */
static int xha_apply_taken(struct xha_peer *p, struct xha_group *g,
			   const struct xha_sa_key *key, u8 dir, u64 frame, u64 hash)
{
	struct xha_sa *s;

	xha_reconcile_sa(p->xn, key);
	s = xha_sa_find(p->xn, key);
	if (s)
		return xha_apply_existing(p, g, s, frame, hash);
	s = xha_apply_add(p, g, key, dir, false);
	if (!s)
		return -ENOMEM;
	return xha_apply_claim(p, &s->obj, p->rxs->sa.id, frame, hash,
			       XHA_RESULT_TAKEN);
}

/* A state was built, or refused (@x NULL); much may have happened meanwhile. */
static int xha_apply_built(struct xha_peer *p, struct xha_group *g,
			   const struct xha_sa_key *key, u8 dir, u64 frame,
			   u64 hash, struct xfrm_state *x, u32 keepalive,
			   u8 result)
{
	struct xha_kept kept = {};
	struct xha_sa *s;
	int err = 0;

	s = xha_sa_find(p->xn, key);
	if (s)
		err = xha_apply_existing(p, g, s, frame, hash);
	if (err)
		goto discard;
	if (s) {
		xha_apply_keep(p, s, &kept);
		xha_copy_drop(p->xn, &s->obj);
	}

	s = xha_apply_add(p, g, key, dir, false);
	if (!s) {
		err = -ENOMEM;
		goto discard;
	}
	if (x && xha_apply_insert(p, s, x, keepalive, &kept, frame)) {
		xha_obj_bury(p->xn, &s->obj);
		xha_install_discard(x);
		return xha_apply_taken(p, g, key, dir, frame, hash);
	}
	return xha_apply_claim(p, &s->obj, p->rxs->sa.id, frame, hash,
			       x ? xha_apply_held(s) : result);

discard:
	if (x)
		xha_install_discard(x);
	return err;
}

/*
 * Builds the state without the lock: that loads modules and allocates. Nothing
 * that was looked at before holds afterwards.
 */
static int xha_apply_build(struct xha_peer *p, struct xha_group *g,
			   const struct xha_sa_key *key, u8 dir, u64 frame,
			   u64 hash)
{
	struct xha_net *xn = p->xn;
	u32 session = p->session;
	struct xfrm_state *x;
	u32 keepalive = 0;
	u8 gid = p->rxs->sa.gid;
	u8 result;

	mutex_unlock(&xn->lock);
	xha_apply_delay();
	x = xha_install_build(xn->net, &p->rxs->sa, &keepalive, &result);
	mutex_lock(&xn->lock);

	/* Another session, another active, or we are it. */
	if (p->session != session || xha_copy_group(p, gid) != g ||
	    xha_apply_stale(p, p->rxs->sa.id, frame)) {
		if (x)
			xha_install_discard(x);
		return 0;
	}
	if (!x && result == XHA_RESULT_OK)
		return -ENOMEM;
	return xha_apply_built(p, g, key, dir, frame, hash, x, keepalive, result);
}

/* What we would not send ourselves, nor the kernel take from a key manager. */
static bool xha_apply_valid(const struct xha_sa_desc *d)
{
	/* The SPI of IPComp is a CPI, of 16 bits (RFC 3173). */
	if (d->proto == IPPROTO_COMP && ntohl(d->spi) > U16_MAX)
		return false;
	return d->spi && xha_snapshot_carried(d->proto, d->mode);
}

/**
 * xha_apply_check - can an SA be installed here, as far as that shows without trying?
 * @p: peer, xha_net.lock held
 * @g: the group that the peer means
 * @d: SA
 * @dir: filled in
 *
 * Return: enum xha_result.
 */
u8 xha_apply_check(struct xha_peer *p, struct xha_group *g,
		   const struct xha_sa_desc *d, u8 *dir)
{
	struct xha_group *mine;

	if (!xha_apply_valid(d))
		return XHA_RESULT_INVALID;
	mine = xha_group_match(p->xn, d->family, &d->saddr, &d->daddr, dir);
	return mine == g ? XHA_RESULT_OK : XHA_RESULT_NO_GROUP;
}

static int xha_apply_refused(struct xha_peer *p, struct xha_group *g,
			     const struct xha_sa_key *key, u8 dir, u64 frame,
			     u64 hash, u8 result)
{
	return xha_apply_built(p, g, key, dir, frame, hash, NULL, 0, result);
}

/**
 * xha_apply_sa - an SA of the active
 * @p: peer, xha_net.lock held; let go and taken again
 * @rec: the record
 * @frame: number of the frame
 *
 * Return: 0, -EBADMSG or -ENOMEM.
 */
int xha_apply_sa(struct xha_peer *p, const struct xha_rec *rec, u64 frame)
{
	struct xha_sa_desc *d = &p->rxs->sa;
	struct xha_sa_key key;
	struct xha_group *g;
	size_t fixed = 0;
	struct xha_sa *s;
	u8 dir, result;
	u64 hash;
	int err;

	err = xha_get_sa(rec, d, &fixed);
	if (err && err != -EOPNOTSUPP)
		return err;
	if (xha_apply_stale(p, d->id, frame))
		return 0;
	xha_apply_key(d, &key);
	g = xha_merge_group(p, d->gid);
	if (g)
		return err ? 0 : xha_merge_sa(p, g, &key, rec->flags & XHA_REC_KNOWN);
	g = xha_copy_group(p, d->gid);
	if (!g)
		return 0;

	hash = xha_record_hash(rec->body, fixed);
	result = err ? XHA_RESULT_UNKNOWN_ATTR : xha_apply_check(p, g, d, &dir);
	if (result != XHA_RESULT_OK)
		return xha_apply_refused(p, g, &key, XFRM_HA_DIR_UNKNOWN, frame,
					 hash, result);

	s = xha_sa_find(p->xn, &key);
	if (s) {
		err = xha_apply_existing(p, g, s, frame, hash);
		if (err)
			return min(err, 0);
	}
	err = xha_apply_build(p, g, &key, dir, frame, hash);
	return min(err, 0);
}
