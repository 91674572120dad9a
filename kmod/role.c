// SPDX-License-Identifier: GPL-2.0
/*
 * The role table. Facts (the VIP, what a peer is) are never refused; wishes
 * (SET_*) are, where they contradict a fact or would lose what a better copy
 * has.
 */
#include "role.h"

#define INIT	XFRM_HA_ROLE_INIT
#define STANDBY	XFRM_HA_ROLE_STANDBY
#define ACTIVE	XFRM_HA_ROLE_ACTIVE
#define FENCED	XFRM_HA_ROLE_FENCED

#define OPEN	(XHA_DO_TERM | XHA_DO_TAKEOVER)
#define CLOSE	(XHA_DO_GATE | XHA_DO_WANT)
/* Whoever takes over next may not be heard: who does so after it has the higher term. */
#define LEAVE	(CLOSE | XHA_DO_TERM)

struct rule {
	u8 from;
	u8 event;
	u8 to;
	u8 todo;
	const char *cause;
};

/* What is not in the table changes nothing. */
static const struct rule rules[] = {
	{ INIT, XHA_EV_VIP_UP, ACTIVE, OPEN, "VIP present" },
	{ INIT, XHA_EV_VIP_DOWN, STANDBY, XHA_DO_WANT, "VIP absent" },
	{ INIT, XHA_EV_SET_ACTIVE, ACTIVE, OPEN, "set active" },
	{ INIT, XHA_EV_SET_STANDBY, STANDBY, XHA_DO_WANT, "set standby" },

	{ STANDBY, XHA_EV_VIP_UP, ACTIVE, OPEN, "VIP present" },
	{ STANDBY, XHA_EV_SET_ACTIVE, ACTIVE, OPEN, "set active" },

	{ ACTIVE, XHA_EV_VIP_DOWN, STANDBY, LEAVE, "VIP gone" },
	{ ACTIVE, XHA_EV_SET_STANDBY, STANDBY, LEAVE, "set standby" },
	{ ACTIVE, XHA_EV_HANDOVER, STANDBY, CLOSE, "a peer asks for it" },
	{ STANDBY, XHA_EV_RESUME, ACTIVE, OPEN, "nobody took over" },
	{ ACTIVE, XHA_EV_PEER_WINS, FENCED, CLOSE,
	  "a peer is active with a higher term" },
	{ ACTIVE, XHA_EV_PEER_TERM, ACTIVE, XHA_DO_TERM,
	  "a peer knows a higher term" },

	{ FENCED, XHA_EV_VIP_DOWN, STANDBY, XHA_DO_WANT, "VIP gone" },
	{ FENCED, XHA_EV_SET_ACTIVE, ACTIVE, OPEN, "set active" },
	{ FENCED, XHA_EV_SET_STANDBY, STANDBY, XHA_DO_WANT, "set standby" },
	{ FENCED, XHA_EV_WINNER_GONE, ACTIVE, OPEN,
	  "the winner is no longer active" },
};

static const struct rule *find_rule(enum xfrm_ha_role from,
				    enum xha_role_event event)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rules); i++)
		if (rules[i].from == from && rules[i].event == event)
			return &rules[i];
	return NULL;
}

/* Only a VIP that stayed keeps a loser from being an ordinary standby. */
static bool may_be_fenced(const struct xha_role_in *in)
{
	return in->vip && in->vip_present;
}

static const char *refusal(const struct xha_role_in *in)
{
	if (in->force)
		return NULL;
	switch (in->event) {
	case XHA_EV_SET_ACTIVE:
		if (in->role == ACTIVE)
			return NULL;
		if (in->vip)
			return "role follows the VIP";
		if (!in->hot && in->better)
			return "this node's copy is not hot and a reachable peer has a better one";
		return NULL;
	case XHA_EV_SET_STANDBY:
		return in->vip ? "role follows the VIP" : NULL;
	default:
		return NULL;
	}
}

/**
 * xha_role_step - what becomes of a node's role for a group
 * @in: the role, what happened, and what it depends on
 *
 * Return: the role after it, and what is to be done.
 */
struct xha_role_out xha_role_step(const struct xha_role_in *in)
{
	struct xha_role_out out = { .role = in->role };
	const struct rule *rule;

	out.refusal = refusal(in);
	if (out.refusal)
		return out;
	if (in->role == FENCED && !may_be_fenced(in)) {
		out.role = STANDBY;
		out.todo = XHA_DO_WANT;
		out.cause = "VIP gone";
	}
	rule = find_rule(out.role, in->event);
	if (!rule)
		return out;
	out.role = rule->to;
	out.todo = rule->todo;
	out.cause = rule->cause;
	if (out.role == FENCED && !may_be_fenced(in))
		out.role = STANDBY;
	return out;
}

/**
 * xha_role_wins - who stays active in a conflict
 * @term: of the one
 * @node: its id
 * @other_term: of the other
 * @other_node: its id
 *
 * Return: true if the one does. Both sides come to the same answer.
 */
bool xha_role_wins(u64 term, u8 node, u64 other_term, u8 other_node)
{
	if (term != other_term)
		return term > other_term;
	return node > other_node;
}

/* xha_role_name - as it is shown */
const char *xha_role_name(enum xfrm_ha_role role)
{
	switch (role) {
	case XFRM_HA_ROLE_INIT:		return "init";
	case XFRM_HA_ROLE_STANDBY:	return "standby";
	case XFRM_HA_ROLE_ACTIVE:	return "active";
	case XFRM_HA_ROLE_FENCED:	return "fenced";
	}
	return "unknown";
}

/* xha_sync_name - as it is shown */
const char *xha_sync_name(enum xfrm_ha_sync sync)
{
	switch (sync) {
	case XFRM_HA_SYNC_NONE:		return "none";
	case XFRM_HA_SYNC_COLD:		return "cold";
	case XFRM_HA_SYNC_BULK:		return "bulk";
	case XFRM_HA_SYNC_HOT:		return "hot";
	case XFRM_HA_SYNC_STALE:	return "stale";
	}
	return "unknown";
}
