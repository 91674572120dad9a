#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A path with a smaller MTU than its ends: what is too big for it gets through, fragmented or made smaller by its sender,
# before and after takeovers to a gateway that has never heard of that MTU. No black hole: a handful of tries, counted.

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"
# shellcheck source=selftests/net/narrow.sh
. "$NET/narrow.sh"

# Bursts of fragments, and a slow machine behind them, are on their way, too.
IN_FLIGHT=$(patience 500)000000
# A device's MTU, the SA's overhead, the path's, each found by one packet that is lost, and once more on the way back: five.
# On a slow machine the next one may be on its way before the answer comes.
TRIES=8

# NAME|FAMILY
KINDS=("policies|4" "policies|6" "VTI|4" "VTI|6" "xfrm interface|4" "xfrm interface|6" "GRE over transport|4")

# L, R: the outer ends. H, G, T: the inside host, the gateway's own address, the remote's. F is the remote's for what has
# no DF: of T the host knows the path MTU by what has it, and would fragment the rest, too.
kind()
{
	local i=$1

	IFS='|' read -r NAME FAMILY <<<"${KINDS[i]}"
	MODE=tunnel MARK=$((0x50 + i)) MORE=""
	case $FAMILY in
	4)
		L=$VIP R=203.0.113.$((10 + i)) H=10.8.1.$((10 + i)) G=10.8.2.$((1 + i))
		T=10.9.$((10 + i)).1 F=10.9.$((10 + i)).2 THERE=10.9.$((10 + i)).0/24
		HERE=10.8.0.0/16 BITS=32 ALL=0.0.0.0/0 PORT=5000 NODAD="" BIG=1472
		;;
	6)
		L=$VIP6 R=2001:db8:3::$((10 + i)) H=2001:db8:8:1::$((10 + i)) G=2001:db8:8:2::$((1 + i))
		T=2001:db8:9:$((10 + i))::1 F=$T THERE=2001:db8:9:$((10 + i))::/64
		HERE=2001:db8:8::/48 BITS=128 ALL=::/0 PORT=5006 NODAD=nodad BIG=1452
		;;
	esac
	case $NAME in
	VTI) MORE="mark $MARK mask 0xffffffff" ;;
	"xfrm interface") MORE="if_id $MARK" ;;
	GRE*) MODE=transport ;;
	esac
}

# all COMMAND [WORD]...: for each kind.
all() { local i; for i in "${!KINDS[@]}"; do kind "$i"; "$1" "$i" "${@:2}"; done; }

# --- tunnels ------------------------------------------------------------------------------------------------------

# shellcheck disable=SC2086  # words
sas() { pair_lines "$1" "$L" "$R" "$MODE" gcm 1024 $MORE; }

# policies I OUT IN: as the gateways name the directions, or the remote.
policies()
{
	local here=$HERE there=$THERE proto="" dir

	case $NAME in
	VTI | "xfrm interface") here=$ALL there=$ALL ;;
	GRE*) here=$L/32 there=$R/32 proto="proto 47" ;;
	esac
	for dir in $2; do
		policy_line "$here" "$there $proto" "$dir" $(($1 + 1)) "$MODE" "$L" "$R" "$MORE"
	done
	for dir in $3; do
		policy_line "$there" "$here $proto" "$dir" $(($1 + 1)) "$MODE" "$R" "$L" "$MORE"
	done
}

# links I gw|rem|host
links()
{
	local ends="local $L remote $R" to=$THERE from=$G net

	case $2 in
	gw) echo "addr add $G/$BITS dev lo $NODAD" ;;
	host) echo "addr add $H/$BITS dev lan $NODAD"; return ;;
	rem)
		echo "addr add $R/$BITS dev wan $NODAD"
		echo "addr add $T/$BITS dev lo $NODAD"
		[ "$F" = "$T" ] || echo "addr add $F/$BITS dev lo"
		ends="local $R remote $L" to="$H/$BITS $G/$BITS" from=$T
		;;
	esac
	case $NAME in
	VTI) echo "link add t$1 type vti${FAMILY#4} $ends key $MARK" ;;
	"xfrm interface") echo "link add t$1 type xfrm dev wan if_id $MARK" ;;
	# Else Linux sets DF outside in any case, and what is too big and has none inside is lost, module or not.
	GRE*) echo "link add t$1 type gre $ends nopmtudisc" ;;
	*) return ;;
	esac
	echo "link set t$1 up"
	for net in $to; do
		echo "route add $net dev t$1 src $from"
	done
}

# --- what is known of the path ------------------------------------------------------------------------------------

