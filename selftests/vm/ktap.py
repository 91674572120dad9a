# SPDX-License-Identifier: GPL-2.0
"""KTAP output of a scenario: a plan, one line per check, and never success by having checked less than planned."""

import os
import pathlib
import re
import shutil
import sys
import time
import traceback

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("XHA_OUT", TOP / "build"))

QUOTED = re.compile(r"[#\s]*(?:ok|not ok|TAP|KTAP|1\.\.)")


def say(line):
    print(line, flush=True)


class Ktap:
    def __init__(self, plan):
        self.plan, self.done, self.failed = plan, 0, 0
        self.began = time.monotonic()
        say("TAP version 13")
        say(f"1..{plan}")

    def diag(self, text):
        for line in str(text).splitlines():
            # What quotes another test's results must not be taken for results.
            say(f"# {'| ' if QUOTED.match(line) else ''}{line}")

    def figure(self, text):
        """One that the run repeats at its end."""
        self.diag(f"figure: {text}")

    def check(self, name, truth, detail=""):
        self.done += 1
        if not truth:
            self.failed += 1
            self.diag(detail)
        say(f"{'ok' if truth else 'not ok'} {self.done} {name}")
        return bool(truth)

    def equal(self, name, got, want):
        return self.check(name, got == want, f"got {got!r}, expected {want!r}")

    def step(self, text):
        say(f"# {time.monotonic() - self.began:6.1f} s: {text}")

    def status(self):
        if self.done != self.plan:
            self.diag(f"planned {self.plan} checks, ran {self.done}")
            return 1
        return 1 if self.failed else 0


def leakless(kernel):
    """What the lab has made sure of besides, where the kernel has kmemleak."""
    return ", nothing has leaked" if "debug" in kernel else ""


def main(plan, scenario, name):
    """Runs scenario(ktap, kernel, workdir) as `python3 -m selftests.vm.NAME KERNEL`; the last check is of its guests."""
    kernel = sys.argv[1] if len(sys.argv) > 1 else "6.12"
    workdir = BUILD / "vm" / f"{name}-{os.environ.get('XHA_TAG', kernel)}"
    shutil.rmtree(workdir, ignore_errors=True)
    workdir.mkdir(parents=True)
    ktap = Ktap(plan + 1)
    end = f"{name}: ran to its end, all guests alive, their consoles clean{leakless(kernel)}"
    try:
        scenario(ktap, kernel, workdir)
    except Exception as error:  # whatever it is, the scenario did not hold
        ktap.diag(traceback.format_exc(limit=-4))
        ktap.check(end, False, f"logs: {workdir}\n{error}")
    else:
        ktap.check(end, True)
    sys.exit(ktap.status())
