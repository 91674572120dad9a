#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Documentation against code: what the one says, the other must have. Prints KTAP.

    python3 selftests/docs/spec.py
"""
import functools
import os
import re
import subprocess
import sys

import miniyaml

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
MOST_COMMANDS = 6
NO_SPDX = {"LICENSE"}
# Inputs as they are: the README beside them speaks for them.
DATA = "selftests/fuzz/corpus/"
# Where builds leave what they make.
MADE = {".git", "build", "__pycache__", "bin", "kselftest_install"}

TESTS = []


def test(func):
    TESTS.append(func)
    return func


def read(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as file:
        return file.read()


@functools.lru_cache(maxsize=None)
def files():
    """Every file of the repository, also those that are not committed yet."""
    try:
        done = subprocess.run(["git", "-C", TOP, "ls-files", "-co", "--exclude-standard"],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False, text=True)
        found = done.stdout.splitlines()
    except OSError:
        found = []
    # A tree that another repository ignores has no files for git, either.
    return sorted(f for f in set(found or walk()) if not MADE & set(f.split("/")) and os.path.isfile(os.path.join(TOP, f)))


def walk():
    """The same where it is no work tree, or where there is no git."""
    for where, dirs, names in os.walk(TOP):
        dirs[:] = [d for d in dirs if d not in MADE]
        yield from (os.path.relpath(os.path.join(where, name), TOP) for name in names)


def matches(pattern, path, flags=re.M):
    """All matches in a file; none at all would make a test say nothing."""
    found = re.findall(pattern, read(path), flags)
    if not found:
        raise LookupError(f"nothing like {pattern} in {path}")
    return found


def texts():
    for path in files():
        try:
            yield path, read(path)
        except UnicodeDecodeError:
            pass


def c_name(*parts):
    return "".join(parts).upper().replace("-", "_")


def uncommented(text):
    return re.sub(r"//[^\n]*", "", re.sub(r"/\*.*?\*/", "", text, flags=re.S))


def c_enums(path):
    """{name of the enum: {member: number}}, without markers of the end."""
    found = {}
    for name, body in re.findall(r"enum (\w+) \{(.*?)\}", uncommented(read(path)), re.S):
        number, members = -1, {}
        rows = re.findall(r"(\w+)(?:\s*=\s*([^,]+?))?\s*(?:,|$)", body.strip())
        for member, value in rows:
            if member.startswith("__") or (member == rows[-1][0] and member.endswith("_MAX")):
                continue
            number += 1
            if value:
                number = eval(value, {"__builtins__": {}}, dict(members, XHA_TLV_COUNTER=0x80))
            members[member] = number
        found[name] = members
    return found


def c_defines(path):
    return {name: int(value, 0) for name, value
            in matches(r"^#define (\w+)\s+(0x[0-9a-fA-F]+|\d+)\b", path)}


UAPI = "uapi/linux/xfrm_ha.h"
SPEC = miniyaml.parse(read("docs/netlink/xfrm_ha.yaml"))
DOCS = {f: read(f) for f in files() if f.startswith("docs/") or f in ("README.md", "tools/xfrm-ha.8")}
SAID = "\n".join(DOCS.values()).replace("\\-", "-")


def differ(what, here, there):
    """Members that the specification and the header do not share, or number differently."""
    for name in sorted(set(here) | set(there)):
        if here.get(name) != there.get(name):
            yield f"{what}: {name} is {here.get(name)} in the specification, {there.get(name)} in the header"


def numbered(items, prefix, first):
    number, found = first - 1, {}
    for item in items:
        item = item if isinstance(item, dict) else {"name": item}
        number = item.get("value", number + 1)
        found[c_name(prefix, item["name"])] = number
    return found


def spec_enums():
    """{name of the enum in C: {member: number}} as the specification has it."""
    found = {}
    for one in SPEC["definitions"]:
        if one["type"] == "enum":
            found[c_name(one["enum-name"]).lower()] = numbered(one["entries"], one["name-prefix"], 0)
    for one in SPEC["attribute-sets"]:
        found[c_name(one["enum-name"]).lower()] = numbered(one["attributes"], one["name-prefix"], 1)
    ops = SPEC["operations"]
    found[c_name(ops["enum-name"]).lower()] = numbered(ops["list"], ops["name-prefix"], 1)
    return found


@test
def netlink_specification_has_the_numbers_of_the_header():
    ours = spec_enums()
    theirs = {name: {m: n for m, n in members.items() if not m.endswith("_UNSPEC")}
              for name, members in c_enums(UAPI).items()}
    for name in sorted(set(ours) | set(theirs)):
        yield from differ(f"enum {name}", ours.get(name, {}), theirs.get(name, {}))


@test
def netlink_specification_has_the_constants_of_the_header():
    constants = {c_name(d["name"]): d["value"] for d in SPEC["definitions"] if d["type"] == "const"}
    constants["XFRM_HA_GENL_VERSION"] = SPEC["version"]
    yield from differ("constant", constants, c_defines(UAPI))
    text = read(UAPI)
    groups = [group["name"] for group in SPEC["mcast-groups"]["list"]]
    for name, value in (("XFRM_HA_GENL_NAME", SPEC["name"]), ("XFRM_HA_GENL_MCGRP", groups[0])):
        if not re.search(rf'#define {name}\s+"{re.escape(value)}"', text):
            yield f"{name} is not {value}"
    if len(groups) != 1:
        yield "one multicast group, please"


C_TYPES = {"nested": "nest", "be32": "u32"}


@test
def netlink_specification_has_the_types_of_the_header():
    """By the comments of the header, where they begin with a type."""
    header = dict(matches(r"^\t(XFRM_HA_\w+),\s*/\* (u8|u16|u32|u64|be32|string|flag|nested|binary)\b", UAPI))
    for attrs in SPEC["attribute-sets"]:
        for attr in attrs["attributes"]:
            name = c_name(attrs["name-prefix"], attr["name"])
            have = C_TYPES.get(header.get(name), header.get(name))
            if attr["type"] != (have or "pad"):
                yield f"{name} is {attr['type']} in the specification, {have} in the header"


def lists_of(op):
    for how in ("do", "dump"):
        for way in ("request", "reply"):
            yield ((op.get(how) or {}).get(way) or {}).get("attributes") or []
    yield (op.get("event") or {}).get("attributes") or []


@test
def netlink_specification_refers_to_what_it_has():
    sets = {s["name"]: s["attributes"] for s in SPEC["attribute-sets"]}
    enums = {d["name"] for d in SPEC["definitions"] if d["type"] == "enum"}
    for attrs in sets.values():
        for attr in attrs:
            if attr["type"] == "nest" and attr.get("nested-attributes") not in sets:
                yield f"{attr['name']}: nests an unknown set"
            if attr.get("enum", next(iter(enums))) not in enums:
                yield f"{attr['name']}: of an unknown enum"
    used = {name: set() for name in sets}
    for op in SPEC["operations"]["list"]:
        for names in lists_of(op):
            used[op["attribute-set"]].update(names)
    nested = {a.get("nested-attributes") for attrs in sets.values() for a in attrs}
    for name, attrs in sets.items():
        known = {attr["name"] for attr in attrs}
        yield from (f"{name}: there is no {one}" for one in sorted(used[name] - known))
        if name not in nested:
            pads = {attr["name"] for attr in attrs if attr["type"] == "pad"}
            yield from (f"{name}: no operation has {one}" for one in sorted(known - used[name] - pads))


@test
def netlink_specification_has_the_operations_of_the_family():
    family = {}
    for body in matches(r"\{\s*\.cmd = (.*?)\},", "kmod/nl.c", re.S):
        family[body.split(",")[0]] = {how for how in ("do", "dump") if f".{how}it" in body}
    for op in SPEC["operations"]["list"]:
        have = family.pop(c_name("xfrm-ha-cmd-", op["name"]), set())
        want = {how for how in ("do", "dump") if how in op}
        if have != want:
            yield f"{op['name']}: {sorted(want)} in the specification, {sorted(have)} in the family"
    yield from (f"{name}: not in the specification" for name in family)


def node_blocks():
    """{node: commands} of the blocks that begin with '# on NODE'."""
    found = {}
    for body in matches(r"^```sh\n(.*?)^```", "README.md", re.S | re.M):
        lines = body.strip().split("\n")
        node = re.fullmatch(r"# on (\w+)", lines[0])
        if node:
            found[node[1]] = [line for line in lines[1:] if line and not line.startswith("#")]
    return found


@test
def readme_needs_few_commands():
    blocks = node_blocks()
    if sorted(blocks) != ["gw1", "gw2"]:
        yield f"blocks for {sorted(blocks)}, not for gw1 and gw2"
    for node, commands in blocks.items():
        if not 1 <= len(commands) <= MOST_COMMANDS:
            yield f"{node} has {len(commands)} commands"
        for command in commands:
            if re.search(r"[;&|\\]", command):
                yield f"{node}: more than one simple command in: {command}"


@test
def every_counter_is_described():
    for name in matches(r'^\t\[XHA_STAT_\w+\] = "(\w+)"', "kmod/stats.c"):
        if not re.search(rf"\b{name}\b", SAID):
            yield f"counter {name} is nowhere"


@test
def every_knob_is_described():
    knobs = matches(r'^\t\{ "([\w-]+)", KNOB_', "tools/knob.c") + matches(r'RANGE\("([\w-]+)', "kmod/nl_addr.c")
    for name in sorted(set(knobs)):
        if not re.search(rf"\b{name}\b", SAID):
            yield f"knob {name} is nowhere"


@test
def every_parameter_is_described():
    text = DOCS["docs/parameters.rst"]
    there = set(re.findall(r"^(\w+)  ", text, re.M)) - {"parameter"}
    yield from differ("parameter", dict.fromkeys(there, "there"),
                      dict.fromkeys(matches(r"^module_param\((\w+)", "kmod/params.c"), "there"))


@test
def every_file_of_the_module_has_its_layer():
    """A header may stand for itself or go with its .c file."""
    ours = [f[len("kmod/"):] for f in files() if re.match(r"kmod/.*\.[ch]$", f)]
    for name in ours:
        if name.endswith(".h") and name[:-1] + "c" in ours:
            continue
        if not re.search(rf"(?<![\w/]){re.escape(name)}", DOCS["docs/architecture.rst"]):
            yield f"architecture.rst does not name {name}"


@test
def no_document_names_a_file_that_is_gone():
    for doc, text in DOCS.items():
        for name in re.findall(r"\b(?:kmod|uapi|tools|selftests|docs)/[\w./-]*\w\.(?:c|h|py|sh|rst|8|yaml)\b", text):
            if not os.path.exists(os.path.join(TOP, name)):
                yield f"{doc} names {name}"
    for name in re.findall(r"^([\w/]+\.[ch])\b", DOCS["docs/architecture.rst"], re.M):
        if not os.path.exists(os.path.join(TOP, "kmod", name)):
            yield f"architecture.rst names {name}"


ROLE_EVENTS = {"VIP_UP": "VIP up", "VIP_DOWN": "VIP down", "SET_ACTIVE": "set active",
               "SET_STANDBY": "set standby", "PEER_WINS": "peer wins", "WINNER_GONE": "winner gone",
               "PEER_TERM": "peer's term", "HANDOVER": "handover", "RESUME": "resume"}
ROLE_TODO = {"OPEN": "raise term, take over", "CLOSE": "close, want a copy",
             "LEAVE": "close, raise term, want a copy",
             "XHA_DO_WANT": "want a copy", "XHA_DO_TERM": "raise term"}


@test
def role_table_is_the_one_of_the_code():
    rules = matches(r'\{ (\w+), XHA_EV_(\w+), (\w+), (\w+),\s*"([^"]+)" \}', "kmod/role.c")
    code = {(a.lower(), ROLE_EVENTS.get(e, e)): (b.lower(), ROLE_TODO.get(t, t), cause)
            for a, e, b, t, cause in rules}
    rows = re.findall(r"^(init|standby|active|fenced)\s{2,}(\S.*?)\s{2,}(\w+)\s{2,}(\S.*?)\s{2,}(\S.*)$",
                      DOCS["docs/roles.rst"], re.M)
    doc = {(a, e): (b, t, cause) for a, e, b, t, cause in rows}
    for key in sorted(set(code) | set(doc)):
        if code.get(key) != doc.get(key):
            yield f"{key}: {doc.get(key)} in roles.rst, {code.get(key)} in role.c"
    drawing = re.search(r"^Transitions\n=+\n\n::\n\n(.*?)\n\S", DOCS["docs/roles.rst"], re.M | re.S).group(1)
    for event in {event for _, event in code}:
        meant, drawn = sum(event == e for _, e in code), len(re.findall(rf"\b{re.escape(event)}\b", drawing))
        if meant != drawn:
            yield f"{event}: {drawn} times in the drawing, {meant} in the table"


@test
def wire_numbers_are_those_of_the_code():
    enums = c_enums("kmod/wire.h")
    rows = dict((name, int(number)) for number, name
                in re.findall(r"^(\d+)\s+([A-Z][A-Z0-9_]+)\s", DOCS["docs/wire.rst"].split("SA and POLICY\n")[0], re.M))
    tlvs = dict((name, int(number)) for number, name
                in re.findall(r"^(\d+)\s+([A-Z][A-Z0-9_]+)\s", DOCS["docs/wire.rst"].split("SA and POLICY\n")[1], re.M))
    yield from differ("record", {f"XHA_REC_{n}": v for n, v in rows.items()}, enums["xha_rec_type"])
    yield from differ("attribute", {f"XHA_TLV_{n}": v for n, v in tlvs.items()}, enums["xha_tlv"])


@test
def tags_in_the_readme_are_those_of_the_code():
    text = read("README.md")
    defines = c_defines("kmod/gate.h")
    for name in ("XHA_MARK_STANDBY", "XHA_MARK_FENCED"):
        if f"`0x{defines[name]:x}/0x0`" not in text:
            yield f"{name} is not in the README"
    for name in ("XHA_FLAG_ACTIVE", "XHA_FLAG_STANDBY", "XHA_FLAG_FENCED"):
        if f"`{defines[name]:x}`" not in text:
            yield f"{name} is not in the README"


@test
def every_file_has_its_license():
    for path, text in texts():
        if path in NO_SPDX or (path.startswith(DATA) and not path.endswith("README")):
            continue
        if text and "SPDX-License-Identifier:" not in text:
            yield f"{path} has no SPDX line"


# Written so that this file does not contain them.
MACHINE = re.compile(r"(?<![\w.-])/wor" + r"k/|/root/\.cac" + r"he|\.\./sha" + r"red")
WORDS = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME)\b")


@test
def no_file_names_this_machine_or_is_unfinished():
    for path, text in texts():
        for number, line in enumerate(text.split("\n"), 1):
            for found in (MACHINE.search(line), WORDS.search(line)):
                if found:
                    yield f"{path}:{number}: {found[0]}"


def main():
    print("TAP version 13")
    print(f"1..{len(TESTS)}")
    bad = 0
    for number, func in enumerate(TESTS, 1):
        name = func.__name__.replace("_", " ")
        try:
            said = list(func())
        except (LookupError, OSError) as err:
            said = [f"{type(err).__name__}: {err}"]
        bad += bool(said)
        for line in said:
            print(f"# {line}")
        print(f"{'not ok' if said else 'ok'} {number} {name}")
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
