// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's verdict on a request, in the words of the command line. The
 * kernel has the last word on every value, so its refusals are the messages
 * that an operator sees most.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linux/xfrm_ha.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>

#include "err.h"
#include "field.h"
#include "nl.h"
#include "util.h"

static const char *const node_words[] = {
	[XFRM_HA_NODE_ID] = "id",
	[XFRM_HA_NODE_SAMPLE_PERIOD] = "sample-period",
};

static const char *const peer_words[] = {
	[XFRM_HA_PEER_ID] = "id",
	[XFRM_HA_PEER_LOCAL] = "local",
	[XFRM_HA_PEER_REMOTE] = "remote",
	[XFRM_HA_PEER_PORT] = "port",
	[XFRM_HA_PEER_REMOTE_PORT] = "remote-port",
	[XFRM_HA_PEER_DEV] = "dev",
	[XFRM_HA_PEER_TRANSPORT] = "transport",
	[XFRM_HA_PEER_HEARTBEAT] = "heartbeat",
	[XFRM_HA_PEER_INSECURE] = "insecure",
};

static const char *const group_words[] = {
	[XFRM_HA_GROUP_NAME] = "name",
	[XFRM_HA_GROUP_VIPS] = "vip",
	[XFRM_HA_GROUP_LOCALS] = "local",
	[XFRM_HA_GROUP_INSTALL] = "install",
	[XFRM_HA_GROUP_POLICIES] = "policies",
	[XFRM_HA_GROUP_SYNC_PERIOD_TIME] = "sync-period-time",
	[XFRM_HA_GROUP_SYNC_PERIOD_PACKETS] = "sync-period-packets",
	[XFRM_HA_GROUP_OSEQ_SHIFT] = "oseq-shift",
	[XFRM_HA_GROUP_REPLAY_ADVANCE] = "replay",
	[XFRM_HA_GROUP_SET_ROLE] = "role",
	[XFRM_HA_GROUP_FORCE] = "force",
	[XFRM_HA_GROUP_ADD_VIP] = "vip",
	[XFRM_HA_GROUP_DEL_VIP] = "vip",
	[XFRM_HA_GROUP_ADD_LOCAL] = "local",
	[XFRM_HA_GROUP_DEL_LOCAL] = "local",
};

static const char *word_of(u8 cmd, unsigned int attr)
{
	switch (cmd) {
	case XFRM_HA_CMD_NODE_SET ... XFRM_HA_CMD_NODE_GET:
		return attr < ARRAY_SIZE(node_words) ? node_words[attr] : NULL;
	case XFRM_HA_CMD_PEER_ADD ... XFRM_HA_CMD_PEER_GET:
		return attr < ARRAY_SIZE(peer_words) ? peer_words[attr] : NULL;
	case XFRM_HA_CMD_GROUP_ADD ... XFRM_HA_CMD_GROUP_GET:
	case XFRM_HA_CMD_RESYNC:
		return attr < ARRAY_SIZE(group_words) ? group_words[attr] : NULL;
	}
	return NULL;
}

/* The word of the top attribute of @req that holds the byte at @offset. */
static const char *word_at(const struct nlmsghdr *req, u32 offset)
{
	const struct genlmsghdr *genl = nlmsg_data(req);
	const struct nlattr *attr;
	u32 start;
	int rem;

	nla_for_each_attr(attr, genlmsg_attrdata(genl, 0),
			  genlmsg_attrlen(genl, 0), rem) {
		start = (const char *)attr - (const char *)req;
		if (offset >= start && offset < start + attr->nla_len)
			return word_of(genl->cmd, nla_type(attr));
	}
	return NULL;
}

/* Where the kernel's policy refused a value, it says what it would take. */
static void range(struct nlattr *policy, char *buf, size_t size)
{
	struct nlattr *tb[NL_POLICY_TYPE_ATTR_MAX + 1];
	struct nlattr *min, *max;

	if (!policy ||
	    nla_parse_nested(tb, NL_POLICY_TYPE_ATTR_MAX, policy, NULL))
		return;
	min = tb[NL_POLICY_TYPE_ATTR_MIN_VALUE_U];
	max = tb[NL_POLICY_TYPE_ATTR_MAX_VALUE_U];
	if (min && max)
		snprintf(buf, size, " (%llu..%llu)", field_get(min),
			 field_get(max));
}

static const char *errno_text(int error)
{
	switch (error) {
	case EPERM:
		return "not permitted: this takes CAP_NET_ADMIN, try as root";
	case EOPNOTSUPP:
		return "the module does not know this command: is it older than xfrm-ha?";
	}
	return strerror(error);
}

/* The attributes behind an error or the end of a dump. */
static void ack_attrs(const struct nlmsghdr *ack, struct nlattr **tb)
{
	const struct nlmsgerr *err = nlmsg_data(ack);
	int skip = sizeof(err->error);

	memset(tb, 0, sizeof(*tb) * (NLMSGERR_ATTR_MAX + 1));
	if (!(ack->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (ack->nlmsg_type == NLMSG_ERROR) {
		skip = sizeof(*err);
		if (!(ack->nlmsg_flags & NLM_F_CAPPED))
			skip += NLMSG_ALIGN(err->msg.nlmsg_len) - NLMSG_HDRLEN;
	}
	if (skip < 0 || skip > nlmsg_datalen(ack))
		return;
	nla_parse(tb, NLMSGERR_ATTR_MAX,
		  (struct nlattr *)((char *)nlmsg_data(ack) + skip),
		  nlmsg_datalen(ack) - skip, NULL);
}

int nl_ack(const struct nlmsghdr *ack, const struct nlmsghdr *req)
{
	struct nlattr *tb[NLMSGERR_ATTR_MAX + 1], *offset;
	const char *text, *word = NULL;
	char limits[64] = "";
	int error;

	/* The end of a dump need not carry a code. */
	if (nlmsg_datalen(ack) < (int)sizeof(error))
		return ST_OK;
	memcpy(&error, nlmsg_data(ack), sizeof(error));
	ack_attrs(ack, tb);
	text = field_text(tb[NLMSGERR_ATTR_MSG]);
	if (!error) {
		if (text)
			err_refused("warning: %s", text);
		return ST_OK;
	}

	offset = tb[NLMSGERR_ATTR_OFFS];
	if (offset)
		word = word_at(req, field_get(offset));
	range(tb[NLMSGERR_ATTR_POLICY], limits, sizeof(limits));
	if (!text)
		text = errno_text(-error);
	/* A text of the module's own mostly has the word in it. */
	if (word && strstr(text, word))
		word = NULL;
	return err_refused("%s%s%s%s", word ?: "", word ? ": " : "", text,
			   limits);
}
