/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * xfrm_ha - stateful IPsec failover: the generic netlink interface.
 *
 * Every command has an attribute space of its own, named after its object.
 * Times are milliseconds unless the name says otherwise, ages count back from
 * now. Addresses are binary, 4 or 16 bytes in network order.
 */
#ifndef _UAPI_LINUX_XFRM_HA_H
#define _UAPI_LINUX_XFRM_HA_H

#include <linux/types.h>

#define XFRM_HA_GENL_NAME	"xfrm_ha"
#define XFRM_HA_GENL_VERSION	1
#define XFRM_HA_GENL_MCGRP	"events"

/* Port of the sync link, the same for UDP and SCTP (unassigned by IANA). */
#define XFRM_HA_PORT		4511

#define XFRM_HA_KEY_LEN		32	/* bytes of the key of a link */
#define XFRM_HA_LIMIT_NAME	31	/* characters in a name of a group */
#define XFRM_HA_LIMIT_NODE	15	/* node ids are 1..15 */
#define XFRM_HA_LIMIT_PEERS	3
#define XFRM_HA_LIMIT_GROUPS	64
#define XFRM_HA_LIMIT_ADDRS	16	/* VIPs, and local endpoints, of one group */
#define XFRM_HA_LIMIT_PATHS	4	/* addresses of one end of a sync link */

/**
 * enum xfrm_ha_cmd - commands of the family
 * @XFRM_HA_CMD_UNSPEC: never used
 * @XFRM_HA_CMD_NODE_SET: set this node's id and knobs (enum xfrm_ha_node)
 * @XFRM_HA_CMD_NODE_GET: show this node
 * @XFRM_HA_CMD_PEER_ADD: add a peer (enum xfrm_ha_peer)
 * @XFRM_HA_CMD_PEER_SET: change a peer's knobs
 * @XFRM_HA_CMD_PEER_DEL: remove a peer
 * @XFRM_HA_CMD_PEER_GET: show one peer, or dump all
 * @XFRM_HA_CMD_GROUP_ADD: add a group (enum xfrm_ha_group)
 * @XFRM_HA_CMD_GROUP_SET: change a group's role, knobs or addresses
 * @XFRM_HA_CMD_GROUP_DEL: remove a group
 * @XFRM_HA_CMD_GROUP_GET: show one group, or dump all
 * @XFRM_HA_CMD_SA_GET: dump SAs (enum xfrm_ha_sa); GROUP and SPI filter
 * @XFRM_HA_CMD_STATS_GET: the node's counters (enum xfrm_ha_stats)
 * @XFRM_HA_CMD_RESYNC: ask for a new copy of group XFRM_HA_GROUP_NAME
 * @XFRM_HA_CMD_EVENT: notification (enum xfrm_ha_event)
 */
enum xfrm_ha_cmd {
	XFRM_HA_CMD_UNSPEC,
	XFRM_HA_CMD_NODE_SET,
	XFRM_HA_CMD_NODE_GET,
	XFRM_HA_CMD_PEER_ADD,
	XFRM_HA_CMD_PEER_SET,
	XFRM_HA_CMD_PEER_DEL,
	XFRM_HA_CMD_PEER_GET,
	XFRM_HA_CMD_GROUP_ADD,
	XFRM_HA_CMD_GROUP_SET,
	XFRM_HA_CMD_GROUP_DEL,
	XFRM_HA_CMD_GROUP_GET,
	XFRM_HA_CMD_SA_GET,
	XFRM_HA_CMD_STATS_GET,
	XFRM_HA_CMD_RESYNC,
	XFRM_HA_CMD_EVENT,

	__XFRM_HA_CMD_MAX,
	XFRM_HA_CMD_MAX = __XFRM_HA_CMD_MAX - 1
};

/* What a node is for a group: XFRM_HA_GROUP_ROLE and others. */
enum xfrm_ha_role {
	XFRM_HA_ROLE_INIT,
	XFRM_HA_ROLE_STANDBY,
	XFRM_HA_ROLE_ACTIVE,
	XFRM_HA_ROLE_FENCED,
};

/* How good a standby's copy is: XFRM_HA_GROUP_SYNC. */
enum xfrm_ha_sync {
	XFRM_HA_SYNC_NONE,	/* not a standby */
	XFRM_HA_SYNC_COLD,	/* nothing to rely on */
	XFRM_HA_SYNC_BULK,	/* being copied */
	XFRM_HA_SYNC_HOT,	/* complete, audited, in contact */
	XFRM_HA_SYNC_STALE,	/* was hot, contact lost */
};

enum xfrm_ha_install {
	XFRM_HA_INSTALL_KERNEL,	/* the module installs on the standby */
	XFRM_HA_INSTALL_DAEMON,	/* a local IKE daemon does */
};

