// SPDX-License-Identifier: GPL-2.0
/*
 * Reading XFRM's states and policies. Key bytes are borrowed from the state,
 * where they do not change as long as it lives, and never copied here.
 */
#include "compat/xfrm.h"
#include "gate.h"
#include "secctx.h"
#include "snapshot.h"

/**
 * xha_snapshot_replay - a state's replay state, whatever its layout
 * @x: state; what @r points to is protected by x->lock
 * @r: filled in
 */
void xha_snapshot_replay(struct xfrm_state *x, struct xha_replay *r)
{
	r->legacy = &x->replay;
	r->window = x->props.replay_window;
	r->ext = x->replay_esn;
	r->esn = x->props.flags & XFRM_STATE_ESN;
}

/**
 * xha_snapshot_key - what a state is found by
 * @x: state
 * @key: filled in
 */
void xha_snapshot_key(const struct xfrm_state *x, struct xha_sa_key *key)
{
	memset(key, 0, sizeof(*key));
	key->daddr = x->id.daddr;
	if (x->props.family == AF_INET)
		memset(&key->daddr.a6[1], 0, 12);
	key->spi = x->id.spi;
	key->mark_v = x->mark.v;
	key->mark_m = x->mark.m;
	key->family = x->props.family;
	key->proto = x->id.proto;
}

/**
 * xha_snapshot_carried - is it a protocol and a mode that can be carried over?
 * @proto: IPPROTO_*
 * @mode: XFRM_MODE_*
 */
bool xha_snapshot_carried(u8 proto, u8 mode)
{
	if (proto != IPPROTO_ESP && proto != IPPROTO_AH && proto != IPPROTO_COMP)
		return false;
	return mode == XFRM_MODE_TUNNEL || mode == XFRM_MODE_TRANSPORT ||
	       mode == XFRM_MODE_BEET;
}

/**
 * xha_snapshot_why_not - can the module carry this state over?
 * @x: state
 *
 * Return: NULL, or the reason why it cannot.
 */
const char *xha_snapshot_why_not(const struct xfrm_state *x)
{
	if (!x->id.spi || (x->km.state == XFRM_STATE_ACQ &&
			   !(x->props.extra_flags & XHA_FLAG_MASK)))
		return "larval: negotiation is not finished";
	if (!xha_snapshot_carried(x->id.proto, x->props.mode))
		return "only ESP, AH and IPComp in tunnel, transport or BEET mode are replicated";
	/* A device that only encrypts leaves numbers and windows to XFRM. */
	if (xha_snapshot_in_device(x))
		return "packet offload: only the device knows its numbers";
	if (x->encap && x->encap->encap_type != UDP_ENCAP_ESPINUDP)
		return "its encapsulation cannot be taken over";
	if (x->sel.ifindex)
		return "its selector is bound to an interface index";
	return NULL;
}

static void xha_snapshot_alg(struct xha_alg *a, const char *name,
			     const u8 *key, u32 key_bits, u32 icv_bits)
{
	strscpy(a->name, name, sizeof(a->name));
	a->key = key;
	a->key_bits = key_bits;
	a->icv_bits = icv_bits;
}

/* An own output-mark, not the tag of a closed gate. */
static struct xfrm_mark xha_snapshot_smark(const struct xfrm_state *x)
{
	struct xfrm_mark none = {};

	if (!x->props.smark.m && (x->props.smark.v == XHA_MARK_STANDBY ||
				  x->props.smark.v == XHA_MARK_FENCED))
		return none;
	return x->props.smark;
}

/*
 * When a key manager hears of numbers. What is left out is the kernel's default,
 * not that of this node's sysctls: the peer may have others.
 */
static void xha_snapshot_events(const struct xfrm_state *x, struct xha_sa_desc *d)
{
	if (x->replay_maxdiff == XFRM_AE_SEQT_SIZE &&
	    x->replay_maxage == XFRM_AE_ETIME * HZ / XFRM_AE_ETH_M)
		return;
	d->events_diff = x->replay_maxdiff;
	d->events_age = div_u64((u64)x->replay_maxage * MSEC_PER_SEC, HZ);
	d->has |= XHA_SA_HAS_EVENTS;
}

/**
 * xha_snapshot_sa - all of a state that does not move by itself
 * @x: state, x->lock held
 * @d: filled in but for id, gid and the counters
 */
