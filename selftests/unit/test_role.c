// SPDX-License-Identifier: GPL-2.0
/*
 * Roles: every role x event x flag against rules that were written down
 * independently of the table, and a few nodes that live by it.
 */
#include "unit.h"
#include "../../kmod/role.h"

#define INIT	XFRM_HA_ROLE_INIT
#define STANDBY	XFRM_HA_ROLE_STANDBY
#define ACTIVE	XFRM_HA_ROLE_ACTIVE
#define FENCED	XFRM_HA_ROLE_FENCED

static bool soft(enum xha_role_event event)
{
	return event == XHA_EV_SET_ACTIVE || event == XHA_EV_SET_STANDBY;
}

/* Runs @check for every input there is; one event more than there are. */
static void for_all(void (*check)(const struct xha_role_in *,
				  const struct xha_role_out *))
{
	struct xha_role_out out;
	struct xha_role_in in;
	int role, event, flags;

	for (role = INIT; role <= FENCED; role++)
		for (event = 0; event <= XHA_EV_MAX; event++)
			for (flags = 0; flags < 32; flags++) {
				in.role = role;
				in.event = event;
				in.vip = flags & 1;
				in.vip_present = flags & 2;
				in.force = flags & 4;
				in.hot = flags & 8;
				in.better = flags & 16;
				out = xha_role_step(&in);
				check(&in, &out);
			}
}

#define RULE(cond)							\
	CHECK(cond, "(role %d event %d vip %d present %d force %d hot %d "	\
	      "better %d -> role %d todo %x)",				\
	      in->role, in->event, in->vip, in->vip_present, in->force,	\
	      in->hot, in->better, out->role, out->todo)

static void check_invariants(const struct xha_role_in *in,
			     const struct xha_role_out *out)
{
	bool opens = out->todo & XHA_DO_TAKEOVER;

	if (!soft(in->event))
		RULE(!out->refusal);
	if (in->force)
		RULE(!out->refusal);
	if (out->refusal)
		RULE(out->role == in->role && !out->todo && !out->cause &&
		     *out->refusal);
	/* Becoming active is taking over, with a new term, and only that. */
	RULE(opens == (out->role == ACTIVE && in->role != ACTIVE));
	if (opens)
		RULE(out->todo == (XHA_DO_TERM | XHA_DO_TAKEOVER));
	/* Ceasing to be active closes the gate. */
	RULE(!!(out->todo & XHA_DO_GATE) ==
	     (in->role == ACTIVE && out->role != ACTIVE));
	/* Who leaves of its own accord does not know who comes next; who is told, or asked, does. */
	if (out->todo & XHA_DO_GATE)
		RULE(!!(out->todo & XHA_DO_TERM) ==
		     (in->event == XHA_EV_VIP_DOWN || in->event == XHA_EV_SET_STANDBY));
	/* Who comes to depend on another's copy asks for it. */
	RULE(!!(out->todo & XHA_DO_WANT) ==
	     (out->role != in->role && out->role != ACTIVE));
	if (out->role == FENCED && !out->refusal)
		RULE(in->vip && in->vip_present);
	if (out->role == FENCED && in->role != FENCED)
		RULE(in->role == ACTIVE && in->event == XHA_EV_PEER_WINS);
	/* A cause exactly where something happens. */
	RULE(!!out->cause == (out->role != in->role || out->todo));
	RULE(out->role != INIT || in->role == INIT);
	if (in->event == XHA_EV_MAX && in->role != FENCED)
		RULE(out->role == in->role && !out->todo);
}

