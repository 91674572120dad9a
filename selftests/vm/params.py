# SPDX-License-Identifier: GPL-2.0
"""A pair set up by modprobe's parameters alone, the key of its link from the kernel's keyring.

usage: python3 -m selftests.vm.params [KERNEL]
"""

import time

from . import flow, ktap
from .pair import GATEWAYS, KEY_FILE, Pair, number
from .tunnel import VIP, Tunnel

TUNNELS = [Tunnel(1, window="128"), Tunnel(2, "null", mode="transport")]
KEY = "xfrm-ha:sync"


def scenario(check, kernel, workdir):
    with Pair(kernel, workdir) as pair:
        pair.vips = {4: VIP[4]}
        pair.ends(TUNNELS)
        for name in GATEWAYS:
            n = number(name)
            pair[name].run(
                f"base64 -d {KEY_FILE} | keyctl padd logon {KEY} @u && "
                f"modprobe xfrm_ha node_id={n} peer_id={3 - n} local=10.150.0.{n} remote=10.150.0.{3 - n} sync_dev=eth1"
                f" transport=udp key={KEY} group=east vip={VIP[4]} vip_dev=eth0 sample_period=20ms oseq_shift=1000")
        pair.begin()
        check.equal("gw2 is hot", pair.group("gw2")["sync"], "hot")
        check.equal("the link has the key", [pair.ask(name, "peer show")[0]["insecure"] for name in GATEWAYS], [False, False])
        check.equal("the knobs are taken", (pair.ask("gw1", "node show")[0]["sample_period"], pair.group("gw1")["oseq_shift"]), (20, 1000))
        flows = flow.start(pair, TUNNELS, 50)
        time.sleep(pair.patience())
        pair["gw1"].kill()
        killed = pair.hub.now()
        pair.take_vip("gw2")
        time.sleep(pair.patience())
        flow.went_on(check, pair, flows, "gw2", killed)


if __name__ == "__main__":
    ktap.main(3 + len(TUNNELS) + 2, scenario, "params")
