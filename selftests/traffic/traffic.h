/* SPDX-License-Identifier: GPL-2.0 */
/* xha-traffic: numbered UDP datagrams and what became of each. */
#ifndef XHA_TRAFFIC_H
#define XHA_TRAFFIC_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <time.h>

#define MAGIC 0x78686174u
#define MAX_SIZE 9000

/* What a datagram starts with, in host order: both ends are the same kind of machine. */
struct probe {
	uint32_t magic;
	uint32_t flow;		/* a client's own, so that an old run's echoes are not taken for this one's */
	uint64_t number;
	uint64_t sent_ns;	/* CLOCK_MONOTONIC of the sender */
};

/* Whether a datagram may be fragmented: as the kernel does without being told, never, always. */
enum df { DF_DEFAULT, DF_YES, DF_NO };

struct options {
	struct sockaddr_storage peer, bind;
	socklen_t peer_len, bind_len;
	double rate;		/* datagrams per second; 0: as fast as the window allows */
	uint64_t count;		/* 0: until the time is over or a signal comes */
	double seconds;
	double linger;		/* how long after the last datagram echoes are waited for */
	unsigned int size;
	unsigned int window;	/* without an echo at the same time; 0: any number */
	enum df df;
	bool echo;		/* false: one way */
};

/* What became of one datagram. */
struct fate {
	uint64_t sent_real_ns;	/* CLOCK_REALTIME */
	uint32_t echoes;
};

struct tally {
	struct fate *fates;
	uint64_t capacity, sent, received, duplicates, refused, cuts;
	uint64_t rtt_min, rtt_max, rtt_sum;	/* ns */
};

extern volatile sig_atomic_t stopping;

static inline uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

/* traffic.c */
int set_df(int fd, const struct options *opt);

int serve(const struct options *opt);
int client(struct options *opt);

/* report.c */
int tally_sent(struct tally *t, uint64_t number);
void tally_echo(struct tally *t, uint64_t number, uint64_t rtt_ns);
void tally_print(const struct tally *t, const struct options *opt, double seconds);

#endif
