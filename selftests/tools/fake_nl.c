// SPDX-License-Identifier: GPL-2.0
/*
 * In place of tools/nl.c: no kernel. Requests are written down, replies are
 * made here. From the environment:
 *   FAKE_LOG=FILE       append each request as text
 *   FAKE_ERRNO=N        refuse with this error; FAKE_TEXT, FAKE_ATTR (the
 *                       attribute at fault) and FAKE_MAX (of its range) add
 *                       what the kernel adds
 *   FAKE_FIRST=N        begin with the Nth reply
 *   FAKE_SEED=N         damage the replies; N decides where
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/genl/genl.h>

#include "err.h"
#include "nl.h"
#include "req.h"

static unsigned int env(const char *name)
{
	return getenv(name) ? atoi(getenv(name)) : 0;
}

static void log_attrs(FILE *f, struct nlattr *attr, int rem)
{
	int i;

	for (; nla_ok(attr, rem); attr = nla_next(attr, &rem)) {
		fprintf(f, " %d", nla_type(attr));
		if (attr->nla_type & NLA_F_NESTED) {
			fputs("{", f);
			log_attrs(f, nla_data(attr), nla_len(attr));
			fputs(" }", f);
			continue;
		}
		fputs(":", f);
		for (i = 0; i < nla_len(attr); i++)
			fprintf(f, "%02x", ((u8 *)nla_data(attr))[i]);
	}
}

static void log_request(struct nl_msg *msg, bool dump)
{
	struct genlmsghdr *genl = genlmsg_hdr(nlmsg_hdr(msg));
	const char *file = getenv("FAKE_LOG");
	FILE *f = file ? fopen(file, "a") : NULL;

	if (!f)
		return;
	fprintf(f, "%d%s", genl->cmd, dump ? " dump" : "");
	log_attrs(f, genlmsg_attrdata(genl, 0), genlmsg_attrlen(genl, 0));
	fputc('\n', f);
	fclose(f);
}

static void put_u64(struct nl_msg *m, int attr, u64 val)
{
	nla_put(m, attr, sizeof(val), &val);
}

static void put_ip(struct nl_msg *m, int attr, const char *ip)
{
	struct addr addr = { .len = strchr(ip, ':') ? 16 : 4 };

	inet_pton(addr.len == 4 ? AF_INET : AF_INET6, ip, addr.bytes);
	req_put_addr(m, attr, &addr);
}

static void put_ips(struct nl_msg *m, int attr, const char *ip)
{
	struct nlattr *nest = req_nest(m, attr);

	put_ip(m, XFRM_HA_LIST_ADDR, ip);
	nla_nest_end(m, nest);
}

static void put_counters(struct nl_msg *m, int attr)
{
	static const char *const names[] = {
		"events", "audit found", "dropped-late"
	};
	struct nlattr *list = req_nest(m, attr), *one;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		one = req_nest(m, XFRM_HA_LIST_COUNTER);
		req_put_str(m, XFRM_HA_COUNTER_NAME, names[i]);
		put_u64(m, XFRM_HA_COUNTER_VALUE, i * 10);
		nla_nest_end(m, one);
	}
	nla_nest_end(m, list);
}

static void fill_node(struct nl_msg *m, int n)
{
	req_put_u8(m, XFRM_HA_NODE_ID, 1);
	req_put_u32(m, XFRM_HA_NODE_SAMPLE_PERIOD, 50);
	req_put_str(m, XFRM_HA_NODE_MODULE_VERSION, "0.1.0");
}

/* The second has only what a peer never heard of has. */
static void fill_peer(struct nl_msg *m, int n)
{
	req_put_u8(m, XFRM_HA_PEER_ID, 2 + n);
	put_ips(m, XFRM_HA_PEER_LOCAL, n ? "2001:db8::1" : "10.150.0.1");
	put_ips(m, XFRM_HA_PEER_REMOTE, n ? "2001:db8::3" : "10.150.0.2");
	req_put_u16(m, XFRM_HA_PEER_PORT, XFRM_HA_PORT);
	req_put_u16(m, XFRM_HA_PEER_REMOTE_PORT, XFRM_HA_PORT);
	req_put_u8(m, XFRM_HA_PEER_TRANSPORT, XFRM_HA_TRANSPORT_UDP);
	req_put_u32(m, XFRM_HA_PEER_HEARTBEAT, 100);
	req_put_u32(m, XFRM_HA_PEER_RTO_MIN, 20);
	req_put_u32(m, XFRM_HA_PEER_RTO_MAX, 2000);
	req_put(m, XFRM_HA_PEER_INSECURE, NULL, 0);
	req_put_u8(m, XFRM_HA_PEER_STATE, n ? XFRM_HA_PSTATE_CONNECTING :
					      XFRM_HA_PSTATE_UP);
	put_u64(m, XFRM_HA_PEER_SINCE, 83000);
	req_put_u8(m, XFRM_HA_PEER_VERSION, !n);
	if (n) {
		req_put_str(m, XFRM_HA_PEER_REASON, "never heard");
		return;
	}
	req_put_str(m, XFRM_HA_PEER_DEV, "eth3");
	put_u64(m, XFRM_HA_PEER_SESSION_AGE, 82000);
	req_put_u32(m, XFRM_HA_PEER_RTT, 140);
	put_u64(m, XFRM_HA_PEER_FRAMES_TX, 10);
	put_u64(m, XFRM_HA_PEER_FRAMES_RX, 11);
	put_u64(m, XFRM_HA_PEER_BYTES_TX, 1000);
	put_u64(m, XFRM_HA_PEER_BYTES_RX, 1100);
	put_u64(m, XFRM_HA_PEER_LOST, 1);
	put_u64(m, XFRM_HA_PEER_RESENT, 2);
	put_u64(m, XFRM_HA_PEER_LAST_HEARD, 40);
	put_counters(m, XFRM_HA_PEER_REJECTED);
}

