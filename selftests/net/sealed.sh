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

# again FROM TO CASE HOW-MANY COUNTER COUNTED: a handshake is watched, made by gw1, and its message sent again.
again()
{
	local before job
	before=$(stat_get "$2" "$5")

	throw "$1" "$2" "$3" "$4" &
	job=$!
	sleep 0.5
	repeer gw1 gw2 "$KEYED" "$TMP/one" && wait "$job" && busywait 5000 counted "$2" "$5" $((before + $6))
}

begin $(($(grep -c '|' <<<"$CASES") + 14))
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

check "a handshake, sent again: counted" again gw1 gw2 slow-init 10 drop_replay 8
check "... and the pair gets in step" wait_step gw1 gw2
check "the same, too often: only counted" again gw1 gw2 init 500 drop_flood 400
check "... and the pair gets in step" wait_step gw1 gw2
check "the answer to a handshake, sent again: counted" again gw2 gw1 response 100 drop_session 90
check "... and the pair gets in step" wait_step gw1 gw2
check "no audit has found a difference" is 0 "$(stat_get gw1 audit_mismatch)" audit_mismatch
check "both hold the same" same_dumps gw1 gw2
takeover gw1 gw2 graceful || diag "takeover"
traffic_for 0.5
stop flow
check "the SAs are as good as before" went_on flow 50
check "no replay at the remote" no_replay_errors rem
finish
