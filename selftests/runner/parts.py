# SPDX-License-Identifier: GPL-2.0
"""What there is to run, and which of it belongs to which target of the Makefile."""

import os

from .part import BUILD, Part

KERNELS = ("6.1", "6.12")
VM = ("kinds", "fast", "backforth", "reboot", "reload", "vip6", "thousand", "params")
MIXED = "6.1+6.12"
# Enough of the namespace tests for a look at the debug kernel in every run of check; a script runs six times as long there.
SHORT = "lifecycle.sh offload.sh"
# There they run in two guests side by side, with a processor each: the one is quicker than a guest that has both, by a third
# (for what scripts do: starting programs). These take as long as all the others.
HALF = "netem.sh bulk.sh four.sh sctp.sh underlay.sh flood.sh lifetimes.sh ends.sh replay.sh knobs.sh partition.sh pairs.sh cold.sh three.sh audit.sh vip.sh"
# ... but for these, in which much happens at once.
SMP = "changes.sh merge.sh handover.sh backforth.sh flap.sh lifecycle.sh"
# In check these run in two guests side by side, with a processor each: half the time, and a kernel that is never in two
# places at once. What is about that, or about speed, has both processors, as all has in check-full.
UP = ("kinds.sh more.sh dumps.sh tags.sh pairs.sh cold.sh three.sh vip.sh policies.sh gate.sh link.sh gre.sh pmtu.sh order.sh audit.sh netem.sh replay.sh "
      "four.sh sctp.sh underlay.sh params.sh badinput.sh misfit.sh",
      "datagrams.sh sealed.sh acks.sh keys.sh scale.sh lifetimes.sh ends.sh migrate.sh daemon.sh knobs.sh groups.sh follow.sh late.sh bulk.sh partition.sh")
# The schedules of property.sh are the same in each run; check-full has others each time.
CHECK_SEED = "4242"
# Hostile datagrams in check; without a word, as in check-full, it is a million.
CHECK_FLOOD = "200000"
# What needs that kernel: a device that there is nowhere else.
DEBUG_ONLY = "offload.sh"
# What needs a device that takes SAs whole, which 6.1 does not know.
PACKET = "packet.sh"
# What needs a guest with SELinux.
LABELS = "labels.sh"
# What is about the link, roles and words alone, whatever the kernel: once is enough. All of it is in check-full.
ONCE = "netem.sh bulk.sh four.sh order.sh misfit.sh sealed.sh flood.sh badinput.sh params.sh link.sh acks.sh datagrams.sh " \
    "scale.sh merge.sh handover.sh lifetimes.sh ends.sh replay.sh migrate.sh daemon.sh knobs.sh groups.sh flap.sh property.sh gre.sh pmtu.sh " \
    "leases.sh sctp.sh underlay.sh partition.sh pairs.sh cold.sh three.sh audit.sh vip.sh follow.sh late.sh"
# The three-machine tests that one kernel does without, in favour of the other; on 6.12 the demo takes over a thousand SAs.
NOT_ON = {"6.1": ("reboot", "kinds", "params"), "6.12": ("backforth", "vip6", "thousand", "fast", "reload")}


def python(module, *args):
    return ["python3", "-u", "-m", f"selftests.{module}", *args]


def make(*args):
    return ["make", "--no-print-directory", *args]


def build(kernel):
    """The module for a kernel from nothing, so that each warning of W=1 and sparse is said again."""
    return Part(f"build-{kernel}", python("runner.build", kernel), timeout=300)


def test_tree():
    return Part("test-tree", make("test-tree"), timeout=120, plain=True)


def units():
    """What needs no guests, and one processor."""
    work = BUILD / "host"
    return [
        Part("unit", make("-C", "selftests/unit", "run_tests", f"O={work / 'unit'}"), cost=1, timeout=300),
        Part("tools", make("-C", "selftests/tools", "check", f"O={work / 'tools'}"), cost=1, timeout=300),
        Part("tools-san", make("-C", "selftests/tools", "check", "SAN=1", f"O={work / 'tools-san'}"), cost=1, timeout=300),
        Part("docs", ["python3", "selftests/docs/spec.py"], cost=1, timeout=60),
        fuzz_part(),
    ]


