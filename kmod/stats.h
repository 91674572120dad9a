/* SPDX-License-Identifier: GPL-2.0 */
/* Counters of a node: 'xfrm-ha stats show' and /proc/net/xfrm_ha_stat. */
#ifndef _XHA_STATS_H
#define _XHA_STATS_H

#include <linux/atomic.h>
#include <linux/types.h>

struct net;
struct seq_file;

/*
 * Their names are in stats.c. From XHA_STAT_DROP_SHORT to _RECORD they are also
 * kept by peer.
 */
enum xha_stat {
	XHA_STAT_EVENTS,	/* XFRM events about SAs and policies */
	XHA_STAT_EVENTS_MISSED,	/* ... that found no memory: an audit follows */
	XHA_STAT_AUDIT_FOUND,	/* changes that no event announced */
	XHA_STAT_AUDITS,	/* complete walks */
	XHA_STAT_ROUNDS,
	XHA_STAT_LEASES,
	XHA_STAT_OVERRUNS,	/* samples above the acked lease */
	XHA_STAT_TAKEOVERS,
	XHA_STAT_DEMOTIONS,
	XHA_STAT_CONFLICTS,	/* two actives met */
	XHA_STAT_EXHAUSTED,	/* no numbers left at takeover */
	XHA_STAT_CAPPED,	/* a jump was cut at takeover */
	XHA_STAT_BULKS,
	XHA_STAT_CHECKS,
	XHA_STAT_MISMATCHES,
	XHA_STAT_INSTALLED,
	XHA_STAT_MATCHED,	/* objects of a new copy that the last one had */
	XHA_STAT_REFUSED,
	XHA_STAT_REMOVED,
	XHA_STAT_SWEPT,
	XHA_STAT_MERGED,	/* objects that only a peer had */
	XHA_STAT_STALE,	/* overtaken by a newer frame */
	XHA_STAT_IMPLAUSIBLE,	/* a jump too far to be true */
	XHA_STAT_NO_MEMORY,	/* put off for lack of memory */
	XHA_STAT_DROP_SHORT,	/* datagrams, by reason */
	XHA_STAT_DROP_VERSION,
	XHA_STAT_DROP_NODE,
	XHA_STAT_DROP_TYPE,
	XHA_STAT_DROP_SESSION,
	XHA_STAT_DROP_REPLAY,
	XHA_STAT_DROP_AUTH,	/* not from somebody who has the key */
	XHA_STAT_DROP_FLOOD,	/* handshakes beyond the rate */
	XHA_STAT_DROP_RECORD,
	XHA_STAT_SKIP_RECORD,	/* of an unknown type */
	XHA_STAT_MAX
};

extern const char * const xha_stat_names[XHA_STAT_MAX];

/**
 * struct xha_stats - a set of counters
 * @v: by enum xha_stat
 *
 * Counters move at most once per datagram or SA event, never per packet, so
 * plain atomics do.
 */
struct xha_stats {
	atomic64_t v[XHA_STAT_MAX];
};

static inline void xha_stat_add(struct xha_stats *s, enum xha_stat what, u64 n)
{
	atomic64_add(n, &s->v[what]);
}

static inline void xha_stat_inc(struct xha_stats *s, enum xha_stat what)
{
	atomic64_inc(&s->v[what]);
}

static inline u64 xha_stat_get(struct xha_stats *s, enum xha_stat what)
{
	return atomic64_read(&s->v[what]);
}

int xha_stats_proc_init(struct net *net);
void xha_stats_proc_exit(struct net *net);

#endif /* _XHA_STATS_H */
