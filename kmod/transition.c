// SPDX-License-Identifier: GPL-2.0
/*
 * Transitions: what the role table says is done here. Takeover and demotion run
 * under xha_net.lock and x->lock alone, since they come from notifiers.
 */
#include "dirty.h"
#include "event.h"
#include "gate.h"
#include "nl_addr.h"
#include "park.h"
#include "peer.h"
#include "replay.h"
#include "serve.h"
#include "shadow.h"
#include "tap.h"

/**
 * xha_group_set_sync - how good this node's copy is, by now
 * @g: group, xha_net.lock held
 * @sync: enum xfrm_ha_sync
 * @cause: why; static
 */
void xha_group_set_sync(struct xha_group *g, enum xfrm_ha_sync sync,
			const char *cause)
{
	enum xfrm_ha_sync from = g->sync;

	if (from == sync)
		return;
	g->sync = sync;
	xha_event_sync(g, from, sync, cause);
	xha_peers_beat(g->xn);
}

/* An SA without a number left: its key manager shall make another one. */
static void xha_transition_retire(struct xha_group *g, struct xha_sa *s)
{
	xha_stat_inc(&g->xn->stats, XHA_STAT_EXHAUSTED);
	xha_gate_retire(s);
	xha_obj_bury(g->xn, &s->obj);
}

/* Ours from now on, and nobody's copy; others have learned it, too. */
static void xha_transition_own(struct xha_group *g, struct xha_obj *o)
{
	int slot;

	for (slot = 0; slot < XFRM_HA_LIMIT_PEERS && o->hash; slot++)
		o->track[slot].had = o->hash;
	xha_obj_set_src(g->xn, o, -1, 0);
	xha_obj_set_hash(o, 0);
	xha_obj_set_result(o, XHA_RESULT_OK);
	o->origin = XFRM_HA_ORIGIN_OWN;
}

static void xha_transition_open(struct xha_group *g, struct xha_sa *s,
				u64 silence, u64 now, struct xha_transition *t)
{
	struct xha_opened res;
	int slot;

	xha_gate_open(s, g, silence, &res);
	if (res.exhausted) {
		xha_transition_retire(g, s);
		return;
	}
	xha_transition_own(g, &s->obj);
	if (!res.opened)
		return;

	s->capped = res.capped;
	if (s->capped)
		xha_stat_inc(&g->xn->stats, XHA_STAT_CAPPED);
	t->sas++;
	t->jump = max(t->jump, res.jump);
	if (s->dir == XFRM_HA_DIR_IN && s->sampled && !g->exact)
		t->exposure = xha_sat_add(t->exposure,
					  xha_replay_exposure(s->rate, now - s->sampled, silence,
							      g->period_time, g->period_packets,
							      g->advance));
	s->rate = 0;
	s->sampled = 0;
	s->synced_at = now;
	s->synced_seq = s->seq;
	s->synced_packets = s->x->curlft.packets;
	s->lease = 0;
	s->beyond = false;
	for (slot = 0; slot < XFRM_HA_LIMIT_PEERS; slot++)
		s->obj.track[slot].promised = 0;
	s->taken_packets = s->x->curlft.packets;
	s->taken_bytes = s->x->curlft.bytes;
	/* Nobody's R or guard is to fall unseen: it goes on as it was stated to us. */
	s->pace = (struct xha_pacer){ .now = s->view.pace };
	s->told = s->view.pace;
	xha_serve_lease(s, now);
}

/* Its gate is open: from now on what it needs of others. */
static void xha_transition_run(struct xha_sa *s, u64 now)
{
	xha_gate_start_timer(s, now);
	if (s->capped)
		xha_gate_ask(s);
}

/**
 * xha_group_adopt - serve an SA that was a copy until now
 * @g: group that this node serves, xha_net.lock held
 * @s: SA with a closed state; may be freed
 * @silence: ms since the moment for which nobody was above what @s knows
 *
 * Return: false if it had no number left.
 */
