// SPDX-License-Identifier: GPL-2.0
/*
 * Exact handover: the next active begins at the next number.
 *
 *   to be active              active, or just demoted by a wish
 *
 *   heartbeat: ASK ------>    closes its gates
 *             <-------------- heartbeat: GRANT
 *             <-------------- FINAL, WINDOW, LIFE of each SA
 *             <-------------- CHECK: FINAL, when all that is acked
 *   takes over
 *
 * A grant says that the sender is closed and stays so; it is good for a second
 * by the clock of who got it. Whatever is missing goes by lease and guard.
 */
#include "dirty.h"
#include "mutant.h"
#include "peer.h"

#define XHA_HANDOVER_OFFER	60000	/* ms that an offer stands */
#define XHA_HANDOVER_BRIEF	2000	/* ms that one does if asked for, or of three nodes */
#define XHA_HANDOVER_GRANT	1000	/* ms that the word of a grant is good for */

static void xha_handover_send(struct xha_peer *p, struct xha_group *g)
{
	struct xha_sync *s = &g->peers[p->slot];
	struct xha_obj *o;

	if (!s->whole)
		return;
	s->finals = true;
	/* A CHECK under way says nothing of them, not even one of an offer taken back. */
	s->final = false;
	list_for_each_entry(o, &g->objs, in_group) {
		if (o->kind != XHA_KIND_SA || !xha_obj_replicated(o) || !xha_obj_sa(o)->x)
			continue;
		if (xha_obj_sa(o)->dir == XFRM_HA_DIR_OUT)
			xha_dirty_peer(p, o, XHA_W_LEASE);
		else
			xha_dirty_peer(p, o, XHA_W_WINDOW);
		xha_dirty_peer(p, o, XHA_W_LIFE);
	}
	xha_peer_kick(p);
}

/**
 * xha_handover_offer - this node was told not to be active any more
 * @g: group, just closed, xha_net.lock held
 * @resume: be active again if nobody takes the offer
 */
void xha_handover_offer(struct xha_group *g, bool resume)
{
	struct xha_peer *p;
	int slot;

	g->offer_at = xha_now_ms();
	g->granted = -1;
	g->resume = resume;
	xha_for_each_peer(g->xn, slot, p)
		xha_handover_send(p, g);
}

/**
 * xha_handover_withdraw - nothing is offered any more
 * @g: group, xha_net.lock held
 */
void xha_handover_withdraw(struct xha_group *g)
{
	int slot;

	g->offer_at = 0;
	g->granted = -1;
	g->resume = false;
	for (slot = 0; slot < XFRM_HA_LIMIT_PEERS; slot++)
		g->peers[slot].finals = false;
}

/* What was granted, and is still; heard no longer ago than it is good for. */
static bool xha_handover_granted(const struct xha_sync *s)
{
	return s->heard.flags & XHA_STATUS_GRANT && s->echoed &&
	       xha_now_ms() - s->echoed < XHA_HANDOVER_GRANT;
}

/**
 * xha_handover_try - take over, if all that it takes has come
 * @p: peer whose copy we hold, xha_net.lock held
 * @g: group
 */
void xha_handover_try(struct xha_peer *p, struct xha_group *g)
{
	struct xha_sync *s = &g->peers[p->slot];

	if (!g->asking || g->src != p->slot || !s->got_finals || !xha_handover_granted(s))
		return;
	g->asking = false;
	g->exact = true;
	g->exact_term = lower_32_bits(s->heard.term);
	xha_group_event(g, XHA_EV_SET_ACTIVE, true, "handed over", NULL);
	g->exact = false;
	/* Its last counters are here. */
	s->merge = false;
	s->merged = true;
}

/*
 * A node that was told to be active waits for it; a person goes from one machine to
 * the other. Where there is a third one it may have served meanwhile, unheard: that
 * is what the guard is for.
 */
static u64 xha_handover_span(const struct xha_group *g)
{
	struct xha_peer *p;
	int slot, peers = 0;

	xha_for_each_peer(g->xn, slot, p)
		peers++;
	return g->resume || peers > 1 ? XHA_HANDOVER_BRIEF : XHA_HANDOVER_OFFER;
}

