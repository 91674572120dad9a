// SPDX-License-Identifier: GPL-2.0
/*
 * Building XFRM's states and policies from descriptions.
 *
 * The order is that of xfrm_state_construct() in net/xfrm/xfrm_user.c. Netlink
 * is not used for it, since a state that comes in by netlink is VALID at once:
 * here it must never be, before this node is active.
 */
#include <linux/slab.h>

#include "compat/xfrm.h"
#include "install.h"
#include "secctx.h"
#include "wire.h"

static size_t xha_key_bytes(const struct xha_alg *a)
{
	return DIV_ROUND_UP(a->key_bits, 8);
}

static int xha_install_aead(struct xfrm_state *x, const struct xha_alg *a)
{
	struct xfrm_algo_desc *desc;
	struct xfrm_algo_aead *p;

	if (!a->name[0])
		return 0;
	desc = xfrm_aead_get_byname(a->name, a->icv_bits, 1);
	if (!desc)
		return -ENOENT;

	/* Freed by kfree_sensitive() with the state. */
	p = kzalloc(struct_size(p, alg_key, xha_key_bytes(a)), GFP_KERNEL);
	if (!p)
		return -ENOMEM;
	strscpy(p->alg_name, desc->name, sizeof(p->alg_name));
	p->alg_key_len = a->key_bits;
	p->alg_icv_len = a->icv_bits;
	memcpy(p->alg_key, a->key, xha_key_bytes(a));
	x->aead = p;
	x->props.ealgo = desc->desc.sadb_alg_id;
	x->geniv = desc->uinfo.aead.geniv;
	return 0;
}

static int xha_install_auth(struct xfrm_state *x, const struct xha_alg *a)
{
	struct xfrm_algo_desc *desc;
	struct xfrm_algo_auth *p;

	if (!a->name[0])
		return 0;
	desc = xfrm_aalg_get_byname(a->name, 1);
	if (!desc)
		return -ENOENT;
	if (a->icv_bits > desc->uinfo.auth.icv_fullbits)
		return -EINVAL;

	p = kzalloc(struct_size(p, alg_key, xha_key_bytes(a)), GFP_KERNEL);
	if (!p)
		return -ENOMEM;
	strscpy(p->alg_name, desc->name, sizeof(p->alg_name));
	p->alg_key_len = a->key_bits;
	p->alg_trunc_len = a->icv_bits ?: desc->uinfo.auth.icv_truncbits;
	memcpy(p->alg_key, a->key, xha_key_bytes(a));
	x->aalg = p;
	x->props.aalgo = desc->desc.sadb_alg_id;
	return 0;
}

static int xha_install_crypt(struct xfrm_state *x, const struct xha_alg *a)
{
	struct xfrm_algo_desc *desc;
	struct xfrm_algo *p;

	if (!a->name[0])
		return 0;
	desc = xfrm_ealg_get_byname(a->name, 1);
	if (!desc)
		return -ENOENT;

	p = kzalloc(struct_size(p, alg_key, xha_key_bytes(a)), GFP_KERNEL);
	if (!p)
		return -ENOMEM;
	strscpy(p->alg_name, desc->name, sizeof(p->alg_name));
	p->alg_key_len = a->key_bits;
	memcpy(p->alg_key, a->key, xha_key_bytes(a));
	x->ealg = p;
	x->props.ealgo = desc->desc.sadb_alg_id;
	x->geniv = desc->uinfo.encr.geniv;
	return 0;
}

static int xha_install_comp(struct xfrm_state *x, const struct xha_alg *a)
{
	struct xfrm_algo_desc *desc;
	struct xfrm_algo *p;

	if (!a->name[0])
		return 0;
	desc = xfrm_calg_get_byname(a->name, 1);
	if (!desc)
		return -ENOENT;

	p = kzalloc(sizeof(*p), GFP_KERNEL);
	if (!p)
		return -ENOMEM;
	strscpy(p->alg_name, desc->name, sizeof(p->alg_name));
	x->calg = p;
	x->props.calgo = desc->desc.sadb_alg_id;
	return 0;
}

