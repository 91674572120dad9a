// SPDX-License-Identifier: GPL-2.0
/*
 * Security contexts (labelled IPsec) of states and policies. The context is a
 * string; what it means is the business of each node's security module, which
 * is asked whenever a copy is built. XFRM compares them by what it makes of them.
 */
#include <linux/security.h>
#include <linux/siphash.h>
#include <linux/slab.h>

#include "secctx.h"

/**
 * xha_secctx_snapshot - read a security context
 * @ctx: of a state or policy that is held, or NULL
 * @d: filled in; borrows the string
 */
void xha_secctx_snapshot(const struct xfrm_sec_ctx *ctx, struct xha_secctx *d)
{
	memset(d, 0, sizeof(*d));
	if (!ctx)
		return;
	d->doi = ctx->ctx_doi;
	d->alg = ctx->ctx_alg;
	/* Each time that one is made it gets one more 0 at its end. */
	d->len = strnlen(ctx->ctx_str, ctx->ctx_len);
	d->str = ctx->ctx_str;
}

/**
 * xha_secctx_hash - a number for a context, the same on all nodes
 * @d: context
 *
 * Return: 0 if there is none, else something else.
 */
u64 xha_secctx_hash(const struct xha_secctx *d)
{
	/* A checksum, no secret. */
	static const siphash_key_t key = { { 0x7866726d2d686131ULL, 3 } };

	return d->len ? siphash(d->str, d->len, &key) ?: 1 : 0;
}

/* As netlink would bring it. NULL without memory. */
static struct xfrm_user_sec_ctx *xha_secctx_user(const struct xha_secctx *d)
{
	struct xfrm_user_sec_ctx *u = kzalloc(sizeof(*u) + d->len, GFP_KERNEL);

	if (!u)
		return NULL;
	u->len = sizeof(*u) + d->len;
	u->exttype = XFRMA_SEC_CTX;
	u->ctx_doi = d->doi;
	u->ctx_alg = d->alg;
	u->ctx_len = d->len;
	memcpy(u + 1, d->str, d->len);
	return u;
}

/* Without a security module that labels IPsec nothing is made of it, and no error. */
static int xha_secctx_made(int err, const struct xfrm_sec_ctx *ctx)
{
	if (err)
		return err == -ENOMEM ? err : -EOPNOTSUPP;
	return ctx ? 0 : -EOPNOTSUPP;
}

/**
 * xha_secctx_state - give a state that is being built its context
 * @x: state
 * @d: context, maybe none
 *
 * Process context. Return: 0; -ENOMEM; -EOPNOTSUPP if the security module does
 * not know the context, or there is none that would.
 */
int xha_secctx_state(struct xfrm_state *x, const struct xha_secctx *d)
{
	struct xfrm_user_sec_ctx *u;
	int err;

	if (!d->len)
		return 0;
	u = xha_secctx_user(d);
	if (!u)
		return -ENOMEM;
	err = security_xfrm_state_alloc(x, u);
	kfree(u);
	return xha_secctx_made(err, x->security);
}

static int xha_secctx_alloc(struct xfrm_sec_ctx **ctx, const struct xha_secctx *d)
{
	struct xfrm_user_sec_ctx *u = xha_secctx_user(d);
	int err;

	*ctx = NULL;
	if (!u)
		return -ENOMEM;
	err = security_xfrm_policy_alloc(ctx, u, GFP_KERNEL);
	kfree(u);
	return xha_secctx_made(err, *ctx);
}

/**
 * xha_secctx_policy - give a policy that is being built its context
 * @xp: policy
 * @d: context, maybe none
 *
 * Process context. Return: as xha_secctx_state().
 */
int xha_secctx_policy(struct xfrm_policy *xp, const struct xha_secctx *d)
{
	return d->len ? xha_secctx_alloc(&xp->security, d) : 0;
}

/**
 * xha_secctx_known - does the security module here know a context?
 * @d: context, maybe none
 *
 * Process context. Return: true if it does, or may: there was no memory to ask.
 */
bool xha_secctx_known(const struct xha_secctx *d)
{
	struct xfrm_sec_ctx *ctx;
	int err;

	if (!d->len)
		return true;
	err = xha_secctx_alloc(&ctx, d);
	if (!err)
		security_xfrm_policy_free(ctx);
	return err != -EOPNOTSUPP;
}