static void put_vip(struct nl_msg *m, const char *ip, const char *reason)
{
	struct nlattr *one = req_nest(m, XFRM_HA_LIST_VIP);

	put_ip(m, XFRM_HA_VIP_ADDR, ip);
	if (reason)
		req_put_str(m, XFRM_HA_VIP_REASON, reason);
	else
		req_put(m, XFRM_HA_VIP_PRESENT, NULL, 0);
	if (reason)
		req_put_str(m, XFRM_HA_VIP_DEV, "eth0");
	nla_nest_end(m, one);
}

static void put_gpeer(struct nl_msg *m, int id)
{
	struct nlattr *one = req_nest(m, XFRM_HA_LIST_PEER);

	req_put_u8(m, XFRM_HA_GPEER_ID, id);
	if (id == 2) {
		req_put_u8(m, XFRM_HA_GPEER_ROLE, XFRM_HA_ROLE_STANDBY);
		put_u64(m, XFRM_HA_GPEER_LAG, 120);
	} else {
		req_put_str(m, XFRM_HA_GPEER_REASON, "peer 3 says \"\x01\"");
	}
	req_put_u8(m, XFRM_HA_GPEER_SYNC, id == 2 ? XFRM_HA_SYNC_HOT :
						    XFRM_HA_SYNC_COLD);
	req_put_u32(m, XFRM_HA_GPEER_PENDING, 0);
	req_put_u32(m, XFRM_HA_GPEER_REFUSED, id == 2);
	nla_nest_end(m, one);
}

