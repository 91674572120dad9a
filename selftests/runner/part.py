# SPDX-License-Identifier: GPL-2.0
"""Parts of a run: commands that print KTAP, run several at a time within a budget of processors, each with its log."""

import dataclasses
import os
import pathlib
import re
import selectors
import signal
import subprocess
import time

from selftests.lab import console

from .ktap import Ktap

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = TOP / "build"
LOGS = BUILD / "log"
# What a test wants to be told at the end.
FIGURE = re.compile(r"(?:# )+figure: (.*)")
# What may run at a time: a part costs as many as it keeps processors busy.
BUDGET = int(os.environ.get("XHA_JOBS", "2"))


@dataclasses.dataclass
class Part:
    """`plain`: no KTAP, the exit status is the result. `background`: starts at once and costs nothing (it is niced)."""

    name: str
    command: list
    needs: tuple = ()
    cost: int = 2
    timeout: int = 600
    env: dict = dataclasses.field(default_factory=dict)
    plain: bool = False
    background: bool = False

    def __post_init__(self):
        self.comments, self.reasons, self.figures = [], [], []

    def start(self):
        self.ktap, self.began, self.pending = Ktap(), time.monotonic(), b""
        self.log = open(LOGS / f"{self.name}.log", "wb")
        # Should the runner die, so does the part, and its guests with it.
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", *map(str, self.command)], cwd=TOP, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, **self.env}, start_new_session=True)
        if self.background:
            self.stand_back()

    def stand_back(self):
        """Where the kernel shares out by sessions, being nice counts among those of the same one only: the session must be, too."""
        group = pathlib.Path(f"/proc/{self.process.pid}/autogroup")
        if group.exists():
            group.write_text("19", encoding="ascii")

    def say(self, text):
        print(f"[{self.name}] {text}", flush=True)

    def take(self, data):
        """Output, whenever some comes."""
        self.log.write(data)
        self.log.flush()
        *lines, self.pending = (self.pending + data).split(b"\n")
        for line in lines:
            self.line(line.decode(errors="replace").rstrip("\r"))

    def line(self, line):
        if figure := FIGURE.match(line):
            self.figures.append(figure[1])
        if self.plain:
            if line.startswith("==> "):
                self.say(line)
            return
        before = len(self.ktap.failures)
        kind = self.ktap.feed(line)
        self.explain(before, self.comments)
        if kind in ("comment", "other"):
            self.comments.append(line)
            if line.startswith(("==> ", "make", "# booted once more")) and "Error" not in line:
                self.say(line)
            return
        if kind == "failure":
            for comment in self.comments[-60:]:
                self.say(comment)
        if kind in ("failure", "result"):
            self.say(line)
        self.comments = []

    def explain(self, before, lines):
        """Keeps, for the summary, what was said before each failure from that number on: its end, or a kernel's complaint."""
        first = console.complaint(lines)
        words = lines[-6:] if first is None else lines[first:][:20]
        self.reasons += [(failure, [line[:160] for line in words]) for failure in self.ktap.failures[before:]]

    def kill(self):
        """Its whole process group: only what it started itself."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)

    def late(self):
        return time.monotonic() - self.began > self.timeout

    def end(self, timed_out):
        if self.pending:
            self.take(b"\n")
        status = self.process.wait()
        before = len(self.ktap.failures)
        if self.plain:
            if status or timed_out:
                self.ktap.fail(f"exit status {status}")
            else:
                self.ktap.passed += 1
        else:
            self.ktap.end(status)
        if timed_out:
            self.ktap.fail(f"still running after {self.timeout} s, killed")
        last_words = self.tail() if self.plain else self.comments[-60:]
        self.explain(before, last_words)
        if self.ktap.failures[before:]:
            for comment in last_words:
                self.say(comment)
        for failure in self.ktap.failures[before:]:
            self.say(f"not ok {failure}")
        self.log.close()
        self.seconds = time.monotonic() - self.began
        self.say(f"==> {self.counts()} in {self.seconds:.0f} s")

    def tail(self):
        return (LOGS / f"{self.name}.log").read_text(errors="replace").splitlines()[-40:]

    def counts(self):
        return f"{self.ktap.passed} passed, {self.ktap.failed} failed, {self.ktap.skipped} skipped"

    def drop(self, why):
        """It cannot run at all: a failure."""
        self.ktap, self.seconds = Ktap(), 0
        self.ktap.fail(f"not run: {why}")
        self.reasons = [(failure, []) for failure in self.ktap.failures]
        self.say(f"not ok not run: {why}")


class Run:
    def __init__(self, parts):
        self.waiting, self.running, self.done = list(parts), [], []
        self.selector = selectors.DefaultSelector()

    def failed(self, name):
        return any(part.name == name and part.ktap.failed for part in self.done)

    def room(self, part):
        load = sum(p.cost for p in self.running if not p.background)
        return part.background or not load or load + part.cost <= BUDGET

    def launch(self):
        """Starts what may start, in the order of the list."""
        finished = {part.name for part in self.done}
        for part in list(self.waiting):
            broken = [name for name in part.needs if self.failed(name)]
            if broken:
                self.waiting.remove(part)
                part.drop(f"{broken[0]} failed")
                self.done.append(part)
                return self.launch()
            if all(name in finished for name in part.needs) and self.room(part):
                self.waiting.remove(part)
                part.say("==> started")
                part.start()
                self.running.append(part)
                self.selector.register(part.process.stdout, selectors.EVENT_READ, part)
        return None

    def finish(self, part, timed_out=False):
        self.selector.unregister(part.process.stdout)
        part.kill()
        part.process.stdout.close()
        part.end(timed_out)
        self.running.remove(part)
        self.done.append(part)

    def step(self):
        for key, _ in self.selector.select(1):
            data = os.read(key.fd, 65536)
            if data:
                key.data.take(data)
            else:
                self.ended(key.data)
        for part in list(self.running):
            if part.late():
                self.finish(part, timed_out=True)
            elif part.process.poll() is not None and not self.selector.select(0):
                # A child that it left behind may hold its output open.
                self.finish(part)

    def ended(self, part):
        """It closed its output; what closes it without ending is waited for no longer than the part's time."""
        try:
            part.process.wait(max(1, part.timeout - (time.monotonic() - part.began)))
        except subprocess.TimeoutExpired:
            self.finish(part, timed_out=True)
        else:
            self.finish(part)

    def go(self):
        LOGS.mkdir(parents=True, exist_ok=True)
        try:
            self.launch()
            while self.running:
                self.step()
                self.launch()
        finally:
            for part in self.running:
                part.kill()
        for part in self.waiting:
            part.drop("what it needs is not part of this run")
            self.done.append(part)
        return self.done