enum xfrm_ha_policies {
	XFRM_HA_POLICIES_HOT,
	XFRM_HA_POLICIES_TAKEOVER,
	XFRM_HA_POLICIES_OFF,
};

enum xfrm_ha_transport {
	XFRM_HA_TRANSPORT_UDP,
	XFRM_HA_TRANSPORT_SCTP,
};

enum xfrm_ha_peer_state {
	XFRM_HA_PSTATE_DOWN,	/* no socket; the reason says why */
	XFRM_HA_PSTATE_CONNECTING,/* never heard since the socket is open */
	XFRM_HA_PSTATE_UP,
	XFRM_HA_PSTATE_LOST,	/* was up, silent now */
	XFRM_HA_PSTATE_REFUSED,	/* heard, but cannot work together: the reason */
};

enum xfrm_ha_dir {
	XFRM_HA_DIR_UNKNOWN,
	XFRM_HA_DIR_IN,
	XFRM_HA_DIR_OUT,
};

enum xfrm_ha_origin {
	XFRM_HA_ORIGIN_OWN,	/* added on this node */
	XFRM_HA_ORIGIN_LEARNED,	/* copied from a peer */
};

/* Attributes of NODE_SET, NODE_GET. */
enum xfrm_ha_node {
	XFRM_HA_NODE_UNSPEC,
	XFRM_HA_NODE_ID,		/* u8 */
	XFRM_HA_NODE_SAMPLE_PERIOD,	/* u32, ms */
	XFRM_HA_NODE_MODULE_VERSION,	/* string, get only */

	__XFRM_HA_NODE_MAX,
	XFRM_HA_NODE_MAX = __XFRM_HA_NODE_MAX - 1
};

/* One address in a list; the list attribute nests any number of LIST_ADDR. */
enum xfrm_ha_list {
	XFRM_HA_LIST_UNSPEC,
	XFRM_HA_LIST_ADDR,		/* binary, 4 or 16 bytes */
	XFRM_HA_LIST_VIP,		/* nested, enum xfrm_ha_vip */
	XFRM_HA_LIST_PEER,		/* nested, enum xfrm_ha_gpeer */
	XFRM_HA_LIST_COUNTER,		/* nested, enum xfrm_ha_counter */

	__XFRM_HA_LIST_MAX,
	XFRM_HA_LIST_MAX = __XFRM_HA_LIST_MAX - 1
};

/* A counter with its name: what the tool shows needs no table of its own. */
enum xfrm_ha_counter {
	XFRM_HA_COUNTER_UNSPEC,
	XFRM_HA_COUNTER_NAME,		/* string */
	XFRM_HA_COUNTER_VALUE,		/* u64 */
	XFRM_HA_COUNTER_PAD,

	__XFRM_HA_COUNTER_MAX,
	XFRM_HA_COUNTER_MAX = __XFRM_HA_COUNTER_MAX - 1
};

/* Attributes of PEER_*. */
enum xfrm_ha_peer {
	XFRM_HA_PEER_UNSPEC,
	XFRM_HA_PEER_ID,		/* u8 */
	XFRM_HA_PEER_LOCAL,		/* nested list of LIST_ADDR */
	XFRM_HA_PEER_REMOTE,		/* nested list of LIST_ADDR */
	XFRM_HA_PEER_PORT,		/* u16, local */
	XFRM_HA_PEER_REMOTE_PORT,	/* u16 */
	XFRM_HA_PEER_DEV,		/* string */
	XFRM_HA_PEER_TRANSPORT,		/* u8, enum xfrm_ha_transport */
	XFRM_HA_PEER_HEARTBEAT,		/* u32, ms */
	XFRM_HA_PEER_INSECURE,		/* flag */
	XFRM_HA_PEER_RTO_MIN,		/* u32, ms */
	XFRM_HA_PEER_RTO_MAX,		/* u32, ms */
	XFRM_HA_PEER_PATH_RETRANSMIT,	/* u32, SCTP */
	XFRM_HA_PEER_ASSOC_RETRANSMIT,	/* u32, SCTP */
	/* get only from here */
	XFRM_HA_PEER_STATE,		/* u8, enum xfrm_ha_peer_state */
	XFRM_HA_PEER_REASON,		/* string: why the state is not up */
	XFRM_HA_PEER_SINCE,		/* u64, ms in this state */
	XFRM_HA_PEER_VERSION,		/* u8, wire version spoken, 0: none */
	XFRM_HA_PEER_SESSION_AGE,	/* u64, ms; absent without a session */
	XFRM_HA_PEER_RTT,		/* u32, microseconds, smoothed */
	XFRM_HA_PEER_FRAMES_TX,		/* u64 */
	XFRM_HA_PEER_FRAMES_RX,		/* u64 */
	XFRM_HA_PEER_BYTES_TX,		/* u64 */
	XFRM_HA_PEER_BYTES_RX,		/* u64 */
	XFRM_HA_PEER_LOST,		/* u64, frames given up for lost */
	XFRM_HA_PEER_RESENT,		/* u64, objects sent again for it */
	XFRM_HA_PEER_REJECTED,		/* nested list of LIST_COUNTER */
	XFRM_HA_PEER_LAST_HEARD,	/* u64, ms ago; absent if never */
	XFRM_HA_PEER_KEY_AGE,		/* u64, ms; absent without keys */
	XFRM_HA_PEER_LACKING,		/* string: a group that it has and this node has not */
	XFRM_HA_PEER_PAD,
	/* add and set only */
	XFRM_HA_PEER_KEY,		/* binary, XFRM_HA_KEY_LEN bytes */

