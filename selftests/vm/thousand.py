# SPDX-License-Identifier: GPL-2.0
"""Takeover of a thousand SAs; says how long it took: the first one of a machine, and one of code that it has run before, which
an emulator need not translate.

usage: [SAS=N] python3 -m selftests.vm.thousand [KERNEL]
"""

import os
import time

from . import demo, flow, ktap
from .pair import Pair, other
from .tunnel import Tunnel, batch

SAS = int(os.environ.get("SAS") or "1000")
TUNNELS = [Tunnel(1, window="esn")]


def gated(guest):
    """(SAs, those that show the tag of a standby) by stock iproute2."""
    out = guest.run("ip xfrm state list", timeout=120).stdout
    return out.count("proto esp"), out.count("output-mark 0x48410002/0x0")


def scenario(check, kernel, workdir):
    with Pair(kernel, workdir) as pair:
        pair.set_up(TUNNELS)
        began = time.monotonic()
        batch(pair["gw1"], demo.more_sas(SAS))
        pair.wait_hot("gw2", 60 + SAS // 20)
        check.diag(f"{SAS} SAs added and copied in {time.monotonic() - began:.2f} s")
        check.equal("the standby's SAs are there and all gated", gated(pair["gw2"]), (SAS + 2, SAS + 2))
        monitor = pair["gw2"].spawn("exec xfrm-ha -j monitor")
        flows = flow.start(pair, TUNNELS, 100)
        time.sleep(pair.patience())
        pair["gw1"].kill()
        killed = pair.hub.now()
        first = pair.time_vip("gw2", TUNNELS[0])[2]
        event = pair.wait(lambda: demo.takeover(monitor), "the event of the takeover")
        check.figure(f"{event['sas']} SAs in {event['duration']} us, first ESP {first['esp']} us after the VIP was about to be added, "
                     f"by code that has never run; exposure {event['exposure']}, jump {event['jump']}")
        check.equal("the takeover took all of them", event["sas"], SAS + 2)
        time.sleep(pair.patience())
        check.equal("none is gated any more", gated(pair["gw2"]), (SAS + 2, 0))
        flow.went_on(check, pair, flows, "gw2", killed)
        pair.revive("gw1")
        pair.configure("gw1")
        for name in ("gw1", "gw2"):
            pair.wait_hot(name, 60 + SAS // 20)
            pair.drop_vip(other(name))
            first = pair.time_vip(name, TUNNELS[0])[2]
            pair.wait_group(name, role="active")
        check.figure(f"... by code that has run before: first ESP {first['esp']} us, of which {first['added']} until the VIP was added; to be below 5000")
        check.equal("all of them have moved twice more", gated(pair["gw2"]), (SAS + 2, 0))


if __name__ == "__main__":
    ktap.main(4 + len(TUNNELS) + 2, scenario, "thousand")
