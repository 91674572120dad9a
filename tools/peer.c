// SPDX-License-Identifier: GPL-2.0
/* xfrm-ha peer: another node, and the sync link to it. */
#include <string.h>

#include "cmd.h"
#include "err.h"
#include "field.h"
#include "key.h"
#include "knob.h"
#include "names.h"
#include "out.h"
#include "util.h"

enum {
	P_LOCAL, P_REMOTE, P_PORT, P_REMOTE_PORT, P_DEV, P_TRANSPORT,
	P_KEY_FILE, P_INSECURE,
};

static const char *const words[] = {
	[P_LOCAL] = "local",
	[P_REMOTE] = "remote",
	[P_PORT] = "port",
	[P_REMOTE_PORT] = "remote-port",
	[P_DEV] = "dev",
	[P_TRANSPORT] = "transport",
	[P_KEY_FILE] = "key-file",
	[P_INSECURE] = "insecure",
};

struct peer {
	struct addr_list local, remote;
	u64 port, remote_port;
	const char *dev, *key_file;
	u8 transport;
	struct knobs_read knobs;
	u32 seen;		/* bit per word */
};

static bool seen(const struct peer *p, int word)
{
	return p->seen & 1U << word;
}

static int put_key(struct nl_msg *msg, const struct peer *p)
{
	u8 key[XFRM_HA_KEY_LEN];
	int ret = key_read(p->key_file, key);

	if (!ret)
		req_put(msg, XFRM_HA_PEER_KEY, key, sizeof(key));
	explicit_bzero(key, sizeof(key));
	return ret;
}

static int read_id(struct args *a, struct nl_msg *msg)
{
	u8 id;
	int ret = parse_id(a, &id);

	if (!ret)
		req_put_u8(msg, XFRM_HA_PEER_ID, id);
	return ret;
}

static int read_word(struct args *a, struct peer *p)
{
	const char *word = args_peek(a), *val;
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(words) && strcmp(word, words[i]); i++)
		;
	if (i == ARRAY_SIZE(words))
		return args_end(a);
	args_next(a);
	if (seen(p, i))
		return err_usage("'%s' is given twice", word);
	p->seen |= 1U << i;
	if (i == P_INSECURE)
		return ST_OK;
	ret = args_value(a, word, &val);
	if (ret)
		return ret;
	switch (i) {
	case P_LOCAL:
		return parse_addr_list(val, word, &p->local);
	case P_REMOTE:
		return parse_addr_list(val, word, &p->remote);
	case P_PORT:
		return parse_num(val, word, 1, UINT16_MAX, &p->port);
	case P_REMOTE_PORT:
		return parse_num(val, word, 1, UINT16_MAX, &p->remote_port);
	case P_DEV:
		p->dev = val;
		return parse_dev(val, word);
	case P_TRANSPORT:
		return parse_choice(val, word, names_transport, &p->transport);
	}
	p->key_file = val;
	return ST_OK;
}

/* What no word shows alone. */
static int check(const struct peer *p)
{
	if (!p->local.n || !p->remote.n)
		return err_usage("a peer needs 'local ADDR' and 'remote ADDR'");
	if (p->local.addr[0].len != p->remote.addr[0].len)
		return err_usage("local and remote are not both IPv4 or IPv6");
	if (p->transport == XFRM_HA_TRANSPORT_UDP &&
	    (p->local.n > 1 || p->remote.n > 1))
		return err_usage("udp takes one local and one remote address");
	if (p->remote_port && !p->port)
		return err_usage("remote-port goes with port");
	if (!seen(p, P_KEY_FILE) && !seen(p, P_INSECURE))
		return err_usage("the link needs 'key-file FILE', or 'insecure': keys in clear");
	if (seen(p, P_KEY_FILE) && seen(p, P_INSECURE))
		return err_usage("'key-file' and 'insecure' exclude each other");
	return ST_OK;
}

static int read_add(struct args *a, struct peer *p, struct nl_msg *msg)
{
	int ret = read_id(a, msg);

	while (a->n && !ret) {
		if (knob_next(peer_knobs, a))
			ret = knob_read(peer_knobs, a, &p->knobs, msg);
		else
			ret = read_word(a, p);
	}
	return ret ?: check(p);
}

static int peer_add(struct args *a)
{
	struct nl_msg *msg = req_new(XFRM_HA_CMD_PEER_ADD);
	struct peer p = { .transport = XFRM_HA_TRANSPORT_UDP };
	int ret = read_add(a, &p, msg);

	if (ret)
		return cmd_send(msg, ret);
	req_put_addrs(msg, XFRM_HA_PEER_LOCAL, &p.local);
	req_put_addrs(msg, XFRM_HA_PEER_REMOTE, &p.remote);
	if (p.port) {
		/* both nodes mostly have the same one */
		req_put_u16(msg, XFRM_HA_PEER_PORT, p.port);
		req_put_u16(msg, XFRM_HA_PEER_REMOTE_PORT,
			    p.remote_port ?: p.port);
	}
	if (p.dev)
		req_put_str(msg, XFRM_HA_PEER_DEV, p.dev);
	req_put_u8(msg, XFRM_HA_PEER_TRANSPORT, p.transport);
	if (seen(&p, P_INSECURE))
		req_put(msg, XFRM_HA_PEER_INSECURE, NULL, 0);
	else
		ret = put_key(msg, &p);
	return cmd_send(msg, ret);
}

static int read_set(struct args *a, struct peer *p, struct nl_msg *msg)
{
	int ret = read_id(a, msg);

	if (!ret && !a->n)
		return err_usage("set lacks what to set");
	while (a->n && !ret) {
		if (knob_next(peer_knobs, a))
			ret = knob_read(peer_knobs, a, &p->knobs, msg);
		else if (!strcmp(args_peek(a), words[P_KEY_FILE]))
			ret = read_word(a, p);
		else
			ret = args_end(a);
	}
	if (!ret && seen(p, P_KEY_FILE))
		ret = put_key(msg, p);
	return ret;
}

