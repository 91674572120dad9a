// SPDX-License-Identifier: GPL-2.0
/* The table of SAs and policies. */
#include <linux/slab.h>

#include "dirty.h"
#include "group.h"
#include "obj.h"
#include "peer.h"

static const struct rhashtable_params xha_sa_params = {
	.head_offset = offsetof(struct xha_sa, obj.node),
	.key_offset = offsetof(struct xha_sa, key),
	.key_len = sizeof(struct xha_sa_key),
	.automatic_shrinking = true,
};

static const struct rhashtable_params xha_pol_params = {
	.head_offset = offsetof(struct xha_pol, obj.node),
	.key_offset = offsetof(struct xha_pol, key),
	.key_len = sizeof(struct xha_pol_key),
	.automatic_shrinking = true,
};

/**
 * xha_obj_net_init - make the tables
 * @xn: node
 *
 * Return: 0 or -ENOMEM.
 */
int xha_obj_net_init(struct xha_net *xn)
{
	int err;

	xa_init_flags(&xn->objs, XA_FLAGS_ALLOC1);
	hash_init(xn->hashes);
	err = rhashtable_init(&xn->sas, &xha_sa_params);
	if (err)
		return err;

	err = rhashtable_init(&xn->pols, &xha_pol_params);
	if (err)
		rhashtable_destroy(&xn->sas);
	return err;
}

/**
 * xha_obj_net_exit - drop the tables, empty by now
 * @xn: node
 */
void xha_obj_net_exit(struct xha_net *xn)
{
	WARN_ON_ONCE(!xa_empty(&xn->objs));
	xa_destroy(&xn->objs);
	rhashtable_destroy(&xn->pols);
	rhashtable_destroy(&xn->sas);
}

struct xha_sa *xha_sa_find(struct xha_net *xn, const struct xha_sa_key *key)
{
	lockdep_assert_held(&xn->lock);
	return rhashtable_lookup_fast(&xn->sas, key, xha_sa_params);
}

/**
 * xha_sa_shadowed - does an SA wait for the local daemon to install it?
 * @xn: node, lock not held
 * @key: its key
 *
 * RCU reader, any context.
 */
bool xha_sa_shadowed(struct xha_net *xn, const struct xha_sa_key *key)
{
	struct xha_sa *s = rhashtable_lookup(&xn->sas, key, xha_sa_params);

	return s && READ_ONCE(s->shadow);
}

struct xha_pol *xha_pol_find(struct xha_net *xn, const struct xha_pol_key *key)
{
	lockdep_assert_held(&xn->lock);
	return rhashtable_lookup_fast(&xn->pols, key, xha_pol_params);
}

static int xha_obj_init(struct xha_net *xn, struct xha_obj *o, enum xha_kind kind)
{
	int slot, what, err;

	o->kind = kind;
	o->src = -1;
	o->round = xn->tap.round;
	INIT_LIST_HEAD(&o->in_group);
	for (slot = 0; slot < XFRM_HA_LIMIT_PEERS; slot++)
		for (what = 0; what < XHA_W_MAX; what++)
			INIT_LIST_HEAD(&o->track[slot].dirty[what]);

	/* Cyclic: a number that a peer may still know is not used again. */
	err = xa_alloc_cyclic(&xn->objs, &o->id, o, xa_limit_32b,
			      &xn->objs_next, GFP_KERNEL);
	return err < 0 ? err : 0;
}

/**
 * xha_sa_add - a new SA in the table
 * @xn: node, lock held
 * @key: its key, not in the table yet
 * @beside: it is in the table, by an SA that is something else: the new one has
 *	    no place there, and is found by its number alone
 *
 * Return: the SA, in no group and with no state; NULL without memory.
 */
struct xha_sa *xha_sa_add(struct xha_net *xn, const struct xha_sa_key *key, bool beside)
{
	struct xha_sa *s = kzalloc(sizeof(*s), GFP_KERNEL);

	if (!s)
		return NULL;

	s->key = *key;
	s->taken_packets = U64_MAX;
	if (xha_obj_init(xn, &s->obj, XHA_KIND_SA))
		goto err_free;
	if (!beside && rhashtable_insert_fast(&xn->sas, &s->obj.node, xha_sa_params))
		goto err_id;
	return s;

err_id:
	xa_erase(&xn->objs, s->obj.id);
err_free:
	kfree(s);
	return NULL;
}

/**
 * xha_pol_add - a new policy in the table
 * @xn: node, lock held
 * @key: its key, not in the table yet
 * @beside: as with xha_sa_add()
 *
 * Return: the policy, in no group; NULL without memory.
 */