# forget NODE...: no path MTU that was heard of is known any more.
forget()
{
	local ns

	for ns in "$@"; do
		ip -n "$ns" route flush cache && ip -n "$ns" -6 route flush cache || return 1
	done
}

question()
{
	case $2 in
	host) echo "route get $T from $H" ;;
	rem) echo "route get $L from $R" ;;
	gw*) echo "route get $R from $L" ;;
	esac
}

# knows_paths NODE HOW-MANY: of how many paths it knows the MTU; inside it is less by what the SA needs.
knows_paths()
{
	local mtu=$NARROW

	[ "$1" != host ] || mtu=13
	on "$1" all question "$1" >"$TMP/answers" || return 1
	is "$2" "$(grep -c " mtu $mtu" "$TMP/answers")" "paths whose MTU $1 knows"
}

all_know() { local ns; for ns in "$@"; do knows_paths "$ns" ${#KINDS[@]} || return 1; done; }

# counted NODE LEAST COUNTER...: of the kernel's own.
counted()
{
	local counter

	for counter in "${@:3}"; do
		at_least "$2" "$(ip netns exec "$1" nstat -asz "$counter" | awk -v key="$counter" '$1 == key { print $2 }')" \
			"$counter of $1" || return 1
	done
}

fragmented() { counted r1 100 IpFragOKs && counted r2 100 IpFragOKs; }
refused_both_ways() { counted r1 1 IpFragFails Icmp6OutPktTooBigs && counted r2 1 IpFragFails Icmp6OutPktTooBigs; }

# --- traffic ------------------------------------------------------------------------------------------------------

serve_big()
{
	local ns

	for ns in host rem; do
		start "echo-$ns" $ns xha-traffic server 0.0.0.0 5000 --df no
		start "echo6-$ns" $ns xha-traffic server :: 5006 --df no
		start "tcp-$ns" $ns xha-stream server :: 5001
	done
	for ns in host rem; do
		started "echo-$ns" && started "echo6-$ns" && started "tcp-$ns" || give_up "no servers on $ns"
	done
}

# send NAME NODE FROM TO [WORD]...: one datagram after the other, each when the last one was answered or given up.
send() { start "$1" "$2" xha-traffic client "$4" "$PORT" --bind "$3" --rate 0 --window 1 --linger "$(patience 1)" "${@:5}"; }

# sends I: without DF, and answered so; sends_df I GATEWAY: from inside, from the remote, by the gateway's own programs.
sends() { send "free-$1" host "$H" "$F" --count 20 --size 3000 --df no; }
sends_df()
{
	send "out-$1" host "$H" "$T" --count 20 --size "$BIG" --df yes
	send "back-$1" rem "$T" "$H" --count 20 --size "$BIG" --df yes
	send "own-$1" "$2" "$G" "$T" --count 20 --size "$BIG" --df yes
}

# What became of the datagrams of each flow: sent, answered, lost, answered twice, refused, cuts, size.
declare -A BOOKS=()
read_books()
{
	local name rest

	BOOKS=()
	while read -r name rest; do
		BOOKS[$name]=$rest
	done <<<"$(cd "$TMP" && jq -r '"\(input_filename | sub(".json"; "")) \(.sent) \(.received) \(.lost) \(.duplicates) " +
		"\(.refused) \(.cuts // 0) \(.size // 0)"' free-*.json out-*.json back-*.json own-*.json)"
}

# cut_to_fit NAME: those that were too big were refused after a few tries; all smaller ones were answered.
cut_to_fit()
{
	local sent received lost twice refused cuts size

	read -r sent received lost twice refused cuts size <<<"${BOOKS[$1]:-0}"
	is 20 "$sent" "$1: sent" && at_most $TRIES "$lost" "$1: lost" && is 0 "$twice" "$1: answered twice" &&
		is 0 "$refused" "$1: refused for another reason" && at_least 1 "$cuts" "$1: refused as too big" &&
		at_least $((NARROW - 200)) "$size" "$1: size in the end" && at_most $((NARROW - 50)) "$size" "$1: size in the end"
}

# Only IPv6 routers fragment nothing: there the sender has to know.
whole()
{
	local sent received lost twice

	read -r sent received lost twice _ <<<"${BOOKS[$1]:-0}"
	is 20 "$sent" "$1: sent" && at_most $((FAMILY == 4 ? 0 : TRIES)) "$lost" "$1: lost" && is 0 "$twice" "$1: answered twice"
}

through()
{
	local flow lost all=""

	kind "$1"
	for flow in free out back own; do
		read -r _ _ lost _ <<<"${BOOKS[$flow-$1]:-}"
		all+=" $flow $lost"
	done
	echo "lost:$all"
	whole "free-$1" && cut_to_fit "out-$1" && cut_to_fit "back-$1" && cut_to_fit "own-$1"
}

# wait_for FLOW: of each kind.
wait_for() { local i; for i in "${!KINDS[@]}"; do wait "${JOB[$1-$i]}"; unset "JOB[$1-$i]"; done; }

# round WHEN GATEWAY: nobody knows the path.
round()
{
	local i flow

	forget host rem
	check "$1, $2 knows nothing of the path" knows_paths "$2" 0
	all sends
	wait_for free
	all sends_df "$2"
	for flow in out back own; do
		wait_for $flow
	done
	read_books
	for i in "${!KINDS[@]}"; do
		kind "$i"
		check "$1: $NAME, IPv$FAMILY: big ones without and with DF" through "$i"
	done
	check "$1, $2 has heard of the path MTU" all_know "$2"
}

# --- across a takeover --------------------------------------------------------------------------------------------

stream()
{
	start "stream-$1" host xha-stream client "$T" 5001 --bind "$H" --rate "$(paced 25000)" --stall "$(patience 30)"
}

flow()
{
	start "flow-$1" host xha-traffic client "$F" "$PORT" --bind "$H" --size 3000 --df no --rate "$(paced 10)" --window 1 \
		--linger "$(patience 1)"
}

declare -A VERDICT=() STREAM=()
read_verdicts()
{
	local name rest

	VERDICT=() STREAM=()
	while read -r name rest; do
		VERDICT[$name]=$rest
	done <<<"$(cd "$TMP" && verdicts flow-*.json)"
	while read -r name rest; do
		STREAM[$name]=$rest
	done <<<"$(cd "$TMP" && jq -r '"\(input_filename | sub(".json"; "")) " +
		"\(.sent) \(.back) \(.wrong) \(.pmtu) \(.error)"' stream-*.json)"
}

streamed()
{
	local sent back wrong pmtu error

	read -r sent back wrong pmtu error <<<"${STREAM[stream-$1]:-0}"
	echo "$back bytes back, path MTU $pmtu"
	at_least 50000 "$sent" "bytes sent" && is "$sent 0 " "$back $wrong $error" "bytes back, wrong ones, error" &&
		at_most $((NARROW - 30)) "$pmtu" "path MTU of the connection"
}

flowed()
{
	local answers lost twice

	read -r answers lost twice <<<"${VERDICT[flow-$1]:-0}"
	at_least 10 "$answers" "answers" && is 0 "$lost" "datagrams lost" && is 0 "$twice" "answered twice" && return 0
	echo "VIP away: $AWAY"
	get "flow-$1" '{sent, refused, received, seconds, lost_ranges: .lost_ranges[:5]}'
	return 1
}

across_kind() { streamed "$1" && flowed "$1"; }

# across FROM TO HOW
across()
{
	local i

	AWAY=""
	forget "$1" host rem
	all stream
	check "$3: TCP finds the path MTU" busywait 10000 all_know "$1" host rem
	all flow
	traffic_for 1
	check "$3 takeover" takeover "$1" "$2" "$3"
	traffic_for 1.5
	for i in "${!KINDS[@]}"; do
		kill "${JOB[stream-$i]}" "${JOB[flow-$i]}"
	done
	wait_for stream
	wait_for flow
	read_verdicts
	for i in "${!KINDS[@]}"; do
		kind "$i"
		check "$3: $NAME, IPv$FAMILY: a TCP transfer and datagrams without DF go on" across_kind "$i"
	done
}

begin $((5 * ${#KINDS[@]} + 18))
topology gw1 gw2
extend
form_pair
for ns in gw1 gw2; do
	on $ns all links gw || give_up "links of $ns"
done
on rem all links rem && on host all links host || give_up "links"
on gw1 all sas && on rem all sas && on gw1 all policies out "in fwd" && on rem all policies in out || give_up "SAs"
check "the standby holds them" wait_step gw1 gw2
tap wan rem wan
serve_big

round before gw1
across gw1 gw2 sudden
round "after the sudden takeover" gw2
revive_node gw1
check "the former active becomes hot" wait_step gw2 gw1
forget gw1
across gw2 gw1 graceful
round "after the graceful one" gw1
check "what may be fragmented was, on the way" fragmented
check "what may not be was refused there, in both directions" refused_both_ways
stop wan
check "no number twice" no_duplicates wan
check "no replay at the remote" no_replay_errors rem
finish
