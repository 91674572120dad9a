# SPDX-License-Identifier: GPL-2.0
"""Modules that are wrong on purpose: each must fail the check that is named for it in selftests/net/mutants.

usage: [ALL=1] [SOUND=1] python3 -m selftests.vm.mutants [KERNEL]

A line there is: [full] NUMBER [-D FLAG]... [parameter=VALUE]... [VARIABLE=VALUE]... SCRIPT 'CHECK'. Number 0 is a control: it has the flags and
parameters, but is right, and must pass the script. All lines without flags have one build, which is told its number. ALL=1: the lines with `full`,
too. SOUND=1: what the mutants fail has to pass without them (`make check` runs it anyway).
"""

import os
import re
import shlex
from typing import NamedTuple

from selftests.lab.vm import Lab

from . import ktap
from .netns import put_module, slowness
from .variant import variant

LIST = ktap.TOP / "selftests/net/mutants"
TEST_SECONDS = 300
TOLD = ("-DXHA_MUTANTS",)


class Row(NamedTuple):
    """A line of the list."""
    number: int
    flags: tuple
    words: tuple
    script: str
    check: str

    @classmethod
    def of(cls, line):
        number, *more, script, check = line
        flags = tuple(word for word in more if word.startswith("-"))
        return cls(int(number), flags or TOLD, tuple(word for word in more if word not in flags), script, check)

    def command(self):
        """The script with its variables and what the module is told."""
        told = [word for word in self.words if word[0].islower()] + ([f"mutant={self.number}"] if self.number else [])
        variables = [word for word in self.words if word[0].isupper()] + ([f"XHA_PARAMS='{' '.join(told)}'"] if told else [])
        return " ".join([*variables, f"./{self.script}"])


def listed():
    rows = []
    for line in LIST.read_text(encoding="utf-8").splitlines():
        words = shlex.split(line, comments=True)
        if words[:1] == ["full"]:
            words = words[1:] if os.environ.get("ALL") else []
        if words:
            rows.append(Row.of(words))
    if os.environ.get("SOUND"):
        sound = {row._replace(number=0, check="") for row in rows if row.number}
        rows = sorted(sound - set(rows)) + rows
    return rows


def built(kernel, flags):
    """The module file for the mutants with these flags."""
    return variant(kernel, f"mutant-{kernel}" + "".join(re.sub(r"\W+", "-", flag) for flag in flags), *flags)


def attempt(guest, module, script, patience):
    """(status, the checks that failed, output) of one script with one module."""
    put_module(guest, "tried.ko", module)
    result = guest.run(f"cd /test/selftests/net && XHA_PATIENCE={patience} XHA_MODULE=/test/bin/tried.ko {script}", timeout=TEST_SECONDS * patience, check=False)
    return result.status, re.findall(r"^not ok \d+ (.*)", result.out, re.MULTILINE), result.out


def scenario(check, kernel, workdir, rows):
    modules = {flags: built(kernel, flags) for flags in {row.flags for row in rows}}
    check.step(f"{len(modules)} modules built")
    with Lab(kernel, {"vm": []}, workdir / "right", testdir=ktap.BUILD / "test") as lab:
        patience = int(slowness(lab["vm"]))
        for row in (row for row in rows if not row.number):
            status, failures, out = attempt(lab["vm"], modules[row.flags], row.command(), patience)
            check.check(f"control {' '.join(row.flags)}: passes {row.command()}", not status and not failures, f"{status}\n{out[-3000:]}")
    # A mutant may well upset its kernel.
    with Lab(kernel, {"vm": []}, workdir / "wrong", testdir=ktap.BUILD / "test", allow=".") as lab:
        patience = int(slowness(lab["vm"]))
        for row in (row for row in rows if row.number):
            status, failures, out = attempt(lab["vm"], modules[row.flags], row.command(), patience)
            # Loaded, tried, and found by the check that is there for it: not just anything that ended badly.
            found = status not in (0, 4) and row.check in failures
            check.check(f"mutant {row.number}: {row.script} fails '{row.check}'", found, f"status {status}, failed {failures}\n{out[-3000:]}")


def main():
    rows = listed()
    ktap.main(len(rows), lambda check, kernel, workdir: scenario(check, kernel, workdir, rows), "mutants")


if __name__ == "__main__":
    main()