struct xha_pol *xha_pol_add(struct xha_net *xn, const struct xha_pol_key *key, bool beside)
{
	struct xha_pol *p = kzalloc(sizeof(*p), GFP_KERNEL);

	if (!p)
		return NULL;

	p->key = *key;
	if (xha_obj_init(xn, &p->obj, XHA_KIND_POLICY))
		goto err_free;
	if (!beside && rhashtable_insert_fast(&xn->pols, &p->obj.node, xha_pol_params))
		goto err_id;
	return p;

err_id:
	xa_erase(&xn->objs, p->obj.id);
err_free:
	kfree(p);
	return NULL;
}

/* Does it count in xha_group.nsas or .npols? */
static bool xha_obj_counts(const struct xha_obj *o)
{
	return xha_obj_replicated(o) && o->result == XHA_RESULT_OK;
}

static void xha_obj_count(struct xha_obj *o, int n)
{
	if (!xha_obj_counts(o))
		return;
	if (o->kind == XHA_KIND_SA)
		o->group->nsas += n;
	else
		o->group->npols += n;
}

/**
 * xha_obj_set_why - say why an object is not replicated
 * @o: object, lock held
 * @why: static text; NULL: it is
 */
void xha_obj_set_why(struct xha_obj *o, const char *why)
{
	xha_obj_count(o, -1);
	o->why_not = why;
	xha_obj_count(o, 1);
}

/**
 * xha_obj_set_result - say what became of a learned object here
 * @o: object, lock held
 * @result: enum xha_result
 */
void xha_obj_set_result(struct xha_obj *o, u8 result)
{
	xha_obj_count(o, -1);
	o->result = result;
	xha_obj_count(o, 1);
}

/**
 * xha_obj_set_hash - account for a learned object in its group's digest
 * @o: object in a group, lock held
 * @hash: of its record; 0: it is not (or no longer) a part of the copy
 */
void xha_obj_set_hash(struct xha_obj *o, u64 hash)
{
	struct xha_group *g = o->group;

	if (o->hash) {
		g->count--;
		g->digest -= o->hash;
		hash_del(&o->by_hash);
	}
	o->hash = hash;
	if (hash) {
		g->count++;
		g->digest += hash;
		hash_add(g->xn->hashes, &o->by_hash, hash);
	}
}

/**
 * xha_obj_by_hash - a learned object that a record of that hash made
 * @xn: node, lock held
 * @hash: of the record
 *
 * Return: the object, or NULL.
 */
struct xha_obj *xha_obj_by_hash(struct xha_net *xn, u64 hash)
{
	struct xha_obj *o;

	lockdep_assert_held(&xn->lock);
	hash_for_each_possible(xn->hashes, o, by_hash, hash)
		if (o->hash == hash)
			return o;
	return NULL;
}

/**
 * xha_obj_set_group - move an object to a group
 * @o: object, lock held
 * @g: the group, NULL: none
 */
void xha_obj_set_group(struct xha_obj *o, struct xha_group *g)
{
	if (o->group == g)
		return;

	if (o->group) {
		xha_obj_set_hash(o, 0);
		xha_dirty_forget(o->group->xn, o);
		xha_obj_count(o, -1);
		list_del_init(&o->in_group);
	}
	o->group = g;
	if (g) {
		list_add_tail(&o->in_group, &g->objs);
		xha_obj_count(o, 1);
	}
}

/**
 * xha_obj_set_src - say whose copy an object is, and under which number
 * @xn: node, lock held
 * @o: object
 * @src: slot of the peer, -1: nobody's
 * @id: the peer's number for it
 *
 * Return: 0 or -ENOMEM, then it is nobody's.
 */
int xha_obj_set_src(struct xha_net *xn, struct xha_obj *o, int src, u32 id)
{
	struct xha_peer *p;

	if (o->src >= 0) {
		p = xha_peer_slot(xn, o->src);
		if (p && xa_load(&p->ids, o->src_id) == o)
			xa_erase(&p->ids, o->src_id);
		o->src = -1;
	}
	if (src < 0)
		return 0;

	p = xha_peer_slot(xn, src);
	if (!p || xa_err(xa_store(&p->ids, id, o, GFP_KERNEL)))
		return -ENOMEM;
	o->src = src;
	o->src_id = id;
	return 0;
}

/* One that is beside the table is not found in it, which does no harm. */
static void xha_obj_unhash(struct xha_net *xn, struct xha_obj *o)
{
	if (o->kind == XHA_KIND_SA)
		rhashtable_remove_fast(&xn->sas, &o->node, xha_sa_params);
	else
		rhashtable_remove_fast(&xn->pols, &o->node, xha_pol_params);
}

