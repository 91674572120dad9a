// SPDX-License-Identifier: GPL-2.0
/*
 * Leases at work: an active, a link that loses, delays and repeats, a kill at
 * any time. Whoever takes over, and when, starts above all that was sent.
 */
#include "unit.h"
#include "../../kmod/lease.h"

/* One message on the simulated link. */
struct msg {
	u64 arrives;
	u64 lease;
	u64 age;	/* of the last hot moment, when it was sent */
	bool hot;	/* a heartbeat rather than a lease */
	bool used;
};

#define LINK	64
#define LONGEST	8000		/* ms of a run */

struct link {
	struct msg msgs[LINK];
	u32 flying;
};

struct sim {
	struct link link, acks;
	u32 rates[LONGEST];	/* true_rate at each moment */
	bool esn;
	u64 now;
	u64 oseq;	/* the active */
	u64 lease;
	u64 acked;
	u64 sampled;
	u64 rate;	/* as sampled */
	u64 resend;
	u64 hot_at;
	u64 true_rate;	/* of the traffic */
	u64 due;	/* thousandths of packets */
	u32 sample;
	u32 delay;
	u32 loss;	/* percent */
	struct xha_lease_view view;	/* the standby */
	u64 stated;	/* moment of the last statement */
	bool ever;
};

static void link_send(struct sim *s, struct link *link, const struct msg *m)
{
	int i;

	if (rnd_below(100) < s->loss)
		return;
	for (i = 0; i < LINK; i++) {
		if (link->msgs[i].used)
			continue;
		link->msgs[i] = *m;
		link->msgs[i].used = true;
		link->msgs[i].arrives = s->now + 1 + rnd_below(s->delay);
		link->flying++;
		/* Duplicates come too. */
		if (!one_in(20))
			return;
	}
}

/* A message that has arrived, in no particular order. */
static struct msg *link_receive(struct sim *s, struct link *link)
{
	int i;

	for (i = 0; link->flying && i < LINK; i++) {
		if (!link->msgs[i].used || link->msgs[i].arrives > s->now)
			continue;
		link->msgs[i].used = false;
		link->flying--;
		return &link->msgs[i];
	}
	return NULL;
}

static void sim_traffic(struct sim *s)
{
	u64 n;

	s->due += s->true_rate;
	n = min_t(u64, s->due / 1000, xha_seq_max(s->esn) - s->oseq);
	s->due %= 1000;
	s->oseq += n;
}

static void sim_sampler(struct sim *s)
{
	struct msg m = { 0 };
	u64 step, lease;

	if (s->now % s->sample)
		return;
	s->rate = (s->oseq - s->sampled) * 1000 / s->sample;
	s->sampled = s->oseq;
	step = xha_lease_step(s->oseq, s->esn, 65536, s->rate,
			      s->sample + 2 * s->delay);
	if (xha_lease_due(s->oseq, s->lease, step)) {
		lease = xha_lease_renew(s->oseq, s->lease, step, s->esn);
		CHECK(lease >= s->lease && lease <= xha_seq_max(s->esn));
		s->lease = lease;
		s->resend = s->now;
	}
	if (s->lease > s->acked && s->now >= s->resend) {
		m.lease = s->lease;
		link_send(s, &s->link, &m);
		s->resend = s->now + 2 * s->delay;
	}
}

/* Hot is stated of a moment when the standby had acked what was in use. */
static void sim_heartbeat(struct sim *s)
{
	struct msg m = { .hot = true };

	if (s->now % 100)
		return;
	if (s->acked >= s->oseq)
		s->hot_at = s->now;
	if (!s->hot_at)
		return;
	m.age = s->now - s->hot_at;
	link_send(s, &s->link, &m);
}

static void sim_receive(struct sim *s)
{
	struct msg ack = { 0 }, *m;
	u64 base;

	while ((m = link_receive(s, &s->link))) {
		if (m->hot) {
			s->stated = max_t(u64, s->stated, s->now - m->age);
			s->ever = true;
			continue;
		}
		base = s->view.base;
		CHECK(!xha_lease_learn(&s->view, m->lease, s->now, s->esn));
		CHECK(s->view.base >= base);
		ack.lease = s->view.base;
		link_send(s, &s->acks, &ack);
	}
	while ((m = link_receive(s, &s->acks)))
		s->acked = max_t(u64, s->acked, m->lease);
}

static u64 sim_rate(bool esn)
{
	switch (rnd_below(4)) {
	case 0:
		return 0;
	case 1:
		return rnd_below(100);
	case 2:
		return rnd_below(20000);
	default:
		return rnd_below(esn ? 5000000 : 100000);
	}
}

static u64 view_rate(const struct xha_lease_view *v, bool esn)
{
	return max_t(u64, 2 * v->rate, esn ? XHA_LEASE_RATE_ESN : XHA_LEASE_RATE_32);
}

