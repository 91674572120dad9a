# SPDX-License-Identifier: GPL-2.0
"""What each move of the VIPs cost, by the captures of both sides: when it was announced, and what was lost until then.

A datagram is excused if it was sent after a move began and before both the remote and the host sent to the new gateway;
and if it was on its way when the move began. Nothing else may get lost. All times are the hub's.
"""

import dataclasses
import ipaddress
import json
import struct

from selftests.lab import pcap

from .inside import INSIDE_VIP
from .pair import GATEWAYS
from .tunnel import VIP

ARP, VRRP = 0x0806, 112
VRIDS = (51, 52)  # of the virtual routers that move the VIPs
PROBE = struct.Struct("=IIQ")  # magic, flow, number: how each datagram of xha-traffic begins
MAGIC = 0x78686174
SOON = 1_000_000_000  # ns in which whoever hears of a move must send there: before the daemon says it once more
IN_FLIGHT = 100_000_000  # ns that a datagram and its answer may be on their way through a busy gateway


def is_advert(packet):
    return packet.proto == VRRP and packet.payload[1] in VRIDS


def advertised(pair, gateway, since):
    """How many advertisements a gateway has sent outside since then."""
    return sum(1 for frame in pair.hub.frames("wan") if frame.port == gateway and frame.time >= since
               and is_advert(pcap.decode(frame.data)))


@dataclasses.dataclass
class Move:
    """`began`: the order that broke something; None: the new gateway's first advertisement after `since`, if it pre-empts."""

    what: str
    gateway: str
    since: int
    began: int = None
    announced: dict = None  # side: when a gratuitous ARP of the new gateway reached it
    reached: dict = None  # side: when it first sent to the new gateway
    served: int = None  # when the new gateway first sent in a tunnel
    lost: list = None  # of each flow: how many were on their way when it began, and sent later

    def end(self):
        return max(self.reached.values())

    def ms(self, when):
        return f"{(when - self.began) / 1e6:.0f} ms"

    def __str__(self):
        arp = " and ".join(f"{self.ms(when)} ({side})" for side, when in self.announced.items())
        out = ", ".join(f"{way} + {later} {name}" for name, (way, later) in zip(("inwards", "outwards"), self.lost))
        served = "never" if self.served is None else self.ms(self.served)
        return f"gratuitous ARP after {arp}; first ESP of {self.gateway} after {served}; traffic at {self.gateway} after {self.ms(self.end())}; lost on their way + until then: {out}"


class Books:
    """Both captures, read once; the numbers of a flow's datagrams are those of the flow's own books."""

    def __init__(self, pair):
        self.adverts, self.arps, self.esp, self.to = [], [], [], {"wan": [], "lan": []}
        self.sent = [{}, {}]  # of each flow: when datagram n was sent
        self.soon = SOON * pair.patience()
        self.spi, self.port = pair.tunnels[0].spi_in, pair.tunnels[1].port
        for segment in self.to:
            for frame in pair.hub.frames(segment):
                self.take(segment, frame, pcap.decode(frame.data))

    def take(self, segment, frame, packet):
        if frame.port in GATEWAYS:
            if packet.ethertype == ARP and "remote" in frame.to:
                self.take_arp(segment, frame, packet.payload)
            # Not what a gateway without the VIP sends back to where it takes it to be.
            elif packet.spi and packet.src == VIP[4]:
                self.esp.append((frame.time, frame.port))
            elif is_advert(packet):
                self.adverts.append((frame.time, frame.port))
        elif frame.port == "remote" and packet.src:
            # By the port and not by the MAC, which may be the virtual one.
            gateways = [port for port in frame.to if port in GATEWAYS]
            # What the remote sends to other ends than the VIP goes its own way.
            if len(gateways) == 1 and (segment == "lan" or packet.dst == VIP[4]):
                self.to[segment].append((frame.time, gateways[0]))
            if packet.spi == self.spi:
                self.sent[0].setdefault(packet.seq, frame.time)
            elif segment == "lan" and packet.dport == self.port and len(packet.payload) >= PROBE.size:
                magic, flow, number = PROBE.unpack_from(packet.payload)
                if magic == MAGIC:
                    self.sent[1][flow, number] = frame.time

    def take_arp(self, segment, frame, body):
        sender, target = (str(ipaddress.IPv4Address(body[at:at + 4])) for at in (14, 24))
        if sender == target == (VIP[4] if segment == "wan" else INSIDE_VIP):
            self.arps.append((frame.time, frame.port, segment))

    def last_number(self):
        """The sequence number of the first tunnel's inward SA before its flow starts."""
        return max(self.sent[0], default=0)

    def times(self, base):
        """[{n: when it was sent}] of the flows that began at that sequence number, each the last one of its tunnel."""
        last = max(self.sent[1].items(), key=lambda item: item[1])[0][0]
        return [{seq - base - 1: when for seq, when in self.sent[0].items() if seq > base},
                {number: when for (flow, number), when in self.sent[1].items() if flow == last}]

    def first(self, rows, gateway, since):
        return next((row[0] for row in sorted(rows) if row[1] == gateway and row[0] >= since), None)

    def look(self, move):
        """Fills in when a move was announced and had reached both sides; a reason if it has not."""
        move.began = move.began or self.first(self.adverts, move.gateway, move.since)
        if move.began is None:
            return f"no advertisement of {move.gateway}"
        move.announced = {name: self.first([row for row in self.arps if row[2] == segment], move.gateway, move.began)
                          for name, segment in (("remote", "wan"), ("host", "lan"))}
        move.served = self.first(self.esp, move.gateway, move.began)
        if None in move.announced.values():
            return f"announced {move.announced}"
        # Since it was told: what is sent to one that has died goes to every port, as long as nobody else has that address.
        move.reached = {segment: self.first(self.to[segment], move.gateway, move.announced[side])
                        for side, segment in (("remote", "wan"), ("host", "lan"))}
        if None in move.reached.values():
            return f"announced {move.announced}, reached {move.reached}"
        late = [there - told for told, there in zip(move.announced.values(), move.reached.values())]
        return f"both sides go there {late} ns after it was announced" if max(late) > self.soon else None