/**
 * xha_pol_open - let a policy do again what it did before it was closed (park.c)
 * @pol: policy, xha_net.lock held
 */
void xha_pol_open(struct xha_pol *pol)
{
	if (pol->closed)
		WRITE_ONCE(pol->xp->action, XFRM_POLICY_ALLOW);
	pol->closed = false;
}

static void xha_obj_put_kernel(struct xha_obj *o)
{
	if (o->kind == XHA_KIND_SA && xha_obj_sa(o)->x) {
		/* As for policies below. */
		if (xha_obj_sa(o)->shadow)
			xha_obj_sa(o)->x->km.state = XFRM_STATE_DEAD;
		xfrm_state_put(xha_obj_sa(o)->x);
		xha_obj_sa(o)->x = NULL;
	} else if (o->kind == XHA_KIND_POLICY && xha_obj_pol(o)->xp) {
		/* If XFRM goes on with it, as what it was before. */
		if (!READ_ONCE(xha_obj_pol(o)->xp->walk.dead))
			xha_pol_open(xha_obj_pol(o));
		/* xfrm_policy_destroy() insists on it. */
		if (xha_obj_pol(o)->parked)
			xha_obj_pol(o)->xp->walk.dead = 1;
		xfrm_pol_put(xha_obj_pol(o)->xp);
		xha_obj_pol(o)->xp = NULL;
		xha_obj_pol(o)->parked = false;
		xha_obj_pol(o)->closed = false;
	}
}

static void xha_obj_free(struct xha_net *xn, struct xha_obj *o)
{
	xha_obj_set_src(xn, o, -1, 0);
	xha_obj_set_group(o, NULL);
	xha_dirty_forget(xn, o);
	xa_erase(&xn->objs, o->id);
	if (o->kind == XHA_KIND_SA)
		kfree_rcu(xha_obj_sa(o), rcu);
	else
		kfree_rcu(xha_obj_pol(o), rcu);
}

/**
 * xha_obj_reap - free a buried object once every peer has been told
 * @xn: node, lock held
 * @o: object; gone if this returns true
 *
 * Return: true if it was freed.
 */
bool xha_obj_reap(struct xha_net *xn, struct xha_obj *o)
{
	int slot;

	if (!o->dead)
		return false;
	for (slot = 0; slot < XFRM_HA_LIMIT_PEERS; slot++)
		if (o->track[slot].flight ||
		    !list_empty(&o->track[slot].dirty[XHA_W_OBJECT]))
			return false;

	xha_obj_free(xn, o);
	return true;
}

/**
 * xha_obj_bury - an object is gone from the kernel
 * @xn: node, lock held
 * @o: object; may be freed
 *
 * Peers that hold it are told; until they have acked, the object stays behind
 * without its place in the table, so that a new one with the same key is new.
 */
void xha_obj_bury(struct xha_net *xn, struct xha_obj *o)
{
	if (o->dead)
		return;

	xha_obj_unhash(xn, o);
	xha_obj_put_kernel(o);
	xha_obj_set_src(xn, o, -1, 0);
	if (o->group)
		xha_obj_set_hash(o, 0);
	xha_obj_count(o, -1);
	o->dead = true;
	xha_dirty_buried(xn, o);
	xha_obj_reap(xn, o);
}

/**
 * xha_obj_forget_all - free every object, whoever has not been told
 * @xn: node, lock held; peers are gone
 */
void xha_obj_forget_all(struct xha_net *xn)
{
	struct xha_obj *o;
	unsigned long id;

	xa_for_each(&xn->objs, id, o) {
		if (!o->dead) {
			xha_obj_unhash(xn, o);
			xha_obj_put_kernel(o);
		}
		xha_obj_free(xn, o);
	}
}

/**
 * xha_obj_next - walk all objects
 * @xn: node, lock held
 * @id: where to begin; moved behind the object that is returned
 *
 * The walk survives xha_net_relax(), since it goes by number.
 *
 * Return: the first object at or after *@id, NULL at the end.
 */
struct xha_obj *xha_obj_next(struct xha_net *xn, u32 *id)
{
	unsigned long index = *id;
	struct xha_obj *o;

	lockdep_assert_held(&xn->lock);
	o = xa_find(&xn->objs, &index, U32_MAX, XA_PRESENT);
	if (o)
		*id = index + 1;
	return o;
}

/**
 * xha_net_relax - let somebody else have the lock in a long walk
 * @xn: node, lock held; on return it is held again, and all may have changed
 */
void xha_net_relax(struct xha_net *xn)
{
	mutex_unlock(&xn->lock);
	cond_resched();
	mutex_lock(&xn->lock);
}
