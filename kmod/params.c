// SPDX-License-Identifier: GPL-2.0
/*
 * Module parameters: the simple pair of nodes in the initial namespace, set up
 * before any tool is there. All are checked before anything is done, by the
 * checks that netlink has. They are not in /sys: what holds later is what
 * 'xfrm-ha show' says, not what modprobe was given.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <keys/user-type.h>
#include <linux/inet.h>
#include <linux/key.h>
#include <linux/kstrtox.h>
#include <linux/moduleparam.h>
#include <linux/netdevice.h>
#include <linux/slab.h>

#include "nl_addr.h"

#define NOT_GIVEN	(-1)

static int node_id = NOT_GIVEN;
module_param(node_id, int, 0);
MODULE_PARM_DESC(node_id, "id of this node, 1..15");

static int peer_id = NOT_GIVEN;
module_param(peer_id, int, 0);
MODULE_PARM_DESC(peer_id, "id of the other node");

static char *local;
module_param(local, charp, 0);
MODULE_PARM_DESC(local, "address of the sync link here; with sctp ADDR,...");

static char *remote;
module_param(remote, charp, 0);
MODULE_PARM_DESC(remote, "address of the sync link at the peer; with sctp ADDR,...");

static int port = NOT_GIVEN;
module_param(port, int, 0);
MODULE_PARM_DESC(port, "port of the sync link, on both nodes");

static char *sync_dev;
module_param(sync_dev, charp, 0);
MODULE_PARM_DESC(sync_dev, "device of the sync link");

static char *transport;
module_param(transport, charp, 0);
MODULE_PARM_DESC(transport, "udp or sctp");

static bool insecure;
module_param(insecure, bool, 0);
MODULE_PARM_DESC(insecure, "the sync link is neither encrypted nor authenticated");

static char *key;
module_param(key, charp, 0);
MODULE_PARM_DESC(key, "description of the logon key of the sync link");

static char *group;
module_param(group, charp, 0);
MODULE_PARM_DESC(group, "name of the group");

static char *vip;
module_param(vip, charp, 0);
MODULE_PARM_DESC(vip, "VIPs of the group: ADDR[/LEN],...");

static char *vip_dev;
module_param(vip_dev, charp, 0);
MODULE_PARM_DESC(vip_dev, "device of the VIPs");

static char *endpoint;
module_param(endpoint, charp, 0);
MODULE_PARM_DESC(endpoint, "further local endpoints of the group: ADDR,...");

static char *sample_period;
module_param(sample_period, charp, 0);
MODULE_PARM_DESC(sample_period, "time between two looks at the SAs: 50ms");

static char *heartbeat;
module_param(heartbeat, charp, 0);
MODULE_PARM_DESC(heartbeat, "time between two heartbeats: 100ms");

static char *rto_min;
module_param(rto_min, charp, 0);
MODULE_PARM_DESC(rto_min, "shortest time until a frame is sent again: 20ms");

static char *rto_max;
module_param(rto_max, charp, 0);
MODULE_PARM_DESC(rto_max, "longest time until a frame is sent again: 2s");

static char *path_retransmit;
module_param(path_retransmit, charp, 0);
MODULE_PARM_DESC(path_retransmit, "sctp: losses until a path is given up");

static char *assoc_retransmit;
module_param(assoc_retransmit, charp, 0);
MODULE_PARM_DESC(assoc_retransmit, "sctp: losses until the association is given up");

static char *sync_period_time;
module_param(sync_period_time, charp, 0);
MODULE_PARM_DESC(sync_period_time, "a changed SA is synced within: 1s, 0: off");

static char *sync_period_packets;
module_param(sync_period_packets, charp, 0);
MODULE_PARM_DESC(sync_period_packets, "... or when it has moved so far, 0: off");

static char *oseq_shift;
module_param(oseq_shift, charp, 0);
MODULE_PARM_DESC(oseq_shift, "smallest lease step and guard");

static int refuse(const char *name, const char *value, const char *why)
{
	if (value)
		pr_err("parameter %s=%s: %s\n", name, value, why);
	else
		pr_err("parameter %s: %s\n", name, why);
	return -EINVAL;
}

/* A number, or a time with its unit, in ms; what is not given stays as it is. */
static int read_knob(const char *name, const char *text, enum xha_knob knob,
		     bool time, u32 *value)
{
	const char *unit, *wrong;
	u32 num, scale = 1;
	char digits[16];
	size_t n;

	if (!text)
		return 0;
	n = strspn(text, "0123456789");
	unit = text + n;
	if (time && !strcmp(unit, "s"))
		scale = MSEC_PER_SEC;
	else if (*unit && (!time || strcmp(unit, "ms")))
		n = 0;
	if (!n || n >= sizeof(digits))
		goto bad;
	strscpy(digits, text, n + 1);
	if (kstrtou32(digits, 10, &num) || num > U32_MAX / scale)
		goto bad;
	wrong = xha_knob_wrong(knob, num * scale);
	if (wrong)
		return refuse(name, text, wrong);
	*value = num * scale;
	return 0;
bad:
	return refuse(name, text, time ? "not a time like 10s, 1000ms or 1000" :
					 "not a number");
}

