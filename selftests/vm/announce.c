// SPDX-License-Identifier: GPL-2.0
/*
 * xha-announce: tells a segment who has an address now, as keepalived does: a gratuitous ARP for IPv4, an unsolicited
 * neighbour advertisement with the override flag for IPv6.
 * usage: xha-announce DEV ADDR...
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static uint8_t mac[6], frame[86];

static void ethernet(const uint8_t *to, uint16_t type)
{
	memcpy(frame, to, 6);
	memcpy(frame + 6, mac, 6);
	frame[12] = type >> 8;
	frame[13] = type & 0xff;
}

static size_t arp(const uint8_t *addr)
{
	static const uint8_t head[] = { 0, 1, 8, 0, 6, 4, 0, 1 }, everybody[] = { 255, 255, 255, 255, 255, 255 };
	uint8_t *at = frame + 14;

	ethernet(everybody, ETH_P_ARP);
	memcpy(at, head, 8);
	memcpy(at + 8, mac, 6);
	memcpy(at + 14, addr, 4);
	memset(at + 18, 0, 6);
	memcpy(at + 24, addr, 4);
	return 42;
}

static uint16_t checksum(const uint8_t *data, size_t len, uint32_t sum)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += data[i] << 8 | data[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static size_t advertisement(const uint8_t *addr)
{
	static const uint8_t all_nodes[16] = { 0xff, 2, [15] = 1 }, all_macs[] = { 0x33, 0x33, 0, 0, 0, 1 };
	uint8_t *ip = frame + 14, *icmp = ip + 40;
	uint16_t sum;

	ethernet(all_macs, ETH_P_IPV6);
	memset(ip, 0, 40 + 32);
	ip[0] = 0x60;
	ip[5] = 32;
	ip[6] = IPPROTO_ICMPV6;
	ip[7] = 255;
	memcpy(ip + 8, addr, 16);
	memcpy(ip + 24, all_nodes, 16);
	icmp[0] = 136;
	icmp[4] = 0x20;			/* override */
	memcpy(icmp + 8, addr, 16);
	icmp[24] = 2;			/* option: this link-layer address, of 8 octets */
	icmp[25] = 1;
	memcpy(icmp + 26, mac, 6);
	/* The pseudo header: both addresses, the length and the protocol. */
	sum = checksum(ip + 8, 32 + 32, 32 + IPPROTO_ICMPV6);
	icmp[2] = sum >> 8;
	icmp[3] = sum & 0xff;
	return 14 + 40 + 32;
}

int main(int argc, char **argv)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_halen = 6 };
	struct ifreq ifr = { 0 };
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	if (argc < 3 || strlen(argv[1]) >= sizeof(ifr.ifr_name)) {
		fprintf(stderr, "usage: xha-announce DEV ADDR...\n");
		return 2;
	}
	strcpy(ifr.ifr_name, argv[1]);
	if (fd < 0 || ioctl(fd, SIOCGIFHWADDR, &ifr)) {
		perror(argv[1]);
		return 1;
	}
	memcpy(mac, ifr.ifr_hwaddr.sa_data, 6);
	to.sll_ifindex = if_nametoindex(argv[1]);
	for (int i = 2; i < argc; i++) {
		uint8_t addr[16];
		size_t len;

		if (inet_pton(AF_INET, argv[i], addr) == 1) {
			len = arp(addr);
		} else if (inet_pton(AF_INET6, argv[i], addr) == 1) {
			len = advertisement(addr);
		} else {
			fprintf(stderr, "xha-announce: '%s' is not an address\n", argv[i]);
			return 2;
		}
		memcpy(to.sll_addr, frame, 6);
		if (sendto(fd, frame, len, 0, (void *)&to, sizeof(to)) < 0) {
			perror("xha-announce: send");
			return 1;
		}
	}
	close(fd);
	return 0;
}
