#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Four nodes, each of them a peer of the three others: every standby has a stream of its own, and one that is slow or dead
# holds nobody up. Any of them takes over, and the others follow it.

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"

NODES=(gw1 gw2 gw3 gw4)

# others NODE: all the others.
others() { printf '%s\n' "${NODES[@]}" | grep -vx "$1"; }

# holds ACTIVE STANDBY...: each is hot, with as many SAs and policies as the active's kernel has.
holds()
{
	local active=$1 want node
	shift

	want="$(sa_count "$active") $(policy_count "$active")"
	for node in "$@"; do
		is_hot "$node" && is "$want" "$(group_get "$node" '"\(.sas) \(.policy_count)"')" "SAs and policies of $node" || return 1
	done
}

set_up()
{
	local node

	for node in "${NODES[@]}"; do
		# shellcheck disable=SC2046  # a list
		node "$node" $(others "$node") && group "$node" || return 1
	done
}

# What a dead node costs would show as leases that nobody acks, and as copies that wait.
served()
{
	tunnel gw1 "$1" gcm 32 && busywait 5000 holds gw1 gw2
}



only_four_lacks() { is 4 "$(group_get gw1 '[.peers[] | select(.sync != "hot") | .id] | join(" ")')" "peers that are not hot"; }

begin 19
topology "${NODES[@]}"
check "four nodes, each with three peers" set_up
check "no room for a fourth peer" eval '! xha gw1 peer add 5 local 10.150.0.1 remote 10.150.0.5 insecure'
vip_move_to gw1 || give_up "VIP"
tunnel gw1 1 gcm 1024 && tunnel gw1 2 cbc esn || give_up "tunnels"
check "all three standbys are hot" busywait 15000 holds gw1 gw2 gw3 gw4
serve "${NODES[@]}"
tap wan rem wan
talk flow1 1 50
talk flow2 2 50

tc -n sw qdisc replace dev s-gw3 root netem delay 700ms loss 50%
check "one is slow: another gets at once what comes" served 3
tc -n sw qdisc del dev s-gw3 root
check "... and the slow one has it later" busywait 15000 holds gw1 gw3
kill_node gw4
check "one is dead: another gets at once what comes" served 4
check "... and it is said which one lacks it" busywait 5000 only_four_lacks
check "... and there is redundancy" xha gw1 check "$GROUP" redundant

check "the active dies, too: the second takes over" takeover gw1 gw2 sudden
traffic_for 0.5
check "... the third follows it" busywait 15000 holds gw2 gw3
revive_node gw4
check "... and the fourth, which was dead" busywait 15000 holds gw2 gw3 gw4
revive_node gw1
check "... and the first" busywait 15000 holds gw2 gw1 gw3 gw4

check "the third takes over" takeover gw2 gw3 graceful
traffic_for 0.5
check "... all others follow it" busywait 15000 holds gw3 gw1 gw2 gw4
stop flow1
stop flow2
stop wan
check "the traffic went on" eval "went_on flow1 200 && went_on flow2 200"
check "no number twice" no_duplicates wan
check "no replay at the remote" no_replay_errors rem
finish
