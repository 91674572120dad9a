#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What a standby has lost: an SA that somebody deletes there is missed at once; one that it was wrongly told to drop, by a
# datagram in the active's name, nobody knows of but the next CHECK. Both are counted, and healed by one new copy.

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"

grew() { at_least "$3" "$(grown "$1" "$2")" "$2 of $1, since then"; }
healed() { wait_step gw1 gw2 && busywait 10000 same_dumps gw1 gw2; }

# forge: the standby is told that an SA is gone which the active has just added. What comes later than a frame of the
# active's with the same number is dropped: once more then, with another SA.
forge()
{
	local n

	for n in {11..15}; do
		start forged gw1 xha-datagram sync 10.150.0.1 10.150.0.2 4511 delete 1
		started forged && on gw1 tunnel_sas "$n" || return 1
		wait "${JOB[forged]}" || { cat "$TMP/forged.err"; return 1; }
		busywait 1000 grew gw2 objects_removed 1 && return 0
	done
	return 1
}

# With traffic, so that there is something to ack, and what is thrown is acked with it.
swallow()
{
	ip netns exec gw1 xha-swallow sync 10.150.0.1 10.150.0.2 4511 && grew gw2 skipped_records 8
}
not_hot() { ! is_hot gw2; }

all_open() { is "$(sa_count gw1)" "$(ip -n gw2 -s xfrm state list | grep -c 'extra_flag 41000000')" "SAs that are open on gw2"; }

begin 17
pair
start monitor gw2 xfrm-ha monitor
# A machine that emulates others stalls at times; and between two heartbeats there is time for a word.
xha gw1 peer set 2 heartbeat 400ms && xha gw2 peer set 1 heartbeat 400ms || give_up "heartbeat"
tunnel gw1 1 gcm 32 && tunnel gw1 2 cbc esn || give_up "tunnels"
check "the standby holds the SAs" healed

mark gw1 gw2
spi_out 1
check "one SA is deleted on the standby" ip -n gw2 xfrm state del src "$VIP" dst 192.0.2.100 proto esp spi "$REPLY"
check "... a new copy begins" busywait 5000 grew gw1 bulks_started 1
check "... then both hold the same" healed
check "... XFRM has said so" grew gw2 events_seen 1
check "... it took one copy, one SA, and no audit" is "1 1 0" \
	"$(grown gw1 bulks_started) $(grown gw2 objects_installed) $(grown gw1 audit_mismatch)"
stop monitor
check "... the monitor has said why" grep "a copied object has gone from here" "$TMP/monitor.json"

mark gw1 gw2
check "the standby is told wrongly that an SA is gone, and drops it" forge
check "... the next audit finds that" busywait 10000 grew gw1 audit_mismatch 1
check "... then both hold the same" healed
check "... it took one audit and one copy, which swept nothing" is "1 1 0" \
	"$(grown gw1 audit_mismatch) $(grown gw1 bulks_started) $(grown gw2 objects_swept)"
serve gw1
vip_announce gw1
talk flow 1 50
# What is swallowed is not heard: the peer must not be given up meanwhile.
xha gw1 peer set 2 heartbeat 700ms && xha gw2 peer set 1 heartbeat 700ms || give_up "heartbeat"
traffic_for 3
mark gw1 gw2
check "a CHECK is acked in the place of which something else was heard" swallow
check "... it is asked again: the standby stays hot" never 12000 not_hot
stop flow
check "... which takes no copy" is "0 0" "$(grown gw1 audit_mismatch) $(grown gw1 bulks_started)"
check "a takeover is of all SAs" eval "takeover gw1 gw2 graceful && all_open"
finish
