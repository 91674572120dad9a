#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Leases: with the smallest steps and traffic as fast as it goes, far more numbers than a step are used between two
# samples. A gateway dies in the middle of it: cut off first, it goes on sending for a while, then nobody hears it.

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"

# ROUND: SHIFT SAMPLE-PERIOD(ms) FROM TO
ROUNDS=("16 10 gw1 gw2" "64 50 gw2 gw1" "16 1000 gw1 gw2" "64 1000 gw2 gw1")

# While traffic runs steadily the standby must be hot, and the active within its leases: from when it has been sampled twice,
# since the first sample saw only a part of it.
steady()
{
	local standby=$1 active=$2 period=$3 before after

	doze "$((2 * period / 1000)).$(printf '%03d' $((2 * period % 1000)))"
	busywait 10000 is_hot "$standby" || return 1
	# One processor of an emulated machine may stand still while the other one sends.
	for _ in 1 2 3; do
		before=$(stat_get "$active" lease_overruns)
		never 2000 not_hot "$standby" || return 1
		after=$(stat_get "$active" lease_overruns)
		at_most 2 $((after - before)) "overruns while running steadily" && return 0
	done
	return 1
}

# numbers_shown NODE N: of what goes out in tunnel N, while it does.
numbers_shown()
{
	spi_out "$2"
	sa_get "$1" ".[] | select(.spi == \"$REPLY\")" >"$TMP/shown"
	cat "$TMP/shown"
	jq -e '.rate > 0 and .lease >= .acked_lease and .acked_lease > 0 and .headroom == ([.acked_lease - .oseq, 0] | max)' "$TMP/shown"
}

# Numbers that no lease covers, in contact: counted, and the standby is not hot until it has a lease above them.
leap()
{
	spi_out 5
	LEAPT=$(($(number gw1 "$REPLY" oseq) + 1000000))
	mark gw1
	replay_of gw1 out 5 oseq "$LEAPT" >"$TMP/set" && busywait 5000 leap_counted
}

leap_counted() { at_least 1 "$(grown gw1 lease_overruns)" lease_overruns; }
leap_covered() { spi_out 5; at_least "$((LEAPT + 1))" "$(sa_get gw2 ".[] | select(.spi == \"$REPLY\") | .lease")" "lease at gw2" && is_hot gw2; }

not_hot() { ! is_hot "$1"; }

# More packets than a step between two samples, or the test says nothing.
fast_enough()
{
	local rate=$1

	diag "$rate packets/s on each of two SAs"
	at_least "$((4 * shift))" $((rate * 1000 / 1000)) "packets in a second"
}

# The new active began above all that the old one has used, also what nobody heard.
numbers_apart()
{
	local from to

	from=$(get "out-$1" '[.sas[] | select(.dir == "out") | {"\(.spi)": .max}] | add')
	to=$(get "out-$2" '[.sas[] | select(.dir == "out") | {"\(.spi)": .min}] | add')
	jq -nr --argjson from "$from" --argjson to "$to" '$from | keys[] | select($to[.] != null)
		| "spi \(.): \($from[.]) \($to[.])"' >"$TMP/numbers"
	at_least 3 "$(wc -l <"$TMP/numbers")" "SAs used by both" || return 1
	awk '$4 <= $3 { print "used up to " $3 ", then begun at " $4 " in " $1 $2; bad = 1 } END { exit bad }' "$TMP/numbers"
}

round()
{
	local n=$1 shift period from to ns
	read -r shift period from to <<<"$2"

	for ns in gw1 gw2; do
		xha "$ns" node set id "${ns#gw}" sample-period "$period" || give_up "sample period"
		xha "$ns" group set "$GROUP" oseq-shift "$shift" || give_up "oseq-shift"
	done
	# Wide windows: at full speed a virtual processor that the host stops for a moment delivers its packet late.
	tunnel "$from" "${n}1" gcm 1024 && tunnel "$from" "${n}2" cbc esn && tunnel "$from" "${n}3" gcm 1024 &&
		tunnel "$from" "${n}4" chacha 128 || give_up "tunnels"
	AWAY=""
	wait_step "$from" "$to" || give_up "not in step"
	for ns in gw1 gw2; do
		tap "out-$ns" "$ns" wan
	done
	tap wan rem wan
	talk steady1 "${n}1" 0
	talk steady2 "${n}2" 0
	check "shift $shift, sample $period ms: hot all along" steady "$to" "$from" "$period"
	[ "$n" != 1 ] || check "... the rate, the lease and what is left of it are shown" numbers_shown "$from" "${n}1"

	# One burst begins right before the cut, one right after it: nobody was told of its numbers.
	talk burst1 "${n}3" 0
	sync_cut "$from"
	talk burst2 "${n}4" 0
	sleep 0.4 # of numbers that the standby does not hear of
	vip_gone
	wan_cut "$from"
	vip_move_to "$to"
	traffic_for 1.5
	for ns in steady1 steady2 burst1 burst2 out-gw1 out-gw2 wan; do
		stop "$ns"
	done
	check "shift $shift, sample $period ms: fast enough to matter" at_least $((4 * shift)) \
		$(($(get steady1 .received) / 4 * period / 1000 + $(get burst2 .received)))
	check "shift $shift, sample $period ms: no number twice at the remote" no_duplicates wan
	check "shift $shift, sample $period ms: begun above all that was used" numbers_apart "$from" "$to"
	check "shift $shift, sample $period ms: nothing lost after the VIP had moved" all_went_on
	check "shift $shift, sample $period ms: no replay at the remote" no_replay_errors rem
	revive_node "$from"
	check "shift $shift, sample $period ms: the former active gets hot" wait_step "$to" "$from"
}

all_went_on() { went_on steady1 500 && went_on steady2 500 && went_on burst1 100 && went_on burst2 100; }

begin $((${#ROUNDS[@]} * 7 + 5))
pair oseq-shift 16
tunnel gw1 5 gcm 32 && wait_step gw1 gw2 || give_up "tunnel"
check "numbers far above the lease: an overrun" leap
check "... and a lease above them" busywait 5000 leap_covered
serve gw1 gw2
for i in "${!ROUNDS[@]}"; do
	round "$((i + 1))" "${ROUNDS[i]}"
done
finish
