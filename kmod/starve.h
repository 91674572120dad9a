/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Test builds only (-DXHA_STARVE=N): one in N allocations finds no memory. The
 * build puts this before everything else in each file, so that no file knows.
 *
 * A command of a user, who would be answered -ENOMEM, is spared; what it sets off
 * in atomic context is not.
 */
#ifndef _XHA_STARVE_H
#define _XHA_STARVE_H

/* As in the files that print something, which it comes too late for. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <net/xfrm.h>

/* Each file counts for itself. */
static inline bool xha_starve(gfp_t gfp)
{
	static atomic_t count;

	if ((gfp & __GFP_NOFAIL) ||
	    (gfpflags_allow_blocking(gfp) && !(current->flags & PF_KTHREAD)))
		return false;
	return !((u32)atomic_inc_return(&count) % XHA_STARVE);
}

static inline void *xha_starved_kmalloc(size_t len, gfp_t gfp)
{
	return xha_starve(gfp) ? NULL : kmalloc(len, gfp);
}

static inline void *xha_starved_kzalloc(size_t len, gfp_t gfp)
{
	return xha_starve(gfp) ? NULL : kzalloc(len, gfp);
}

static inline void *xha_starved_kmemdup(const void *from, size_t len, gfp_t gfp)
{
	return xha_starve(gfp) ? NULL : kmemdup(from, len, gfp);
}

static inline struct xfrm_state *xha_starved_state(struct net *net)
{
	return xha_starve(GFP_KERNEL) ? NULL : xfrm_state_alloc(net);
}

static inline struct xfrm_policy *xha_starved_policy(struct net *net, gfp_t gfp)
{
	return xha_starve(gfp) ? NULL : xfrm_policy_alloc(net, gfp);
}

#undef kmalloc
#undef kzalloc
#undef kmemdup
#define kmalloc			xha_starved_kmalloc
#define kzalloc			xha_starved_kzalloc
#define kmemdup			xha_starved_kmemdup
#define xfrm_state_alloc	xha_starved_state
#define xfrm_policy_alloc	xha_starved_policy

#endif /* _XHA_STARVE_H */
