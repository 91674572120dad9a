# SPDX-License-Identifier: GPL-2.0
"""Two gateways with the module and a remote, each a machine of its own.

      remote ---+ wan    192.0.2.100, 2001:db8:2::100
        eth0    |        VIP 192.0.2.15, 2001:db8:2::15
      gw1 eth0 -+- eth0 gw2    .1, .2
      gw1 eth1 --- eth1 gw2    sync: 10.150.0.1, .2
"""

import base64
import json
import os
import time

from selftests.lab.vm import Lab, LabError, tool

from .ktap import BUILD, TOP
from .tunnel import REMOTE, VIP, batch

MACHINES = {"gw1": ["wan", "sync"], "gw2": ["wan", "sync"], "remote": ["wan"]}
GATEWAYS = ("gw1", "gw2")
KEY_FILE = "/etc/xfrm-ha.key"
# Loaded before the clock runs: a cold modprobe in an emulated machine takes seconds.
MODULES = "xfrm_user xfrm_algo esp4 esp6 gcm ccm chacha20poly1305 cbc authenc seqiv echainiv hmac sha256_generic ecb crypto_null"
# The flows' ends want room: on a slow machine a default socket loses what the gateway has not.
SYSCTLS = "net.core.rmem_max=8388608 net.core.wmem_max=8388608 net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.default.send_redirects=0 " \
    "net.ipv4.conf.eth0.send_redirects=0"


def number(name):
    return {"gw1": 1, "gw2": 2, "remote": 100}[name]


def other(name):
    return "gw2" if name == "gw1" else "gw1"


def module_file(kernel):
    """The module under test: XHA_MODULE, else the build for that kernel."""
    return os.environ.get("XHA_MODULE") or BUILD / kernel / "xfrm_ha.ko"


def unit(key):
    """What systemd would run on that occasion."""
    lines = (TOP / "tools/xfrm-ha.service").read_text(encoding="utf-8").splitlines()
    return " && ".join(line.removeprefix(f"{key}=") for line in lines if line.startswith(f"{key}="))