	__XFRM_HA_PEER_MAX,
	XFRM_HA_PEER_MAX = __XFRM_HA_PEER_MAX - 1
};

enum xfrm_ha_vip {
	XFRM_HA_VIP_UNSPEC,
	XFRM_HA_VIP_ADDR,		/* binary, 4 or 16 bytes */
	XFRM_HA_VIP_DEV,		/* string, optional */
	XFRM_HA_VIP_PRESENT,		/* flag, get only */
	XFRM_HA_VIP_REASON,		/* string, get only: why it is not */

	__XFRM_HA_VIP_MAX,
	XFRM_HA_VIP_MAX = __XFRM_HA_VIP_MAX - 1
};

/* A peer as a group sees it. */
enum xfrm_ha_gpeer {
	XFRM_HA_GPEER_UNSPEC,
	XFRM_HA_GPEER_ID,		/* u8 */
	XFRM_HA_GPEER_ROLE,		/* u8, absent if it is not known */
	XFRM_HA_GPEER_SYNC,		/* u8, enum xfrm_ha_sync */
	XFRM_HA_GPEER_LAG,		/* u64, ms since its copy was whole; absent if never */
	XFRM_HA_GPEER_REASON,		/* string: why it is not hot */
	XFRM_HA_GPEER_PENDING,		/* u32, objects still to be acked */
	XFRM_HA_GPEER_REFUSED,		/* u32, objects that it cannot install */
	XFRM_HA_GPEER_PAD,

	__XFRM_HA_GPEER_MAX,
	XFRM_HA_GPEER_MAX = __XFRM_HA_GPEER_MAX - 1
};

/* Attributes of GROUP_* and RESYNC. */
enum xfrm_ha_group {
	XFRM_HA_GROUP_UNSPEC,
	XFRM_HA_GROUP_NAME,		/* string */
	XFRM_HA_GROUP_VIPS,		/* nested list of LIST_VIP */
	XFRM_HA_GROUP_LOCALS,		/* nested list of LIST_ADDR */
	XFRM_HA_GROUP_INSTALL,		/* u8, enum xfrm_ha_install */
	XFRM_HA_GROUP_POLICIES,		/* u8, enum xfrm_ha_policies */
	XFRM_HA_GROUP_SYNC_PERIOD_TIME,	/* u32, ms, 0: off */
	XFRM_HA_GROUP_SYNC_PERIOD_PACKETS, /* u32, 0: off */
	XFRM_HA_GROUP_OSEQ_SHIFT,	/* u32 */
	XFRM_HA_GROUP_REPLAY_ADVANCE,	/* u32, 0: replay restore */
	/* set only */
	XFRM_HA_GROUP_SET_ROLE,		/* u8, ACTIVE or STANDBY */
	XFRM_HA_GROUP_FORCE,		/* flag, with SET_ROLE */
	XFRM_HA_GROUP_ADD_VIP,		/* nested, enum xfrm_ha_vip */
	XFRM_HA_GROUP_DEL_VIP,		/* nested, enum xfrm_ha_vip */
	XFRM_HA_GROUP_ADD_LOCAL,	/* binary address */
	XFRM_HA_GROUP_DEL_LOCAL,	/* binary address */
	/* get only */
	XFRM_HA_GROUP_ROLE,		/* u8, enum xfrm_ha_role */
	XFRM_HA_GROUP_SYNC,		/* u8, enum xfrm_ha_sync */
	XFRM_HA_GROUP_WHY,		/* string: why the copy is not hot */
	XFRM_HA_GROUP_TERM,		/* u64 */
	XFRM_HA_GROUP_SINCE,		/* u64, ms in this role */
	XFRM_HA_GROUP_SAS,		/* u32, SAs replicated */
	XFRM_HA_GROUP_POLICY_COUNT,	/* u32, policies replicated */
	XFRM_HA_GROUP_NOT_REPLICATED,	/* u32, SAs of this group or of none that are not */
	XFRM_HA_GROUP_PEERS,		/* nested list of LIST_PEER */
	XFRM_HA_GROUP_CHECK,		/* string: why 'check' fails; absent if it does not */
	XFRM_HA_GROUP_CHECK_REDUNDANT,	/* string, likewise for 'check redundant' */
	XFRM_HA_GROUP_POLICIES_LEFT,	/* u32, policies of this group that are not */
	XFRM_HA_GROUP_POLICIES_WHY,	/* string: why, of one of them */
	XFRM_HA_GROUP_PAD,

