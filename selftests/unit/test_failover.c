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
	u64 number;	/* of the frame */
	u64 lease;
	struct xha_pace pace;
	u64 age;	/* of the last hot moment, when it was sent */
	bool hot;	/* a heartbeat rather than counters */
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
	struct xha_pacer pace;
	struct xha_pace acked_pace;
	u64 acked_number;
	u64 number;	/* of the last frame */
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
	u64 paced;	/* the frame that its pace is from */
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

static bool sim_unknown(const struct sim *s)
{
	return s->lease > s->acked || !xha_pace_same(s->pace.now, s->acked_pace);
}

static void sim_sampler(struct sim *s)
{
	struct msg m = { 0 };
	u64 step, lease, rate;

	if (s->now % s->sample)
		return;
	rate = (s->oseq - s->sampled) * 1000 / s->sample;
	s->rate = max_t(u64, rate, (s->rate * 15 + rate) / 16);
	s->sampled = s->oseq;
	step = xha_lease_step(s->oseq, s->esn, 65536, s->rate,
			      s->sample + 2 * s->delay);
	if (xha_pace_follow(&s->pace, xha_pace_of(s->rate, step), s->now))
		s->resend = s->now;
	/* Hot is stated of a moment when the standby had acked what was in use. */
	if (s->acked >= s->oseq && xha_pace_covers(s->acked_pace, s->pace.now))
		s->hot_at = s->now;
	if (xha_lease_due(s->oseq, s->lease, step)) {
		lease = xha_lease_renew(s->oseq, s->lease, step, s->esn);
		CHECK(lease >= s->lease && lease <= xha_seq_max(s->esn));
		s->lease = lease;
		s->resend = s->now;
	}
	if (sim_unknown(s) && s->now >= s->resend) {
		m.number = ++s->number;
		m.lease = s->lease;
		m.pace = s->pace.now;
		link_send(s, &s->link, &m);
		s->resend = s->now + 2 * s->delay;
	}
}

static void sim_heartbeat(struct sim *s)
{
	struct msg m = { .hot = true };

	if (s->now % 100 || !s->hot_at)
		return;
	m.age = s->now - s->hot_at;
	link_send(s, &s->link, &m);
}