bool xha_group_adopt(struct xha_group *g, struct xha_sa *s, u64 silence)
{
	struct xha_transition t = {};
	u64 now = xha_now_ms();

	xha_transition_open(g, s, silence, now, &t);
	if (!t.sas)
		return false;
	xha_transition_run(s, now);
	return true;
}

static void xha_transition_open_dir(struct xha_group *g, bool out, u64 silence,
				    u64 now, struct xha_transition *t)
{
	struct xha_obj *o, *tmp;

	list_for_each_entry_safe(o, tmp, &g->objs, in_group) {
		if (o->dead || o->why_not || o->kind != XHA_KIND_SA ||
		    out != (xha_obj_sa(o)->dir == XFRM_HA_DIR_OUT))
			continue;
		if (xha_obj_sa(o)->shadow)
			xha_shadow_stay(g, xha_obj_sa(o));
		else if (xha_obj_sa(o)->x)
			xha_transition_open(g, xha_obj_sa(o), silence, now, t);
		else
			xha_obj_bury(g->xn, o);
	}
}

/*
 * Inbound first: as soon as the first packet goes out, answers may come. Timers
 * last: no lifetime is so short that it could not wait for the others.
 */
static void xha_transition_takeover(struct xha_group *g, struct xha_transition *t)
{
	struct xha_obj *o, *tmp;
	u64 now = xha_now_ms();
	u64 silence;

	silence = xha_group_silence(g);
	t->staleness = silence;
	/* Before the SAs: no packet is to slip past them. */
	xha_park_leave(g);
	xha_transition_open_dir(g, false, silence, now, t);
	xha_transition_open_dir(g, true, silence, now, t);

	list_for_each_entry_safe(o, tmp, &g->objs, in_group) {
		if (o->dead)
			continue;
		if (o->kind == XHA_KIND_SA && xha_obj_sa(o)->x && !o->why_not) {
			xha_transition_run(xha_obj_sa(o), now);
		} else if (o->kind == XHA_KIND_POLICY) {
			if (xha_obj_pol(o)->xp)
				xha_transition_own(g, o);
			else
				xha_obj_bury(g->xn, o);
		}
	}
	xha_handover_withdraw(g);
	xha_merge_all(g, t->from == XFRM_HA_ROLE_INIT, g->sync == XFRM_HA_SYNC_HOT);
	g->src = -1;
	g->copy_gen = 0;
	g->sync = XFRM_HA_SYNC_NONE;
	xha_stat_inc(&g->xn->stats, XHA_STAT_TAKEOVERS);
}

/* What was ours is a copy from now on, of somebody whom we do not know yet. */
static void xha_transition_learned(struct xha_sa *s)
{
	/* Never acked, and maybe applied all the same. */
	if (!s->view.base)
		s->view.base = s->lease;
	/* Not by less than whoever took over, whatever of it has arrived there. */
	s->view.pace = s->told;
	s->rate = 0;
	s->sampled = 0;
}

/*
 * Since when may somebody else have used numbers that we do not know of? Since
 * the moment for which the peer whose copy is the oldest takes it to be hot,
 * as it last said: after that it may have taken over, unseen. Where no peer has
 * ever had a copy, nobody has.
 */
static void xha_transition_asof(struct xha_group *g)
{
	s64 asof = xha_now_ms();
	struct xha_peer *p;
	int slot;

	xha_for_each_peer(g->xn, slot, p)
		if (g->peers[slot].holds)
			asof = min(asof, g->peers[slot].peer_asof);
	g->hot_asof = max(g->hot_asof, asof);
}