	__XFRM_HA_GROUP_MAX,
	XFRM_HA_GROUP_MAX = __XFRM_HA_GROUP_MAX - 1
};

/* Attributes of SA_GET. */
enum xfrm_ha_sa {
	XFRM_HA_SA_UNSPEC,
	XFRM_HA_SA_GROUP,		/* string, absent: in no group */
	XFRM_HA_SA_SRC,			/* binary, 4 or 16 bytes */
	XFRM_HA_SA_DST,			/* binary, 4 or 16 bytes */
	XFRM_HA_SA_PROTO,		/* u8 */
	XFRM_HA_SA_SPI,			/* be32 */
	XFRM_HA_SA_DIR,			/* u8, enum xfrm_ha_dir */
	XFRM_HA_SA_ORIGIN,		/* u8, enum xfrm_ha_origin */
	XFRM_HA_SA_ROLE,		/* u8, enum xfrm_ha_role; absent: not replicated */
	XFRM_HA_SA_OSEQ,		/* u64, last number used here */
	XFRM_HA_SA_LEASE,		/* u64 */
	XFRM_HA_SA_ACKED_LEASE,		/* u64, the lowest one of all peers */
	XFRM_HA_SA_SEQ,			/* u64, highest number received */
	XFRM_HA_SA_EXPOSURE,		/* u64, packets that a peer lacks */
	XFRM_HA_SA_RATE,		/* u64, packets/s sent; of a copy: as stated */
	XFRM_HA_SA_OVERRUNS,		/* u64, samples above the acked lease; see statistics.rst */
	XFRM_HA_SA_CAPPED,		/* flag: jump at takeover cut, rekey asked for */
	XFRM_HA_SA_NOT_REPLICATED,	/* string: the reason; absent if it is */
	XFRM_HA_SA_PAD,
	XFRM_HA_SA_OFFLOADED,		/* flag: a device encrypts it here; copies are without */
	XFRM_HA_SA_MAY_WRAP,		/* flag: numbers may wrap, but not at a takeover */

	__XFRM_HA_SA_MAX,
	XFRM_HA_SA_MAX = __XFRM_HA_SA_MAX - 1
};

/* Attributes of STATS_GET. */
enum xfrm_ha_stats {
	XFRM_HA_STATS_UNSPEC,
	XFRM_HA_STATS_COUNTERS,		/* nested list of LIST_COUNTER */

	__XFRM_HA_STATS_MAX,
	XFRM_HA_STATS_MAX = __XFRM_HA_STATS_MAX - 1
};

enum xfrm_ha_event_kind {
	XFRM_HA_EVENT_KIND_ROLE,	/* a group changed its role */
	XFRM_HA_EVENT_KIND_SYNC,	/* a standby's copy changed its quality */
	XFRM_HA_EVENT_KIND_PEER,	/* a peer changed its state */
};

/* Attributes of the notification; FROM and TO are of the kind's enumeration. */
enum xfrm_ha_event {
	XFRM_HA_EVENT_UNSPEC,
	XFRM_HA_EVENT_KIND,		/* u8, enum xfrm_ha_event_kind */
	XFRM_HA_EVENT_GROUP,		/* string, ROLE and SYNC */
	XFRM_HA_EVENT_PEER,		/* u8, PEER */
	XFRM_HA_EVENT_FROM,		/* u8 */
	XFRM_HA_EVENT_TO,		/* u8 */
	XFRM_HA_EVENT_CAUSE,		/* string */
	XFRM_HA_EVENT_TERM,		/* u64 */
	XFRM_HA_EVENT_SAS,		/* u32, SAs whose gate moved */
	XFRM_HA_EVENT_DURATION,		/* u64, microseconds */
	XFRM_HA_EVENT_STALENESS,	/* u64, ms since the copy was whole */
	XFRM_HA_EVENT_EXPOSURE,		/* u64, estimate, packets */
	XFRM_HA_EVENT_JUMP,		/* u64, largest jump of a sequence number */
	XFRM_HA_EVENT_PAD,

	__XFRM_HA_EVENT_MAX,
	XFRM_HA_EVENT_MAX = __XFRM_HA_EVENT_MAX - 1
};

#endif /* _UAPI_LINUX_XFRM_HA_H */
