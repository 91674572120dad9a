# SPDX-License-Identifier: GPL-2.0
"""The SAs and policies of one tunnel between the VIP and the remote, for each kind of SA that is replicated."""

import dataclasses
import hashlib

VIP = {4: "192.0.2.15", 6: "2001:db8:2::15"}
REMOTE = {4: "192.0.2.100", 6: "2001:db8:2::100"}
PORT = 7000

# What `ip xfrm state add` wants to know of each algorithm; %d is a key of that many bytes.
KINDS = {
    "gcm": ("aead 'rfc4106(gcm(aes))' {0} 128", (20,)),
    "ccm": ("aead 'rfc4309(ccm(aes))' {0} 128", (19,)),
    "chacha": ("aead 'rfc7539esp(chacha20,poly1305)' {0} 128", (36,)),
    "cbc": ("enc 'cbc(aes)' {0} auth-trunc 'hmac(sha256)' {1} 128", (32, 32)),
    "null": ("enc 'ecb(cipher_null)' '' auth-trunc 'hmac(sha256)' {0} 128", (32,)),
}
WINDOWS = {"32": "replay-window 32", "128": "replay-window 128", "esn": "replay-window 128 flag esn"}


def key(text, size):
    return "0x" + hashlib.shake_128(text.encode()).hexdigest(size)


@dataclasses.dataclass
class Tunnel:
    """Number `n` (1..250) decides SPIs, reqid, port and inner addresses; it carries one flow of numbered datagrams."""

    n: int
    kind: str = "gcm"
    mode: str = "tunnel"
    family: int = 4
    window: str = "32"

    def __str__(self):
        return f"{self.kind} {self.mode} IPv{self.family} window {self.window}"

    @property
    def vip(self):
        return VIP[self.family]

    @property
    def remote(self):
        return REMOTE[self.family]

    @property
    def port(self):
        return PORT + self.n

    @property
    def spi_in(self):  # of the SA from the remote to the gateway
        return 0x10000 + 2 * self.n

    @property
    def spi_out(self):
        return 0x10000 + 2 * self.n + 1

    @property
    def inner(self):
        """(address behind the gateways, address behind the remote); in transport mode the endpoints themselves."""
        if self.mode == "transport":
            return self.vip, self.remote
        if self.family == 4:
            return f"10.8.{self.n}.1", f"10.9.{self.n}.1"
        return f"2001:db8:8:{self.n:x}::1", f"2001:db8:9:{self.n:x}::1"

    def states(self):
        text, sizes = KINDS[self.kind]
        lines = []
        for src, dst, spi in ((self.remote, self.vip, self.spi_in), (self.vip, self.remote, self.spi_out)):
            algorithm = text.format(*(key(f"{spi}-{i}", size) for i, size in enumerate(sizes)))
            lines.append(
                f"xfrm state add src {src} dst {dst} proto esp spi {spi:#x} reqid {self.n} mode {self.mode}"
                f" {WINDOWS[self.window]} {algorithm}")
        return lines

    def policies(self, inside):
        """For the gateway (inside: its own end is the local one) or for the remote."""
        gateway, remote = self.inner
        bits = 32 if self.family == 4 else 128
        lines = []
        for src, dst, out in ((gateway, remote, True), (remote, gateway, False)):
            direction = "out" if out == inside else "in"
            selector = f"src {src}/{bits} dst {dst}/{bits}"
            template = f"tmpl proto esp reqid {self.n} mode {self.mode}"
            if self.mode == "transport":
                selector += f" proto 17 {'sport' if out else 'dport'} {self.port}"
            else:
                ends = (self.vip, self.remote) if out else (self.remote, self.vip)
                template = f"tmpl src {ends[0]} dst {ends[1]} proto esp reqid {self.n} mode {self.mode}"
            lines.append(f"xfrm policy add {selector} dir {direction} {template}")
        return lines

    def addresses(self, inside, dev):
        """`ip` commands for the inner address of that side and the route to the other."""
        if self.mode == "transport":
            return []
        gateway, remote = self.inner
        mine, theirs = (gateway, remote) if inside else (remote, gateway)
        bits = 32 if self.family == 4 else "128 nodad"
        via = self.remote if inside else self.vip
        return [f"addr add {mine}/{bits} dev lo", f"route add {theirs} via {via} dev {dev} src {mine}"]


def batch(guest, lines):
    """Runs `ip` commands, many at once."""
    guest.push(("\n".join(lines) + "\n").encode(), "/run/batch")
    guest.run("ip -batch /run/batch", timeout=120)


def pairwise():
    """Tunnels in which each two values of (kind, mode, family, window) meet at least once."""
    windows, tunnels = list(WINDOWS), []
    for k, kind in enumerate(KINDS):
        for w, window in enumerate(windows):
            mode = ("tunnel", "transport")[(k + w) % 2]
            family = (4, 6)[(k // 2 + w + (k == 4 and w == 2)) % 2]
            tunnels.append(Tunnel(len(tunnels) + 1, kind, mode, family, window))
    return tunnels
