# SPDX-License-Identifier: GPL-2.0
"""keepalived moves the VIPs, with the files of examples/ as they are: a gateway dies, comes back, is stopped, is demoted,
loses its inside, or its outside. Each time traffic goes on where keepalived says, and nothing is lost that was sent there. A
group whose role a script of keepalived's sets has a tunnel, too.

usage: python3 -m selftests.vm.keepalived [KERNEL]
"""

import json
import re

from . import demo, flow, ktap, moves, vrrp
from .pair import GATEWAYS
from .tunnel import Tunnel, batch
from .vrrp import HELD, PRIORITY, Vrrp, example

ETC = "/etc/keepalived"
CONF = f"{ETC}/keepalived.conf"
LOW = 120  # with which the one is below the other
MOVES = 9
SAS = 1000  # besides those with traffic
# The group without a VIP: where its tunnels end, and the address of its VRRP instance.
WEST, WEST_VIA = "198.51.100.1", "192.0.2.16"
WEST_TURNS = 5  # how often its traffic must have changed the gateway, at least


class WestTunnel(Tunnel):
    """Between the remote and a loopback of the gateway that is active for the group."""

    vip = WEST


def daemon_conf(name, priority=None, preempt=True):
    """Both examples, one including the other; {path: text}"""
    texts = {}
    for file in ("keepalived.conf", "keepalived-notify.conf"):
        text, count = re.subn(r"^\tpriority 200$", f"\tpriority {priority or PRIORITY[name]}" + ("" if preempt else "\n\tnopreempt"),
                              example(file), flags=re.MULTILINE)
        assert count, f"{file} has no priority"
        texts[f"{ETC}/{file}"] = text
    texts[CONF] += f"include {ETC}/keepalived-notify.conf\n"
    return texts


class Keepalived(Vrrp):
    """A pair whose VIPs keepalived moves; group west has none, and a script of keepalived's sets its role."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.daemons = {}

    def module_conf(self, name):
        return super().module_conf(name).replace("#group add west", "group add west")

    def addresses(self, name):
        super().addresses(name)
        t, guest = WEST_TUNNEL, self[name]
        batch(guest, [f"addr add {WEST}/32 dev lo", *t.addresses(True, "eth0")])
        guest.spawn(f"exec xha-traffic server {t.inner[0]} {t.port}")

    def ends(self, tunnels):
        super().ends(tunnels)
        t = WEST_TUNNEL
        batch(self["remote"], [f"addr add {t.inner[1]}/32 dev lo", f"route add {WEST} via {WEST_VIA}", *t.states(), *t.policies(False),
                               f"route add {t.inner[0]} via {WEST_VIA} src {t.inner[1]}"])

    def tunnels_at(self, name):
        super().tunnels_at(name)
        batch(self[name], demo.more_sas(SAS))

    def talk_west(self):
        """The remote's flow in the tunnel of group west, from its SAs on; [Job]."""
        t = WEST_TUNNEL
        self.west_at("gw1")
        batch(self["gw1"], t.states() + t.policies(True))
        # Hot is what was true a moment ago; the next thing is that gw1 dies.
        self.wait(lambda: self.ask("gw2", "group show west")[0].items() >= {"sync": "hot", "sas": 2, "policy_count": 2}.items(),
                  "gw2: hot for west, with everything", detail=self.tell)
        return self["remote"].spawn(f"exec xha-traffic client {t.inner[0]} {t.port} --bind {t.inner[1]} "
                                    f"--rate {20 / self.patience():g} --linger 2")

    def configure_daemon(self, name, priority=None, preempt=True):
        for path, text in daemon_conf(name, priority, preempt).items():
            self[name].push(text.encode(), path)

    def start_daemon(self, name):
        guest = self[name]
        self.configure_daemon(name)
        guest.push(vrrp.EXAMPLES / "keepalived-notify", f"{ETC}/keepalived-notify", 0o755)
        guest.run(f"keepalived --config-test --use-file {CONF}")
        self.daemons[name] = guest.spawn(f"exec keepalived --dont-fork --log-console --log-detail --use-file {CONF}")

    def signal_daemon(self, name, signal):
        self[name].run(f"kill -{signal} $(cat /run/keepalived.pid)")

    def backup(self, name):
        return self.daemons[name].output().count("Entering BACKUP STATE") >= 3

    def west(self, name):
        """The role for the group that a script of keepalived's drives."""
        return self.ask(name, "group show west")[0]["role"]

    def west_at(self, gateway):
        self.wait(lambda: self.west(gateway) == "active", f"{gateway}: active for west, by the script", detail=self.tell)

    def effective(self, name):
        """The lowest priority that keepalived goes by now, of all its instances."""
        self.signal_daemon(name, "USR1")
        data = self[name].run("for i in $(seq 50); do [ -s /tmp/keepalived.data ] && break; sleep 0.1; done; cat /tmp/keepalived.data").out
        self[name].run("rm -f /tmp/keepalived.data")
        found = re.findall(r"Effective priority = (\d+)", data)
        return min(map(int, found), default=0)

    def tell(self):
        """What keepalived said last."""
        return self.show() + "".join(f"\n{name}:\n" + "\n".join(job.output().splitlines()[-30:]) for name, job in self.daemons.items())


