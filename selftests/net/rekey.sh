#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The session changes its keys, again and again, while SAs come and go, and moves to another key of the operator's once both
# nodes have it: nothing is lost by it, and nobody notices. For a build with a short XHA_REKEY_AGE, or few XHA_REKEY_FRAMES
# (the list of mutants has both); any other fails the first check.

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

ROUNDS=30

# SAs of ten tunnels come and go, one after the other; each time the age of the keys is written down.
load()
{
	local i

	for ((i = 0; i < ROUNDS; i++)); do
		on gw1 tunnel_sas $((20 + i)) || return 1
		peer_get gw1 2 .key_age
		[ "$i" -lt 10 ] || ip -n gw1 xfrm state deleteall reqid $((11 + i)) || return 1
	done >"$TMP/ages"
}

# How often the keys were younger than the time before.
changes() { awk 'NR > 1 && $1 < last { n++ } { last = $1 } END { print n + 0 }' "$TMP/ages"; }

dropped() { xha "$1" -j stats show | jq -c '.[0] | [.drop_auth, .drop_session, .drop_replay, .drop_record, .drop_flood]'; }

# SINCE: a moment, ms. The keys in use are from then or later; or from before.
newer_keys()
{
	at_most $(($(now_ms) - SINCE)) "$(peer_get gw1 2 .key_age)" "age of the keys of gw1" &&
		at_most $(($(now_ms) - SINCE)) "$(peer_get gw2 1 .key_age)" "age of the keys of gw2"
}

older_keys()
{
	at_least $(($(now_ms) - SINCE)) "$(peer_get gw1 2 .key_age)" "age of the keys of gw1" &&
		at_least $(($(now_ms) - SINCE)) "$(peer_get gw2 1 .key_age)" "age of the keys of gw2"
}

# give NODE OTHER NAME: another key of the operator's.
give() { xha "$1" peer set "${2#gw}" key-file "$TMP/$3" && SINCE=$(now_ms); }

refused() { at_least $((REFUSED + $1)) "$(refusals)" "handshakes that gw2 has refused"; }

begin 19
pair
new_key one
relink local 10.150.0.@ remote 10.150.0.% dev sync key-file "$TMP/one"
# A machine that emulates others stalls at times; contact lost by that would be another session.
xha gw1 peer set 2 heartbeat 400ms && xha gw2 peer set 1 heartbeat 400ms || give_up "heartbeat"
tunnel gw1 1 gcm 32 || give_up "tunnel"
check "the pair is in step, with a key" wait_step gw1 gw2
serve gw1 gw2
talk flow 1 50
DROPPED="$(dropped gw1) $(dropped gw2)"
session_mark
check "SAs come and go" load
check "meanwhile the keys have changed several times" at_least 3 "$(changes)" "changes"
check "the session and the copy are the same ones" session_went_on
check "no datagram was dropped for it" is "$DROPPED" "$(dropped gw1) $(dropped gw2)"

new_key two
new_key three
start monitor gw2 xfrm-ha monitor
busywait 20000 told || give_up "no events"
session_mark
SAID=$(said) REFUSED=$(refusals)
give gw1 gw2 two || give_up "key of gw1"
check "another key on the active: the standby refuses it" busywait 15000 refused 1
# No handshake of before is under way any more.
SINCE=$(now_ms)
check "... again and again, and the session keeps the keys that it has" eval "busywait 15000 refused 3 && older_keys"
check "... and an SA comes over under them" eval "on gw1 tunnel_sas 3 && wait_step gw1 gw2 && older_keys"
give gw2 gw1 two || give_up "key of gw2"
check "the standby has it, too: the session gets new keys" busywait 15000 newer_keys
DROPPED="$(dropped gw1) $(dropped gw2)"
give gw2 gw1 three || give_up "key of gw2"
check "another key on the standby first: the session gets new keys by the one before" busywait 15000 newer_keys
give gw1 gw2 three || give_up "key of gw1"
check "... and by the new one, when the active has it, too" busywait 15000 newer_keys
check "... and no datagram is dropped" is "$DROPPED" "$(dropped gw1) $(dropped gw2)"
check "over all this the session and the copy are the same ones" session_went_on
check "... and hot all along" is "$SAID" "$(said)" "events on the standby"
stop monitor

check "the pair is in step" wait_step gw1 gw2
check "no audit has found a difference" is 0 "$(stat_get gw1 audit_mismatch)" audit_mismatch
takeover gw1 gw2 graceful || diag "takeover"
traffic_for 0.5
stop flow
check "the traffic went on" went_on flow 50
finish
