#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# May this node serve? `check` over the life of two nodes: alone, joined by an empty one, hot, cut off, turned off and on both at
# once. It is what VRRP's scripts go by; nobody ever has to force anything to get a service that nobody else could give.

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"

WEST=10.175.0.1	# a group without a VIP, and its endpoint
PAIRS=150

# west COMMAND...: for that group.
west() { GROUP=west "$@"; }
west_group() { xha "$1" group add west local "$WEST"; }

many()
{
	local n

	for ((n = 100; n < 100 + PAIRS; n++)); do
		pair_lines "$n" "$WEST" 192.0.2.100 tunnel gcm 32
	done
}

# The way to gw2 is so long, and so narrow, that its copy takes some seconds.
slow() { tc -n sw qdisc replace dev s-gw2 root netem delay 300ms rate $((100 / ${XHA_PATIENCE:-1}))kbit; }
sound() { tc -n sw qdisc del dev s-gw2 root; }
heard() { is active "$(west group_get gw2 '.peers[0].role')" "role of gw1, as gw2 hears it"; }

# refused NODE WHY WORD...: of 'group set', and nothing changes.
refused()
{
	local node=$1 why=$2 before
	shift 2
	before=$(west group_get "$node" .role)

	! xha "$node" group set "$@" 2>"$TMP/err" || return 1
	cat "$TMP/err"
	grep -q "$why" "$TMP/err" && is "$before" "$(west group_get "$node" .role)" "role of $node"
}

forced() { xha gw2 group set west active force && west role_is gw2 active; }
# Until the VIP changes next.
forced_down()
{
	xha gw2 group set "$GROUP" standby force && role_is gw2 standby && sleep 1 && role_is gw2 standby &&
		xha gw2 group set "$GROUP" local add 192.0.2.77 && role_is gw2 standby &&
		xha gw2 group set "$GROUP" local del 192.0.2.77 && role_is gw2 standby
}
vip_again() { vip_del gw2 && vip_move_to gw2 && role_is gw2 active; }

up_again()
{
	stop echo-gw1
	stop echo6-gw1
	reboot_gateway gw1
	reboot_gateway gw2
	serve gw1
	node gw1 gw2 && node gw2 gw1 && group gw1 && group gw2
}

both_up() { is "up up" "$(peer_get gw1 2 .state) $(peer_get gw2 1 .state)" "states of the peers"; }
known() { is "standby standby" "$(group_get gw1 '.peers[0].role') $(group_get gw2 '.peers[0].role')" "what each hears of the other"; }
lost() { is lost "$(peer_get gw2 1 .state)" "state of gw1 at gw2"; }

begin 32
topology gw1 gw2
# The module and the namespaces have been there for longer than a node waits for its peers: that does not count.
doze 5
node gw1 gw2 && group gw1 && west_group gw1 || give_up "gw1"
check "alone, at first: a peer may still turn up" unfit gw1 "may still turn up"
check "... which was never heard" is null "$(peer_get gw1 2 .last_heard)"
check "alone, after a while: it may serve" busywait 10000 fit gw1
check "... and does as soon as the VIP comes, without force" eval "vip_move_to gw1 && role_is gw1 active"
tunnel gw1 1 gcm 128 || give_up "tunnel"
serve gw1
check "... with traffic" hundred alone 1 gw1
check "nobody else could" unfit gw1 "no hot copy" redundant
check "a group without a VIP is told to be active" xha gw1 group set west active
on gw1 many || give_up "SAs"
busywait 10000 eval 'is $((2 * PAIRS)) "$(west group_get gw1 .sas)" SAs' || give_up "SAs of gw1"

slow
node gw2 gw1 && group gw2 && west_group gw2 || give_up "gw2"
check "an empty node comes, and hears the other one" busywait 5000 heard
check "nobody else could, still" west unfit gw1 "no hot copy" redundant
check "it may not serve yet" west unfit gw2 "better copy"
check "... nor be told to: refused, with the reason" refused gw2 "not hot and a reachable peer has a better one" west active
check "... nor where a VIP says so" refused gw2 "follows the VIP" "$GROUP" active
check "forced, it does" forced
sound
check "... and has everything soon" busywait 20000 eval 'is $((2 * PAIRS)) "$(west group_get gw2 .sas)" SAs'
check "... with the other one for its standby" busywait 15000 west is_hot gw1
check "hot: it may serve" fit gw2
check "... and could if it had to" fit gw2 redundant
check "the active may" fit gw1
check "... and knows of another one" fit gw1 redundant

kill_node gw1
check "the active is not heard any more" busywait 5000 lost
check "its standby may serve" fit gw2
check "... and is no reserve of anybody's" unfit gw2 "no hot copy" redundant
check "... and does as soon as the VIP comes" eval "vip_move_to gw2 && role_is gw2 active"

check "a wish against the VIP: refused" eval '! xha gw2 group set "$GROUP" standby && role_is gw2 active'
check "... forced, it holds" forced_down
check "... until the VIP changes" vip_again

up_again || give_up "both, again"
check "both were turned off and on: they hear each other" busywait 10000 eval "both_up && known"
check "... either may serve" eval "fit gw1 && fit gw2"
check "... and one does as soon as the VIP comes, without force" eval "vip_move_to gw1 && role_is gw1 active"
tunnel gw1 2 gcm 128 || give_up "tunnel"
check "... with traffic" hundred again 2 gw1
finish
