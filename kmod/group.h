/* SPDX-License-Identifier: GPL-2.0 */
/* Groups: SAs that fail over together, and how peers stand to them. */
#ifndef _XHA_GROUP_H
#define _XHA_GROUP_H

#include <linux/if.h>
#include <linux/rcupdate.h>

#include "addr.h"
#include "net.h"
#include "role.h"
#include "wire.h"

struct netlink_ext_ack;
struct xha_sa;

/* Defaults and ranges of the knobs. */
#define XHA_SYNC_PERIOD_TIME	1000		/* ms */
#define XHA_SYNC_PERIOD_TIME_MAX 3600000
#define XHA_SYNC_PERIOD_PACKETS	64
#define XHA_OSEQ_SHIFT		65536
#define XHA_OSEQ_SHIFT_MIN	16
#define XHA_OSEQ_SHIFT_MAX	BIT(28)	/* a 32-bit SA has room for several */
#define XHA_REPLAY_ADVANCE_MAX	4096

/**
 * struct xha_vip - an address whose presence drives the role
 * @addr: the address
 * @dev: name of the device it must be on, "": any
 * @present: it is there and its device works
 * @why: why it is not
 */
struct xha_vip {
	struct xha_addr addr;
	char dev[IFNAMSIZ];
	bool present;
	const char *why;
};

/**
 * struct xha_endpoints - local ends of the SAs of a group: VIPs and locals
 * @rcu: for freeing
 * @n: how many
 * @addr: the addresses
 */
struct xha_endpoints {
	struct rcu_head rcu;
	unsigned int n;
	struct xha_addr addr[];
};

/* How far a peer's copy of a group is, seen from the active. */
enum xha_sync_state {
	XHA_SYNC_IDLE,		/* it gets nothing */
	XHA_SYNC_BEGIN_DUE,
	XHA_SYNC_BEGIN_SENT,
	XHA_SYNC_COPY,		/* objects are sent as they become dirty */
	XHA_SYNC_CHECK_DUE,
	XHA_SYNC_CHECK_SENT,
};

/**
 * struct xha_sync - one peer and one group
 * @heard: what the peer last said of the group
 * @heard_at: ms
 * @echoed: what of our time had come back by then: it was said no earlier
 * @known: @heard is valid
 * @mismatch: why the peer's configuration of the group does not fit, or NULL
 * @state: active's side: how far its copy is
 * @gen: generation of the copy
 * @served: the want that it answers; 0: none
 * @brief: what the peer has had is only named in it
 * @check: number of the last check sent
 * @kind: what the bulk is at: policies first, then SAs
 * @cursor: those of @kind from this id on have not been marked yet; U32_MAX: all are
 * @left: objects of the bulk that are not acked
 * @pending: objects that are dirty or under way
 * @lost: objects that were lost under way and not sent again
 * @count: objects that the peer holds when everything sent has arrived
 * @digest: the sum of their hashes
 * @refused: objects that the peer could not install
 * @begin_at: ms, no new bulk before that
 * @over: an SA was above the lease that this peer has acked, this round
 * @await: the answer to @check is outstanding
 * @asked_at: ms, since when: @check was acked
 * @ignored: the one before was not answered either
 * @end: the next check ends the bulk
 * @whole: the check that ends the bulk has matched
 * @objs_asof: ms, when @pending was last 0
 * @lease_asof: ms, when no SA was above its acked lease
 * @check_at: ms, when the next check is due
 * @retry: grows with every bulk that did not end well
 * @finals: the last counters of our term are being sent; a CHECK that says so follows
 * @final: the CHECK that is due, or was sent last, is that one
 * @holds: the peer has been given a copy, or has given us one; survives the session
 * @peer_asof: ms, no later than the moment for which the peer takes its copy to be
 *	       hot; may be before we were booted. Survives the session.
 * @aged: ... and it has said so
 * @recalls: a copy between the two, in either direction, or a merge has been whole
 *	     since the group was added, and since then nothing has gone from here
 *	     unsaid: what the peer knows us to have had was deleted. Survives the session.
 * @merge: this peer may have what we, who are active, lack: it is taken from there
 *	   before the peer gets a copy
 * @merged: it has been, since the peer last was active itself
 * @want: raised for every copy, or merge, that we want of the peer
 * @got_gen: generation being received
 * @got_gid: number of the group at the peer
 * @got_check: the last check answered
 * @got_frame: number of the frame that carried the last BEGIN or CHECK
 * @got_ok: ... and it matched
 * @got_finals: the last counters of the peer's term are complete here
 */
