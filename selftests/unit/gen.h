/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For the wire tests: random contents of every record, and a reader that
 * takes in all of a datagram as the module would.
 */
#ifndef _XHA_GEN_H
#define _XHA_GEN_H

#include "../../kmod/wire.h"

#define GEN_ROOM	(64 * 1024)	/* no frame of ours is that large */
#define GEN_LAST_TYPE	XHA_REC_SAME	/* of the records that are known */

/* Is it a record of elements? */
static inline bool gen_elems(u8 type)
{
	return (type >= XHA_REC_DELETE && type <= XHA_REC_RESULT) || type == XHA_REC_FINAL ||
	       type == XHA_REC_PACE || type == XHA_REC_SAME;
}

/* An SA and what its keys point to. */
struct gen_sa {
	struct xha_sa_desc d;
	u8 keys[3][XHA_ALG_KEY_MAX];
};

void gen_name(char *name);
void gen_group(struct xha_group_status *s);
struct xha_pace gen_pace(void);
void gen_window(struct xha_window *win, u32 bits, u64 top);
void gen_sa(struct gen_sa *g);
void gen_usual_sa(struct gen_sa *g);
void gen_strong_sa(struct gen_sa *g);
void gen_policy(struct xha_pol_desc *d);

/* One record or element of this type, random. */
int gen_put(struct xha_writer *w, u8 type);

/* Writes the outer header of a frame of @room bytes. */
void gen_frame(struct xha_writer *w, u8 *buf, size_t room);

bool gen_same_sa(const struct xha_sa_desc *a, const struct xha_sa_desc *b);
bool gen_same_policy(const struct xha_pol_desc *a, const struct xha_pol_desc *b);

/* What was accepted must be allowed, and the same when it is written and read again. */
const char *gen_fault_sa(const struct xha_sa_desc *d);
const char *gen_fault_policy(const struct xha_pol_desc *d);

/**
 * struct gen_seen - what a datagram had
 * @records: well-formed records
 * @elems: elements in them
 * @objects: SAs and policies
 * @unknown: ... of them with an attribute that is not known
 * @bad: -EBADMSG of any reader
 * @sum: of all bytes that the readers gave, so that they were all read
 * @fault: an object that was accepted must not have been, or is not what it
 *	   becomes when written again
 */
struct gen_seen {
	u32 records;
	u32 elems;
	u32 objects;
	u32 unknown;
	u32 bad;
	u64 sum;
	const char *fault;
};

void gen_read(const u8 *buf, size_t len, struct gen_seen *seen);
/* ... from a heap buffer of exactly its size, so that ASan sees a byte too far; a fault fails the test. */
void gen_read_copy(const u8 *buf, size_t len, struct gen_seen *seen);

#endif /* _XHA_GEN_H */
