# SPDX-License-Identifier: GPL-2.0
"""A lab by hand: boots guests and runs commands in them.

usage: python3 -m selftests.lab.shell KERNEL [NAME=SEGMENT,SEGMENT ...] [-t TESTDIR] [-c COMMAND]

Without machines: one guest "vm" without a network. With -c the command runs in every guest; without it lines are read:
`NAME: command` runs a command in that guest, a line without a name in the first one.
"""

import argparse
import pathlib
import sys
import tempfile
import time

from .vm import Lab, LabError


def prompt(lab):
    first = next(iter(lab.guests))
    print(f"guests: {' '.join(lab.guests)}; end with ^D", file=sys.stderr)
    for line in sys.stdin:
        name, colon, command = line.partition(":")
        if not colon or name.strip() not in lab.guests:
            name, command = first, line
        if not command.strip():
            continue
        status, out = lab[name.strip()].run(command, timeout=600, check=False)
        print(out, end="")
        if status:
            print(f"({name.strip()}: status {status})", file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(prog="selftests.lab.shell", description="boot guests by hand")
    parser.add_argument("kernel", choices=("6.1", "6.12", "debug"))
    parser.add_argument("machine", nargs="*", help="NAME=SEGMENT,SEGMENT")
    parser.add_argument("-t", "--testdir")
    parser.add_argument("-c", "--command")
    options = parser.parse_args()
    machines = {}
    for word in options.machine or ["vm="]:
        name, _, segments = word.partition("=")
        machines[name] = [segment for segment in segments.split(",") if segment]

    began = time.monotonic()
    workdir = pathlib.Path(tempfile.mkdtemp(prefix="xha-shell-"))
    print(f"consoles and captures: {workdir}", file=sys.stderr)
    with Lab(options.kernel, machines, workdir, testdir=options.testdir) as lab:
        print(f"ready after {time.monotonic() - began:.1f} s", file=sys.stderr)
        if not options.command:
            prompt(lab)
            return
        failed = 0
        for name, result in lab.each(options.command, timeout=600, check=False).items():
            print(f"--- {name}: status {result.status}\n{result.out}", end="")
            failed |= result.status
        sys.exit(1 if failed else 0)


if __name__ == "__main__":
    try:
        main()
    except LabError as error:
        sys.exit(f"{error}")
