#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A sync link with a key, and somebody on it who has not got the key: whatever he sends again, changes or cuts off, from the
# peer's own address and port, is dropped and counted by its reason; the session goes on.

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"
# shellcheck source=selftests/net/peers.sh
. "$NET/peers.sh"

COUNT=200
# CASE|COUNTER: each of the datagrams must be counted there.
CASES="
empty|drop_short
short|drop_short
node|drop_node
type|drop_type
session|drop_session
replay|drop_replay
flipped|drop_auth
clipped|drop_auth
moved|drop_auth
"

KEYED="local 10.150.0.@ remote 10.150.0.% dev sync key-file"

# throw FROM TO CASE HOW-MANY
throw() { ip netns exec "$1" xha-datagram sync "10.150.0.${1#gw}" "10.150.0.${2#gw}" 4511 "$3" "$4" >"$TMP/thrown"; }
counted() { at_least "$3" "$(stat_get "$1" "$2")" "$2 of $1"; }

thrown()
{
	local before
	before=$(stat_get gw2 "$2")

	throw gw1 gw2 "$1" $COUNT && busywait 5000 counted gw2 "$2" $((before + COUNT)) && session_went_on
}

# sum NODE COUNTER...
sum() { local counter sum=0; for counter in "${@:2}"; do sum=$((sum + $(stat_get "$1" "$counter"))); done; echo "$sum"; }
summed() { at_least "$1" "$(sum "${@:2}")" "${*:3} of $2"; }

# again FROM TO CASE HOW-MANY COUNTED COUNTER...: a handshake is watched, made by gw1, and its message sent again.
again()
{
	local before job
	before=$(sum "$2" "${@:6}")

	throw "$1" "$2" "$3" "$4" &
	job=$!
	sleep 0.5
	repeer gw1 gw2 "$KEYED" "$TMP/one" && wait "$job" && busywait 5000 summed $((before + $5)) "$2" "${@:6}"
}

# Somebody sends a handshake of the peer's again and again. A new one is found among them while that lasts.
begun_in_flood()
{
	local before

	start flood gw1 xha-datagram sync 10.150.0.1 10.150.0.2 4511 init 1000000
	sleep 0.5
	before=$(stat_get gw2 drop_flood)
	repeer gw1 gw2 "$KEYED" "$TMP/one" && busywait 10000 counted gw2 drop_flood $((before + 500)) || return 1
	repeer gw1 gw2 "$KEYED" "$TMP/one" && busywait 30000 both_up || return 1
	before=$(stat_get gw2 drop_flood)
	busywait 5000 counted gw2 drop_flood $((before + 100)) || return 1
	stop flood
}

begin $(($(grep -c '|' <<<"$CASES") + 16))
pair
new_key one
relink "$KEYED" "$TMP/one" || give_up "no key"
tunnel gw1 1 gcm 32 && tunnel gw1 2 cbc esn || give_up "tunnels"
check "the standby holds the SAs" wait_step gw1 gw2
serve gw1 gw2
talk flow 1 50
# A machine that emulates others stalls at times: that is not to end a session.
xha gw1 peer set 2 heartbeat 400ms && xha gw2 peer set 1 heartbeat 400ms || give_up "heartbeat"
session_mark
while IFS='|' read -r case counter; do
	[ -n "$case" ] || continue
	check "$case: counted as $counter, and the session goes on" thrown "$case" "$counter"
done <<<"$CASES"
check "the pair is in step" wait_step gw1 gw2

check "a handshake, sent again: counted" again gw1 gw2 slow-init 10 8 drop_replay
check "... and the pair gets in step" wait_step gw1 gw2
# How many of them are looked at depends on how fast they come.
check "the same, too often: only counted" again gw1 gw2 init 500 490 drop_flood drop_replay
check "... and the pair gets in step" wait_step gw1 gw2
check "a session begins in the middle of a flood of them" begun_in_flood
check "... and the pair gets in step" wait_step gw1 gw2
check "the answer to a handshake, sent again: counted" again gw2 gw1 response 100 90 drop_session
check "... and the pair gets in step" wait_step gw1 gw2
check "no audit has found a difference" is 0 "$(stat_get gw1 audit_mismatch)" audit_mismatch
check "both hold the same" same_dumps gw1 gw2
takeover gw1 gw2 graceful || diag "takeover"
traffic_for 0.5
stop flow
check "the SAs are as good as before" went_on flow 50
check "no replay at the remote" no_replay_errors rem
finish
