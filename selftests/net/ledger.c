// SPDX-License-Identifier: GPL-2.0
/*
 * xha-ledger: keeps books at the remote on every ESP packet from and to the gateways, and replays them.
 * usage: xha-ledger DEV
 *
 * Gateway N is known by its address on the link, 02:00:00:00:00:0N. Each line of input is a command, and has one line of
 * output for an answer:
 *
 *   new                            forget all SAs
 *   sa SPI BITS ESN OUT START      an SA: its window, is it ESN, is it the gateways' outbound one, the last number before
 *   active MASK                    gateways that have taken over: what goes to another one is taken by nobody
 *   replay N DUMP                  all that went to the gateways goes to N; DUMP is its 'ip -s xfrm state' before
 *                                  -> frames sent, frames that N's windows let in, SAs that are open there. When N has
 *                                  counted one more in XfrmInHdrError, it has had them all
 *   taken DUMP                     -> how many N has taken of them: all that its dump after does not tell to be refused;
 *                                  how many more than its windows let in, and by which SA
 *   judge SINCE PERIOD PACKETS     has the takeover missed what it had to know? Its copy was known to be hot at SINCE, ms of
 *                                  CLOCK_REALTIME; windows are synced each PERIOD ms and each PACKETS, 0: not
 *                                  -> how many it has missed, how many others it has taken again, and which it has missed
 *   report                         -> numbers used twice; behind the window by another gateway; by the same one; packets
 *                                  that the books lack; all numbers
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "ledger.h"

#define IP_LEN		20
#define ESP_AT		(ETH_HLEN + IP_LEN)
#define ROOM		(32 << 20)

static unsigned int active;

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static int listen_on(const char *device)
{
	/* IPv4 and ESP */
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 0, 3),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, ETH_HLEN + 9),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ESP, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0xffff),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog prog = { .len = sizeof(code) / sizeof(*code), .filter = code };
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0);
	int room = ROOM;

	at.sll_ifindex = if_nametoindex(device);
	if (fd < 0 || !at.sll_ifindex || setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) || bind(fd, (void *)&at, sizeof(at))) {
		perror("xha-ledger: device");
		return -1;
	}
	return fd;
}

/* N of 02:00:00:00:00:0N, or 0. */
static int node_of(const unsigned char *mac)
{
	static const unsigned char ours[ETH_ALEN - 1] = { 2 };

	return memcmp(mac, ours, sizeof(ours)) ? 0 : mac[ETH_ALEN - 1];
}

static void enter(const unsigned char *frame, size_t len, bool outgoing)
{
	int node = node_of(outgoing ? frame : frame + ETH_ALEN);
	uint32_t spi, number;
	struct sa *s;

	if (len < ESP_AT + 8 || len > FRAME_MAX || frame[ETH_HLEN] != 0x45)
		return;
	memcpy(&spi, frame + ESP_AT, sizeof(spi));
	memcpy(&number, frame + ESP_AT + 4, sizeof(number));
	s = sa_find(ntohl(spi));
	if (!s || s->out == outgoing)
		return;
	if (outgoing)
		sa_offered(s, ntohl(number), frame, len, now_ns(), !(active & 1u << node));
	else
		sa_sent(s, node, ntohl(number));
}

static void drain(int fd)
{
	static unsigned char frame[65536];
	struct sockaddr_ll from;
	socklen_t from_len = sizeof(from);
	ssize_t n;

	while ((n = recvfrom(fd, frame, sizeof(frame), 0, (void *)&from, &from_len)) >= 0) {
		if (from.sll_pkttype == PACKET_OUTGOING || from.sll_pkttype == PACKET_HOST)
			enter(frame, n, from.sll_pkttype == PACKET_OUTGOING);
		from_len = sizeof(from);
	}
}

static void send_to(int fd, unsigned char *frame, size_t len, int node)
{
	const unsigned char mac[ETH_ALEN] = { 2, 0, 0, 0, 0, node };

	memcpy(frame, mac, ETH_ALEN);
	while (send(fd, frame, len, 0) < 0 && (errno == EAGAIN || errno == ENOBUFS))
		usleep(1000);
}

