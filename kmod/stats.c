// SPDX-License-Identifier: GPL-2.0
/* Counters: their names, and /proc/net/xfrm_ha_stat beside xfrm_stat. */
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

#include "net.h"
#include "stats.h"

#define XHA_PROC_NAME	"xfrm_ha_stat"

const char * const xha_stat_names[XHA_STAT_MAX] = {
	[XHA_STAT_EVENTS] = "events_seen",
	[XHA_STAT_EVENTS_MISSED] = "events_missed",
	[XHA_STAT_AUDIT_FOUND] = "audit_found",
	[XHA_STAT_AUDITS] = "audits",
	[XHA_STAT_ROUNDS] = "sample_rounds",
	[XHA_STAT_LEASES] = "leases_granted",
	[XHA_STAT_OVERRUNS] = "lease_overruns",
	[XHA_STAT_TAKEOVERS] = "takeovers",
	[XHA_STAT_DEMOTIONS] = "demotions",
	[XHA_STAT_CONFLICTS] = "conflicts",
	[XHA_STAT_EXHAUSTED] = "sas_exhausted",
	[XHA_STAT_CAPPED] = "sas_capped",
	[XHA_STAT_BULKS] = "bulks_started",
	[XHA_STAT_CHECKS] = "audit_checks",
	[XHA_STAT_MISMATCHES] = "audit_mismatch",
	[XHA_STAT_INSTALLED] = "objects_installed",
	[XHA_STAT_MATCHED] = "objects_matched",
	[XHA_STAT_REFUSED] = "objects_refused",
	[XHA_STAT_REMOVED] = "objects_removed",
	[XHA_STAT_SWEPT] = "objects_swept",
	[XHA_STAT_MERGED] = "objects_merged",
	[XHA_STAT_STALE] = "records_stale",
	[XHA_STAT_IMPLAUSIBLE] = "counters_refused",
	[XHA_STAT_NO_MEMORY] = "no_memory",
	[XHA_STAT_DROP_SHORT] = "drop_short",
	[XHA_STAT_DROP_VERSION] = "drop_version",
	[XHA_STAT_DROP_NODE] = "drop_node",
	[XHA_STAT_DROP_TYPE] = "drop_type",
	[XHA_STAT_DROP_SESSION] = "drop_session",
	[XHA_STAT_DROP_REPLAY] = "drop_replay",
	[XHA_STAT_DROP_AUTH] = "drop_auth",
	[XHA_STAT_DROP_FLOOD] = "drop_flood",
	[XHA_STAT_DROP_RECORD] = "drop_record",
	[XHA_STAT_SKIP_RECORD] = "skipped_records",
};

static int xha_stats_show(struct seq_file *seq, void *v)
{
	struct net *net = seq->private;
	struct xha_net *xn = xha_pernet(net);
	int i;

	for (i = 0; i < XHA_STAT_MAX; i++)
		seq_printf(seq, "%-24s\t%llu\n", xha_stat_names[i],
			   xha_stat_get(&xn->stats, i));
	return 0;
}

/**
 * xha_stats_proc_init - make the file
 * @net: namespace
 *
 * Return: 0 or -ENOMEM; 0 on kernels without /proc.
 */
int xha_stats_proc_init(struct net *net)
{
	if (!IS_ENABLED(CONFIG_PROC_FS))
		return 0;
	if (!proc_create_net_single(XHA_PROC_NAME, 0444, net->proc_net,
				    xha_stats_show, NULL))
		return -ENOMEM;
	return 0;
}

/**
 * xha_stats_proc_exit - remove the file
 * @net: namespace
 */
void xha_stats_proc_exit(struct net *net)
{
	if (IS_ENABLED(CONFIG_PROC_FS))
		remove_proc_entry(XHA_PROC_NAME, net->proc_net);
}
