// SPDX-License-Identifier: GPL-2.0
/*
 * BEGIN and CHECK, on the link: barriers between what is said of objects. They go
 * out only when nothing about objects is under way or lost, and nothing about
 * objects follows before they are acked. So both nodes mean the same set by them,
 * however much changes all along.
 */
#include "peer.h"

/**
 * xha_sync_barrier - may no object be sent, but those that got lost?
 * @p: peer, xha_net.lock held
 */
bool xha_sync_barrier(struct xha_peer *p)
{
	struct xha_group *g;

	list_for_each_entry(g, &p->xn->groups, node) {
		switch (g->peers[p->slot].state) {
		case XHA_SYNC_IDLE:
		case XHA_SYNC_COPY:
			break;
		case XHA_SYNC_BEGIN_DUE:
			if (xha_now_ms() >= g->peers[p->slot].begin_at)
				return true;
			break;
		default:
			return true;
		}
	}
	return false;
}

static bool xha_sync_lost_any(struct xha_peer *p)
{
	struct xha_group *g;

	list_for_each_entry(g, &p->xn->groups, node)
		if (g->peers[p->slot].lost)
			return true;
	return false;
}

static bool xha_sync_put_begin(struct xha_peer *p, struct xha_group *g,
			       struct xha_writer *w)
{
	struct xha_sync *s = &g->peers[p->slot];
	struct xha_begin b = {
		.gid = g->gid,
		.gen = s->gen,
		.count = g->nsas + g->npols,
	};

	strscpy(b.name, g->name, sizeof(b.name));
	return !xha_put_begin(w, &b);
}

static bool xha_sync_put_check(struct xha_peer *p, struct xha_group *g,
			       struct xha_writer *w)
{
	struct xha_sync *s = &g->peers[p->slot];
	struct xha_check c = {
		.gid = g->gid,
		.flags = (s->end ? XHA_CHECK_END : 0) | (s->final ? XHA_CHECK_FINAL : 0) |
			 (g->policies == XFRM_HA_POLICIES_OFF ? XHA_CHECK_NO_POLICIES : 0),
		.gen = s->gen,
		.check = s->check + 1,
		.count = s->count,
		.digest = s->digest,
	};

	return !xha_put_check(w, &c);
}

/**
 * xha_sync_put - write the BEGINs and CHECKs that are due
 * @p: peer, xha_net.lock held
 * @w: frame
 * @begin: groups (bits by gid) whose BEGIN is in the frame are added
 * @check: likewise for CHECK
 */
void xha_sync_put(struct xha_peer *p, struct xha_writer *w,
		  u64 *begin, u64 *check)
{
	struct xha_group *g;

	if (p->objs_flight || xha_sync_lost_any(p))
		return;

	list_for_each_entry(g, &p->xn->groups, node) {
		struct xha_sync *s = &g->peers[p->slot];

		if (s->state == XHA_SYNC_BEGIN_DUE &&
		    xha_now_ms() >= s->begin_at) {
			if (!xha_sync_put_begin(p, g, w))
				break;
			s->state = XHA_SYNC_BEGIN_SENT;
			*begin |= 1ULL << g->gid;
		} else if (s->state == XHA_SYNC_CHECK_DUE) {
			if (!xha_sync_put_check(p, g, w))
				break;
			s->check++;
			s->await = true;
			s->state = XHA_SYNC_CHECK_SENT;
			*check |= 1ULL << g->gid;
			xha_stat_inc(&p->xn->stats, XHA_STAT_CHECKS);
		}
	}
}

/**
 * xha_sync_landed - a frame with BEGINs or CHECKs was acked
 * @p: peer, xha_net.lock held
 * @begin: groups
 * @check: groups
 * @now: ms
 */
void xha_sync_landed(struct xha_peer *p, u64 begin, u64 check, u64 now)
{
	struct xha_group *g;

	list_for_each_entry(g, &p->xn->groups, node) {
		struct xha_sync *s = &g->peers[p->slot];
		u64 bit = 1ULL << g->gid;

		if (begin & bit && s->state == XHA_SYNC_BEGIN_SENT) {
			s->holds = true;
			s->state = XHA_SYNC_COPY;
		} else if (check & bit && s->state == XHA_SYNC_CHECK_SENT) {
			s->state = XHA_SYNC_COPY;
			s->asked_at = now;
		}
	}
}

/**
 * xha_sync_lost - a frame with BEGINs or CHECKs got lost
 * @p: peer, xha_net.lock held
 * @begin: groups
 * @check: groups
 */
void xha_sync_lost(struct xha_peer *p, u64 begin, u64 check)
{
	struct xha_group *g;

	list_for_each_entry(g, &p->xn->groups, node) {
		struct xha_sync *s = &g->peers[p->slot];
		u64 bit = 1ULL << g->gid;

		if (begin & bit && s->state == XHA_SYNC_BEGIN_SENT) {
			s->state = XHA_SYNC_BEGIN_DUE;
		} else if (check & bit && s->state == XHA_SYNC_CHECK_SENT) {
			s->state = XHA_SYNC_CHECK_DUE;
			s->await = false;
		}
	}
}
