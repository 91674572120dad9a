// SPDX-License-Identifier: GPL-2.0
/* Endpoints: by which addresses an SA belongs to a group. */
#include <linux/netlink.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <net/xfrm.h>

#include "group.h"

/**
 * xha_addr_equal - is it that address?
 * @a: an address
 * @family: of @b
 * @b: another one; of IPv4 only the first word counts
 */
bool xha_addr_equal(const struct xha_addr *a, u16 family, const xfrm_address_t *b)
{
	return a->family == family && xfrm_addr_equal(&a->a, b, family);
}

static bool xha_group_has(const struct xha_endpoints *e, u16 family,
			  const xfrm_address_t *a)
{
	unsigned int i;

	for (i = 0; e && i < e->n; i++)
		if (xha_addr_equal(&e->addr[i], family, a))
			return true;
	return false;
}

/**
 * xha_group_match - the group of an SA
 * @xn: node; cfg, lock or RCU held
 * @family: of the addresses
 * @saddr: source
 * @daddr: destination
 * @dir: enum xfrm_ha_dir, by which of them is an endpoint of the group
 *
 * Return: the group, or NULL and XFRM_HA_DIR_UNKNOWN.
 */
struct xha_group *xha_group_match(struct xha_net *xn, u16 family,
				  const xfrm_address_t *saddr,
				  const xfrm_address_t *daddr, u8 *dir)
{
	struct xha_group *found = NULL;
	struct xha_group *g;

	*dir = XFRM_HA_DIR_UNKNOWN;
	rcu_read_lock();
	list_for_each_entry_rcu(g, &xn->groups, node) {
		const struct xha_endpoints *e = rcu_dereference(g->endpoints);

		if (xha_group_has(e, family, saddr))
			*dir = XFRM_HA_DIR_OUT;
		else if (xha_group_has(e, family, daddr))
			*dir = XFRM_HA_DIR_IN;
		else
			continue;
		found = g;
		break;
	}
	rcu_read_unlock();
	return found;
}

/**
 * xha_group_endpoints - the addresses of a group have changed
 * @g: group, xha_net.cfg held
 *
 * Return: 0, or -ENOMEM and SAs are matched as before.
 */
int xha_group_endpoints(struct xha_group *g)
{
	struct xha_endpoints *e, *old;
	unsigned int i;

	e = kzalloc(struct_size(e, addr, g->nvips + g->nlocals), GFP_KERNEL);
	if (!e)
		return -ENOMEM;
	for (i = 0; i < g->nvips; i++)
		e->addr[e->n++] = g->vips[i].addr;
	for (i = 0; i < g->nlocals; i++)
		e->addr[e->n++] = g->locals[i];
	old = rcu_replace_pointer(g->endpoints, e, true);
	if (old)
		kfree_rcu(old, rcu);
	return 0;
}

/**
 * xha_group_config - digest of what must be the same on both nodes
 * @g: group
 *
 * The order of addresses does not count, nor does which device they are on.
 */
u64 xha_group_config(const struct xha_group *g)
{
	static const siphash_key_t key = { { 0x7866726d2d686131ULL, 2 } };
	struct xha_addr a;
	unsigned int i;
	u64 sum = g->install;

	for (i = 0; i < g->nvips + g->nlocals; i++) {
		bool vip = i < g->nvips;
		const struct xha_addr *from = vip ? &g->vips[i].addr :
						    &g->locals[i - g->nvips];

		memset(&a, 0, sizeof(a));
		a.family = from->family;
		memcpy(&a.a, &from->a, from->family == AF_INET ? 4 : 16);
		sum += siphash(&a, sizeof(a), &key) * (vip ? 3 : 5);
	}
	return sum;
}

/* Which group has this address already? */
static struct xha_group *xha_group_owner(struct xha_net *xn, const struct xha_addr *a)
{
	u8 dir;

	return xha_group_match(xn, a->family, &a->a, &a->a, &dir);
}

/**
 * xha_group_refuse_addr - may a group have this address?
 * @xn: node, xha_net.cfg held
 * @a: the address
 * @extack: refusal
 *
 * Return: 0, or -EEXIST.
 */
int xha_group_refuse_addr(struct xha_net *xn, const struct xha_addr *a,
			  struct netlink_ext_ack *extack)
{
	if (!xha_group_owner(xn, a))
		return 0;
	NL_SET_ERR_MSG(extack, "the address belongs to a group already");
	return -EEXIST;
}

/**
 * xha_group_refuse_addrs - may a new group have its addresses?
 * @xn: node, xha_net.cfg held
 * @c: configuration of the group
 * @extack: refusal
 *
 * Return: 0, or -EEXIST.
 */
int xha_group_refuse_addrs(struct xha_net *xn, const struct xha_group_conf *c,
			   struct netlink_ext_ack *extack)
{
	unsigned int i, j;
	int err = 0;

	for (i = 0; i < c->nvips && !err; i++)
		err = xha_group_refuse_addr(xn, &c->vips[i].addr, extack);
	for (i = 0; i < c->nlocals && !err; i++)
		err = xha_group_refuse_addr(xn, &c->locals[i], extack);
	if (err)
		return err;

	for (i = 0; i < c->nvips + c->nlocals; i++) {
		const struct xha_addr *a = i < c->nvips ? &c->vips[i].addr :
						&c->locals[i - c->nvips];

		for (j = 0; j < i; j++) {
			const struct xha_addr *b = j < c->nvips ? &c->vips[j].addr :
							&c->locals[j - c->nvips];

			if (xha_addr_equal(a, b->family, &b->a)) {
				NL_SET_ERR_MSG(extack, "an address is given twice");
				return -EEXIST;
			}
		}
	}
	return 0;
}
