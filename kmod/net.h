/* SPDX-License-Identifier: GPL-2.0 */
/* What the module keeps for a network namespace. */
#ifndef _XHA_NET_H
#define _XHA_NET_H

#include <linux/hashtable.h>
#include <linux/ktime.h>
#include <linux/mutex.h>
#include <linux/rhashtable.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "../uapi/linux/xfrm_ha.h"
#include "stats.h"

#define XHA_SAMPLE_PERIOD	50	/* ms, default */
#define XHA_HASHES_BITS		10	/* buckets for objects by the hashes of their records */
#define XHA_CHUNK		64	/* objects looked at under one hold of the lock */
#define XHA_AUDIT_PERIOD	5000	/* ms between two walks of XFRM's tables */
#define XHA_AUDIT_AGAIN	500	/* ... after one that has found something */

struct xha_group;
struct xha_peer;

/**
 * struct xha_tap - what XFRM told us and nobody has looked at yet
 * @lock: protects @queue and @missed; leaf, taken with BH off, inside x->lock
 * @queue: struct xha_tap_event
 * @missed: an event found no memory, or everything must be looked at anew
 * @announced: what the next walk finds was announced in a lump
 * @work: looks at them
 * @audit: periodic walk
 * @round: counts the walks; objects carry the round that last saw them
 */
struct xha_tap {
	spinlock_t lock;	/* leaf: queue, missed */
	struct list_head queue;
	bool missed;
	bool announced;
	struct work_struct work;
	struct delayed_work audit;
	u32 round;
};

/**
 * struct xha_net - per network namespace
 * @net: the namespace; no reference: everything ends in pre_exit
 * @cfg: serialises changes of configuration; outside of @lock
 * @lock: the model: tables, objects, groups, roles, what is dirty for whom.
 *	  Taken in notifiers under RTNL, so nobody who holds it may take RTNL,
 *	  load a module, allocate crypto transforms, create sockets, register
 *	  notifiers or wait for a peer. Long walks let it go every XHA_CHUNK.
 * @id: node id, 0: not set (@cfg for writing, @lock too)
 * @sample_period: ms
 * @joined: ms, when a peer or a group was last added (@lock)
 * @boot: random, tells the incarnations of this node apart
 * @configured: there is something to do: the workers run
 * @groups: struct xha_group; writers hold @cfg and @lock, readers one or RCU
 * @peers: by slot; likewise
 * @objs: every object by its id (@lock)
 * @sas: SAs by XFRM's key (@lock)
 * @pols: policies by XFRM's key (@lock)
 * @hashes: copies by the hash of the record that they were built from (@lock)
 * @tap: events from XFRM
 * @sampler: reads the counters of own SAs
 * @vip_work: looks at the VIPs again
 * @vip_tries: how often it still has to, while an address is tentative
 * @stats: counters
 */
struct xha_net {
	struct net *net;
	struct mutex cfg;	/* configuration */
	struct mutex lock;	/* the model */
	u8 id;
	u32 sample_period;
	u64 joined;
	u64 boot;
	bool configured;
	struct list_head groups;
	struct xha_peer __rcu *peers[XFRM_HA_LIMIT_PEERS];
	struct xarray objs;
	u32 objs_next;
	struct rhashtable sas;
	struct rhashtable pols;
	DECLARE_HASHTABLE(hashes, XHA_HASHES_BITS);
	struct xha_tap tap;
	struct delayed_work sampler;
	struct delayed_work vip_work;
	int vip_tries;
	struct xha_stats stats;
};

extern unsigned int xha_net_id;
extern struct workqueue_struct *xha_wq;

static inline struct xha_net *xha_pernet(const struct net *net)
{
	return net_generic(net, xha_net_id);
}

/* The clock of silence and ages: it goes on while the machine sleeps. */
static inline u64 xha_now_ms(void)
{
	return ktime_to_ms(ktime_get_boottime());
}

static inline u64 xha_now_us(void)
{
	return ktime_to_us(ktime_get_boottime());
}

#endif /* _XHA_NET_H */
