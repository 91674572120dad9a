// SPDX-License-Identifier: GPL-2.0
/*
 * xfrm-ha group show: the one command that has to say in plain words what is
 * wrong, if anything is.
 */
#include <linux/xfrm_ha.h>

#include "cmd.h"
#include "field.h"
#include "gshow.h"
#include "knob.h"
#include "names.h"
#include "out.h"

static void show_vip(struct nlattr *vip)
{
	struct nlattr *tb[XFRM_HA_VIP_MAX + 1];

	if (nla_type(vip) != XFRM_HA_LIST_VIP ||
	    nla_parse_nested(tb, XFRM_HA_VIP_MAX, vip, NULL))
		return;
	out_object(NULL);
	field_addr("addr", "  vip ", tb[XFRM_HA_VIP_ADDR]);
	field_str("dev", " dev ", tb[XFRM_HA_VIP_DEV]);
	out_bool("present", " present", tb[XFRM_HA_VIP_PRESENT]);
	if (!tb[XFRM_HA_VIP_PRESENT])
		out_text(" absent");
	if (tb[XFRM_HA_VIP_REASON])
		field_str("reason", ": ", tb[XFRM_HA_VIP_REASON]);
	out_text("\n");
	out_object_end();
}

static void show_peer(struct nlattr *peer)
{
	struct nlattr *tb[XFRM_HA_GPEER_MAX + 1];

	if (nla_type(peer) != XFRM_HA_LIST_PEER ||
	    nla_parse_nested(tb, XFRM_HA_GPEER_MAX, peer, NULL))
		return;
	out_object(NULL);
	field_num("id", "  peer ", tb[XFRM_HA_GPEER_ID]);
	field_name("role", " role ", tb[XFRM_HA_GPEER_ROLE], names_role);
	if (!tb[XFRM_HA_GPEER_ROLE])
		out_text(" role unknown");
	field_name("sync", " sync ", tb[XFRM_HA_GPEER_SYNC], names_sync);
	field_age("lag", " lag ", tb[XFRM_HA_GPEER_LAG]);
	field_num("pending", field_get(tb[XFRM_HA_GPEER_PENDING]) || opts.more ?
		 " pending " : NULL, tb[XFRM_HA_GPEER_PENDING]);
	field_num("refused", field_get(tb[XFRM_HA_GPEER_REFUSED]) || opts.more ?
		 " refused " : NULL, tb[XFRM_HA_GPEER_REFUSED]);
	field_str("reason", ": ", tb[XFRM_HA_GPEER_REASON]);
	out_text("\n");
	out_object_end();
}

static void show_each(const char *key, struct nlattr *list,
		      void (*show)(struct nlattr *one))
{
	struct nlattr *one;
	int rem;

	out_array(key);
	if (list)
		nla_for_each_nested(one, list, rem)
			show(one);
	out_array_end();
}

static void show_copy(struct nlattr **tb)
{
	u64 missing = field_get(tb[XFRM_HA_GROUP_NOT_REPLICATED]);
	u64 left = field_get(tb[XFRM_HA_GROUP_POLICIES_LEFT]);

	field_num("not-replicated", NULL, tb[XFRM_HA_GROUP_NOT_REPLICATED]);
	if (missing)
		out_text("  %llu SA%s not replicated: 'xfrm-ha sa show' says why\n",
			 missing,
			 missing == 1 ? " is" : "s are");
	field_num("policies-not-replicated", NULL, tb[XFRM_HA_GROUP_POLICIES_LEFT]);
	if (left)
		out_text("  %llu %s not replicated", left,
			 left == 1 ? "policy is" : "policies are");
	field_str("policies-why", left ? ": " : NULL, tb[XFRM_HA_GROUP_POLICIES_WHY]);
	if (left)
		out_text("\n");
	if (!tb[XFRM_HA_GROUP_WHY])
		return;
	field_str("why", "  not hot: ", tb[XFRM_HA_GROUP_WHY]);
	out_text("\n");
}

void gshow(struct nlattr *attrs, int len, void *arg)
{
	struct nlattr *tb[XFRM_HA_GROUP_MAX + 1];
	bool standby;

	if (nla_parse(tb, XFRM_HA_GROUP_MAX, attrs, len, NULL))
		return;
	standby = field_get(tb[XFRM_HA_GROUP_SYNC]) != XFRM_HA_SYNC_NONE;
	out_object(NULL);
	field_str("name", "group ", tb[XFRM_HA_GROUP_NAME]);
	field_name("role", " role ", tb[XFRM_HA_GROUP_ROLE], names_role);
	field_name("sync", standby ? " sync " : NULL, tb[XFRM_HA_GROUP_SYNC],
		   names_sync);
	field_num("term", " term ", tb[XFRM_HA_GROUP_TERM]);
	field_age("since", " since ", tb[XFRM_HA_GROUP_SINCE]);
	field_num("sas", " sas ", tb[XFRM_HA_GROUP_SAS]);
	field_num("policy-count", " policies ", tb[XFRM_HA_GROUP_POLICY_COUNT]);
	out_text("\n");
	if (opts.more)
		out_text(" ");
	knob_show(group_knobs, tb, opts.more);
	if (opts.more)
		out_text("\n");
	show_copy(tb);
	show_each("vips", tb[XFRM_HA_GROUP_VIPS], show_vip);
	field_addrs("local", "  local ", tb[XFRM_HA_GROUP_LOCALS]);
	if (tb[XFRM_HA_GROUP_LOCALS])
		out_text("\n");
	show_each("peers", tb[XFRM_HA_GROUP_PEERS], show_peer);
	out_object_end();
}
