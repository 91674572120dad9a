#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Runs the parts of `make check` and its relatives, and adds up what they say.

usage: python3 -m selftests.run check|check-full|check-debug|check-kernels|mutants|unit|model|fuzz|style [WORD[,WORD...]]

WORD: only the part of that name, or those with it in their names, and what they need. XHA_JOBS: how much may run at a time (default 2: one part with guests).
"""

import signal
import sys
import time

from .runner import parts
from .runner.part import LOGS, TOP, Run


def chosen(everything, words):
    """The parts with one of the words in their names, with all that they need."""
    by_name = {part.name: part for part in everything}
    wanted = [name for name in by_name if not words or any(word == name for word in words)]
    wanted += [name for name in by_name if any(word in name for word in words if word not in by_name) and name not in wanted]
    for name in wanted:
        wanted += [need for need in by_name[name].needs if need not in wanted]
    return [part for part in everything if part.name in wanted]


def main():
    if len(sys.argv) not in (2, 3) or sys.argv[1] not in parts.RUNS:
        print(__doc__, file=sys.stderr)
        return 2
    # Killed politely, the parts must go, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    words = [word for word in (sys.argv[2:] or [""])[0].split(",") if word]
    began = time.monotonic()
    everything = parts.RUNS[sys.argv[1]]()
    for word in words:
        if not any(word in part.name for part in everything):
            print(f"no part of {sys.argv[1]} has '{word}' in its name: {' '.join(part.name for part in everything)}", file=sys.stderr)
            return 2
    done = Run(chosen(everything, words)).go()
    print(f"\n{sys.argv[1]}: {time.monotonic() - began:.0f} s; logs in {LOGS.relative_to(TOP)}/")
    for part in done:
        print(f"  {part.seconds:5.0f} s  {part.name:20} {part.counts()}")
    for part in done:
        for figure in part.figures:
            print(f"  [{part.name}] {figure}")
    for part in done:
        for failure, lines in part.reasons:
            print("\n".join([f"FAILED [{part.name}] {failure}", *(f"    {line}" for line in lines)]))
    totals = [sum(getattr(part.ktap, what) for part in done) for what in ("passed", "failed", "skipped")]
    print("{} passed, {} failed, {} skipped".format(*totals), flush=True)
    return 1 if totals[1] else 0


if __name__ == "__main__":
    sys.exit(main())
