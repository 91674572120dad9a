#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Lifetimes across takeovers, as key managers on both gateways hear of them. A hard limit is told once, by the node that
# serves the SA then; a soft one by each node that serves it when or after it is due; a standby tells nothing. Bytes and
# packets of both nodes count together, time counts from when the SA was made, or first used, on the first active.

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"

U=${XHA_PATIENCE:-1}	# seconds
# Of a round: what is due before the takeover, the takeover, what is due after it.
EARLY=$U EARLIEST_HARD=$((3 * U)) TAKEOVER=$((4 * U)) LATE=$((6 * U)) HARD=$((8 * U))
# How far from its time, in ms. XFRM counts whole seconds, from the one in which an SA was made (part_of_second()), and its timer
# looks at any time of one.
BEFORE=1000 AFTER=$((1000 * U)) PART=300
AUDIT=5	# s between two
LONG=$((8 * U + 12))	# of one that lives through two takeovers
RATE=50 SIZE=100
BPP=128	# bytes of such a packet with its inner headers
PRE=100 SOFT=280 HARD_PACKETS=360	# packets: due before the takeover, after it

# --- what listeners hear ------------------------------------------------------------------------------------------

listen() { start "expire-$1" "$1" ip -ts -s xfrm monitor expire; }

# events NODE: one line each: SPI, soft or hard, ms, packets.
events()
{
	awk '/ Expired src / {
			stamp = substr($1, 2, 23)
			sec = substr(stamp, 1, 19)
			gsub(/[-T:]/, " ", sec)
			at = mktime(sec) substr(stamp, 21)
		}
		/ spi 0x/ { sub(/.* spi /, ""); sub(/\(.*/, ""); spi = $0 }
		/\(bytes\), [0-9]*\(packets\)/ { packets = $2 + 0 }
		/^\thard [01]/ { print spi, $2 == 1 ? "hard" : "soft", at, packets }' "$TMP/expire-$1.json"
}

# heard NODE SPI KIND: COUNT, and AT and PACKETS of the last one.
heard()
{
	local spi kind at packets

	COUNT=0
	events "$1" >"$TMP/events"
	while read -r spi kind at packets; do
		[ "$spi $kind" = "$2 $3" ] || continue
		COUNT=$((COUNT + 1)) AT=$at PACKETS=$packets
	done <"$TMP/events"
}

# times WANT NODE SPI KIND
times() { heard "$2" "$3" "$4"; is "$1" "$COUNT" "$4 expiries of $3 on $2"; }

# told NODE SPI SOFT HARD: so many times each.
told() { times "$3" "$1" "$2" soft && times "$4" "$1" "$2" hard; }

# told_pair N SOFT HARD SOFT HARD: both SAs, so many times each on the old and on the new active.
told_pair()
{
	local n=$1

	spi_out "$n"
	told "$OLD" "$REPLY" "$2" "$3" && told "$NEW" "$REPLY" "$4" "$5" || return 1
	spi_in "$n"
	told "$OLD" "$REPLY" "$2" "$3" && told "$NEW" "$REPLY" "$4" "$5"
}

count_gone() { is 0 "$(ip -n "$1" xfrm state list spi "$2" | grep -c '^src ')" "SAs with SPI $2 on $1"; }
still_has() { ! count_gone "$1" "$2" >"$TMP/gone" || { echo "no SA with SPI $2 on $1"; return 1; }; }
both_gone() { count_gone gw1 "$1" && count_gone gw2 "$1"; }
both_have() { still_has gw1 "$1" && still_has gw2 "$1"; }

# on_time NODE SPI KIND SECONDS [SINCE]: it was told once there, at its time.
on_time()
{
	local late

	times 1 "$1" "$2" "$3" || return 1
	late=$((AT - ${5:-$MADE} - $4 * 1000))
	diag "$3 of $2 on $1: $late ms after its time"
	at_least "-$BEFORE" "$late" "ms late" && at_most "$AFTER" "$late" "ms late"
}

