# SPDX-License-Identifier: GPL-2.0
"""The driver's handle on the hub process (hub.py): start it, cut and impair ports, inject frames, get captures."""

import functools
import json
import pathlib
import subprocess
import sys
import threading

from . import pcap
from .channel import LabError

# Unix sockets take ten datagrams by default, and QEMU spins on a full queue. The limit belongs to a network namespace,
# so the lab's processes get one of their own rather than change the machine's.
QUEUE = ["unshare", "--net", "sh", "-c", 'echo 2048 >/proc/sys/net/unix/max_dgram_qlen && exec "$@"', "sh"]


class Hub:
    def __init__(self, segments, run_dir, capture_dir):
        self.segments, self.capture_dir = segments, pathlib.Path(capture_dir)
        spec = pathlib.Path(run_dir) / "hub.json"
        spec.write_text(json.dumps({"segments": segments, "sockets": str(run_dir), "captures": str(capture_dir)}))
        program = str(pathlib.Path(__file__).with_name("hub.py"))
        self.lock = threading.Lock()
        self.process = subprocess.Popen(
            self.namespace() + [sys.executable, program, str(spec)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.answer()

    @staticmethod
    @functools.cache
    def namespace():
        """The words to put before a command for a namespace with long socket queues; none where that is not allowed."""
        probe = subprocess.run(QUEUE + ["true"], stderr=subprocess.DEVNULL)
        return QUEUE if probe.returncode == 0 else []

    @staticmethod
    def socket_path(run_dir, segment, port, end):
        return str(pathlib.Path(run_dir) / f"{segment}-{port}.{end}")

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise LabError("the hub died")
        answer = json.loads(line)
        if "error" in answer:
            raise LabError(f"hub: {answer['error']}")
        return answer

    def command(self, do, **arguments):
        self.alive()
        with self.lock:
            self.process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
            self.process.stdin.flush()
            return self.answer()

    def alive(self):
        if self.process.poll() is not None:
            raise LabError(f"the hub died ({self.process.returncode})")

    def cut(self, segment, port, direction="both"):
        """Cuts a port: "both" directions, or what comes "from" or goes "to" the guest. Returns when (epoch ns)."""
        return self.command(
            "cut", segment=segment, port=port, to=direction in ("both", "to"), **{"from": direction in ("both", "from")})["now"]

    def restore(self, segment, port):
        return self.command("cut", segment=segment, port=port, to=False, **{"from": False})["now"]

    def impair(self, segment, port, loss=0.0, dup=0.0):
        """Loses or doubles frames to that guest with these probabilities; both 0: sound again."""
        return self.command("impair", segment=segment, port=port, loss=loss, dup=dup)["now"]

    def inject(self, segment, frame, to=None):
        """Sends a raw Ethernet frame to some ports (all if none is named), as if from elsewhere on the segment."""
        self.command("inject", segment=segment, frame=bytes(frame).hex(), to=[to] if isinstance(to, str) else list(to or []))

    def stats(self, segment):
        """{port: {"from": frames, "to": ..., "cut", "lost", "full", "absent", "duplicated"}}"""
        return self.command("stats", segment=segment)

    def now(self):
        """The hub's clock, by which captures are stamped (epoch ns)."""
        return self.command("flush")["now"]

    def capture(self, segment):
        """The path of the segment's capture, with everything up to now in it."""
        self.command("flush")
        return self.capture_dir / f"{segment}.pcapng"

    def frames(self, segment):
        return pcap.frames(self.capture(segment))

    def close(self):
        """The hub ends when its stdin does."""
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
