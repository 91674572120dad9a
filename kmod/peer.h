/* SPDX-License-Identifier: GPL-2.0 */
/* Peers: one other node each, and the session with it. */
#ifndef _XHA_PEER_H
#define _XHA_PEER_H

#include <linux/if.h>
#include <linux/kref.h>

#include "group.h"
#include "handshake.h"
#include "obj.h"
#include "transport.h"
#include "wire.h"

#define XHA_HEARTBEAT		100	/* ms, default */
#define XHA_HEARTBEAT_MIN	10
#define XHA_HEARTBEAT_MAX	10000
#define XHA_SILENT_BEATS	10	/* heartbeats without a word: the peer is lost */
#define XHA_SILENT_MIN		1000	/* ms, at least */
#define XHA_HELLO_PERIOD	200	/* ms between two hellos, and retries of the socket */
#define XHA_REPLAY_FRAMES	1024	/* frames that may overtake one another */
#define XHA_CWND_INIT		4	/* frames under way */
#define XHA_CWND_MAX		64
#define XHA_RTO_INIT		200	/* ms */
#define XHA_RTO_MIN		20	/* defaults and range of the knobs, ms */
#define XHA_RTO_MAX		2000
#define XHA_RTO_LEAST		10
#define XHA_RTO_MOST		60000
#define XHA_PATH_RETRANSMIT	2
#define XHA_ASSOC_RETRANSMIT	10
#define XHA_RETRANSMIT_MAX	255

/**
 * struct xha_item - something that was in a frame
 * @id: the object
 * @what: enum xha_what
 * @named: XHA_W_OBJECT: by its hash alone
 * @pace: XHA_W_PACE and XHA_W_OBJECT: the pace that was in it
 * @number: XHA_W_LEASE, _WINDOW and _OBJECT: the lease or the top of the window that
 *	    was in it, by the direction of the SA
 */
struct xha_item {
	u32 id;
	u8 what;
	bool named;
	struct xha_pace pace;
	u64 number;
};

#define XHA_FRAME_ITEMS	(XHA_FRAME_MAX / 8)

/**
 * struct xha_frame - a frame that is not acked yet
 * @node: in xha_peer.flight, oldest first
 * @number: frame number
 * @sent: ms
 * @sent_us: the same in microseconds
 * @objects: it carries objects, or BEGIN or CHECK
 * @begin: groups (by gid) whose BEGIN it carries
 * @check: likewise for CHECK
 * @n: how many items
 * @item: what was in it
 */
struct xha_frame {
	struct list_head node;
	u64 number;
	u64 sent;
	u64 sent_us;
	bool objects;
	u64 begin;
	u64 check;
	unsigned int n;
	struct xha_item item[];
};

/**
 * struct xha_peer_conf - what 'peer add' is given
 * @id: the other node
 * @insecure: neither encrypted nor authenticated, as the operator said
 * @key: the operator's key, else
 * @addr: where and how
 */
struct xha_peer_conf {
	u8 id;
	bool insecure;
	u8 key[XHA_KEY_LEN];
	struct xha_transport_conf addr;
};

/**
 * struct xha_peer - another node
 * @xn: this node
 * @slot: its place in xha_net.peers and all arrays by slot
 * @conf: configuration (xha_net.cfg)
 * @transport: the socket; opened and closed by @tx only
 * @tx: the only sender; also opens the socket, keeps time and loses frames
 * @rx: the only receiver
 * @state: enum xfrm_ha_peer_state
 * @reason: why it is not up
 * @since: ms
 * @stopping: no work is queued any more
 * @retune: the transport has to look at its knobs again
 *
 * The session, all under xha_net.lock:
 * @session: number that we gave it
 * @remote_session: number that the peer gave it; 0: none yet
 * @boot: the peer's incarnation
 * @version: wire version spoken
 * @up_at: ms, when the session began
 * @heard_at: ms, last valid frame
 * @ticked_at: ms, when that was last looked at
 * @reading: the receiver is at a datagram; it lets the lock go while it applies
 * @hello_at: ms, when the next hello is due
 * @beat_at: ms, when the next heartbeat is due
 * @beat_done: how many groups the heartbeat has told of, where one frame is too small
 * @hello_due: answer a hello at once
 * @remote_beat: ms between the peer's heartbeats, as it said
 * @number: last frame number sent
 * @flight: struct xha_frame
 * @nflight: how many
 * @objs_flight: how many of them carry objects, BEGIN or CHECK
 * @cwnd: how many may be, times 16 (grows by a fraction with each ack)
 * @srtt: microseconds, times 8
 * @rttvar: microseconds, times 4
 * @rto: ms, from both, not yet within its bounds (RFC 6298)
 * @top: highest frame number received
 * @seen: bitmap of frames received, bit (number % XHA_REPLAY_FRAMES)
 * @acks: frames applied
 * @ack_due: say so
 * @floor: records about objects in frames below are out of date
 * @beat_frame: newest frame with a heartbeat
 * @stamp: the peer's clock as last heard, for it to get back
 * @stamp_at: ms, when that was
 * @echoed: ms of our own clock: what the peer says was said no earlier; 0: not known
 * @keys: of the session, unless the peer is insecure
 * @ids: what we learned from it: its id -> struct xha_obj, or a value: the
 *	 frame that deleted it
 * @dirty: objects that it has to be sent, by kind
 * @lacking: name of a group that the peer has and this node has not
 * @lacking_at: ms, when that was last heard
 * @rejected: datagrams dropped, by enum xha_stat from XHA_STAT_DROP_SHORT on
 */
