# SPDX-License-Identifier: GPL-2.0
"""A gateway dies, boots again, joins late, becomes hot, and is there when the other one dies. It serves alone for longer than it
is up in its next life: it reboots with its VIP, which nobody has taken, and gets its SAs back, above all it has used.

usage: python3 -m selftests.vm.reboot [KERNEL]
"""

import time

from . import flow, ktap
from .pair import Pair
from .tunnel import Tunnel, batch

TUNNELS = [Tunnel(1, window="esn"), Tunnel(2, "ccm", mode="transport", family=6), Tunnel(3, "null", window="128")]
LATE = Tunnel(4, "chacha")
RATE = 50
ALONE = 12  # s
LEAST = 65536  # numbers per second of silence, with ESN


def last_number(pair, name):
    """That an SA with ESN has sent; 0 if there is no such SA."""
    return next((sa["oseq"] for sa in pair.ask(name, "sa show") if int(sa["spi"], 16) == TUNNELS[0].spi_out), 0)


def serve_alone(check, pair):
    """gw1 is active, and gw2 dead."""
    pair.revive("gw2")
    pair.configure("gw2")
    pair.wait_hot("gw2")
    pair["gw2"].run("ip link set eth1 down")
    cut, used = pair.hub.now(), last_number(pair, "gw1")
    check.step("gw2 is hot, and hears nothing any more")
    time.sleep(ALONE)
    pair["gw1"].kill()
    pair.revive("gw1")
    pair.take_vip("gw1")
    pair.configure("gw1")
    silence = (pair.hub.now() - cut) // 10**9
    check.equal("gw1 has its VIP and none of its SAs", (pair.group("gw1")["role"], last_number(pair, "gw1")), ("active", 0))
    pair["gw2"].run("ip link set eth1 up")
    group = pair.wait_hot("gw2")
    check.equal("it gets them back from gw2, which keeps them", group["sas"], 2 * len(pair.tunnels))
    least, got = used + LEAST * silence, last_number(pair, "gw1")
    check.check(f"above what it may have used in {silence} s before it was booted", got >= least, f"{got}, to be {least} at least")


def scenario(check, kernel, workdir):
    with Pair(kernel, workdir) as pair:
        pair.set_up(TUNNELS)
        flows = flow.start(pair, TUNNELS, RATE)
        time.sleep(pair.patience())
        pair["gw1"].kill()
        killed = pair.hub.now()
        pair.take_vip("gw2")
        check.step("gw1 killed, VIP at gw2")
        time.sleep(pair.patience())
        flow.went_on(check, pair, flows, "gw2", killed)
        # While gw1 is away a tunnel is added at gw2, which did not have any of its own until now.
        pair.tunnels = TUNNELS + [LATE]
        batch(pair["gw2"], LATE.addresses(True, "eth0") + LATE.states() + LATE.policies(True))
        batch(pair["remote"], LATE.addresses(False, "eth0") + LATE.states() + LATE.policies(False))
        server = pair["gw2"].spawn(f"exec xha-traffic server 0.0.0.0 {LATE.port}")
        flows = flow.start(pair, pair.tunnels, RATE)
        pair.revive("gw1")
        pair.configure("gw1")
        check.step("gw1 is back")
        group = pair.wait_hot("gw1")
        check.equal("gw1 joined late and is hot with everything", (group["role"], group["sas"]), ("standby", 2 * len(pair.tunnels)))
        term = pair.group("gw2")["term"]
        check.equal("the term has survived at gw2", group["term"], term)
        time.sleep(pair.patience())
        check.check("gw2 is still active", pair.group("gw2")["role"] == "active" and server.running())
        pair["gw2"].kill()
        killed = pair.hub.now()
        pair.take_vip("gw1")
        check.step("gw2 killed, VIP at gw1")
        time.sleep(pair.patience())
        flow.went_on(check, pair, flows, "gw1", killed)
        group = pair.group("gw1")
        check.check("gw1 is active again, with a higher term", group["role"] == "active" and group["term"] > term, group)
        serve_alone(check, pair)


if __name__ == "__main__":
    ktap.main(2 * len(TUNNELS) + 1 + 2 * 2 + 7, scenario, "reboot")
