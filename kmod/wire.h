/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The wire format: what two nodes say to each other, as bytes.
 *
 * A datagram is an outer header and records. All integers are in network
 * order and nothing is aligned.
 *
 *    0                   1                   2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   +---------------+---------------+---------------+---------------+
 *   |    version    |     type      |  source node  |  target node  |
 *   +---------------+---------------+---------------+---------------+
 *   |              session (chosen by the receiver)                 |
 *   +---------------------------------------------------------------+
 *   |                                                               |
 *   +                        frame number                           +
 *   |                                                               |
 *   +===============================================================+
 *   |  record type  |     flags     |        body length            |
 *   +---------------+---------------+-------------------------------+
 *   |  body ...                                                     |
 *
 * Version rule: the outer header never changes. A node drops versions that it
 * does not speak; hello carries the range that it does. Within a version,
 * records of an unknown type are skipped by their length; inside SA and
 * policy records an unknown attribute may be skipped only if its type has
 * XHA_TLV_OPTIONAL set, since half a copy of an SA is worse than none.
 */
#ifndef _XHA_WIRE_H
#define _XHA_WIRE_H

#include "desc.h"

#ifndef XHA_WIRE_VERSION
#define XHA_WIRE_VERSION	1	/* the newest that this code speaks */
#endif
#ifndef XHA_WIRE_VERSION_MIN
#define XHA_WIRE_VERSION_MIN	1
#endif
#define XHA_HDR_LEN		16
#define XHA_REC_HDR_LEN		4
#define XHA_FRAME_MAX		1400	/* bytes of a datagram, outer header included */
#define XHA_WIRE_NAME_MAX	31	/* characters of a group's name */

enum xha_msg_type {
	XHA_MSG_HELLO = 1,	/* opens a session; frame number 0 */
	XHA_MSG_DATA = 2,
	XHA_MSG_INIT = 3,	/* handshake: opens a session with keys */
	XHA_MSG_RESPONSE = 4,	/* ... and answers */
};

/**
 * struct xha_hdr - the outer header
 * @version: version that the rest is written in
 * @type: enum xha_msg_type
 * @src: sender's node id
 * @dst: receiver's node id
 * @session: number that the receiver gave the session, 0 if not known yet
 * @frame: counts the sender's frames in this session, from 1
 */
struct xha_hdr {
	u8 version;
	u8 type;
	u8 src;
	u8 dst;
	u32 session;
	u64 frame;
};

/*
 * Record types. "acked": the frame that carries it is remembered until it is
 * acked, and what was in it is sent again if it gets lost.
 */
enum xha_rec_type {
	XHA_REC_HELLO = 1,
	XHA_REC_ACK = 2,
	XHA_REC_GROUP = 3,
	XHA_REC_BEGIN = 4,	/* acked */
	XHA_REC_CHECK = 5,	/* acked */
	XHA_REC_SA = 6,		/* acked */
	XHA_REC_POLICY = 7,	/* acked */
	XHA_REC_DELETE = 8,	/* acked; elements: id */
	XHA_REC_LEASE = 9,	/* acked; elements: id, lease */
	XHA_REC_LEASE64 = 10,	/* acked; elements: id, lease */
	XHA_REC_WINDOW = 11,	/* acked; elements: id, window */
	XHA_REC_LIFE = 12,	/* acked; elements: id, struct xha_life */
	XHA_REC_RESULT = 13,	/* acked; elements: id, code */
	XHA_REC_TIME = 14,	/* in every heartbeat */
	XHA_REC_FINAL = 15,	/* acked; elements: id, term, number */
	XHA_REC_PACE = 16,	/* acked; elements: id, struct xha_pace */
	XHA_REC_SAME = 17,	/* acked; elements: id, hash of its record */
};

/**
 * struct xha_hello - body of XHA_REC_HELLO
 * @boot: random, of this boot of the module; 0 is not used
 * @session: number that the sender gives the session: the peer writes it in
 *	     the outer header of everything it sends
 * @echo: the number that the sender has heard from the peer, 0 if none
 * @version_min: oldest version that the sender speaks
 * @version_max: newest
 * @features: none yet: 0
 * @heartbeat: ms between two of the sender's heartbeats
 */
