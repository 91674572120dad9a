/* SPDX-License-Identifier: GPL-2.0 */
/* Counters of a node: 'xfrm-ha stats show' and /proc/net/xfrm_ha_stat. */
#ifndef _XHA_STATS_H
#define _XHA_STATS_H

#include <linux/atomic.h>
#include <linux/types.h>

struct net;
struct seq_file;

/* X(enumerator, name): the name is what users see. */
#define XHA_STATS(X)							\
	X(EVENTS, "events_seen")		/* XFRM events about SAs and policies */ \
	X(EVENTS_MISSED, "events_missed")	/* ... that found no memory: an audit follows */ \
	X(AUDIT_FOUND, "audit_found")		/* changes that no event announced */ \
	X(AUDITS, "audits")			/* complete walks */	\
	X(ROUNDS, "sample_rounds")					\
	X(LEASES, "leases_granted")					\
	X(OVERRUNS, "lease_overruns")		/* samples above the acked lease */ \
	X(TAKEOVERS, "takeovers")					\
	X(DEMOTIONS, "demotions")					\
	X(CONFLICTS, "conflicts")		/* two actives met */	\
	X(EXHAUSTED, "sas_exhausted")		/* no numbers left at takeover */ \
	X(BULKS, "bulks_started")					\
	X(CHECKS, "audit_checks")					\
	X(MISMATCHES, "audit_mismatch")					\
	X(INSTALLED, "objects_installed")				\
	X(REFUSED, "objects_refused")					\
	X(REMOVED, "objects_removed")					\
	X(SWEPT, "objects_swept")					\
	X(STALE, "records_stale")		/* overtaken by a newer frame */ \
	X(IMPLAUSIBLE, "counters_refused")	/* a jump too far to be true */ \
	X(NO_MEMORY, "no_memory")		/* put off for lack of memory */ \
	X(DROP_SHORT, "drop_short")		/* datagrams, by reason */ \
	X(DROP_VERSION, "drop_version")					\
	X(DROP_NODE, "drop_node")					\
	X(DROP_TYPE, "drop_type")					\
	X(DROP_SESSION, "drop_session")					\
	X(DROP_REPLAY, "drop_replay")					\
	X(DROP_RECORD, "drop_record")					\
	X(SKIP_RECORD, "skipped_records")	/* of an unknown type */

enum xha_stat {
#define X(e, name) XHA_STAT_##e,
	XHA_STATS(X)
#undef X
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
