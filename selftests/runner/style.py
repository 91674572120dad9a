# SPDX-License-Identifier: GPL-2.0
"""Style: checkpatch --strict on the module, shellcheck on scripts, and Python that at least compiles. Prints KTAP.

usage: python3 -m selftests.runner.style
"""

import ast
import os
import pathlib
import subprocess
import sys

from .part import TOP

CACHE = pathlib.Path(os.environ.get("XHA_CACHE") or pathlib.Path(
    os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "xfrm-ha")
# The first two are about the pure files, which user space compiles as well; the third is about iterators.
IGNORE = "PREFER_KERNEL_TYPES,BIT_MACRO,MACRO_ARG_REUSE"


def checkpatch():
    """None where no kernel source is at hand: Debian's headers have no checkpatch."""
    places = [CACHE / "debug/source/scripts/checkpatch.pl", *pathlib.Path("/usr/src").glob("linux-*/scripts/checkpatch.pl")]
    script = next((place for place in places if place.exists()), None)
    if not script:
        return None
    files = [*TOP.glob("kmod/**/*.[ch]"), *TOP.glob("uapi/**/*.h")]
    return run(["perl", script, "--no-tree", "--strict", "--terse", "--quiet", "--no-summary", "--show-types", "--ignore", IGNORE,
                "-f", *files])


def scripts():
    """Those that are run; what they source is looked at with them."""
    for path in [*TOP.glob("selftests/**/*"), *TOP.glob("examples/*"), TOP / ".ci/run"]:
        if path.is_file() and os.access(path, os.X_OK) and "build" not in path.parts:
            with open(path, "rb") as file:
                if file.readline().startswith((b"#!/bin/bash", b"#!/bin/sh")):
                    yield path


def shellcheck():
    return run(["shellcheck", "-x", "-a", "-P", "SCRIPTDIR", "-S", "warning", "-e", "SC2034", *sorted(scripts())])


def python():
    wrong = []
    for path in TOP.glob("selftests/**/*.py"):
        try:
            ast.parse(path.read_text(encoding="utf-8"), str(path))
        except SyntaxError as error:
            wrong.append(str(error))
    return wrong


def run(command):
    """The lines of complaint."""
    done = subprocess.run(list(map(str, command)), cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line.strip()]
    return lines or ([f"exit status {done.returncode}"] if done.returncode else [])


def main():
    failed = 0
    print("TAP version 13\n1..3")
    for number, (name, test) in enumerate((("checkpatch", checkpatch), ("shellcheck", shellcheck), ("python", python)), 1):
        found = test()
        if found is None:
            print(f"ok {number} {name} # SKIP no kernel source with it is at hand")
            continue
        for line in found:
            print(f"# {line}")
        failed += bool(found)
        print(f"{'not ok' if found else 'ok'} {number} {name}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
