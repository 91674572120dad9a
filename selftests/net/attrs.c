// SPDX-License-Identifier: GPL-2.0
/*
 * xha-attrs: adds an SA with attributes that ip does not give, or does not know yet, and shows what an SA has of them.
 * usage: xha-attrs add SRC DST SPI REQID KEY [NAME VALUE]...
 *        xha-attrs show DST SPI
 *
 * IPv4, ESP in tunnel mode, rfc4106(gcm(aes)) with an ICV of 16 bytes; KEY: 20 bytes, "0x" and hex digits. NAME:
 *
 *   coa        a care-of address, which ip gives to SAs of route optimization alone
 *   dir        1: in, 2: out (6.10)
 *   keepalive  interval of NAT keepalives, s; the SA is encapsulated in UDP then (6.11)
 *   packet     number of a device that takes the SA whole, outbound (6.2)
 *   pcpu       number of the CPU that it is for (6.13, 6.12.y)
 *   mapping    how often a changed NAT mapping is reported, s; the SA is encapsulated in UDP then
 *   diff, age  when an event tells of its numbers: after so many packets, so many jiffies; these are shown in 1/10 s
 *   mode       a number of XFRM_MODE_*
 *   esn        extended numbers, and a window of so many, which may be 0 for what is sent (6.10)
 *   ah         1: AH with hmac(sha256) instead of ESP
 *
 * A kernel that does not know an attribute adds the SA without it. What is shown: NAME VALUE of each that the SA has, but for
 * the last three.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/udp.h>
#include <linux/xfrm.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define KEY_LEN	20
#define ROOM	4096
/* linux/xfrm.h of newer kernels. */
#define SA_DIR		33
#define KEEPALIVE	34
#define SA_PCPU		35
#define OFFLOAD_PACKET	4

static const struct {
	const char *name;
	unsigned short type;
	unsigned short len;
} known[] = {
	{ "coa", XFRMA_COADDR, sizeof(xfrm_address_t) },
	{ "dir", SA_DIR, 1 },
	{ "keepalive", KEEPALIVE, 4 },
	{ "packet", XFRMA_OFFLOAD_DEV, sizeof(struct xfrm_user_offload) },
	{ "pcpu", SA_PCPU, 4 },
	{ "mapping", XFRMA_MTIMER_THRESH, 4 },
	{ "diff", XFRMA_REPLAY_THRESH, 4 },
	{ "age", XFRMA_ETIMER_THRESH, 4 },
};

#define KNOWN	(sizeof(known) / sizeof(known[0]))

union value {
	xfrm_address_t addr;
	unsigned char u8;
	unsigned int u32;
	struct xfrm_user_offload offload;
};

struct aead {
	char name[64];
	unsigned int key_bits, icv_bits;
	unsigned char key[KEY_LEN];
};

struct auth {
	char name[64];
	unsigned int key_bits, icv_bits;
	unsigned char key[KEY_LEN];
};

struct message {
	struct nlmsghdr nlh;
	union {
		struct xfrm_usersa_info sa;
		struct xfrm_usersa_id id;
		struct xfrm_aevent_id events;
		struct nlmsgerr err;
		unsigned char room[ROOM];
	};
};

static void *put(struct message *m, unsigned short type, const void *value, size_t len)
{
	struct nlattr *a = (void *)((unsigned char *)m + NLMSG_ALIGN(m->nlh.nlmsg_len));

	a->nla_type = type;
	a->nla_len = NLA_HDRLEN + len;
	m->nlh.nlmsg_len = NLMSG_ALIGN(m->nlh.nlmsg_len) + NLA_ALIGN(a->nla_len);
	return memcpy(a + 1, value, len);
}

/* 0 or an errno. */
static int talk(struct message *m)
{
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_XFRM);
	ssize_t len;

	if (fd < 0 || send(fd, m, m->nlh.nlmsg_len, 0) < 0)
		return errno;
	len = recv(fd, m, sizeof(*m), 0);
	if (len < (ssize_t)sizeof(m->nlh))
		return errno;
	return m->nlh.nlmsg_type == NLMSG_ERROR ? -m->err.error : 0;
}

