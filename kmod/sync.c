// SPDX-License-Identifier: GPL-2.0
/*
 * Copies, from the side that gives them: what a peer has of a group, and whether
 * it can be relied on. The active gives one to each standby, and a standby one to
 * a new active that wants to merge it.
 *
 *   IDLE -> BEGIN_DUE -> BEGIN_SENT -> COPY <-> CHECK_DUE -> CHECK_SENT -> COPY
 *
 * BEGIN and CHECK are barriers (barrier.c). The first CHECK that matches makes the
 * copy whole; later ones are the audit.
 */
#include "dirty.h"
#include "peer.h"

#define XHA_CHECK_PERIOD	2000	/* ms between two audits of a copy */
#define XHA_CHECK_OVERDUE	4000	/* ms that one may be late */
#define XHA_ANSWER_OVERDUE	2000	/* ms that its answer may: to ask again is in time */
#define XHA_BULK_AHEAD		256	/* objects of a bulk marked dirty at a time */
#define XHA_BULK_RETRY		200	/* ms, doubled with every bulk that ended wrong */
#define XHA_BULK_RETRY_MAX	6

static struct xha_sync *xha_sync_at(struct xha_peer *p, struct xha_group *g)
{
	return &g->peers[p->slot];
}

static void xha_sync_stop(struct xha_peer *p, struct xha_group *g)
{
	struct xha_sync *s = xha_sync_at(p, g);

	if (s->state == XHA_SYNC_IDLE)
		return;
	s->state = XHA_SYNC_IDLE;
	s->whole = false;
	s->await = false;
	s->end = false;
	s->finals = false;
	s->served = 0;
	xha_dirty_purge(p, g);
}

/*
 * Does the peer follow us, and as what is the same group? Or has it taken over,
 * and wants to merge what we have?
 */
static bool xha_sync_wanted(struct xha_peer *p, struct xha_group *g)
{
	struct xha_sync *s = xha_sync_at(p, g);

	/* One that does not know its own SAs yet would have copies swept. */
	if (!xha_peer_up(p) || !g->audited || !s->known || s->mismatch || !s->heard.want)
		return false;
	/* One that hands over goes on with the copy that the peer has. */
	if (!xha_group_active(g))
		return s->heard.role == XFRM_HA_ROLE_ACTIVE || s->finals;
	return s->heard.role != XFRM_HA_ROLE_ACTIVE && !s->merge;
}

/* Of what is a copy here, only what could be installed; no daemon's own. */
static bool xha_sync_gives(const struct xha_group *g, struct xha_obj *o)
{
	if (o->group != g)
		return false;
	if (xha_group_active(g))
		return true;
	return o->origin == XFRM_HA_ORIGIN_LEARNED && o->result == XHA_RESULT_OK &&
	       (o->kind == XHA_KIND_SA ? !!xha_obj_sa(o)->x : !!xha_obj_pol(o)->xp);
}

static void xha_sync_begin(struct xha_peer *p, struct xha_group *g)
{
	struct xha_sync *s = xha_sync_at(p, g);

	xha_dirty_purge(p, g);
	s->state = XHA_SYNC_BEGIN_DUE;
	/*
	 * All of it for one that asks again, that did not match, or that holds no
	 * copy, because it was active itself, or is new.
	 */
	s->brief = xha_group_active(g) && !s->served && s->heard.count;
	s->served = s->heard.want;
	s->gen++;
	if (!s->gen)
		s->gen++;
	s->kind = XHA_KIND_POLICY;
	s->cursor = 0;
	s->whole = false;
	s->await = false;
	s->ignored = false;
	s->end = false;
	s->finals = false;
	xha_stat_inc(&p->xn->stats, XHA_STAT_BULKS);
}

/* The peer has not what it should have: from the start, but not again and again. */
static void xha_sync_mismatch(struct xha_peer *p, struct xha_group *g, u64 now)
{
	struct xha_sync *s = xha_sync_at(p, g);

	xha_stat_inc(&p->xn->stats, XHA_STAT_MISMATCHES);
	s->begin_at = now + (XHA_BULK_RETRY << s->retry);
	s->retry = min(s->retry + 1, (u32)XHA_BULK_RETRY_MAX);
	xha_sync_begin(p, g);
}

/* The check has been answered. */
static void xha_sync_answer(struct xha_peer *p, struct xha_group *g, u64 now)
{
	struct xha_sync *s = xha_sync_at(p, g);

	s->await = false;
	s->ignored = false;
	if (s->heard.flags & XHA_STATUS_CHECK_OK) {
		/* Not by an audit that was under way as this node closed. */
		if (s->final)
			s->finals = false;
		if (s->end) {
			s->end = false;
			s->whole = true;
			s->recalls = true;
			g->held = false;
			s->retry = 0;
			xha_dirty_confirmed(p, g);
		}
		s->check_at = now + XHA_CHECK_PERIOD;
		return;
	}
	xha_sync_mismatch(p, g, now);
}

/* The answer is in every heartbeat, and one of them may get lost. */
static bool xha_sync_overdue(struct xha_peer *p, const struct xha_sync *s, u64 now)
{
	return now - s->asked_at >= max_t(u64, XHA_ANSWER_OVERDUE, 2ULL * xha_session_beat(p));
}

/*
 * What is acked is answered at once, with a heartbeat. If it is not, something else
 * was acked in its place: on an insecure link a frame that somebody else gave its
 * number. Once it is asked again; then the BEGIN may have fared likewise.
 */