# At once with the takeover: it was due before, and the old active's daemon is not this one's.
with_takeover()
{
	times 1 "$1" "$2" "$3" || return 1
	diag "$3 of $2 on $1: $((AT - MOVED)) ms after the takeover, which took $((MOVED - MOVING)) ms"
	at_least "$MOVING" "$AT" "ms" && at_most $((MOVED + AFTER)) "$AT" "ms"
}

# --- what is used -------------------------------------------------------------------------------------------------

# near WANT GOT WHAT: within 2 %.
near() { at_least $(($1 * 98 / 100)) "$2" "$3" && at_most $((($1 * 102 + 99) / 100)) "$2" "$3"; }

# Soft and hard were told when both gateways together had used as much. What came out of the tunnel at the remote tells;
# in between each node has its own count, the new one's begins where the old one's was last synced.
on_count()
{
	local n=$1 spi=$2 total at_soft

	spi_out "$n"
	total=$(used rem "$REPLY")
	times 1 "$NEW" "$spi" hard && times 1 "$NEW" "$spi" soft || return 1
	at_soft=$((PACKETS + total - HARD_PACKETS))
	diag "$spi: soft at $at_soft of $SOFT packets, hard at $total of $HARD_PACKETS"
	near "$HARD_PACKETS" "$total" "packets used on both" && near "$SOFT" "$at_soft" "packets used on both at the soft limit"
}

# --- a round ------------------------------------------------------------------------------------------------------

# The SAs of pair N, the gateway's with the limits; OUT, IN or both get them.
limited()
{
	local n=$1 which=$2
	shift 2

	spi_out "$n"
	sa_line "$VIP" 192.0.2.100 "$REPLY" $((n + 1)) tunnel gcm 1024 "$([ "$which" = in ] || echo "$@")"
	spi_in "$n"
	sa_line 192.0.2.100 "$VIP" "$REPLY" $((n + 1)) tunnel gcm 1024 "$([ "$which" = out ] || echo "$@")"
}

idle_sas()
{
	limited "${R}1" both limit time-soft "$EARLY" limit time-hard "$EARLIEST_HARD"
	limited "${R}2" both limit time-soft "$EARLY" limit time-hard "$HARD"
	limited "${R}3" both limit time-soft "$LATE" limit time-hard "$HARD"
	limited "${R}4" both limit time-use-soft "$EARLY" limit time-use-hard "$EARLIEST_HARD"
}

used_sas()
{
	limited "${R}5" out limit byte-soft $((SOFT * BPP)) limit byte-hard $((HARD_PACKETS * BPP))
	limited "${R}6" in limit packet-soft "$SOFT" limit packet-hard "$HARD_PACKETS"
	limited "${R}7" out limit packet-soft "$PRE" limit packet-hard "$HARD_PACKETS"
	limited "${R}8" both limit time-use-soft "$LATE" limit time-use-hard "$HARD"
}

used_policies() { local n; for n in 5 6 7 8; do gateway_policies "$R$n"; done; }
remote_side()
{
	local n

	for n in 5 6 7 8; do
		tunnel_sas "$R$n" gcm 1024
		remote_policies "$R$n"
		echo "addr add 10.9.$R$n.1/32 dev lo"
	done
}

# Until so many seconds after the SAs were made.
age() { local left=$((MADE + $1 * 1000 - $(now_ms))); [ "$left" -le 0 ] || sleep "$((left / 1000)).$(printf %03d $((left % 1000)))"; }

# Where in a second an SA is made says how much of it is counted too much: always the same part.
part_of_second() { sleep "0.$(printf %03d $(((1000 + PART - $(now_ms) % 1000) % 1000)))"; }

passed() { [ "$(now_ms)" -ge $((MADE + $1 * 1000)) ]; }
not_passed() { ! passed "$1" || { echo "the machine is too slow: $1 s have passed"; return 1; }; }

all_over() { local n; for n in 2 3 8; do spi_out "$R$n"; both_gone "$REPLY" || return 1; done; }

# It dies on both sides at once: what it does alone before it is dead would not count.
die() { printf '%s\n' "link set w-$1 down" "link set s-$1 nomaster" >"$TMP/die"; ip -n sw -batch "$TMP/die"; }

