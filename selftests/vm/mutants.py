# SPDX-License-Identifier: GPL-2.0
"""Modules that are wrong on purpose: each must fail the check that is named for it in selftests/net/mutants.

usage: [SOUND=1] python3 -m selftests.vm.mutants [KERNEL]

A line there is: NUMBER [-D FLAG]... [VARIABLE=VALUE]... SCRIPT 'CHECK'. Number 0 is a control: it has the flags, but is right, and must pass
the script. SOUND=1: the sound module has to pass the scripts of the others, too (`make check` runs them anyway).
"""

import os
import re
import shlex

from selftests.lab.vm import Lab

from . import ktap
from .netns import put_module
from .variant import variant

LIST = ktap.TOP / "selftests/net/mutants"
TEST_SECONDS = 300


def listed():
    """[(number, flags, script with its variables, check)]"""
    rows = []
    for line in LIST.read_text(encoding="utf-8").splitlines():
        words = shlex.split(line, comments=True)
        if words:
            number, *more, script, check = words
            flags = tuple(word for word in more if word.startswith("-"))
            rows.append((int(number), flags, " ".join([*(word for word in more if word not in flags), f"./{script}"]), check))
    if os.environ.get("SOUND"):
        rows = [(0, (), script, "") for script in sorted({row[2] for row in rows if row[0] and not row[1]})] + rows
    return rows


def built(kernel, number, flags):
    """The module file of a mutant."""
    name = f"mutant-{number}" + "".join(re.sub(r"\W+", "-", flag) for flag in flags)
    return variant(kernel, name, f"-DXHA_MUTANT={number}", *flags)


def attempt(guest, module, script):
    """(status, the checks that failed, output) of one script with one module."""
    put_module(guest, "tried.ko", module)
    result = guest.run(f"cd /test/selftests/net && XHA_MODULE=/test/bin/tried.ko {script}", timeout=TEST_SECONDS, check=False)
    return result.status, re.findall(r"^not ok \d+ (.*)", result.out, re.MULTILINE), result.out


def scenario(check, kernel, workdir, rows):
    modules = {row[:2]: built(kernel, *row[:2]) for row in rows}
    check.step(f"{len(modules)} modules built")
    with Lab(kernel, {"vm": []}, workdir / "right", testdir=ktap.BUILD / "test") as lab:
        for number, flags, script, _ in (row for row in rows if not row[0]):
            status, failures, out = attempt(lab["vm"], modules[number, flags], script)
            check.check(f"control {' '.join(flags)}: passes {script}", not status and not failures, f"{status}\n{out[-3000:]}")
    # A mutant may well upset its kernel.
    with Lab(kernel, {"vm": []}, workdir / "wrong", testdir=ktap.BUILD / "test", allow=".") as lab:
        for number, flags, script, name in (row for row in rows if row[0]):
            status, failures, out = attempt(lab["vm"], modules[number, flags], script)
            # Loaded, tried, and found by the check that is there for it: not just anything that ended badly.
            found = status not in (0, 4) and name in failures
            check.check(f"mutant {number}: {script} fails '{name}'", found, f"status {status}, failed {failures}\n{out[-3000:]}")


def main():
    rows = listed()
    ktap.main(len(rows), lambda check, kernel, workdir: scenario(check, kernel, workdir, rows), "mutants")


if __name__ == "__main__":
    main()
