#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What the sync link costs: bytes of IP packets per lease, per inbound window and per SA, with a key, all overhead included,
# when 1, 100 and 10,000 SAs change in one round of the sampler. Both directions are counted: acks cost, too.

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

MANY=10000
FIRST_OUT=0x100000 FIRST_IN=0x200000
ROUND=5	# seconds

# sas FIRST COUNT: half a tunnel each, outbound; with IN set, inbound.
sas()
{
	local ends="src $VIP dst 192.0.2.100"

	[ -z "${IN:-}" ] || ends="src 192.0.2.100 dst $VIP"
	awk -v first="$(($1))" -v n="$2" -v ends="$ends" 'BEGIN {
		for (i = 0; i < n; i++)
			printf "xfrm state add %s proto esp spi 0x%08x reqid %d mode tunnel replay-window 32 " \
				"aead rfc4106(gcm(aes)) 0x%040x 128\n", ends, first + i, first + i, (first + i) * 7919
	}'
}

# Bytes of IP packets in a capture of the cable, both ways.
bytes() { tcpdump -nn -e -r "$TMP/cable.pcap" udp port 4511 ${1:+and src $1} 2>"$TMP/tcpdump.err" | sed -n 's/.*, length \([0-9]*\): .*/\1/p' | awk '{ n += $1 - 14 } END { print n + 0 }'; }

from_standby() { bytes 10.150.0.2; }

# cost COUNT COMMAND...: leaves the bytes per SA in REPLY; what goes over the link without changes is taken off.
cost()
{
	local count=$1
	shift

	sniff cable sw s-gw1
	"$@" >"$TMP/cost" || return 1
	sleep $((2 * ROUND + 1))
	stop cable
	REPLY=$(awk -v all="$(bytes)" -v idle="$IDLE" -v n="$count" 'BEGIN { printf "%.1f", (all - idle) / n }')
}

# numbers_out COUNT, windows_in COUNT: further than the last time. Leases grow with the rate: so the numbers do, too.
numbers_out()
{
	LAST_OUT=$((LAST_OUT * 8 + 50000))
	ip netns exec gw1 xha-counters out "$VIP" 192.0.2.100 "$FIRST_OUT" "$1" "$LAST_OUT"
}

windows_in()
{
	LAST_IN=$((LAST_IN + 50))
	ip netns exec gw1 xha-counters in 192.0.2.100 "$VIP" "$FIRST_IN" "$1" "$LAST_IN"
}

add() { on gw1 sas "$NEXT" "$1" && NEXT=$((NEXT + $1)); }

# measured WHAT COMMAND [LIMIT at 10,000]
measured()
{
	local what=$1 command=$2 limit=$3 n said=""

	for n in 1 100 $MANY; do
		cost "$n" "$command" "$n" || return 1
		said+=" $n: $REPLY"
	done
	echo "$what: bytes per SA:$said"
	echo "of these from the standby: $(from_standby), in $(tcpdump -nn -r "$TMP/cable.pcap" src 10.150.0.2 2>"$TMP/tcpdump.err" | wc -l) packets;" \
		"from the active: $(tcpdump -nn -r "$TMP/cable.pcap" src 10.150.0.1 2>"$TMP/tcpdump.err" | wc -l) packets"
	awk -v many="$REPLY" -v limit="$limit" 'BEGIN { exit !(many > 0 && many <= limit) }' || {
		echo "more than $limit at $MANY, or nothing at all"
		return 1
	}
}

LAST_OUT=0 LAST_IN=0 NEXT=0x300000
begin 7
pair sync-period-time ${ROUND}s sync-period-packets 0
new_key one
relink local 10.150.0.@ remote 10.150.0.% dev sync key-file "$TMP/one"
on gw1 sas $FIRST_OUT $MANY || give_up "outbound SAs"
IN=1 on gw1 sas $FIRST_IN $MANY || give_up "inbound SAs"
check "the standby holds $((2 * MANY)) SAs" wait_step gw1 gw2 60000
for n in 1 2; do
	xha "gw$n" node set sample-period ${ROUND}s && xha "gw$n" peer set $((3 - n)) heartbeat 10s || give_up "knobs"
done
IDLE=0
cost 1 true
IDLE=$REPLY
check "an idle link has only heartbeats and audits" at_most 3000 "${IDLE%.*}" "bytes in $((2 * ROUND + 1)) s"
check "lease" measured lease numbers_out 9
check "inbound window" measured "inbound window" windows_in 14
check "SA" measured SA add 320
finish
