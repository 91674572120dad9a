# SPDX-License-Identifier: GPL-2.0
"""FRR's vrrpd holds the VIPs, on devices that it keeps down on a backup, with the files of examples/ as they are: a gateway
dies, comes back, takes over when its copy is hot, and is stopped.

usage: python3 -m selftests.vm.frr [KERNEL]
"""

import os
import re

from . import ktap, vrrp
from .inside import INSIDE_VIP
from .tunnel import VIP
from .vrrp import PRIORITY, Vrrp, example

MOVES = 3


def device_commands(name, lower, mac, address):
    """What the comment in frr.conf has ifupdown do for vrrp-east; for another device the same with its own words."""
    lines = re.findall(r"^!\t\t(?:pre-up|up) (.*)$", example("frr.conf"), re.MULTILINE)
    words = {"$IFACE": name, "eth0": lower, "00:00:5e:00:01:33": mac, "192.0.2.15": address}
    for old, new in words.items():
        lines = [line.replace(old, new) for line in lines]
    return lines


def hook_command(name):
    """frr-check, as frr-check.service starts it."""
    command = re.search(r"^ExecStart=(.*)$", example("frr-check.service"), re.MULTILINE).group(1)
    return command.replace(" 200 ", f" {PRIORITY[name]} ")


class Frr(Vrrp):
    """A pair whose VIPs are always there, and held down by vrrpd."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.hooks = {}

    def module_conf(self, name):
        return super().module_conf(name).replace("\ngroup add east", "\n#group add east").replace(
            "\n#group add east vip 192.0.2.15 dev vrrp-east", "\ngroup add east vip 192.0.2.15 dev vrrp-east")

    def load(self, name, more=""):
        super().load(name, more)
        lines = device_commands("vrrp-east", "eth0", "00:00:5e:00:01:33", VIP[4])
        lines += device_commands("vrrp-inside", "eth2", "00:00:5e:00:01:34", INSIDE_VIP)
        self[name].run(" && ".join(lines))

    def start_daemon(self, name):
        guest = self[name]
        # vrrpd has no real-time priority: a machine that is starved for half a second must not look like a dead one.
        conf = example("frr.conf").replace("advertisement-interval 200", "advertisement-interval 1000")
        guest.push(conf.encode(), "/etc/frr/frr.conf")
        guest.push(vrrp.EXAMPLES / "frr-check", "/usr/local/sbin/frr-check", 0o755)
        guest.run("""sed -i s/^vrrpd=no/vrrpd=yes/ /etc/frr/daemons && mkdir -p /run/frr /var/log/frr &&
            chown frr:frr /run/frr /var/log/frr /etc/frr/frr.conf && /usr/lib/frr/frrinit.sh start""", 120)
        self.hooks[name] = guest.spawn(f"exec {hook_command(name)}")

    def backup(self, name):
        return self[name].run("vtysh -c 'show vrrp' | grep -c 'Status (v4) *Backup'", check=False).stdout.strip() == "2"

    def tell(self):
        """What each vrrpd and its hook say."""
        ask = "vtysh -c 'show vrrp summary'; ip -br link"
        return self.show() + "".join(f"\n{name}:\n{job.output()}{self[name].run(ask, check=False).out}"
                                     for name, job in self.hooks.items() if not self[name].asked_to_die)


def stopped(pair):
    since = pair.hub.now()
    pair["gw1"].run("/usr/lib/frr/frrinit.sh stop", 120)
    pair.moved("stop", "gw2", since, since)


def scenario(check, kernel, workdir):
    # Of no use to other guests.
    os.environ["XHA_GUEST_PACKAGES"] = " ".join({*os.environ.get("XHA_GUEST_PACKAGES", "").split(), "frr"})
    with Frr(kernel, workdir) as pair:
        flows = vrrp.begin(check, pair)
        vrrp.kill(pair)
        check.step("gw1 killed, gw2 is master")
        vrrp.rejoin(check, pair)
        check.step("gw1 is back, and master")
        stopped(pair)
        check.step("gw1's FRR was stopped, gw2 is master")
        vrrp.end(check, pair, flows)


if __name__ == "__main__":
    ktap.main(vrrp.CHECKS + MOVES, scenario, "frr")
