// SPDX-License-Identifier: GPL-2.0
/* xfrm-ha monitor: one line per event, as it happens. */
#include <time.h>

#include "cmd.h"
#include "err.h"
#include "field.h"
#include "names.h"
#include "out.h"

static const char *const *values(unsigned int kind)
{
	switch (kind) {
	case XFRM_HA_EVENT_KIND_ROLE:
		return names_role;
	case XFRM_HA_EVENT_KIND_SYNC:
		return names_sync;
	case XFRM_HA_EVENT_KIND_PEER:
		return names_peer_state;
	}
	return NULL;
}

/* Events carry no time: the one of their arrival is as good. */
static void show_time(void)
{
	struct timespec now;
	char buf[32] = "";
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	if (localtime_r(&now.tv_sec, &tm))
		strftime(buf, sizeof(buf), "%Y-%m-%dT%H:%M:%S", &tm);
	out_text("[%s.%06ld] ", buf, now.tv_nsec / 1000);
	out_num("time", NULL, now.tv_sec * 1000ULL + now.tv_nsec / 1000000);
}

static void show_subject(struct nlattr **tb, unsigned int kind)
{
	if (tb[XFRM_HA_EVENT_GROUP])
		field_str("group", "", tb[XFRM_HA_EVENT_GROUP]);
	if (tb[XFRM_HA_EVENT_PEER])
		field_num("peer", tb[XFRM_HA_EVENT_GROUP] ? " peer " : "peer ",
			  tb[XFRM_HA_EVENT_PEER]);
	out_text(kind == XFRM_HA_EVENT_KIND_SYNC ? ": sync" : ":");
}

static void show_change(struct nlattr **tb, unsigned int kind)
{
	const char *const *names = values(kind);

	if (names) {
		field_name("from", " ", tb[XFRM_HA_EVENT_FROM], names);
		field_name("to", " -> ", tb[XFRM_HA_EVENT_TO], names);
	} else {
		field_num("from", " ", tb[XFRM_HA_EVENT_FROM]);
		field_num("to", " -> ", tb[XFRM_HA_EVENT_TO]);
	}
	if (!field_text(tb[XFRM_HA_EVENT_CAUSE]))
		return;
	field_str("cause", " (", tb[XFRM_HA_EVENT_CAUSE]);
	out_text(")");
}

/* Only what the event has: most have few of them. */
static void show_numbers(struct nlattr **tb)
{
	if (tb[XFRM_HA_EVENT_TERM])
		field_num("term", " term ", tb[XFRM_HA_EVENT_TERM]);
	if (tb[XFRM_HA_EVENT_SAS]) {
		field_num("sas", ", ", tb[XFRM_HA_EVENT_SAS]);
		out_text(" SAs");
	}
	if (tb[XFRM_HA_EVENT_DURATION]) {
		field_num("duration", " in ", tb[XFRM_HA_EVENT_DURATION]);
		out_text(" us");
	}
	if (tb[XFRM_HA_EVENT_STALENESS])
		field_age("staleness", ", staleness ",
			  tb[XFRM_HA_EVENT_STALENESS]);
	if (tb[XFRM_HA_EVENT_EXPOSURE])
		field_num("exposure", ", exposure ", tb[XFRM_HA_EVENT_EXPOSURE]);
	if (tb[XFRM_HA_EVENT_JUMP])
		field_num("jump", ", jump ", tb[XFRM_HA_EVENT_JUMP]);
}

static void show(struct nlattr *attrs, int len, void *arg)
{
	struct nlattr *tb[XFRM_HA_EVENT_MAX + 1];
	unsigned int kind;

	if (nla_parse(tb, XFRM_HA_EVENT_MAX, attrs, len, NULL))
		return;
	kind = field_get(tb[XFRM_HA_EVENT_KIND]);
	out_object(NULL);
	show_time();
	field_name("event", NULL, tb[XFRM_HA_EVENT_KIND], names_event);
	show_subject(tb, kind);
	show_change(tb, kind);
	show_numbers(tb);
	out_object_end();
	out_line_end();
	out_finish();
}

static int monitor(struct args *a)
{
	int ret = args_end(a);

	if (ret)
		return ret;
	out_init(opts.json, false);	/* one line each, whatever -p says */
	return nl_listen(show, NULL);
}

const struct cmd cmd_monitor = {
	.name = "monitor",
	.brief = "events as they happen",
	.usage = "xfrm-ha monitor\n",
	.run = monitor,
};
