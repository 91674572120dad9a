// SPDX-License-Identifier: GPL-2.0
/*
 * Knobs: read from the command line and shown by the same row of a table. Their
 * ranges are in the kernel, which tells them when it refuses a value.
 */
#include <stdio.h>
#include <string.h>

#include "err.h"
#include "field.h"
#include "knob.h"
#include "names.h"
#include "out.h"

const struct knob node_knobs[] = {
	{ "sample-period", KNOB_TIME, XFRM_HA_NODE_SAMPLE_PERIOD },
	{ }
};

const struct knob peer_knobs[] = {
	{ "heartbeat", KNOB_TIME, XFRM_HA_PEER_HEARTBEAT },
	{ "rto-min", KNOB_TIME, XFRM_HA_PEER_RTO_MIN },
	{ "rto-max", KNOB_TIME, XFRM_HA_PEER_RTO_MAX },
	{ "path-retransmit", KNOB_NUM, XFRM_HA_PEER_PATH_RETRANSMIT },
	{ "assoc-retransmit", KNOB_NUM, XFRM_HA_PEER_ASSOC_RETRANSMIT },
	{ }
};

const struct knob group_knobs[] = {
	{ "install", KNOB_CHOICE, XFRM_HA_GROUP_INSTALL, names_install },
	{ "policies", KNOB_CHOICE, XFRM_HA_GROUP_POLICIES, names_policies },
	{ "sync-period-time", KNOB_TIME, XFRM_HA_GROUP_SYNC_PERIOD_TIME },
	{ "sync-period-packets", KNOB_NUM, XFRM_HA_GROUP_SYNC_PERIOD_PACKETS },
	{ "oseq-shift", KNOB_NUM, XFRM_HA_GROUP_OSEQ_SHIFT },
	{ "replay", KNOB_REPLAY, XFRM_HA_GROUP_REPLAY_ADVANCE },
	{ }
};

static const struct knob *find(const struct knob *table, const char *word)
{
	for (; word && table->word; table++)
		if (!strcmp(table->word, word))
			return table;
	return NULL;
}

bool knob_next(const struct knob *table, const struct args *a)
{
	return find(table, args_peek(a));
}

static int read_replay(struct args *a, const char *val, u64 *num)
{
	int ret;

	*num = 0;
	if (!strcmp(val, "restore"))
		return ST_OK;
	if (strcmp(val, "advance"))
		return err_usage("replay '%s' is not one of restore|advance N",
				 val);
	ret = args_value(a, "replay advance", &val);
	return ret ?: parse_num(val, "replay advance", 1, UINT32_MAX, num);
}

static int read_value(const struct knob *knob, struct args *a, const char *val,
		      struct nl_msg *msg)
{
	u64 num = 0;
	u32 ms = 0;
	u8 choice;
	int ret;

	switch (knob->kind) {
	case KNOB_CHOICE:
		ret = parse_choice(val, knob->word, knob->names, &choice);
		if (!ret)
			req_put_u8(msg, knob->attr, choice);
		return ret;
	case KNOB_TIME:
		ret = parse_time(val, knob->word, &ms);
		num = ms;
		break;
	case KNOB_REPLAY:
		ret = read_replay(a, val, &num);
		break;
	default:
		ret = parse_num(val, knob->word, 0, UINT32_MAX, &num);
	}
	if (!ret)
		req_put_u32(msg, knob->attr, num);
	return ret;
}

/* Call it only after knob_next(). */
int knob_read(const struct knob *table, struct args *a, struct knobs_read *read,
	      struct nl_msg *msg)
{
	const struct knob *knob = find(table, args_next(a));
	u32 bit = 1U << (knob - table);
	const char *val;
	int ret;

	if (read->seen & bit)
		return err_usage("'%s' is given twice", knob->word);
	read->seen |= bit;
	ret = args_value(a, knob->word, &val);
	return ret ?: read_value(knob, a, val, msg);
}

static void show_replay(const char *key, const char *label,
			const struct nlattr *attr)
{
	u32 num = field_get(attr);
	char buf[32] = "restore";

	if (num)
		snprintf(buf, sizeof(buf), "advance %u", num);
	if (attr)
		out_str(key, label, buf);
	else
		out_null(key);
}

void knob_show(const struct knob *table, struct nlattr **tb, bool in_text)
{
	const struct knob *k;
	char label[64];

	for (k = table; k->word; k++) {
		snprintf(label, sizeof(label), " %s ", k->word);
		switch (k->kind) {
		case KNOB_CHOICE:
			field_name(k->word, in_text ? label : NULL, tb[k->attr],
				   k->names);
			break;
		case KNOB_TIME:
			field_time(k->word, in_text ? label : NULL, tb[k->attr]);
			break;
		case KNOB_REPLAY:
			show_replay(k->word, in_text ? label : NULL,
				    tb[k->attr]);
			break;
		case KNOB_NUM:
			field_num(k->word, in_text ? label : NULL, tb[k->attr]);
			break;
		}
	}
}
