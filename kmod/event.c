// SPDX-License-Identifier: GPL-2.0
/* Events: one line in the kernel log and one netlink notification each. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/netlink.h>
#include <linux/printk.h>

#include "event.h"
#include "nl_addr.h"

static const char * const pstate_names[] = {
	[XFRM_HA_PSTATE_DOWN] = "down",
	[XFRM_HA_PSTATE_CONNECTING] = "connecting",
	[XFRM_HA_PSTATE_UP] = "up",
	[XFRM_HA_PSTATE_LOST] = "lost",
	[XFRM_HA_PSTATE_REFUSED] = "refused",
};

static const char *pstate_name(enum xfrm_ha_peer_state state)
{
	return state < ARRAY_SIZE(pstate_names) ? pstate_names[state] : "?";
}

/* What all events have. */
struct xha_event {
	u8 kind;
	u8 from;
	u8 to;
	const char *cause;
	const struct xha_group *group;
	const struct xha_peer *peer;
	const struct xha_transition *role;
};

static int put_u64(struct sk_buff *msg, int type, u64 value)
{
	return nla_put_u64_64bit(msg, type, value, XFRM_HA_EVENT_PAD);
}

static int fill_role(struct sk_buff *msg, const struct xha_group *g,
		     const struct xha_transition *t)
{
	int err;

	err = put_u64(msg, XFRM_HA_EVENT_TERM, g->term) ?:
	      nla_put_u32(msg, XFRM_HA_EVENT_SAS, t->sas) ?:
	      put_u64(msg, XFRM_HA_EVENT_DURATION, t->duration_us) ?:
	      put_u64(msg, XFRM_HA_EVENT_EXPOSURE, t->exposure);
	if (err || t->to != XFRM_HA_ROLE_ACTIVE)
		return err;
	return put_u64(msg, XFRM_HA_EVENT_STALENESS, t->staleness) ?:
	       put_u64(msg, XFRM_HA_EVENT_JUMP, t->jump);
}

static int fill(struct sk_buff *msg, const struct xha_event *e)
{
	int err;

	err = nla_put_u8(msg, XFRM_HA_EVENT_KIND, e->kind) ?:
	      nla_put_u8(msg, XFRM_HA_EVENT_FROM, e->from) ?:
	      nla_put_u8(msg, XFRM_HA_EVENT_TO, e->to);
	if (!err && e->cause)
		err = nla_put_string(msg, XFRM_HA_EVENT_CAUSE, e->cause);
	if (!err && e->group)
		err = nla_put_string(msg, XFRM_HA_EVENT_GROUP, e->group->name);
	if (!err && e->peer)
		err = nla_put_u8(msg, XFRM_HA_EVENT_PEER, e->peer->conf.id);
	if (!err && e->role)
		err = fill_role(msg, e->group, e->role);
	return err;
}

static void notify(struct xha_net *xn, const struct xha_event *e)
{
	struct sk_buff *msg;
	void *hdr;

	if (!xha_nl_listened(xn->net))
		return;
	msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!msg)
		goto lost;
	hdr = genlmsg_put(msg, 0, 0, &xha_nl_family, 0, XFRM_HA_CMD_EVENT);
	if (!hdr || fill(msg, e))
		goto lost;
	genlmsg_end(msg, hdr);
	genlmsg_multicast_netns(&xha_nl_family, xn->net, msg, 0, 0, GFP_KERNEL);
	return;
lost:
	nlmsg_free(msg);
	genl_set_err(&xha_nl_family, xn->net, 0, 0, -ENOBUFS);
}

static void log_role(const struct xha_group *g, const struct xha_transition *t)
{
	char takeover[64] = "";

	if (t->to == XFRM_HA_ROLE_ACTIVE && t->sas)
		snprintf(takeover, sizeof(takeover),
			 ", copy %llu ms old, jump %llu", t->staleness, t->jump);
	pr_info("group %s: %s -> %s (%s), term %llu, %u SAs in %llu us, exposure about %llu%s\n",
		g->name, xha_role_name(t->from), xha_role_name(t->to),
		t->cause ?: "no cause", g->term, t->sas, t->duration_us, t->exposure,
		takeover);
}

/**
 * xha_event_role - a group has changed its role
 * @g: group, as it is now
 * @t: what happened
 */
void xha_event_role(struct xha_group *g, const struct xha_transition *t)
{
	struct xha_event e = {
		.kind = XFRM_HA_EVENT_KIND_ROLE,
		.from = t->from,
		.to = t->to,
		.cause = t->cause,
		.group = g,
		.role = t,
	};

	log_role(g, t);
	notify(g->xn, &e);
}

/**
 * xha_event_sync - a standby's copy has changed its quality
 * @g: group
 * @from: quality before
 * @to: quality after
 * @cause: why
 */
void xha_event_sync(struct xha_group *g, enum xfrm_ha_sync from,
		    enum xfrm_ha_sync to, const char *cause)
{
	struct xha_event e = {
		.kind = XFRM_HA_EVENT_KIND_SYNC,
		.from = from,
		.to = to,
		.cause = cause,
		.group = g,
	};

	pr_info_ratelimited("group %s: copy %s -> %s (%s)\n", g->name,
			    xha_sync_name(from), xha_sync_name(to),
			    cause ?: "no cause");
	notify(g->xn, &e);
}

/**
 * xha_event_peer - a peer has changed its state
 * @p: peer
 * @from: state before
 * @to: state after
 * @cause: why
 */
void xha_event_peer(struct xha_peer *p, enum xfrm_ha_peer_state from,
		    enum xfrm_ha_peer_state to, const char *cause)
{
	struct xha_event e = {
		.kind = XFRM_HA_EVENT_KIND_PEER,
		.from = from,
		.to = to,
		.cause = cause,
		.peer = p,
	};

	pr_info_ratelimited("peer %u: %s -> %s (%s)\n", p->conf.id,
			    pstate_name(from), pstate_name(to),
			    cause ?: "no cause");
	notify(p->xn, &e);
}