static void sim_start(struct sim *s)
{
	memset(s, 0, sizeof(*s));
	s->esn = one_in(2);
	s->now = 1000;
	s->oseq = rnd_below(s->esn ? 1ULL << 40 : 1ULL << 30);
	s->sampled = s->oseq;
	s->lease = s->oseq;
	s->sample = 10 + rnd_below(90);
	s->delay = 1 + rnd_below(60);
	s->loss = one_in(2) ? 0 : rnd_below(60);
	s->true_rate = sim_rate(s->esn);
}

/*
 * Runs for a while, cuts the link for a while, kills. Returns false if the
 * traffic was faster than what is assumed of a silent active: no promise then.
 */
static bool sim_run(struct sim *s, u32 live_ms, u32 cut_ms)
{
	u64 end = s->now + live_ms + cut_ms, cut = s->now + live_ms, t;

	while (s->now < end) {
		s->now++;
		if (s->now >= cut)
			s->loss = 100;
		if (one_in(700))
			s->true_rate = sim_rate(s->esn);
		s->rates[s->now] = s->true_rate;
		sim_traffic(s);
		sim_sampler(s);
		sim_heartbeat(s);
		sim_receive(s);
	}
	if (!s->ever)
		return false;
	for (t = s->stated; t <= s->now; t++)
		if (s->rates[t] > view_rate(&s->view, s->esn))
			return false;
	return true;
}

static void t_simulation(void)
{
	u32 i, promised = 0, capped = 0, retired = 0;
	struct xha_lease_start start;
	static struct sim s;

	for (i = 0; i < 3000; i++) {
		sim_start(&s);
		if (!sim_run(&s, rnd_below(3000), one_in(2) ? 0 :
			     rnd_below(3000)))
			continue;
		/* Most take over at once, some after a day. */
		if (one_in(4))
			s.now += rnd_below(86400000);
		start = xha_lease_takeover(&s.view, 0, 65536, s.now - s.stated,
					   s.esn);
		retired += start.exhausted;
		capped += start.capped;
		if (start.capped || start.exhausted)
			continue;
		promised++;
		CHECK(start.first > s.oseq,
		      "run %u: %llu sent, start %llu, base %llu", i,
		      (unsigned long long)s.oseq,
		      (unsigned long long)start.first,
		      (unsigned long long)s.view.base);
	}
	printf("# %u takeovers promised, %u capped, %u retired\n", promised,
	       capped, retired);
	CHECK(promised > 1000);
}

/*
 * Turns that nobody saw: nodes with the same frozen view take over one after
 * the other, each dies unheard; traffic as fast as assumed at most.
 */
static void t_unseen_turns(void)
{
	static struct sim s;
	struct xha_lease_start start;
	u64 since, used, ms, rate;
	u32 i, turn, turns = 0;

	for (i = 0; i < 1000; i++) {
		sim_start(&s);
		if (!sim_run(&s, 500 + rnd_below(1000), 0))
			continue;
		used = s.oseq;
		since = s.now;
		rate = view_rate(&s.view, s.esn);
		for (turn = 0; turn < 8; turn++) {
			start = xha_lease_takeover(&s.view, 0, 65536,
						   since - s.stated, s.esn);
			if (start.capped || start.exhausted)
				break;
			turns++;
			CHECK(start.first > used, "run %u turn %u", i, turn);
			ms = rnd_below(5000);
			used = start.first - 1 + rate * ms / 1000;
			since += ms;
		}
	}
	CHECK(turns > 2000);
}

/* VIPs that flap between two nodes in contact do not eat the numbers up. */
static void t_flapping(void)
{
	struct xha_lease_view view[2] = { 0 };
	u64 lease = 65536, now = 1000, step;
	struct xha_lease_start start = { 0 };
	u64 own[2] = { 0 };
	u32 i, me = 0;

	for (i = 0; i < 100; i++) {
		/* The other one learns what this one is granted, twice. */
		xha_lease_turn(&view[!me]);
		CHECK(!xha_lease_learn(&view[!me], lease, now, false));
		now += 1000;
		lease = xha_lease_renew(lease - 100, lease, 65536, false);
		xha_lease_learn(&view[!me], lease, now, false);
		own[me] = lease - 65536;
		me = !me;
		start = xha_lease_takeover(&view[me], own[me], 65536, 100,
					   false);
		CHECK(!start.exhausted && start.first > own[!me]);
		step = xha_lease_step(start.first, false, 65536, 0, 60);
		lease = start.first - 1 + step;
	}
	printf("# 100 turns of an idle SA: %llu numbers\n",
	       (unsigned long long)start.first);
	CHECK(start.first < 100ULL * 5 * 65536);
}

static const struct unit_case cases[] = {
	{ "simulated kills: no number twice", t_simulation },
	{ "turns that nobody saw: no number twice", t_unseen_turns },
	{ "a flapping VIP does not double the jump", t_flapping },
};

UNIT_MAIN(cases)
