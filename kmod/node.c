// SPDX-License-Identifier: GPL-2.0
/* The node itself: its id and knobs. */
#include "nl_addr.h"

/**
 * xha_node_set - set the node's id and knobs
 * @xn: node, cfg held
 * @id: node id, checked; 0: none yet
 * @sample_period: ms, checked
 * @extack: refusal
 *
 * Return: 0; -EBUSY if the id would change under peers that know it.
 */
int xha_node_set(struct xha_net *xn, u8 id, u32 sample_period,
		 struct netlink_ext_ack *extack)
{
	struct xha_peer *p;
	int slot;

	if (id != xn->id) {
		xha_for_each_peer(xn, slot, p)
			return xha_nl_refuse(extack, NULL,
					     "the node id cannot change while there are peers",
					     -EBUSY);
	}
	mutex_lock(&xn->lock);
	xn->id = id;
	xn->sample_period = sample_period;
	mutex_unlock(&xn->lock);
	return 0;
}

/**
 * xha_node_resync - ask for a new copy of a group
 * @xn: node, cfg held
 * @g: group
 * @extack: refusal
 *
 * Return: 0; -EINVAL on the node that is active; -ENOTCONN with nobody to ask.
 */
int xha_node_resync(struct xha_net *xn, struct xha_group *g,
		    struct netlink_ext_ack *extack)
{
	int err = 0;

	mutex_lock(&xn->lock);
	if (xha_group_active(g))
		err = xha_nl_refuse(extack, NULL,
				    "this node is active: its peers copy from it",
				    -EINVAL);
	else if (!xha_group_led(g))
		err = xha_nl_refuse(extack, NULL,
				    "there is no active peer in contact to copy from",
				    -ENOTCONN);
	else
		xha_follow_want(g, "asked for by the operator");
	mutex_unlock(&xn->lock);
	return err;
}
