#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# SA kinds: every one that is promised goes through two takeovers under traffic, all of them at once. Each kind is a
# pair of SAs with a remote address, inner address and SPIs of its own, and a flow of its own that is echoed.

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"

# MODE OUTER-FAMILY ALGORITHM WINDOW; mode "cross": a tunnel with the other family inside.
table()
{
	local mode family alg win

	for mode in tunnel transport; do
		for family in 4 6; do
			for alg in gcm ccm chacha cbc null; do
				for win in 32 128 esn; do
					echo "$mode $family $alg $win"
				done
			done
		done
	done
	printf '%s\n' "cross 4 gcm esn" "cross 6 cbc 32"
}

# A slow machine cannot carry all of them at once: there every fifth, which are of all sorts, too.
mapfile -t KINDS <<<"$(table | awk -v slow="$((${XHA_PATIENCE:-1} > 1))" '!slow || NR % 5 == 1 || /cross/')"

# Numbers of a kind that come in more than one file, and the words of its addresses.
kind()
{
	local i=$1

	read -r mode family alg win <<<"${KINDS[i]}"
	proto_mode=$mode
	[ "$mode" != cross ] || proto_mode=tunnel
	local=$VIP remote=192.0.2.$((101 + i)) outer_bits=32
	[ "$family" = 4 ] || { local=$VIP6 outer_bits=128; printf -v remote '2001:db8:2::1:%x' "$i"; }
	inner=$family
	unspec=""
	[ "$mode" != cross ] || inner=$((10 - family)) unspec=yes
	here=10.8.0.1 there=10.9.$i.1 bits=32 port=5000
	[ "$inner" = 4 ] || { here=2001:db8:8::1 bits=128 port=5006; printf -v there '2001:db8:9:%x::1' "$i"; }
	[ "$mode" != transport ] || here=$local there=$remote
}

# Every seventh kind has its policies on both gateways from outside, as an IKE daemon on each would have them.
from_outside() { [ $(($1 % 7)) = 3 ]; }

sas()
{
	local i

	for i in "${!KINDS[@]}"; do
		kind "$i"
		pair_lines "$i" "$local" "$remote" "$proto_mode" "$alg" "$win" ${unspec:+flag af-unspec}
	done
}

# policies DIR-OF-OUT DIR-OF-IN [CONDITION]
policies()
{
	local i

	for i in "${!KINDS[@]}"; do
		[ -z "${3:-}" ] || "$3" "$i" || continue
		kind "$i"
		policy_line "$here/$bits" "$there/$bits" "$1" "$((i + 1))" "$proto_mode" "$local" "$remote"
		policy_line "$there/$bits" "$here/$bits" "$2" "$((i + 1))" "$proto_mode" "$remote" "$local"
	done
}

addresses()
{
	local i

	for i in "${!KINDS[@]}"; do
		kind "$i"
		echo "addr add $remote/$outer_bits dev wan"
		[ "$mode" = transport ] || echo "addr add $there/$bits dev lo"
	done
}

talk_all()
{
	local i

	for i in "${!KINDS[@]}"; do
		kind "$i"
		start "kind-$i" rem xha-traffic client "$here" "$port" --bind "$there" --rate "$(paced $RATE)" --linger 1
	done
}

stop_all()
{
	local i

	for i in "${!KINDS[@]}"; do
		kill "${JOB[kind-$i]}"
	done
	for i in "${!KINDS[@]}"; do
		wait "${JOB[kind-$i]}"
	done
}

# What one kind has been through, from the tables made at the end.
kind_held()
{
	local i=$1 answers lost twice numbers

	read -r answers lost twice <<<"${VERDICT[kind-$i]:-0 0 0}"
	numbers=${NUMBERS[$((0x10000 + i))]:-0 0}
	at_least "$ENOUGH" "$answers" answers && is 0 "$lost" "lost while a gateway had the VIP" &&
		is 0 "$twice" "answered twice" &&
		at_least "$ENOUGH" "${numbers% *}" "packets in the capture" && is 0 "${numbers#* }" "numbers twice"
}

kind_name()
{
	read -r mode family alg win <<<"${KINDS[$1]}"
	echo "$mode IPv$family $alg window $win$(! from_outside "$1" || echo ", policies from outside")"
}

RATE=5
ENOUGH=$((RATE * 4))
begin $((${#KINDS[@]} + 10))
pair
on gw1 sas || give_up "SAs on gw1"
on rem sas || give_up "SAs on rem"
on gw2 policies out in from_outside || give_up "policies on gw2"
on gw1 policies out in || give_up "policies on gw1"
on rem policies in out || give_up "policies on rem"
on rem addresses || give_up "addresses on rem"

check "the standby holds every kind" wait_step gw1 gw2
check "its SAs and policies are the active's" same_dumps gw1 gw2
check "nothing was refused" is 0 "$(stat_get gw2 objects_refused)"

serve gw1 gw2
tap wan rem wan
talk_all
traffic_for 2
check "sudden takeover of all kinds" takeover gw1 gw2 sudden
traffic_for 2
revive_node gw1
check "the former active becomes hot" wait_step gw2 gw1
check "graceful takeover of all kinds" takeover gw2 gw1 graceful
traffic_for 2
stop_all
stop wan
check "SAs and policies are the same on both again" busywait 5000 same_dumps gw1 gw2

declare -A VERDICT=() NUMBERS=()
while read -r name rest; do
	VERDICT[$name]=$rest
done <<<"$(cd "$TMP" && verdicts kind-*.json)"
while read -r spi rest; do
	NUMBERS[$spi]=$rest
done <<<"$(get wan '.sas[] | select(.dir == "in") | "\(.spi) \(.count) \(.duplicates)"')"
for i in "${!KINDS[@]}"; do
	check "$(kind_name "$i")" kind_held "$i"
done
check "the remote saw no number twice and no replay" no_replay_errors rem
finish
