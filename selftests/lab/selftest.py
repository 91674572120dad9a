# SPDX-License-Identifier: GPL-2.0
"""The lab tried on itself: boots a triple, breaks what a test can break, and sees that the lab says so.

usage: python3 -m selftests.lab.selftest [KERNEL] [WORKDIR]
"""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

from . import pcap
from .vm import HERE, GuestDied, Lab, LabError

TRIPLE = {"gw1": ["wan", "lan", "sync"], "gw2": ["wan", "lan", "sync"], "remote": ["wan"]}
KEY = "0x" + "11" * 20


def tunnel(guest, me, other):
    """An ESP tunnel 172.16.ME.1 = 172.16.OTHER.1 between 10.0.0.ME and 10.0.0.OTHER."""
    for src, dst in ((me, other), (other, me)):
        guest.run(
            f"ip xfrm state add src 10.0.0.{src} dst 10.0.0.{dst} proto esp spi 0x10{src}{dst} reqid 1 mode tunnel"
            f" replay-window 64 aead 'rfc4106(gcm(aes))' {KEY} 128;"
            f"ip xfrm policy add src 172.16.{src}.1 dst 172.16.{dst}.1 dir {'out' if src == me else 'in'}"
            f" tmpl src 10.0.0.{src} dst 10.0.0.{dst} proto esp reqid 1 mode tunnel")
    guest.run(f"ip addr add 172.16.{me}.1/32 dev lo; ip route add 172.16.{other}.1/32 dev eth0 src 172.16.{me}.1")


def report(job):
    """The JSON that a traffic tool prints at its end."""
    return json.loads(job.stop().stdout)


def check(what, truth):
    print(f"{'ok' if truth else 'NOT OK'}: {what}", flush=True)
    if not truth:
        raise LabError(what)


def basics(lab):
    gw1, gw2, remote = (lab[name] for name in TRIPLE)
    print("boot:", {name: f"{guest.boot_seconds:.1f} s" for name, guest in lab.guests.items()})
    for i, guest in enumerate(lab.guests.values(), 1):
        guest.run(f"ip addr add 10.0.0.{i}/24 dev eth0; ip link set eth0 up; modprobe -a esp4 xfrm_user gcm")
    check("stdout, stderr and status", remote.run("echo out; echo err >&2; exit 3", check=False) == (3, "out\nerr\n"))
    check("a timeout ends a script", remote.run("sleep 100", timeout=0.5, check=False).status == 124)
    blob = bytes(range(256)) * 4096
    gw1.push(blob, "/root/new/blob")
    check("push and pull", gw1.pull("/root/new/blob") == blob)
    check("clocks agree", abs(int(gw2.run("date +%s%N").out) - time.time_ns()) < 0.5e9 * gw2.patience)
    remote.run("ping -c 3 -i 0.2 10.0.0.1")
    lab.hub.cut("wan", "gw1")
    check("a cut port is cut", remote.run("ping -c 2 -i 0.2 -W 1 10.0.0.1", check=False).status == 1)
    lab.hub.restore("wan", "gw1")
    remote.run("ping -c 3 -i 0.2 10.0.0.1")
    gw2.link("sync", False)
    gw2.run("ip link set eth2 up; sleep 0.5; [ $(cat /sys/class/net/eth2/carrier) = 0 ]")
    gw2.link("sync", True)
    gw2.run("sleep 0.5; [ $(cat /sys/class/net/eth2/carrier) = 1 ]")
    ping = remote.spawn("exec ping -i 0.2 10.0.0.2")
    gw2.freeze()
    time.sleep(1)
    gw2.thaw()
    check("a frozen guest comes back", gw2.run("echo back").out == "back\n" and ping.running())
    check("a signal ends a spawned ping", ping.stop(2).status in (0, 1))


