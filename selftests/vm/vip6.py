# SPDX-License-Identifier: GPL-2.0
"""An IPv6 VIP, added with `nodad` as keepalived does, and without: then the takeover waits for the end of DAD.

usage: python3 -m selftests.vm.vip6 [KERNEL]
"""

import time

from . import flow, ktap
from .pair import Pair
from .tunnel import VIP, Tunnel

TUNNELS = [Tunnel(1, family=6, window="esn"), Tunnel(2, "chacha", family=6, mode="transport")]
RATE = 50


def dad(check, pair, name):
    """The VIP is added without nodad; (was the node active while it was tentative, the hub's time when it was active)."""
    pair[name].run("sysctl -qw net.ipv6.conf.eth0.accept_dad=1 net.ipv6.conf.eth0.dad_transmits=2")
    pair[name].run(f"ip addr add {VIP[6]}/128 dev eth0")
    early = looks = 0
    while True:
        # Role first: an address that is still tentative afterwards was so all the time.
        role = pair.group(name)["role"]
        if not pair[name].run(f"ip -6 addr show dev eth0 tentative to {VIP[6]}").stdout.strip():
            break
        looks += 1
        early += role == "active"
    check.check("DAD: the node was looked at while the VIP was tentative", looks > 0)
    check.check("DAD: it was not active while the VIP was tentative", not early, f"{early} of {looks} looks")
    pair.wait_group(name, role="active")
    pair[name].run(f"xha-announce eth0 {VIP[6]}")


def scenario(check, kernel, workdir):
    with Pair(kernel, workdir) as pair:
        pair.vips = {6: VIP[6]}
        pair.set_up(TUNNELS)
        flows = flow.start(pair, TUNNELS, RATE)
        time.sleep(pair.patience())
        dropped = pair.drop_vip("gw1")
        pair.take_vip("gw2")
        check.equal("nodad: gw2 is active when `ip address add` and the announcement are done", pair.group("gw2")["role"], "active")
        time.sleep(pair.patience())
        flow.went_on(check, pair, flows, "gw2", dropped)
        pair.wait_hot("gw1")
        flows = flow.start(pair, TUNNELS, RATE)
        dropped = pair.drop_vip("gw2")
        dad(check, pair, "gw1")
        time.sleep(pair.patience())
        flow.went_on(check, pair, flows, "gw1", dropped)


if __name__ == "__main__":
    ktap.main(1 + 2 + 2 * (len(TUNNELS) + 2), scenario, "vip6")
