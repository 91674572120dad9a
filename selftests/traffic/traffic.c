// SPDX-License-Identifier: GPL-2.0
/* xha-traffic: command line. */
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "traffic.h"

volatile sig_atomic_t stopping;

static void on_signal(int signo)
{
	(void)signo;
	stopping = 1;
}

static int usage(void)
{
	fprintf(stderr,
		"usage: xha-traffic server ADDR PORT [--df yes|no]\n"
		"       xha-traffic client ADDR PORT --rate PPS|0 [--window N] [--count N] [--seconds S]\n"
		"                   [--bind SRC] [--size BYTES] [--linger S] [--df yes|no]\n"
		"       xha-traffic blast ADDR PORT --rate PPS [--count N] [--seconds S] [--bind SRC] [--size BYTES]\n"
		"--df yes: nothing may fragment them; when the stack refuses one as too big, they get as small as it wants.\n"
		"SIGTERM or SIGINT ends it early, with its report.\n");
	return 2;
}

static int resolve(const char *host, const char *port, struct sockaddr_storage *to, socklen_t *len)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	struct addrinfo *info;
	int error = getaddrinfo(host, port, &hints, &info);

	if (error) {
		fprintf(stderr, "xha-traffic: %s %s: %s\n", host, port, gai_strerror(error));
		return -1;
	}
	memcpy(to, info->ai_addr, info->ai_addrlen);
	*len = info->ai_addrlen;
	freeaddrinfo(info);
	return 0;
}

static int yes_or_no(const char *text, enum df *df)
{
	if (!strcmp(text, "yes"))
		*df = DF_YES;
	else if (!strcmp(text, "no"))
		*df = DF_NO;
	else
		*df = DF_DEFAULT;
	if (*df == DF_DEFAULT)
		fprintf(stderr, "xha-traffic: '%s' is neither yes nor no\n", text);
	return *df == DF_DEFAULT ? -1 : 0;
}

int set_df(int fd, const struct options *opt)
{
	bool v6 = opt->peer.ss_family == AF_INET6;
	int how;

	if (opt->df == DF_DEFAULT)
		return 0;
	if (v6)
		how = opt->df == DF_YES ? IPV6_PMTUDISC_DO : IPV6_PMTUDISC_DONT;
	else
		how = opt->df == DF_YES ? IP_PMTUDISC_DO : IP_PMTUDISC_DONT;
	return setsockopt(fd, v6 ? SOL_IPV6 : SOL_IP, v6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER, &how, sizeof(how));
}

static int number(const char *text, double low, double high, double *value)
{
	char *end;

	errno = 0;
	*value = strtod(text, &end);
	if (errno || end == text || *end || !(*value >= low && *value <= high)) {
		fprintf(stderr, "xha-traffic: '%s' is not a number between %g and %g\n", text, low, high);
		return -1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "rate", required_argument, NULL, 'r' }, { "count", required_argument, NULL, 'c' },
		{ "seconds", required_argument, NULL, 's' }, { "bind", required_argument, NULL, 'b' },
		{ "size", required_argument, NULL, 'z' }, { "window", required_argument, NULL, 'w' },
		{ "linger", required_argument, NULL, 'l' }, { "df", required_argument, NULL, 'd' },
		{ NULL, 0, NULL, 0 },
	};
	struct options opt = { .rate = 100, .size = 64, .linger = 1, .echo = true };
	struct sigaction act = { .sa_handler = on_signal };
	double value;
	int c;

	while ((c = getopt_long(argc, argv, "", longopts, NULL)) != -1) {
		int error = 0;

		switch (c) {
		case 'r': error = number(optarg, 0, 1e7, &opt.rate); break;
		case 'c': error = number(optarg, 1, 1e9, &value); opt.count = value; break;
		case 's': error = number(optarg, 0.001, 1e6, &opt.seconds); break;
		case 'z': error = number(optarg, sizeof(struct probe), MAX_SIZE, &value); opt.size = value; break;
		case 'w': error = number(optarg, 1, 1e6, &value); opt.window = value; break;
		case 'l': error = number(optarg, 0, 600, &opt.linger); break;
		case 'd': error = yes_or_no(optarg, &opt.df); break;
		case 'b': error = resolve(optarg, "0", &opt.bind, &opt.bind_len); break;
		default: return usage();
		}
		if (error)
			return 2;
	}
	if (opt.rate == 0 && !opt.window)
		opt.window = 32;
	argv += optind;
	if (argc - optind != 3)
		return usage();
	if (resolve(argv[1], argv[2], &opt.peer, &opt.peer_len))
		return 2;

	/* No SA_RESTART: the signal has to end the wait. */
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	if (!strcmp(argv[0], "server"))
		return serve(&opt);
	if (!strcmp(argv[0], "blast"))
		opt.echo = false;
	else if (strcmp(argv[0], "client"))
		return usage();
	return client(&opt);
}
