// SPDX-License-Identifier: GPL-2.0
/* xfrm-ha sa: what is known of each SA, and why it is not replicated. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "err.h"
#include "field.h"
#include "names.h"
#include "out.h"
#include "req.h"

static void show_proto(const struct nlattr *attr)
{
	switch (field_get(attr)) {
	case IPPROTO_ESP:
		out_str("proto", "", "esp");
		break;
	case IPPROTO_AH:
		out_str("proto", "", "ah");
		break;
	case IPPROTO_COMP:
		out_str("proto", "", "comp");
		break;
	default:
		out_num("proto", "proto ", field_get(attr));
	}
}

static void show_spi(const struct nlattr *attr)
{
	char buf[16];
	u32 spi = 0;

	if (attr && nla_len(attr) == sizeof(spi))
		memcpy(&spi, nla_data(attr), sizeof(spi));
	snprintf(buf, sizeof(buf), "0x%08x", ntohl(spi));
	out_str("spi", " spi ", buf);
}

/* How many numbers may be used until some peer is behind. */
static void show_headroom(struct nlattr **tb, bool in_text)
{
	u64 acked = field_get(tb[XFRM_HA_SA_ACKED_LEASE]);
	u64 used = field_get(tb[XFRM_HA_SA_OSEQ]);

	if (tb[XFRM_HA_SA_ACKED_LEASE] && tb[XFRM_HA_SA_OSEQ])
		out_num("headroom", in_text ? " headroom " : NULL, acked > used ? acked - used : 0);
	else
		out_null("headroom");
}

/* Both directions have all the numbers; text has those that mean something. */
static void show_numbers(struct nlattr **tb)
{
	unsigned int dir = field_get(tb[XFRM_HA_SA_DIR]);
	bool in = opts.more || dir != XFRM_HA_DIR_OUT;
	bool out = opts.more || dir != XFRM_HA_DIR_IN;
	bool over = opts.more || field_get(tb[XFRM_HA_SA_OVERRUNS]);

	out_text(" ");
	field_num("oseq", out ? " oseq " : NULL, tb[XFRM_HA_SA_OSEQ]);
	field_num("lease", out ? " lease " : NULL, tb[XFRM_HA_SA_LEASE]);
	field_num("acked-lease", out ? " acked-lease " : NULL,
		  tb[XFRM_HA_SA_ACKED_LEASE]);
	show_headroom(tb, out);
	field_num("seq", in ? " seq " : NULL, tb[XFRM_HA_SA_SEQ]);
	field_num("exposure", in ? " exposure " : NULL,
		  tb[XFRM_HA_SA_EXPOSURE]);
	field_num("rate", out ? " rate " : NULL, tb[XFRM_HA_SA_RATE]);
	if (out && tb[XFRM_HA_SA_RATE])
		out_text("/s");
	field_num("overruns", over ? " overruns " : NULL,
		  tb[XFRM_HA_SA_OVERRUNS]);
	out_bool("capped", " capped", tb[XFRM_HA_SA_CAPPED]);
	out_bool("offloaded", " offloaded", tb[XFRM_HA_SA_OFFLOADED]);
	out_bool("may-wrap", " may-wrap", tb[XFRM_HA_SA_MAY_WRAP]);
	out_text("\n");
}

static void show(struct nlattr *attrs, int len, void *arg)
{
	struct nlattr *tb[XFRM_HA_SA_MAX + 1];
	const char *why;

	if (nla_parse(tb, XFRM_HA_SA_MAX, attrs, len, NULL))
		return;
	why = field_text(tb[XFRM_HA_SA_NOT_REPLICATED]);
	out_object(NULL);
	show_proto(tb[XFRM_HA_SA_PROTO]);
	field_addr("src", " ", tb[XFRM_HA_SA_SRC]);
	field_addr("dst", " -> ", tb[XFRM_HA_SA_DST]);
	show_spi(tb[XFRM_HA_SA_SPI]);
	field_name("dir", " ", tb[XFRM_HA_SA_DIR], names_dir);
	field_str("group", " group ", tb[XFRM_HA_SA_GROUP]);
	field_name("origin", " ", tb[XFRM_HA_SA_ORIGIN], names_origin);
	field_name("role", " ", tb[XFRM_HA_SA_ROLE], names_role);
	out_text("\n");
	field_str("not-replicated", "  not replicated: ",
		  tb[XFRM_HA_SA_NOT_REPLICATED]);
	if (why)
		out_text("\n");
	/* of such an SA nothing is measured */
	if (why && !opts.json && !tb[XFRM_HA_SA_OSEQ])
		return;
	show_numbers(tb);
	out_object_end();
}

static int read_filter(struct args *a, struct nl_msg *msg)
{
	const char *group = NULL, *val;
	u64 spi = 0;
	u32 be;
	int ret = ST_OK;

	while (a->n && !ret) {
		if (!group && args_word(a, "group"))
			ret = args_value(a, "group", &group) ?:
			      parse_group(group);
		else if (!spi && args_word(a, "spi"))
			ret = args_value(a, "spi", &val) ?:
			      parse_num(val, "spi", 1, UINT32_MAX, &spi);
		else
			ret = args_end(a);
	}
	if (ret)
		return ret;
	if (group)
		req_put_str(msg, XFRM_HA_SA_GROUP, group);
	be = htonl(spi);
	if (spi)
		req_put(msg, XFRM_HA_SA_SPI, &be, sizeof(be));
	return ST_OK;
}

static int sa_show(struct args *a)
{
	struct nl_msg *msg = req_new(XFRM_HA_CMD_SA_GET);

	return cmd_show(msg, read_filter(a, msg), true, show);
}

static const struct verb verbs[] = {
	{ "show", sa_show },
	{ }
};

const struct cmd cmd_sa = {
	.name = "sa",
	.brief = "each SA: its lease, its window, or why it is not replicated",
	.usage = "xfrm-ha sa show [group NAME] [spi SPI]\n",
	.verbs = verbs,
};
