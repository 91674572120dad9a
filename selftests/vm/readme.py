# SPDX-License-Identifier: GPL-2.0
"""What README says of two gateways, word for word, on two gateways: it must lead to a hot standby, and to a takeover.

usage: python3 -m selftests.vm.readme [KERNEL]
"""

import re
import time

from . import flow, ktap
from .pair import GATEWAYS, KEY_FILE, Pair
from .tunnel import VIP, Tunnel, batch

README = ktap.TOP / "README.md"
MOST_COMMANDS = 6
TUNNELS = [Tunnel(1, window="esn")]


def blocks():
    """{gateway: its commands}: of each, the first fenced `sh` block that begins with `# on GATEWAY`."""
    found = {}
    for block in re.findall(r"^```sh\n(.*?)^```", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        first, *commands = block.splitlines()
        for name in GATEWAYS:
            if first == f"# on {name}":
                found.setdefault(name, [line for line in commands if line.strip() and not line.startswith("#")])
    return found


def key_command():
    """What README says, within the text, of making the key."""
    return re.search(r"`([^`]*xfrm-ha genkey[^`]*)`", README.read_text(encoding="utf-8").replace("\n", " ")).group(1)


def scenario(check, kernel, workdir):
    commands = blocks()
    check.equal("README has a block for each gateway", sorted(commands), sorted(GATEWAYS))
    check.check(f"with at most {MOST_COMMANDS} commands", all(len(lines) <= MOST_COMMANDS for lines in commands.values()), commands)
    with Pair(kernel, workdir) as pair:
        pair.vips = {4: VIP[4]}
        pair.ends(TUNNELS)
        made = pair["gw1"].run(f"rm {KEY_FILE}; {key_command()}", check=False)
        check.check("gw1: the key is made", not made.status and not made.out, made.out)
        pair["gw2"].push(pair["gw1"].pull(KEY_FILE), KEY_FILE, 0o600)
        for name in GATEWAYS:
            results = [(line, pair[name].run(line, check=False)) for line in commands[name]]
            wrong = [f"{line}: {result.out}" for line, result in results if result.status or result.out]
            check.check(f"{name}: each command succeeds and has nothing to say", not wrong, "\n".join(wrong))
        pair.wait_group("gw1", role="active")
        batch(pair["gw1"], [line for t in TUNNELS for line in t.states() + t.policies(True)])
        group = pair.wait_hot("gw2")
        check.equal("gw2 is a hot standby with the SAs", (group["role"], group["sync"], group["sas"]), ("standby", "hot", 2))
        text = pair["gw2"].run("xfrm-ha group show").out
        check.check("... and says so as README does", "role standby sync hot" in text, text)
        redundant = pair["gw1"].run("xfrm-ha check east redundant", check=False)
        check.check("gw1 knows that another node could take over", redundant.status == 0, redundant.out)
        states = pair["gw2"].run("ip xfrm state list").out
        check.equal("gw2's SAs show the tag of a standby", states.count("output-mark 0x48410002/0x0"), 2)
        flows = flow.start(pair, TUNNELS, 50)
        time.sleep(pair.patience())
        pair["gw1"].kill()
        killed = pair.hub.now()
        pair.take_vip("gw2")
        time.sleep(pair.patience())
        flow.went_on(check, pair, flows, "gw2", killed)


if __name__ == "__main__":
    ktap.main(2 + 3 + 4 + len(TUNNELS) + 2, scenario, "readme")