WEST_TUNNEL = WestTunnel(3)


def west_went_on(check, pair, job):
    """Its traffic was with the one and the other in turns, no number was used twice, and the last datagrams were answered."""
    job.signal()
    report, capture, t = json.loads(job.wait(120).stdout), flow.Capture(pair, (WEST,)), WEST_TUNNEL
    turns, twice = capture.turn(t.spi_out), capture.twice(t.spi_out)
    last = max((row[1] for row in report["lost_ranges"]), default=-1)
    check.diag(f"west: {report['sent']} sent, {report['lost']} lost, numbers at each change of the gateway {[row[:2] for row in turns]}")
    good = len(turns) >= WEST_TURNS and not twice and report["received"] and last < report["sent"] - 10
    check.check("the group without a VIP: traffic goes where keepalived's script says, no number twice", good, f"{turns}\n{twice[:5]}\n{report}")
    return vrrp.overtaken(capture.answers[t.spi_out])


def stopped(pair):
    since = pair.hub.now()
    pair.signal_daemon("gw1", "TERM")
    pair.moved("stop", "gw2", since, since)
    pair.west_at("gw2")
    pair.daemons["gw1"].wait(30)
    since = pair.hub.now()
    pair.start_daemon("gw1")
    pair.moved("start", "gw1", since)


def demoted(pair):
    since = pair.hub.now()
    pair.configure_daemon("gw1", LOW)
    pair.signal_daemon("gw1", "HUP")
    pair.moved("priority", "gw2", since, since)


def side_down(pair, side, segment, device):
    """A side of gw2 has no carrier; when it has one again, gw2 has the higher priority."""
    since = pair.hub.now()
    pair["gw2"].link(segment, False)
    pair.moved(f"{side} down", "gw1", since, since)
    # What it wanted to send then has begun to look for its neighbour: that ends without an answer, before it is tried anew.
    pair.wait(lambda: "INCOMPLETE" not in pair["gw2"].run(f"ip neigh show dev {device}").out, "gw2 has given up looking for a neighbour")
    since = pair.hub.now()
    pair["gw2"].link(segment, True)
    pair.moved(f"{side} up", "gw2", since)


def stays(check, pair):
    """Without pre-emption a higher priority moves nothing. gw1's own is: the script that lowers it has succeeded, and is asked."""
    for name in GATEWAYS:
        pair.configure_daemon(name, preempt=False)
        pair.signal_daemon(name, "HUP")
    pair.wait(lambda: pair.effective("gw1") >= PRIORITY["gw1"], "gw1 has its own priority", detail=pair.tell)
    since = pair.hub.now()
    pair.wait(lambda: sum(moves.advertised(pair, name, since) for name in GATEWAYS) >= HELD, f"{HELD} advertisements", detail=pair.tell)
    sent = [moves.advertised(pair, name, since) > 0 for name in GATEWAYS]
    check.equal("a higher priority without pre-emption: nobody moves", sent, [False, True])


def scenario(check, kernel, workdir):
    with Keepalived(kernel, workdir) as pair:
        flows = vrrp.begin(check, pair)
        west = pair.talk_west()
        vrrp.kill(pair)
        pair.west_at("gw2")
        check.step("gw1 killed, gw2 is master")
        vrrp.rejoin(check, pair)
        pair.west_at("gw1")
        check.step("gw1 is back, and master")
        stopped(pair)
        pair.west_at("gw1")
        check.step("gw1's keepalived was stopped and started")
        demoted(pair)
        pair.west_at("gw2")
        check.step("gw1 has a lower priority, gw2 is master")
        side_down(pair, "inside", "lan", "eth2")
        check.step("gw2's inside went and came")
        side_down(pair, "outside", "wan", "eth0")
        check.step("gw2's outside went and came")
        stays(check, pair)
        roles = [pair.west(name) for name in GATEWAYS]
        check.equal("the group without a VIP is where keepalived's script says", roles, ["standby", "active"])
        vrrp.end(check, pair, flows, west_went_on(check, pair, west))


if __name__ == "__main__":
    ktap.main(vrrp.CHECKS + MOVES + 3, scenario, "keepalived")