struct xha_peer {
	struct xha_net *xn;
	int slot;
	struct xha_peer_conf conf;
	struct xha_transport transport;
	struct delayed_work tx;
	struct work_struct rx;
	u8 state;
	const char *reason;
	u64 since;
	bool stopping;
	bool retune;

	u32 session;
	u32 remote_session;
	u64 boot;
	u8 version;
	u64 up_at;
	u64 heard_at;
	u64 ticked_at;
	bool reading;
	u64 hello_at;
	u64 beat_at;
	unsigned int beat_done;
	bool hello_due;
	u32 remote_beat;

	u64 number;
	struct list_head flight;
	unsigned int nflight;
	unsigned int objs_flight;
	unsigned int cwnd;
	u32 srtt;
	u32 rttvar;
	u32 rto;

	u64 top;
	DECLARE_BITMAP(seen, XHA_REPLAY_FRAMES);
	struct xha_ack acks;
	bool ack_due;
	u64 floor;
	u64 beat_frame;
	u64 stamp;
	u64 stamp_at;
	u64 echoed;

	struct xha_keys keys;
	struct xarray ids;
	struct list_head dirty[XHA_W_MAX];

	char lacking[XFRM_HA_LIMIT_NAME + 1];
	u64 lacking_at;

	u64 frames_tx;
	u64 frames_rx;
	u64 bytes_tx;
	u64 bytes_rx;
	u64 lost;
	u64 resent;
	u64 rejected[XHA_STAT_MAX];

	/* Scratch of the two workers. */
	struct xha_tx_scratch *txs;
	struct xha_rx_scratch *rxs;
};

static inline bool xha_peer_up(const struct xha_peer *p)
{
	return p && p->state == XFRM_HA_PSTATE_UP;
}

/* The peer in a slot; cfg or lock held. */
static inline struct xha_peer *xha_peer_slot(struct xha_net *xn, int slot)
{
	return rcu_dereference_protected(xn->peers[slot],
					 lockdep_is_held(&xn->cfg) ||
					 lockdep_is_held(&xn->lock));
}

/* The peer in the first used slot at or after *@slot, which is moved there. */
static inline struct xha_peer *xha_peer_next(struct xha_net *xn, int *slot)
{
	struct xha_peer *p = NULL;

	for (; *slot < XFRM_HA_LIMIT_PEERS; (*slot)++) {
		p = xha_peer_slot(xn, *slot);
		if (p)
			break;
	}
	return p;
}

#define xha_for_each_peer(xn, slot, p)	\
	for (slot = 0; (p = xha_peer_next(xn, &slot)); slot++)

/* peer.c: life; xha_net.cfg held, refusals in extack */
void xha_peer_conf_init(struct xha_peer_conf *c);
int xha_peer_add(struct xha_net *xn, const struct xha_peer_conf *c,
		 struct netlink_ext_ack *extack);
void xha_peer_del(struct xha_net *xn, struct xha_peer *p);
void xha_peer_del_all(struct xha_net *xn);
struct xha_peer *xha_peer_by_id(struct xha_net *xn, u8 id);

/* session.c: who we talk to; xha_net.lock held */
void xha_session_state(struct xha_peer *p, u8 state, const char *reason);
void xha_session_reset(struct xha_peer *p, u8 state, const char *reason);
void xha_session_hello(struct xha_peer *p, const struct xha_hello *h, u64 now);
void xha_session_fill_hello(struct xha_peer *p, struct xha_hello *h);
bool xha_session_fresh(struct xha_peer *p, u64 number);
void xha_session_applied(struct xha_peer *p, u64 number);
void xha_session_tick(struct xha_peer *p, u64 now);
u32 xha_session_beat(const struct xha_peer *p);
u64 xha_session_limit(const struct xha_peer *p);

