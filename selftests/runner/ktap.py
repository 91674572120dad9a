# SPDX-License-Identifier: GPL-2.0
"""Counts what a part prints as KTAP, nested or several documents in a row, and believes none that is not complete."""

import dataclasses
import re

NESTED = re.compile(r"^((?:# )*)((?:    |  )*)")
RESULT = re.compile(r"^(ok|not ok) \d+(?: - | |$)(.*)")
PLAN = re.compile(r"^1\.\.(\d+)(?:\s+# SKIP\b ?(.*))?")
SKIP = re.compile(r"# SKIP\b", re.IGNORECASE)


@dataclasses.dataclass
class Document:
    """One plan and its results."""

    plan: int = None
    seen: int = 0
    failed: int = 0
    bailed: bool = False


class Ktap:
    """Feed it lines; `passed`, `failed` and `skipped` count leaves: a line that sums up its nested ones counts as none."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.failures = []  # names
        self.open = []  # documents by depth
        self.script = ""  # which kselftest's runner says it has begun
        self.children = None  # the nested document that the next result sums up

    def fail(self, name):
        self.failed += 1
        self.failures.append(f"{self.script}: {name}" if self.script and self.script not in name else name)

    def close(self, depth):
        """Ends the documents of this depth and below."""
        while len(self.open) > depth:
            document = self.open.pop()
            if document is None:
                continue
            if document.plan is None and document.seen:
                self.fail(f"{document.seen} results without a plan")
                document.failed += 1
            elif document.plan is not None and document.plan != document.seen and not document.bailed:
                self.fail(f"planned {document.plan} tests, {document.seen} ran")
                document.failed += 1
            if len(self.open) == depth:
                self.children = document
                if depth == 0:
                    self.script = ""

    def at(self, depth):
        self.open += [None] * (depth + 1 - len(self.open))
        if self.open[depth] is None:
            self.open[depth] = Document()
        return self.open[depth]

    def feed(self, line):
        """Takes a line; returns it with a word for what it is: "result", "failure", "plan", "comment" or "other"."""
        prefix = NESTED.match(line)
        depth, text = prefix.group(1).count("#") + (len(prefix.group(2)) + 2) // 4, line[prefix.end():]
        if match := RESULT.match(text):
            return self.result(depth, match.group(1) == "ok", match.group(2).strip())
        if text.startswith(("TAP version", "KTAP version")):
            self.close(depth)
            self.children = None
            return "plan"
        if match := PLAN.match(text):
            self.plan(depth, int(match.group(1)), match.group(2))
            return "plan"
        if text.startswith("Bail out!"):
            self.fail(text)
            self.at(depth).failed += 1
            self.at(depth).bailed = True
            return "failure"
        if line.startswith("# selftests: "):
            self.script = line.removeprefix("# selftests: ").strip()
        return "comment" if line.startswith("#") else "other"

    def plan(self, depth, count, skipped):
        if len(self.open) > depth and self.open[depth] and self.open[depth].plan is not None:
            self.close(depth)
        self.at(depth).plan = count
        if count == 0:
            self.skipped += 1
            if skipped is None:
                self.fail("a plan of no tests, and no reason")

    def result(self, depth, good, name):
        self.close(depth + 1)
        nested, self.children = self.children, None
        document = self.at(depth)
        document.seen += 1
        if not good:
            document.failed += 1
            if not nested or not nested.failed:
                self.fail(name)
                return "failure"
        elif nested and nested.failed:
            self.fail(f"{name}: ok in spite of failures")
            return "failure"
        elif not nested:
            if SKIP.search(name):
                self.skipped += 1
            else:
                self.passed += 1
        return "result" if good else "failure"

    def end(self, status):
        """The part is over. Its exit status must fit what it said."""
        self.close(0)
        if not self.passed + self.failed + self.skipped:
            self.fail("no results")
        if status and not self.failed and not (status == 4 and self.skipped and not self.passed):
            self.fail(f"exit status {status}, but no test failed")
