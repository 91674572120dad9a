/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The model: SAs and policies as objects that a peer holds or does not hold.
 * Everything here is under xha_net.lock.
 */
#ifndef _XHA_OBJ_H
#define _XHA_OBJ_H

#include <net/xfrm.h>

#include "desc.h"
#include "lease.h"
#include "net.h"

enum xha_kind {
	XHA_KIND_SA,
	XHA_KIND_POLICY,
};

/* What of an object can be dirty for a peer: each goes its own way. */
enum xha_what {
	XHA_W_OBJECT,	/* the object itself, or its removal */
	XHA_W_RESULT,	/* what became of an object that the peer sent */
	/* counters of an SA */
	XHA_W_LEASE,
	XHA_W_WINDOW,
	XHA_W_LIFE,
	XHA_W_PACE,
	XHA_W_MAX
};

/**
 * struct xha_track - an object as one peer has it
 * @dirty: on the peer's list of that kind while it has to be sent
 * @hash: of the record that was sent last, 0: none
 * @had: of the one that the peer is taken to have had, from us or from whoever was
 *	 active before; survives the session, 0: none
 * @acked: what the peer has applied of an SA: of an outbound one the highest lease,
 *	   of an inbound one the top of the window
 * @promised: the highest lease that it has acked since this node serves the SA: by that
 *	      it would take over, in contact or not; 0: none
 * @acked_pace: the pace that the peer has, as far as it has acked
 * @acked_frame: the frame that it was in
 * @flight: frames under way that carry the object itself
 * @result: enum xha_result, as the peer reported it
 * @pending: counted in xha_sync.pending
 * @bulk: counted in xha_sync.left
 * @lost: a frame that carried it got lost; counted in xha_sync.lost
 * @known: the peer has acked it, or the copy that named it, or has given it to us,
 *	   since it started: if it has it no more, it was deleted there
 */
struct xha_track {
	struct list_head dirty[XHA_W_MAX];
	u64 hash;
	u64 had;
	u64 acked;
	u64 promised;
	u64 acked_frame;
	struct xha_pace acked_pace;
	u16 flight;
	u8 result;
	bool pending:1;
	bool bulk:1;
	bool lost:1;
	bool known:1;
};

/**
 * struct xha_obj - an SA or a policy
 * @node: in xha_net.sas or .pols, while @dead is not set
 * @id: our number for it: unique, not used again for a very long time
 * @kind: which of the two
 * @origin: OWN: added on this node, or taken over; LEARNED: copied from a peer
 * @installed: the module has put it into the kernel
 * @too_large: no frame holds it
 * @dead: gone from the kernel; stays until every peer has been told
 * @result: a learned one: enum xha_result; other than OK: not in the kernel
 * @group: the group, NULL: none
 * @in_group: in xha_group.objs
 * @why_not: why it is not replicated, NULL if it is
 * @round: the audit round that last saw it
 * @src: slot of the peer it was learned from, -1: none (yet)
 * @src_id: the number it has there
 * @gen: generation of the copy that last contained it
 * @frame: newest frame of @src about the object itself
 * @hash: of the record it was built from
 * @by_hash: in xha_net.hashes, while there is a @hash
 * @track: by peer slot
 */
struct xha_obj {
	struct rhash_head node;
	u32 id;
	u8 kind;
	u8 origin;
	bool installed;
	bool too_large;
	bool dead;
	u8 result;
	struct xha_group *group;
	struct list_head in_group;
	const char *why_not;
	u32 round;
	int src;
	u32 src_id;
	u32 gen;
	u64 frame;
	u64 hash;
	struct hlist_node by_hash;
	struct xha_track track[XFRM_HA_LIMIT_PEERS];
};

/**
 * struct xha_sa_key - what XFRM itself tells SAs apart by
 */
struct xha_sa_key {
	xfrm_address_t daddr;
	__be32 spi;
	u32 mark_v;
	u32 mark_m;
	u16 family;
	u8 proto;
	u8 zero;
} __packed;