static void fill_group(struct nl_msg *m, int n)
{
	struct nlattr *nest;

	req_put_str(m, XFRM_HA_GROUP_NAME, n ? "west" : "east");
	nest = req_nest(m, XFRM_HA_GROUP_VIPS);
	put_vip(m, "192.0.2.15", n ? "eth0 has no carrier" : NULL);
	put_vip(m, "2001:db8::15", n ? "not on eth0" : NULL);
	nla_nest_end(m, nest);
	put_ips(m, XFRM_HA_GROUP_LOCALS, "10.175.0.1");
	req_put_u8(m, XFRM_HA_GROUP_INSTALL, XFRM_HA_INSTALL_KERNEL);
	req_put_u8(m, XFRM_HA_GROUP_POLICIES, XFRM_HA_POLICIES_TAKEOVER);
	req_put_u32(m, XFRM_HA_GROUP_SYNC_PERIOD_TIME, 1000);
	req_put_u32(m, XFRM_HA_GROUP_SYNC_PERIOD_PACKETS, 64);
	req_put_u32(m, XFRM_HA_GROUP_OSEQ_SHIFT, 65536);
	req_put_u32(m, XFRM_HA_GROUP_REPLAY_ADVANCE, n * 100);
	req_put_u8(m, XFRM_HA_GROUP_ROLE, n ? XFRM_HA_ROLE_STANDBY :
					      XFRM_HA_ROLE_ACTIVE);
	req_put_u8(m, XFRM_HA_GROUP_SYNC, n ? XFRM_HA_SYNC_BULK :
					      XFRM_HA_SYNC_NONE);
	put_u64(m, XFRM_HA_GROUP_TERM, 7);
	put_u64(m, XFRM_HA_GROUP_SINCE, 192000);
	req_put_u32(m, XFRM_HA_GROUP_SAS, 12);
	req_put_u32(m, XFRM_HA_GROUP_POLICY_COUNT, 18);
	req_put_u32(m, XFRM_HA_GROUP_NOT_REPLICATED, n ? 1 : 3);
	req_put_u32(m, XFRM_HA_GROUP_POLICIES_LEFT, n ? 0 : 2);
	if (!n)
		req_put_str(m, XFRM_HA_GROUP_POLICIES_WHY, "its selector is bound to an interface index");
	if (n) {
		req_put_str(m, XFRM_HA_GROUP_WHY, "4 of 12 SAs copied");
		req_put_str(m, XFRM_HA_GROUP_CHECK, "4 of 12 SAs copied");
	}
	req_put_str(m, XFRM_HA_GROUP_CHECK_REDUNDANT, "no peer is hot");
	nest = req_nest(m, XFRM_HA_GROUP_PEERS);
	put_gpeer(m, 2);
	put_gpeer(m, 3);
	nla_nest_end(m, nest);
}

/* out and own, in and learned, and one that is not replicated */
static void fill_sa(struct nl_msg *m, int n)
{
	u32 spi = htonl(0xc0ffee01 + n);
	int i;

	put_ip(m, XFRM_HA_SA_SRC, "10.175.0.1");
	put_ip(m, XFRM_HA_SA_DST, "10.175.0.2");
	req_put_u8(m, XFRM_HA_SA_PROTO, IPPROTO_ESP);
	req_put(m, XFRM_HA_SA_SPI, &spi, sizeof(spi));
	req_put_u8(m, XFRM_HA_SA_DIR, n == 1 ? XFRM_HA_DIR_IN :
					       XFRM_HA_DIR_OUT);
	req_put_u8(m, XFRM_HA_SA_ORIGIN, n == 1);
	if (n == 2) {
		req_put_str(m, XFRM_HA_SA_NOT_REPLICATED,
			    "no group has local 10.175.0.1");
		return;
	}
	req_put_str(m, XFRM_HA_SA_GROUP, "east");
	req_put_u8(m, XFRM_HA_SA_ROLE, XFRM_HA_ROLE_ACTIVE);
	for (i = XFRM_HA_SA_OSEQ; i <= XFRM_HA_SA_OVERRUNS; i++)
		put_u64(m, i, 1000 + i);
}

static void fill_stats(struct nl_msg *m, int n)
{
	put_counters(m, XFRM_HA_STATS_COUNTERS);
}

static void fill_event(struct nl_msg *m, int n)
{
	static const char *const cause[] = {
		"VIP 192.0.2.15 present", "digest right", "first frame", "new"
	};

	req_put_u8(m, XFRM_HA_EVENT_KIND, n);
	req_put_u8(m, XFRM_HA_EVENT_FROM, 1);
	req_put_u8(m, XFRM_HA_EVENT_TO, 2);
	req_put_str(m, XFRM_HA_EVENT_CAUSE, cause[n]);
	if (n == XFRM_HA_EVENT_KIND_PEER)
		req_put_u8(m, XFRM_HA_EVENT_PEER, 2);
	else
		req_put_str(m, XFRM_HA_EVENT_GROUP, "east");
	if (n != XFRM_HA_EVENT_KIND_ROLE)
		return;
	put_u64(m, XFRM_HA_EVENT_TERM, 7);
	req_put_u32(m, XFRM_HA_EVENT_SAS, 12);
	put_u64(m, XFRM_HA_EVENT_DURATION, 84);
	put_u64(m, XFRM_HA_EVENT_STALENESS, 120);
	put_u64(m, XFRM_HA_EVENT_EXPOSURE, 40);
	put_u64(m, XFRM_HA_EVENT_JUMP, 65536);
}