void xha_snapshot_sa(struct xfrm_state *x, struct xha_sa_desc *d)
{
	memset(d, 0, offsetof(struct xha_sa_desc, win));
	d->family = x->props.family;
	d->proto = x->id.proto;
	d->mode = x->props.mode;
	d->flags = x->props.flags;
	d->spi = x->id.spi;
	d->reqid = x->props.reqid;
	d->saddr = x->props.saddr;
	d->daddr = x->id.daddr;
	d->sel = x->sel;
	d->lft = x->lft;
	d->mark = x->mark;
	d->smark = xha_snapshot_smark(x);
	d->if_id = x->if_id;
	d->extra_flags = x->props.extra_flags & ~XHA_FLAG_MASK;
	d->tfcpad = x->tfcpad;
	d->mapping_maxage = x->mapping_maxage;
	if (x->replay_esn)
		d->esn_window = x->replay_esn->replay_window;
	else
		d->window = x->props.replay_window;
	xha_compat_snapshot(x, d);
	xha_snapshot_events(x, d);

	if (x->aead)
		xha_snapshot_alg(&d->aead, x->aead->alg_name, x->aead->alg_key,
				 x->aead->alg_key_len, x->aead->alg_icv_len);
	if (x->aalg)
		xha_snapshot_alg(&d->auth, x->aalg->alg_name, x->aalg->alg_key,
				 x->aalg->alg_key_len, x->aalg->alg_trunc_len);
	if (x->ealg)
		xha_snapshot_alg(&d->crypt, x->ealg->alg_name, x->ealg->alg_key,
				 x->ealg->alg_key_len, 0);
	if (x->calg)
		xha_snapshot_alg(&d->comp, x->calg->alg_name, NULL, 0, 0);
	if (x->encap) {
		d->encap = *x->encap;
		d->has |= XHA_SA_HAS_ENCAP;
	}
	if (x->coaddr) {
		d->coaddr = *x->coaddr;
		d->has |= XHA_SA_HAS_COADDR;
	}
	xha_secctx_snapshot(x->security, &d->secctx);
}

static u64 xha_snapshot_age(time64_t now, u64 then)
{
	return max_t(s64, 0, now - (s64)then);
}

/**
 * xha_snapshot_counters - what moves, of an SA of a group
 * @s: SA with a state, x->lock held
 * @d: lease, pace, window and lifetime are filled in
 *
 * Of one that is closed: what nobody else is known to have gone beyond.
 */
void xha_snapshot_counters(struct xha_sa *s, struct xha_sa_desc *d)
{
	time64_t now = ktime_get_real_seconds();
	struct xfrm_state *x = s->x;
	bool closed = x->km.state != XFRM_STATE_VALID && s->add_time;
	u64 used = closed ? s->use_time : x->curlft.use_time;
	struct xha_replay r;

	xha_snapshot_replay(x, &r);
	d->lease = closed ? max(s->view.base, xha_replay_oseq(&r)) : s->lease;
	d->pace = closed ? s->view.pace : s->pace.now;
	xha_replay_get(&r, &d->win);
	d->life.bytes = x->curlft.bytes;
	d->life.packets = x->curlft.packets;
	d->life.add_age = xha_snapshot_age(now, closed ? s->add_time : x->curlft.add_time);
	d->life.use_age = used ? xha_snapshot_age(now, used) : XHA_AGE_NEVER;
	d->has |= XHA_SA_HAS_LEASE | XHA_SA_HAS_WINDOW | XHA_SA_HAS_LIFE;
	if (d->pace.rate || d->pace.guard)
		d->has |= XHA_SA_HAS_PACE;
}

/**
 * xha_snapshot_pol_key - what a policy is found by
 * @xp: policy
 * @dir: XFRM_POLICY_IN, _OUT or _FWD
 * @key: filled in
 */
void xha_snapshot_pol_key(const struct xfrm_policy *xp, u8 dir,
			  struct xha_pol_key *key)
{
	struct xha_secctx ctx;

	memset(key, 0, sizeof(*key));
	key->sel = xp->selector;
	key->mark_v = xp->mark.v;
	key->mark_m = xp->mark.m;
	key->if_id = xp->if_id;
	key->type = xp->type;
	key->dir = dir;
	xha_secctx_snapshot(xp->security, &ctx);
	key->secctx = xha_secctx_hash(&ctx);
}

