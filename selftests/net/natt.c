// SPDX-License-Identifier: GPL-2.0
/*
 * xha-natt: keeps a socket open that takes ESP in UDP, as an IKE daemon does.
 * usage: xha-natt ADDR PORT
 */
#include <arpa/inet.h>
#include <linux/udp.h>
#include <linux/xfrm.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static bool address(const char *text, const char *port, union address *at)
{
	*at = (union address){ .any.sa_family = strchr(text, ':') ? AF_INET6 : AF_INET };
	/* Of the same place in both. */
	at->v4.sin_port = htons(atoi(port));
	if (at->any.sa_family == AF_INET)
		return inet_pton(AF_INET, text, &at->v4.sin_addr) == 1;
	return inet_pton(AF_INET6, text, &at->v6.sin6_addr) == 1;
}

/* What comes in UDP must not be held up by a policy for what is inside, which has the same addresses in transport mode. */
static bool bypass(int fd, int family)
{
	struct xfrm_userpolicy_info policy = { .sel.family = family, .action = XFRM_POLICY_ALLOW };
	int level = family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;
	int option = family == AF_INET ? IP_XFRM_POLICY : IPV6_XFRM_POLICY;

	for (policy.dir = XFRM_POLICY_IN; policy.dir <= XFRM_POLICY_OUT; policy.dir++)
		if (setsockopt(fd, level, option, &policy, sizeof(policy)))
			return false;
	return true;
}

int main(int argc, char **argv)
{
	int type = UDP_ENCAP_ESPINUDP, one = 1;
	union address at;
	int fd;

	if (argc != 3 || !address(argv[1], argv[2], &at)) {
		fprintf(stderr, "usage: xha-natt ADDR PORT\n");
		return 2;
	}
	fd = socket(at.any.sa_family, SOCK_DGRAM, 0);
	/* Beside one for IPv4 on the same port. */
	if (at.any.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (fd < 0 || bind(fd, &at.any, at.any.sa_family == AF_INET ? sizeof(at.v4) : sizeof(at.v6)) ||
	    setsockopt(fd, IPPROTO_UDP, UDP_ENCAP, &type, sizeof(type)) || !bypass(fd, at.any.sa_family)) {
		perror("xha-natt");
		return 1;
	}
	fprintf(stderr, "ready\n");
	pause();
	return 0;
}