static const struct reply {
	int cmd;
	void (*fill)(struct nl_msg *m, int n);
	int count;
} replies[] = {
	{ XFRM_HA_CMD_NODE_GET, fill_node, 1 },
	{ XFRM_HA_CMD_PEER_GET, fill_peer, 2 },
	{ XFRM_HA_CMD_GROUP_GET, fill_group, 2 },
	{ XFRM_HA_CMD_SA_GET, fill_sa, 3 },
	{ XFRM_HA_CMD_STATS_GET, fill_stats, 1 },
	{ XFRM_HA_CMD_EVENT, fill_event, 4 },
};

static void give(const struct reply *r, int n, nl_reader reader, void *arg)
{
	struct nl_msg *msg = req_new(r->cmd);
	struct genlmsghdr *genl = genlmsg_hdr(nlmsg_hdr(msg));
	int i, len;
	void *copy;
	u8 *bytes;

	r->fill(msg, n);
	len = genlmsg_attrlen(genl, 0);
	bytes = (u8 *)genlmsg_attrdata(genl, 0);
	for (i = 0; i < 3 && env("FAKE_SEED"); i++)
		bytes[rand() % len] = rand();
	/* of exactly this size, for the address sanitizer */
	copy = memcpy(malloc(len), bytes, len);
	reader(copy, len, arg);
	free(copy);
	nlmsg_free(msg);
}

/* An NLMSG_ERROR as the kernel makes it, read by the real ack.c. */
static int refuse(struct nl_msg *req)
{
	struct nlmsgerr err = { .error = -(int)env("FAKE_ERRNO") };
	struct genlmsghdr *genl = genlmsg_hdr(nlmsg_hdr(req));
	struct nlattr *attr, *nest;
	struct nl_msg *msg;
	int ret;

	err.msg = *nlmsg_hdr(req);
	msg = nlmsg_alloc_simple(NLMSG_ERROR, NLM_F_ACK_TLVS | NLM_F_CAPPED);
	nlmsg_append(msg, &err, sizeof(err), NLMSG_ALIGNTO);
	if (getenv("FAKE_TEXT"))
		req_put_str(msg, NLMSGERR_ATTR_MSG, getenv("FAKE_TEXT"));
	attr = nla_find(genlmsg_attrdata(genl, 0), genlmsg_attrlen(genl, 0),
			env("FAKE_ATTR"));
	if (attr)
		req_put_u32(msg, NLMSGERR_ATTR_OFFS,
			    (char *)attr - (char *)nlmsg_hdr(req));
	if (env("FAKE_MAX")) {
		nest = req_nest(msg, NLMSGERR_ATTR_POLICY);
		put_u64(msg, NL_POLICY_TYPE_ATTR_MIN_VALUE_U, 10);
		put_u64(msg, NL_POLICY_TYPE_ATTR_MAX_VALUE_U, env("FAKE_MAX"));
		nla_nest_end(msg, nest);
	}
	ret = nl_ack(nlmsg_hdr(msg), nlmsg_hdr(req));
	nlmsg_free(msg);
	return ret;
}

static void reply(int cmd, bool all, nl_reader reader, void *arg)
{
	int n = env("FAKE_FIRST");
	unsigned int i;

	srand(env("FAKE_SEED"));
	for (i = 0; i < ARRAY_SIZE(replies); i++) {
		if (replies[i].cmd != cmd)
			continue;
		do
			give(&replies[i], n++, reader, arg);
		while (all && n < replies[i].count);
	}
}

int nl_talk(struct nl_msg *msg, bool dump, nl_reader reader, void *arg)
{
	int ret = ST_OK;

	log_request(msg, dump);
	if (getenv("FAKE_ERRNO"))
		ret = refuse(msg);
	else
		reply(genlmsg_hdr(nlmsg_hdr(msg))->cmd, dump, reader, arg);
	nlmsg_free(msg);
	return ret;
}

int nl_listen(nl_reader reader, void *arg)
{
	reply(XFRM_HA_CMD_EVENT, true, reader, arg);
	return ST_OK;
}
