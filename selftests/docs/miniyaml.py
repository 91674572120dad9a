# SPDX-License-Identifier: GPL-2.0
"""Reads the YAML that netlink specs are written in.

Block mappings and lists by indentation, flow lists of scalars, folded text, quoted and plain scalars, anchors and
aliases. A fresh Debian has no YAML module for Python.
"""
import re


class Error(Exception):
    pass


def _scalar(text):
    if text[:1] in "'\"" and text[-1:] == text[:1] and len(text) > 1:
        return text[1:-1]
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    return {"true": True, "false": False, "null": None}.get(text, text)


def _uncomment(line):
    return re.sub(r"(^|\s)#.*$", "", line).rstrip()


class _Parser:
    def __init__(self, text):
        self.lines = []
        self.anchors = {}
        for number, line in enumerate(text.splitlines(), 1):
            line = _uncomment(line)
            if line and line != "---":
                self.lines.append((len(line) - len(line.lstrip()), line.lstrip(), number))

    def fail(self, what):
        raise Error(f"line {self.lines[0][2]}: {what}" if self.lines else what)

    def folded(self, indent):
        words = []
        while self.lines and self.lines[0][0] > indent:
            words.append(self.lines.pop(0)[1])
        return " ".join(words)

    def value(self, text, indent):
        """What stands behind a key or a dash; the rest of it may be in deeper lines."""
        anchor = re.match(r"&(\S+)\s*", text)
        if anchor:
            found = self.value(text[anchor.end():], indent)
            self.anchors[anchor[1]] = found
            return found
        if text.startswith("*"):
            if text[1:] not in self.anchors:
                self.fail(f"no anchor {text[1:]}")
            return self.anchors[text[1:]]
        if text in (">-", ">", "|"):
            return self.folded(indent)
        if text.startswith("["):
            return [_scalar(one.strip()) for one in text.strip("[]").split(",") if one.strip()]
        if text:
            return _scalar(text)
        if self.lines and self.lines[0][0] > indent:
            return self.block(self.lines[0][0])
        return None

    def block(self, indent):
        return (self.list if self.lines[0][1][:1] == "-" else self.mapping)(indent)

    def list(self, indent):
        found = []
        while self.lines and self.lines[0][0] == indent and re.match(r"-(\s|$)", self.lines[0][1]):
            found.append(self.value(self.lines.pop(0)[1][1:].strip(), indent))
        return found

    def mapping(self, indent):
        found = {}
        while self.lines and self.lines[0][0] == indent:
            pair = re.match(r"([\w-]+):(?:\s+(.*))?$", self.lines[0][1])
            if not pair:
                self.fail("neither a key nor a list")
            if pair[1] in found:
                self.fail(f"{pair[1]} comes twice")
            self.lines.pop(0)
            found[pair[1]] = self.value(pair[2] or "", indent)
        return found


def parse(text):
    parser = _Parser(text)
    found = parser.mapping(0)
    if parser.lines:
        parser.fail("unexpected indentation")
    return found
