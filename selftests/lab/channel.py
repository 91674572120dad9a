# SPDX-License-Identifier: GPL-2.0
"""The driver's end of the wire to a guest's agent (agent.c describes the frames)."""

import itertools
import os
import socket
import struct
import threading
import time

HEADER = struct.Struct("<III")
CHUNK = 256 * 1024
FLAG_TIMEOUT = 1


class LabError(Exception):
    """Something that must not happen in a test."""


class GuestDied(LabError):
    """The guest went away without having been asked to."""


class Result(tuple):
    """(status, out) of a script; stdout and stderr apart as attributes."""

    def __new__(cls, status, out, stdout, stderr, timed_out):
        self = super().__new__(cls, (status, out))
        self.status, self.out = status, out
        self.stdout, self.stderr, self.timed_out = stdout, stderr, timed_out
        return self


class Job:
    """A request under way in a guest."""

    def __init__(self, channel, ident):
        self.channel, self.ident = channel, ident
        self.chunks = []
        self.ended = threading.Event()
        self.status = None
        self.timed_out = False

    def take(self, kind, payload):
        if kind == "X":
            self.status, flags = struct.unpack("<iI", payload)
            self.timed_out = bool(flags & FLAG_TIMEOUT)
            self.ended.set()
        else:
            self.chunks.append((kind, payload))

    def data(self, kinds):
        return b"".join(payload for kind, payload in list(self.chunks) if kind in kinds)

    def text(self, kinds):
        return self.data(kinds).decode(errors="replace")

    def output(self):
        """What it has written so far, stdout and stderr."""
        return self.text("OF")

    def running(self):
        return not self.ended.is_set()

    def wait(self, timeout=60):
        """Its Result; LabError if it is still running after that many seconds."""
        if not self.ended.wait(timeout):
            raise LabError(f"{self.channel.name}: request still running after {timeout:.0f} s:\n{self.output()[-2000:]}")
        if self.status is None:
            raise GuestDied(f"{self.channel.name}: died in a request:\n{self.output()[-2000:]}")
        status = 124 if self.timed_out else self.status
        return Result(status, self.output(), self.text("O"), self.text("F"), self.timed_out)

    def signal(self, signo=15):
        self.channel.send("S", self.ident, struct.pack("<i", signo))

    def stop(self, signo=15, timeout=30):
        """Signals its process group and waits for the end: the Result."""
        self.signal(signo)
        return self.wait(timeout)


class Channel:
    """Listens on a Unix socket before QEMU starts, so that not a byte of the guest's is lost."""

    def __init__(self, name, path):
        self.name, self.path = name, path
        self.jobs = {}
        self.ids = itertools.count(1)
        self.lock, self.closing = threading.Lock(), threading.Lock()
        self.hello = threading.Event()
        self.closed = threading.Event()
        self.sock = None
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(1)
        self.thread = threading.Thread(target=self.receive, name=f"agent {name}", daemon=True)
        self.thread.start()

    def receive(self):
        try:
            self.sock, _ = self.listener.accept()
            stream = self.sock.makefile("rb", buffering=CHUNK)
            while head := stream.read(HEADER.size):
                length, ident, kind = HEADER.unpack(head)
                self.dispatch(ident, chr(kind), stream.read(length))
        except (OSError, struct.error):
            pass  # a killed QEMU cuts a frame anywhere; that it is gone is all there is to know
        finally:
            self.close()

    def dispatch(self, ident, kind, payload):
        if kind == "H":
            self.hello.set()
            return
        job = self.jobs.get(ident)
        if job:
            job.take(kind, payload)
            if kind == "X":
                del self.jobs[ident]

    def close(self):
        """Wakes everybody who waits; a job without a status then means a dead guest."""
        with self.closing:
            if self.closed.is_set():
                return
            self.closed.set()
        for sock in (self.sock, self.listener):
            if sock:
                try:
                    sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass  # never connected, or the other end closed first
                sock.close()
        if os.path.exists(self.path):
            os.unlink(self.path)
        # Who waits may want the path for the next one.
        self.hello.set()
        for job in list(self.jobs.values()):
            job.ended.set()

    def send(self, kind, ident, payload=b""):
        try:
            with self.lock:
                self.sock.sendall(HEADER.pack(len(payload), ident, ord(kind)) + payload)
        except (OSError, AttributeError) as error:
            raise GuestDied(f"{self.name}: not reachable: {error}") from None

    def start(self, kind, payload):
        job = Job(self, next(self.ids))
        self.jobs[job.ident] = job
        if self.closed.is_set():
            job.ended.set()
        self.send(kind, job.ident, payload)
        return job

    def spawn(self, script, timeout=0):
        return self.start("R", struct.pack("<I", int(timeout * 1000)) + script.encode())

    def expect_ok(self, job, what, timeout):
        status = job.wait(timeout).status
        if status:
            raise LabError(f"{self.name}: {what}: {os.strerror(status)}")
        return job

    def push(self, data, path, mode=0o644, timeout=60):
        job = self.start("W", struct.pack("<I", mode) + path.encode())
        for start in range(0, len(data), CHUNK):
            self.send("D", job.ident, data[start : start + CHUNK])
        self.send("E", job.ident)
        self.expect_ok(job, f"push {path}", timeout)

    def pull(self, path, timeout=60):
        job = self.start("G", path.encode())
        return self.expect_ok(job, f"pull {path}", timeout).data("D")

    def set_clock(self, offset_ns=0, timeout=30):
        now = time.time_ns() + offset_ns
        job = self.start("T", struct.pack("<QQ", *divmod(now, 10**9)))
        self.expect_ok(job, "set the clock", timeout)