static void check_facts(const struct xha_role_in *in,
			const struct xha_role_out *out)
{
	switch (in->event) {
	case XHA_EV_VIP_UP:
		if (in->role != FENCED)
			RULE(out->role == ACTIVE);
		else if (in->vip && in->vip_present)
			RULE(out->role == FENCED && !out->todo);
		break;
	case XHA_EV_VIP_DOWN:
		RULE(out->role == STANDBY);
		break;
	case XHA_EV_PEER_WINS:
		if (in->role == ACTIVE)
			RULE(out->role == (in->vip && in->vip_present ?
					   FENCED : STANDBY));
		else if (in->role != FENCED)
			RULE(out->role == in->role);
		break;
	case XHA_EV_WINNER_GONE:
		if (in->role != FENCED)
			RULE(out->role == in->role && !out->todo);
		else
			RULE(out->role == (in->vip && in->vip_present ?
					   ACTIVE : STANDBY));
		break;
	case XHA_EV_PEER_TERM:
		if (in->role == ACTIVE)
			RULE(out->role == ACTIVE && out->todo == XHA_DO_TERM);
		else if (in->role != FENCED)
			RULE(out->role == in->role && !out->todo);
		break;
	/* It closes for the one that asks, which has the VIP or will; it raises no term. */
	case XHA_EV_HANDOVER:
		if (in->role == ACTIVE)
			RULE(out->role == STANDBY &&
			     out->todo == (XHA_DO_GATE | XHA_DO_WANT));
		else if (in->role != FENCED)
			RULE(out->role == in->role && !out->todo);
		break;
	/* Only who has closed for a peer resumes; who is fenced knows of an active. */
	case XHA_EV_RESUME:
		if (in->role == STANDBY)
			RULE(out->role == ACTIVE);
		else if (in->role != FENCED)
			RULE(out->role == in->role && !out->todo);
		else
			RULE(out->role == (in->vip && in->vip_present ?
					   FENCED : ACTIVE));
		break;
	default:
		break;
	}
	/* No fact but the VIP or the winner's end makes a node active. */
	if (!soft(in->event) && in->event != XHA_EV_VIP_UP &&
	    in->event != XHA_EV_WINNER_GONE && in->event != XHA_EV_RESUME)
		RULE(out->role != ACTIVE || in->role == ACTIVE);
}

static void check_wishes(const struct xha_role_in *in,
			 const struct xha_role_out *out)
{
	if (in->event == XHA_EV_SET_ACTIVE) {
		bool refused = in->role != ACTIVE && !in->force &&
			       (in->vip || (!in->hot && in->better));

		RULE(!!out->refusal == refused);
		if (!refused)
			RULE(out->role == ACTIVE);
		if (in->role == ACTIVE)
			RULE(!out->todo);
		if (refused)
			RULE(!!strstr(out->refusal, "VIP") == in->vip);
	}
	if (in->event == XHA_EV_SET_STANDBY) {
		RULE(!!out->refusal == (in->vip && !in->force));
		if (!out->refusal)
			RULE(out->role == STANDBY);
		if (in->role == STANDBY)
			RULE(!out->todo);
	}
}

static void t_invariants(void)
{
	for_all(check_invariants);
}

static void t_facts(void)
{
	for_all(check_facts);
}

static void t_wishes(void)
{
	for_all(check_wishes);
}

static void t_wins(void)
{
	int t1, n1, t2, n2;

	for (t1 = 0; t1 < 4; t1++)
		for (n1 = 1; n1 < 5; n1++)
			for (t2 = 0; t2 < 4; t2++)
				for (n2 = 1; n2 < 5; n2++) {
					bool a = xha_role_wins(t1, n1, t2, n2);
					bool b = xha_role_wins(t2, n2, t1, n1);

					CHECK(a + b == (t1 != t2 || n1 != n2));
					CHECK(a == (t1 * 16 + n1 >
						    t2 * 16 + n2));
				}
	CHECK(xha_role_wins(U64_MAX, 1, U32_MAX, 15));
	CHECK(!xha_role_wins(1, 15, 1ULL << 32, 1));
}

static void t_names(void)
{
	CHECK(!strcmp(xha_role_name(INIT), "init"));
	CHECK(!strcmp(xha_role_name(STANDBY), "standby"));
	CHECK(!strcmp(xha_role_name(ACTIVE), "active"));
	CHECK(!strcmp(xha_role_name(FENCED), "fenced"));
	CHECK(!strcmp(xha_role_name(99), "unknown"));
	CHECK(!strcmp(xha_sync_name(XFRM_HA_SYNC_NONE), "none"));
	CHECK(!strcmp(xha_sync_name(XFRM_HA_SYNC_COLD), "cold"));
	CHECK(!strcmp(xha_sync_name(XFRM_HA_SYNC_BULK), "bulk"));
	CHECK(!strcmp(xha_sync_name(XFRM_HA_SYNC_HOT), "hot"));
	CHECK(!strcmp(xha_sync_name(XFRM_HA_SYNC_STALE), "stale"));
	CHECK(!strcmp(xha_sync_name(99), "unknown"));
}

