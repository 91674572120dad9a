/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Descriptions of SAs and policies that are neither kernel objects nor bytes
 * on the wire: snapshot fills them in, wire carries them, install builds
 * kernel objects from them. Types are those of the XFRM netlink interface.
 */
#ifndef _XHA_DESC_H
#define _XHA_DESC_H

#include "lease.h"
#include "pure.h"

#define XHA_WINDOW_BITS		4096	/* largest window that XFRM accepts */
#define XHA_WINDOW_WORDS	(XHA_WINDOW_BITS / 32)
#define XHA_ALG_KEY_MAX		512	/* bytes; XFRM itself has no bound */
#define XHA_SECCTX_MAX		512	/* bytes of a security context that are carried */
#define XHA_AGE_NEVER		U64_MAX

/**
 * struct xha_window - an inbound anti-replay window, the same for all modes
 * @top: highest sequence number received, 0: none
 * @bits: size of the window, at most XHA_WINDOW_BITS
 * @map: bit i (of word i / 32, least significant first) is set if number
 *	 @top - i has been received; bits at and above @bits are 0
 */
struct xha_window {
	u64 top;
	u32 bits;
	u32 map[XHA_WINDOW_WORDS];
};

/**
 * struct xha_life - what has been used of an SA's lifetime
 * @bytes: as in xfrm_lifetime_cur
 * @packets: likewise
 * @add_age: seconds since the SA was added
 * @use_age: seconds since its first use, XHA_AGE_NEVER if it was not used.
 *	     Ages, since the clocks of two nodes differ.
 */
struct xha_life {
	u64 bytes;
	u64 packets;
	u64 add_age;
	u64 use_age;
};

/**
 * struct xha_alg - an algorithm with its key
 * @name: as in struct xfrm_algo, "" if there is none
 * @key_bits: length of the key
 * @icv_bits: truncation of the ICV, 0 where it does not apply
 * @key: borrowed: from the SA it was read from or the frame it came in
 */
struct xha_alg {
	char name[64];
	u32 key_bits;
	u32 icv_bits;
	const u8 *key;
};

/**
 * struct xha_secctx - a security context, as struct xfrm_sec_ctx
 * @doi: XFRM_SC_DOI_*
 * @alg: XFRM_SC_ALG_*
 * @len: bytes of @str, 0: there is none
 * @str: borrowed, as the keys are; not terminated
 */
struct xha_secctx {
	u8 doi;
	u8 alg;
	u16 len;
	const char *str;
};

/* Which optional members of a description are there. */
#define XHA_SA_HAS_ENCAP	0x01
#define XHA_SA_HAS_COADDR	0x02
#define XHA_SA_HAS_PCPU		0x04
#define XHA_SA_HAS_EVENTS	0x08
#define XHA_SA_HAS_LEASE	0x10	/* counters, see struct xha_sa_desc */
#define XHA_SA_HAS_WINDOW	0x20
#define XHA_SA_HAS_LIFE		0x40
#define XHA_SA_HAS_PACE		0x80

