#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Inbound windows over a takeover, with an attacker who sends again what he has recorded. 'replay restore': the window
# is the one that was synced last, and only what came after that gets in, once more and no more than the exposure says.
# 'replay advance N': nothing gets in, at the price of N packets. Counters that jump: what is plausible is followed, of
# what is not the standby asks for a new copy.

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"

# Tunnel N has window number N.
WINDOWS=(- 32 1024 100 esn esn4096)
TUNNELS="1 2 3 4 5"
FRESH=37 ADVANCE=50 LATER=60	# packets

# --- windows ------------------------------------------------------------------------------------------------------

oseq() { replay_of "$1" out "$2" | cut -d ' ' -f 1; }
# shellcheck disable=SC2086  # a list
all_windows() { same_windows "$1" "$2" $TUNNELS; }

# What was synced last.
declare -A SYNCED=()
keep_windows() { local n; for n in $TUNNELS; do SYNCED[$n]=$(window_of "$1" "$n"); done; }
as_synced() { local n; for n in $TUNNELS; do is "${SYNCED[$n]}" "$(window_of "$1" "$n")" "window of tunnel $n on $1" || return 1; done; }

# Some numbers have been received and some have not, or the maps say nothing.
has_holes()
{
	local n

	for n in $TUNNELS; do
		[[ ${SYNCED[$n]##* } =~ [0-9a-e] ]] && [[ ${SYNCED[$n]##* } =~ [1-9a-f] ]] && continue
		echo "window of tunnel $n: ${SYNCED[$n]}"
		return 1
	done
}

# The top has moved by as much, and all is full.
advanced()
{
	local n top size map

	for n in $TUNNELS; do
		read -r top size map <<<"${SYNCED[$n]}"
		is "$((top + ADVANCE)) $size ${map//?/f}" "$(window_of "$1" "$n")" "window of tunnel $n on $1" || return 1
	done
}

# --- packets ------------------------------------------------------------------------------------------------------

# send COUNT: through every tunnel, few at a time: none comes so late that a window has passed it.
send()
{
	local n

	for n in $TUNNELS; do
		talk "send$n" "$n" 0 --window 8 --count "$1"
	done
	for n in $TUNNELS; do
		wait "${JOB[send$n]}"
	done
}

answered() { local n; for n in $TUNNELS; do is "$1" "$(get "send$n" .received)" "answers by tunnel $n" || return 1; done; }

accepted() { spi_in "$2"; ip -n "$1" -s xfrm state list spi "$REPLY" | sed -n 's/^\t *[0-9]*(bytes), \([0-9]*\)(packets)/\1/p'; }
all_accepted() { local n sum=0; for n in $TUNNELS; do sum=$((sum + $(accepted "$1" "$n"))); done; echo $sum; }

refused() { ip netns exec "$1" awk '$1 ~ /^XfrmInState(SeqError|ProtoError)/ { sum += $2 } END { print sum }' /proc/net/xfrm_stat; }

# again CAPTURE NODE: all of it arrives at the node once more; IN how many get in. Each is counted, one way or the other.
again()
{
	local in out all

	in=$(all_accepted "$2") out=$(refused "$2")
	all=$(ip netns exec rem xha-frames wan "$TMP/$1.pcap" "$(mac_of "$2")") || return 1
	is "$(frames "$1")" "$all" "frames sent again" && busywait 5000 counted "$2" $((in + out + all)) || return 1
	IN=$(($(all_accepted "$2") - in))
	diag "$IN of $all get in"
}

counted() { at_least "$2" $(($(all_accepted "$1") + $(refused "$1"))) "packets accepted and refused"; }
again_none() { again "$1" "$2" && is 0 "$IN" "packets that got in"; }

# Those since the last sync, which the active had taken.
again_fresh() { again fresh "$1" && is "$(frames fresh)" "$IN" "packets that got in"; }
exposure() { sa_get "$1" '[.[] | .exposure // 0] | add'; }

# --- the tests ----------------------------------------------------------------------------------------------------

# No window goes out any more, or as usual.
on_both() { xha gw1 group set "$GROUP" "$@" && xha gw2 group set "$GROUP" "$@"; }
hold_sync() { on_both sync-period-time 0 sync-period-packets 100000; }
let_sync() { on_both sync-period-time 200ms sync-period-packets 64; }

all_synced() { is 0 "$(exposure "$1")" "exposure" && all_windows "$1" "$2"; }
# A capture may miss a few; a short snapshot length leaves room for many frames in its ring.
captured() { at_least $(($2 - 10)) "$(frames "$1")" "frames captured"; }

# fresh_packets ACTIVE STANDBY: they come when the windows have been synced for the last time.
fresh_packets()
{
	busywait 10000 all_synced "$1" "$2" || give_up "windows are not synced: $(all_windows "$1" "$2")"
	hold_sync || give_up "knobs"
	sleep 0.2 # a sample may be under way
	keep_windows "$2"
	Q=in sniff fresh "$1" wan -s 2000 esp
	send $FRESH
	busywait 5000 captured fresh $((5 * FRESH)) || give_up "nothing captured"
	stop fresh
	answered $FRESH || give_up "packets of the active: $(answered $FRESH)"
	EXPOSURE=$(exposure "$1")
}

# jump NODE out|in N oseq|seq BY: as a daemon sets it; the remote goes on from there.
jump()
{
	local field=1 to

	[ "$2" = out ] || field=2
	to=$(($(replay_of "$1" "$2" "$3" | cut -d ' ' -f $field) + $5))
	replay_of "$1" "$2" "$3" "$4" "$to" >"$TMP/set" &&
		if [ "$2" = out ]; then replay_of rem out "$3" seq "$to"; else replay_of rem in "$3" oseq "$to"; fi >"$TMP/set"
}

refused_counters() { stat_get "$1" counters_refused; }
more_refused() { diag "$(refused_counters "$1") refused, $REFUSED before"; at_least $((REFUSED + 1)) "$(refused_counters "$1")" "counters refused by $1"; }
works() { talk now "$1" 100 --count 20 --linger "$(longer 5)"; wait "${JOB[now]}"; all_answered now; }

# followed WAY N: the standby has it, and is hot.
followed() { is "$(window_of gw1 "$1")" "$(window_of gw2 "$1")" "window of tunnel $1, gw1 and gw2" && in_step gw1 gw2; }

begin 41
pair sync-period-time 200ms
for n in $TUNNELS; do
	tunnel gw1 "$n" gcm "${WINDOWS[n]}" || give_up "tunnels"
done
wait_step gw1 gw2 || give_up "not in step"
serve gw1

tc -n sw qdisc add dev w-gw1 root netem loss 20% || give_up "no netem"
Q=in sniff old gw1 wan -s 2000 esp
send 150
tc -n sw qdisc del dev w-gw1 root
# Numbers that got lost at the end would count as exposed.
send 2
busywait 5000 captured old "$(all_accepted gw1)" || give_up "nothing captured"
stop old
fresh_packets gw1 gw2
check "windows have holes" has_holes
check "the active says what could be replayed" is $((5 * FRESH)) "$EXPOSURE" "exposure"
check "restore: sudden takeover" takeover gw1 gw2 sudden
check "restore: the windows are those that were synced, bit by bit" as_synced gw2
check "restore: what came before the last sync is refused" again_none old gw2
check "... and the windows are what they were" as_synced gw2
check "restore: what came after it gets in" again_fresh gw2
check "... which is no more than was said" at_most "$EXPOSURE" "$IN" "packets that got in"
check "... and gets in only once" again_none fresh gw2
serve gw2
send 20
check "restore: traffic goes on" answered 20
revive_node gw1
let_sync || give_up "knobs"

on_both replay advance $ADVANCE || give_up "replay advance"
wait_step gw2 gw1 || give_up "not in step"
fresh_packets gw2 gw1
check "advance: sudden takeover" takeover gw2 gw1 sudden
check "advance: the windows are as much higher, and full" advanced gw1
check "advance: what came before the last sync is refused" again_none old gw1
check "advance: what came after it is refused, too" again_none fresh gw1
check "... and the windows are what they were" advanced gw1
send $LATER
check "advance: it costs as many packets as nobody had sent yet" answered $((LATER - ADVANCE + FRESH))
revive_node gw2
let_sync || give_up "knobs"
wait_step gw1 gw2 || give_up "not in step"

busywait 10000 all_windows gw1 gw2
REFUSED=$(refused_counters gw2)
check "32 bits: a window that jumps by 2^30" jump gw1 in 1 seq $((1 << 30))
check "... is followed" busywait 10000 followed 1
check "extended, without ESN: a window that jumps by 2^30" jump gw1 in 2 seq $((1 << 30))
check "... is followed" busywait 10000 followed 2
check "ESN: a window that jumps by 2^32" jump gw1 in 4 seq $((1 << 32))
check "... is followed" busywait 10000 followed 4
check "... none of them was refused" is "$REFUSED" "$(refused_counters gw2)" "counters refused"

for by in 34 40 50; do
	REFUSED=$(refused_counters gw2)
	check "ESN: a window that jumps by 2^$by, which cannot be" jump gw1 in 5 seq $((1 << by))
	check "... the standby refuses it" busywait 10000 more_refused gw2
	check "... and has it by a new copy" busywait 20000 followed 5
done
REFUSED=$(refused_counters gw2)
check "ESN: numbers that jump by 2^34, which cannot be" jump gw1 out 5 oseq $((1 << 34))
check "... the standby refuses the lease" busywait 10000 more_refused gw2
check "... and is hot with a new copy" wait_step gw1 gw2 30000
LAST=$(oseq gw1 5)
check "takeover with what has jumped" takeover gw1 gw2 graceful
check "... numbers begin above it" at_least $((LAST + 1)) "$(oseq gw2 5)" "last number, after $LAST"
# What nobody has sent yet is behind the windows.
send $((ADVANCE + 20))
check "... every tunnel works" answered 20
check "no replay at the remote" no_replay_errors rem
finish