static int xha_install_algs(struct xfrm_state *x, const struct xha_sa_desc *d)
{
	int err;

	err = xha_install_aead(x, &d->aead);
	if (!err)
		err = xha_install_auth(x, &d->auth);
	if (!err)
		err = xha_install_crypt(x, &d->crypt);
	if (!err)
		err = xha_install_comp(x, &d->comp);
	return err;
}

/* Both copies: the kernel compares them when it notifies. */
static int xha_install_replay(struct xfrm_state *x, const struct xha_sa_desc *d)
{
	u32 words = DIV_ROUND_UP(d->esn_window, 32);
	struct xfrm_replay_state_esn *e, *pre;

	/* ESN without a window is for outbound SAs, since 6.10. */
	if (!d->esn_window && !(d->flags & XFRM_STATE_ESN)) {
		x->props.replay_window = d->window;
		return xfrm_init_replay(x, NULL);
	}

	e = kzalloc(struct_size(e, bmp, words), GFP_KERNEL);
	pre = kzalloc(struct_size(pre, bmp, words), GFP_KERNEL);
	if (!e || !pre) {
		kfree(e);
		kfree(pre);
		return -ENOMEM;
	}
	e->bmp_len = words;
	e->replay_window = d->esn_window;
	pre->bmp_len = words;
	pre->replay_window = d->esn_window;
	x->replay_esn = e;
	x->preplay_esn = pre;
	return xfrm_init_replay(x, NULL);
}

static void xha_install_props(struct xfrm_state *x, const struct xha_sa_desc *d)
{
	x->id.daddr = d->daddr;
	x->id.spi = d->spi;
	x->id.proto = d->proto;
	x->sel = d->sel;
	x->lft = d->lft;
	x->mark = d->mark;
	x->if_id = d->if_id;
	x->tfcpad = d->tfcpad;
	x->mapping_maxage = d->mapping_maxage;
	x->props.saddr = d->saddr;
	x->props.mode = d->mode;
	x->props.reqid = d->reqid;
	x->props.family = d->family;
	x->props.flags = d->flags;
	x->props.extra_flags = d->extra_flags;
	x->props.smark = d->smark;
}

static void xha_install_events(struct xfrm_state *x, const struct xha_sa_desc *d)
{
	u64 ms = min_t(u64, d->events_age, U32_MAX);

	x->replay_maxdiff = XFRM_AE_SEQT_SIZE;
	x->replay_maxage = XFRM_AE_ETIME * HZ / XFRM_AE_ETH_M;
	if (!(d->has & XHA_SA_HAS_EVENTS))
		return;
	x->replay_maxdiff = d->events_diff;
	x->replay_maxage = div_u64(ms * HZ, MSEC_PER_SEC);
}

static int xha_install_fill(struct xfrm_state *x,
			    const struct xha_sa_desc *d, u32 *keepalive)
{
	int err;

	xha_install_props(x, d);
	if (d->has & XHA_SA_HAS_ENCAP) {
		x->encap = kmemdup(&d->encap, sizeof(d->encap), GFP_KERNEL);
		if (!x->encap)
			return -ENOMEM;
	}
	if (d->has & XHA_SA_HAS_COADDR) {
		x->coaddr = kmemdup(&d->coaddr, sizeof(d->coaddr), GFP_KERNEL);
		if (!x->coaddr)
			return -ENOMEM;
	}
	err = xha_secctx_state(x, &d->secctx);
	if (err)
		return err;
	err = xha_install_algs(x, d);
	if (err)
		return err;
	err = xha_compat_build(x, d);
	if (err)
		return err;

	/* Loads modules, allocates transforms; does not touch km.state. */
	err = xha_init_state(x);
	if (err)
		return err;
	/* A keepalive would be sent although the gate is closed. */
	*keepalive = xha_compat_keepalive_stop(x);

	err = xha_install_replay(x, d);
	if (err)
		return err;
	xha_install_events(x, d);
	return 0;
}

static u8 xha_install_result(int err)
{
	switch (err) {
	case -ENOENT:
	case -EPROTONOSUPPORT:
		return XHA_RESULT_NO_ALG;
	case -EOPNOTSUPP:
		return XHA_RESULT_UNKNOWN_ATTR;
	case -EEXIST:
		return XHA_RESULT_TAKEN;
	default:
		return XHA_RESULT_INVALID;
	}
}