/**
 * xha_snapshot_pol_why_not - can the module carry this policy over?
 * @xp: policy
 * @dir: XFRM_POLICY_IN, _OUT or _FWD
 *
 * Return: NULL, or the reason why it cannot.
 */
const char *xha_snapshot_pol_why_not(const struct xfrm_policy *xp, u8 dir)
{
	int i, required = 0;

	for (i = 0; i < xp->xfrm_nr; i++)
		required += !xp->xfrm_vec[i].optional;
	/* Closed SAs behind it would let clear text out. */
	if (dir == XFRM_POLICY_OUT && xp->xfrm_nr && !required)
		return "all its templates are optional ('level use')";
	if (xp->selector.ifindex)
		return "its selector is bound to an interface index";
	if (xha_compat_policy_in_device(xp))
		return "packet offload: a device looks after it";
	return NULL;
}

/**
 * xha_snapshot_policy - a policy without its counters
 * @pol: policy; the members of XFRM's do not change while it lives, but for the
 * limits, for the templates, when it is migrated, and for what closes it
 * @d: filled in but for id and gid
 */
void xha_snapshot_policy(const struct xha_pol *pol, struct xha_pol_desc *d)
{
	struct xfrm_policy *xp = pol->xp;
	int i;

	memset(d, 0, sizeof(*d));
	d->type = xp->type;
	d->dir = pol->key.dir;
	d->action = pol->closed ? XFRM_POLICY_ALLOW : xp->action;
	d->flags = xp->flags;
	d->family = xp->family;
	d->priority = xp->priority;
	d->sel = xp->selector;
	d->lft = xp->lft;
	d->mark = xp->mark;
	d->if_id = xp->if_id;
	xha_secctx_snapshot(xp->security, &d->secctx);
	d->ntmpl = xp->xfrm_nr;
	read_lock_bh(&xp->lock);
	for (i = 0; i < xp->xfrm_nr; i++) {
		const struct xfrm_tmpl *t = &xp->xfrm_vec[i];
		struct xfrm_user_tmpl *u = &d->tmpl[i];

		u->id = t->id;
		u->family = t->encap_family;
		u->saddr = t->saddr;
		u->reqid = t->reqid;
		u->mode = t->mode;
		u->share = t->share;
		u->optional = t->optional;
		/* PF_KEY says it by the flag alone, netlink by all bits. */
		u->aalgos = t->allalgs ? ~0 : t->aalgos;
		u->ealgos = t->allalgs ? ~0 : t->ealgos;
		u->calgos = t->allalgs ? ~0 : t->calgos;
	}
	read_unlock_bh(&xp->lock);
}

static bool xha_snapshot_same_alg(const struct xha_alg *a, const struct xha_alg *b)
{
	return !strcmp(a->name, b->name) && a->key_bits == b->key_bits &&
	       !memcmp(a->key, b->key, DIV_ROUND_UP(a->key_bits, 8));
}

/**
 * xha_snapshot_same_sa - are these the same SA, whatever else was changed about it?
 * @a: SA
 * @b: SA with the same key in XFRM's table
 *
 * Return: true if keys, mode and addresses are the same: numbers that were used
 * with one of them cannot be used with the other.
 */
bool xha_snapshot_same_sa(const struct xha_sa_desc *a, const struct xha_sa_desc *b)
{
	return a->mode == b->mode && xha_snapshot_same_alg(&a->aead, &b->aead) &&
	       xha_snapshot_same_alg(&a->auth, &b->auth) &&
	       xha_snapshot_same_alg(&a->crypt, &b->crypt) &&
	       a->family == b->family &&
	       /* What is behind an IPv4 address may be anything. */
	       xfrm_addr_equal(&a->saddr, &b->saddr, a->family);
}

/**
 * xha_snapshot_same_replay - do the counters of the one fit the other?
 * @a: SA
 * @b: the same SA
 * @dir: enum xfrm_ha_dir
 *
 * Return: true if both count in 32 or both in 64 bits, and inbound in windows of
 * the same size. A window cannot be carried over into one of another size.
 */
bool xha_snapshot_same_replay(const struct xha_sa_desc *a, const struct xha_sa_desc *b, u8 dir)
{
	if ((a->flags ^ b->flags) & XFRM_STATE_ESN)
		return false;
	return dir != XFRM_HA_DIR_IN ||
	       (a->esn_window ?: a->window) == (b->esn_window ?: b->window);
}