static int peer_set(struct args *a)
{
	struct nl_msg *msg = req_new(XFRM_HA_CMD_PEER_SET);
	struct peer p = { };
	int ret = read_set(a, &p, msg);

	return cmd_send(msg, ret);
}

static int peer_del(struct args *a)
{
	struct nl_msg *msg = req_new(XFRM_HA_CMD_PEER_DEL);
	int ret = read_id(a, msg) ?: args_end(a);

	return cmd_send(msg, ret);
}

static void show_link(struct nlattr **tb)
{
	const char *more = opts.more ? " port " : NULL;

	field_addrs("local", " local ", tb[XFRM_HA_PEER_LOCAL]);
	field_addrs("remote", " remote ", tb[XFRM_HA_PEER_REMOTE]);
	field_num("port", more, tb[XFRM_HA_PEER_PORT]);
	field_num("remote-port", more ? " remote-port " : NULL,
		  tb[XFRM_HA_PEER_REMOTE_PORT]);
	field_str("dev", " dev ", tb[XFRM_HA_PEER_DEV]);
	field_name("transport", " transport ", tb[XFRM_HA_PEER_TRANSPORT],
		   names_transport);
	out_bool("insecure", " insecure", tb[XFRM_HA_PEER_INSECURE]);
	knob_show(peer_knobs, tb, opts.more);
	out_text("\n");
}

static void show_traffic(struct nlattr **tb)
{
	bool spoken = field_get(tb[XFRM_HA_PEER_VERSION]);

	out_text(" ");
	field_num("version", spoken ? " version " : NULL,
		  tb[XFRM_HA_PEER_VERSION]);
	field_age("session-age", " session ", tb[XFRM_HA_PEER_SESSION_AGE]);
	if (!tb[XFRM_HA_PEER_SESSION_AGE])
		out_text(" no session");
	field_age("key-age", opts.more ? " keys " : NULL, tb[XFRM_HA_PEER_KEY_AGE]);
	field_num("rtt", " rtt ", tb[XFRM_HA_PEER_RTT]);
	if (tb[XFRM_HA_PEER_RTT])
		out_text("us");
	field_age("last-heard", " heard ", tb[XFRM_HA_PEER_LAST_HEARD]);
	out_text(tb[XFRM_HA_PEER_LAST_HEARD] ? " ago\n" : " never heard\n");

	out_text(" ");
	field_num("frames-tx", " tx frames ", tb[XFRM_HA_PEER_FRAMES_TX]);
	field_num("bytes-tx", " bytes ", tb[XFRM_HA_PEER_BYTES_TX]);
	field_num("frames-rx", " rx frames ", tb[XFRM_HA_PEER_FRAMES_RX]);
	field_num("bytes-rx", " bytes ", tb[XFRM_HA_PEER_BYTES_RX]);
	field_num("lost", " lost ", tb[XFRM_HA_PEER_LOST]);
	field_num("resent", " resent ", tb[XFRM_HA_PEER_RESENT]);
	out_text(" rejected %llu\n",
		 field_counters_sum(tb[XFRM_HA_PEER_REJECTED]));

	out_object("rejected");
	if (opts.more || opts.json)
		field_counters(tb[XFRM_HA_PEER_REJECTED], "    rejected ", "\n");
	out_object_end();
}

static void show(struct nlattr *attrs, int len, void *arg)
{
	struct nlattr *tb[XFRM_HA_PEER_MAX + 1];

	if (nla_parse(tb, XFRM_HA_PEER_MAX, attrs, len, NULL))
		return;
	out_object(NULL);
	field_num("id", "peer ", tb[XFRM_HA_PEER_ID]);
	field_name("state", " ", tb[XFRM_HA_PEER_STATE], names_peer_state);
	field_age("since", " since ", tb[XFRM_HA_PEER_SINCE]);
	show_link(tb);
	field_str("reason", "  reason: ", tb[XFRM_HA_PEER_REASON]);
	if (field_text(tb[XFRM_HA_PEER_REASON]))
		out_text("\n");
	field_str("lacking", "  missing here: group ", tb[XFRM_HA_PEER_LACKING]);
	if (field_text(tb[XFRM_HA_PEER_LACKING]))
		out_text("\n");
	show_traffic(tb);
	out_object_end();
}

static int peer_show(struct args *a)
{
	struct nl_msg *msg = req_new(XFRM_HA_CMD_PEER_GET);
	bool all = !a->n;
	int ret = all ? ST_OK : read_id(a, msg) ?: args_end(a);

	return cmd_show(msg, ret, all, show);
}

static const struct verb verbs[] = {
	{ "show", peer_show },
	{ "add", peer_add },
	{ "set", peer_set },
	{ "del", peer_del },
	{ }
};

const struct cmd cmd_peer = {
	.name = "peer",
	.brief = "the other nodes, and the sync link to each",
	.usage = "xfrm-ha peer add ID local ADDR[,ADDR] remote ADDR[,ADDR]\n"
		 "               [port P [remote-port P]] [dev DEV] [transport udp|sctp] [KNOB VALUE]...\n"
		 "               { key-file FILE | insecure }\n"
		 "       xfrm-ha peer set ID { KNOB VALUE | key-file FILE }...\n"
		 "       xfrm-ha peer { del ID | show [ID] }\n"
		 "KNOB is heartbeat T, rto-min T, rto-max T, path-retransmit N, assoc-retransmit N\n",
	.verbs = verbs,
};
