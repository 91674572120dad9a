# SPDX-License-Identifier: GPL-2.0
"""Guests under QEMU without KVM, and the Lab that starts and ends a set of them."""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

from . import console
from .channel import Channel, GuestDied, LabError
from .hub_client import Hub

HERE = pathlib.Path(__file__).resolve().parent
# cmpxchg16b is emulated wrongly by QEMU 7.2 with several threads: 6.12 guests die of it under load (slab corruption).
CPU = "max,-cx16"
# norandmaps: QEMU translates code for the address at which it runs, so a program that is never at the same place twice is
# translated anew at each start, three to five times as long as it then takes.
# Watchdogs measure wall time, and a loaded host gives its guests little of it: only long silences mean something.
CMDLINE = (
    "console=ttyS0 panic=-1 loglevel=7 net.ifnames=0 random.trust_cpu=on mitigations=off norandmaps nosoftlockup "
    "rcupdate.rcu_cpu_stall_timeout=120 rcupdate.rcu_cpu_stall_suppress_at_boot=1 no_timer_check"
)
KMEMLEAK = "/sys/kernel/debug/kmemleak"
# kmemleak does not speak of what is younger than five seconds, nor before it has seen it unchanged in two scans.
OLD_ENOUGH = 6
# Per kernel: memory in MB, and by what all waiting times are multiplied.
PROFILE = {"6.1": (512, 1), "6.12": (512, 1), "sid": (640, 1), "debug": (1280, 6)}


