#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Random and damaged datagrams in great numbers, from the peer's own address and port, at a standby that is alive. With a
# key each is dropped and counted, and the pair is in step all along. Without one much of it passes for the peer's and is
# applied; when it ends, the standby gets back in step.
#
# FLOOD: how many datagrams, half of them with a key.

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"

HALF=$((${FLOOD:-$((1000000 / ${XHA_PATIENCE:-1}))} / 2))

# joined NODE OTHER WORD...: the other node as a peer with that key, or insecure, instead of as what it was.
joined()
{
	local ns=$1 n=${1#gw} other=${2#gw}
	shift 2

	# A machine that emulates others stalls at times: that shall not be the end of a session.
	xha "$ns" peer del "$other" &&
		xha "$ns" peer add "$other" local "10.150.0.$n" remote "10.150.0.$other" dev sync "$@" &&
		xha "$ns" peer set "$other" heartbeat 400ms
}

# throw NAME SEED: returns when gw2 has read them all.
throw()
{
	start "$1" gw1 xha-flood sync 10.150.0.1 10.150.0.2 4511 "$HALF" /run/netns/gw2 "$2"
	wait "${JOB[$1]}" || { cat "$TMP/$1.err"; return 1; }
	get "$1" .
	is "$HALF 0" "$(get "$1" '"\(.sent) \(.unread)"')" "datagrams sent, and not read"
}

drops() { xha gw2 -j stats show | jq '[.[0] | to_entries[] | select(.key | startswith("drop_")) | .value] | add'; }
all_dropped() { at_least $((BEFORE + HALF)) "$(drops)" "drops of all kinds"; }

log_lines() { log_since | grep -c xfrm_ha; }

# Frames of the peer's, by their header.
taken() { peer_get gw2 1 .frames_rx; }
much_taken() { at_least $((HALF / 4)) $(($(taken) - BEFORE)) "datagrams taken for the peer's"; }

nothing_logged()
{
	is "$LOGGED" "$(log_lines)" "lines in the log" || { log_since | grep xfrm_ha | tail -n "+$((LOGGED + 1))"; return 1; }
}

begin 16
(umask 077 && xfrm-ha genkey >"$TMP/key")
pair
tunnel gw1 1 gcm 32 && tunnel gw1 2 cbc esn || give_up "tunnels"
joined gw1 gw2 key-file "$TMP/key" && joined gw2 gw1 key-file "$TMP/key" || give_up "peers with a key"
check "with a key: the pair is in step" wait_step gw1 gw2 30000
serve gw1 gw2
talk flow1 1 50
LOGGED=$(log_lines) BEFORE=$(drops)
check "with a key: $HALF datagrams are thrown, and read" throw sealed 1
check "with a key: each was dropped and counted" busywait 5000 all_dropped
check "with a key: nothing was logged, so contact was never lost" nothing_logged
check "with a key: the pair is in step" wait_step gw1 gw2
check "with a key: nothing else has come over" same_dumps gw1 gw2
stop flow1
check "with a key: the active's traffic never noticed" all_answered flow1

joined gw1 gw2 insecure && joined gw2 gw1 insecure || give_up "insecure peers"
check "without a key: the pair is in step" wait_step gw1 gw2 30000
BEFORE=$(taken)
check "without a key: $HALF datagrams are thrown, and read" throw clear 2
check "without a key: many were taken for the peer's" much_taken
# What it believes may be that its peer says something every ten seconds: ten times that is silence.
check "without a key: the pair gets back in step" wait_step gw1 gw2 150000
diag "$(($(taken) - BEFORE)) taken for the peer's, $(log_lines) lines in the log"
# Counters only go forward, also on a liar's word: those of the old SAs may be anywhere by now.
tunnel gw1 3 gcm 32 || give_up "tunnel 3"
check "without a key: a new SA comes over" wait_step gw1 gw2
check "without a key: takeover" takeover gw1 gw2 graceful
talk flow3 3 50
traffic_for 1
stop flow3
check "without a key: the new SA works there" went_on flow3 20
finish