class Pair(Lab):
    machines_wanted = MACHINES

    def __init__(self, kernel, workdir, **options):
        """kernel: one for all, or A+B: gw1 has A, gw2 and the remote B."""
        first, _, second = kernel.partition("+")
        kernel = {"gw1": first, "gw2": second or first, "remote": second or first}
        super().__init__(kernel, self.machines_wanted, workdir, testdir=BUILD / "test", **options)
        self.tunnels, self.vips = [], VIP
        self.key = base64.b64encode(os.urandom(32)) + b"\n"

    def patience(self):
        return max(guest.patience for guest in self.guests.values())

    def prepare(self, name):
        """A booted guest gets its addresses, modules and, as a gateway, xfrm_ha.ko where modprobe finds it."""
        guest, n = self[name], number(name)
        lines = [f"addr add 192.0.2.{n}/24 dev eth0", f"addr add 2001:db8:2::{n}/64 dev eth0 nodad", "link set eth0 up"]
        if name in GATEWAYS:
            lines += [f"addr add 10.150.0.{n}/24 dev eth1", f"addr add fd00:150::{n}/64 dev eth1 nodad", "link set eth1 up"]
            self.install(name, module_file(guest.kernel))
            if self.key:
                guest.push(self.key, KEY_FILE, 0o600)
        else:
            # A late answer to a flow that has ended must not be answered: each packet of an SA is to be a flow's own.
            guest.run("""nft 'table inet quiet { chain out { type filter hook output priority 0;
                icmp type destination-unreachable drop; icmpv6 type destination-unreachable drop; }; }'""")
        batch(guest, lines)
        guest.run(f"modprobe -aq {MODULES}; {'depmod -a' if name in GATEWAYS else ':'} && sysctl -qw {SYSCTLS}", timeout=120)

    def install(self, name, module):
        """Puts a build of the module where modprobe finds it."""
        guest = self[name]
        version = tool("kernel.sh", guest.kernel, "version")
        guest.push(module, f"/lib/modules/{version}/updates/xfrm_ha.ko")

    # ---- configuration -------------------------------------------------------

    def configure(self, name, knobs="", sample=None):
        """The simple pair, as README says it, by the file and the commands of the systemd unit; knobs are words of `group add`."""
        n = number(name)
        vips = " ".join(f"vip {address} dev eth0" for address in self.vips.values())
        self[name].push(f"""# The simple pair
            node set id {n} {f"sample-period {sample}" if sample else ""}
            peer add {3 - n} local 10.150.0.{n} remote 10.150.0.{3 - n} dev eth1 key-file {KEY_FILE}
            group add east {vips} {knobs}
""".encode(), "/etc/xfrm-ha.conf")
        self[name].run(unit("ExecStart"))

    def set_up(self, tunnels, knobs="", sample=None):
        """Both gateways configured, gw1 active with the tunnels, and gw2 hot."""
        self.ends(tunnels)
        for name in GATEWAYS:
            self.configure(name, knobs, sample)
        self.begin()

    def ends(self, tunnels):
        """Addresses, routes and servers of all three, and the remote's SAs and policies."""
        self.tunnels = tunnels
        for name in GATEWAYS:
            self.addresses(name)
        batch(self["remote"], [line for t in tunnels for line in t.addresses(False, "eth0") + t.states() + t.policies(False)])

    def begin(self):
        """gw1 gets the VIPs and becomes active, and what follows."""
        self.take_vip("gw1")
        self.wait_group("gw1", role="active")
        self.fill()

    def fill(self):
        """gw1 is active and gets the tunnels; gw2 becomes hot."""
        batch(self["gw1"], [line for t in self.tunnels for line in t.states() + t.policies(True)])
        self.wait_hot("gw2")

    def addresses(self, name):
        """The inner ends and the servers behind a gateway."""
        guest = self[name]
        batch(guest, [line for t in self.tunnels for line in t.addresses(True, "eth0")])
        servers = " ".join(f"{'0.0.0.0' if t.family == 4 else '::'}_{t.port}" for t in self.tunnels)
        job = guest.spawn(f"for s in {servers}; do xha-traffic server ${{s%_*}} ${{s#*_}} & done; wait")
        self.wait(lambda: job.output().count("ready") == len(self.tunnels), f"{name}: servers")

    def take_vip(self, name, flags="nodad"):
        """`ip address add` of all VIPs, then what keepalived would send: (before, after), the hub's times."""
        add = {4: "addr add {}/32 dev eth0", 6: "addr add {}/128 dev eth0 " + flags}
        lines = "\n".join(add[family].format(address) for family, address in self.vips.items())
        before = self.hub.now()
        self[name].run(f"ip -batch - <<'E' && xha-announce eth0 {' '.join(self.vips.values())}\n{lines}\nE")
        return before, self.hub.now()

    def time_vip(self, name, tunnel):
        """The same, with the IPv4 address as the last one that the group waits for: (before, after, what xha-first found out).

        Like a standby in real life, this one knows its neighbours' MACs: resolving one is not the takeover's.
        """
        self[name].run(f"ping -q -c 1 -W 5 {REMOTE[4]}")
        before = self.hub.now()
        inner, far = tunnel.inner
        out = self[name].run(f"ip addr add {self.vips[6]}/128 dev eth0 nodad && xha-first eth0 {self.vips[4]} {inner} {far} && "
                             f"xha-announce eth0 {' '.join(self.vips.values())}").out
        return before, self.hub.now(), json.loads(out)

    def drop_vip(self, name):
        """`ip address del` of all VIPs; the hub's time before."""
        lines = "\n".join(f"addr del {address}/{32 if family == 4 else 128} dev eth0" for family, address in self.vips.items())
        before = self.hub.now()
        self[name].run(f"ip -batch - <<'E'\n{lines}\nE")
        return before

    def revive(self, name):
        """A killed gateway boots again, with addresses and servers, but no VIP, no module and no SAs."""
        self[name].boot(120)
        self.addresses(name)

    # ---- questions -----------------------------------------------------------

    def ask(self, name, words):
        """What `xfrm-ha -j WORDS` answers."""
        return json.loads(self[name].run(f"xfrm-ha -j {words}").stdout or "[]")

    def group(self, name):
        return self.ask(name, "group show east")[0]

    def stats(self, name):
        return self.ask(name, "stats show")[0]

    def wait(self, truth, what, timeout=20, detail=None):
        """Polls until truth() is: LabError if it never is."""
        end = time.monotonic() + timeout * self.patience()
        while not (answer := truth()):
            if time.monotonic() > end:
                raise LabError(f"waited {timeout * self.patience():.0f} s for: {what}\n{detail() if detail else ''}")
            time.sleep(0.05)
        return answer

    def show(self):
        """Both gateways' own account, for a failure's explanation."""
        return "\n".join(
            f"{name}: {self[name].run('xfrm-ha group show; xfrm-ha peer show', check=False).out}"
            for name in GATEWAYS if not self[name].asked_to_die)

    def wait_group(self, name, timeout=20, **want):
        def reached():
            group = self.group(name)
            return all(group[key] == value for key, value in want.items()) and group

        return self.wait(reached, f"{name}: {want}", timeout, self.show)

    def wait_hot(self, name, timeout=30):
        """Hot, and with all that the active has: an SA added a moment ago may still be on its way."""
        def reached():
            mine, theirs = self.group(name), self.group(other(name))
            same = all(mine[key] == theirs[key] for key in ("sas", "policy_count"))
            return mine if same and (mine["role"], mine["sync"]) == ("standby", "hot") else None

        return self.wait(reached, f"{name}: hot, with everything", timeout, self.show)

    def xfrm_stat(self, name="remote"):
        """The counters of /proc/net/xfrm_stat that are not 0."""
        lines = self[name].run("cat /proc/net/xfrm_stat").stdout.splitlines()
        return {key: int(value) for key, value in (line.split() for line in lines) if int(value)}

    def replay_drops(self):
        """What the remote took for a replay; under ESN an old number fails its integrity check instead."""
        stat = self.xfrm_stat()
        return {key: stat[key] for key in ("XfrmInStateSeqError", "XfrmInStateProtoError") if key in stat}