struct xha_hello {
	u64 boot;
	u32 session;
	u32 echo;
	u8 version_min;
	u8 version_max;
	u32 features;
	u32 heartbeat;
};

#define XHA_ACK_BITS	128

/**
 * struct xha_ack - body of XHA_REC_ACK: frames that were received and applied
 * @top: highest frame applied
 * @bits: bit i (least significant first, 64 a word): frame @top - 1 - i was applied
 */
struct xha_ack {
	u64 top;
	u64 bits[XHA_ACK_BITS / 64];
};

/* Flags of struct xha_group_status. */
#define XHA_STATUS_HOT		0x01	/* by the active: this standby is hot, as of @asof */
#define XHA_STATUS_CHECK_OK	0x02	/* by a standby: the last CHECK (@check) matched */
#define XHA_STATUS_VIP		0x04	/* the sender's VIPs are all present */
#define XHA_STATUS_FINALS	0x08	/* its last counters are still to be had */
#define XHA_STATUS_OFFER	0x10	/* it was active, and hands over exactly to whoever asks */
#define XHA_STATUS_ASK		0x20	/* the receiver shall hand over to the sender */
#define XHA_STATUS_GRANT	0x40	/* it is closed, and stays so for the receiver to begin */

/**
 * struct xha_group_status - body of XHA_REC_GROUP: what a node says of a group
 * in every heartbeat. State, not events: a later one replaces an earlier one.
 * @gid: number of the group at the sender
 * @role: enum xfrm_ha_role
 * @sync: enum xfrm_ha_sync
 * @flags: XHA_STATUS_*
 * @asof: ms, age of the moment for which XHA_STATUS_HOT holds; by a standby: of
 *	  the one for which it takes its copy to be hot
 * @term: the highest term that the sender knows
 * @config: digest of what must be the same on both nodes
 * @want: raised each time that the sender wants a new copy; by an active: that it
 *	  wants to merge what the receiver has
 * @gen: generation of the copy: by the active, the newest it has begun for
 *	 this peer; by a standby, the newest that it holds completely
 * @check: number of the last CHECK sent (active) or answered (whoever wants)
 * @count: objects held
 * @name: the group, which is how nodes recognise it
 */
struct xha_group_status {
	u8 gid;
	u8 role;
	u8 sync;
	u8 flags;
	u32 asof;
	u64 term;
	u64 config;
	u32 want;
	u32 gen;
	u32 check;
	u32 count;
	char name[XHA_WIRE_NAME_MAX + 1];
};

/**
 * struct xha_begin - body of XHA_REC_BEGIN: a new generation of a group's copy
 * @gid: number of the group at the sender
 * @gen: the generation
 * @count: how many objects there are about
 * @name: the group
 */
struct xha_begin {
	u8 gid;
	u32 gen;
	u32 count;
	char name[XHA_WIRE_NAME_MAX + 1];
};

#define XHA_CHECK_END	0x01	/* the generation is complete: sweep what is not of it */
#define XHA_CHECK_FINAL	0x02	/* and so are the last counters of the sender's term */
#define XHA_CHECK_NO_POLICIES 0x04 /* the sender copies none ('policies off') */

/**
 * struct xha_check - body of XHA_REC_CHECK, sent when everything before it is acked
 * @gid: number of the group at the sender
 * @flags: XHA_CHECK_*
 * @gen: generation
 * @check: counts the checks of a session
 * @count: objects that the receiver must hold now
 * @digest: sum (modulo 2^64) of the hashes of their records
 */
struct xha_check {
	u8 gid;
	u8 flags;
	u32 gen;
	u32 check;
	u32 count;
	u64 digest;
};

/**
 * struct xha_time - body of XHA_REC_TIME: how old a statement is, without
 * clocks that agree
 * @stamp: the sender's own clock, ms, opaque to the receiver
 * @echo: the last @stamp heard from the receiver, 0: none
 * @held: ms since it was heard
 * @beat: ms between two of the sender's heartbeats
 *
 * Whoever gets its own stamp back knows that what comes with it was said no
 * earlier than @held after the stamp was sent.
 */
struct xha_time {
	u64 stamp;
	u64 echo;
	u32 held;
	u32 beat;
};