struct xha_sync {
	struct xha_group_status heard;
	u64 heard_at;
	u64 echoed;
	bool known;
	const char *mismatch;

	enum xha_sync_state state;
	u32 gen;
	u32 served;
	bool brief;
	u32 check;
	u8 kind;
	u32 cursor;
	u32 left;
	u32 pending;
	u32 lost;
	u32 count;
	u64 digest;
	u32 refused;
	u64 begin_at;
	bool over;
	bool await;
	u64 asked_at;
	bool ignored;
	bool end;
	bool whole;
	u64 objs_asof;
	u64 lease_asof;
	u64 check_at;
	u32 retry;
	bool finals;
	bool final;
	bool holds;
	s64 peer_asof;
	bool aged;

	bool recalls;
	bool merge;
	bool merged;
	u32 want;
	u32 got_gen;
	u8 got_gid;
	u32 got_check;
	u64 got_frame;
	bool got_ok;
	bool got_finals;
};

/**
 * struct xha_group - a group
 * @node: in xha_net.groups
 * @rcu: for freeing
 * @xn: the node
 * @name: its name
 * @gid: its number in what this node sends
 * @install: enum xfrm_ha_install
 * @policies: enum xfrm_ha_policies
 * @period_time: ms, 0: off
 * @period_packets: 0: off
 * @oseq_shift: smallest lease step and guard
 * @advance: inbound windows move so far at takeover
 * @vips: addresses that drive the role
 * @nvips: how many
 * @locals: further local endpoints
 * @nlocals: how many
 * @endpoints: both, for matching under RCU
 * @vip_present: all VIPs are there
 * @role: written under xha_net.lock, read anywhere
 * @sync: enum xfrm_ha_sync of this node's copy
 * @term: of this node's last time as active, or the highest heard
 * @since: ms, when the role began
 * @src: slot of the peer whose copy we follow, -1: none
 * @copy_gen: the complete generation that we hold of it, 0: none
 * @hot_asof: ms, maybe before we were booted: the last moment of which it is known
 *	      that the active's numbers were below the leases held here, or that all
 *	      the others' were below ours; whoever has used numbers unseen did so since
 * @ever_hot: it has, since we follow it
 * @finals: this node was active, and nobody has taken its last counters yet
 * @booted: active from the start: what XFRM holds is newer than any copy
 * @held: ... and it held something; until a peer has a copy of it
 * @offer_at: ms, when this node ceased to be active by a wish, and began to offer
 *	      its last counters; 0: it does not
 * @granted: slot of the peer that was promised that we stay closed, -1: none
 * @resume: be active again if nobody takes the offer
 * @asking: the active was asked to hand over
 * @exact: taking over what was granted just now: finals count
 * @exact_term: low half of the term that they end
 * @count: learned records held, the refused ones included
 * @digest: sum of their hashes
 * @audit_round: the first audit that began after the group was added
 * @audited: it has ended: what XFRM holds of the group is known
 * @objs: struct xha_obj
 * @nsas: SAs in the kernel that are replicated
 * @npols: policies
 * @peers: by slot
 */
struct xha_group {
	struct list_head node;
	struct rcu_head rcu;
	struct xha_net *xn;
	char name[XFRM_HA_LIMIT_NAME + 1];
	u8 gid;

	u8 install;
	u8 policies;
	u32 period_time;
	u32 period_packets;
	u32 oseq_shift;
	u32 advance;
	struct xha_vip vips[XFRM_HA_LIMIT_ADDRS];
	unsigned int nvips;
	struct xha_addr locals[XFRM_HA_LIMIT_ADDRS];
	unsigned int nlocals;
	struct xha_endpoints __rcu *endpoints;

	bool vip_present;
	enum xfrm_ha_role role;
	enum xfrm_ha_sync sync;
	u64 term;
	u64 since;