static int read_addr(const char *name, const char *text, struct xha_addr *a)
{
	const char *wrong;
	int ok;

	memset(a, 0, sizeof(*a));
	if (strchr(text, ':')) {
		a->family = AF_INET6;
		ok = in6_pton(text, -1, (u8 *)&a->a.in6, -1, NULL);
	} else {
		a->family = AF_INET;
		ok = in4_pton(text, -1, (u8 *)&a->a.a4, -1, NULL);
	}
	wrong = ok ? xha_addr_wrong(a) : "not an IP address";
	return wrong ? refuse(name, text, wrong) : 0;
}

/* Calls @one with each element of a list with commas. */
static int read_list(const char *name, const char *text, void *to,
		     int (*one)(const char *name, char *text, void *to))
{
	char *copy, *rest, *elem;
	int err = 0;

	if (!text)
		return 0;
	copy = kstrdup(text, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	rest = copy;
	while (!err && (elem = strsep(&rest, ",")))
		err = one(name, elem, to);
	kfree(copy);
	return err;
}

/* The length of ADDR/LEN says nothing about which address it is. */
static int read_vip(const char *name, char *text, void *group_conf)
{
	struct xha_group_conf *g = group_conf;
	struct xha_vip *v = &g->vips[g->nvips];
	const char *wrong;
	int err;

	if (g->nvips == XFRM_HA_LIMIT_ADDRS)
		return refuse(name, NULL, "too many addresses");
	err = read_addr(name, strsep(&text, "/"), &v->addr);
	if (err)
		return err;
	if (vip_dev && (!dev_valid_name(vip_dev) ||
			strscpy(v->dev, vip_dev, sizeof(v->dev)) < 0))
		return refuse("vip_dev", vip_dev, "not a name of a device");
	wrong = xha_vip_wrong(v);
	if (wrong)
		return refuse(name, NULL, wrong);
	g->nvips++;
	return 0;
}

static int read_endpoint(const char *name, char *text, void *group_conf)
{
	struct xha_group_conf *g = group_conf;

	if (g->nlocals == XFRM_HA_LIMIT_ADDRS)
		return refuse(name, NULL, "too many addresses");
	return read_addr(name, text, &g->locals[g->nlocals++]);
}

static int read_node(u32 *period)
{
	if (node_id != NOT_GIVEN && xha_id_wrong(node_id))
		return refuse("node_id", NULL, xha_id_wrong(node_id));
	return read_knob("sample_period", sample_period, XHA_KNOB_SAMPLE_PERIOD,
			 true, period);
}

static int read_local(const char *name, char *text, void *link)
{
	struct xha_transport_conf *t = link;

	if (t->nlocal == XFRM_HA_LIMIT_PATHS)
		return refuse(name, NULL, "too many addresses");
	return read_addr(name, text, &t->local[t->nlocal++]);
}

static int read_remote(const char *name, char *text, void *link)
{
	struct xha_transport_conf *t = link;

	if (t->nremote == XFRM_HA_LIMIT_PATHS)
		return refuse(name, NULL, "too many addresses");
	return read_addr(name, text, &t->remote[t->nremote++]);
}

static int read_transport(struct xha_transport_conf *t)
{
	if (!transport || !strcmp(transport, xha_udp_ops.name))
		t->ops = &xha_udp_ops;
	else if (!strcmp(transport, xha_sctp_ops.name))
		t->ops = &xha_sctp_ops;
	else
		return refuse("transport", transport, "udp or sctp");
	return 0;
}

static int read_link_knobs(struct xha_transport_conf *t)
{
	if (t->ops != &xha_sctp_ops && (path_retransmit || assoc_retransmit))
		return refuse(path_retransmit ? "path_retransmit" : "assoc_retransmit",
			      NULL, "goes with transport=sctp");
	return read_knob("heartbeat", heartbeat, XHA_KNOB_HEARTBEAT, true,
			 &t->heartbeat) ?:
	       read_knob("rto_min", rto_min, XHA_KNOB_RTO_MIN, true,
			 &t->rto_min) ?:
	       read_knob("rto_max", rto_max, XHA_KNOB_RTO_MAX, true,
			 &t->rto_max) ?:
	       read_knob("path_retransmit", path_retransmit,
			 XHA_KNOB_PATH_RETRANSMIT, false, &t->path_retransmit) ?:
	       read_knob("assoc_retransmit", assoc_retransmit,
			 XHA_KNOB_ASSOC_RETRANSMIT, false, &t->assoc_retransmit);
}

static int read_link(struct xha_transport_conf *t)
{
	int num = port == NOT_GIVEN ? XFRM_HA_PORT : port;
	const char *wrong;
	int err;

	if (!local || !remote)
		return refuse(local ? "remote" : "local", NULL,
			      "missing, a peer needs both");
	if (num < 1 || num > U16_MAX)
		return refuse("port", NULL, "1..65535");
	err = read_transport(t) ?:
	      read_list("local", local, t, read_local) ?:
	      read_list("remote", remote, t, read_remote) ?:
	      read_link_knobs(t);
	if (err)
		return err;
	if (sync_dev && (!dev_valid_name(sync_dev) ||
			 strscpy(t->dev, sync_dev, sizeof(t->dev)) < 0))
		return refuse("sync_dev", sync_dev, "not a name of a device");
	t->port = num;
	t->remote_port = num;
	wrong = xha_link_wrong(t);
	return wrong ? refuse("remote", remote, wrong) : 0;
}

/*
 * A logon key: user space can add it but not read it. Looked for in the keyrings
 * of the process that loads the module, without asking anybody.
 */
static int read_key(u8 *psk)
{
	const struct user_key_payload *payload;
	struct key *k;
	int err = 0;

	k = request_key(&key_type_logon, key, NULL);
	if (IS_ERR(k))
		return refuse("key", key, "no logon key of this description in the keyrings");
	down_read(&k->sem);
	payload = user_key_payload_locked(k);
	if (!payload || payload->datalen != XHA_KEY_LEN)
		err = refuse("key", key, "not a key of 32 bytes");
	else
		memcpy(psk, payload->data, XHA_KEY_LEN);
	up_read(&k->sem);
	key_put(k);
	return err;
}

static int read_peer(struct xha_peer_conf *p)
{
	if (peer_id == NOT_GIVEN)
		return refuse("peer_id", NULL, "missing");
	if (xha_id_wrong(peer_id))
		return refuse("peer_id", NULL, xha_id_wrong(peer_id));
	if (node_id == NOT_GIVEN)
		return refuse("node_id", NULL, "missing, a peer needs it");
	if (peer_id == node_id)
		return refuse("peer_id", NULL, "this node has that id itself");
	xha_peer_conf_init(p);
	p->id = peer_id;
	p->insecure = insecure;
	if (insecure && key)
		return refuse("insecure", NULL, "contradicts key");
	if (!insecure && !key)
		return refuse("key", NULL, "missing, or give insecure=1");
	return (key ? read_key(p->key) : 0) ?:
	       read_link(&p->addr);
}

static int read_group(struct xha_group_conf *g)
{
	int err;

	if (!group)
		return refuse("group", NULL, "missing");
	if (xha_name_wrong(group))
		return refuse("group", group, xha_name_wrong(group));
	xha_group_conf_init(g);
	strscpy(g->name, group, sizeof(g->name));
	err = read_list("vip", vip, g, read_vip) ?:
	      read_list("endpoint", endpoint, g, read_endpoint) ?:
	      read_knob("sync_period_time", sync_period_time,
			XHA_KNOB_SYNC_PERIOD_TIME, true, &g->period_time) ?:
	      read_knob("sync_period_packets", sync_period_packets,
			XHA_KNOB_SYNC_PERIOD_PACKETS, false,
			&g->period_packets) ?:
	      read_knob("oseq_shift", oseq_shift, XHA_KNOB_OSEQ_SHIFT, false,
			&g->oseq_shift);
	if (err)
		return err;
	if (!g->nvips && !g->nlocals)
		return refuse("group", group, "needs vip or endpoint");
	if (vip_dev && !g->nvips)
		return refuse("vip_dev", vip_dev, "goes with vip");
	return 0;
}

/**
 * struct params - all that was given
 * @period: sample period
 * @has_peer: @peer was given
 * @has_group: @group was given
 * @peer: the peer
 * @group: the group
 */
struct params {
	u32 period;
	bool has_peer;
	bool has_group;
	struct xha_peer_conf peer;
	struct xha_group_conf group;
};

static int read_all(struct params *p)
{
	int err;

	p->has_peer = peer_id != NOT_GIVEN || port != NOT_GIVEN || local ||
		      remote || sync_dev || transport || insecure || key ||
		      heartbeat || rto_min || rto_max || path_retransmit ||
		      assoc_retransmit;
	p->has_group = group || vip || vip_dev || endpoint ||
		       sync_period_time || sync_period_packets || oseq_shift;
	err = read_node(&p->period);
	if (!err && p->has_peer)
		err = read_peer(&p->peer);
	if (!err && p->has_group)
		err = read_group(&p->group);
	return err;
}

/* cfg held; what was done before a refusal is undone. */
static int apply(struct xha_net *xn, const struct params *p)
{
	struct netlink_ext_ack extack = { };
	int err;

	err = xha_node_set(xn, node_id == NOT_GIVEN ? xn->id : node_id,
			   p->period, &extack);
	if (!err && p->has_group)
		err = xha_group_add(xn, &p->group, &extack);
	if (!err && p->has_peer)
		err = xha_peer_add(xn, &p->peer, &extack);
	if (!err)
		return 0;
	pr_err("parameters: %s (%d)\n", extack._msg ?: "refused", err);
	xha_peer_del_all(xn);
	xha_group_del_all(xn);
	return err;
}

/**
 * xha_params_apply - do what the module parameters say
 * @xn: the initial namespace's
 *
 * Return: 0, also if there are none; an error that the kernel log explains.
 */
int xha_params_apply(struct xha_net *xn)
{
	struct params *p = kzalloc(sizeof(*p), GFP_KERNEL);
	int err;

	if (!p)
		return -ENOMEM;
	p->period = xn->sample_period;
	err = read_all(p);
	if (!err && (node_id != NOT_GIVEN || sample_period || p->has_peer ||
		     p->has_group)) {
		if (p->has_peer)
			xha_transport_load(&init_net, &p->peer.addr, !p->peer.insecure);
		mutex_lock(&xn->cfg);
		err = apply(xn, p);
		mutex_unlock(&xn->cfg);
	}
	/* The key is in it. */
	kfree_sensitive(p);
	return err;
}