/**
 * struct xha_sa_desc - everything that makes up an SA
 * @id: number of the object at its sender
 * @gid: number of the group at its sender
 * @family: of the addresses, AF_INET or AF_INET6
 * @proto: IPPROTO_ESP, IPPROTO_AH or IPPROTO_COMP
 * @mode: XFRM_MODE_*
 * @flags: XFRM_STATE_*
 * @window: size of a legacy window (0..32); 0 with an extended one
 * @dir: XFRM_SA_DIR_* on kernels that have it, else 0
 * @spi: network order
 * @reqid: as in xfrm_usersa_info
 * @saddr: source
 * @daddr: destination
 * @sel: selector; ifindex is always 0
 * @lft: limits
 * @aead: AEAD algorithm, or @auth and @crypt
 * @auth: integrity algorithm
 * @crypt: encryption algorithm
 * @comp: compression algorithm, of IPComp; it has no key
 * @mark: XFRMA_MARK
 * @smark: XFRMA_SET_MARK, "output-mark"
 * @if_id: XFRMA_IF_ID
 * @extra_flags: XFRMA_SA_EXTRA_FLAGS without the bits that show the role
 * @tfcpad: XFRMA_TFCPAD
 * @esn_window: size of an extended window (XFRMA_REPLAY_ESN_VAL), 0: legacy
 * @nat_keepalive: seconds, on kernels that have it
 * @pcpu_num: XFRMA_SA_PCPU, with XHA_SA_HAS_PCPU
 * @mapping_maxage: XFRMA_MTIMER_THRESH, seconds
 * @events_diff: XFRMA_REPLAY_THRESH, packets, with XHA_SA_HAS_EVENTS; else this
 *	and @events_age are XFRM_AE_SEQT_SIZE and XFRM_AE_ETIME
 * @events_age: XFRMA_ETIMER_THRESH, but in ms
 * @encap: NAT-T, with XHA_SA_HAS_ENCAP
 * @coaddr: with XHA_SA_HAS_COADDR
 * @secctx: XFRMA_SEC_CTX
 * @has: XHA_SA_HAS_* bits
 * @lease: the sender's lease, with XHA_SA_HAS_LEASE
 * @pace: the sender's pace, with XHA_SA_HAS_PACE; else 0
 * @win: inbound window, with XHA_SA_HAS_WINDOW
 * @life: with XHA_SA_HAS_LIFE
 *
 * What stands behind @has moves all the time and is not part of the digest.
 */
struct xha_sa_desc {
	u32 id;
	u8 gid;
	u8 family;
	u8 proto;
	u8 mode;
	u8 flags;
	u8 window;
	u8 dir;
	__be32 spi;
	u32 reqid;
	xfrm_address_t saddr;
	xfrm_address_t daddr;
	struct xfrm_selector sel;
	struct xfrm_lifetime_cfg lft;
	struct xha_alg aead;
	struct xha_alg auth;
	struct xha_alg crypt;
	struct xha_alg comp;
	struct xfrm_mark mark;
	struct xfrm_mark smark;
	u32 if_id;
	u32 extra_flags;
	u32 tfcpad;
	u32 esn_window;
	u32 nat_keepalive;
	u32 pcpu_num;
	u32 mapping_maxage;
	u32 events_diff;
	u64 events_age;
	struct xfrm_encap_tmpl encap;
	xfrm_address_t coaddr;
	struct xha_secctx secctx;

	u32 has;
	u64 lease;
	struct xha_pace pace;
	struct xha_window win;
	struct xha_life life;
};

/**
 * struct xha_pol_desc - everything that makes up a policy
 * @id: number of the object at its sender
 * @gid: number of the group at its sender
 * @type: XFRM_POLICY_TYPE_MAIN or _SUB
 * @dir: XFRM_POLICY_IN, _OUT or _FWD
 * @action: XFRM_POLICY_ALLOW or _BLOCK
 * @flags: XFRM_POLICY_LOCALOK ...
 * @family: of the selector
 * @priority: as in xfrm_userpolicy_info
 * @sel: selector; ifindex is always 0
 * @lft: limits
 * @mark: XFRMA_MARK
 * @if_id: XFRMA_IF_ID
 * @secctx: XFRMA_SEC_CTX
 * @ntmpl: how many of @tmpl are used
 * @tmpl: templates, outermost last
 */
struct xha_pol_desc {
	u32 id;
	u8 gid;
	u8 type;
	u8 dir;
	u8 action;
	u8 flags;
	u16 family;
	u32 priority;
	struct xfrm_selector sel;
	struct xfrm_lifetime_cfg lft;
	struct xfrm_mark mark;
	u32 if_id;
	struct xha_secctx secctx;
	u8 ntmpl;
	struct xfrm_user_tmpl tmpl[6];	/* XFRM_MAX_DEPTH */
};

#endif /* _XHA_DESC_H */