def fuzz_part(seconds=""):
    """A fixed number of inputs for each target; or `seconds`."""
    return Part("fuzz", make("-C", "selftests/fuzz", "run_tests", f"O={BUILD / 'host/fuzz'}", f"FUZZ_TIME={seconds}"),
                cost=1, timeout=600 + 4 * int(seconds or 0))


def model(size):
    """The protocol in Promela."""
    return Part("model", ["selftests/model/run.sh", size], cost=1, timeout=600 if size == "small" else 5400,
                env={"O": str(BUILD / "model")})


def style():
    return [Part("style", python("runner.style"), cost=1, timeout=180)]


def targets():
    """What the Makefile builds, installs and removes, for the headers that the module was built with a moment ago."""
    return [Part("targets", python("runner.targets", KERNELS[0]), (f"build-{KERNELS[0]}",), timeout=600)]


def in_guest(name, kernel, timeout, smp=2, **env):
    """Namespace tests in one guest."""
    return Part(name, python("vm.netns", kernel), (f"build-{kernel}", "test-tree"), smp, timeout, {"NAME": name, "SMP": str(smp), **env})


def net(kernel, tests="", skip="", timeout=2400, name="", flood="", smp=2):
    """The namespace tests, or some of them."""
    name = name or f"net-{kernel}" + ("-short" if tests or skip else "")
    skip = f"{skip} {LABELS}".strip()
    if kernel != "debug":
        skip = f"{skip} {DEBUG_ONLY}"
    if kernel != "6.12":
        skip = f"{skip} {PACKET}"
    return in_guest(name, kernel, timeout, smp, TESTS=tests, SKIP=skip, FLOOD=flood, SEED=os.environ.get("SEED") or CHECK_SEED)


def labels(kernel):
    """Labelled IPsec, in a guest of its own."""
    return in_guest(f"labels-{kernel}", kernel, 300, smp=1, TESTS=LABELS, CMDLINE="security=selinux")


def flood(kernel, datagrams, timeout):
    """Hostile datagrams at a node that is alive, more than in the namespace tests."""
    return in_guest(f"flood-{kernel}", kernel, timeout + 300, TESTS="flood.sh", FLOOD=str(datagrams), XHA_TIMEOUT=str(timeout))


def schedules(kernel, count, timeout, smp=2):
    """Random schedules, more or fewer than in the namespace tests."""
    return in_guest(f"property-{kernel}", kernel, timeout + 300, smp, TESTS="property.sh", SCHEDULES=str(count), XHA_TIMEOUT=str(timeout))


def flaps(kernel, count, timeout):
    """More flapping than in the namespace tests."""
    return in_guest(f"flap-{kernel}", kernel, timeout + 300, TESTS="flap.sh", FLAPS=str(count), XHA_TIMEOUT=str(timeout))


def machines(kernel, scenarios=VM, env=None, timeout=300):
    """The three-machine tests."""
    needs = tuple(f"build-{k}" for k in kernel.split("+")) + ("test-tree",)
    return [Part(f"{name}-{kernel}", python(f"vm.{name}", kernel), needs, 2, timeout, env or {}) for name in scenarios]


def demo(kernel):
    """As somebody sees it who says `make demo` and no more."""
    return [Part("demo", python("vm.demo", kernel), (f"build-{kernel}", "test-tree"), 2, 300, {"SAS": ""}, plain=True)]


def mutants(kernel="6.1", more="", sound=""):
    return [Part(f"mutants-{kernel}", python("vm.mutants", kernel), ("test-tree",), 2, 1800, {"ALL": more, "SOUND": sound})]


