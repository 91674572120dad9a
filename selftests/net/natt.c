// SPDX-License-Identifier: GPL-2.0
/*
 * xha-natt: keeps a socket open that takes ESP in UDP, as an IKE daemon does.
 * usage: xha-natt ADDR PORT
 */
#include <arpa/inet.h>
#include <linux/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	int type = UDP_ENCAP_ESPINUDP;

	if (argc != 3 || inet_pton(AF_INET, argv[1], &at.sin_addr) != 1) {
		fprintf(stderr, "usage: xha-natt ADDR PORT\n");
		return 2;
	}
	at.sin_port = htons(atoi(argv[2]));
	if (fd < 0 || bind(fd, (void *)&at, sizeof(at)) || setsockopt(fd, IPPROTO_UDP, UDP_ENCAP, &type, sizeof(type))) {
		perror("xha-natt");
		return 1;
	}
	fprintf(stderr, "ready\n");
	pause();
	return 0;
}