	int src;
	u32 copy_gen;
	s64 hot_asof;
	bool ever_hot;
	bool finals;
	bool booted;
	bool held;
	u64 offer_at;
	int granted;
	bool resume;
	bool asking;
	bool exact;
	u32 exact_term;
	u32 count;
	u64 digest;

	u32 audit_round;
	bool audited;
	struct list_head objs;
	u32 nsas;
	u32 npols;
	struct xha_sync peers[XFRM_HA_LIMIT_PEERS];
};

/* ms since the moment for which the active last stated this node hot. */
static inline u64 xha_group_silence(const struct xha_group *g)
{
	s64 now = xha_now_ms();

	return now > g->hot_asof ? now - g->hot_asof : 0;
}

static inline bool xha_group_active(const struct xha_group *g)
{
	return READ_ONCE(g->role) == XFRM_HA_ROLE_ACTIVE;
}

bool xha_addr_equal(const struct xha_addr *a, u16 family, const xfrm_address_t *b);

/**
 * struct xha_group_conf - what 'group add' is given
 * Members are those of struct xha_group.
 */
struct xha_group_conf {
	char name[XFRM_HA_LIMIT_NAME + 1];
	u8 install;
	u8 policies;
	u32 period_time;
	u32 period_packets;
	u32 oseq_shift;
	u32 advance;
	struct xha_vip vips[XFRM_HA_LIMIT_ADDRS];
	unsigned int nvips;
	struct xha_addr locals[XFRM_HA_LIMIT_ADDRS];
	unsigned int nlocals;
};

/* group.c: configuration; all with xha_net.cfg held, refusals in extack */
void xha_group_conf_init(struct xha_group_conf *c);
int xha_group_add(struct xha_net *xn, const struct xha_group_conf *c,
		  struct netlink_ext_ack *extack);
int xha_group_del(struct xha_net *xn, struct xha_group *g,
		  struct netlink_ext_ack *extack);
int xha_group_vip_add(struct xha_group *g, const struct xha_vip *vip,
		      struct netlink_ext_ack *extack);
int xha_group_vip_del(struct xha_group *g, const struct xha_vip *vip,
		      struct netlink_ext_ack *extack);
int xha_group_local_add(struct xha_group *g, const struct xha_addr *addr,
			struct netlink_ext_ack *extack);
int xha_group_local_del(struct xha_group *g, const struct xha_addr *addr,
			struct netlink_ext_ack *extack);
void xha_group_del_all(struct xha_net *xn);

/* endpoint.c: matching under RCU, and addresses that are taken */
int xha_group_endpoints(struct xha_group *g);
int xha_group_refuse_addr(struct xha_net *xn, const struct xha_addr *a,
			  struct netlink_ext_ack *extack);
int xha_group_refuse_addrs(struct xha_net *xn, const struct xha_group_conf *c,
			   struct netlink_ext_ack *extack);

/* Lookups: cfg, lock or RCU held. */
struct xha_group *xha_group_by_name(struct xha_net *xn, const char *name);
struct xha_group *xha_group_by_gid(struct xha_net *xn, u8 gid);
struct xha_group *xha_group_match(struct xha_net *xn, u16 family,
				  const xfrm_address_t *saddr,
				  const xfrm_address_t *daddr, u8 *dir);
/* Digest of what must be the same on both nodes. */
u64 xha_group_config(const struct xha_group *g);
u32 xha_group_not_replicated(struct xha_group *g);
u32 xha_group_policies_left(const struct xha_group *g, const char **why);
void xha_group_release(struct xha_group *g, struct xha_sa *s);
void xha_group_forget_peer(struct xha_net *xn, int slot);

/* transition.c: roles; xha_net.lock held */
int xha_group_event(struct xha_group *g, enum xha_role_event event, bool force,
		    const char *cause, struct netlink_ext_ack *extack);
void xha_group_set_sync(struct xha_group *g, enum xfrm_ha_sync sync,
			const char *cause);
bool xha_group_adopt(struct xha_group *g, struct xha_sa *s, u64 silence);

/* check.c: is this node fit to serve?; xha_net.lock held */
bool xha_group_better_peer(struct xha_group *g);
bool xha_group_led(const struct xha_group *g);
const char *xha_group_why(struct xha_group *g);
const char *xha_group_check(struct xha_group *g, bool redundant);

#endif /* _XHA_GROUP_H */
