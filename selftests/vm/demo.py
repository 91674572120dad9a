# SPDX-License-Identifier: GPL-2.0
"""The demo: three machines, an ESP tunnel, one gateway loses its power, the other goes on. Prints what happened when.

usage: [SAS=N] python3 -m selftests.vm.demo [KERNEL]
"""

import json
import os
import shutil
import sys
import time

from selftests.lab.vm import LabError

from . import flow
from .ktap import BUILD
from .pair import Pair
from .tunnel import VIP, REMOTE, Tunnel, batch

TUNNEL = Tunnel(1, kind="gcm", window="esn")
RATE = 100
PAUSE = 0.7  # from the death to the VIP's move: what keepalived needs with an advertisement every 0.2 s


def more_sas(count):
    """Further SAs from the VIP to the remote, both directions, that share nothing with the tunnel but its ends."""
    lines = []
    for i in range(count):
        src, dst = (VIP[4], REMOTE[4]) if i % 2 else (REMOTE[4], VIP[4])
        lines.append(
            f"xfrm state add src {src} dst {dst} proto esp spi {0x100000 + i:#x} reqid {100000 + i // 2} mode tunnel"
            f" replay-window 128 flag esn aead 'rfc4106(gcm(aes))' 0x{i:040x} 128")
    return lines


class Story:
    """What happened when; times count from the start of the traffic."""

    def __init__(self):
        self.rows, self.start = [], 0

    def add(self, when, text):
        self.rows.append((when, text))

    def tell(self):
        for when, text in sorted(self.rows):
            print(f"  {(when - self.start) / 1e9:8.3f} s  {text}")


def events(monitor):
    return [json.loads(line) for line in monitor.output().splitlines() if line.startswith("{")]


def takeover(monitor):
    """The event of gw2 becoming active, None while there is none."""
    found = [e for e in events(monitor) if e["event"] == "role" and e["to"] == "active"]
    return found[0] if found else None


def run(pair, story, sas):
    print("==> two gateways with xfrm_ha and a key for their sync link; a VIP; one ESP tunnel (AES-GCM, ESN) to the remote", flush=True)
    pair.set_up([TUNNEL])
    if sas:
        print(f"==> {sas} more SAs", flush=True)
        began = time.monotonic()
        batch(pair["gw1"], more_sas(sas))
        added = time.monotonic()
        group = pair.wait_hot("gw2", 60 + sas // 20)
        print(f"==> gw1 has added them after {added - began:.1f} s, gw2 is hot with {group['sas']} after another"
              f" {time.monotonic() - added:.1f} s", flush=True)
    print(pair["gw1"].run("xfrm-ha group show").out, end="")
    monitor = pair["gw2"].spawn("exec xfrm-ha -j monitor")
    print(f"==> traffic: {RATE} packets/s to the gateway and back, through the tunnel", flush=True)
    one = flow.start(pair, [TUNNEL], RATE)[0]
    story.start = pair.hub.now()
    story.add(story.start, f"traffic starts; gw1 is active for group east, gw2 is {pair.group('gw2')['sync']} standby")
    time.sleep(3)

    print("==> SIGKILL for the machine gw1", flush=True)
    story.add(pair.hub.now(), "gw1's machine is killed (SIGKILL)")
    pair["gw1"].kill()
    time.sleep(PAUSE)
    print("==> the VIP moves to gw2", flush=True)
    before, after, first = pair.time_vip("gw2", TUNNEL)
    story.add(before, f"VIP {VIP[4]} moves to gw2: ip address add, gratuitous ARP ({(after - before) / 1e6:.0f} ms with both)")
    pair.wait(lambda: takeover(monitor), "the event of the takeover")
    time.sleep(3)
    flow.finish([one])
    return one, takeover(monitor), first


def judge(pair, story, sas, one, event, first):
    """Prints the timeline and the verdict; true if all held."""
    t, capture = one.tunnel, flow.Capture(pair)
    moved = capture.moved(t.spi_in, "gw2")
    old = [row for row in capture.answers[t.spi_out] if row[1] == "gw1"]
    new = [row for row in capture.answers[t.spi_out] if row[1] == "gw2"]
    if not moved or not old or not new:
        raise LabError(f"gw2 got {moved}, gw1 sent {len(old)} and gw2 {len(new)} packets")
    lost, after = one.report["lost"], len(one.lost_after(moved[1]))
    drops, twice = pair.replay_drops(), capture.twice(t.spi_out)
    story.add(old[-1][0], f"gw1's last ESP packet, sequence number {old[-1][2]}")
    story.add(moved[0], f"the remote's first packet arrives at gw2, its number {moved[1]}")
    story.add(new[0][0], f"gw2's first ESP packet, sequence number {new[0][2]}, same SA: spi {t.spi_out:#x}")
    story.add(event["time"] * 1000000, f"gw2 is active: {event['sas']} SAs taken over in {event['duration']} us"
              f" ({event['duration'] / max(event['sas'], 1):.2f} us each), term {event['term']}")
    # The event has the guest's clock, in ms; the order is known better than that.
    print("\nTimeline")
    story.tell()
    print(f"""
Result
  packets of the remote        {one.report['sent']} sent, {one.report['received']} answered
  lost before the VIP moved    {lost - after}   (nobody can save those)
  lost after the VIP moved     {after}
  replay drops at the remote   {sum(drops.values())}   (XfrmInStateSeqError + XfrmInStateProtoError)
  ESP numbers used twice       {len(twice)}
  sequence number              {old[-1][2]} before, {new[0][2]} after (jump {new[0][2] - old[-1][2]})
  in clear text on the wire    {len(capture.clear)}
  SAs taken over               {event['sas']} of {sas + 2} in {event['duration']} us
  VIP added to first ESP       {first['esp']} us, of which {first['added']} until it was added
  inbound exposure             {event['exposure']} packets that could be replayed once""")
    print(f"# figure: {event['sas']} SAs: first ESP {first['esp']} us after the VIP was about to be added, by code that has never run")
    return (not (after or drops or twice or capture.clear) and new[0][2] > old[-1][2] and one.report["received"] > lost
            and event["sas"] == sas + 2)


def main():
    kernel = sys.argv[1] if len(sys.argv) > 1 else "6.12"
    sas = int(os.environ.get("SAS") or "1000")
    workdir = BUILD / "vm" / "demo"
    shutil.rmtree(workdir, ignore_errors=True)
    story = Story()
    print(f"==> booting gw1, gw2 and remote with Linux {kernel}", flush=True)
    with Pair(kernel, workdir) as pair:
        held = judge(pair, story, sas, *run(pair, story, sas))
    print(f"\n{'It held: the tunnel lives on, the remote noticed nothing but the gap.' if held else 'IT DID NOT HOLD.'}"
          f"  (consoles and captures: {os.path.relpath(workdir)})")
    return 0 if held else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LabError as failure:
        sys.exit(f"demo: {failure}")
