// SPDX-License-Identifier: GPL-2.0
/* xfrm-ha node: this gateway. */
#include "cmd.h"
#include "err.h"
#include "field.h"
#include "knob.h"
#include "out.h"

static int read_id(struct args *a, u8 *id)
{
	return *id ? err_usage("'id' is given twice") : parse_id(a, id);
}

static int node_set(struct args *a)
{
	struct nl_msg *msg = req_new(XFRM_HA_CMD_NODE_SET);
	struct knobs_read read = { };
	u8 id = 0;
	int ret = ST_OK;

	if (!a->n)
		ret = err_usage("set lacks 'id ID' or 'sample-period T'");
	while (a->n && !ret) {
		if (args_word(a, "id"))
			ret = read_id(a, &id);
		else if (knob_next(node_knobs, a))
			ret = knob_read(node_knobs, a, &read, msg);
		else
			ret = args_end(a);
	}
	if (id)
		req_put_u8(msg, XFRM_HA_NODE_ID, id);
	return cmd_send(msg, ret);
}

static void show(struct nlattr *attrs, int len, void *arg)
{
	struct nlattr *tb[XFRM_HA_NODE_MAX + 1];

	if (nla_parse(tb, XFRM_HA_NODE_MAX, attrs, len, NULL))
		return;
	out_object(NULL);
	out_text("node");
	if (field_get(tb[XFRM_HA_NODE_ID])) {
		field_num("id", " ", tb[XFRM_HA_NODE_ID]);
	} else {
		out_null("id");
		out_text(" has no id: 'xfrm-ha node set id ID'");
	}
	knob_show(node_knobs, tb, true);
	field_str("module-version", " module ", tb[XFRM_HA_NODE_MODULE_VERSION]);
	out_text("\n");
	out_object_end();
}

static int node_show(struct args *a)
{
	return cmd_show(req_new(XFRM_HA_CMD_NODE_GET), args_end(a), false,
			show);
}

static const struct verb verbs[] = {
	{ "show", node_show },
	{ "set", node_set },
	{ }
};

const struct cmd cmd_node = {
	.name = "node",
	.brief = "this gateway",
	.usage = "xfrm-ha node { set id ID [sample-period T] | show }\n"
		 "ID is 1..15; T is a time: 50ms, 1s, bare numbers are ms\n",
	.verbs = verbs,
};
