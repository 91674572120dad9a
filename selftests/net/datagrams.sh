#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Datagrams that no peer would send, from the peer's own address and port: dropped, counted by their reason, never
# logged one by one; the pair stays in step.

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"

# CASE|HOW MANY|COUNTER: each of the datagrams must be counted there.
CASES="
short|200|drop_short
empty|200|drop_short
version|200|drop_version
node|200|drop_node
type|200|drop_type
session|200|drop_session
replay|200|drop_replay
cut|5|drop_record
"

throw() { ip netns exec gw1 xha-datagram sync 10.150.0.1 10.150.0.2 4511 "$1" "$2" >"$TMP/thrown"; }
counted() { at_least $(($2 + $3)) "$(stat_get gw2 "$1")" "$1"; }
log_lines() { log_since | grep -c xfrm_ha; }
nothing_logged()
{
	is "$LOGGED" "$(log_lines)" "lines in the log" || { log_since | grep xfrm_ha | tail -n "+$((LOGGED + 1))"; return 1; }
}

# What may be said of what passes for the peer's: that its session ended and another one began, that the copy is another
# one or the role, and once that a group is missing. A datagram does not have a line of its own: few lines for hundreds of
# them. A session that ends takes the rest of the datagrams with it, and the copy's and the peer's lines are rate-limited.
CHANGE='xfrm_ha: (group [A-Za-z0-9._-]+: (copy )?[a-z]+ -> [a-z]+ \(|peer [0-9]+: [a-z]+ -> [a-z]+ \('
CHANGE+='|peer [0-9]+ has group .*, which is missing here)'
CHANGES=50

only_changes_logged()
{
	log_since | grep xfrm_ha | tail -n "+$((LOGGED + 1))" >"$TMP/logged"
	if grep -Ev "$CHANGE" "$TMP/logged"; then
		echo "... is not of a change"
		return 1
	fi
	at_most "$CHANGES" "$(wc -l <"$TMP/logged")" "lines in the log" || { tail -n 20 "$TMP/logged"; return 1; }
}

drops() { xha gw2 -j stats show | jq '[.[0] | to_entries[] | select(.key | startswith("drop_")) | .value] | add'; }
more_drops() { at_least $((BEFORE + $1)) "$(drops)" "drops of all kinds"; }

# thrown CASE HOW-MANY COUNTER [COUNTED]
thrown()
{
	local before
	before=$(stat_get gw2 "$3")

	throw "$1" "$2" && busywait 5000 counted "$3" "$before" "${4:-$2}"
}

begin $(($(grep -c '|' <<<"$CASES") * 2 + 13))
pair
tunnel gw1 1 gcm 32 && tunnel gw1 2 cbc esn || give_up "tunnels"
check "the standby holds the SAs" wait_step gw1 gw2
serve gw1 gw2
talk flow 1 50
# A machine that emulates others stalls at times; contact lost by that would be logged, too.
xha gw1 peer set 2 heartbeat 400ms && xha gw2 peer set 1 heartbeat 400ms || give_up "heartbeat"
LOGGED=$(log_lines)
while IFS='|' read -r case count counter; do
	[ -n "$case" ] || continue
	check "$case: counted as $counter" thrown "$case" "$count" "$counter"
	check "$case: the pair is in step" wait_step gw1 gw2
done <<<"$CASES"
# What passes for a datagram of the session may well spoil it: insecure is what the operator has said. It must heal.
BEFORE=$(drops)
check "random bytes: thrown" throw random 200
check "random bytes: counted" busywait 5000 more_drops 190
check "unknown records: skipped and counted" thrown unknown 1 skipped_records 100
check "unknown records: the pair is in step" wait_step gw1 gw2
check "nothing was logged of all these" nothing_logged
check "a right header and noise: thrown" throw noise 200
check "mangled records of the peer's: thrown" throw mangled 200
# Frames with numbers of some hundred to come were taken: until they have come, by each heartbeat, no ack is believed.
check "... and all is well again" busywait 180000 eval "in_step gw1 gw2 && same_dumps gw1 gw2"
check "... and what was logged of both was what they changed" only_changes_logged
takeover gw1 gw2 graceful || diag "takeover"
traffic_for 0.5
stop flow
check "the SAs are as good as before" went_on flow 50
finish
