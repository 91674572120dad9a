#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Takeover of a thousand SAs, and how long it takes.

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"

PAIRS=500

pairs()
{
	local n

	for ((n = 0; n < PAIRS; n++)); do
		pair_lines "$n" "$VIP" 192.0.2.100 tunnel gcm 32
	done
}

# Of a closed SA iproute2 shows the mark, of an open one the flag of the active.
all_open()
{
	ip -n "$1" -s xfrm state list >"$TMP/states"
	is $((PAIRS * 2)) "$(grep -c '^src ' "$TMP/states")" "SAs" &&
		is $((PAIRS * 2)) "$(grep -c 'extra_flag 41000000' "$TMP/states")" "SAs shown as active" &&
		is 0 "$(grep -c 'output-mark' "$TMP/states")" "SAs shown as closed" &&
		is $((PAIRS * 2)) "$(sa_get "$1" '[.[] | select(.role == "active")] | length')" "SAs that xfrm-ha calls active"
}

took()
{
	local sas us

	read -r sas us <<<"$(last_takeover)"
	is $((PAIRS * 2)) "$sas" "SAs in the log" || return 1
	echo "takeover of $sas SAs: $us us"
}

begin 9
pair
on gw1 pairs || give_up "SAs on gw1"
on rem pairs || give_up "SAs on rem"
for n in 7 77 177; do
	on gw1 gateway_policies "$n" || give_up "policies on gw1"
	on rem remote_policies "$n" || give_up "policies on rem"
	ip -n rem addr add "10.9.$n.1/32" dev lo
done
check "the standby holds 1000 SAs" wait_step gw1 gw2 60000
serve gw1 gw2
check "takeover" takeover gw1 gw2 sudden
check "its time" took
for n in 7 77 177; do
	talk "flow$n" "$n" 100 --count 20 --linger "$(longer 5)"
	wait "${JOB[flow$n]}"
	check "SA $n of them carries traffic" all_answered "flow$n"
done
check "all are open" all_open gw2
finish
