# SPDX-License-Identifier: GPL-2.0
"""Small steps of the lease and traffic as fast as it goes: far more packets than a step pass between two samples.

Both ways: gw1 dies, comes back and takes over when gw2 dies.
usage: python3 -m selftests.vm.fast [KERNEL]
"""

import time

from . import flow, ktap
from .pair import Pair, other
from .tunnel import Tunnel

TUNNELS = [Tunnel(1, "gcm", window="esn"), Tunnel(2, "gcm", window="32")]
SHIFTS = (16, 64)
SAMPLE_MS = 2000


def passed(pair, sample):
    """How many numbers of each SA were used in the last sample period."""
    until = pair.hub.now()
    answers = flow.Capture(pair).answers
    return [sum(1 for when, _, _ in answers.get(t.spi_out, ()) if until - sample * 1e6 <= when < until) for t in TUNNELS]


def scenario(check, kernel, workdir):
    with Pair(kernel, workdir) as pair:
        # The debug kernel is so slow that it takes the longest period to pass as many.
        sample = SAMPLE_MS if pair.patience() < 2 else 10000
        pair.set_up(TUNNELS, f"oseq-shift {SHIFTS[0]}", f"{sample}ms")
        active = "gw1"
        for shift in SHIFTS:
            if shift != SHIFTS[0]:
                pair.revive(other(active))
                pair.configure(other(active), f"oseq-shift {shift}", f"{sample}ms")
                pair[active].run(f"xfrm-ha group set east oseq-shift {shift}")
                pair.wait_hot(other(active))
            flows = flow.start(pair, TUNNELS, 0)
            time.sleep(3 * pair.patience())
            # A machine that has other things to do may need a while until it is fast.
            pair.wait(lambda: min(passed(pair, sample)) > 4 * shift, "far more packets than the shift in a sample period", 60,
                      lambda: f"{passed(pair, sample)} packets in {sample} ms")
            check.check(f"oseq-shift {shift}: far more packets than that in a sample period", True)
            pair[active].kill()
            killed = pair.hub.now()
            pair.take_vip(other(active))
            check.step(f"oseq-shift {shift}: {active} killed, VIP at {other(active)}")
            time.sleep(2 * pair.patience())
            active = other(active)
            capture = flow.went_on(check, pair, flows, active, killed)
            check.diag(f"numbers {[capture.turn(t.spi_out)[-1][:2] for t in TUNNELS]}")


if __name__ == "__main__":
    ktap.main(len(SHIFTS) * (1 + len(TUNNELS) + 2), scenario, "fast")
