// SPDX-License-Identifier: GPL-2.0
/*
 * xha-frames: sends the Ethernet frames of a capture again, to another station.
 * usage: xha-frames DEV FILE.pcap MAC
 *
 * The attacker of the gate tests: what was captured on its way to one gateway arrives at the other. Prints how many.
 */
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <arpa/inet.h>

#include "pcap.h"

static int parse_mac(const char *text, unsigned char *mac)
{
	unsigned int b[ETH_ALEN];
	char end;

	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%c", b, b + 1, b + 2, b + 3, b + 4, b + 5, &end) != ETH_ALEN)
		return -1;
	for (int i = 0; i < ETH_ALEN; i++)
		mac[i] = b[i];
	return 0;
}

static int open_device(const char *name)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = 0 };
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	at.sll_ifindex = if_nametoindex(name);
	if (fd < 0 || !at.sll_ifindex || bind(fd, (void *)&at, sizeof(at))) {
		perror("xha-frames: device");
		return -1;
	}
	return fd;
}

int main(int argc, char **argv)
{
	static unsigned char frame[65536];
	unsigned char mac[ETH_ALEN];
	unsigned long sent = 0;
	struct pcap_frame head;
	int fd, more;
	FILE *file;

	if (argc != 4 || parse_mac(argv[3], mac)) {
		fprintf(stderr, "usage: xha-frames DEV FILE.pcap MAC\n");
		return 2;
	}
	fd = open_device(argv[1]);
	if (fd < 0)
		return 1;
	file = pcap_open("xha-frames", argv[2]);
	if (!file)
		return 1;
	while ((more = pcap_next(file, &head, frame, sizeof(frame)))) {
		if (more < 0 || head.len < ETH_HLEN) {
			fprintf(stderr, "xha-frames: %s is broken after %lu frames\n", argv[2], sent);
			return 1;
		}
		memcpy(frame, mac, ETH_ALEN);
		if (send(fd, frame, head.len, 0) != (ssize_t)head.len) {
			perror("xha-frames: send");
			return 1;
		}
		sent++;
	}
	printf("%lu\n", sent);
	return 0;
}