/* What became of an object at its receiver: XHA_REC_RESULT. */
enum xha_result {
	XHA_RESULT_OK = 0,
	XHA_RESULT_NO_ALG = 1,		/* algorithm not available */
	XHA_RESULT_TAKEN = 2,		/* a local SA or policy is in its place */
	XHA_RESULT_UNKNOWN_ATTR = 3,	/* has an attribute that is not known here */
	XHA_RESULT_INVALID = 4,		/* the kernel refused it */
	XHA_RESULT_NO_GROUP = 5,	/* not in a group of the receiver */
	XHA_RESULT_COUNTER = 6,		/* counter jumps implausibly far */
	XHA_RESULT_WAITING = 7,		/* held, but the local daemon has not installed it */
};

/* Attributes inside SA and policy records: type u8, length u16, value. */
/*
 * Builds for tests only: what a later release might say that this one has to
 * skip; such a build has another XHA_WIRE_VERSION, too.
 */
#ifndef XHA_PRETEND_LATER
#define XHA_PRETEND_LATER	0
#endif
#define XHA_REC_PRETENDED	200
#define XHA_TLV_PRETENDED	(XHA_TLV_OPTIONAL | 0x3f)

#define XHA_TLV_OPTIONAL	0x40	/* may be skipped if not known */
#define XHA_TLV_COUNTER		0x80	/* not part of the digest; after all others */

enum xha_tlv {
	XHA_TLV_ADDRS = 1,	/* source, destination: 2 x 4 or 2 x 16 bytes */
	XHA_TLV_SEL = 2,
	XHA_TLV_LFT = 3,
	XHA_TLV_AEAD = 4,
	XHA_TLV_AUTH = 5,
	XHA_TLV_CRYPT = 6,
	XHA_TLV_MARK = 7,
	XHA_TLV_SMARK = 8,
	XHA_TLV_IF_ID = 9,
	XHA_TLV_EXTRA_FLAGS = 10,
	XHA_TLV_TFCPAD = 11,
	XHA_TLV_ENCAP = 12,
	XHA_TLV_COADDR = 13,
	XHA_TLV_ESN_WINDOW = 14,
	XHA_TLV_NAT_KEEPALIVE = 15,
	XHA_TLV_PCPU = 16,
	XHA_TLV_TMPL = 17,	/* one per template, in order */
	XHA_TLV_COMP = 18,
	XHA_TLV_SECCTX = 19,
	XHA_TLV_MAPPING_AGE = 20,
	XHA_TLV_EVENTS = 21,
	XHA_TLV_LEASE = XHA_TLV_COUNTER | 1,
	XHA_TLV_WINDOW = XHA_TLV_COUNTER | 2,
	XHA_TLV_LIFE = XHA_TLV_COUNTER | 3,
	XHA_TLV_PACE = XHA_TLV_COUNTER | 4,
};

/* Of SA and policy records: what is not part of the digest. */
#define XHA_REC_KNOWN	0x01	/* flag: to be merged; the receiver has had it before */
#define XHA_REC_NUMBERS	5	/* bytes of the body: id and gid */

#define XHA_TOP_NEAR	(1ULL << 46)	/* a WINDOW has 48 bits of the top */

/**
 * struct xha_writer - a frame being written
 * @buf: start of the datagram
 * @len: bytes written
 * @room: size of @buf
 * @rec: offset of the header of the last record, 0 if there is none
 *
 * Every xha_put_* returns 0, or -EMSGSIZE with the writer as it was: the frame
 * is full, send it and begin another. Elements of the same record type that
 * follow one another share one record header.
 */
struct xha_writer {
	u8 *buf;
	size_t len;
	size_t room;
	size_t rec;
};

void xha_put_hdr(struct xha_writer *w, u8 *buf, size_t room,
		 const struct xha_hdr *hdr);