def esp(lab):
    gw1, remote = lab["gw1"], lab["remote"]
    tunnel(gw1, 1, 3)
    tunnel(remote, 3, 1)
    server = gw1.spawn("exec xha-traffic server 0.0.0.0 7000")
    tap = remote.spawn("exec xha-esptap eth0 --clear 172.16.1.1 172.16.3.1")
    time.sleep(1)
    for address, kind in (("10.0.0.1", "plain"), ("172.16.1.1", "ESP")):
        result = remote.run(f"xha-traffic client {address} 7000 --rate 0 --count 3000 --window 16", timeout=120)
        seen = json.loads(result.stdout)
        print(f"{kind}: {seen['received'] / seen['seconds']:.0f} echo round trips/s, {seen['rtt_us']}, lost {seen['lost']}")
    steady = remote.spawn("exec xha-traffic client 172.16.1.1 7000 --rate 50")
    time.sleep(1)
    cut = lab.hub.cut("wan", "gw1")
    time.sleep(1)
    restored = lab.hub.restore("wan", "gw1")
    time.sleep(1)
    seen = report(steady)
    spread = 0.3e9 * gw1.patience
    longest = max(seen["lost_ranges"], key=lambda lost: lost[1] - lost[0])
    check("lost datagrams fall into the cut", abs(longest[2] - cut) < spread and abs(longest[3] - restored) < spread)
    lab.hub.impair("wan", "remote", dup=0.5)
    remote.run("ping -c 20 -i 0.05 -I 172.16.3.1 172.16.1.1", check=False)
    lab.hub.impair("wan", "remote")
    tapped = report(tap)
    sas = {(sa["dir"], sa["spi"]): sa for sa in tapped["sas"]}
    check("the tap sees duplicates where the hub made them", sas["in", 0x1013]["duplicates"] > 0)
    check("the tap sees none where there are none", sas["out", 0x1031]["duplicates"] == 0)
    check("no clear text out", tapped["clear_out"] == 0 and tapped["drops"] == 0)
    report(server)
    clear = [f for f in lab.hub.frames("wan") if (pcap.decode(f.data).src or "").startswith("172.16.")]
    check("no clear text on the wire", not clear)
    streams = pcap.esp_duplicates(lab.hub.capture("wan"))
    out = streams["10.0.0.3", "10.0.0.1", 0x1031]
    check("hub and tap count the same", out.count == sas["out", 0x1031]["count"] and out.highest == sas["out", 0x1031]["max"])
    check("the hub's own duplicates are not the guests'", not streams["10.0.0.1", "10.0.0.3", 0x1013].duplicates)
    frame = next(f for f in lab.hub.frames("wan") if pcap.decode(f.data).seq == 1)
    lab.hub.inject("wan", frame.data, to="gw1")
    time.sleep(0.5)
    replayed = gw1.run("awk '/XfrmInStateSeqError/ { print $2 }' /proc/net/xfrm_stat").out
    check("an injected old packet is refused as a replay", int(replayed) > 0)


def stumbles(guest):
    """Boots that get nowhere: one is excused, two are not."""
    once, kill = guest.extra_cmdline, guest.kill

    def kill_and_cure():
        kill()
        guest.extra_cmdline = once

    guest.kill()
    guest.extra_cmdline = "rdinit=/none init=/none"
    try:
        guest.boot()
    except GuestDied as error:
        check("a guest whose kernel panics twice is dead, and why is told", "Kernel panic" in str(error))
    else:
        check("a guest whose kernel panics twice is dead", False)
    guest.kill()
    guest.consoles.pop()
    guest.kill = kill_and_cure
    check("one that panics before its agent is there is booted once more", guest.boot().run("true").status == 0)
    check("... and its console is kept apart", not guest.console_problems() and len(guest.stumbled) == 2)
    guest.kill = kill


def deaths(lab):
    lab["gw1"].kill()
    check("an asked death is none", not lab["gw1"].alive())
    lab["gw1"].boot()
    check("a killed guest boots again", lab["gw1"].run("cat /proc/sys/kernel/hostname").out == "gw1\n")
    stumbles(lab["gw1"])
    lab["gw2"].run("echo 'WARNING: said by the selftest' >/dev/kmsg; sleep 0.5")
    check("a bad console line is found", list(lab.problems()) == ["gw2"])
    try:
        lab["remote"].run("echo c >/proc/sysrq-trigger; sleep 20", timeout=40)
    except GuestDied as error:
        check("a panic is seen", "sysrq" in str(error) and "remote" in lab.problems())
    else:
        check("a panic is seen", False)


def main():
    kernel = sys.argv[1] if len(sys.argv) > 1 else "6.1"
    workdir = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else tempfile.mkdtemp(prefix="xha-selftest-"))
    testdir = workdir / "test"
    testdir.mkdir(parents=True, exist_ok=True)
    subprocess.run(["make", "-s", "-C", HERE.parent / "traffic", f"OUT={testdir}"], check=True)
    began = time.monotonic()
    try:
        with Lab(kernel, TRIPLE, workdir, testdir=testdir) as lab:
            basics(lab)
            esp(lab)
            check("no console problems so far", not lab.problems())
            deaths(lab)
    except LabError as error:
        # The end of the block must complain of what deaths() did.
        if "remote: died" not in str(error):
            raise
        check("the lab's end reports the death", True)
    else:
        check("the lab's end reports the death", False)
    print(f"{kernel}: all well in {time.monotonic() - began:.0f} s")
    shutil.rmtree(workdir)


if __name__ == "__main__":
    try:
        main()
    except LabError as failure:
        sys.exit(f"lab selftest: {failure}")
