#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A copy of many SAs over a slow link with a small queue: it comes through without flooding anybody, one can watch it, and
# when the active dies in the middle of another one, what had been whole before is taken over whole.
# usage: [SAS=N] bulk.sh

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"

SAS=${SAS:-10000}

sas()
{
	awk -v n="$SAS" -v vip="$VIP" 'BEGIN {
		for (i = 1; i <= n; i++)
			printf "xfrm state add src %s dst 192.0.2.100 proto esp spi 0x%08x reqid %d mode tunnel replay-window 32 " \
				"aead rfc4106(gcm(aes)) 0x%040x 128\n", vip, 0x10000 + i, i, i * 7919
	}'
}

# slow RATE: towards the standby, with room for ten frames.
slow() { tc -n sw qdisc replace dev s-gw2 root tbf rate "$1" burst 3000 limit 15000; }

# How many the standby still lacks, as the active shows it, once per look; until it is hot.
watch_pending()
{
	local i

	for ((i = 0; i < 3000; i++)); do
		group_get gw1 '.peers[0].pending // 0'
		! is_hot gw2 >"$TMP/watch" || return 0
		sleep 0.02
	done
	return 1
}

hot_at_last()
{
	local began=$SECONDS

	watch_pending >"$TMP/pending" || { tail -n 3 "$TMP/pending"; return 1; }
	echo "$SAS SAs in about $((SECONDS - began)) s"
}

# It went down, and could be seen to. The first looks may have been before the two had met: nothing is pending then.
progress()
{
	uniq "$TMP/pending" | head -n 20 | tr '\n' ' '
	at_least 3 "$(sort -nu "$TMP/pending" | wc -l)" "different numbers of SAs pending" &&
		is 0 "$(awk 'last && $1 > last + '"$((SAS / 4))"' { n++ } { last = $1 } END { print n + 0 }' "$TMP/pending")" \
			"times that it jumped up"
}

udp_errors() { ip netns exec "$1" awk '/^Udp:/ && !seen++ { split($0, k); next } /^Udp:/ { for (i in k) if (k[i] == "RcvbufErrors") print $i }' /proc/net/snmp; }

# Some frames are dropped by the queue, that is how its size is found; most are not.
no_flood()
{
	local resent
	resent=$(peer_get gw1 2 .resent)

	echo "$(peer_get gw1 2 '"\(.frames_tx) frames, \(.bytes_tx) bytes, \(.lost) lost"'), $resent objects sent again"
	is 0 "$(udp_errors gw2)" "datagrams that found no room at the standby" && at_most $((SAS / 2)) "$resent" "objects sent again"
}

taken()
{
	is "$SAS" "$(ip -n gw2 -s xfrm state list | grep -c 'extra_flag 41000000')" "SAs that are open on gw2"
}

begin 11
topology gw1 gw2
node gw1 gw2 && group gw1 || give_up "gw1"
vip_move_to gw1 || give_up "VIP"
check "$SAS SAs on the active" on gw1 sas
check "it knows them all" busywait 30000 eval 'is $SAS "$(group_get gw1 .sas)" SAs'
slow 10mbit
node gw2 gw1 && group gw2 || give_up "gw2"
check "the copy comes through at 10 Mbit/s" hot_at_last
check "one can watch it" progress
check "nobody is flooded" no_flood
check "both hold the same number" is "$SAS" "$(group_get gw2 .sas)" "SAs of gw2"

slow 1mbit
xha gw2 resync "$GROUP" || give_up "resync"
check "another copy, slower" busywait 5000 eval 'is bulk "$(group_get gw2 .sync)" sync'
kill_node gw1
check "the active dies in the middle of it: takeover" eval "vip_move_to gw2 && role_is gw2 active"
check "... of all that there was" taken
finish
