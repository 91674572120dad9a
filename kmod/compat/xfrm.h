/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Differences of XFRM between the kernels supported. Kbuild looks into the
 * kernel's headers and defines XHA_HAVE_*: stable kernels carry backports, so
 * version numbers prove nothing.
 *
 * XHA_HAVE_INIT_REPLAY		__xfrm_init_state() has init_replay and offload; until 7.x
 * XHA_HAVE_STATE_CACHE		per-policy cache of states; since 6.13, in 6.12.y
 * XHA_HAVE_NAT_KEEPALIVE	since 6.11
 * XHA_HAVE_SA_DIR		since 6.10
 * XHA_HAVE_PCPU		since 6.13, in 6.12.y
 * XHA_HAVE_POLICY_OFFLOAD	since 6.2
 */
#ifndef _XHA_COMPAT_XFRM_H
#define _XHA_COMPAT_XFRM_H

#include <net/xfrm.h>

#include "../desc.h"

static inline int xha_init_state(struct xfrm_state *x)
{
#ifdef XHA_HAVE_INIT_REPLAY
	return __xfrm_init_state(x, false, false, NULL);
#else
	return __xfrm_init_state(x, NULL);
#endif
}

/* The members that only some kernels have: reading. */
static inline void xha_compat_snapshot(const struct xfrm_state *x,
				       struct xha_sa_desc *d)
{
#ifdef XHA_HAVE_SA_DIR
	d->dir = x->dir;
#endif
#ifdef XHA_HAVE_NAT_KEEPALIVE
	d->nat_keepalive = x->nat_keepalive_interval;
#endif
#ifdef XHA_HAVE_PCPU
	if (x->pcpu_num != UINT_MAX) {
		d->pcpu_num = x->pcpu_num;
		d->has |= XHA_SA_HAS_PCPU;
	}
#endif
}

/*
 * ... and writing, before xha_init_state(). What this kernel does not know and
 * could lead to another behaviour is refused.
 */
static inline int xha_compat_build(struct xfrm_state *x,
				   const struct xha_sa_desc *d)
{
#ifdef XHA_HAVE_SA_DIR
	x->dir = d->dir;
#endif
#ifdef XHA_HAVE_NAT_KEEPALIVE
	x->nat_keepalive_interval = d->nat_keepalive;
#else
	if (d->nat_keepalive)
		return -EOPNOTSUPP;
#endif
#ifdef XHA_HAVE_PCPU
	if (d->has & XHA_SA_HAS_PCPU) {
		if (d->pcpu_num >= num_possible_cpus())
			return -EINVAL;
		x->pcpu_num = d->pcpu_num;
	}
#else
	if (d->has & XHA_SA_HAS_PCPU)
		return -EOPNOTSUPP;
#endif
	return 0;
}

/* Takes the keepalive away from a state; returns its interval in seconds. */
static inline u32 xha_compat_keepalive_stop(struct xfrm_state *x)
{
	u32 interval = 0;

#ifdef XHA_HAVE_NAT_KEEPALIVE
	interval = x->nat_keepalive_interval;
	WRITE_ONCE(x->nat_keepalive_interval, 0);
#endif
	return interval;
}

/*
 * xfrm_nat_keepalive_state_updated() is not exported; its work item is.
 */
static inline void xha_compat_keepalive_start(struct xfrm_state *x, u32 interval)
{
#ifdef XHA_HAVE_NAT_KEEPALIVE
	if (!interval)
		return;
	WRITE_ONCE(x->nat_keepalive_interval, interval);
	schedule_delayed_work(&xs_net(x)->xfrm.nat_keepalive_work, 0);
#endif
}

/* Does a device look after this policy? */
static inline bool xha_compat_policy_in_device(const struct xfrm_policy *xp)
{
#ifdef XHA_HAVE_POLICY_OFFLOAD
	return xp->xdo.dev;
#else
	return false;
#endif
}

/*
 * A state in ACQ must not stay in its policy's cache: xfrm_state_find() warns
 * about it. Called with x->lock and xfrm_state_lock held.
 */
static inline void xha_compat_uncache(struct xfrm_state *x)
{
#ifdef XHA_HAVE_STATE_CACHE
	if (!hlist_unhashed(&x->state_cache))
		hlist_del_init_rcu(&x->state_cache);
#endif
}

#endif /* _XHA_COMPAT_XFRM_H */
