# SPDX-License-Identifier: GPL-2.0
"""What became of the datagrams of a tunnel's flow, by the remote's books and the hub's capture of the wan segment.

A flow's datagram n leaves the remote as ESP packet base + 1 + n of its SA, since nothing else uses the SA: so the capture
says of each datagram when it was sent and to whom, with no clock of a guest in it.
"""

import dataclasses
import json

from selftests.lab import pcap

from .tunnel import VIP


class Capture:
    """The ESP packets of the wan segment up to now, by SPI; of gateways those from the VIPs, or from `ends`."""

    def __init__(self, pair, ends=tuple(VIP.values())):
        macs = {pair[name].mac("wan"): name for name in ("gw1", "gw2")}
        self.sent = {}  # spi: [(time, gateway it was sent to, seq, delivered there)] by the remote
        self.answers = {}  # spi: [(time, gateway, seq)] by the gateways
        self.clear = []  # frames of inner addresses outside of a tunnel
        for frame in pair.hub.frames("wan"):
            if frame.port == "hub":
                continue
            packet = pcap.decode(frame.data)
            if packet.spi is None:
                if packet.src and packet.src.startswith(("10.8.", "10.9.", "2001:db8:8:", "2001:db8:9:")):
                    self.clear.append((frame.time, frame.port, packet.src, packet.dst))
            elif frame.port == "remote":
                to = macs.get(packet.eth_dst)
                self.sent.setdefault(packet.spi, []).append((frame.time, to, packet.seq, to in frame.to))
            elif packet.src in ends:  # else the remote's packet, forwarded by who lost the VIP
                self.answers.setdefault(packet.spi, []).append((frame.time, frame.port, packet.seq))

    def twice(self, spi):
        """[(seq, gateway, gateway again)] of the numbers that the gateways used more than once."""
        seen, found = {}, []
        for _, gateway, seq in self.answers.get(spi, ()):
            if seq in seen:
                found.append((seq, seen[seq], gateway))
            seen[seq] = gateway
        return found

    def moved(self, spi, gateway, since=0):
        """(time, seq) of the remote's first packet that reached that gateway, at or after a moment; None if none did."""
        for when, to, seq, delivered in self.sent.get(spi, ()):
            if to == gateway and delivered and when >= since:
                return when, seq
        return None

    def turn(self, spi):
        """[(last number of one gateway, first number of the next, from, to)] of each change of the sender."""
        rows = self.answers.get(spi, ())
        return [(a[2], b[2], a[1], b[1]) for a, b in zip(rows, rows[1:]) if a[1] != b[1]]


@dataclasses.dataclass
class Flow:
    """A tunnel's flow under way."""

    tunnel: object
    job: object
    base: int
    report: dict = None

    def lost(self):
        """The numbers of the datagrams that were not answered."""
        return [n for first, last, *_ in self.report["lost_ranges"] for n in range(first, last + 1)]

    def lost_after(self, seq):
        """... of those from ESP packet `seq` on."""
        return [n for n in self.lost() if self.base + 1 + n >= seq]


def start(pair, tunnels, rate, window=32):
    """A flow per tunnel; each tunnel is tried first, so that neighbours are known and the SA's number, too."""
    remote = pair["remote"]
    words = {t.n: f"{t.inner[0]} {t.port} --bind {t.inner[1]}" for t in tunnels}
    tries = {t.n: remote.spawn(f"exec xha-traffic client {words[t.n]} --rate 20 --count 3 --linger 3", 30) for t in tunnels}
    for t in tunnels:
        report = json.loads(tries[t.n].wait(60 * remote.patience).stdout)
        if report["received"] == 0:
            raise AssertionError(f"tunnel {t.n} ({t}) does not work: {report}\n{pair.xfrm_stat()}\n{pair.show()}")
    sent = Capture(pair).sent
    # A kernel with checkers in it is as much slower as its patience says.
    speed = f"--rate {rate / pair.patience():g}" if rate else f"--rate 0 --window {window}"
    return [
        Flow(t, remote.spawn(f"exec xha-traffic client {words[t.n]} {speed} --linger 2"), max(row[2] for row in sent[t.spi_in]))
        for t in tunnels]


def finish(flows):
    """Ends the flows, all at once: each waits a while for the answers it lacks."""
    for one in flows:
        one.job.signal()
    for one in flows:
        one.report = json.loads(one.job.wait(120).stdout)


def where_lost(pair, gateway):
    """What gateway and remote themselves say of dropped packets: XFRM, and UDP's sockets."""
    lines = []
    for name in (gateway, "remote"):
        udp = pair[name].run("grep -h ^Udp /proc/net/snmp; cat /proc/net/softnet_stat | cut -d' ' -f1-3").stdout
        lines += [f"{name}: {pair.xfrm_stat(name)}", udp]
    return lines


def went_on(ktap, pair, flows, gateway, since):
    """The four things that must be true of each tunnel after a takeover by `gateway`; one check per tunnel."""
    finish(flows)
    capture = Capture(pair)
    for flow in flows:
        report, t = flow.report, flow.tunnel
        moved = capture.moved(t.spi_in, gateway, since)
        wrong = []
        if capture.sent[t.spi_in][-1][2] != flow.base + report["sent"] - report["refused"]:
            wrong.append(f"capture: last {capture.sent[t.spi_in][-1][2]}, base {flow.base}, {report['sent']} sent")
        if not moved:
            wrong.append(f"no packet of the remote reached {gateway}")
        elif lost := flow.lost_after(moved[1]):
            wrong.append(f"{len(lost)} lost after the VIP moved: {lost[:10]}, moved at datagram {moved[1] - flow.base - 1}")
        if twice := capture.twice(t.spi_out):
            wrong.append(f"{len(twice)} numbers twice: {twice[:5]}")
        if not report["received"] or not any(gateway == row[1] and row[0] >= since for row in capture.answers.get(t.spi_out, ())):
            wrong.append("no answer")
        turns = capture.turn(t.spi_out)
        summary = f"{report['sent']} sent, {report['lost']} lost before the VIP moved, numbers {turns}"
        ktap.check(f"{t}: goes on at {gateway}", not wrong, "\n".join(wrong + [summary] + (where_lost(pair, gateway) if wrong else [])))
    drops = pair.replay_drops()
    ktap.equal("the remote took nothing for a replay", drops, {})
    ktap.check("nothing in clear text on the wire", not capture.clear, f"{len(capture.clear)}: {capture.clear[:5]}")
    return capture