int xha_put_hello(struct xha_writer *w, const struct xha_hello *h);
int xha_put_ack(struct xha_writer *w, const struct xha_ack *a);
int xha_put_group(struct xha_writer *w, const struct xha_group_status *s);
int xha_put_begin(struct xha_writer *w, const struct xha_begin *b);
int xha_put_check(struct xha_writer *w, const struct xha_check *c);
int xha_put_pretended(struct xha_writer *w);
int xha_put_time(struct xha_writer *w, const struct xha_time *t);
int xha_put_sa(struct xha_writer *w, const struct xha_sa_desc *d);
int xha_put_policy(struct xha_writer *w, const struct xha_pol_desc *d);
int xha_put_delete(struct xha_writer *w, u32 id);
int xha_put_same(struct xha_writer *w, u32 id, u64 hash);
int xha_put_lease(struct xha_writer *w, u32 id, u32 lease);
int xha_put_lease64(struct xha_writer *w, u32 id, u64 lease);
int xha_put_final(struct xha_writer *w, u32 id, u32 term, u64 oseq);
int xha_put_pace(struct xha_writer *w, u32 id, struct xha_pace pace);
int xha_put_window(struct xha_writer *w, u32 id, const struct xha_window *win);
int xha_put_life(struct xha_writer *w, u32 id, const struct xha_life *life);
int xha_put_result(struct xha_writer *w, u32 id, u16 code);

/**
 * struct xha_reader - a datagram being read
 * @p: next byte
 * @left: bytes from there
 */
struct xha_reader {
	const u8 *p;
	size_t left;
};

/**
 * struct xha_rec - a record of a datagram
 * @type: enum xha_rec_type, or one that is not known here
 * @flags: as received
 * @len: bytes of @body that are left; element readers eat from the front
 * @body: borrowed from the datagram
 */
struct xha_rec {
	u8 type;
	u8 flags;
	size_t len;
	const u8 *body;
};

/*
 * xha_get_hdr() returns 0, or -EBADMSG if the datagram is shorter than a header.
 * xha_next() and the element readers return 1 with an element, 0 at the end,
 * -EBADMSG if the rest is not well-formed. Whole-record readers return 0 or
 * -EBADMSG; a body longer than expected is accepted, the rest ignored (a later
 * version may have added to it). xha_get_sa() and xha_get_policy() return
 * -EOPNOTSUPP, with id and gid set, for an unknown attribute that may not be
 * skipped, and tell how many bytes of the body count in the digest, the sender's
 * numbers at its front (XHA_REC_NUMBERS) included.
 */
int xha_get_hdr(struct xha_reader *r, const u8 *buf, size_t len,
		struct xha_hdr *hdr);
int xha_next(struct xha_reader *r, struct xha_rec *rec);
int xha_get_hello(const struct xha_rec *rec, struct xha_hello *h);
int xha_get_ack(const struct xha_rec *rec, struct xha_ack *a);
int xha_get_group(const struct xha_rec *rec, struct xha_group_status *s);
int xha_get_begin(const struct xha_rec *rec, struct xha_begin *b);
int xha_get_check(const struct xha_rec *rec, struct xha_check *c);
int xha_get_time(const struct xha_rec *rec, struct xha_time *t);
int xha_get_sa(const struct xha_rec *rec, struct xha_sa_desc *d, size_t *fixed);
int xha_get_policy(const struct xha_rec *rec, struct xha_pol_desc *d,
		   size_t *fixed);
int xha_get_delete(struct xha_rec *rec, u32 *id);
int xha_get_same(struct xha_rec *rec, u32 *id, u64 *hash);
int xha_get_lease(struct xha_rec *rec, u32 *id, u32 *lease);
int xha_get_lease64(struct xha_rec *rec, u32 *id, u64 *lease);
int xha_get_final(struct xha_rec *rec, u32 *id, u32 *term, u64 *oseq);
int xha_get_pace(struct xha_rec *rec, u32 *id, struct xha_pace *pace);

/**
 * struct xha_window_elem - a window as it came, not yet matched with its SA
 * @top: low 48 bits of the highest number received
 * @full: all bits of the window are set
 * @words: how many words of the map follow
 * @map: @words big-endian words, borrowed
 */
struct xha_window_elem {
	u64 top;
	bool full;
	u8 words;
	const u8 *map;
};

int xha_get_window(struct xha_rec *rec, u32 *id, struct xha_window_elem *e);
int xha_get_life(struct xha_rec *rec, u32 *id, struct xha_life *life);
int xha_get_result(struct xha_rec *rec, u32 *id, u16 *code);

/* The full window of size @bits nearest to number @have that @e stands for. */
void xha_window_widen(const struct xha_window_elem *e, u64 have, u32 bits,
		      struct xha_window *win);
/* The number nearest to @have whose low 32 bits are @low. */
u64 xha_lease_widen(u32 low, u64 have);

#endif /* _XHA_WIRE_H */