# move sudden|graceful
move()
{
	MOVING=$(now_ms)
	[ "$1" = graceful ] || die "$OLD"
	takeover "$OLD" "$NEW" "$1" || return 1
	MOVED=$(now_ms)
	[ "$1" = graceful ] || revive_node "$OLD"
}

# What is due before the takeover and after it says nothing when the takeover came too late.
timed()
{
	if [ -n "$SLOW" ]; then
		ktap_skip "$1" "$SLOW"
	else
		check "$@"
	fi
}

# round NUMBER OLD NEW TITLE
round()
{
	local title=$4 n
	R=$1 OLD=$2 NEW=$3

	on rem remote_side || give_up "SAs of the remote"
	used_sas >"$TMP/used"
	idle_sas >"$TMP/idle"
	on "$OLD" used_policies || give_up "policies"
	part_of_second
	MADE=$(now_ms)
	ip -n "$OLD" -batch "$TMP/used" && ip -n "$OLD" -batch "$TMP/idle" || give_up "SAs with limits"
	USED=$(now_ms)
	talk once "${R}8" 10 --count 1
	for n in 5 6 7; do
		talk "flow$n" "$R$n" "$RATE" --size "$SIZE"
	done
	wait "${JOB[once]}"
	check "$title: the idle SA was used" all_answered once

	age "$TAKEOVER"
	move "$title" || give_up "takeover"
	SLOW=""
	! passed "$LATE" || SLOW="the takeover took from $((MOVING - MADE)) to $((MOVED - MADE)) ms: too slow a machine"
	check "$title: the former active is a standby" busywait 5000 wait_role "$OLD" standby

	spi_in "${R}6"
	busywait $((HARD * 2000)) times 1 "$NEW" "$REPLY" hard
	age $((HARD + 2))
	check "$title: SAs beyond their limits are gone from both" busywait 5000 all_over
	for n in 5 6 7; do
		stop "flow$n"
	done

	spi_out "${R}1"
	timed "$title: due before: only the old active tells" told_pair "${R}1" 1 1 0 0
	timed "$title: ... soft at its time" on_time "$OLD" "$REPLY" soft "$EARLY"
	timed "$title: ... hard, too" on_time "$OLD" "$REPLY" hard "$EARLIEST_HARD"
	timed "$title: soft due before, hard after: soft by both, hard by the new active" told_pair "${R}2" 1 0 1 1
	spi_out "${R}2"
	timed "$title: ... soft by the new one at once" with_takeover "$NEW" "$REPLY" soft
	timed "$title: both due after: only the new active tells" told_pair "${R}3" 0 0 1 1
	spi_out "${R}3"
	timed "$title: ... soft at its time, from when the SA was made" on_time "$NEW" "$REPLY" soft "$LATE"
	timed "$title: ... hard, too" on_time "$NEW" "$REPLY" hard "$HARD"
	timed "$title: never used: no use limit is told" told_pair "${R}4" 0 0 0 0
	spi_out "${R}4"
	timed "$title: ... and the SA is on both" both_have "$REPLY"
	timed "$title: used on the old active: the new one tells" told_pair "${R}8" 0 0 1 1
	spi_in "${R}8"
	timed "$title: ... soft at its time, from the first use" on_time "$NEW" "$REPLY" soft "$LATE" "$USED"
	timed "$title: ... hard, too" on_time "$NEW" "$REPLY" hard "$HARD" "$USED"

	spi_out "${R}5"
	timed "$title: bytes: only the new active tells, soft and hard once" eval "told $OLD $REPLY 0 0 && told $NEW $REPLY 1 1"
	timed "$title: ... when both have sent as much" on_count "${R}5" "$REPLY"
	spi_in "${R}6"
	timed "$title: packets: likewise" eval "told $OLD $REPLY 0 0 && told $NEW $REPLY 1 1"
	timed "$title: ... when both have received as many" on_count "${R}6" "$REPLY"
	spi_out "${R}7"
	timed "$title: soft packets due before: both tell, hard by the new one" eval "told $OLD $REPLY 1 0 && told $NEW $REPLY 1 1"
	for n in gw1 gw2; do
		ip -n $n xfrm policy deleteall
	done
	wait_hot "$OLD" || give_up "no standby any more"
}

