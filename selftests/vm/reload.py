# SPDX-License-Identifier: GPL-2.0
"""The module goes and comes back under traffic, on either gateway; the sync link is cut and mended.

usage: python3 -m selftests.vm.reload [KERNEL]
"""

import time

from . import flow, ktap
from .pair import Pair, unit
from .tunnel import Tunnel, batch

TUNNELS = [Tunnel(1, window="esn"), Tunnel(2, "cbc", family=6, mode="transport")]
EXTRA = Tunnel(9, "ccm")
RATE = 50


def spis(guest):
    """SPIs of all SAs of a guest, as stock iproute2 sees them."""
    out = guest.run("ip xfrm state list").stdout.split()
    return sorted(word for previous, word in zip(out, out[1:]) if previous == "spi")


def unload(check, pair, name, gone):
    """rmmod under traffic: what was learned goes, what is the gateway's own stays, and nothing is lost."""
    before = spis(pair[name])
    pair[name].run(unit("ExecStopPost"))
    check.equal(f"unload on {name}: {'its copies are gone' if gone else 'its SAs stay'}", spis(pair[name]), [] if gone else before)
    time.sleep(0.5 * pair.patience())
    pair.configure(name)
    pair.wait_hot("gw2")
    roles = [pair.group(n)["role"] for n in ("gw1", "gw2")]
    check.equal(f"reload on {name}: gw1 is active, gw2 is hot again", roles, ["active", "standby"])


def cut(check, pair):
    """What changes while the link is cut is there soon after it is mended."""
    pair.hub.cut("sync", "gw1")
    pair.wait(lambda: pair.group("gw2")["sync"] != "hot", "gw2 notices the cut")
    check.check("cut: gw2 does not call itself hot", True)
    check.equal("cut: gw1 stays active", pair.group("gw1")["role"], "active")
    held = spis(pair["gw2"])
    check.equal("cut: gw2 keeps its copy", held, spis(pair["gw1"]))
    batch(pair["gw1"], EXTRA.states())
    pair["gw1"].run(f"ip xfrm state get src {EXTRA.vip} dst {EXTRA.remote} proto esp spi {EXTRA.spi_out:#x} >/run/sa")
    time.sleep(0.5 * pair.patience())
    pair.hub.restore("sync", "gw1")
    began = time.monotonic()
    pair.wait_hot("gw2")
    check.diag(f"hot again {time.monotonic() - began:.1f} s after the link was mended")
    check.equal("mended: gw2 has what was added meanwhile", spis(pair["gw2"]), spis(pair["gw1"]))
    batch(pair["gw1"], [f"xfrm state delete src {src} dst {dst} proto esp spi {spi:#x}" for src, dst, spi in (
        (EXTRA.vip, EXTRA.remote, EXTRA.spi_out), (EXTRA.remote, EXTRA.vip, EXTRA.spi_in))])
    pair.wait_hot("gw2")
    check.equal("a delete follows", spis(pair["gw2"]), held)


def scenario(check, kernel, workdir):
    with Pair(kernel, workdir) as pair:
        pair.set_up(TUNNELS)
        flows = flow.start(pair, TUNNELS, RATE)
        unload(check, pair, "gw2", True)
        unload(check, pair, "gw1", False)
        cut(check, pair)
        flow.finish(flows)
        for one in flows:
            check.equal(f"{one.tunnel}: nothing lost all along", (one.report["lost"], one.report["refused"]), (0, 0))
        flows = flow.start(pair, TUNNELS, RATE)
        time.sleep(pair.patience())
        pair["gw1"].kill()
        killed = pair.hub.now()
        pair.take_vip("gw2")
        time.sleep(pair.patience())
        flow.went_on(check, pair, flows, "gw2", killed)


if __name__ == "__main__":
    ktap.main(4 + 5 + 2 * len(TUNNELS) + 2, scenario, "reload")
