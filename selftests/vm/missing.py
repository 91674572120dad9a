# SPDX-License-Identifier: GPL-2.0
"""A standby whose kernel lacks an algorithm, or the security module that a context is of: what needs it is named, the rest is
hot, and there is peace.

usage: python3 -m selftests.vm.missing [KERNEL]
"""

import time

from . import flow, ktap
from .pair import GATEWAYS, Pair
from .tunnel import Tunnel, batch

HERE, LACKING, LABELLED = Tunnel(1, window="esn"), Tunnel(2, "chacha"), Tunnel(3)
AUDITS = 3
RATE = 20


class Unlike(Pair):
    """Only gw1 labels IPsec."""

    def options_of(self, name):
        return super().options_of(name) | ({"extra_cmdline": "security=selinux"} if name == "gw1" else {})


def take_away(guest):
    """What the crypto API has ChaCha20-Poly1305 from; the module's own link does not use it."""
    guest.run("modprobe -r chacha20poly1305 && rm $(find /lib/modules -name chacha20poly1305.ko) && depmod -a")


def reasons(pair):
    """{SPI: why the active's SA is not replicated}"""
    return {sa["spi"]: sa["not_replicated"] for sa in pair.ask("gw1", "sa show") if sa["not_replicated"]}


def settled(pair):
    one, two = pair.group("gw1"), pair.group("gw2")
    return one["peers"][0]["refused"] == 4 and two["sync"] == "hot" and (one, two)


def scenario(check, kernel, workdir):
    with Unlike(kernel, workdir) as pair:
        take_away(pair["gw2"])
        pair.ends([HERE, LACKING])
        for name in GATEWAYS:
            pair.configure(name)
        pair.take_vip("gw1")
        pair.wait_group("gw1", role="active")
        batch(pair["gw1"], [line for t in pair.tunnels for line in t.states() + t.policies(True)])
        batch(pair["gw1"], [f"{line} ctx init" for line in LABELLED.states()])
        one, two = pair.wait(lambda: settled(pair), "gw2 refuses four SAs and is hot", detail=pair.show)
        check.equal("the active counts what a failover would lose", one["not_replicated"], 4)
        why = ((LACKING, "an algorithm is not available"), (LABELLED, "it has an attribute or security context that is not known"))
        check.equal("... and says why", reasons(pair), {
            f"0x{spi:08x}": f"at peer 2: {text}" for t, text in why for spi in (t.spi_in, t.spi_out)})
        check.equal("the standby has all else", (two["sas"], two["policy_count"]), (2, one["policy_count"]))
        before = pair.stats("gw1")
        pair.wait(lambda: pair.stats("gw1")["audit_checks"] >= before["audit_checks"] + AUDITS, f"{AUDITS} audits")
        after = pair.stats("gw1")
        same = [(key, before[key], after[key]) for key in ("bulks_started", "audit_mismatch") if before[key] != after[key]]
        check.check(f"{AUDITS} audits later: no new copy, no mismatch", not same, same)
        flows = flow.start(pair, [HERE], RATE)
        time.sleep(pair.patience())
        gone = pair.drop_vip("gw1")
        pair.take_vip("gw2")
        time.sleep(pair.patience())
        flow.went_on(check, pair, flows, "gw2", gone)


if __name__ == "__main__":
    ktap.main(7, scenario, "missing")
