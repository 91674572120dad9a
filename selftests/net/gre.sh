#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Dynamic routing through GRE over transport mode: what OSPF and RIP send by multicast is heard at both ends before, after
# and up to two takeovers; daemons on the standby speak to nobody, and nothing of it is on the wire in clear.

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"

# NAME|TYPE OF DEVICE|WORDS FOR IT|WINDOW
KINDS=("GRE|gre||32" "GRE with a key|gre|key 7|esn" "GRE in IPv6|ip6gre|encaplimit none|32")
PROTOCOLS="ospf rip"
declare -A ID=([gw1]=1 [gw2]=2 [rem]=100)
RATE=20
# Both ends may have to find their neighbours again; in life these packets are seconds apart.
IN_FLIGHT=$(patience 1000)000000

kind()
{
	IFS='|' read -r NAME TYPE WORDS WIN <<<"${KINDS[$1]}"
	L=$VIP R=192.0.2.$((201 + $1)) BITS=32
	[ "$TYPE" = gre ] || { L=$VIP6 BITS=128; printf -v R '2001:db8:2::2:%x' "$1"; }
}

# all COMMAND [WORD]...: for each kind.
all() { local i; for i in "${!KINDS[@]}"; do kind "$i"; "$1" "$i" "${@:2}"; done; }

sas() { pair_lines "$1" "$L" "$R" transport gcm "$WIN"; }

# policies I OUT IN: as the gateways name the directions, or the remote.
policies()
{
	policy_line "$L/$BITS" "$R/$BITS proto 47" "$2" $(($1 + 1)) transport "$L" "$R"
	policy_line "$R/$BITS" "$L/$BITS proto 47" "$3" $(($1 + 1)) transport "$R" "$L"
}

# links I gw|rem. Inner packets have TTL 1, those outside must not.
links()
{
	local ends="local $L remote $R" n=1

	[ "$2" = gw ] || { ends="local $R remote $L" n=2; echo "addr add $R/$BITS dev wan $([ "$BITS" = 32 ] || echo nodad)"; }
	echo "link add t$1 type $TYPE $ends ttl 64 $WORDS"
	echo "link set t$1 up multicast on"
	echo "addr add 10.7.$1.$n/30 dev t$1"
}

# --- routing daemons ----------------------------------------------------------------------------------------------

speak()
{
	local ns devs=("${!KINDS[@]}")

	for ns in rem gw1 gw2; do
		start "hello-$ns" $ns xha-hello "${ID[$ns]}" "$(paced $RATE)" "${devs[@]/#/t}"
	done
	for ns in rem gw1 gw2; do
		started "hello-$ns" || give_up "no daemon on $ns: $(cat "$TMP/hello-$ns.err")"
	done
}

# What everybody heard, by 'NODE DEV PROTOCOL ID'.
declare -A HEARD=()
read_reports()
{
	local node dev proto id rest

	HEARD=()
	while read -r node dev proto id rest; do
		HEARD["$node $dev $proto $id"]=$rest
	done <<<"$(cd "$TMP" && jq -r '(input_filename | sub("hello-"; "") | sub(".json"; "")) as $node | .[] | . as $c | .heard[] |
		"\($node) \($c.dev) \($c.proto) \(.id) \(.count) \(.missed) \(.twice) \(.ttl) \(.first_ns) \(.last_ns)"' hello-*.json)"
}

# heard NODE I PROTO ID before|after: all of what ID sent, up to the takeover or from there on.
heard()
{
	local who="$1 of $4's" count missed twice ttl first last gone back
	local slack=$((IN_FLIGHT + 1000000000 * ${XHA_PATIENCE:-1} / RATE))

	read -r count missed twice ttl first last <<<"${HEARD["$1 t$2 $3 $4"]:-0}"
	at_least 10 "$count" "heard by $who" && is 0 "$missed" "missed by $who" && is 0 "$twice" "heard twice by $who" &&
		is 1 "$ttl" "TTL for $who" || return 1
	IFS='[,]' read -r _ gone back <<<"$AWAY"
	case $5 in
	before) at_least $((gone - slack)) "$last" "the last one for $who" ;;
	after) at_most $((back + slack)) "$first" "the first one for $who" ;;
	esac
}

# met I PROTO FROM TO: one gateway and the remote heard each other before the takeover, the other one after it.
met()
{
	heard rem "$1" "$2" "${ID[$3]}" before && heard "$3" "$1" "$2" "${ID[rem]}" before &&
		heard rem "$1" "$2" "${ID[$4]}" after && heard "$4" "$1" "$2" "${ID[rem]}" after
}

# Neighbour discovery and the sync link are all that is not ESP.
nothing_else()
{
	local other="not (esp or arp or icmp6 or ip6 multicast or udp port 4511)"

	is 0 "$(frames wire "$other")" "other frames" && return 0
	tcpdump -nn -r "$TMP/wire.pcap" "$other" 2>&1 | head -n 5
	return 1
}

# turn FROM TO HOW
turn()
{
	local i proto ns

	AWAY=""
	sniff wire sw any
	speak
	traffic_for 1
	check "$3 takeover" takeover "$1" "$2" "$3"
	traffic_for 2
	for ns in rem gw1 gw2; do
		stop "hello-$ns"
	done
	stop wire
	read_reports
	for i in "${!KINDS[@]}"; do
		kind "$i"
		for proto in $PROTOCOLS; do
			check "$NAME, $proto, $3: both ends hear each other, before and after" met "$i" "$proto" "$1" "$2"
		done
	done
	check "$3: on the wire it is ESP" at_least 100 "$(frames wire esp)" "frames of ESP"
	check "$3: and nothing else" nothing_else
}

begin $((2 * (3 + 2 * ${#KINDS[@]}) + 6))
pair
on gw1 all sas && on rem all sas && on gw1 all policies out in && on rem all policies in out || give_up "tunnels"
check "the standby holds them" wait_step gw1 gw2
# Only now: a device that comes up solicits routers, and what waits for a neighbour goes out as it was.
on rem all links rem || give_up "links of rem"
for ns in gw1 gw2; do
	on $ns all links gw || give_up "links of $ns"
done
tap wan rem wan
turn gw1 gw2 sudden
revive_node gw1
check "the former active becomes hot" wait_step gw2 gw1
turn gw2 gw1 graceful
stop wan
check "no number twice" no_duplicates wan
check "no replay at the remote" no_replay_errors rem
finish