static uint16_t ip_checksum(const unsigned char *header)
{
	uint32_t sum = 0;

	for (int i = 0; i < IP_LEN; i += 2)
		sum += header[i] << 8 | header[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* Behind them all, one that is too short to be ESP: no counter of an SA has it. */
static void send_last(int fd, const unsigned char *model, int node)
{
	unsigned char frame[ESP_AT + 4], *ip = frame + ETH_HLEN;
	uint16_t sum;

	memcpy(frame, model, sizeof(frame));
	ip[2] = 0;
	ip[3] = IP_LEN + 4;
	ip[10] = 0;
	ip[11] = 0;
	sum = ip_checksum(ip);
	ip[10] = sum >> 8;
	ip[11] = sum & 0xff;
	send_to(fd, frame, sizeof(frame), node);
}

/* In the order in which they came, but SA by SA; what comes meanwhile waits, and is for the next time. */
static unsigned long replay(int fd, int node)
{
	const struct frame *some = NULL;
	unsigned long sent = 0;

	for (struct sa *s = sas; s; s = s->next) {
		bool counts = s->win.known && s->win.open;

		s->refused = s->win.refused;
		s->sent = 0;
		for (struct frame *f = s->frames; f; f = f->next)
			f->due = sa_may_take(s, f->number);
		for (struct frame *f = s->frames; f; f = f->next) {
			send_to(fd, f->data, f->len, node);
			s->sent += counts;
			some = f;
			sent++;
		}
	}
	if (some)
		send_last(fd, some->data, node);
	return sent;
}

static unsigned long due(const struct sa *s)
{
	unsigned long n = 0;

	for (const struct frame *f = s->frames; f; f = f->next)
		n += f->due;
	return n;
}

static void taken(void)
{
	unsigned long all = 0, excess = 0;
	uint32_t spi = 0;

	for (struct sa *s = sas; s; s = s->next) {
		uint32_t refused = s->win.refused - s->refused;
		uint64_t n = s->sent > refused ? s->sent - refused : 0;

		if (s->out || !s->win.known)
			continue;
		all += n;
		if (n > due(s)) {
			excess += n - due(s);
			spi = s->spi;
		}
	}
	printf("%lu %lu 0x%08x\n", all, excess, spi);
}

/* What is due is taken by now: no other gateway knows of it before the next sync. */
static void judge(uint64_t since, uint64_t period, uint64_t packets)
{
	struct excuse e = { .since_ns = since * 1000000, .period_ns = period * 1000000, .packets = packets };
	uint64_t bad = 0, again = 0, number = 0, now = now_ns();
	uint32_t spi = 0;

	for (struct sa *s = sas; s; s = s->next) {
		uint64_t worst = 0, n = sa_unexcused(s, &e, &worst);

		if (n && !bad) {
			spi = s->spi;
			number = worst;
		}
		bad += n;
		for (struct frame *f = s->frames; f; f = f->next) {
			if (!f->due)
				continue;
			again += !f->fresh;
			f->ns = now;
			f->fresh = false;
		}
	}
	printf("%" PRIu64 " %" PRIu64 " spi 0x%08x number %" PRIu64 "\n", bad, again - bad, spi, number);
}

static void report(int fd)
{
	uint64_t twice = 0, behind = 0, jostled = 0, numbers = 0;
	const struct sa *bad = NULL;
	struct tpacket_stats stats = { 0 };
	socklen_t len = sizeof(stats);

	getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len);
	for (const struct sa *s = sas; s; s = s->next) {
		if (!s->out)
			continue;
		twice += s->twice;
		behind += s->behind;
		jostled += s->jostled;
		numbers += s->count;
		if ((s->twice || s->behind) && (!bad || !bad->twice))
			bad = s;
	}
	printf("%" PRIu64 " %" PRIu64 " %" PRIu64 " %u %" PRIu64, twice, behind, jostled, stats.tp_drops, numbers);
	if (bad)
		printf(" spi 0x%08x: %" PRIu64 " twice, the first %" PRIu64 " by gw%d; %" PRIu64 " behind, the first %" PRIu64
		       " by gw%d", bad->spi, bad->twice, bad->first_twice, bad->twice_by, bad->behind, bad->first_behind, bad->behind_by);
	printf("\n");
}

static int command(int fd, char *line)
{
	uint64_t a, b, c, start;
	unsigned int spi, bits, esn, out;
	char path[256];
	int open;

	if (!strcmp(line, "new")) {
		sa_forget_all();
	} else if (sscanf(line, "sa %x %u %u %u %" SCNu64, &spi, &bits, &esn, &out, &start) == 5) {
		sa_add(spi, bits, esn, out, start);
	} else if (sscanf(line, "active %u", &bits) == 1) {
		active = bits;
	} else if (sscanf(line, "replay %u %255s", &bits, path) == 2) {
		unsigned long sent, n = 0;

		open = dump_read(path);
		sent = replay(fd, bits);
		for (const struct sa *s = sas; s; s = s->next)
			n += due(s);
		printf("%lu %lu %d\n", sent, n, open);
		return 0;
	} else if (sscanf(line, "taken %255s", path) == 1) {
		dump_read(path);
		taken();
		return 0;
	} else if (sscanf(line, "judge %" SCNu64 " %" SCNu64 " %" SCNu64, &a, &b, &c) == 3) {
		judge(a, b, c);
		return 0;
	} else if (!strcmp(line, "report")) {
		report(fd);
		return 0;
	} else {
		fprintf(stderr, "xha-ledger: what is '%s'?\n", line);
		return -1;
	}
	printf("ok\n");
	return 0;
}

/* What this process sends is received in the same order: by one processor. */
static void stay(void)
{
	cpu_set_t here;

	CPU_ZERO(&here);
	CPU_SET(sched_getcpu(), &here);
	if (sched_setaffinity(0, sizeof(here), &here))
		perror("xha-ledger: sched_setaffinity");
}

int main(int argc, char **argv)
{
	char line[512];
	int fd;

	if (argc != 2) {
		fprintf(stderr, "usage: xha-ledger DEV\n");
		return 2;
	}
	fd = listen_on(argv[1]);
	if (fd < 0)
		return 1;
	stay();
	setvbuf(stdout, NULL, _IOLBF, 0);
	/* The lines are for poll() to see: none may wait in a buffer of ours. */
	setvbuf(stdin, NULL, _IONBF, 0);
	printf("ready\n");
	for (;;) {
		struct pollfd pfds[2] = { { .fd = fd, .events = POLLIN }, { .fd = STDIN_FILENO, .events = POLLIN } };

		poll(pfds, 2, -1);
		drain(fd);
		if (!(pfds[1].revents & (POLLIN | POLLHUP)))
			continue;
		if (!fgets(line, sizeof(line), stdin))
			return 0;
		line[strcspn(line, "\n")] = 0;
		if (command(fd, line))
			return 1;
	}
}