static int put_key(struct message *m, const char *hex)
{
	struct aead aead = { .name = "rfc4106(gcm(aes))", .key_bits = KEY_LEN * 8, .icv_bits = 128 };
	struct auth auth = { .name = "hmac(sha256)", .key_bits = KEY_LEN * 8, .icv_bits = 128 };
	int i;

	if (strlen(hex) != 2 + 2 * KEY_LEN)
		return -1;
	for (i = 0; i < KEY_LEN; i++)
		if (sscanf(hex + 2 + 2 * i, "%2hhx", &aead.key[i]) != 1)
			return -1;
	memcpy(auth.key, aead.key, KEY_LEN);
	if (m->sa.id.proto == IPPROTO_AH)
		put(m, XFRMA_ALG_AUTH_TRUNC, &auth, sizeof(auth));
	else
		put(m, XFRMA_ALG_AEAD, &aead, sizeof(aead));
	return 0;
}

/* What is no attribute: true if it was that. */
static int put_other(struct message *m, const char *name, unsigned int number)
{
	struct xfrm_replay_state_esn esn = { .replay_window = number, .bmp_len = (number + 31) / 32 };

	if (!strcmp(name, "mode")) {
		m->sa.mode = number;
	} else if (!strcmp(name, "esn")) {
		m->sa.flags |= XFRM_STATE_ESN;
		m->sa.replay_window = 0;
		/* The kernel makes room for the map itself. */
		put(m, XFRMA_REPLAY_ESN_VAL, &esn, sizeof(esn));
	} else {
		return !strcmp(name, "ah");
	}
	return 1;
}

static int put_named(struct message *m, const char *name, const char *text)
{
	struct xfrm_encap_tmpl encap = { .encap_type = UDP_ENCAP_ESPINUDP, .encap_sport = htons(4500), .encap_dport = htons(4500) };
	union value value = {};
	size_t i;

	for (i = 0; i < KNOWN && strcmp(known[i].name, name); i++)
		;
	if (i == KNOWN)
		return -1;
	if (known[i].len == sizeof(value.addr) && inet_pton(AF_INET, text, &value.addr.a4) != 1)
		return -1;
	if (known[i].len == sizeof(value.u32))
		value.u32 = strtoul(text, NULL, 0);
	else if (known[i].len == sizeof(value.u8))
		value.u8 = strtoul(text, NULL, 0);
	else if (known[i].type == XFRMA_OFFLOAD_DEV)
		value.offload = (struct xfrm_user_offload){ .ifindex = strtoul(text, NULL, 0), .flags = OFFLOAD_PACKET };
	put(m, known[i].type, &value, known[i].len);
	if (known[i].type == KEEPALIVE || known[i].type == XFRMA_MTIMER_THRESH)
		put(m, XFRMA_ENCAP, &encap, sizeof(encap));
	return 0;
}

static int add(struct message *m, char **argv)
{
	int i;

	m->nlh = (struct nlmsghdr){ .nlmsg_len = NLMSG_LENGTH(sizeof(m->sa)), .nlmsg_type = XFRM_MSG_NEWSA,
				    .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL };
	m->sa = (struct xfrm_usersa_info){
		.family = AF_INET, .mode = XFRM_MODE_TUNNEL, .replay_window = 32, .id.proto = IPPROTO_ESP, .sel.family = AF_INET,
		.id.spi = htonl(strtoul(argv[2], NULL, 0)), .reqid = strtoul(argv[3], NULL, 0),
		.lft = {
			.soft_byte_limit = XFRM_INF, .hard_byte_limit = XFRM_INF,
			.soft_packet_limit = XFRM_INF, .hard_packet_limit = XFRM_INF,
		},
	};
	for (i = 5; argv[i]; i++)
		if (!strcmp(argv[i], "ah"))
			m->sa.id.proto = IPPROTO_AH;
	if (inet_pton(AF_INET, argv[0], &m->sa.saddr.a4) != 1 || inet_pton(AF_INET, argv[1], &m->sa.id.daddr.a4) != 1 ||
	    put_key(m, argv[4]))
		return -1;
	for (argv += 5; argv[0]; argv += 2) {
		/* What is sent has no window, and says so. */
		if (argv[1] && !strcmp(argv[0], "dir") && !strcmp(argv[1], "2"))
			m->sa.replay_window = 0;
		if (!argv[1] || (!put_other(m, argv[0], strtoul(argv[1], NULL, 0)) && put_named(m, argv[0], argv[1])))
			return -1;
	}
	return talk(m);
}