/**
 * xha_install_build - build a state, not yet known to XFRM
 * @net: namespace
 * @d: what it is
 * @keepalive: seconds between NAT keepalives that it shall send once it is open
 * @result: enum xha_result if it cannot be built for good
 *
 * Process context; sleeps and may load modules: no lock may be held.
 *
 * Return: the state with one reference and km.state VOID; NULL and *@result OK
 * without memory, NULL and another result if the kernel refuses it.
 */
struct xfrm_state *xha_install_build(struct net *net, const struct xha_sa_desc *d,
				     u32 *keepalive, u8 *result)
{
	struct xfrm_state *x = xfrm_state_alloc(net);
	int err;

	*result = XHA_RESULT_OK;
	if (!x)
		return NULL;

	err = xha_install_fill(x, d, keepalive);
	if (!err)
		return x;

	if (err != -ENOMEM)
		*result = xha_install_result(err);
	xha_install_discard(x);
	return NULL;
}

/**
 * xha_install_insert - let XFRM know a state
 * @x: state, closed by xha_gate_park(); the caller keeps its reference
 *
 * Return: 0; -EEXIST if there is a state with its key already (@x unchanged).
 */
int xha_install_insert(struct xfrm_state *x)
{
	int err;

	/* A second reference, which is XFRM's own from here on. */
	xfrm_state_hold(x);
	err = xfrm_state_add(x);
	if (err)
		__xfrm_state_put(x);
	return err;
}

/**
 * xha_install_discard - drop a state that XFRM does not know
 * @x: state, with one reference
 */
void xha_install_discard(struct xfrm_state *x)
{
	x->km.state = XFRM_STATE_DEAD;
	xfrm_state_put(x);
}

/**
 * xha_install_policy_build - build a policy, not yet known to XFRM
 * @net: namespace
 * @d: what it is
 *
 * Return: the policy, NULL without memory. A context that is not known here is
 * for the caller to refuse (xha_secctx_known()).
 */
struct xfrm_policy *xha_install_policy_build(struct net *net,
					     const struct xha_pol_desc *d)
{
	struct xfrm_policy *xp = xfrm_policy_alloc(net, GFP_KERNEL);
	int i;

	if (!xp)
		return NULL;

	xp->type = d->type;
	xp->action = d->action;
	xp->flags = d->flags;
	xp->family = d->family;
	xp->priority = d->priority;
	xp->selector = d->sel;
	xp->lft = d->lft;
	xp->mark = d->mark;
	xp->if_id = d->if_id;
	xp->xfrm_nr = d->ntmpl;
	for (i = 0; i < d->ntmpl; i++) {
		const struct xfrm_user_tmpl *u = &d->tmpl[i];
		struct xfrm_tmpl *t = &xp->xfrm_vec[i];

		t->id = u->id;
		t->encap_family = u->family;
		t->saddr = u->saddr;
		t->reqid = u->reqid;
		t->mode = u->mode;
		t->share = u->share;
		t->optional = u->optional;
		t->aalgos = u->aalgos;
		t->ealgos = u->ealgos;
		t->calgos = u->calgos;
		/* As copy_templates() in net/xfrm/xfrm_user.c. */
		t->allalgs = !~(t->aalgos & t->ealgos & t->calgos);
	}
	if (xha_secctx_policy(xp, &d->secctx)) {
		xha_install_policy_discard(xp);
		return NULL;
	}
	return xp;
}

/**
 * xha_install_policy_insert - let XFRM know a policy
 * @xp: policy; the caller keeps its reference, XFRM takes its own
 * @dir: XFRM_POLICY_IN, _OUT or _FWD
 * @replace: in the place of one with the same key
 *
 * Return: 0; else @xp is unchanged: -EEXIST, there is one with its key already;
 * -ENOMEM.
 */
int xha_install_policy_insert(struct xfrm_policy *xp, u8 dir, bool replace)
{
	return xfrm_policy_insert(dir, xp, !replace);
}

/**
 * xha_install_policy_discard - drop a policy that XFRM does not know
 * @xp: policy
 */
void xha_install_policy_discard(struct xfrm_policy *xp)
{
	/* xfrm_policy_destroy() insists on it. */
	xp->walk.dead = 1;
	xfrm_policy_destroy(xp);
}