# A standby that hears nothing of the end of an SA: it keeps its copy beyond the limit.
alone() { limited 30 both limit time-soft "$U" limit time-hard $((4 * U)); }

# --- ages ---------------------------------------------------------------------------------------------------------

# added NODE SPI: when, in s.
added() { date -d "$(ip -n "$1" -s xfrm state list spi "$2" | sed -n 's/^\t *add \([0-9-]* [0-9:]*\).*/\1/p')" +%s; }

slow_link() { tc -n sw qdisc replace dev s-gw1 root netem delay 600ms && tc -n sw qdisc replace dev s-gw2 root netem delay 600ms; }
sound_link() { tc -n sw qdisc del dev s-gw1 root; tc -n sw qdisc del dev s-gw2 root; }

six_turns()
{
	local i

	for i in 1 2 3; do
		takeover gw1 gw2 graceful && wait_step gw2 gw1 && takeover gw2 gw1 graceful && wait_step gw1 gw2 || return 1
	done
}

age_kept() { at_least $(($3 - 1)) "$(added "$1" "$2")" "s when it was added" && at_most $(($3 + 1)) "$(added "$1" "$2")" "s when it was added"; }

begin 59
pair sync-period-time 50ms
for ns in gw1 gw2; do
	xha $ns node set id ${ns#gw} sample-period 20ms || give_up "sample period"
	listen $ns
done
serve gw1 gw2
round 1 gw1 gw2 sudden
round 2 gw2 gw1 graceful

# There and back again.
part_of_second
LONG_MADE=$(now_ms)
on gw1 limited 31 both limit time-hard "$LONG" || give_up "SAs"
wait_step gw1 gw2 || give_up "not in step"
takeover gw1 gw2 graceful && wait_hot gw1 && takeover gw2 gw1 graceful && wait_hot gw2 || give_up "takeovers"
MADE=$LONG_MADE
check "an SA lives through two takeovers" not_passed "$LONG"

MADE=$(now_ms)
on gw1 alone || give_up "SAs"
spi_out 30
ALONE=$REPLY
check "without contact: the standby holds the SA" busywait 3000 both_have "$ALONE"
sync_cut gw2
check "... its active tells, and has it no more" busywait $((6000 * U)) count_gone gw1 "$ALONE"
age $((4 * U + 3))
check "... the standby tells nothing" eval "told gw1 $ALONE 1 1 && told gw2 $ALONE 0 0"
check "... and still holds it" still_has gw2 "$ALONE"
sync_mend gw2
check "... until it is in contact" busywait 10000 count_gone gw2 "$ALONE"
check "... of which it tells nothing, too" told gw2 "$ALONE" 0 0

spi_out 31
check "the long one: hard is told" busywait $((LONG * 1000)) times 1 gw1 "$REPLY" hard
check "... once over all nodes" told gw2 "$REPLY" 0 0
check "... at its time, from when it was made" on_time gw1 "$REPLY" hard "$LONG" "$LONG_MADE"

# Ages are on their way for most of a second, each time.
on gw1 limited 33 both limit time-hard 3600 || give_up "SAs"
wait_step gw1 gw2 || give_up "not in step"
spi_out 33
BORN=$(added gw1 "$REPLY")
slow_link
check "six takeovers by a slow link" six_turns
check "... nobody has grown younger" age_kept gw1 "$REPLY" "$BORN"
sound_link

# An active that is lost for good. At the end, since this sets the clock.
on gw1 limited 32 both limit time-hard "$LONG" || give_up "SAs"
wait_step gw1 gw2 || give_up "not in step"
kill_node gw1
spi_in 32
date -s "@$(($(date +%s) + LONG + 5))" >"$TMP/date"
sleep "$((AUDIT + 1))"
check "an active is lost for good: shortly after its limit the standby's copy is there" still_has gw2 "$REPLY"
date -s "@$(($(date +%s) + 56))" >"$TMP/date"
check "... a minute later it goes" busywait $((AUDIT * 2000)) count_gone gw2 "$REPLY"
check "... of which the standby tells nothing" told gw2 "$REPLY" 0 0
date -s "@$(($(date +%s) - LONG - 61))" >"$TMP/date"
finish