static void xha_transition_gate(struct xha_group *g, struct xha_transition *t)
{
	struct xha_obj *o;

	list_for_each_entry(o, &g->objs, in_group) {
		/* A copy still, of whoever is active next. */
		if (!o->dead && o->kind == XHA_KIND_SA && xha_obj_sa(o)->shadow) {
			xha_obj_set_why(o, NULL);
			continue;
		}
		if (o->dead || o->why_not)
			continue;
		o->origin = XFRM_HA_ORIGIN_LEARNED;
		if (o->kind == XHA_KIND_POLICY)
			xha_park_close(xha_obj_pol(o));
		if (o->kind != XHA_KIND_SA || !xha_obj_sa(o)->x)
			continue;
		t->sas += xha_gate_close(xha_obj_sa(o), t->to);
		xha_transition_learned(xha_obj_sa(o));
	}
	xha_transition_asof(g);
	g->finals = true;
	g->ever_hot = true;
	g->src = -1;
	g->copy_gen = 0;
	xha_stat_inc(&g->xn->stats, XHA_STAT_DEMOTIONS);
}

/* From one kind of closed to another: the gates stay, what they show does not. */
static void xha_transition_show(struct xha_group *g, struct xha_transition *t)
{
	struct xha_obj *o;

	list_for_each_entry(o, &g->objs, in_group)
		if (!o->dead && !o->why_not && o->kind == XHA_KIND_SA &&
		    xha_obj_sa(o)->x)
			xha_gate_close(xha_obj_sa(o), t->to);
}

/* Above all that is known; there is nothing above the highest number. */
static u64 xha_group_next_term(struct xha_group *g)
{
	struct xha_peer *p;
	u64 term = g->term;
	int slot;

	xha_for_each_peer(g->xn, slot, p)
		if (g->peers[slot].known)
			term = max(term, g->peers[slot].heard.term);
	return term < U64_MAX ? term + 1 : term;
}

static void xha_transition_do(struct xha_group *g, u32 todo, struct xha_transition *t)
{
	ktime_t began = ktime_get();

	/* First: what is added meanwhile is opened or closed by it. */
	WRITE_ONCE(g->role, t->to);
	if (t->from != t->to)
		g->since = xha_now_ms();
	if (todo & XHA_DO_GATE)
		xha_transition_gate(g, t);
	else if (t->from != t->to && t->to != XFRM_HA_ROLE_ACTIVE)
		xha_transition_show(g, t);
	if (todo & XHA_DO_TERM)
		g->term = xha_group_next_term(g);
	if (todo & XHA_DO_TAKEOVER)
		xha_transition_takeover(g, t);
	t->duration_us = ktime_us_delta(ktime_get(), began);
}

/**
 * xha_group_event - something happened that the role depends on
 * @g: group, xha_net.lock held (maybe RTNL too)
 * @event: what
 * @force: a request that was forced
 * @cause: for the log and the event; static
 * @extack: refusal of a request, may be NULL
 *
 * Return: 0; -EBUSY if a request is refused, nothing changes then.
 */
int xha_group_event(struct xha_group *g, enum xha_role_event event, bool force,
		    const char *cause, struct netlink_ext_ack *extack)
{
	struct xha_role_in in = {
		.role = g->role,
		.event = event,
		.vip = g->nvips,
		.vip_present = g->vip_present,
		.force = force,
		.hot = g->sync == XFRM_HA_SYNC_HOT,
		.better = xha_group_better_peer(g),
	};
	struct xha_transition t = { .from = g->role };
	struct xha_role_out out = xha_role_step(&in);

	if (out.refusal)
		return xha_nl_refuse(extack, NULL, out.refusal, -EBUSY);
	if (out.role == g->role && !out.todo)
		return 0;
	/* What was added until now is this node's own: others are to get it. */
	if (g->role == XFRM_HA_ROLE_ACTIVE && out.role != XFRM_HA_ROLE_ACTIVE)
		xha_tap_drain(g->xn);
	if (out.todo & XHA_DO_TAKEOVER && g->role != XFRM_HA_ROLE_ACTIVE)
		xha_copy_review(g);

	t.to = out.role;
	t.cause = cause ?: out.cause;
	xha_transition_do(g, out.todo, &t);
	xha_event_role(g, &t);
	if (out.todo & XHA_DO_WANT)
		xha_follow_want(g, t.cause);
	xha_peers_beat(g->xn);
	return 0;
}
