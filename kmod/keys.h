/* SPDX-License-Identifier: GPL-2.0 */
/* The keys of a peer, and what is sealed with them; xha_net.lock held. */
#ifndef _XHA_KEYS_H
#define _XHA_KEYS_H

#include "noise.h"
#include "wire_hello.h"

struct xha_peer;

/**
 * struct xha_keypair - keys of a session
 * @send: for what we send
 * @receive: for what we receive
 * @local: number that the peer writes in the header of what it sends us
 * @remote: number that we write; 0: there are no keys here
 * @born: ms
 * @first: frame number at which we began to use it
 */
struct xha_keypair {
	u8 send[XHA_KEY_LEN];
	u8 receive[XHA_KEY_LEN];
	u32 local;
	u32 remote;
	u64 born;
	u64 first;
};

/**
 * struct xha_keys - all keys of a peer
 * @psk: the operator's key
 * @old_psk: the one before, good for handshakes until the new one has been used
 * @has_psk: there is one: without it the peer is insecure
 * @has_old: there is an old one
 * @now: in use
 * @before: what the peer may still be sending with
 * @next: we have answered a handshake; used once the peer has
 * @next_old: ... which was proved by the old key
 * @hello: what the peer said in that handshake
 * @noise: handshake that we have begun
 * @index: our number for the keys that will come of it; 0: none is under way
 * @begun: ms, when
 * @stamp: time stamp of our last handshake
 * @heard_boot: incarnation and
 * @heard_stamp: time stamp of the newest handshake that the peer has begun
 * @read_at: ms, when the last first message came in
 * @read: how many in that ms
 * @budget: handshakes of the peer that may be answered
 * @budget_at: ms, when @budget was last filled up
 * @answer: message to be sent
 * @answer_len: its length, 0: none
 */
struct xha_keys {
	u8 psk[XHA_KEY_LEN];
	u8 old_psk[XHA_KEY_LEN];
	bool has_psk;
	bool has_old;
	struct xha_keypair now;
	struct xha_keypair before;
	struct xha_keypair next;
	bool next_old;
	struct xha_hello hello;
	struct xha_noise noise;
	u32 index;
	u64 begun;
	u64 stamp;
	u64 heard_boot;
	u64 heard_stamp;
	u64 read_at;
	u32 read;
	u32 budget;
	u64 budget_at;
	u8 answer[XHA_HANDSHAKE_MAX];
	size_t answer_len;
};

void xha_keypair_wipe(struct xha_keypair *k);
u32 xha_keys_number(const struct xha_keys *k);
void xha_keys_set(struct xha_peer *p, const u8 psk[XHA_KEY_LEN]);
void xha_keys_wipe(struct xha_peer *p);
void xha_keys_turn(struct xha_peer *p, struct xha_keypair *fresh,
		   const struct xha_hello *h, bool old, u64 now);
size_t xha_seal(struct xha_peer *p, u8 *buf, size_t len, u64 number);
int xha_unseal(struct xha_peer *p, const struct xha_hdr *hdr, u8 *buf,
	       size_t len, u64 now);

#endif /* _XHA_KEYS_H */