def starved(kernel, timeout):
    """Short of memory: what is seldom run through, where a fault of it would show."""
    return in_guest(f"starve-{kernel}", kernel, timeout, smp=1, TESTS="starve.sh", FLAGS="-DXHA_STARVE=7")


def debug_kernel():
    """Ten to twenty minutes on a fresh machine, beside all else."""
    return [
        Part("debug-kernel", ["selftests/lab/debug-kernel.sh", "build"], timeout=3600, plain=True, background=True),
        Part("build-debug", python("runner.build", "debug"), ("debug-kernel",), timeout=300),
    ]


def check(env=None):
    parts = [test_tree(), *debug_kernel()]
    parts += [build(kernel) for kernel in KERNELS] + units() + [model("full" if env else "small")] + style() + targets()
    longer = 4 if env else 1
    if env:
        guests = [net(kernel, timeout=2400 * longer) for kernel in KERNELS]
    else:
        *side_by_side, both = halves("6.1")
        guests = [*side_by_side, net("debug", tests=SHORT, timeout=900, smp=1), net("6.12", skip=ONCE, smp=1), both]
    guests += [labels("6.12")]
    for kernel in KERNELS:
        guests += machines(kernel, [name for name in VM if env or name not in NOT_ON[kernel]], env, 300 * longer)
    guests += machines("6.1", ("keepalived", "frr"))
    guests += machines("6.12", ("readme", "versions", "missing")) + demo("6.12")
    return parts + guests + mutants(more="1" if env else "")


def bench():
    """What the link costs in bytes."""
    return [test_tree(), build("6.12"), net("6.12", tests="bytes.sh", timeout=900)]


def check_full():
    os.environ.setdefault("ROUNDS", "40")
    os.environ.setdefault("SAS", "5000")
    lab = Part("lab", python("lab.selftest"), ("test-tree",), timeout=300, plain=True)
    larger = [lab, schedules("6.12", 1000, 9000), flaps("6.12", 1000, 3000), *machines(MIXED, ("kinds",)), *mutants("6.12", more="1")]
    return check({"XHA_FULL": "1"}) + larger + debug_tests() + [sid()]


def debug_tests():
    return [net("debug", skip=f"property.sh {SMP} {HALF}", timeout=5400, name="net-debug-1", smp=1),
            net("debug", tests=HALF, timeout=5400, name="net-debug-2", smp=1),
            schedules("debug", 5, 900, smp=1), starved("debug", 900),
            net("debug", tests=SMP, timeout=3600, name="net-debug-smp"), *machines("debug", timeout=1800)]


def check_debug():
    return [test_tree(), *debug_kernel(), *debug_tests()]


def sid():
    return Part("build-sid", python("runner.build", "sid"), timeout=1200)


def halves(kernel):
    """The namespace tests: most side by side, with a processor each, and then what has both."""
    guests = [net(kernel, half, name=f"net-{kernel}-up{n}", smp=1) for n, half in enumerate(UP, 1)]
    return guests + [net(kernel, skip=" ".join(UP), flood=CHECK_FLOOD)]


def check_kernels():
    return [test_tree()] + [build(kernel) for kernel in KERNELS] + [sid(), *halves("sid")]


def fuzz():
    """As long as one likes: FUZZ_TIME seconds for each target, FLOOD datagrams."""
    seconds, datagrams = os.environ.get("FUZZ_TIME") or 600, int(os.environ.get("FLOOD") or 10_000_000)
    return [test_tree(), build("6.12"), fuzz_part(int(seconds)), flood("6.12", datagrams, 600 + datagrams // 1000)]


RUNS = {
    "check": check,
    "check-full": check_full,
    "check-debug": check_debug,
    "check-kernels": check_kernels,
    "bench": bench,
    "mutants": lambda: [test_tree(), *mutants(more="1", sound="1")],
    "unit": units,
    "fuzz": fuzz,
    "style": style,
    "model": lambda: [model("full")],
}