/**
 * struct xha_sa - an SA
 * @obj: the object
 * @key: key in xha_net.sas
 * @saddr: source, for those that have no state in the kernel
 * @dir: enum xfrm_ha_dir, by which end is an endpoint of the group
 * @esn: 64-bit numbers
 * @x: the kernel's state, a reference; NULL if it is not there
 * @shadow: @x is not in XFRM (any more): a local daemon has to put it there;
 *	    written under xha_net.lock, read under RCU too
 * @lease: what we have granted ourselves (own)
 * @step: how far the last renewal reached
 * @pace: what we state of how fast it may be used (own)
 * @told: the highest pace that a peer may reckon with
 * @view: what we know of the numbers of the node that is active (learned)
 * @paced_session: session of the peer that the pace in @view is from
 * @paced_frame: the frame that it was in
 * @shared: a peer may have it: numbers may have been used there
 * @has_final: @final is known
 * @final_term: low half of the term that it ends
 * @final: the last number that the former active has used
 * @oseq: last number used, as sampled
 * @rate: packets/s sent, smoothed
 * @sampled: when, ms; 0: never
 * @overruns: samples above the acked lease; and times that the lease was left behind
 *	      which a peer out of contact had acked
 * @beyond: such a one is left behind
 * @capped: at takeover its jump was cut: others may have used what it uses now
 * @seq: highest number received, as sampled
 * @synced_seq: ... as last sent to peers
 * @synced_packets: packets of the lifetime as last sent
 * @synced_at: ms
 * @life_packets: packets of the lifetime as last sent
 * @life_at: ms, when that was
 * @taken_packets: of the lifetime, when this node took over; U64_MAX: it did not
 * @taken_bytes: likewise
 * @add_time: lifetime as it really is, while the one in @x is parked
 * @use_time: likewise, 0: never used
 * @keepalive: interval of NAT keepalives, s, while the gate is closed
 * @rcu: rhashtable's lookups are lockless
 */
struct xha_sa {
	struct xha_obj obj;
	struct xha_sa_key key;
	xfrm_address_t saddr;
	u8 dir;
	bool esn;
	struct xfrm_state *x;
	bool shadow;
	u64 lease;
	u64 step;
	bool shared;
	bool has_final;
	u32 final_term;
	u64 final;
	struct xha_pacer pace;
	struct xha_pace told;
	struct xha_lease_view view;
	u32 paced_session;
	u64 paced_frame;
	u64 oseq;
	u64 rate;
	u64 sampled;
	u64 overruns;
	bool beyond;
	bool capped;
	u64 seq;
	u64 synced_seq;
	u64 synced_packets;
	u64 synced_at;
	u64 life_packets;
	u64 life_at;
	u64 taken_packets;
	u64 taken_bytes;
	time64_t add_time;
	time64_t use_time;
	u32 keepalive;
	struct rcu_head rcu;
};

/**
 * struct xha_pol_key - what XFRM itself tells policies apart by; not the priority.
 * Of a security context that is its hash, 0 without one.
 */
struct xha_pol_key {
	struct xfrm_selector sel;
	u32 mark_v;
	u32 mark_m;
	u32 if_id;
	u8 type;
	u8 dir;
	u8 zero[2];
	u64 secctx;
};

/**
 * struct xha_pol - a policy
 * @obj: the object
 * @key: key in xha_net.pols
 * @xp: the kernel's policy, a reference; NULL if it is not there
 * @genid: of @xp when it was last looked at: migration changes it in place
 * @parked: the kernel does not have it yet: it waits for this node to be active
 * @closed: it lets pass what matches it, and XFRM's blocks that until then
 * @rcu: rhashtable's lookups are lockless
 */
struct xha_pol {
	struct xha_obj obj;
	struct xha_pol_key key;
	struct xfrm_policy *xp;
	int genid;
	bool parked;
	bool closed;
	struct rcu_head rcu;
};

static inline struct xha_sa *xha_obj_sa(struct xha_obj *o)
{
	return container_of(o, struct xha_sa, obj);
}

static inline struct xha_pol *xha_obj_pol(struct xha_obj *o)
{
	return container_of(o, struct xha_pol, obj);
}

/* Is it carried to peers when this node is active? */
static inline bool xha_obj_replicated(const struct xha_obj *o)
{
	return o->group && !o->why_not && !o->dead;
}

int xha_obj_net_init(struct xha_net *xn);
void xha_obj_net_exit(struct xha_net *xn);

struct xha_sa *xha_sa_find(struct xha_net *xn, const struct xha_sa_key *key);
bool xha_sa_shadowed(struct xha_net *xn, const struct xha_sa_key *key);
struct xha_sa *xha_sa_add(struct xha_net *xn, const struct xha_sa_key *key, bool beside);
void xha_pol_open(struct xha_pol *pol);
struct xha_pol *xha_pol_find(struct xha_net *xn, const struct xha_pol_key *key);
struct xha_pol *xha_pol_add(struct xha_net *xn, const struct xha_pol_key *key, bool beside);
void xha_obj_set_group(struct xha_obj *o, struct xha_group *g);
void xha_obj_set_why(struct xha_obj *o, const char *why);
void xha_obj_set_result(struct xha_obj *o, u8 result);
int xha_obj_set_src(struct xha_net *xn, struct xha_obj *o, int src, u32 id);
void xha_obj_set_hash(struct xha_obj *o, u64 hash);
struct xha_obj *xha_obj_by_hash(struct xha_net *xn, u64 hash);
void xha_obj_bury(struct xha_net *xn, struct xha_obj *o);
bool xha_obj_reap(struct xha_net *xn, struct xha_obj *o);
void xha_obj_forget_all(struct xha_net *xn);

struct xha_obj *xha_obj_next(struct xha_net *xn, u32 *id);
void xha_net_relax(struct xha_net *xn);

#endif /* _XHA_OBJ_H */
