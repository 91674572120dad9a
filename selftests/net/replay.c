// SPDX-License-Identifier: GPL-2.0
/*
 * xha-replay: shows the replay state of an SA, or sets it as an IKE daemon does, by XFRM_MSG_GETAE and XFRM_MSG_NEWAE.
 * usage: xha-replay SRC DST SPI [oseq NUMBER] [seq NUMBER] [diff NUMBER]
 *
 * An SA of IPv4 ESP. oseq: the last number sent. seq: the highest one received, with a window that is full. diff: after how many
 * packets an event tells of its numbers (XFRMA_REPLAY_THRESH), which xha-attrs shows. Prints last
 * number sent, highest received, size of the window, and the window from its top down, four numbers to a digit: the
 * same for the same window, whichever layout it has.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/xfrm.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define ROOM	4096
#define WORDS	128	/* of a window */

struct message {
	struct nlmsghdr nlh;
	struct xfrm_aevent_id id;
	unsigned char attrs[ROOM];
};

struct replay {
	int extended;
	uint32_t diff;
	struct xfrm_replay_state old;
	struct {
		struct xfrm_replay_state_esn head;
		uint32_t bmp[WORDS];
	} esn;
};

static int fail(const char *what, int err)
{
	fprintf(stderr, "xha-replay: %s: %s\n", what, strerror(err));
	return 1;
}

/* 0 or an errno. */
static int talk(int fd, struct message *m)
{
	struct nlmsgerr *err = (void *)(&m->nlh + 1);

	if (send(fd, m, m->nlh.nlmsg_len, 0) < 0 || recv(fd, m, sizeof(*m), 0) < (ssize_t)sizeof(m->nlh))
		return errno;
	return m->nlh.nlmsg_type == NLMSG_ERROR ? -err->error : 0;
}

static int get(int fd, struct message *m, struct replay *r)
{
	size_t at, len;
	int err;

	m->nlh = (struct nlmsghdr){ .nlmsg_len = sizeof(m->nlh) + sizeof(m->id), .nlmsg_type = XFRM_MSG_GETAE,
				    .nlmsg_flags = NLM_F_REQUEST };
	err = talk(fd, m);
	if (err)
		return err;
	len = m->nlh.nlmsg_len - sizeof(m->nlh) - sizeof(m->id);
	for (at = 0; at + NLA_HDRLEN <= len;) {
		struct nlattr *a = (void *)(m->attrs + at);
		size_t size = a->nla_len - NLA_HDRLEN;

		if (a->nla_type == XFRMA_REPLAY_VAL && size >= sizeof(r->old))
			memcpy(&r->old, a + 1, sizeof(r->old));
		if (a->nla_type == XFRMA_REPLAY_ESN_VAL && size <= sizeof(r->esn)) {
			memcpy(&r->esn, a + 1, size);
			r->extended = 1;
		}
		at += NLA_ALIGN(a->nla_len);
	}
	return 0;
}

static void put(struct message *m, unsigned short type, const void *value, size_t size)
{
	struct nlattr *a = (void *)((unsigned char *)m + m->nlh.nlmsg_len);

	a->nla_type = type;
	a->nla_len = NLA_HDRLEN + size;
	memcpy(a + 1, value, size);
	m->nlh.nlmsg_len += NLA_ALIGN(a->nla_len);
}

static int set(int fd, struct message *m, const struct replay *r)
{
	m->nlh = (struct nlmsghdr){ .nlmsg_len = sizeof(m->nlh) + sizeof(m->id), .nlmsg_type = XFRM_MSG_NEWAE,
				    .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_REPLACE };
	if (r->extended)
		put(m, XFRMA_REPLAY_ESN_VAL, &r->esn, sizeof(r->esn.head) + r->esn.head.bmp_len * sizeof(uint32_t));
	else
		put(m, XFRMA_REPLAY_VAL, &r->old, sizeof(r->old));
	if (r->diff)
		put(m, XFRMA_REPLAY_THRESH, &r->diff, sizeof(r->diff));
	return talk(fd, m);
}

static void change(struct replay *r, const char *what, uint64_t number)
{
	if (!strcmp(what, "diff")) {
		r->diff = number;
		return;
	}
	if (!strcmp(what, "oseq")) {
		r->old.oseq = r->esn.head.oseq = number;
		r->esn.head.oseq_hi = number >> 32;
		return;
	}
	r->old.seq = r->esn.head.seq = number;
	r->esn.head.seq_hi = number >> 32;
	r->old.bitmap = UINT32_MAX;
	for (uint32_t i = 0; i < r->esn.head.replay_window; i++)
		r->esn.head.bmp[i / 32] |= 1U << i % 32;
}

/* Was the number received that is so far below the top? */
static int received(const struct replay *r, uint32_t below)
{
	uint32_t size = r->esn.head.replay_window, bit;

	if (!r->extended)
		return r->old.bitmap >> below & 1;
	bit = ((r->esn.head.seq - 1) % size + size - below) % size;
	return r->esn.head.bmp[bit / 32] >> bit % 32 & 1;
}

static void show(const struct replay *r)
{
	const struct xfrm_replay_state_esn *e = &r->esn.head;
	uint32_t size = r->extended ? e->replay_window : 32;
	uint32_t i, digit = 0;

	printf("%llu %llu %u ", r->extended ? (unsigned long long)e->oseq_hi << 32 | e->oseq : r->old.oseq,
	       r->extended ? (unsigned long long)e->seq_hi << 32 | e->seq : r->old.seq, size);
	for (i = 0; i < size; i++) {
		digit = digit << 1 | received(r, i);
		if (i % 4 != 3)
			continue;
		printf("%x", digit);
		digit = 0;
	}
	printf("\n");
}

int main(int argc, char **argv)
{
	static struct message m;
	static struct replay r;
	int fd, err, i;

	if (argc < 4 || argc % 2 || inet_pton(AF_INET, argv[1], &m.id.saddr.a4) != 1 ||
	    inet_pton(AF_INET, argv[2], &m.id.sa_id.daddr.a4) != 1) {
		fprintf(stderr, "usage: xha-replay SRC DST SPI [oseq NUMBER] [seq NUMBER] [diff NUMBER]\n");
		return 2;
	}
	m.id.sa_id.family = AF_INET;
	m.id.sa_id.proto = IPPROTO_ESP;
	m.id.sa_id.spi = htonl(strtoul(argv[3], NULL, 0));
	fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_XFRM);
	if (fd < 0)
		return fail("socket", errno);
	err = get(fd, &m, &r);
	if (err)
		return fail(argv[3], err);
	if (argc > 4) {
		for (i = 4; i < argc; i += 2)
			change(&r, argv[i], strtoull(argv[i + 1], NULL, 0));
		err = set(fd, &m, &r);
		if (err)
			return fail(argv[3], err);
	}
	show(&r);
	return 0;
}
