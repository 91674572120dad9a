// SPDX-License-Identifier: GPL-2.0
/* Counters: their names, and /proc/net/xfrm_ha_stat beside xfrm_stat. */
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

#include "net.h"
#include "stats.h"

#define XHA_PROC_NAME	"xfrm_ha_stat"

const char * const xha_stat_names[XHA_STAT_MAX] = {
#define X(e, name)	\
	[XHA_STAT_##e] = name,
	XHA_STATS(X)
#undef X
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
