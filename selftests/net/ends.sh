#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Where sequence numbers and windows end. SAs with 32-bit numbers near their last one: with room they go on after a
# takeover, without it they are retired, and their key manager is told; they never wrap. Extended numbers across 2^32
# before, at and after a takeover. Windows of all sizes with packets out of order, and twice, across takeovers.

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"

# What netem holds back, and a slow machine behind it, is on its way, too.
IN_FLIGHT=$(patience 500)000000
SEQ_MAX=$((0xffffffff)) E=$((1 << 32))

# Tunnels near the end of 32 bits. N|WINDOW|LAST NUMBER USED: half a billion are left, 1023, 15.
ENDS=(
	"11|32|$((0xe0000000))" "12|1024|$((0xe0000000))"
	"13|32|$((0xfffffc00))" "14|1024|$((0xfffffc00))"
	"15|32|$((0xfffffff0))" "16|1024|$((0xfffffff0))"
)
ROOM="11 12" NO_ROOM="13 14" NO_NUMBER="15 16"
# Tunnels across 2^32: before the takeover, at it, after it. N|OUTBOUND|INBOUND, the last number used.
TURNS=("21|$((E - 20))|$((E - 20))" "22|$((E - 30000))|$((E - 5000000))" "23|$((E - 50000000))|$((E - 50000000))")
# An extended number that somebody set: nobody sends as fast as it seems to move, and no takeover can go as far ahead as that.
# From so far up that, cut to 32 bits, the numbers after the takeover are none of those before it.
SET=24 SET_FROM=$((1 << 24)) SET_TO=$((1 << 30))
# Tunnels out of order. N|WINDOW|PACKETS under way: few enough for the window, also when some were given up too early.
WINDOWS=("31|32|3" "32|64|4" "33|1024|6" "34|4096|8" "35|esn32|3" "36|esn1024|6" "37|esn4096|8")

# --- tunnels ------------------------------------------------------------------------------------------------------

# Both SAs of tunnel N, with what has been used of them.
sas_from()
{
	local n=$1 win=$2 out=$3 in=$4

	spi_out "$n"
	sa_line "$VIP" 192.0.2.100 "$REPLY" $((n + 1)) tunnel gcm "$win" replay-seq "$out" replay-oseq "$out"
	spi_in "$n"
	sa_line 192.0.2.100 "$VIP" "$REPLY" $((n + 1)) tunnel gcm "$win" replay-seq "$in" replay-oseq "$in"
}

# near N WINDOW OUTBOUND INBOUND: all of it, on gw1 and the remote.
near()
{
	on gw1 sas_from "$@" && on gw1 gateway_policies "$1" && on rem sas_from "$@" && on rem remote_policies "$1" &&
		ip -n rem addr replace "10.9.$1.1/32" dev lo
}

oseq() { replay_of "$1" "$2" "$3" | cut -d ' ' -f 1; }
top() { replay_of "$1" "$2" "$3" | cut -d ' ' -f 2; }

# --- the end of 32 bits -------------------------------------------------------------------------------------------

short_talk() { local n; for n in "$@"; do talk "end$n" "$n" 100 --count 40 --linger "$(longer 5)"; done; for n in "$@"; do wait "${JOB[end$n]}"; done; }
answers() { local n; for n in "${@:2}"; do is "$1" "$(get "end$n" .received)" "answers by tunnel $n" || return 1; done; }
has_sa() { is 1 "$(ip -n "$1" xfrm state list spi "$2" | grep -c '^src ')" "SAs with SPI $2 on $1"; }
no_sa() { is 0 "$(ip -n "$1" xfrm state list spi "$2" | grep -c '^src ')" "SAs with SPI $2 on $1"; }

# each COMMAND NODE N...: of the outbound SAs.
each() { local n; for n in "${@:3}"; do spi_out "$n"; "$1" "$2" "$REPLY" || return 1; done; }

# Its expiries, as a key manager there hears them: 0 soft, 1 hard.
expiries()
{
	awk -v spi="spi $2 " '/spi 0x/ { hit = index($0, spi) } /^\thard [01]/ { if (hit) print $2 }' "$TMP/expire-$1.json" | paste -sd ' '
}

