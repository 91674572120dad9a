# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Traffic and captures: started by a name, stopped by it, the report in $TMP/NAME.json. Sourced after lib.sh.

declare -A JOB=()

# start NAME NODE COMMAND...: in the background, in the node.
start()
{
	local name=$1 ns=$2
	shift 2

	ip netns exec "$ns" "$@" >"$TMP/$name.json" 2>"$TMP/$name.err" &
	JOB[$name]=$!
}

# stop NAME: it ends with its report.
stop()
{
	kill "${JOB[$1]}" 2>"$TMP/kill" # may have ended by itself, --count
	wait "${JOB[$1]}" || cat "$TMP/$1.err"
	unset "JOB[$1]"
}

started() { busywait 5000 grep -q "${2:-ready}" "$TMP/$1.err"; }

# serve NODE...: an echo on all addresses, those of the VIP included, whether they are there or not.
serve()
{
	local ns

	for ns in "$@"; do
		start "echo-$ns" "$ns" xha-traffic server 0.0.0.0 5000
		start "echo6-$ns" "$ns" xha-traffic server :: 5006
	done
	for ns in "$@"; do
		started "echo-$ns" && started "echo6-$ns" || give_up "no echo on $ns"
	done
}

# A slow machine gets as much less traffic per second, and as much more time for it.
paced() { awk -v rate="$1" -v slower="${XHA_PATIENCE:-1}" 'BEGIN { printf "%g\n", rate / slower }'; }
longer() { awk -v s="$1" -v slower="${XHA_PATIENCE:-1}" 'BEGIN { printf "%g\n", s * slower }'; }
traffic_for() { sleep "$(longer "$1")"; }

# talk NAME N RATE [WORD of xha-traffic]...: the remote's end of tunnel N sends to 10.8.0.1 behind the gateways. At full
# speed (0) the fewer packets are under way the slower the machine is: they take no longer then.
talk()
{
	local name=$1 n=$2 rate=$3
	shift 3
	[ "$rate" != 0 ] || set -- --window $((32 / ${XHA_PATIENCE:-1} > 4 ? 32 / ${XHA_PATIENCE:-1} : 4)) "$@"

	start "$name" rem xha-traffic client 10.8.0.1 5000 --bind "10.9.$n.1" --linger "$(longer 0.5)" --rate "$(paced "$rate")" "$@"
}

# hundred NAME N GATEWAY: packets into tunnel N, answered.
hundred()
{
	vip_announce "$3"
	start "$1" rem xha-traffic client 10.8.0.1 5000 --bind "10.9.$2.1" --rate "$(paced 200)" --count 100 --linger "$(longer 1)"
	wait "${JOB[$1]}"
	at_least 90 "$(get "$1" .received)" "answers by $3"
}

get() { jq -r "$2" "$TMP/$1.json"; }

books() { get "$1" '{sent, refused, received, seconds, rtt_us, lost_ranges: .lost_ranges[:5]}'; }

# What was sent shortly before the VIP went may have been on its way: for so long at least, and for as long as another one was
# that was answered; a guest that is too slow for its flows has packets waiting, for seconds, which die with the gateway.
IN_FLIGHT=$(patience 100)000000

# verdicts NAME...: for each 'name answers lost duplicates', lost not counting what was sent while the VIP was away. What a
# report does not list counts.
verdicts()
{
	jq -r --argjson away "[$AWAY]" --argjson slack "$IN_FLIGHT" '
		([$slack, (.rtt_us.max // 0) * 1000] | max) as $way |
		def forgiven: . as $r | any($away[]; $r[2] >= .[0] - $way and $r[3] <= .[1]);
		(input_filename | sub(".*/"; "") | sub(".json$"; "")) + " \(.received) " +
		"\(.lost - ([.lost_ranges[] | select(forgiven) | .[1] - .[0] + 1] | add // 0)) \(.duplicates)"' \
		"${@/#/$TMP/}"
}

# went_on NAME [ANSWERS]: it was answered, and nothing was lost but what was sent while the VIP was away.
went_on()
{
	local answers lost twice

	read -r _ answers lost twice <<<"$(verdicts "$1.json")"
	if at_least "${2:-10}" "$answers" "$1: answers" && is 0 "$lost" "$1: lost" && is 0 "$twice" "$1: answered twice"; then
		return 0
	fi
	echo "VIP away: $AWAY"
	books "$1"
	return 1
}

# all_answered NAME: nothing was lost at all.
all_answered()
{
	at_least 1 "$(get "$1" .received)" "$1: answers" && is 0 "$(get "$1" .lost)" "$1: lost" && return 0
	books "$1"
	return 1
}

# --- captures -----------------------------------------------------------------------------------------------------

# tap NAME NODE DEV: books on every ESP packet by (SPI, number).
tap()
{
	start "$1" "$2" xha-esptap "$3"
	started "$1" || give_up "no tap in $2"
}

# no_duplicates NAME [DIR]: every number once, from whichever gateway; and the capture is complete.
no_duplicates()
{
	local dir=${2:-in}

	is 0 "$(get "$1" .drops)" "packets that the capture missed" &&
		at_least 1 "$(get "$1" "[.sas[] | select(.dir == \"$dir\")] | length")" "SAs in the capture" &&
		is "" "$(get "$1" ".sas[] | select(.dir == \"$dir\" and .duplicates > 0) |
			\"\(.src) -> \(.dst) spi \(.spi): \(.duplicates) of \(.count) twice\"" | head -n 5)" "numbers seen twice"
}

# sniff NAME NODE DEV FILTER...: raw frames into $TMP/NAME.pcap. Q=in|out narrows the direction.
sniff()
{
	local name=$1 ns=$2 dev=$3
	shift 3

	start "$name" "$ns" tcpdump -i "$dev" -nn -U --immediate-mode -Q "${Q:-inout}" -w "$TMP/$name.pcap" "$@"
	started "$name" "listening on" || give_up "no tcpdump in $ns"
}

# How many frames a capture has, of those that match.
frames()
{
	local name=$1
	shift

	tcpdump -nn -r "$TMP/$name.pcap" "$@" 2>"$TMP/tcpdump.err" | wc -l
}
