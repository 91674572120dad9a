# SPDX-License-Identifier: GPL-2.0
"""Releases that differ in the wire format: builds that pretend to be a later one, side by side with this one.

usage: python3 -m selftests.vm.versions [KERNEL]
"""

import time

from . import flow, ktap
from .pair import GATEWAYS, Pair, other
from .tunnel import Tunnel
from .variant import variant

TUNNELS = [Tunnel(1, window="esn"), Tunnel(2, "cbc", family=6, mode="transport")]
RATE = 20
AUDITS = 3
LATER = ("-DXHA_WIRE_VERSION=2", "-DXHA_PRETEND_LATER=1")
ONLY = (*LATER, "-DXHA_WIRE_VERSION_MIN=2")


def peer(pair, name):
    return pair.ask(name, "peer show")[0]


def spoken(pair):
    """What each says of the other: {gateway: (state, version)}"""
    return {name: (peer(pair, name)["state"], peer(pair, name)["version"]) for name in GATEWAYS}


def change(pair, name, module):
    """Another build of the module on a gateway: the standby, as an operator would do it."""
    pair[name].run("modprobe -r xfrm_ha")
    pair.install(name, module)
    pair.configure(name)


def beside(check, pair):
    """A later release is the active, this one its standby."""
    check.equal("they speak the older version", spoken(pair), {name: ("up", 1) for name in GATEWAYS})
    audits = pair.stats("gw1")["audit_checks"]
    pair.wait(lambda: pair.stats("gw1")["audit_checks"] >= audits + AUDITS, f"{AUDITS} audits")
    check.check("this release skips the records that it does not know", pair.stats("gw2")["skipped_records"] > 0, pair.stats("gw2"))
    check.equal("copies are whole: audits without a mismatch", pair.stats("gw1")["audit_mismatch"], 0)


def across(check, pair):
    """Each takes over from the other."""
    for taker in ("gw2", "gw1"):
        flows = flow.start(pair, TUNNELS, RATE)
        time.sleep(pair.patience())
        gone = pair.drop_vip(other(taker))
        pair.take_vip(taker)
        time.sleep(pair.patience())
        flow.went_on(check, pair, flows, taker, gone)
        pair.wait_group(taker, role="active")
        pair.wait_group(other(taker), role="standby", sync="hot")


def sending(pair, name):
    """Datagrams in a second that a gateway sends; of what it receives, handshakes are not counted as frames."""
    before = peer(pair, name)["frames_tx"], time.monotonic()
    time.sleep(2 * pair.patience())
    return (peer(pair, name)["frames_tx"] - before[0]) / (time.monotonic() - before[1])


def nothing_in_common(check, pair, only):
    change(pair, "gw2", only)
    pair.wait(lambda: all(state == "refused" for state, _ in spoken(pair).values()), "both refuse", detail=pair.show)
    check.equal("without a common version both say so", [peer(pair, name)["reason"] for name in GATEWAYS],
                ["no common version of the wire format"] * 2)
    rates = {name: sending(pair, name) for name in GATEWAYS}
    # Each begins a handshake in 200 ms at most, and answers the other's; and they go on trying.
    check.check("... and exchange no more than handshakes", all(0 < rate <= 20 for rate in rates.values()), f"frames/s: {rates}")
    check.equal("... and no copy", pair.group("gw2")["sas"], 0)


def scenario(check, kernel, workdir):
    later, only = variant(kernel, f"later-{kernel}", *LATER), variant(kernel, f"only-later-{kernel}", *ONLY)
    check.step("modules built")
    with Pair(kernel, workdir) as pair:
        pair.install("gw1", later)
        pair.set_up(TUNNELS)
        check.step("gw2 is hot")
        beside(check, pair)
        across(check, pair)
        change(pair, "gw2", later)
        pair.wait_hot("gw2")
        check.equal("two of the later release speak theirs", spoken(pair), {name: ("up", 2) for name in GATEWAYS})
        pair.drop_vip("gw1")
        pair.take_vip("gw2")
        pair.wait_hot("gw1")
        change(pair, "gw1", ktap.BUILD / kernel / "xfrm_ha.ko")
        pair.wait_hot("gw1")
        pair.drop_vip("gw2")
        pair.take_vip("gw1")
        pair.wait_hot("gw2")
        nothing_in_common(check, pair, only)


if __name__ == "__main__":
    ktap.main(15, scenario, "versions")
