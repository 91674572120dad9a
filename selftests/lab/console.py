# SPDX-License-Identifier: GPL-2.0
"""What a guest's kernel log must not say."""

import re

PROBLEM = re.compile(
    r"""
      \bWARNING: | \bBUG: | \bBUG\b.*\bat\b | \bOops\b | Call\ Trace | \bKASAN\b | \bUBSAN\b | \bKCSAN\b
    | possible\ (?:recursive|circular)\ locking | possible\ irq\ lock | inconsistent\ lock\ state
    | bad\ unlock\ balance | suspicious\ RCU\ usage | held\ lock\ freed | lock\ held\ when\ returning
    | non-static\ key | invalid\ wait\ context | DEBUG_LOCKS_WARN_ON
    | \bDEBUG_OBJECTS\b | \bODEBUG\b | kmemleak:\ \d+\ new | unreferenced\ object
    | general\ protection | Kernel\ panic | unable\ to\ handle | double\ fault | stack\ segment
    | rcu:\ INFO | rcu.*detected\ (?:stall|expedited) | blocked\ for\ more\ than | soft\ lockup | hung_task
    | unregister_netdevice:\ waiting | refcount_t: | ref_tracker: | leaked\ reference
    | (?:list_add|list_del)\ corruption | slab\ error | Object\ (?:padding|already) | Padding\ overwritten
    | page\ allocation\ failure | Out\ of\ memory | sleeping\ function | scheduling\ while\ atomic
    | Bad\ page | segfault\ at | Attempted\ to\ kill
    """,
    re.VERBOSE,
)
# Lines with one of the words above that are no problem: the boot's own account of its checkers.
HARMLESS = re.compile(
    r"""
      KernelAddressSanitizer\ initialized | kasan:\ Kernel | kmemleak:\ Kernel\ memory\ leak\ detector
    | ODEBUG:\ selftest | ODEBUG:.*out\ of\ | Command\ line: | Unknown\ kernel\ command\ line
    | Spectre | RETBleed | MDS | TAA | Speculative | SRBDS | MMIO\ Stale | Debugging\ enabled
    """,
    re.VERBOSE,
)


def problems(text, allow=None):
    """The lines of a console log that a healthy kernel would not write; `allow` is a regex of expected ones."""
    found = []
    for line in text.splitlines():
        if PROBLEM.search(line) and not HARMLESS.search(line) and not (allow and re.search(allow, line)):
            found.append(line.strip())
    return found


def complaint(lines, allow=None):
    """Where in a log the first such line is, None if nowhere."""
    return next((i for i, line in enumerate(lines) if problems(line, allow)), None)


def story(path, lines=40):
    """What a log tells of its end: from just before its first complaint, if it has one; else its last lines."""
    with open(path, errors="replace") as log:
        text = log.readlines()
    first = complaint(text)
    return "".join(text[-lines:] if first is None else text[max(first - 5, 0):][:lines])