static void xha_sync_ignored(struct xha_peer *p, struct xha_group *g, u64 now)
{
	struct xha_sync *s = xha_sync_at(p, g);

	s->await = false;
	if (s->ignored)
		xha_sync_mismatch(p, g, now);
	else
		s->ignored = true;
}

/*
 * Marks the next part of the bulk, once the last one is nearly sent. Policies
 * first: what they are for would go out in clear text through SAs alone.
 */
static void xha_sync_feed(struct xha_peer *p, struct xha_group *g)
{
	struct xha_sync *s = xha_sync_at(p, g);
	struct xha_obj *o;
	int n = 0;

	while (s->cursor != U32_MAX && s->left < XHA_BULK_AHEAD &&
	       n++ < XHA_BULK_AHEAD * 4) {
		o = xha_obj_next(p->xn, &s->cursor);
		if (o && o->kind == s->kind && xha_sync_gives(g, o))
			xha_dirty_bulk(p, o);
		if (o)
			continue;
		if (s->kind == XHA_KIND_SA) {
			s->cursor = U32_MAX;
			break;
		}
		/* Frames may overtake one another: not before these are there. */
		if (s->left)
			return;
		s->kind = XHA_KIND_SA;
		s->cursor = 0;
	}
	/* Enough for once, of those that are not due in this part: no heartbeat has to pass. */
	if (s->cursor != U32_MAX && s->left < XHA_BULK_AHEAD)
		xha_peer_kick(p);
}

static void xha_sync_step(struct xha_peer *p, struct xha_group *g, u64 now)
{
	struct xha_sync *s = xha_sync_at(p, g);

	if (!xha_sync_wanted(p, g)) {
		xha_sync_stop(p, g);
		return;
	}
	if (s->heard.want != s->served) {
		xha_sync_begin(p, g);
		return;
	}
	if (s->state != XHA_SYNC_COPY)
		return;

	if (s->await) {
		if (s->heard.check == s->check)
			xha_sync_answer(p, g, now);
		else if (xha_sync_overdue(p, s, now))
			xha_sync_ignored(p, g, now);
		return;
	}
	xha_sync_feed(p, g);
	if (s->cursor != U32_MAX || s->left)
		return;
	/* The last counters are to be there before it is said that they are. */
	if (s->finals && (p->nflight || xha_dirty_counters(p)))
		return;
	if (!s->whole || s->finals || now >= s->check_at) {
		s->end = !s->whole;
		s->final = s->finals;
		s->state = XHA_SYNC_CHECK_DUE;
	}
}

/**
 * xha_sync_again - every peer gets a new copy of a group
 * @g: group, xha_net.lock held
 */
void xha_sync_again(struct xha_group *g)
{
	struct xha_peer *p;
	int slot;

	xha_for_each_peer(g->xn, slot, p)
		g->peers[slot].served = 0;
	xha_peers_kick(g->xn);
}

/**
 * xha_sync_tick - bring every copy of a peer one step on
 * @p: peer, xha_net.lock held
 * @now: ms
 */
void xha_sync_tick(struct xha_peer *p, u64 now)
{
	struct xha_group *g;

	list_for_each_entry(g, &p->xn->groups, node) {
		struct xha_sync *s = xha_sync_at(p, g);

		xha_handover_tick(g);
		xha_follow_silence(p, g);
		xha_sync_step(p, g, now);
		/* What no check has confirmed for long is not known to be there. */
		if (s->whole && !s->pending &&
		    now < s->check_at + XHA_CHECK_OVERDUE)
			s->objs_asof = now;
	}
}

/**
 * xha_sync_pending - how much a peer still lacks, or has not acked
 * @g: group, xha_net.lock held
 * @s: the peer's copy
 *
 * Return: objects; what a bulk has still before it counts, and all of them as
 * long as an active has no copy under way to the peer.
 */
u32 xha_sync_pending(const struct xha_group *g, const struct xha_sync *s)
{
	u32 all = g->nsas + g->npols, there = s->count - min(s->count, s->pending);

	if (s->state == XHA_SYNC_IDLE && !xha_group_active(g))
		return 0;
	if (s->state >= XHA_SYNC_COPY && s->cursor == U32_MAX)
		return s->pending;
	return s->state < XHA_SYNC_COPY ? all : max(all - min(all, there), 1U);
}

/**
 * xha_sync_session_lost - the session with a peer has ended
 * @p: peer, xha_net.lock held
 */
void xha_sync_session_lost(struct xha_peer *p)
{
	struct xha_obj *o;
	struct xha_group *g;
	unsigned long id;
	u32 all = 0;

	list_for_each_entry(g, &p->xn->groups, node) {
		struct xha_sync *s = xha_sync_at(p, g);

		xha_sync_stop(p, g);
		memset(&s->heard, 0, sizeof(s->heard));
		s->known = false;
		s->merged = false;
		s->mismatch = NULL;
		s->check = 0;
		s->served = 0;
		s->begin_at = 0;
		s->retry = 0;
		s->got_gen = 0;
		s->got_check = 0;
		s->got_frame = 0;
		s->got_ok = false;
		s->got_finals = false;
		if (g->src == p->slot)
			g->copy_gen = 0;
	}

	/* Its numbers mean nothing in the next session. */
	xa_for_each(&p->ids, id, o)
		xa_erase(&p->ids, id);
	while ((o = xha_obj_next(p->xn, &all))) {
		if (o->src == p->slot)
			o->src = -1;
		list_del_init(&o->track[p->slot].dirty[XHA_W_RESULT]);
	}
}
