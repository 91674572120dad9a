# SPDX-License-Identifier: GPL-2.0
"""Builds the module for a kernel from nothing, with W=1 and, for Debian's kernels, sparse, and takes no warning. Prints KTAP.

usage: python3 -m selftests.runner.build 6.1|6.12|debug|sid
"""

import re
import shutil
import subprocess
import sys

from .part import BUILD, TOP

WARNING = re.compile(r"\bwarning: |\bWARNING: |\berror: ")


def run(command):
    """(status, output); the output also goes to this one's, so that the log has it."""
    done = subprocess.run(command, cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    for line in done.stdout.splitlines():
        print(line if line.startswith("==> ") else f"# {line}", flush=True)
    return done.returncode, done.stdout


def warnings(output):
    """What the compiler, sparse or modpost complains of."""
    return [line for line in output.splitlines() if WARNING.search(line)]


def main():
    kernel = sys.argv[1]
    out = BUILD / kernel
    # gcc of sid; sparse of Debian 12 does not understand its headers. The debug kernel is 6.1 once more.
    sparse = () if kernel in ("sid", "debug") else ("C=1",)
    shutil.rmtree(out, ignore_errors=True)
    print("TAP version 13\n1..2", flush=True)
    if kernel == "sid":
        run(["make", "--no-print-directory", "sources"])
        status, output = run(["selftests/lab/sidroot.sh", "build", str(BUILD / "src"), str(out)])
        if (out / "build.log").exists():
            output += (out / "build.log").read_text(errors="replace")
    else:
        status, output = run(["make", "--no-print-directory", f"module-{kernel}", "W=1", *sparse])
    built = status == 0 and (out / "xfrm_ha.ko").exists()
    print(f"{'ok' if built else 'not ok'} 1 {kernel}: the module builds")
    found = warnings(output)
    for line in found:
        print(f"# {line}")
    print(f"{'ok' if built and not found else 'not ok'} 2 {kernel}: no warning of gcc W=1{' and sparse' if sparse else ''}")
    return 0 if built and not found else 1


if __name__ == "__main__":
    sys.exit(main())
