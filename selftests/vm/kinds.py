# SPDX-License-Identifier: GPL-2.0
"""Each kind of SA with traffic in both directions when its gateway dies: it goes on at the other, and nobody notices.

usage: python3 -m selftests.vm.kinds [KERNEL]
"""

import os
import time

from . import flow, ktap
from .pair import Pair
from .tunnel import pairwise

TUNNELS = pairwise()
RATE = int(os.environ.get("RATE", "20"))


def scenario(check, kernel, workdir):
    with Pair(kernel, workdir) as pair:
        check.step("booted")
        pair.set_up(TUNNELS)
        check.step(f"gw2 is hot: {pair.group('gw2')['sas']} SAs")
        flows = flow.start(pair, TUNNELS, RATE)
        time.sleep(2 * pair.patience())
        pair["gw1"].kill()
        killed = pair.hub.now()
        check.step("gw1 killed")
        time.sleep(0.5)
        pair.take_vip("gw2")
        check.step("VIP at gw2")
        time.sleep(2 * pair.patience())
        flow.went_on(check, pair, flows, "gw2", killed)
        group = pair.group("gw2")
        check.equal("gw2 is active with all SAs", (group["role"], group["sas"]), ("active", 2 * len(TUNNELS)))


if __name__ == "__main__":
    ktap.main(len(TUNNELS) + 3, scenario, "kinds")