def lost(report):
    """The numbers of a flow's datagrams that were not answered."""
    return [n for first, last, *_ in report["lost_ranges"] for n in range(first, last + 1)]


def excuse(move, times, missing, way, soon):
    """Takes out of `missing` (ascending) those that the move explains: (on their way when it began, sent later). `way`: ns that
    a datagram and its answer may be under way, `soon` at most.
    """
    began = min((n for n, when in times.items() if when >= move.began), default=None)
    end = min((n for n, when in times.items() if when >= move.end()), default=None)
    if began is None or end is None:
        return 0, 0
    # On its way: the gateway got it, and had not come to it yet, or to its answer. A run without an answered one in it, and
    # any that is not older than that: two processors do not take them in turn.
    first = min(n for n, when in times.items() if when >= move.began - min(way, soon))
    while first - 1 in missing and times[first - 1] >= move.began - soon:
        first -= 1
    found = [n for n in missing if first <= n < end]
    missing[:] = [n for n in missing if n not in found]
    return sum(n < began for n in found), sum(n >= began for n in found)


def judge(check, pair, moves, jobs, base):
    """Ends the flows; one check per move, and one of what is left: nothing lost that no move explains."""
    for job in jobs:
        job.signal()
    reports = [json.loads(job.wait(120).stdout) for job in jobs]
    books = Books(pair)
    times = books.times(base)
    missing = [lost(report) for report in reports]
    for move in moves:
        why = books.look(move)
        if not why:
            move.lost = [excuse(move, t, m, max(IN_FLIGHT, 1000 * r["rtt_us"]["max"]), books.soon) for t, m, r in zip(times, missing, reports)]
        check.check(f"{move.what}: {move.gateway} announces itself, and both sides go there", not why, why)
        if not why:
            check.figure(f"{move.what}: {move}")
    rows = list(zip(("inwards", "outwards"), reports, times, missing))
    for name, report, sent, _ in rows:
        check.diag(f"{name}: {report['sent']} sent, {report['lost']} lost, {report['refused']} refused, {len(sent)} captured")
    # Counted twice, by the flow itself and on the wire: or the times above would mean nothing.
    check.equal("every datagram was seen on the wire", [len(sent) for _, _, sent, _ in rows], [r["sent"] for r in reports])
    for name, _, sent, left in rows:
        check.check(f"{name}: nothing lost but while the VIPs moved", not left, f"{len(left)}: " + str(
            [(n, nearest(moves, sent.get(n))) for n in left[:20]]))
    return books


def nearest(moves, when):
    """Where in the story a datagram was lost that should not have been."""
    done = [move for move in moves if when and move.began and move.began <= when]
    return f"{done[-1].ms(when)} after {done[-1].what}" if done else "before the first move"
