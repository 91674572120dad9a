// SPDX-License-Identifier: GPL-2.0
/* Groups: changing their addresses while they are in use. */
#include "group.h"
#include "peer.h"
#include "tap.h"
#include "vip.h"

/* New endpoints; SAs find their groups by the next walk, which comes at once. */
static int xha_group_readdress(struct xha_group *g, bool vips)
{
	int err = xha_group_endpoints(g);

	if (err)
		return err;
	mutex_lock(&g->xn->lock);
	if (vips)
		xha_vip_look(g, g->nvips > 0);
	/* What was refused for its address may fit now, and the other way round. */
	if (xha_group_led(g))
		xha_follow_want(g, "the addresses of the group have changed");
	xha_peers_beat(g->xn);
	mutex_unlock(&g->xn->lock);
	xha_tap_audit_now(g->xn);
	if (vips)
		xha_vip_poll(g->xn);
	return 0;
}

/**
 * xha_group_vip_add - one more VIP
 * @g: group, xha_net.cfg held
 * @vip: the address
 * @extack: refusal
 *
 * Return: 0; -EEXIST, -ENOSPC, -ENOMEM.
 */
int xha_group_vip_add(struct xha_group *g, const struct xha_vip *vip,
		      struct netlink_ext_ack *extack)
{
	int err = xha_group_refuse_addr(g->xn, &vip->addr, extack);

	if (err)
		return err;
	if (g->nvips == XFRM_HA_LIMIT_ADDRS) {
		NL_SET_ERR_MSG(extack, "no room for another vip");
		return -ENOSPC;
	}
	mutex_lock(&g->xn->lock);
	g->vips[g->nvips++] = *vip;
	mutex_unlock(&g->xn->lock);
	err = xha_group_readdress(g, true);
	if (err) {
		mutex_lock(&g->xn->lock);
		g->nvips--;
		mutex_unlock(&g->xn->lock);
	}
	return err;
}

/**
 * xha_group_vip_del - one VIP less
 * @g: group, xha_net.cfg held
 * @vip: the address; its device does not matter
 * @extack: refusal
 *
 * Return: 0; -ENOENT, -EINVAL if it is the last address, -ENOMEM.
 */
int xha_group_vip_del(struct xha_group *g, const struct xha_vip *vip,
		      struct netlink_ext_ack *extack)
{
	struct xha_vip old;
	unsigned int i;
	int err;

	for (i = 0; i < g->nvips; i++)
		if (xha_addr_equal(&g->vips[i].addr, vip->addr.family, &vip->addr.a))
			break;
	if (i == g->nvips) {
		NL_SET_ERR_MSG(extack, "the group has no such vip");
		return -ENOENT;
	}
	if (g->nvips + g->nlocals == 1) {
		NL_SET_ERR_MSG(extack, "it is the last address of the group");
		return -EINVAL;
	}
	mutex_lock(&g->xn->lock);
	old = g->vips[i];
	g->vips[i] = g->vips[--g->nvips];
	mutex_unlock(&g->xn->lock);
	err = xha_group_readdress(g, true);
	if (err) {
		mutex_lock(&g->xn->lock);
		g->vips[g->nvips++] = old;
		mutex_unlock(&g->xn->lock);
	}
	return err;
}

/**
 * xha_group_local_add - one more local endpoint
 * @g: group, xha_net.cfg held
 * @addr: the address
 * @extack: refusal
 *
 * Return: 0; -EEXIST, -ENOSPC, -ENOMEM.
 */
int xha_group_local_add(struct xha_group *g, const struct xha_addr *addr,
			struct netlink_ext_ack *extack)
{
	int err = xha_group_refuse_addr(g->xn, addr, extack);

	if (err)
		return err;
	if (g->nlocals == XFRM_HA_LIMIT_ADDRS) {
		NL_SET_ERR_MSG(extack, "no room for another local");
		return -ENOSPC;
	}
	mutex_lock(&g->xn->lock);
	g->locals[g->nlocals++] = *addr;
	mutex_unlock(&g->xn->lock);
	err = xha_group_readdress(g, false);
	if (err) {
		mutex_lock(&g->xn->lock);
		g->nlocals--;
		mutex_unlock(&g->xn->lock);
	}
	return err;
}

/**
 * xha_group_local_del - one local endpoint less
 * @g: group, xha_net.cfg held
 * @addr: the address
 * @extack: refusal
 *
 * Return: 0; -ENOENT, -EINVAL if it is the last address, -ENOMEM.
 */
int xha_group_local_del(struct xha_group *g, const struct xha_addr *addr,
			struct netlink_ext_ack *extack)
{
	struct xha_addr old;
	unsigned int i;
	int err;

	for (i = 0; i < g->nlocals; i++)
		if (xha_addr_equal(&g->locals[i], addr->family, &addr->a))
			break;
	if (i == g->nlocals) {
		NL_SET_ERR_MSG(extack, "the group has no such local");
		return -ENOENT;
	}
	if (g->nvips + g->nlocals == 1) {
		NL_SET_ERR_MSG(extack, "it is the last address of the group");
		return -EINVAL;
	}
	mutex_lock(&g->xn->lock);
	old = g->locals[i];
	g->locals[i] = g->locals[--g->nlocals];
	mutex_unlock(&g->xn->lock);
	err = xha_group_readdress(g, false);
	if (err) {
		mutex_lock(&g->xn->lock);
		g->locals[g->nlocals++] = old;
		mutex_unlock(&g->xn->lock);
	}
	return err;
}
