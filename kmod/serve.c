// SPDX-License-Identifier: GPL-2.0
/*
 * The sampler: looks at the counters of the SAs that this node serves, renews
 * leases and marks what has moved. The data path knows nothing of it.
 */
#include "dirty.h"
#include "group.h"
#include "lease.h"
#include "mutant.h"
#include "peer.h"
#include "serve.h"
#include "snapshot.h"
#include "tap.h"

#define XHA_LIFE_SLOW	10	/* lifetimes without limits: every so many periods, or packets */

/**
 * struct xha_sample - counters of an SA at one moment
 * @state: km.state
 * @oseq: last number used
 * @seq: highest number received
 * @packets: of the lifetime
 * @limited: a limit depends on what was used
 */
struct xha_sample {
	u8 state;
	u64 oseq;
	u64 seq;
	u64 packets;
	bool limited;
};

static void xha_serve_read(struct xha_sa *s, struct xha_sample *c)
{
	struct xfrm_state *x = s->x;
	struct xha_replay r;

	xha_snapshot_replay(x, &r);
	/* The words of an ESN belong together: not without the lock. */
	spin_lock_bh(&x->lock);
	c->state = x->km.state;
	c->oseq = xha_replay_oseq(&r);
	c->seq = xha_replay_seq(&r);
	c->packets = x->curlft.packets;
	c->limited = x->lft.hard_byte_limit != XFRM_INF ||
		     x->lft.hard_packet_limit != XFRM_INF ||
		     x->lft.soft_byte_limit != XFRM_INF ||
		     x->lft.soft_packet_limit != XFRM_INF ||
		     x->lft.hard_use_expires_seconds ||
		     x->lft.soft_use_expires_seconds;
	spin_unlock_bh(&x->lock);
}

/* ms from a sample until a peer has acked what follows from it, at the worst. */
static u32 xha_serve_delay(struct xha_net *xn)
{
	struct xha_peer *p;
	u32 rto = 0;
	int slot;

	xha_for_each_peer(xn, slot, p)
		if (xha_peer_up(p))
			rto = max(rto, xha_flight_rto(p));
	return xn->sample_period + rto;
}

/*
 * How far a lease reaches, by the rate as it is now: a rise must not wait for
 * half of an old step. And the pace that follows from both.
 */
static void xha_serve_pace(struct xha_sa *s, u64 now)
{
	struct xha_group *g = s->obj.group;

	s->step = xha_lease_step(s->oseq, s->esn, g->oseq_shift, s->rate,
				 xha_serve_delay(g->xn));
	if (xha_pace_follow(&s->pace, xha_pace_of(s->rate, s->step), now))
		xha_dirty(g->xn, &s->obj, XHA_W_PACE);
}

static void xha_serve_renew(struct xha_sa *s)
{
	struct xha_group *g = s->obj.group;
	u64 lease;

	if (s->lease && (XHA_MUTANT_NO_RENEWAL || !xha_lease_due(s->oseq, s->lease, s->step)))
		return;
	lease = xha_lease_renew(s->oseq, s->lease, s->step, s->esn);
	if (lease == s->lease)
		return;
	s->lease = lease;
	xha_stat_inc(&g->xn->stats, XHA_STAT_LEASES);
	xha_dirty(g->xn, &s->obj, XHA_W_LEASE);
}

/**
 * xha_serve_lease - grant an SA more numbers, if it is short of them
 * @s: outbound SA that this node serves, xha_net.lock held
 * @now: ms, read once for all that are looked at: a clock may be slow to read
 *
 * The lease says what peers must start above; it holds nothing up here: with
 * no peer or a slow link the SA goes on (it is an overrun then, and the peers
 * are not hot).
 */
void xha_serve_lease(struct xha_sa *s, u64 now)
{
	if (s->dir != XFRM_HA_DIR_OUT)
		return;
	xha_serve_pace(s, now);
	xha_serve_renew(s);
}

/* A rise counts at once, a fall slowly: the lease must not be too short. */
static void xha_serve_rate(struct xha_sa *s, u64 oseq, u64 now)
{
	u64 rate;

	if (s->sampled && now > s->sampled) {
		rate = div64_u64((oseq - min(oseq, s->oseq)) * MSEC_PER_SEC,
				 now - s->sampled);
		s->rate = max(rate, (s->rate * 15 + rate) / 16);
	}
	if (!s->sampled || now > s->sampled)
		s->sampled = now;
}

/* Is the peer not known to have what it would take over by? */
static void xha_serve_overrun(struct xha_sa *s, struct xha_peer *p)
{
	/* No lease covers the last number of 32 bits; who has that much starts no more. */
	u64 used = min(s->oseq, xha_seq_max(s->esn));
	struct xha_group *g = s->obj.group;
	const struct xha_track *t = &s->obj.track[p->slot];
	struct xha_sync *sync = &g->peers[p->slot];

	if (t->result == XHA_RESULT_COUNTER || !xha_pace_covers(t->acked_pace, s->pace.now))
		sync->over = true;
	if (used <= t->acked || !used)
		return;
	sync->over = true;
	if (xha_peer_up(p) && sync->whole) {
		s->overruns++;
		xha_stat_inc(&g->xn->stats, XHA_STAT_OVERRUNS);
	}
}

/* A peer that we do not hear may take over by what it has acked: has the SA left that behind? */
static bool xha_serve_leaves(const struct xha_sa *s, struct xha_peer *p)
{
	u64 promised = s->obj.track[p->slot].promised;

	return !xha_peer_up(p) && promised && s->oseq > promised;
}

