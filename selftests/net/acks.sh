#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Acknowledgements: what the active takes for held by the standby is held there. The moment that it says so, the
# standby takes over. (apply_delay of a build with mutants makes the standby slow enough to tell an early ack from a late one.)

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"

PAIRS=${PAIRS:-100}

pairs()
{
	local n

	for ((n = 0; n < PAIRS; n++)); do
		pair_lines "$n" "$VIP" 192.0.2.100 tunnel gcm 32
	done
}

# The active knows of them all, and none is to be acked any more.
all_acked() { is "$((PAIRS * 2)) 0" "$(group_get gw1 '"\(.sas) \(.peers[0].pending)"')" "SAs and pending ones on gw1"; }

# Right after the takeover: nothing that comes later counts.
all_there()
{
	is $((PAIRS * 2)) "$(grep -c '^src ' "$TMP/states")" "SAs on gw2 right after the takeover" &&
		is $((PAIRS * 2)) "$(grep -c 'extra_flag 41000000' "$TMP/states")" "of them open"
}

# A standby that takes its time to apply a frame has not lost its peer, which goes on all the while.
losses() { log_since | grep -c ': up -> lost'; }
no_more_losses() { is "$LOST" "$(losses)" "sessions lost"; }

both_lost() { is "lost lost" "$(peer_get gw1 2 .state) $(peer_get gw2 1 .state)" "states of the peers"; }

begin 6
pair
# They come as one copy, a frame full of them each.
sync_cut gw1
busywait 10000 both_lost || give_up "the peers still hear each other"
on gw1 pairs || give_up "SAs on gw1"
LOST=$(losses)
sync_mend gw1
check "the standby has acked them all" busywait 30000 all_acked
check "... over one session" no_more_losses
kill_node gw1
vip_add gw2 || give_up "VIP of gw2"
ip -n gw2 -s xfrm state list >"$TMP/states"
check "all of them are on the new active, and open" all_there
check "the takeover was of all of them" grep -q "^$((PAIRS * 2)) " <<<"$(last_takeover)"
finish
