# SPDX-License-Identifier: GPL-2.0
"""A pair with a host behind it, so that the inside moves as well: the remote's second interface, in a namespace.

      remote ---+ wan                       lan +--- host      10.8.0.100, and the inner ends on its loopback
        eth0    |                               |    eth1
      gw1 eth0 -+- eth0 gw2       gw1 eth2 -----+--- eth2 gw2  10.8.0.2, .3; VIP 10.8.0.1
"""

import json

from .pair import GATEWAYS, Pair, number
from .tunnel import batch

INSIDE_VIP = "10.8.0.1"
HOST = "10.8.0.100"
IN_HOST = "ip netns exec host"
RATE = 50


def forwarded(tunnel):
    """A gateway's policies of a tunnel that does not end in the gateway itself: what comes out of it is forwarded."""
    lines = tunnel.policies(True)
    return lines + [line.replace(" dir in ", " dir fwd ") for line in lines if " dir in " in line]


class Inside(Pair):
    """Two tunnels: the remote talks to the host through the first, the host to the remote through the second."""

    machines_wanted = {"gw1": ["wan", "sync", "lan"], "gw2": ["wan", "sync", "lan"], "remote": ["wan", "lan"]}

    def prepare(self, name):
        super().prepare(name)
        guest = self[name]
        if name in GATEWAYS:
            batch(guest, [f"addr add 10.8.0.{number(name) + 1}/24 dev eth2", "link set eth2 up"])
            guest.run("sysctl -qw net.ipv4.conf.eth2.send_redirects=0")
            return
        guest.run("ip netns add host && ip link set eth1 netns host")
        lines = ["link set lo up", f"addr add {HOST}/24 dev eth1", "link set eth1 up", f"route add default via {INSIDE_VIP}"]
        guest.run("".join(f"ip -n host {line} &&" for line in lines) + "true")
        # As at the remote: an answer that comes when its flow has ended is nobody's.
        guest.run(f"""{IN_HOST} nft 'table inet quiet {{ chain out {{ type filter hook output priority 0;
            icmp type destination-unreachable drop; }}; }}'""")

    def addresses(self, name):
        """The routes of a gateway to the inner ends on either side."""
        lines = []
        for t in self.tunnels:
            lines += [f"route add {t.inner[0]} via {HOST} dev eth2", f"route add {t.inner[1]} via {t.remote} dev eth0"]
        batch(self[name], lines)

    def ends(self, tunnels):
        super().ends(tunnels)
        remote, (inwards, outwards) = self["remote"], tunnels
        remote.run("".join(f"ip -n host addr add {t.inner[0]}/32 dev lo;" for t in tunnels))
        servers = [remote.spawn(f"exec {IN_HOST} xha-traffic server {inwards.inner[0]} {inwards.port}"),
                   remote.spawn(f"exec xha-traffic server {outwards.inner[1]} {outwards.port}")]
        self.wait(lambda: all("ready" in job.output() for job in servers), "servers")

    def tunnels_at(self, name):
        """SAs and policies, at the gateway that is active."""
        batch(self[name], [line for t in self.tunnels for line in t.states() + forwarded(t)])

    def clients(self, words):
        inwards, outwards = self.tunnels
        return [f"xha-traffic client {inwards.inner[0]} {inwards.port} --bind {inwards.inner[1]} {words}",
                f"{IN_HOST} xha-traffic client {outwards.inner[1]} {outwards.port} --bind {outwards.inner[0]} {words}"]

    def try_tunnels(self):
        """A few datagrams each way, so that neighbours are known and algorithms loaded."""
        for command in self.clients("--rate 20 --count 3 --linger 3"):
            report = json.loads(self["remote"].run(command, 30).stdout)
            if not report["received"]:
                raise AssertionError(f"does not work: {command}: {report}\n{self.xfrm_stat()}\n{self.show()}")

    def talk(self):
        """Starts both flows, in the order of the tunnels: [Job]; each ends by a signal, with its report."""
        return [self["remote"].spawn(f"exec {command}")
                for command in self.clients(f"--rate {RATE / self.patience():g} --linger 2")]
