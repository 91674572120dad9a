#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Reads the hub's captures: frames with their ports, decoded down to ESP's SPI and sequence number.

usage: python3 -m selftests.lab.pcap FILE [esp]
"""

import dataclasses
import ipaddress
import struct
import sys

ESP, AH, UDP = 50, 51, 17
NATT_PORT = 4500
# IPv6 extension headers that can stand before ESP, of (length byte + 1) * 8 octets; 44 is the fragment header.
EXTENSIONS = {0, 43, 60}


@dataclasses.dataclass(slots=True)
class Frame:
    time: int  # ns of the epoch, by the hub's monotonic clock
    port: str  # where it came from; "hub" for what the hub injected or doubled
    to: tuple  # the ports it was sent to; none if it was cut or lost
    data: bytes


@dataclasses.dataclass(slots=True)
class Packet:
    """What decode() found; fields that the packet does not have are None."""

    eth_src: str
    eth_dst: str
    ethertype: int
    vlan: int = None
    src: str = None
    dst: str = None
    proto: int = None
    fragment: bool = False
    sport: int = None
    dport: int = None
    spi: int = None
    seq: int = None
    encap: bool = False  # ESP in UDP
    payload: bytes = b""


def blocks(data):
    at = 0
    while at + 12 <= len(data):
        kind, size = struct.unpack_from("<II", data, at)
        # The hub may be in the middle of a write: what is incomplete is not there yet.
        if size < 12 or at + size > len(data):
            return
        yield kind, data[at + 8 : at + size - 4]
        at += size


def options(body, at):
    while at + 4 <= len(body):
        code, size = struct.unpack_from("<HH", body, at)
        if not code:
            return
        yield code, body[at + 4 : at + 4 + size]
        at += 4 + size + -size % 4


def frames(path):
    """Iterates the frames of one of the hub's pcapng files in the order of their times."""
    with open(path, "rb") as file:
        data = file.read()
    ports = []
    for kind, body in blocks(data):
        if kind == 1:
            ports.append(dict(options(body, 8)).get(2, b"?").decode())
        elif kind == 6:
            interface, high, low, size, _ = struct.unpack_from("<IIIII", body)
            comment = dict(options(body, 20 + size + -size % 4)).get(1, b"").decode()
            yield Frame(high << 32 | low, ports[interface], tuple(comment.split()[1:]), bytes(body[20 : 20 + size]))


def mac(raw):
    return raw.hex(":")


def decode(data):
    """A Packet from the bytes of an Ethernet frame. Truncated headers leave the fields behind them None."""
    packet = Packet(mac(data[6:12]), mac(data[:6]), int.from_bytes(data[12:14], "big"))
    at = 14
    if packet.ethertype in (0x8100, 0x88A8) and len(data) >= 18:
        packet.vlan = int.from_bytes(data[14:16], "big") & 0xFFF
        packet.ethertype = int.from_bytes(data[16:18], "big")
        at = 18
    try:
        if packet.ethertype == 0x0800:
            decode_ipv4(packet, data, at)
        elif packet.ethertype == 0x86DD:
            decode_ipv6(packet, data, at)
        else:
            packet.payload = data[at:]
    except struct.error:
        pass  # too short for the header it promised; what came before stands
    return packet


def decode_ipv4(packet, data, at):
    first, _, total, _, flags, _, packet.proto = struct.unpack_from(">BBHHHBB", data, at)
    packet.src, packet.dst = (str(ipaddress.IPv4Address(data[at + o : at + o + 4])) for o in (12, 16))
    packet.fragment = bool(flags & 0x3FFF)
    body = data[at + (first & 15) * 4 : at + total]
    decode_transport(packet, body, first_fragment=not flags & 0x1FFF)


def decode_ipv6(packet, data, at):
    length, packet.proto = struct.unpack_from(">4xHB", data, at)
    packet.src, packet.dst = (str(ipaddress.IPv6Address(data[at + o : at + o + 16])) for o in (8, 24))
    body, first_fragment = data[at + 40 : at + 40 + length], True
    while packet.proto in EXTENSIONS or packet.proto == 44:
        kind = packet.proto
        packet.proto, size, offset = struct.unpack_from(">BBH", body)
        if kind == 44:
            packet.fragment, first_fragment, size = True, not offset & 0xFFF8, 0
        body = body[(size + 1) * 8 :]
    decode_transport(packet, body, first_fragment)


def decode_transport(packet, body, first_fragment):
    packet.payload = body
    if not first_fragment:
        return
    if packet.proto == ESP:
        packet.spi, packet.seq = struct.unpack_from(">II", body)
    elif packet.proto == AH:
        packet.spi, packet.seq = struct.unpack_from(">4xII", body)
    elif packet.proto == UDP:
        packet.sport, packet.dport = struct.unpack_from(">HH", body)
        packet.payload = body[8:]
        # On the NAT-T port four zero bytes mark IKE, and a single byte is a keepalive.
        if NATT_PORT in (packet.sport, packet.dport) and len(body) >= 16 and body[8:12] != bytes(4):
            packet.spi, packet.seq = struct.unpack_from(">II", body, 8)
            packet.encap = True


@dataclasses.dataclass(slots=True)
class Stream:
    """One SA as seen on the wire."""

    count: int = 0
    duplicates: list = dataclasses.field(default_factory=list)  # (seq, first time, port, time again, port again)
    seqs: list = dataclasses.field(default_factory=list)  # (time, port, seq) in order of time
    lowest: int = None
    highest: int = None

    def add(self, frame, seq, seen):
        self.count += 1
        self.seqs.append((frame.time, frame.port, seq))
        if seq in seen:
            self.duplicates.append((seq, *seen[seq], frame.time, frame.port))
        else:
            seen[seq] = (frame.time, frame.port)
        self.lowest = seq if self.lowest is None else min(seq, self.lowest)
        self.highest = seq if self.highest is None else max(seq, self.highest)


def esp_duplicates(path, from_ports=None):
    """{(src, dst, spi): Stream} of all ESP and AH packets that entered the segment at these ports.

    All guests' ports by default, but never what the hub itself injected or doubled. A frame that the hub cut counts:
    it was sent.
    """
    streams, seen = {}, {}
    for frame in frames(path):
        if frame.port == "hub" or (from_ports is not None and frame.port not in from_ports):
            continue
        packet = decode(frame.data)
        if packet.spi is None:
            continue
        key = (packet.src, packet.dst, packet.spi)
        streams.setdefault(key, Stream()).add(frame, packet.seq, seen.setdefault(key, {}))
    return streams


def main():
    path = sys.argv[1]
    if sys.argv[2:] == ["esp"]:
        for (src, dst, spi), stream in esp_duplicates(path).items():
            print(f"{src} > {dst} spi {spi:#x}: {stream.count} packets, seq {stream.lowest}..{stream.highest}, "
                  f"{len(stream.duplicates)} duplicates")
        return
    for frame in frames(path):
        p = decode(frame.data)
        where = f"{p.src} > {p.dst} proto {p.proto}" if p.src else f"{p.eth_src} > {p.eth_dst} type {p.ethertype:#06x}"
        esp = f" spi {p.spi:#x} seq {p.seq}" if p.spi is not None else ""
        print(f"{frame.time / 1e9:.6f} {frame.port} -> {' '.join(frame.to) or '-'}: {where}{esp} ({len(frame.data)})")


if __name__ == "__main__":
    main()
