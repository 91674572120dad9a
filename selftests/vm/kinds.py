# SPDX-License-Identifier: GPL-2.0
"""Each kind of SA with traffic in both directions when its gateway dies: it goes on at the other, and nobody notices.

Some have their policies on both gateways from outside, as an IKE daemon on each would have them.

usage: python3 -m selftests.vm.kinds [KERNEL]
"""

import os
import re
import time

from . import flow, ktap
from .pair import Pair
from .tunnel import batch, pairwise

TUNNELS = pairwise()
OUTSIDE = TUNNELS[1::3]  # both modes, both families
RATE = int(os.environ.get("RATE", "20"))


def policies(guest):
    """{(selector, direction): (index, when it was added)}: another one in its place would not have both."""
    text = guest.run("ip -s xfrm policy list").stdout
    rows = re.findall(r"^(src .*)\n\s+dir (\w+) .*?\bindex (\d+) (?:.*\n)*?\s+add (\S+ \S+) use ", text, re.MULTILINE)
    return {(selector, direction): (index, added) for selector, direction, index, added in rows}


class Kinds(Pair):
    """A pair of which gw2 has some policies before gw1 has its tunnels."""

    def fill(self):
        # As a standby: else gw1 would take them over from it.
        self.wait_hot("gw2")
        batch(self["gw2"], [line for t in OUTSIDE for line in t.policies(True)])
        self.outside = policies(self["gw2"])
        super().fill()


def scenario(check, kernel, workdir):
    with Kinds(kernel, workdir) as pair:
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
        held = {key: row for key, row in policies(pair["gw2"]).items() if key in pair.outside}
        check.check("gw2's policies from outside are left as they were", held == pair.outside and len(held) == 2 * len(OUTSIDE),
                    f"{held}\n{pair.outside}")


if __name__ == "__main__":
    ktap.main(len(TUNNELS) + 4, scenario, "kinds")
