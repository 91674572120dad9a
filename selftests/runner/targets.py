# SPDX-License-Identifier: GPL-2.0
"""The Makefile's targets that build, install and remove, tried on a copy of the tree. Prints KTAP.

usage: python3 -m selftests.runner.targets [KERNEL]
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from .part import TOP

TARGET = re.compile(r"^([^\s:#=]+):(?!=).*?## (.+)$", re.MULTILINE)
# What somebody sets for this run must not reach the makes of the copy.
OURS = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "KDIR", "DESTDIR", "PREFIX", "O", "OUT")
# Made by depmod, which some kernels' kbuild runs and others' does not.
DEPMOD = re.compile(r"lib/modules/[^/]+/modules\.\w+(\.bin)?")
# Debian's units of strongSwan (charon-systemd, and the older starter), libreswan, keepalived and FRR.
LATER = ("strongswan.service", "strongswan-starter.service", "ipsec.service", "keepalived.service", "frr.service")


def lab(kernel, what):
    return subprocess.run([TOP / "selftests/lab/kernel.sh", kernel, what], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def files(top):
    return {str(path.relative_to(top)) for path in top.glob("**/*") if not path.is_dir()}


class Tree:
    """A clean copy, and the headers of a kernel."""

    def __init__(self, folder, kernel):
        self.top, self.root = folder / "tree", folder / "root"
        self.kdir, self.release = lab(kernel, "kdir"), lab(kernel, "version")
        shutil.copytree(TOP, self.top, symlinks=True, ignore=shutil.ignore_patterns(".git", "build", "__pycache__"))
        self.make("clean")
        self.clean = files(self.top)

    def make(self, *words):
        """(status, output)"""
        env = {name: value for name, value in os.environ.items() if name not in OURS}
        done = subprocess.run(["make", "--no-print-directory", *words], cwd=self.top, env=env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        return done.returncode, done.stdout

    def works(self, *words):
        """What there is to complain of."""
        status, output = self.make(*words)
        return [f"make {' '.join(words)}: status {status}", *output.splitlines()[-20:]] if status else []

    def module(self):
        return f"build/{self.release}/xfrm_ha.ko"


def modinfo(path, field):
    done = subprocess.run(["modinfo", "-F", field, path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.stdout.strip()


def help_has_all(tree):
    """`make help` names every target that has a comment"""
    status, output = tree.make("help")
    said = {name: text.strip() for name, text in re.findall(r"^  (\S+) +(.*)$", output, re.MULTILINE)}
    meant = TARGET.findall((tree.top / "Makefile").read_text(encoding="utf-8"))
    found = [f"{name}: {said.get(name)!r}, not {text!r}" for name, text in meant if said.get(name) != text]
    return found + ([f"status {status}, {len(meant)} comments"] if status or not meant else [])


def no_headers(tree):
    """without headers the tool is built, and asking for the module fails and says why"""
    nowhere = f"KDIR={tree.root}/nowhere"
    found = tree.works(nowhere)
    if not (tree.top / "build/tools/xfrm-ha").exists():
        found.append("make does not build the tool")
    status, output = tree.make("modules", nowhere)
    if not status or "no kernel headers in" not in output:
        found.append(f"make modules: status {status}: {output}")
    return found


def modules(tree):
    """`make modules` builds the module for KDIR, in build/ alone"""
    found = tree.works("modules", f"KDIR={tree.kdir}")
    if not found and modinfo(tree.top / tree.module(), "vermagic").split(" ")[0] != tree.release:
        found.append(f"{tree.module()} is for {modinfo(tree.top / tree.module(), 'vermagic')}")
    return found + [f"outside build/: {path}" for path in sorted(files(tree.top) - tree.clean) if not path.startswith("build/")]


def install(tree):
    """`make install` puts module, tool, man page and unit where they belong, and nothing else"""
    meant = {
        f"lib/modules/{tree.release}/extra/xfrm_ha.ko": 0o644,
        "usr/sbin/xfrm-ha": 0o755,
        "usr/share/man/man8/xfrm-ha.8": 0o644,
        "usr/lib/systemd/system/xfrm-ha.service": 0o644,
    }
    if found := tree.works("install", f"KDIR={tree.kdir}", f"DESTDIR={tree.root}"):
        return found
    there = {path: (tree.root / path).stat().st_mode & 0o777 for path in files(tree.root) if not DEPMOD.fullmatch(path)}
    found = [f"{path}: mode {there.get(path, 0):o}, not {meant.get(path, 0):o}"
             for path in sorted({*there, *meant}) if there.get(path) != meant.get(path)]
    if not found:
        tool = subprocess.run([tree.root / "usr/sbin/xfrm-ha", "-V"], stdout=subprocess.PIPE, text=True, check=False)
        version = modinfo(tree.root / f"lib/modules/{tree.release}/extra/xfrm_ha.ko", "version")
        if not version or version not in tool.stdout.split():
            found.append(f"the module is version {version!r}, the tool says {tool.stdout!r}")
    return found


def unit(tree):
    """systemd takes the unit, and orders it before IKE daemons and VRRP"""
    path = tree.root / "usr/lib/systemd/system/xfrm-ha.service"
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    before = set(" ".join(re.findall(r"^Before=(.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)).split())
    found = [f"not before {name}" for name in LATER if name not in before]
    # It complains of what the machine itself has, too.
    found += [line for line in done.stdout.splitlines() if path.name in line]
    return found + ([f"systemd-analyze: status {done.returncode}: {done.stdout}"] if done.returncode else [])


def clean(tree):
    """`make clean` leaves what was there before: all of it, and no more"""
    # What can be built elsewhere than in build/.
    found = tree.works("-C", "tools") + tree.works("-C", "selftests", "install")
    found += tree.works("clean")
    after = files(tree.top)
    return found + [f"left: {path}" for path in sorted(after - tree.clean)[:20]] + [f"gone: {path}" for path in sorted(tree.clean - after)[:20]]


CHECKS = (help_has_all, no_headers, modules, install, unit, clean)


def main():
    failed = 0
    print(f"TAP version 13\n1..{len(CHECKS)}", flush=True)
    with tempfile.TemporaryDirectory(prefix="xha-targets-") as folder:
        tree = Tree(pathlib.Path(folder), sys.argv[1] if len(sys.argv) > 1 else "6.1")
        for number, check in enumerate(CHECKS, 1):
            found = check(tree)
            for line in found:
                print(f"# {line}")
            failed += bool(found)
            print(f"{'not ok' if found else 'ok'} {number} {check.__doc__}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