/* flight.c: frames under way; xha_net.lock held */
u32 xha_flight_rto(const struct xha_peer *p);
bool xha_flight_room(const struct xha_peer *p);
void xha_flight_acked(struct xha_peer *p, const struct xha_ack *a, u64 now);
u64 xha_flight_expire(struct xha_peer *p, u64 now);
void xha_flight_lost(struct xha_peer *p, struct xha_frame *f);
void xha_flight_resume(struct xha_peer *p);
void xha_flight_drop(struct xha_peer *p);

/* sync.c: copies of groups, the active's side; xha_net.lock held */
void xha_sync_tick(struct xha_peer *p, u64 now);
void xha_sync_again(struct xha_group *g);
u32 xha_sync_pending(const struct xha_group *g, const struct xha_sync *s);
void xha_sync_session_lost(struct xha_peer *p);

/* barrier.c: BEGIN and CHECK on the link; xha_net.lock held */
bool xha_sync_barrier(struct xha_peer *p);
void xha_sync_put(struct xha_peer *p, struct xha_writer *w,
		  u64 *begin, u64 *check);
void xha_sync_landed(struct xha_peer *p, u64 begin, u64 check, u64 now);
void xha_sync_lost(struct xha_peer *p, u64 begin, u64 check);

/* status.c: what this node says of a group; xha_net.lock held */
void xha_status_fill(struct xha_peer *p, struct xha_group *g,
		     struct xha_group_status *st, u64 now);

/* follow.c: what peers say of groups; xha_net.lock held */
void xha_follow_heard(struct xha_peer *p, struct xha_group *g,
		      const struct xha_group_status *st, u64 now);
void xha_follow_peer_gone(struct xha_peer *p);
void xha_follow_silence(struct xha_peer *p, struct xha_group *g);
void xha_follow_want(struct xha_group *g, const char *cause);
void xha_follow_next_want(struct xha_sync *s);

/* merge.c: what the active takes from a peer first; xha_net.lock held */
void xha_merge_settle(struct xha_group *g);
void xha_merge_all(struct xha_group *g, bool booted, bool whole);
void xha_merge_peer(struct xha_group *g, int slot);
void xha_merge_heard(struct xha_peer *p, struct xha_group *g,
		     const struct xha_group_status *st);
u32 xha_merge_wanted(struct xha_peer *p, struct xha_group *g);
struct xha_group *xha_merge_group(struct xha_peer *p, u8 gid);
void xha_merge_done(struct xha_peer *p, struct xha_group *g);

/* handover.c: the next active begins at the next number; xha_net.lock held */
void xha_handover_offer(struct xha_group *g, bool resume);
void xha_handover_withdraw(struct xha_group *g);
bool xha_handover_ask(struct xha_group *g);
void xha_handover_heard(struct xha_peer *p, struct xha_group *g,
			const struct xha_group_status *st);
void xha_handover_try(struct xha_peer *p, struct xha_group *g);
void xha_handover_tick(struct xha_group *g);
u8 xha_handover_status(const struct xha_peer *p, const struct xha_group *g);

/* copy.c: the standby's side of a copy; xha_net.lock held */
void xha_copy_begin(struct xha_peer *p, const struct xha_begin *b, u64 frame);
void xha_copy_check(struct xha_peer *p, const struct xha_check *c, u64 frame);
struct xha_group *xha_copy_group(struct xha_peer *p, u8 gid);
struct xha_obj *xha_copy_obj(struct xha_peer *p, u32 id);
void xha_copy_release(struct xha_net *xn, struct xha_obj *o);
void xha_copy_forget(struct xha_group *g);
void xha_copy_review(struct xha_group *g);
void xha_copy_drop(struct xha_net *xn, struct xha_obj *o);
bool xha_copy_expired(const struct xha_sa *s);
void xha_copy_missing(struct xha_net *xn, struct xha_obj *o);

/* send.c, receive.c */
void xha_send_work(struct work_struct *work);
void xha_receive_work(struct work_struct *work);
int xha_receive_counters(struct xha_peer *p, struct xha_rec *rec, u64 frame);
void xha_peer_kick(struct xha_peer *p);
void xha_peer_reject(struct xha_peer *p, enum xha_stat why);
void xha_peers_kick(struct xha_net *xn);
void xha_peers_beat(struct xha_net *xn);

#endif /* _XHA_PEER_H */
