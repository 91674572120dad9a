# SPDX-License-Identifier: GPL-2.0
"""A pair with a host behind it whose VIPs a VRRP daemon moves, set up with the files of examples/ as they are."""

import json
import re
import time

from . import flow, ktap, moves
from .inside import Inside
from .pair import GATEWAYS, other
from .tunnel import VIP, Tunnel

EXAMPLES = ktap.TOP / "examples"
UNIT = ktap.TOP / "tools/xfrm-ha.service"
PRIORITY = {"gw1": 200, "gw2": 150}
TUNNELS = [Tunnel(1, window="esn"), Tunnel(2, "cbc", window="128")]
# A group that is not the same on both nodes: never hot.
MISFIT = "group set east local {} 198.51.100.9"
HELD = 12  # advertisements of the master that a backup hears without taking over: four times what it waits for one


def example(name):
    return (EXAMPLES / name).read_text(encoding="utf-8")


def unit_commands():
    """What xfrm-ha.service runs at its start."""
    return re.findall(r"^ExecStart=(.*)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)


class Vrrp(Inside):
    """Subclasses know the daemon: start_daemon(), backup(), tell()."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.vips, self.monitors, self.story = {4: VIP[4]}, {}, []

    def module_conf(self, name):
        """xfrm-ha.conf for that node: on gw2 the two lines that the file's own comment gives for it."""
        lines = example("xfrm-ha.conf").splitlines()
        if name == "gw2":
            theirs = {line.split()[1]: line.lstrip("#\t") for line in lines if line.startswith("#\t")}
            lines = [theirs.get(line.split()[0], line) if line[:4] in ("node", "peer") else line for line in lines]
        return "\n".join(lines) + "\n"

    def load(self, name, more=""):
        """The module and its configuration, as the unit does it; `more` to the end of the file."""
        guest = self[name]
        guest.push((self.module_conf(name) + more).encode(), "/etc/xfrm-ha.conf")
        # Where the example has it; and no link, which keepalived would have to trust.
        guest.run("cp /test/bin/xfrm-ha /usr/sbin/ && " + " && ".join(unit_commands()))
        self.monitors[name] = guest.spawn("exec xfrm-ha -j monitor")

    def events(self, name, kind):
        lines = self.monitors[name].output().splitlines()
        return [event for event in map(json.loads, lines) if event["event"] == kind]

    def moved(self, what, gateway, since, began=None):
        """Waits for a move; both directions then go on for a while."""
        self.wait(lambda: self.group(gateway)["role"] == "active", f"{what}: {gateway} active", 60, self.tell)
        if not self[other(gateway)].asked_to_die:
            self.wait_hot(other(gateway))
        self.story.append(moves.Move(what, gateway, since, began))
        time.sleep(0.7 * self.patience())


def cold(check, pair):
    """Both have nothing yet, and start at once."""
    for name in GATEWAYS:
        pair.load(name)
    for name in GATEWAYS:
        pair.start_daemon(name)
    pair.wait(lambda: "active" in [pair.group(name)["role"] for name in GATEWAYS], "somebody is active", detail=pair.tell)
    group = pair.wait_group("gw1", role="active")
    check.check("two cold nodes: the one with the higher priority becomes active", group["role"] == "active", group)
    pair.tunnels_at("gw1")
    pair.wait_hot("gw2")


def begin(check, pair):
    """From nothing to a hot pair with a flow in each direction: (the flows, the number that the first one begins above)."""
    check.step("booted")
    pair.ends(TUNNELS)
    cold(check, pair)
    pair.try_tunnels()
    base = moves.Books(pair).last_number()
    jobs = pair.talk()
    check.step("gw1 is master, gw2 is hot, both directions talk")
    time.sleep(pair.patience())
    return jobs, base


def kill(pair):
    since = pair.hub.now()
    pair["gw1"].kill()
    pair.moved("kill", "gw2", since, since)


def rejoin(check, pair):
    """A gateway that was dead comes back with the higher priority: it takes over when it is hot, and not before."""
    pair.revive("gw1")
    pair.load("gw1", MISFIT.format("add") + "\n")
    since = pair.hub.now()
    pair.start_daemon("gw1")
    pair.wait(lambda: pair.backup("gw1"), "gw1's daemon is backup", detail=pair.tell)
    backup = pair.hub.now()
    pair.wait(lambda: sum(moves.advertised(pair, name, backup) for name in GATEWAYS) >= HELD, f"{HELD} advertisements", detail=pair.tell)
    roles = [(pair.group(name)["role"], moves.advertised(pair, name, since) > 0) for name in GATEWAYS]
    check.equal("back and not hot: gw1 is backup, and silent", roles, [("standby", False), ("active", True)])
    refused = pair["gw1"].run("xfrm-ha check east", check=False)
    check.check("... and `xfrm-ha check` says why", refused.status == 1 and "better copy" in refused.out, refused.out)
    since = pair.hub.now()
    pair["gw1"].run("xfrm-ha " + MISFIT.format("del"))
    pair.moved("rejoin", "gw1", since)
    sync = [event["to"] for event in pair.events("gw1", "sync")]
    check.check("hot: gw1 takes over", "hot" in sync and pair.group("gw1")["role"] == "active", sync)


def end(check, pair, flows, refused=0):
    """What must be true of each move, and of all together; `refused`: packets that the remote may have taken for a replay."""
    moves.judge(check, pair, pair.story, *flows)
    for name in GATEWAYS:
        for event in pair.events(name, "role"):
            check.diag(f"{name}: {event['from']} > {event['to']} ({event['cause']}), {event['sas']} SAs in {event['duration']} us")
    capture = flow.Capture(pair)
    for t in pair.tunnels:
        twice, turns = capture.twice(t.spi_out), capture.turn(t.spi_out)
        refused += overtaken(capture.answers[t.spi_out])
        check.diag(f"{t}: numbers at each change of the gateway {[row[:2] for row in turns]}")
        check.check(f"{t}: no number twice, and each move is seen", len(turns) >= len(pair.story) and not twice, f"{turns}\n{twice[:5]}")
    # Two masters for some milliseconds are VRRP's way to pre-empt; a busy machine may still have packets to send then.
    check.diag(f"{refused} packets of a gateway that was just demoted came after the first one of the other")
    drops = pair.replay_drops()
    check.check("the remote took nothing else for a replay", sum(drops.values()) <= refused, f"{drops}, {refused} of them expected")
    check.check("nothing in clear text on the wire", not capture.clear, capture.clear[:5])


def overtaken(answers):
    """How many packets of an SA came after a higher number of the other gateway."""
    top, count = (0, None), 0
    for _, gateway, seq in answers:
        count += seq < top[0] and gateway != top[1]
        top = max(top, (seq, gateway))
    return count


CHECKS = 1 + 3 + 3 + len(TUNNELS) + 2  # of the functions above and of moves.judge(), but for one per move
