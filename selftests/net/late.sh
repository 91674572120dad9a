#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Counters that were under way when the VIP moved, and got lost: they are missed only when the former active gives the new one
# what it has, where nobody asks for them. They must not be in the way: before it has everything, it gives no copy back.

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"

MANY=200	# pairs of SAs: over a long way that takes longer than what was lost is waited for

many()
{
	local n

	for ((n = 100; n < 100 + MANY; n++)); do
		pair_lines "$n" "$VIP" 192.0.2.100 tunnel gcm 32
	done
}

# lose FROM TO: a window of FROM's is lost on its way. In one frame: with two under way all else would wait until they are missed;
# it has been quiet for longer than a period, so that it is sent with the first packets, and no other one in the next second.
lose()
{
	doze 1.5
	tc -n sw qdisc replace dev "s-$2" root netem loss 100% || return 1
	start few rem xha-traffic client 10.8.0.1 5000 --bind 10.9.1.1 --rate 0 --count 20 --linger 0.2
	wait "${JOB[few]}"
	at_least 10 "$(get few .received)" "answers by $1"
}

long_way() { local ns; for ns in gw1 gw2; do tc -n sw qdisc replace dev "s-$ns" root netem delay 50ms rate 60kbit || return 1; done; }

# moved FROM TO: counters of FROM's were lost, and the way is long.
moved()
{
	RESENT=$(peer_get "$1" "${2#gw}" .resent)
	lose "$@" && long_way && takeover "$1" "$2" graceful
}

# came_again FROM TO: what was lost was missed.
came_again() { at_least $((RESENT + 1)) "$(peer_get "$1" "${2#gw}" .resent)" "sent again by $1"; }

begin 13
pair
# What is lost is missed after 8 s, which is in the middle of what the former active gives; and nobody is taken for lost.
for ns in gw1 gw2; do
	n=${ns#gw}
	xha $ns peer set $((3 - n)) heartbeat 300ms rto-min 8s rto-max 8s || give_up "timers of $ns"
done
tunnel gw1 1 gcm 128 && on gw1 many && wait_step gw1 gw2 || give_up "many SAs"
serve gw1 gw2
tap wan rem wan

for turn in "gw1 gw2" "gw2 gw1"; do
	read -r from to <<<"$turn"
	check "counters are lost, and the VIP moves to $to" moved "$from" "$to"
	check "... they are missed there" busywait 15000 came_again "$from" "$to"
	check "... and the new active gives a copy" wait_step "$to" "$from" 30000
	check "... with traffic" hundred "$to" 1 "$to"
	near gw1 gw2
	wait_step "$to" "$from" || give_up "not in step"
done
check "SAs and policies are the same on both" busywait 5000 same_dumps gw1 gw2
stop wan
check "no number twice" no_duplicates wan
check "no replay at the remote" no_replay_errors rem
finish
