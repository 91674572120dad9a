// SPDX-License-Identifier: GPL-2.0
/*
 * VIPs: presence of addresses, as notifiers tell it. A VIP is there if the
 * address is configured (and not tentative), and its device is running, has a
 * carrier and is not held down by protodown, which is how FRR's vrrpd keeps a
 * backup quiet while its address stays configured.
 *
 * For IPv4 the role changes inside the notifier: when 'ip address add' is back,
 * the gateway encrypts. IPv6's notifier is atomic and comes before duplicate
 * address detection has ended, which nothing announces: a worker looks at once
 * and then again until the address is final.
 */
#include <linux/inetdevice.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/notifier.h>
#include <net/addrconf.h>
#include <net/if_inet6.h>

#include "tap.h"
#include "transport.h"
#include "vip.h"

#define XHA_VIP_POLL	20	/* ms between two looks at a tentative address */
#define XHA_VIP_TRIES	500	/* looks: detection may take its time, but ends */

static bool xha_vip_on4(const struct net_device *dev, const xfrm_address_t *a)
{
	const struct in_device *in = __in_dev_get_rcu(dev);
	const struct in_ifaddr *ifa;

	if (!in)
		return false;
	in_dev_for_each_ifa_rcu(ifa, in)
		if (ifa->ifa_local == a->a4)
			return true;
	return false;
}

/* Why an address is not on this device; NULL: it is; @found: at least in part. */
static const char *xha_vip_on(struct net *net, struct net_device *dev,
			      const struct xha_vip *v, bool *found)
{
	if (v->addr.family == AF_INET) {
		*found = xha_vip_on4(dev, &v->addr.a);
		return *found ? xha_device_why(dev) : "the address is not configured";
	}
	*found = false;
	/* Its tables are not even allocated then. */
	if (!ipv6_mod_enabled())
		return "IPv6 is disabled";
	*found = ipv6_chk_addr_and_flags(net, &v->addr.a.in6, dev, false, 1, 0);
	if (*found && !ipv6_chk_addr_and_flags(net, &v->addr.a.in6, dev, false, 1,
					       IFA_F_DADFAILED))
		return "duplicate address detection has failed";
	if (*found && !ipv6_chk_addr_and_flags(net, &v->addr.a.in6, dev, false, 1,
					       IFA_F_TENTATIVE))
		return "the address is tentative";
	return *found ? xha_device_why(dev) : "the address is not configured";
}

/* RCU held. */
static const char *xha_vip_why(struct net *net, const struct xha_vip *v)
{
	const char *why = "the address is not configured", *w;
	struct net_device *dev;
	bool found;

	if (v->dev[0]) {
		dev = dev_get_by_name_rcu(net, v->dev);
		return dev ? xha_vip_on(net, dev, v, &found) :
			     "its device does not exist";
	}
	for_each_netdev_rcu(net, dev) {
		w = xha_vip_on(net, dev, v, &found);
		if (found && !w)
			return NULL;
		if (found)
			why = w;
	}
	return why;
}

/**
 * xha_vip_look - are the VIPs of a group there? The role follows.
 * @g: group, xha_net.lock held
 * @first: the group is new, or has another set of VIPs
 */
void xha_vip_look(struct xha_group *g, bool first)
{
	const char *why = NULL;
	bool present = true;
	unsigned int i;

	if (!g->nvips) {
		/* The role stays as it is: from now on it is set by request. */
		g->vip_present = false;
		if (first || g->role == XFRM_HA_ROLE_FENCED)
			xha_group_event(g, XHA_EV_VIP_DOWN, false,
					"configured without a VIP", NULL);
		return;
	}

	rcu_read_lock();
	for (i = 0; i < g->nvips; i++) {
		struct xha_vip *v = &g->vips[i];

		v->why = xha_vip_why(g->xn->net, v);
		v->present = !v->why;
		if (v->why) {
			present = false;
			why = v->why;
		}
	}
	rcu_read_unlock();

	if (!first && present == g->vip_present)
		return;
	g->vip_present = present;
	xha_group_event(g, present ? XHA_EV_VIP_UP : XHA_EV_VIP_DOWN, false,
			present ? "VIP present" : why, NULL);
}

static void xha_vip_look_all(struct xha_net *xn)
{
	struct xha_group *g;

	mutex_lock(&xn->lock);
	list_for_each_entry(g, &xn->groups, node)
		xha_vip_look(g, false);
	mutex_unlock(&xn->lock);
}

static bool xha_vip_any_tentative(struct xha_net *xn)
{
	bool tentative = false;
	struct xha_group *g;
	unsigned int i;

	mutex_lock(&xn->lock);
	list_for_each_entry(g, &xn->groups, node)
		for (i = 0; i < g->nvips; i++)
			if (g->vips[i].addr.family == AF_INET6 &&
			    !g->vips[i].present)
				tentative = true;
	mutex_unlock(&xn->lock);
	return tentative;
}