static void print_attr(const struct nlattr *a)
{
	union value value = {};
	char text[INET_ADDRSTRLEN];
	size_t i;

	for (i = 0; i < KNOWN; i++) {
		if (known[i].type != a->nla_type || a->nla_len != NLA_HDRLEN + known[i].len)
			continue;
		memcpy(&value, a + 1, known[i].len);
		if (known[i].len == sizeof(value.addr))
			printf("%s %s\n", known[i].name, inet_ntop(AF_INET, &value.addr.a4, text, sizeof(text)));
		else if (known[i].type == XFRMA_OFFLOAD_DEV)
			printf("%s %u\n", known[i].name, value.offload.ifindex);
		else
			printf("%s %u\n", known[i].name, known[i].len == sizeof(value.u8) ? value.u8 : value.u32);
	}
}

/* Asks, and prints what comes behind the head of the answer. */
static int print_answer(struct message *m, size_t head)
{
	int err = talk(m);
	size_t at;

	for (at = NLMSG_SPACE(head); !err && at + NLA_HDRLEN <= m->nlh.nlmsg_len;) {
		const struct nlattr *a = (void *)((unsigned char *)m + at);

		if (a->nla_len < NLA_HDRLEN || at + a->nla_len > m->nlh.nlmsg_len)
			return EPROTO;
		print_attr(a);
		at += NLA_ALIGN(a->nla_len);
	}
	return err;
}

static int show(struct message *m, char **argv)
{
	struct xfrm_usersa_id id = { .family = AF_INET, .proto = IPPROTO_ESP, .spi = htonl(strtoul(argv[1], NULL, 0)) };
	int err;

	if (inet_pton(AF_INET, argv[0], &id.daddr.a4) != 1)
		return -1;
	m->nlh = (struct nlmsghdr){ .nlmsg_len = NLMSG_LENGTH(sizeof(m->id)), .nlmsg_type = XFRM_MSG_GETSA,
				    .nlmsg_flags = NLM_F_REQUEST };
	m->id = id;
	err = print_answer(m, sizeof(m->sa));
	if (err)
		return err;
	m->nlh = (struct nlmsghdr){ .nlmsg_len = NLMSG_LENGTH(sizeof(m->events)), .nlmsg_type = XFRM_MSG_GETAE,
				    .nlmsg_flags = NLM_F_REQUEST };
	m->events = (struct xfrm_aevent_id){ .sa_id = id, .flags = XFRM_AE_RTHR | XFRM_AE_ETHR };
	return print_answer(m, sizeof(m->events));
}

int main(int argc, char **argv)
{
	static struct message m;
	int err = -1;

	if (argc >= 7 && !strcmp(argv[1], "add"))
		err = add(&m, argv + 2);
	else if (argc == 4 && !strcmp(argv[1], "show"))
		err = show(&m, argv + 2);
	if (err < 0) {
		fprintf(stderr, "usage: xha-attrs add SRC DST SPI REQID KEY [NAME VALUE]... | show DST SPI\n");
		return 2;
	}
	if (err)
		fprintf(stderr, "xha-attrs: %s\n", strerror(err));
	return err > 0;
}