static void xha_serve_beyond(struct xha_sa *s, bool beyond)
{
	if (beyond && !s->beyond) {
		s->overruns++;
		xha_stat_inc(&s->obj.group->xn->stats, XHA_STAT_OVERRUNS);
	}
	s->beyond = beyond;
}

static void xha_serve_overruns(struct xha_sa *s)
{
	struct xha_pace now = s->pace.now;
	bool agreed = true, beyond = false;
	struct xha_peer *p;
	int slot;

	xha_for_each_peer(s->obj.group->xn, slot, p) {
		xha_serve_overrun(s, p);
		agreed &= xha_pace_same(s->obj.track[slot].acked_pace, now);
		beyond |= xha_serve_leaves(s, p);
	}
	xha_serve_beyond(s, beyond);
	/* Nobody reckons with a higher one of before any more. */
	if (agreed)
		s->told = now;
}

static void xha_serve_moved(struct xha_sa *s, const struct xha_sample *c, u64 now)
{
	struct xha_group *g = s->obj.group;
	u64 moved = c->packets - s->synced_packets, used = c->packets - s->life_packets;
	u64 period = g->period_time, packets = g->period_packets;
	bool far = false;

	/* A daemon may set it, too (XFRM_MSG_NEWAE), without a packet. */
	if (c->seq > s->synced_seq) {
		moved = max(moved, c->seq - s->synced_seq);
		far = c->seq - s->synced_seq >= XHA_TOP_NEAR;
	}
	s->seq = c->seq;
	if ((moved && period && now - s->synced_at >= period) || (packets && moved >= packets)) {
		s->synced_packets = c->packets;
		s->synced_seq = c->seq;
		s->synced_at = now;
		if (s->dir == XFRM_HA_DIR_IN)
			xha_dirty(g->xn, &s->obj, far ? XHA_W_OBJECT : XHA_W_WINDOW);
	}

	if (!c->limited) {
		period *= XHA_LIFE_SLOW;
		packets *= XHA_LIFE_SLOW;
	}
	/* By an account of its own: the last packets before a silence count, too. */
	if ((used && period && now - s->life_at >= period) || (packets && used >= packets)) {
		s->life_packets = c->packets;
		s->life_at = now;
		xha_dirty(g->xn, &s->obj, XHA_W_LIFE);
	}
}

static void xha_serve_one(struct xha_net *xn, struct xha_sa *s, u64 now)
{
	struct xha_sample c;

	xha_serve_read(s, &c);
	if (c.state == XFRM_STATE_DEAD) {
		/* Nobody has told us: with its device, or migrated: a walk finds where to. */
		xha_tap_look_again(xn, &s->key);
		xha_tap_audit_now(xn);
		return;
	}
	if (c.state != XFRM_STATE_VALID)
		return;

	if (s->dir == XFRM_HA_DIR_OUT) {
		xha_serve_rate(s, c.oseq, now);
		s->oseq = c.oseq;
		/* First: a peer that does not know the pace by now is not hot by now. */
		xha_serve_pace(s, now);
		xha_serve_overruns(s);
		xha_serve_renew(s);
	}
	xha_serve_moved(s, &c, now);
}

/* What a round has shown to be true was true when the round began. */
static void xha_serve_round_begin(struct xha_net *xn)
{
	struct xha_group *g;
	int slot;

	list_for_each_entry(g, &xn->groups, node)
		for (slot = 0; slot < XFRM_HA_LIMIT_PEERS; slot++)
			g->peers[slot].over = false;
}

/* Here, too, and not only with the peers: the last one may be removed meanwhile. */
static void xha_serve_offers(struct xha_net *xn)
{
	struct xha_group *g;

	list_for_each_entry(g, &xn->groups, node)
		xha_handover_tick(g);
}

static void xha_serve_round_end(struct xha_net *xn, u64 began)
{
	struct xha_group *g;
	int slot;

	list_for_each_entry(g, &xn->groups, node)
		for (slot = 0; slot < XFRM_HA_LIMIT_PEERS; slot++)
			if (!g->peers[slot].over)
				g->peers[slot].lease_asof = began;
	xha_stat_inc(&xn->stats, XHA_STAT_ROUNDS);
}

static void xha_serve_work(struct work_struct *work)
{
	struct xha_net *xn = container_of(work, struct xha_net, sampler.work);
	u64 now = xha_now_ms();
	struct xha_obj *o;
	u32 id = 0;
	int n = 0;

	mutex_lock(&xn->lock);
	xha_serve_round_begin(xn);
	while ((o = xha_obj_next(xn, &id))) {
		if (o->kind == XHA_KIND_SA && xha_obj_replicated(o) &&
		    xha_group_active(o->group) && xha_obj_sa(o)->x)
			xha_serve_one(xn, xha_obj_sa(o), now);
		if (++n % XHA_CHUNK == 0)
			xha_net_relax(xn);
	}
	xha_serve_round_end(xn, now);
	xha_serve_offers(xn);
	xha_peers_kick(xn);
	mutex_unlock(&xn->lock);

	if (READ_ONCE(xn->configured))
		queue_delayed_work(xha_wq, &xn->sampler,
				   msecs_to_jiffies(xn->sample_period));
}

void xha_serve_net_init(struct xha_net *xn)
{
	INIT_DELAYED_WORK(&xn->sampler, xha_serve_work);
}

void xha_serve_net_start(struct xha_net *xn)
{
	queue_delayed_work(xha_wq, &xn->sampler, 0);
}

/* After xha_net.configured was cleared. */
void xha_serve_net_stop(struct xha_net *xn)
{
	cancel_delayed_work_sync(&xn->sampler);
}
