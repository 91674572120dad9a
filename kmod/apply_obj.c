// SPDX-License-Identifier: GPL-2.0
/* Applying objects: what SAs and policies have in common. */
#include "apply.h"
#include "dirty.h"

/**
 * xha_apply_stale - has something newer about an object been applied?
 * @p: peer, xha_net.lock held
 * @id: the peer's number for it
 * @frame: number of the frame that the record came in
 */
bool xha_apply_stale(struct xha_peer *p, u32 id, u64 frame)
{
	struct xha_obj *o = xa_load(&p->ids, id);
	bool stale;

	if (frame < p->floor)
		stale = true;
	else if (xa_is_value(o))
		stale = frame < xa_to_value(o);
	else
		stale = o && frame < o->frame;

	if (stale)
		xha_stat_inc(&p->xn->stats, XHA_STAT_STALE);
	return stale;
}

/**
 * xha_apply_claim - an object is the copy of a peer's
 * @p: peer, xha_net.lock held
 * @o: object, in the group that the peer means
 * @id: the peer's number for it
 * @frame: number of the frame that said so
 * @hash: of the record
 * @result: enum xha_result: what became of it here
 *
 * Return: 0 or -ENOMEM.
 */
int xha_apply_claim(struct xha_peer *p, struct xha_obj *o, u32 id, u64 frame,
		    u64 hash, u8 result)
{
	int err = 0;

	if (o->src != p->slot || o->src_id != id)
		err = xha_obj_set_src(p->xn, o, p->slot, id);
	if (err)
		return err;

	o->track[p->slot].known = true;
	o->frame = frame;
	o->gen = o->group->peers[p->slot].got_gen;
	xha_obj_set_hash(o, hash);
	if (result != o->result) {
		xha_obj_set_result(o, result);
		if (result != XHA_RESULT_OK && result != XHA_RESULT_WAITING)
			xha_stat_inc(&p->xn->stats, XHA_STAT_REFUSED);
		xha_dirty_peer(p, o, XHA_W_RESULT);
	} else if (result != XHA_RESULT_OK) {
		/* A new copy asks again. */
		xha_dirty_peer(p, o, XHA_W_RESULT);
	}
	return 0;
}

/**
 * xha_apply_delete - an object is gone at the active
 * @p: peer, xha_net.lock held
 * @id: the peer's number for it
 * @frame: number of the frame that said so
 *
 * The number is remembered until the next check, so that a record which was
 * delayed does not bring the object back.
 *
 * Return: 0 or -ENOMEM.
 */
int xha_apply_delete(struct xha_peer *p, u32 id, u64 frame)
{
	struct xha_obj *o;

	if (xha_apply_stale(p, id, frame))
		return 0;

	o = xha_copy_obj(p, id);
	if (o) {
		xha_stat_inc(&p->xn->stats, XHA_STAT_REMOVED);
		if (o->origin == XFRM_HA_ORIGIN_LEARNED)
			xha_copy_drop(p->xn, o);
		else
			xha_copy_release(p->xn, o);
	}
	if (xa_err(xa_store(&p->ids, id, xa_mk_value(frame), GFP_KERNEL)))
		return -ENOMEM;
	return 0;
}

/* Is it there, as it was when it was claimed, and of a group that the peer copies? */
static bool xha_apply_holds(const struct xha_peer *p, struct xha_obj *o)
{
	const struct xha_group *g = o->group;

	if (g->src != p->slot || xha_group_active(g) || !g->peers[p->slot].got_gen)
		return false;
	if (o->dead || (o->result != XHA_RESULT_OK && o->result != XHA_RESULT_WAITING))
		return false;
	if (o->kind == XHA_KIND_SA)
		return xha_obj_sa(o)->x &&
		       READ_ONCE(xha_obj_sa(o)->x->km.state) != XFRM_STATE_DEAD;
	return xha_obj_pol(o)->xp && !READ_ONCE(xha_obj_pol(o)->xp->walk.dead);
}

/**
 * xha_apply_same - an object is at the active what a record of that hash has said
 * @p: peer, xha_net.lock held
 * @id: the peer's number for it
 * @hash: of the record, whoever sent it
 * @frame: number of the frame that said so
 *
 * If there is none, the number is remembered all the same, so that counters do not
 * wait for it: the check will not match, and all of the copy will come.
 *
 * Return: 0 or -ENOMEM.
 */
int xha_apply_same(struct xha_peer *p, u32 id, u64 hash, u64 frame)
{
	struct xha_obj *o;

	if (xha_apply_stale(p, id, frame))
		return 0;
	o = xha_obj_by_hash(p->xn, hash);
	if (o && xha_apply_holds(p, o)) {
		/* A frame that got lost may come all the same. */
		if (o->src != p->slot || o->gen != o->group->peers[p->slot].got_gen)
			xha_stat_inc(&p->xn->stats, XHA_STAT_MATCHED);
		return xha_apply_claim(p, o, id, frame, hash, o->result);
	}
	if (xa_load(&p->ids, id))
		return 0;
	return xa_err(xa_store(&p->ids, id, xa_mk_value(0), GFP_KERNEL)) ? -ENOMEM : 0;
}