#define NODES	3

struct node {
	enum xfrm_ha_role role;
	u64 term;	/* of its own turn, or the highest it knows */
	bool vip;
};

static struct node nodes[NODES];
static bool apart;	/* nodes do not hear each other */

static u64 known_term(int me)
{
	u64 term = nodes[me].term;
	int i;

	for (i = 0; !apart && i < NODES; i++)
		term = max_t(u64, term, nodes[i].term);
	return term;
}

static void happens(int me, enum xha_role_event event)
{
	struct xha_role_in in = {
		.role = nodes[me].role, .event = event, .vip = true,
		.vip_present = nodes[me].vip,
	};
	struct xha_role_out out = xha_role_step(&in);

	nodes[me].role = out.role;
	if (out.todo & XHA_DO_TERM)
		nodes[me].term = known_term(me) + 1;
}

/* What node @me hears of the others, as events. Returns true if it moved. */
static bool hears(int me)
{
	struct node was = nodes[me];
	bool wins = false, higher = false;
	int i;

	for (i = 0; i < NODES; i++) {
		if (apart || i == me)
			continue;
		if (nodes[i].role == ACTIVE)
			wins |= xha_role_wins(nodes[i].term, i + 1,
					      nodes[me].term, me + 1);
		else
			higher |= nodes[i].term > nodes[me].term;
	}
	happens(me, wins ? XHA_EV_PEER_WINS : XHA_EV_WINNER_GONE);
	if (!wins && higher)
		happens(me, XHA_EV_PEER_TERM);
	return memcmp(&was, &nodes[me], sizeof(was));
}

/* VIPs come and go, the link too: in contact it settles on one active. */
static void t_nodes(void)
{
	int i, k, n, rounds, actives, vips;
	bool moved;

	for (n = 0; n < 20000; n++) {
		memset(nodes, 0, sizeof(nodes));
		for (i = 0; i < NODES; i++)
			happens(i, XHA_EV_VIP_DOWN);
		for (k = rnd_below(20); k; k--) {
			i = rnd_below(NODES);
			apart = one_in(2);
			nodes[i].vip = one_in(2);
			happens(i, nodes[i].vip ? XHA_EV_VIP_UP :
						  XHA_EV_VIP_DOWN);
			if (one_in(2))
				hears(rnd_below(NODES));
		}
		apart = false;
		for (rounds = 0, moved = true; moved && rounds < 20; rounds++)
			for (i = 0, moved = false; i < NODES; i++)
				moved |= hears(i);
		CHECK(!moved, "does not settle");
		for (i = 0, actives = 0, vips = 0; i < NODES; i++) {
			actives += nodes[i].role == ACTIVE;
			vips += nodes[i].vip;
			CHECK(nodes[i].role != ACTIVE || nodes[i].vip);
			CHECK(nodes[i].role != FENCED || nodes[i].vip);
		}
		CHECK(actives == !!vips, "%d active, %d VIPs", actives, vips);
	}
}

/* Out of contact two nodes take turns, until both have the VIP: the later one wins. */
static void t_turns(void)
{
	int n, k, me, other;

	for (n = 0; n < 1000; n++) {
		memset(nodes, 0, sizeof(nodes));
		apart = true;
		me = rnd_below(2);
		happens(me, XHA_EV_VIP_UP);
		other = !me;
		nodes[other].term = nodes[me].term;
		for (k = rnd_below(6); k; k--) {
			happens(me, XHA_EV_VIP_DOWN);
			happens(other, XHA_EV_VIP_UP);
			me = other;
			other = !me;
		}
		happens(other, XHA_EV_VIP_DOWN);
		happens(other, XHA_EV_VIP_UP);
		CHECK(xha_role_wins(nodes[other].term, other + 1,
				    nodes[me].term, me + 1),
		      "term %llu of the later one, %llu of the other",
		      (unsigned long long)nodes[other].term,
		      (unsigned long long)nodes[me].term);
	}
}

static const struct unit_case cases[] = {
	{ "invariants", t_invariants },
	{ "facts", t_facts },
	{ "wishes", t_wishes },
	{ "who wins", t_wins },
	{ "names", t_names },
	{ "three nodes settle on one active", t_nodes },
	{ "of two that took turns unheard the later one wins", t_turns },
};

UNIT_MAIN(cases)
