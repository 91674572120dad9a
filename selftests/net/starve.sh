#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# No memory: a build that finds none for one in seven of its allocations (XHA_STARVE; the list of mutants has one; any other
# fails the checks that say so) puts off what it cannot do. Nothing is lost for good, and no number is used twice.

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"

PAIRS=60

pairs()
{
	local n

	for ((n = 100; n < 100 + PAIRS; n++)); do
		pair_lines "$n" "$VIP" 192.0.2.100 tunnel gcm 32
	done
}

# Every other one goes, all at once.
half_gone()
{
	local n

	for ((n = 100; n < 100 + PAIRS; n += 2)); do
		spi_out "$n"
		echo "xfrm state delete src $VIP dst 192.0.2.100 proto esp spi $REPLY"
		spi_in "$n"
		echo "xfrm state delete src 192.0.2.100 dst $VIP proto esp spi $REPLY"
	done >"$TMP/gone"
	ip -n gw1 -batch "$TMP/gone"
}

starved() { at_least 1 "$(stat_get "$1" no_memory)" "no_memory of $1"; }
followed() { wait_step "$1" "$2" 60000 && busywait 10000 same_dumps "$1" "$2"; }
both_lost() { is "lost lost" "$(peer_get gw1 2 .state) $(peer_get gw2 1 .state)" "states of the peers"; }

cut_and_mend()
{
	sync_cut gw1 && busywait 10000 both_lost && tunnel gw1 4 chacha 64 || return
	sync_mend gw1
	followed gw1 gw2
}

begin 17
pair
tunnel gw1 1 gcm 32 && tunnel gw1 2 cbc esn || give_up "tunnels"
check "the standby gets SAs and policies" followed gw1 gw2
serve gw1 gw2
tap wan rem wan
talk flow 1 50
check "many more come" on gw1 pairs
check "... and it has them" followed gw1 gw2
check "an SA and its policies come" tunnel gw1 3 cbc esn128
check "... and it has them" followed gw1 gw2
check "half of them go" half_gone
check "... and it has them no more" followed gw1 gw2
check "after a cut it has what changed meanwhile" cut_and_mend
check "memory was short at the active" starved gw1
check "... and at the standby" starved gw2

takeover gw1 gw2 graceful || give_up "takeover"
traffic_for 0.5
check "the former active follows" followed gw2 gw1
takeover gw2 gw1 sudden || give_up "takeover back"
traffic_for 0.5
stop flow
stop wan
check "the traffic went on over both takeovers" went_on flow 50
check "no number twice" no_duplicates wan
check "no replay at the remote" no_replay_errors rem
check "the log says nothing of it" is 0 "$(log_since | grep -ci 'memory')" "lines on memory"
finish