static bool xha_handover_stands(const struct xha_group *g)
{
	return g->offer_at && xha_now_ms() - g->offer_at < xha_handover_span(g);
}

/*
 * It goes on right behind our last numbers, maybe unheard: should this node open
 * again all the same, then above what it may use.
 */
static void xha_handover_grant(struct xha_peer *p, struct xha_group *g)
{
	struct xha_obj *o;

	g->granted = p->slot;
	list_for_each_entry(o, &g->objs, in_group)
		if (o->kind == XHA_KIND_SA && !o->dead && xha_obj_sa(o)->dir == XFRM_HA_DIR_OUT)
			xha_obj_sa(o)->view.base = max(xha_obj_sa(o)->view.base,
						       xha_obj_sa(o)->oseq);
	xha_peers_beat(g->xn);
}

/* A peer was told to be active. Only a copy that is whole is worth it. */
static void xha_handover_asked(struct xha_peer *p, struct xha_group *g)
{
	if (xha_group_active(g) && !g->nvips && g->peers[p->slot].whole) {
		xha_group_event(g, XHA_EV_HANDOVER, false, "a peer asks for it", NULL);
		xha_handover_offer(g, true);
	}
	if (xha_handover_stands(g) && g->granted < 0)
		xha_handover_grant(p, g);
}

/**
 * xha_handover_heard - a peer says how it stands to the group
 * @p: peer, xha_net.lock held
 * @g: group
 * @st: what it says
 */
void xha_handover_heard(struct xha_peer *p, struct xha_group *g,
			const struct xha_group_status *st)
{
	if (st->role == XFRM_HA_ROLE_ACTIVE) {
		/* It goes on, or has taken over: what it said before is over. */
		g->peers[p->slot].got_finals = false;
		xha_handover_withdraw(g);
	} else if (st->flags & XHA_STATUS_ASK) {
		xha_handover_asked(p, g);
	}
	xha_handover_try(p, g);
}

/**
 * xha_handover_tick - has nobody taken the offer?
 * @g: group, xha_net.lock held
 */
void xha_handover_tick(struct xha_group *g)
{
	bool resume = g->resume;

	/* Until then a peer may take us at our word. */
	if (!g->offer_at || xha_now_ms() - g->offer_at < xha_handover_span(g) + XHA_HANDOVER_GRANT)
		return;
	xha_handover_withdraw(g);
	if (resume)
		xha_group_event(g, XHA_EV_RESUME, false, "nobody took over", NULL);
}

/**
 * xha_handover_ask - ask the active to hand over
 * @g: group that this node is told to serve, xha_net.lock held
 *
 * Return: false if there is nobody to ask, or no copy that it would be worth.
 */
bool xha_handover_ask(struct xha_group *g)
{
	struct xha_peer *p = g->src < 0 ? NULL : xha_peer_slot(g->xn, g->src);
	const struct xha_sync *s;

	if (!xha_peer_up(p) || g->role != XFRM_HA_ROLE_STANDBY || !g->copy_gen || g->nvips)
		return false;
	s = &g->peers[g->src];
	if (!s->known || s->mismatch || !(s->heard.role == XFRM_HA_ROLE_ACTIVE ||
					  s->heard.flags & XHA_STATUS_OFFER))
		return false;
	g->asking = true;
	xha_peers_beat(g->xn);
	return true;
}

/**
 * xha_handover_status - what of all this goes into a heartbeat
 * @p: peer, xha_net.lock held
 * @g: group
 *
 * Return: XHA_STATUS_* flags.
 */
u8 xha_handover_status(const struct xha_peer *p, const struct xha_group *g)
{
	u8 flags = 0;

	if (xha_group_active(g))
		return 0;
	if (xha_handover_stands(g))
		flags |= XHA_STATUS_OFFER;
	if (xha_handover_stands(g) && g->granted == p->slot)
		flags |= XHA_STATUS_GRANT;
	if (g->asking && g->src == p->slot)
		flags |= XHA_STATUS_ASK;
	return flags;
}