told() { is 1 "$(expiries "$1" "$2")" "expiries of $2 on $1 (1: hard)"; }
# asked NODE SPI: for another one, and once; this one stays.
asked()
{
	is 0 "$(expiries "$1" "$2")" "expiries of $2 on $1 (0: soft)" && has_sa "$1" "$2" &&
		is true "$(sa_get "$1" ".[] | select(.spi == \"$2\") | .capped")" "capped, of $2 on $1"
}

# Every number is above those used before, and there is none above the last one.
not_wrapped()
{
	local n first

	IFS='|' read -r n _ first <<<"$1"
	spi_out "$n"
	at_least $((first + 1)) "$(get wan "[.sas[] | select(.dir == \"in\" and .spi == $((REPLY))) | .min] | min")" "lowest number of $REPLY"
}

none_wrapped() { local end; for end in "${ENDS[@]}"; do not_wrapped "$end" || return 1; done; }

# --- across 2^32 --------------------------------------------------------------------------------------------------

turned()
{
	local n

	for n in "${@:2}"; do
		at_least "$E" "$(oseq "$1" out "$n")" "last number sent by tunnel $n" &&
			at_least "$E" "$(top "$1" in "$n")" "highest number received by tunnel $n" || return 1
	done
}

before_turn()
{
	at_most $((E - 1)) "$(oseq "$1" out "$2")" "last number sent by tunnel $2" &&
		at_most $((E - 1)) "$(top "$1" in "$2")" "highest number received by tunnel $2"
}

all_turned() { turned "$1" 21 22 23; }
flows_went_on() { local n; for n in "$@"; do went_on "flow$n" || return 1; done; }

# --- out of order -------------------------------------------------------------------------------------------------

mixed()
{
	tc -n sw qdisc replace dev w-rem root netem delay 30ms 25ms limit 20000 &&
		tc -n sw qdisc replace dev w-gw1 root netem delay 30ms 25ms duplicate 10% limit 20000 &&
		tc -n sw qdisc replace dev w-gw2 root netem delay 30ms 25ms duplicate 10% limit 20000
}

unmixed() { local dev; for dev in w-rem w-gw1 w-gw2; do tc -n sw qdisc del dev $dev root; done; }

# Packets at the remote with a number below one that came before, of each SA.
out_of_order()
{
	tcpdump -nn -r "$TMP/order.pcap" 2>"$TMP/tcpdump.err" | awk '
		match($0, /spi=0x[0-9a-f]+,seq=0x[0-9a-f]+/) {
			split(substr($0, RSTART, RLENGTH), f, /[=,]/)
			if (strtonum(f[4]) < top[f[2]]) n++; else top[f[2]] = strtonum(f[4])
		}
		END { print n + 0 }'
}

copies() { echo $(($(xfrm_stat gw1 XfrmInStateSeqError) + $(xfrm_stat gw2 XfrmInStateSeqError))); }

# windows FROM TO HOW
windows()
{
	local line n win depth before
	before=$(copies)
	AWAY=""

	mixed || give_up "no netem"
	Q=in sniff order rem wan -s 200 esp
	tap wan rem wan
	for line in "${WINDOWS[@]}"; do
		IFS='|' read -r n win depth <<<"$line"
		talk "flow$n" "$n" 0 --window "$depth"
	done
	traffic_for 2
	check "out of order, $3: takeover" takeover "$1" "$2" "$3"
	traffic_for 2
	for line in "${WINDOWS[@]}"; do
		stop "flow${line%%|*}"
	done
	stop order
	stop wan
	unmixed
	check "out of order, $3: packets did overtake others" at_least 50 "$(out_of_order)" "packets out of order"
	check "out of order, $3: and did come twice" at_least 20 $(($(copies) - before)) "copies refused"
	for line in "${WINDOWS[@]}"; do
		IFS='|' read -r n win depth <<<"$line"
		check "out of order, $3, window $win: none is lost but what was on its way, none taken twice" went_on "flow$n" 30
	done
	check "out of order, $3: no number twice at the remote" no_duplicates wan
	check "out of order, $3: no replay at the remote" no_replay_errors rem
}

begin $((24 + 2 * (5 + ${#WINDOWS[@]})))
pair
for ns in gw1 gw2; do
	start "expire-$ns" $ns ip xfrm monitor expire
done
serve gw1 gw2
for end in "${ENDS[@]}"; do
	IFS='|' read -r n win last <<<"$end"
	near "$n" "$win" "$last" 0 || give_up "tunnel $n"
done
for turn in "${TURNS[@]}"; do
	IFS='|' read -r n out in <<<"$turn"
	near "$n" esn "$out" "$in" || give_up "tunnel $n"
done
near $SET esn $SET_FROM 0 || give_up "tunnel $SET"
check "the standby holds SAs near their end" wait_step gw1 gw2
tap wan rem wan

# shellcheck disable=SC2086  # lists
{
	short_talk $ROOM $NO_ROOM $NO_NUMBER
	check "those with numbers work" answers 40 $ROOM $NO_ROOM
	check "those with 15 have 15" answers 15 $NO_NUMBER
}
check "SAs that are used up keep nobody from being hot" wait_step gw1 gw2
# As fast as they are answered: what waits in a guest that is too slow for them all dies with a gateway.
# shellcheck disable=SC2086
for n in 21 22 23 $SET $ROOM; do
	talk "flow$n" "$n" 50 --window 5
done
traffic_for 1
check "across 2^32 before the takeover" busywait 5000 turned gw1 21
check "... not yet the others" eval "before_turn gw1 22 && before_turn gw1 23"
replay_of gw1 out $SET oseq $SET_TO >"$TMP/set" && wait_step gw1 gw2 || give_up "numbers"
# The next ones cross while the VIP is on its way.
replay_of rem in 22 oseq $((E - 5)) >"$TMP/set" || give_up "numbers"
takeover gw1 gw2 sudden || give_up "takeover"
revive_node gw1
traffic_for 1
check "across 2^32 with the takeover" busywait 5000 turned gw2 22
check "... not yet after it" before_turn gw2 23
replay_of rem in 23 oseq $((E - 20)) >"$TMP/set" && replay_of gw2 out 23 oseq $((E - 20)) >"$TMP/set" || give_up "numbers"
traffic_for 1
check "across 2^32 after the takeover" busywait 5000 all_turned gw2
for n in 11 12 21 22 23 $SET; do
	stop "flow$n"
done
# shellcheck disable=SC2086
{
	check "with room: they go on" flows_went_on $ROOM
	check "without: they are retired" each no_sa gw2 $NO_ROOM $NO_NUMBER
	check "... their key manager is told, once" each told gw2 $NO_ROOM $NO_NUMBER
	check "... counted" is 4 "$(stat_get gw2 sas_exhausted)" sas_exhausted
	check "... and gone from the former active, too" busywait 5000 each no_sa gw1 $NO_ROOM $NO_NUMBER
}
check "... which says nothing of it" is 0 "$(wc -c <"$TMP/expire-gw1.json")" "bytes said of expiries on gw1"
check "a jump that is cut: its key manager is asked for another SA" each asked gw2 $SET
check "... counted" at_least 1 "$(stat_get gw2 sas_capped)" sas_capped
check "... it goes on" flows_went_on $SET
check "2^32: traffic went on, both ways" flows_went_on 21 22 23
stop wan
check "no number twice at the remote" no_duplicates wan
check "none wrapped" none_wrapped
check "no replay at the remote, and at the gateways" eval "no_replay_errors rem && no_replay_errors gw1 && no_replay_errors gw2"

for line in "${WINDOWS[@]}"; do
	IFS='|' read -r n win _ <<<"$line"
	tunnel gw2 "$n" gcm "$win" || give_up "tunnel"
done
wait_step gw2 gw1 || give_up "not in step"
windows gw2 gw1 graceful
wait_step gw1 gw2 || give_up "not in step"
windows gw1 gw2 sudden
finish