static void sim_receive(struct sim *s)
{
	struct msg ack, *m;
	u64 base;

	while ((m = link_receive(s, &s->link))) {
		if (m->hot) {
			s->stated = max_t(u64, s->stated, s->now - m->age);
			s->ever = true;
			continue;
		}
		base = s->view.base;
		CHECK(!xha_lease_learn(&s->view, m->lease, s->esn));
		CHECK(s->view.base >= base);
		if (m->number >= s->paced) {
			s->view.pace = m->pace;
			s->paced = m->number;
		}
		ack = *m;
		link_send(s, &s->acks, &ack);
	}
	while ((m = link_receive(s, &s->acks))) {
		s->acked = max_t(u64, s->acked, m->lease);
		if (m->number < s->acked_number)
			continue;
		s->acked_pace = m->pace;
		s->acked_number = m->number;
	}
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
	return max_t(u64, v->pace.rate ? 1ULL << v->pace.rate : 0,
		     esn ? XHA_LEASE_RATE_ESN : XHA_LEASE_RATE_32);
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

/* A node of two that do not hear each other. */
struct turner {
	struct xha_lease_view view;
	u64 own;
};

/*
 * Takes over at @at ms since the last moment that both know of, uses numbers for
 * @ms as fast as is assumed at most, and is demoted. Returns false if it cannot.
 */
static bool turn_unseen(struct turner *n, bool esn, u64 at, u64 ms, u64 *used)
{
	u64 rate = view_rate(&n->view, esn);
	struct xha_lease_start start;

	start = xha_lease_takeover(&n->view, n->own, 65536, at, esn);
	if (start.capped || start.exhausted)
		return false;
	CHECK(start.first > *used, "begun at %llu, used up to %llu",
	      (unsigned long long)start.first, (unsigned long long)*used);
	n->own = start.first - 1 + rnd_below(rate * ms / 1000 + 1);
	*used = max_t(u64, *used, n->own);
	return true;
}

static void both_begin(struct turner n[2], bool esn, u64 *used)
{
	memset(n, 0, 2 * sizeof(*n));
	n[0].view.base = rnd_below(esn ? 1ULL << 40 : 1ULL << 30);
	n[0].view.pace = xha_pace_of(rnd_below(esn ? 5000000 : 100000),
				     65536 + rnd_below(1 << 20));
	n[1].view = n[0].view;
	*used = n[0].view.base - rnd_below(min_t(u64, n[0].view.base, 65536) + 1);
	n[0].own = *used;
}

/* From the same base at the same pace: by time alone, whoever it is, and how often. */
static void t_any_order(void)
{
	u32 i, turn, turns = 0;
	struct turner n[2];
	u64 used, now, ms;
	bool esn;

	for (i = 0; i < 20000; i++) {
		esn = one_in(2);
		both_begin(n, esn, &used);
		now = rnd_below(1000);
		for (turn = 0; turn < 20; turn++) {
			ms = rnd_below(1000);
			if (!turn_unseen(&n[one_in(2)], esn, now, ms, &used))
				break;
			now += ms + rnd_below(200);
			turns++;
		}
	}
	printf("# %u turns\n", turns);
	CHECK(turns > 50000);
}

/*
 * Leases that come in a burst, since the link held them back, look like a rate
 * that was never there. Nobody takes over by it.
 */
static void t_bursts(void)
{
	struct xha_lease_view calm, burst;
	u64 now, lease, own, silence;
	struct xha_lease_start a, b;
	u32 i, k;

	for (i = 0; i < 20000; i++) {
		bool esn = one_in(2);

		memset(&calm, 0, sizeof(calm));
		calm.pace = xha_pace_of(rnd_below(100000), 65536);
		burst = calm;
		lease = 1 + rnd_below(1 << 30);
		now = 1000;
		for (k = 0; k < 8; k++) {
			CHECK(!xha_lease_learn(&calm, lease, esn));
			/* Some are lost, the last ones come all at once. */
			if (k > 5 || one_in(4))
				CHECK(!xha_lease_learn(&burst, lease, esn));
			lease += 1 + rnd_below(65536);
			now += 500;
		}
		own = rnd_below(2) * rnd_below(1 << 30);
		silence = now + rnd_below(5000);
		a = xha_lease_takeover(&calm, own, 65536, silence, esn);
		b = xha_lease_takeover(&burst, own, 65536, silence, esn);
		CHECK(a.first == b.first && a.exhausted == b.exhausted && a.capped == b.capped);
	}
}

/* VIPs that flap between two nodes in contact do not eat the numbers up. */
static void t_flapping(void)
{
	struct xha_pace pace = xha_pace_of(0, 65536);
	struct xha_lease_view view[2] = { { .pace = pace }, { .pace = pace } };
	struct xha_lease_start start = { 0 };
	u64 lease = 65536, step;
	u64 own[2] = { 0 };
	u32 i, me = 0;

	for (i = 0; i < 100; i++) {
		/* The other one learns what this one is granted, twice. */
		CHECK(!xha_lease_learn(&view[!me], lease, false));
		lease = xha_lease_renew(lease - 100, lease, 65536, false);
		xha_lease_learn(&view[!me], lease, false);
		own[me] = lease - 65536;
		me = !me;
		start = xha_lease_takeover(&view[me], own[me], 65536, 100,
					   false);
		CHECK(!start.exhausted && start.first > own[!me]);
		step = xha_lease_step(start.first, false, 65536, 0, 60);
		CHECK(xha_pace_covers(pace, xha_pace_of(0, step)));
		lease = start.first - 1 + step;
	}
	printf("# 100 turns of an idle SA: %llu numbers\n",
	       (unsigned long long)start.first);
	CHECK(start.first < 100ULL * 5 * 65536);
}

static const struct unit_case cases[] = {
	{ "simulated kills: no number twice", t_simulation },
	{ "turns that nobody saw: no number twice", t_unseen_turns },
	{ "two nodes, unseen, in any order, from one base: no number twice", t_any_order },
	{ "leases that come in a burst change nothing", t_bursts },
	{ "a flapping VIP does not double the jump", t_flapping },
};

UNIT_MAIN(cases)
