// SPDX-License-Identifier: GPL-2.0-only
/*
 * A network device that takes SAs whole (packet offload), for kernels that have no other: it only says that it does, and
 * drops what it is given. One is made in the first namespace, by the name xhanic.
 */
#include <linux/etherdevice.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <net/xfrm.h>

static struct net_device *nic;

static int xha_nic_state_add(struct xfrm_state *x, struct netlink_ext_ack *extack)
{
	return 0;
}

static void xha_nic_state_delete(struct xfrm_state *x)
{
}

static const struct xfrmdev_ops xha_nic_xfrmdev_ops = {
	.xdo_dev_state_add = xha_nic_state_add,
	.xdo_dev_state_delete = xha_nic_state_delete,
};

static netdev_tx_t xha_nic_xmit(struct sk_buff *skb, struct net_device *dev)
{
	kfree_skb(skb);
	return NETDEV_TX_OK;
}

static const struct net_device_ops xha_nic_ops = {
	.ndo_start_xmit = xha_nic_xmit,
};

static void xha_nic_setup(struct net_device *dev)
{
	ether_setup(dev);
	eth_hw_addr_random(dev);
	dev->netdev_ops = &xha_nic_ops;
	dev->xfrmdev_ops = &xha_nic_xfrmdev_ops;
	dev->features |= NETIF_F_HW_ESP;
	dev->hw_enc_features |= NETIF_F_HW_ESP;
}

static int __init xha_nic_init(void)
{
	int err;

	nic = alloc_netdev(0, "xhanic", NET_NAME_USER, xha_nic_setup);
	if (!nic)
		return -ENOMEM;
	err = register_netdev(nic);
	if (err)
		free_netdev(nic);
	return err;
}

static void __exit xha_nic_exit(void)
{
	unregister_netdev(nic);
	free_netdev(nic);
}

module_init(xha_nic_init);
module_exit(xha_nic_exit);
MODULE_DESCRIPTION("Pretends to take SAs, for tests of xfrm_ha");
MODULE_LICENSE("GPL");
