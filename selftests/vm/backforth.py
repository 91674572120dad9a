# SPDX-License-Identifier: GPL-2.0
"""The VIP goes back and forth between two living gateways, with traffic all along.

usage: [ROUNDS=N] python3 -m selftests.vm.backforth [KERNEL]
"""

import os
import time

from . import flow, ktap
from .moves import IN_FLIGHT
from .pair import Pair, other
from .tunnel import Tunnel

TUNNELS = [Tunnel(1), Tunnel(2, "cbc", family=6, window="esn"), Tunnel(3, "chacha", mode="transport", window="128")]
MOVES = int(os.environ.get("ROUNDS", "10"))
RATE = 50


def unexcused(one, capture, moves):
    """The lost datagrams that somebody should have answered.

    Excused are those sent between the order to remove the VIP and the first one that reached the new gateway, and those
    before, which the old one had received but not yet answered: a run without an answered one in it, and any that is not
    older than what was under way for longest: two processors do not take them in turn.
    """
    lost = set(one.lost())
    way = max(IN_FLIGHT, 1000 * one.report["rtt_us"]["max"])
    for dropped, gateway in moves:
        moved = capture.moved(one.tunnel.spi_in, gateway, dropped)
        if not moved:
            continue
        end = moved[1] - one.base - 1
        first = sum(1 for when, _, seq, _ in capture.sent[one.tunnel.spi_in] if seq > one.base and when < dropped - way)
        while first - 1 in lost:
            first -= 1
        lost -= set(range(first, end))
    return sorted(lost)


def scenario(check, kernel, workdir):
    with Pair(kernel, workdir) as pair:
        pair.set_up(TUNNELS)
        term = pair.group("gw1")["term"]
        flows = flow.start(pair, TUNNELS, RATE)
        active, moves = "gw1", []
        for move in range(MOVES):
            time.sleep(0.7 * pair.patience())
            dropped = pair.drop_vip(active)
            pair.take_vip(other(active))
            moves.append((dropped, other(active)))
            group = pair.wait_group(other(active), role="active")
            check.check(f"move {move + 1}: {other(active)} is active at once, with all SAs", group["sas"] == 2 * len(TUNNELS), group)
            pair.wait_hot(active)
            active = other(active)
        time.sleep(pair.patience())
        flow.finish(flows)
        capture = flow.Capture(pair)
        for one in flows:
            bad = unexcused(one, capture, moves)
            turns = capture.turn(one.tunnel.spi_out)
            check.diag(f"{one.tunnel}: {one.report['sent']} sent, {one.report['lost']} lost; numbers {[t[:2] for t in turns]}")
            check.check(f"{one.tunnel}: nothing lost but while the VIP moved", not bad, f"{len(bad)}: {bad[:20]}")
            twice = capture.twice(one.tunnel.spi_out)
            check.check(f"{one.tunnel}: no number twice", not twice, twice[:5])
            check.check(f"{one.tunnel}: {MOVES} changes of the gateway", len(turns) == MOVES, turns)
        check.equal("the remote took nothing for a replay", pair.replay_drops(), {})
        check.check("nothing in clear text on the wire", not capture.clear, capture.clear[:5])
        check.check("each move raised the term", pair.group(active)["term"] >= term + MOVES, pair.show())


if __name__ == "__main__":
    ktap.main(MOVES + 3 * len(TUNNELS) + 3, scenario, "backforth")
