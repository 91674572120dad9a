// SPDX-License-Identifier: GPL-2.0
/* Is this node fit to serve a group, and if not, why? What operators and VRRP's scripts ask. */
#include "group.h"
#include "peer.h"

/**
 * xha_group_better_peer - is there somebody better to serve the group?
 * @g: group, xha_net.lock held
 *
 * Return: true if a peer in contact is active or hot.
 */
bool xha_group_better_peer(struct xha_group *g)
{
	struct xha_peer *p;
	int slot;

	xha_for_each_peer(g->xn, slot, p) {
		const struct xha_sync *s = &g->peers[slot];

		if (xha_peer_up(p) && s->known &&
		    (s->heard.role == XFRM_HA_ROLE_ACTIVE ||
		     s->heard.sync == XFRM_HA_SYNC_HOT))
			return true;
	}
	return false;
}

/**
 * xha_group_led - is there an active whose copy this node could have anew?
 * @g: group, xha_net.lock held
 */
bool xha_group_led(const struct xha_group *g)
{
	const struct xha_sync *s;

	if (xha_group_active(g) || g->src < 0 || !xha_peer_up(xha_peer_slot(g->xn, g->src)))
		return false;
	s = &g->peers[g->src];
	return s->known && !s->mismatch && s->heard.role == XFRM_HA_ROLE_ACTIVE;
}

/**
 * xha_group_why - why this node's copy is not hot
 * @g: group, xha_net.lock held
 *
 * Return: static text; NULL if it is, or if this node serves the group.
 */
const char *xha_group_why(struct xha_group *g)
{
	const struct xha_sync *s;

	if (xha_group_active(g) || g->sync == XFRM_HA_SYNC_HOT)
		return NULL;
	if (g->src < 0) {
		struct xha_peer *p;
		int slot;

		xha_for_each_peer(g->xn, slot, p) {
			s = &g->peers[slot];
			if (xha_peer_up(p) && s->known && s->mismatch)
				return s->mismatch;
		}
		return "no peer that is active has been heard";
	}
	s = &g->peers[g->src];
	if (!xha_peer_up(xha_peer_slot(g->xn, g->src)))
		return "the active is not in contact";
	if (s->mismatch)
		return s->mismatch;
	if (s->known && s->heard.role != XFRM_HA_ROLE_ACTIVE)
		return "the peer that was active is not active any more";
	if (!g->copy_gen)
		return "the copy is not complete yet";
	return "the active does not confirm the copy";
}

/* How long a node waits for somebody better to turn up, once it could. */
#define XHA_CHECK_WAIT	5000	/* ms */

static bool xha_group_waiting(struct xha_group *g)
{
	struct xha_peer *p;
	int slot;

	/* Who was hot and lost the active has as good a copy as any. */
	if (g->sync == XFRM_HA_SYNC_STALE || xha_now_ms() - g->xn->joined > XHA_CHECK_WAIT)
		return false;
	xha_for_each_peer(g->xn, slot, p)
		if (!xha_peer_up(p) || !g->peers[slot].known)
			return true;
	return false;
}

static bool xha_group_redundant(struct xha_group *g)
{
	struct xha_peer *p;
	int slot;

	if (!xha_group_active(g))
		return g->sync == XFRM_HA_SYNC_HOT;
	xha_for_each_peer(g->xn, slot, p)
		if (xha_peer_up(p) && g->peers[slot].known &&
		    g->peers[slot].heard.sync == XFRM_HA_SYNC_HOT)
			return true;
	return false;
}

/**
 * xha_group_check - may this node serve the group? For VRRP's track scripts
 * @g: group, xha_net.lock held
 * @redundant: is there another one that could?
 *
 * Return: NULL, or why not; static.
 */
const char *xha_group_check(struct xha_group *g, bool redundant)
{
	if (redundant)
		return xha_group_redundant(g) ? NULL : "there is no hot copy";
	if (xha_group_active(g) || g->sync == XFRM_HA_SYNC_HOT)
		return NULL;
	if (xha_group_better_peer(g))
		return "a peer has a better copy than this node";
	if (xha_group_waiting(g))
		return "a peer with a better copy may still turn up";
	return NULL;
}
