# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The books at the remote, and what a takeover makes of packets that come again. Sourced after gateways.sh.

# What a window may be late by besides sync-period: a sample, a frame, a loss and its repetition. ms.
SLACK=250
# ... while the link is bad: several losses in a row.
SLACK_BAD=1500

# ask WORD...: the answer is in REPLY.
ask()
{
	echo "$*" >&"$TO"
	IFS= read -r -t $((60 * SLOWER)) -u "$FROM" REPLY && return 0
	echo "no answer to '$*': $(cat "$TMP/ledger.err")"
	return 1
}

books_open()
{
	start_ledger || give_up "no ledger"
	IFS= read -r -t $((10 * SLOWER)) -u "$FROM" REPLY && [ "$REPLY" = ready ] || give_up "no ledger: $(cat "$TMP/ledger.err")"
}

start_ledger()
{
	mkfifo "$TMP/ask" "$TMP/answer" || return 1
	ip netns exec rem xha-ledger wan <"$TMP/ask" >"$TMP/answer" 2>"$TMP/ledger.err" &
	LEDGER=$!
	exec {TO}>"$TMP/ask" {FROM}<"$TMP/answer"
}

# refused PID COUNTER...: what the node of this process has refused, by these counters of XFRM.
refused()
{
	local counter n sum=0 wanted=" ${*:2} "

	while read -r counter n; do
		[[ $wanted != *" $counter "* ]] || sum=$((sum + n))
	done <"/proc/$1/net/xfrm_stat"
	REPLY=$sum
}

# dump NODE [FILE]
dump() { ip -n "$1" -s xfrm state list >"${2:-$TMP/dump-$1}"; }

# seen_last NODE BEFORE: it has had the last frame of a replay, and so all of them.
seen_last()
{
	refused "${JOB[echo-$1]}" XfrmInHdrError
	at_least $(($2 + 1)) "$REPLY" "headers that $1 found wrong"
}

# settled NODE: it has refused all that its windows had.
settled()
{
	dump "$1"
	ask taken "$TMP/dump-$1" || return 1
	read -r TAKEN EXCESS WHERE <<<"$REPLY"
	is 0 "$EXCESS" "replayed packets that $1 has taken although its windows had them"
}

# tell SPI: what is known of its windows, before the replay and now.
tell()
{
	local ns file

	for ns in "${!ALIVE[@]}"; do
		dump "$ns"
	done
	for file in "$TMP/before" "$TMP"/dump-*; do
		echo "${file##*/}:"
		grep -A 20 "spi $1" "$file" | sed -n '/anti-replay/,/sel/p; /(packets)/p; /failed/p'
	done
}

# replay NODE SINCE TIME PACKETS: all packets that the gateways have ever got come again, to this one. What its windows know is refused;
# what they do not know is either new, or is what takeovers may miss. Its windows are in 'before' already. SINCE: when its
# copy was known to be hot, ms; TIME and PACKETS: how far windows may lag behind even then, ms, 0: not by that.
replay()
{
	local node=$1 since=$2 period=$3 packets=$4 before frames due missed which

	refused "${JOB[echo-$node]}" XfrmInHdrError
	before=$REPLY
	ask replay "${node#gw}" "$TMP/before" || return 1
	read -r frames due OPEN <<<"$REPLY"
	[ "$frames" -eq 0 ] || busywait 10000 seen_last "$node" "$before" || return 1
	# What the kernel decrypts beside is counted a little later.
	busywait 1000 settled "$node" >"$TMP/settled"
	REPLAYED=$((REPLAYED + frames)) GOT_IN=$((GOT_IN + TAKEN))
	if [ "$EXCESS" -gt 0 ]; then
		fault replays "$node has taken $EXCESS replayed packets that its windows had: $TAKEN of $frames, $due were due; spi $WHERE"
		tell "$WHERE"
		return 1
	fi
	ask judge "$since" "$period" "$packets" || return 1
	read -r missed AGAIN which <<<"$REPLY"
	[ "$missed" -eq 0 ] && return 0
	fault replays "$node has taken $missed replayed packets that it had to know: $which; $TAKEN of $frames, $due were due"
	tell "${which:4:10}"
	return 1
}

# replay_merged: the active has all that its peer had, which is hot: nothing that either of them got is new to it.
replay_merged()
{
	dump "$ACTIVE" "$TMP/before" && replay "$ACTIVE" $((${EPOCHREALTIME/./} / 1000)) 0 1
}

# What takeovers said of their exposure, and what they did take again: all, and those that had heard the active until then.
ESTIMATED=0 TAKEN_AGAIN=0 HEARD_ESTIMATED=0 HEARD_AGAIN=0

# compare EXPOSURE STALENESS
compare()
{
	echo "exposure $1, $AGAIN taken again"
	ESTIMATED=$((ESTIMATED + $1)) TAKEN_AGAIN=$((TAKEN_AGAIN + AGAIN))
	[ "$2" -ge $((500 * SLOWER)) ] || HEARD_ESTIMATED=$((HEARD_ESTIMATED + $1)) HEARD_AGAIN=$((HEARD_AGAIN + AGAIN))
}

# take NODE [also|later]: the VIP comes to it, and the replays. also: the other one is active, too, and gets what it got.
# Then there are no replays yet: what is taken of them is answered, and the remote's windows would move past the other one.
# later: not yet, either.
take()
{
	local node=$1 at=0 stale=0 exposure=0

	# To the other one go only packets that nobody takes.
	[ -n "${2:-}" ] || ask active 0 || return 1
	ip -n "$node" addr add "$VIP/32" dev wan && dump "$node" "$TMP/before" && event "$node" active || return 1
	echo "$REPLY"
	[[ $REPLY =~ \"time\":\ ?([0-9]+) ]] && at=${BASH_REMATCH[1]}
	[[ $REPLY =~ \"staleness\":\ ?([0-9]+) ]] && stale=${BASH_REMATCH[1]}
	[[ $REPLY =~ \"exposure\":\ ?([0-9]+) ]] && exposure=${BASH_REMATCH[1]}
	TAKEOVERS=$((TAKEOVERS + 1))
	case ${2:-} in
	also) ask active 6 ;;
	later) ask active $((1 << ${node#gw})) ;;
	*) replay "$node" $((at - stale - LATE * SLOWER)) "$PERIOD_TIME" "$PERIOD_PACKETS" && ask active $((1 << ${node#gw})) || return 1
		compare "$exposure" "$stale"
		;;
	esac
}

# fault KIND TEXT: for the checks at the end, and for the schedule's own.
fault()
{
	FAULTS[$1]=$((${FAULTS[$1]:-0} + 1))
	echo "$2"
}