static void xha_vip_work(struct work_struct *work)
{
	struct xha_net *xn = container_of(work, struct xha_net, vip_work.work);

	xha_vip_look_all(xn);
	if (READ_ONCE(xn->vip_tries) > 0 && xha_vip_any_tentative(xn)) {
		WRITE_ONCE(xn->vip_tries, xn->vip_tries - 1);
		queue_delayed_work(xha_wq, &xn->vip_work,
				   msecs_to_jiffies(XHA_VIP_POLL));
	}
}

/**
 * xha_vip_poll - have a worker look at the VIPs, at once and for a while
 * @xn: node; any context
 *
 * Nothing tells the end of duplicate address detection.
 */
void xha_vip_poll(struct xha_net *xn)
{
	WRITE_ONCE(xn->vip_tries, XHA_VIP_TRIES);
	mod_delayed_work(xha_wq, &xn->vip_work, 0);
}

/* RTNL held, may sleep. */
static int xha_vip_inet(struct notifier_block *nb, unsigned long event, void *ptr)
{
	struct in_ifaddr *ifa = ptr;
	struct xha_net *xn = xha_pernet(dev_net(ifa->ifa_dev->dev));

	if (READ_ONCE(xn->configured))
		xha_vip_look_all(xn);
	return NOTIFY_DONE;
}

/* Atomic. */
static int xha_vip_inet6(struct notifier_block *nb, unsigned long event, void *ptr)
{
	struct inet6_ifaddr *ifa = ptr;
	struct xha_net *xn = xha_pernet(dev_net(ifa->idev->dev));

	if (READ_ONCE(xn->configured))
		xha_vip_poll(xn);
	return NOTIFY_DONE;
}

/* RTNL held, may sleep. */
static int xha_vip_netdev(struct notifier_block *nb, unsigned long event, void *ptr)
{
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);
	struct xha_net *xn = xha_pernet(dev_net(dev));

	if (!READ_ONCE(xn->configured))
		return NOTIFY_DONE;
	switch (event) {
	case NETDEV_REGISTER:
	case NETDEV_UP:
	case NETDEV_DOWN:
	case NETDEV_CHANGE:
	case NETDEV_CHANGENAME:
	case NETDEV_UNREGISTER:
		xha_vip_look_all(xn);
		/*
		 * XFRM drops what was offloaded to it, and says nothing. We may have
		 * waited for the lock while the namespace went: see xha_tap_net_stop().
		 */
		rcu_read_lock();
		if ((event == NETDEV_DOWN || event == NETDEV_UNREGISTER) &&
		    dev->features & NETIF_F_HW_ESP && READ_ONCE(xn->configured))
			xha_tap_audit_now(xn);
		rcu_read_unlock();
		/* IPv6 brings its addresses back by and by. */
		if (event == NETDEV_UP || event == NETDEV_CHANGE)
			xha_vip_poll(xn);
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block xha_vip_inet_nb = { .notifier_call = xha_vip_inet };
static struct notifier_block xha_vip_inet6_nb = { .notifier_call = xha_vip_inet6 };
static struct notifier_block xha_vip_netdev_nb = { .notifier_call = xha_vip_netdev };

void xha_vip_net_init(struct xha_net *xn)
{
	INIT_DELAYED_WORK(&xn->vip_work, xha_vip_work);
}

/* After xha_net.configured was cleared. */
void xha_vip_net_stop(struct xha_net *xn)
{
	WRITE_ONCE(xn->vip_tries, 0);
	cancel_delayed_work_sync(&xn->vip_work);
}

/**
 * xha_vip_init - listen to addresses and devices of all namespaces
 *
 * Return: 0 or an error of the notifier chains.
 */
int xha_vip_init(void)
{
	int err;

	err = register_netdevice_notifier(&xha_vip_netdev_nb);
	if (err)
		return err;
	err = register_inetaddr_notifier(&xha_vip_inet_nb);
	if (err)
		goto err_netdev;
	err = register_inet6addr_notifier(&xha_vip_inet6_nb);
	if (err)
		goto err_inet;
	return 0;

err_inet:
	unregister_inetaddr_notifier(&xha_vip_inet_nb);
err_netdev:
	unregister_netdevice_notifier(&xha_vip_netdev_nb);
	return err;
}

void xha_vip_exit(void)
{
	unregister_inet6addr_notifier(&xha_vip_inet6_nb);
	unregister_inetaddr_notifier(&xha_vip_inet_nb);
	unregister_netdevice_notifier(&xha_vip_netdev_nb);
}
