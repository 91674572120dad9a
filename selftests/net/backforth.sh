#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Back and forth: ten takeovers in both directions, the VIP going first from the one and then to the other, with
# traffic all along.

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"

TURNS=10
# Lease, guard, and a second of silence at the rate that is assumed at least: not twice as much each time.
JUMP_MAX=$(patience $((6 * 65536)))
FLOWS=(1 2 3 4)

jumps() { log_since | sed -n 's/.* jump \([0-9]*\)$/\1/p'; }

flows_went_on()
{
	local n

	for n in "${FLOWS[@]}"; do
		went_on "flow$n" 200 || return 1
	done
}

begin $((TURNS * 2 + 9))
pair
tunnel gw1 1 gcm 32 && tunnel gw1 2 cbc 128 && tunnel gw1 3 chacha esn && tunnel gw1 4 null esn || give_up "tunnels"
check "the standby holds them" wait_step gw1 gw2
serve gw1 gw2
tap wan rem wan
for n in "${FLOWS[@]}"; do
	talk "flow$n" "$n" 50
done

from=gw1 to=gw2
for ((i = 1; i <= TURNS; i++)); do
	traffic_for 0.3
	check "takeover $i, from $from to $to" takeover "$from" "$to" graceful
	check "$from is a hot standby again" wait_step "$to" "$from"
	tmp=$from from=$to to=$tmp
done
traffic_for 0.5
for n in "${FLOWS[@]}"; do
	stop "flow$n"
done
stop wan

check "nothing was lost but while the VIP was away" flows_went_on
check "no number twice" no_duplicates wan
check "no replay at the remote" no_replay_errors rem
check "the jumps of sequence numbers do not grow" at_most "$JUMP_MAX" "$(jumps | sort -n | tail -n 1)" "largest jump"
check "the term counts them all" at_least $((TURNS + 1)) "$(group_get gw1 .term)"
check "SAs and policies are the same on both" busywait 5000 same_dumps gw1 gw2
finish
