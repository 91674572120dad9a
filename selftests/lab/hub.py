#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Ethernet segments between guests: a learning switch per segment, in a process of its own.

usage: hub.py SPEC     SPEC: JSON file {"segments": {name: [port, ...]}, "sockets": DIR, "captures": DIR}

Each port is a pair of Unix datagram sockets, one frame per datagram: this process binds SEGMENT-PORT.hub and sends to
SEGMENT-PORT.guest. Commands come as JSON lines on stdin, each answered by one JSON line on stdout; the end of stdin is
the end of the process. Every frame is recorded in DIR/SEGMENT.pcapng with the port it came from (the capture's
interface) and the ports it went to (the packet's comment). Interface 0, "hub", is what the hub made itself: injected
frames and duplicates.
"""

import errno
import json
import os
import random
import select
import socket
import struct
import sys
import time

BURST = 64
BUFFER = 4 << 20
FLUSH_NS = 500_000_000
# Frames that a port cannot take at once are lost, as on a real wire: the sender never waits.
FULL = {errno.EAGAIN, errno.ENOBUFS}
# Nobody there yet, or no longer.
ABSENT = {errno.ENOENT, errno.ECONNREFUSED, errno.ENOTCONN, errno.EPIPE}


def block(kind, body):
    size = 12 + len(body)
    return struct.pack("<II", kind, size) + body + struct.pack("<I", size)


def option(code, value):
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)


END_OPTIONS = option(0, b"")


class Capture:
    """A pcapng file; times are nanoseconds of the epoch that go on by the monotonic clock."""

    def __init__(self, path, interfaces):
        self.file = open(path, "wb", buffering=1 << 20)
        self.file.write(block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)))
        for name in interfaces:
            options = option(2, name.encode()) + option(9, b"\x09") + END_OPTIONS
            self.file.write(block(1, struct.pack("<HHI", 1, 0, 0) + options))
        self.comments = {}

    def record(self, when, interface, frame, to):
        comment = self.comments.get(to)
        if comment is None:
            comment = self.comments[to] = option(1, ("to " + " ".join(to)).encode()) + END_OPTIONS
        head = struct.pack("<IIIII", interface, when >> 32, when & 0xFFFFFFFF, len(frame), len(frame))
        self.file.write(block(6, head + frame + bytes(-len(frame) % 4) + comment))


class Port:
    def __init__(self, segment, name, index, sockets):
        self.segment, self.name, self.index = segment, name, index
        base = os.path.join(sockets, f"{segment.name}-{name}")
        self.peer = base + ".guest"
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
        self.sock.setblocking(False)
        self.sock.bind(base + ".hub")
        self.cut_from = self.cut_to = False
        self.loss = self.dup = 0.0
        self.count = dict.fromkeys(("from", "to", "cut", "lost", "full", "absent", "duplicated"), 0)

    def send(self, frame):
        try:
            self.sock.sendto(frame, self.peer)
        except OSError as error:
            if error.errno in FULL:
                self.count["full"] += 1
            elif error.errno in ABSENT:
                self.count["absent"] += 1
            else:
                raise
            return False
        self.count["to"] += 1
        return True


class Segment:
    def __init__(self, name, ports, sockets, captures, clock):
        self.name, self.clock = name, clock
        self.ports = {port: Port(self, port, i + 1, sockets) for i, port in enumerate(ports)}
        self.table = {}
        self.capture = Capture(os.path.join(captures, f"{name}.pcapng"), ["hub", *ports])
        # Same loss in every run of a test: seeded by the segment, not by the time.
        self.random = random.Random(name)

    def outputs(self, frame, source):
        """Where a frame goes: to the port its destination was last seen at, else everywhere."""
        if not frame[0] & 1:
            port = self.table.get(frame[:6])
            if port is not None:
                return () if port is source else (port,)
        return tuple(port for port in self.ports.values() if port is not source)

    def receive(self, port, frame):
        port.count["from"] += 1
        when = self.clock()
        if len(frame) < 14:
            return
        if port.cut_from:
            port.count["cut"] += 1
            self.capture.record(when, port.index, frame, ())
            return
        if not frame[6] & 1:
            self.table[frame[6:12]] = port
        self.deliver(when, port.index, frame, self.outputs(frame, port))

    def deliver(self, when, interface, frame, ports):
        to, again = [], []
        for port in ports:
            if port.cut_to:
                port.count["cut"] += 1
            elif port.loss and self.random.random() < port.loss:
                port.count["lost"] += 1
            elif port.send(frame):
                to.append(port.name)
                if port.dup and self.random.random() < port.dup:
                    again.append(port)
        self.capture.record(when, interface, frame, tuple(to))
        for port in again:
            port.count["duplicated"] += 1
            if port.send(frame):
                self.capture.record(self.clock(), 0, frame, (port.name,))

    def forget(self, port):
        """A switch that loses carrier forgets what it learned there."""
        self.table = {mac: at for mac, at in self.table.items() if at is not port}


class Hub:
    def __init__(self, spec):
        epoch = time.time_ns() - time.monotonic_ns()
        self.clock = lambda: epoch + time.monotonic_ns()
        self.segments = {
            name: Segment(name, ports, spec["sockets"], spec["captures"], self.clock)
            for name, ports in spec["segments"].items()
        }
        self.epoll = select.epoll()
        self.by_fd = {}
        for segment in self.segments.values():
            for port in segment.ports.values():
                self.by_fd[port.sock.fileno()] = port
                self.epoll.register(port.sock, select.EPOLLIN)
        self.epoll.register(0, select.EPOLLIN)
        self.pending = b""

    def command(self, order):
        """One command; its answer."""
        do = order["do"]
        if do == "flush":
            for segment in self.segments.values():
                segment.capture.file.flush()
            return {"now": self.clock()}
        segment = self.segments[order["segment"]]
        if do == "stats":
            return {name: port.count for name, port in segment.ports.items()}
        if do == "inject":
            ports = [segment.ports[name] for name in order["to"] or segment.ports]
            segment.deliver(self.clock(), 0, bytes.fromhex(order["frame"]), ports)
            return {}
        port = segment.ports[order["port"]]
        if do == "cut":
            port.cut_from, port.cut_to = order["from"], order["to"]
            segment.forget(port)
        elif do == "impair":
            port.loss, port.dup = order["loss"], order["dup"]
        else:
            return {"error": f"unknown command {do}"}
        return {"now": self.clock()}

    def commands(self):
        """False at the end of stdin."""
        data = os.read(0, 65536)
        self.pending += data
        *lines, self.pending = self.pending.split(b"\n")
        for line in lines:
            try:
                answer = self.command(json.loads(line))
            except (KeyError, ValueError) as error:
                answer = {"error": f"{type(error).__name__}: {error}"}
            print(json.dumps(answer), flush=True)
        return bool(data)

    def serve(self):
        flushed = 0
        while True:
            for fd, _ in self.epoll.poll(0.5):
                if fd == 0:
                    if not self.commands():
                        return
                else:
                    self.drain(self.by_fd[fd])
            if (now := self.clock()) - flushed > FLUSH_NS:
                self.command({"do": "flush"})
                flushed = now

    @staticmethod
    def drain(port):
        # Not more than a burst: the other ports have their turn, too.
        for _ in range(BURST):
            try:
                frame = port.sock.recv(65536)
            except BlockingIOError:
                return
            except ConnectionError:
                continue
            port.segment.receive(port, frame)


def main():
    with open(sys.argv[1], encoding="utf-8") as spec:
        hub = Hub(json.load(spec))
    print(json.dumps({"now": hub.clock()}), flush=True)
    hub.serve()
    hub.command({"do": "flush"})


if __name__ == "__main__":
    main()
