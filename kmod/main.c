// SPDX-License-Identifier: GPL-2.0
/*
 * xfrm_ha: stateful IPsec failover.
 *
 * The ladder below is the order of the layers; docs/architecture.rst draws it.
 */
#include <linux/module.h>
#include <linux/random.h>

#include "crypto.h"
#include "nl.h"
#include "selftest.h"
#include "serve.h"
#include "tap.h"
#include "vip.h"

unsigned int xha_net_id;
struct workqueue_struct *xha_wq;

static int __net_init xha_net_init(struct net *net)
{
	struct xha_net *xn = xha_pernet(net);
	int err;

	xn->net = net;
	xn->sample_period = XHA_SAMPLE_PERIOD;
	xn->boot = get_random_u64() | 1;
	mutex_init(&xn->cfg);
	mutex_init(&xn->lock);
	INIT_LIST_HEAD(&xn->groups);
	xha_tap_net_init(xn);
	xha_serve_net_init(xn);
	xha_vip_net_init(xn);
	err = xha_obj_net_init(xn);
	if (err)
		return err;
	err = xha_stats_proc_init(net);
	if (err)
		xha_obj_net_exit(xn);
	return err;
}

/*
 * Before anything of the namespace goes: sockets, and every reference to a
 * state, since xfrm6_tunnel insists that there is none left when it exits.
 *
 * a. peers: nobody sends or receives any more;
 * b. groups: what was learned goes, what is own stays, usable;
 * c. workers: nothing looks at XFRM any more;
 * d. what is left in the table belongs to no group.
 */
static void __net_exit xha_net_pre_exit(struct net *net)
{
	struct xha_net *xn = xha_pernet(net);

	mutex_lock(&xn->cfg);
	xha_peer_del_all(xn);
	xha_group_del_all(xn);
	xha_tap_net_stop(xn);
	xha_serve_net_stop(xn);
	xha_vip_net_stop(xn);
	mutex_lock(&xn->lock);
	xha_obj_forget_all(xn);
	mutex_unlock(&xn->lock);
	mutex_unlock(&xn->cfg);
}

static void __net_exit xha_net_exit(struct net *net)
{
	/* A notifier may have been on its way; the devices are gone by now. */
	xha_vip_net_stop(xha_pernet(net));
	xha_stats_proc_exit(net);
	xha_obj_net_exit(xha_pernet(net));
}

static struct pernet_operations xha_net_ops = {
	.init = xha_net_init,
	.pre_exit = xha_net_pre_exit,
	.exit = xha_net_exit,
	.id = &xha_net_id,
	.size = sizeof(struct xha_net),
};

static int __init xha_init(void)
{
	int err;

	xha_wq = alloc_workqueue("xfrm_ha", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!xha_wq)
		return -ENOMEM;
	err = xha_crypto_init();
	if (err)
		goto err_wq;
	if (!xha_selftest_noise()) {
		err = -EINVAL;
		goto err_crypto;
	}
	err = register_pernet_subsys(&xha_net_ops);
	if (err)
		goto err_crypto;
	err = xha_tap_init();
	if (err)
		goto err_pernet;
	err = xha_vip_init();
	if (err)
		goto err_tap;
	err = xha_nl_init();
	if (err)
		goto err_vip;
	err = xha_params_apply(xha_pernet(&init_net));
	if (err)
		goto err_nl;
	return 0;

err_nl:
	xha_nl_exit();
err_vip:
	xha_vip_exit();
err_tap:
	xha_tap_exit();
err_pernet:
	unregister_pernet_subsys(&xha_net_ops);
err_crypto:
	xha_crypto_exit();
err_wq:
	destroy_workqueue(xha_wq);
	return err;
}

static void __exit xha_exit(void)
{
	xha_nl_exit();
	xha_vip_exit();
	xha_tap_exit();
	unregister_pernet_subsys(&xha_net_ops);
	xha_crypto_exit();
	destroy_workqueue(xha_wq);
}

module_init(xha_init);
module_exit(xha_exit);

MODULE_DESCRIPTION("Stateful IPsec failover");
MODULE_AUTHOR("The xfrm-ha developers");
MODULE_LICENSE("GPL");
MODULE_VERSION(XHA_VERSION);
MODULE_ALIAS_GENL_FAMILY("xfrm_ha");
