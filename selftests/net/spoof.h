/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Datagrams of a peer that it does not send itself: from its own address and port, by a raw socket, since the port is the
 * module's; and listening to what it does send, to learn from.
 */
#ifndef _XHA_SPOOF_H
#define _XHA_SPOOF_H

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SPOOF_HDR_LEN	16	/* version, type, source and target node, session, frame number */
#define SPOOF_FRAME_MAX	1400	/* of the module's */
#define SPOOF_ROOM	1472	/* of a datagram that is not fragmented */
#define SPOOF_DATA	2	/* message type */
#define SPOOF_REC_LEN	4	/* of the header of a record: type, flags, length */
#define SPOOF_CHECK	5	/* record type */
#define SPOOF_TTL	99	/* of ours: nobody else has that, so that they can be told apart */

struct datagram {
	unsigned char data[SPOOF_ROOM];
	size_t len;
};

struct spoof {
	struct in_addr src, dst;
	uint16_t port;
};

static inline int spoof_parse(struct spoof *who, const char *src, const char *dst, const char *port)
{
	who->port = atoi(port);
	return inet_pton(AF_INET, src, &who->src) == 1 && inet_pton(AF_INET, dst, &who->dst) == 1 && who->port ? 0 : -1;
}

static inline void spoof_number(struct datagram *d, uint64_t number)
{
	for (int i = 0; i < 8; i++)
		d->data[8 + i] = number >> (56 - 8 * i);
}

static inline uint64_t spoof_frame(const struct datagram *d)
{
	uint64_t number = 0;

	for (int i = 0; i < 8; i++)
		number = number << 8 | d->data[8 + i];
	return number;
}

/* The body of the first record of that type, which is at least @least bytes; NULL if there is none. */
static inline const unsigned char *spoof_find(const struct datagram *d, unsigned int type, size_t least)
{
	size_t at, len;

	for (at = SPOOF_HDR_LEN; at + SPOOF_REC_LEN <= d->len; at += SPOOF_REC_LEN + len) {
		len = d->data[at + 2] << 8 | d->data[at + 3];
		if (d->data[at] == type && len >= least && at + SPOOF_REC_LEN + len <= d->len)
			return d->data + at + SPOOF_REC_LEN;
	}
	return NULL;
}

static inline int spoof_open(void)
{
	return socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
}

static inline int spoof_send(int fd, const struct spoof *who, const struct datagram *d)
{
	static unsigned char buf[2048];
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr = who->dst };
	size_t len = sizeof(struct iphdr) + sizeof(struct udphdr) + d->len;
	struct iphdr *ip = (void *)buf;
	struct udphdr *udp = (void *)(ip + 1);

	*ip = (struct iphdr){ .version = 4, .ihl = 5, .ttl = SPOOF_TTL, .protocol = IPPROTO_UDP,
			      .saddr = who->src.s_addr, .daddr = who->dst.s_addr };
	/* No checksum: allowed by UDP over IPv4. */
	*udp = (struct udphdr){ .source = htons(who->port), .dest = htons(who->port),
				.len = htons(sizeof(*udp) + d->len) };
	memcpy(udp + 1, d->data, d->len);
	return sendto(fd, buf, len, 0, (void *)&to, sizeof(to)) == (ssize_t)len ? 0 : -1;
}

/* What passes a device, but for ours. */
static inline int spoof_listen(const char *device)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, offsetof(struct iphdr, ttl)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SPOOF_TTL, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, 0xffff),
	};
	struct sock_fprog filter = { .len = sizeof(code) / sizeof(*code), .filter = code };
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	int fd = socket(AF_PACKET, SOCK_DGRAM, 0);

	at.sll_ifindex = if_nametoindex(device);
	if (fd < 0 || !at.sll_ifindex || setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) ||
	    bind(fd, (void *)&at, sizeof(at)))
		return -1;
	return fd;
}

/* The next packet: true if it is one of the peer's datagrams, which is copied. */
static inline int spoof_hear(int fd, const struct spoof *who, struct datagram *d)
{
	unsigned char buf[2048];
	struct iphdr *ip = (void *)buf;
	ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT), len;
	struct udphdr *udp;

	if (n < (ssize_t)sizeof(*ip) || ip->version != 4 || ip->protocol != IPPROTO_UDP ||
	    ip->saddr != who->src.s_addr || ip->daddr != who->dst.s_addr)
		return 0;
	udp = (void *)(buf + ip->ihl * 4);
	len = n - ip->ihl * 4 - (ssize_t)sizeof(*udp);
	if (len < SPOOF_HDR_LEN || len > SPOOF_FRAME_MAX || ntohs(udp->dest) != who->port)
		return 0;
	memcpy(d->data, udp + 1, len);
	d->len = len;
	return 1;
}

#endif /* _XHA_SPOOF_H */
