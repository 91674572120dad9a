# SPDX-License-Identifier: GPL-2.0
"""The namespace tests in one guest, as kernel people run them: make -C selftests run_tests. Their KTAP is passed on.

usage: [TESTS="kinds.sh ..."] [FLOOD=N] [SCHEDULES=N] [FLAPS=N] [SEED=N] [XHA_TIMEOUT=SECONDS] [CMDLINE=WORDS] python3 -m selftests.vm.netns [KERNEL]

CMDLINE: more words for the guest's kernel. NAME: of the guest's directory, where several run at a time.

On the debug kernel kmemleak looks for what the module left behind; success is said only after that.
"""

import os
import sys
import time

from selftests.lab.vm import Lab, LabError

from . import ktap
from .pair import module_file

KMEMLEAK = "/sys/kernel/debug/kmemleak"
# kmemleak does not speak of what is younger than five seconds.
OLD_ENOUGH = 6
# What the tests in the guest are told.
WORDS = ("TESTS", "SKIP", "FLOOD", "SCHEDULES", "FLAPS", "SEED", "XHA_TIMEOUT")


def follow(job, patience, timeout):
    """Passes on what a job writes, until it ends: its status."""
    end, shown = time.monotonic() + timeout * patience, 0
    while True:
        running = job.running()
        text = job.output()
        whole = len(text) if not running else text.rfind("\n") + 1
        if whole > shown:
            sys.stdout.write(text[shown:whole])
            sys.stdout.flush()
            shown = whole
        if not running:
            return job.wait(10).status
        if time.monotonic() > end:
            job.stop(9)
            raise LabError(f"the tests still ran after {timeout * patience:.0f} s")
        time.sleep(0.2)


def leaks(guest):
    """What kmemleak reports after the module is gone."""
    guest.run(f"! grep -q ^xfrm_ha /proc/modules && echo scan >{KMEMLEAK}", timeout=300)
    time.sleep(OLD_ENOUGH)
    return guest.run(f"echo scan >{KMEMLEAK}; cat {KMEMLEAK}", timeout=300).stdout


def put_module(guest, name="xfrm_ha.ko", source=None):
    guest.push(source or module_file(guest.kernel), f"/test/bin/{name}")


def run(kernel, workdir):
    """(status of make, problem or None)"""
    with Lab(kernel, {"vm": []}, workdir, testdir=ktap.BUILD / "test", smp=2, mem=None,
             extra_cmdline=os.environ.get("CMDLINE") or "") as lab:
        guest = lab["vm"]
        put_module(guest)
        if kernel == "debug":
            guest.run(f"echo clear >{KMEMLEAK}")
        words = " ".join(f"{word}='{os.environ[word]}'" for word in WORDS if os.environ.get(word))
        seconds = max(2400, int(os.environ.get("XHA_TIMEOUT") or 0))
        slower = f"XHA_PATIENCE={int(guest.patience)}" if guest.patience > 1 else ""
        status = follow(guest.spawn(f"{slower} exec make -s -C /test/selftests run_tests {words}"), guest.patience, seconds)
        if kernel == "debug" and (found := leaks(guest)):
            return status, f"kmemleak:\n{found}"
        return status, None


def main():
    kernel = sys.argv[1] if len(sys.argv) > 1 else "6.12"
    try:
        status, problem = run(kernel, ktap.BUILD / "vm" / (os.environ.get("NAME") or f"netns-{kernel}"))
    except LabError as error:
        status, problem = 1, str(error)
    # What the guest's own tests cannot see is a document of its own.
    last = ktap.Ktap(1)
    last.check("the guest lives, its console is clean" + (", nothing has leaked" if kernel == "debug" else ""), not problem, problem)
    return status or last.status()


if __name__ == "__main__":
    sys.exit(main())