def tool(script, *args):
    """What one of the lab's scripts prints; its progress lines stay visible."""
    command = [str(HERE / script), *map(str, args)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def shell_prefix():
    """Runs QEMU with the driver's end as its own, and in a network namespace whose Unix sockets have long queues."""
    die_with_us = ["setpriv", "--pdeathsig", "KILL"] if threading.current_thread() is threading.main_thread() else []
    return die_with_us + Hub.namespace()


class Guest:
    """One virtual machine. `segments` names its NICs' segments in order: eth0, eth1, ..."""

    def __init__(self, name, kernel, segments=(), mem=None, smp=2, extra_cmdline="", *, image, workdir, run_dir, prepare,
                 index=0, allow=None):
        self.name, self.kernel, self.segments, self.smp = name, kernel, list(segments), smp
        profile_mem, self.patience = PROFILE[kernel]
        self.patience *= float(os.environ.get("XHA_PATIENCE", "1"))
        self.mem = mem or profile_mem
        self.extra_cmdline, self.image, self.index, self.allow, self.prepare = extra_cmdline, image, index, allow, prepare
        self.workdir, self.run_dir = pathlib.Path(workdir), pathlib.Path(run_dir)
        self.process = self.channel = None
        self.asked_to_die = False
        self.consoles, self.stumbled = [], []
        self.boot_seconds = None

    def mac(self, segment):
        return f"02:00:00:00:{self.index + 1:02x}:{self.segments.index(segment) + 1:02x}"

    def nic(self, segment):
        """The guest's name for its interface on that segment."""
        return f"eth{self.segments.index(segment)}"

    def command(self):
        run = str(self.run_dir / self.name)
        args = ["qemu-system-x86_64", "-machine", "q35", "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"]
        args += ["-cpu", CPU, "-accel", "tcg,thread=multi", "-smp", str(self.smp), "-m", str(self.mem)]
        args += ["-kernel", tool("kernel.sh", self.kernel, "image"), "-initrd", str(self.image)]
        args += ["-append", f"{CMDLINE} xha.host={self.name} {self.extra_cmdline}"]
        args += ["-serial", f"file:{self.consoles[-1]}", "-qmp", f"unix:{run}.qmp,server=on,wait=off"]
        args += ["-chardev", f"socket,id=agent,path={run}.agent", "-device", "virtio-serial-pci,addr=0x3"]
        args += ["-device", "virtserialport,chardev=agent,name=xha"]
        for i, segment in enumerate(self.segments):
            guest, hub = (Hub.socket_path(self.run_dir, segment, self.name, end) for end in ("guest", "hub"))
            if os.path.exists(guest):
                os.unlink(guest)
            args += ["-netdev", f"dgram,id=n{i},local.type=unix,local.path={guest},remote.type=unix,remote.path={hub}"]
            args += ["-device", f"virtio-net-pci,id=eth{i},netdev=n{i},mac={self.mac(segment)},addr={0x10 + i:#x},romfile="]
        return args

    def start(self):
        """Starts QEMU and returns at once; `ready` waits for the agent."""
        self.asked_to_die = False
        boots = len(self.consoles) + len(self.stumbled)
        self.consoles.append(self.workdir / f"{self.name}.console{boots or ''}")
        self.consoles[-1].touch()
        self.channel = Channel(self.name, str(self.run_dir / f"{self.name}.agent"))
        self.started = time.monotonic()
        with open(self.workdir / f"{self.name}.qemu", "ab") as log:
            self.process = subprocess.Popen(
                shell_prefix() + self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        # A QEMU that ends before it connects would leave the channel waiting for ever.
        threading.Thread(target=self.watch, args=(self.process, self.channel), daemon=True).start()

    @staticmethod
    def watch(process, channel):
        process.wait()
        channel.close()

    def ready(self, timeout=60):
        """Waits for the agent, and prepares the guest. What goes wrong until then, with no module of ours in it, is the emulator's
        fault or Debian's kernel's: once more, and said; the console of that boot is kept with the others, not held against us.
        """
        try:
            self.booted(timeout)
        except LabError as error:
            if "xfrm_ha" in self.consoles[-1].read_text(errors="replace"):
                raise
            print(f"# booted once more: {error}", flush=True)
            self.kill()
            self.stumbled.append(self.consoles.pop())
            self.start()
            self.booted(timeout)

    def booted(self, timeout):
        if not self.channel.hello.wait(timeout * self.patience):
            raise LabError(f"{self.name}: no agent after {timeout * self.patience:.0f} s\n{console.story(self.consoles[-1])}")
        self.alive()
        self.channel.set_clock(timeout=30 * self.patience)
        self.boot_seconds = time.monotonic() - self.started
        self.prepare(self.name)
        if problems := console.problems(self.consoles[-1].read_text(errors="replace"), self.allow):
            raise LabError(f"{self.name}: {problems[0]}\n{console.story(self.consoles[-1])}")

    def boot(self, timeout=60):
        self.start()
        self.ready(timeout)
        return self

    def alive(self):
        """Raises GuestDied for a death that nobody asked for; False after one that was."""
        if self.process.poll() is None and not self.channel.closed.is_set():
            return True
        if not self.asked_to_die:
            qemu = (self.workdir / f"{self.name}.qemu").read_text(errors="replace")
            raise GuestDied(f"{self.name}: died (QEMU {self.process.poll()})\n{qemu[-2000:]}{console.story(self.consoles[-1])}")
        return False

    def spawn(self, cmd, timeout=0):
        """Starts a bash script in the guest: a Job with wait(), stop(), signal(), output(), running()."""
        self.alive()
        return self.channel.spawn(cmd, timeout * self.patience)

    def run(self, cmd, timeout=60, check=True):
        """Runs a bash script: Result, a tuple (status, out). Status 124 if `timeout` was not enough. check: LabError if not 0."""
        job = self.spawn(cmd, timeout)
        try:
            result = job.wait(timeout * self.patience + 30)
        except GuestDied:
            self.alive()
            raise
        if check and result.status:
            why = "timed out" if result.timed_out else f"status {result.status}"
            raise LabError(f"{self.name}: {why}: {cmd}\n{result.out}")
        return result

    def push(self, source, path, mode=None):
        """Copies a host file (or bytes) to the guest."""
        if isinstance(source, bytes):
            self.channel.push(source, path, mode or 0o644, 60 * self.patience)
        else:
            data, stat = pathlib.Path(source).read_bytes(), os.stat(source)
            self.channel.push(data, path, mode or stat.st_mode & 0o7777, 60 * self.patience)

    def pull(self, path, target=None):
        """The bytes of a guest's file; written to `target` on the host as well if given."""
        data = self.channel.pull(path, 60 * self.patience)
        if target:
            pathlib.Path(target).write_bytes(data)
        return data

    def link(self, segment, up):
        """Carrier of a NIC on or off, as the guest's driver sees it (Hub.cut is the cable cut further away)."""
        self.qmp("set_link", name=self.nic(segment), up=up)

    def qmp(self, execute, **arguments):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(30 * self.patience)
            sock.connect(str(self.run_dir / f"{self.name}.qmp"))
            stream = sock.makefile("rw")
            stream.readline()  # the greeting
            for command in ({"execute": "qmp_capabilities"}, {"execute": execute, "arguments": arguments}):
                stream.write(json.dumps(command) + "\n")
                stream.flush()
                while "event" in (answer := json.loads(stream.readline())):
                    pass
        if "error" in answer:
            raise LabError(f"{self.name}: {execute}: {answer['error']['desc']}")
        return answer["return"]

    def freeze(self):
        """Stops the machine's time, to be thawed later: a node that hangs and comes back."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def kill(self):
        """Power loss, asked for."""
        self.asked_to_die = True
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.channel:
            self.channel.close()

    def console(self):
        return "".join(path.read_text(errors="replace") for path in self.consoles)

    def console_problems(self, allow=None):
        return console.problems(self.console(), allow)


class Lab:
    """Segments and guests for the length of a `with` block.

    machines: {name: [segment, ...]}; kernel: one name, or {name: kernel}. testdir: a directory that guests see as /test.
    At the end every guest must still live (unless killed on purpose), no console may show a problem, and where the kernel has
    kmemleak the module goes and must have left nothing behind.
    """

    def __init__(self, kernel, machines, workdir, testdir=None, allow=None, **guest_options):
        self.kernels = kernel if isinstance(kernel, dict) else dict.fromkeys(machines, kernel)
        self.machines, self.testdir, self.allow = machines, testdir, allow
        self.workdir = pathlib.Path(workdir)
        self.guest_options = guest_options
        self.guests = {}
        self.hub = None

    def __getitem__(self, name):
        return self.guests[name]

    def __enter__(self):
        self.workdir.mkdir(parents=True, exist_ok=True)
        # Socket names may have 107 characters; a work directory can be deeper than that.
        self.run_dir = pathlib.Path(tempfile.mkdtemp(prefix="xha-"))
        try:
            self.start()
        except BaseException:
            self.end()
            raise
        return self

    def prepare(self, name):
        """For those whose guests need more than the agent after each boot; without loading the module."""

    def options_of(self, name):
        """For those whose guests are not all alike to say otherwise."""
        del name
        return self.guest_options

    def start(self):
        segments = {}
        for name, names in self.machines.items():
            for segment in names:
                segments.setdefault(segment, []).append(name)
        self.hub = Hub(segments, self.run_dir, self.workdir)
        images = {}
        for kernel in sorted(set(self.kernels.values())):
            images[kernel] = self.run_dir / f"initramfs-{kernel}"
            tool("image.sh", kernel, images[kernel], *([self.testdir] if self.testdir else []))
        for index, (name, names) in enumerate(self.machines.items()):
            kernel = self.kernels[name]
            self.guests[name] = Guest(
                name, kernel, names, image=images[kernel], workdir=self.workdir, run_dir=self.run_dir,
                prepare=self.prepare, index=index, allow=self.allow, **self.options_of(name))
            self.guests[name].start()
        for guest in self.guests.values():
            guest.ready(60 + 30 * len(self.guests))

    def each(self, cmd, names=None, timeout=60, check=True):
        """The same script in several guests at once: {name: Result}."""
        chosen = [self.guests[name] for name in names or self.guests]
        jobs = {guest.name: guest.spawn(cmd, timeout) for guest in chosen}
        results = {name: job.wait(timeout * self.guests[name].patience + 30) for name, job in jobs.items()}
        for name, result in results.items():
            if check and result.status:
                raise LabError(f"{name}: status {result.status}: {cmd}\n{result.out}")
        return results

    def problems(self):
        """{guest: console lines} of all guests that have any."""
        found = {name: guest.console_problems(self.allow) for name, guest in self.guests.items()}
        return {name: lines for name, lines in found.items() if lines}

    def leaks(self):
        """{guest: what kmemleak reports} of those that live and have it. The module goes first: what it still knows is no leak."""
        names = [name for name, guest in self.guests.items() if guest.kernel == "debug" and guest.alive()]
        if not names:
            return {}
        self.each(f"{{ ! grep -q ^xfrm_ha /proc/modules || modprobe -r xfrm_ha; }} && echo scan >{KMEMLEAK}", names, timeout=300)
        time.sleep(OLD_ENOUGH)
        found = self.each(f"echo scan >{KMEMLEAK} && cat {KMEMLEAK}", names, timeout=300)
        return {name: result.stdout for name, result in found.items() if result.stdout.strip()}

    def verify(self):
        self.healthy()
        if found := self.leaks():
            raise LabError("\n".join(f"{name}: kmemleak:\n{text}" for name, text in found.items()))
        # What else came up when the module went.
        self.healthy()

    def healthy(self):
        self.hub.alive()
        for guest in self.guests.values():
            guest.alive()
        for name, lines in self.problems().items():
            raise LabError(f"{name}: {len(lines)} suspicious console lines in {self.guests[name].consoles}:\n" + "\n".join(lines[:20]))

    def end(self):
        for guest in self.guests.values():
            guest.kill()
        if self.hub:
            self.hub.close()
        shutil.rmtree(self.run_dir)

    def __exit__(self, kind, error, trace):
        try:
            if error is None:
                self.verify()
            elif isinstance(error, Exception):
                self.explain()
        finally:
            self.end()

    def explain(self):
        """A test has failed already: say what else is known, without hiding its error."""
        for name, guest in self.guests.items():
            lines = guest.console_problems(self.allow)
            dead = not guest.asked_to_die and guest.process and guest.process.poll() is not None
            if lines or dead:
                print(f"--- {name}: {'died; ' if dead else ''}{len(lines)} suspicious lines; end of {guest.consoles[-1]}:")
                print("\n".join(lines[:10]) + "\n...\n" + console.story(guest.consoles[-1]), flush=True)
