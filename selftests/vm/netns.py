# SPDX-License-Identifier: GPL-2.0
"""The namespace tests in one guest, as kernel people run them: make -C selftests run_tests. Their KTAP is passed on.

usage: [TESTS="kinds.sh ..."] [FLOOD=N] [SCHEDULES=N] [FLAPS=N] [SEED=N] [XHA_TIMEOUT=SECONDS] [SMP=N] [CMDLINE=WORDS] [FLAGS=-D...] python3 -m selftests.vm.netns [KERNEL]

CMDLINE: more words for the guest's kernel. FLAGS: of a build of the module for this test. NAME: of the guest's directory, where
several run at a time.

On the debug kernel the lab looks for what the module left behind; success is said only after that.
"""

import math
import os
import subprocess
import sys
import time

from selftests.lab.vm import Lab, LabError

from . import ktap
from .pair import module_file
from .variant import variant

# Seconds for a hundred programs to start and end in a guest, on a machine for which the tests' rates and times are made.
USUAL = {"6.1": 1.2, "6.12": 1.2, "sid": 1.2}
# Kernels that know packet offload.
NIC = ("6.12",)
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


def put_module(guest, name="xfrm_ha.ko", source=None):
    guest.push(source or module_file(guest.kernel), f"/test/bin/{name}")


def nic(kernel):
    """A device that takes SAs whole, for a test."""
    subprocess.run(["make", "--no-print-directory", "-s", f"nic-{kernel}"], cwd=ktap.TOP, check=True, stdout=subprocess.DEVNULL)
    return ktap.BUILD / f"nic-{kernel}" / "xha_nic.ko"


def slowness(guest):
    """How many times longer than usual this takes here, at least 1; a kernel with checkers in it has a patience of its own.

    A quarter more is usual, too: above that, rather too slow than too fast.
    """
    if guest.kernel not in USUAL:
        return guest.patience
    began = time.monotonic()
    guest.run("for i in $(seq 100); do /bin/true; done")
    return guest.patience * max(1, math.ceil((time.monotonic() - began) / USUAL[guest.kernel] - 0.25))


def run(kernel, workdir):
    """The status of make."""
    flags = os.environ.get("FLAGS", "").split()
    module = variant(kernel, f"{workdir.name}-module", *flags) if flags else None
    with Lab(kernel, {"vm": []}, workdir, testdir=ktap.BUILD / "test", smp=int(os.environ.get("SMP") or 2), mem=None,
             extra_cmdline=os.environ.get("CMDLINE") or "") as lab:
        guest = lab["vm"]
        put_module(guest, source=module)
        if kernel in NIC:
            put_module(guest, "xha_nic.ko", nic(kernel))
        words = " ".join(f"{word}='{os.environ[word]}'" for word in WORDS if os.environ.get(word))
        seconds = max(2400, int(os.environ.get("XHA_TIMEOUT") or 0))
        slower = int(slowness(guest))
        if slower > 1:
            print(f"# slow: traffic is {slower} times less, waits are {slower} times longer")
        return follow(guest.spawn(f"XHA_PATIENCE={slower} exec make -s -C /test/selftests run_tests {words}"), slower, seconds)


def main():
    kernel = sys.argv[1] if len(sys.argv) > 1 else "6.12"
    status, problem = 1, None
    try:
        status = run(kernel, ktap.BUILD / "vm" / (os.environ.get("NAME") or f"netns-{kernel}"))
    except LabError as error:
        problem = str(error)
    # What the guest's own tests cannot see is a document of its own.
    last = ktap.Ktap(1)
    last.check("the guest lives, its console is clean" + ktap.leakless(kernel), not problem, problem)
    return status or last.status()


if __name__ == "__main__":
    sys.exit(main())
