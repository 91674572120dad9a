# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Random schedules: what is drawn, and what is done with it. Sourced after replays.sh, before steps.sh.

BASE=0x1000000	# SPIs of the gateways' outbound SAs; the inbound ones are as far above it again
CROWD=${CROWD:-30}	# pairs of SAs that nobody uses, for a standby that has to be quick
declare -A FAULTS=()
TAKEOVERS=0 REPLAYED=0 GOT_IN=0
SPI=0
FLOWS=0

# --- chance -------------------------------------------------------------------------------------------------------

# roll SEED: seeds next to each other are no more alike than others.
roll() { DICE=$((($1 * 2654435761 ^ $1 >> 7) & 0xffffffff | 1)); }

# draw N: 0..N-1
draw()
{
	DICE=$(((DICE ^ DICE << 13) & 0xffffffff))
	DICE=$((DICE ^ DICE >> 17))
	DICE=$(((DICE ^ DICE << 5) & 0xffffffff))
	REPLY=$(((DICE >> 8) % $1))
}

# choose WORD...
choose()
{
	draw $#
	shift "$REPLY"
	REPLY=$1
}

said() { STEPS+="${STEPS:+, }$*"; }

# pause MS: up to so many.
pause()
{
	draw "$1"
	nap "$REPLY"
}

# --- SAs ----------------------------------------------------------------------------------------------------------

# sa_words TUNNEL: what both ends have of its SAs; keys are not what is tested.
sa_words()
{
	algorithm "${CIPHER[$1]}" "$1"
	REPLY="reqid $(($1 + 1)) mode tunnel replay-window ${BITS[$1]} ${ESN[$1]:+flag esn} $REPLY"
}

# generation: a new pair of SAs for each tunnel, beside those that are there; into two batches, and into the books.
generation()
{
	local n words out in number

	for ((n = 1; n <= TUNNELS; n++)); do
		SPI=$((SPI + 1))
		printf -v out '0x%08x' $((BASE + SPI))
		printf -v in '0x%08x' $((2 * BASE + SPI))
		sa_words "$n"
		words=$REPLY number=${FIRST[n]}
		echo "xfrm state add src ${ENDPOINTS[n]} dst 192.0.2.100 proto esp spi $out $words replay-oseq $number" >>"$TMP/east"
		echo "xfrm state add src 192.0.2.100 dst ${ENDPOINTS[n]} proto esp spi $in $words replay-seq $number" >>"$TMP/east"
		echo "xfrm state add src ${ENDPOINTS[n]} dst 192.0.2.100 proto esp spi $out $words replay-seq $number" >>"$TMP/west"
		echo "xfrm state add src 192.0.2.100 dst ${ENDPOINTS[n]} proto esp spi $in $words replay-oseq $number" >>"$TMP/west"
		ask sa "$out" "${BITS[n]}" "${ESN[n]:-0}" 1 "$number" && ask sa "$in" "${BITS[n]}" "${ESN[n]:-0}" 0 "$number" ||
			return 1
		SAS=$((SAS + 2))
	done
}

# First where packets may come from that are to be replayed: none is sent to a gateway that cannot take it yet.
add_sas()
{
	generation && ip -n "$ACTIVE" -batch "$TMP/east" && ip -n rem -batch "$TMP/west"
}

# --- traffic ------------------------------------------------------------------------------------------------------

# burst DIRECTION SPEED TUNNEL [more]: some packets, more: many of them, meanwhile the schedule goes on.
burst()
{
	local count rate words ns names=()

	case $2 in
	slow) count=8 rate=50 ;;
	medium) count=40 rate=400 ;;
	fast) count=250 rate=3000 ;;
	full) count=400 rate=0 ;;
	esac
	[ -z "${4:-}" ] || count=$((count * 3))
	# As many packets on a slow machine, but slower: paced() takes a process each time.
	[ "$rate" -eq 0 ] || rate=$((rate / SLOWER > 0 ? rate / SLOWER : 1))
	words="--count $count --rate $rate --seconds $((2 * SLOWER))"
	if [ "$1" != out ]; then
		FLOWS=$((FLOWS + 1))
		# shellcheck disable=SC2086  # a list
		start "flow$FLOWS" rem xha-traffic client 10.8.0.1 5000 --bind "10.9.$3.1" --linger 0.05 $words
		names+=("flow$FLOWS")
	fi
	# Each gateway's own programs send, whatever it is; the remote answers.
	if [ "$1" != echo ]; then
		[ "$2" != full ] || words="--count $count --rate $((3000 / SLOWER)) --seconds $((2 * SLOWER))"
		for ns in "${!ALIVE[@]}"; do
			FLOWS=$((FLOWS + 1))
			# shellcheck disable=SC2086  # a list
			start "flow$FLOWS" "$ns" xha-traffic blast "10.9.$3.1" 5000 --bind 10.8.0.1 $words
			names+=("flow$FLOWS")
		done
	fi
	[ -z "${4:-}" ] || return 0
	for ns in "${names[@]}"; do
		wait "${JOB[$ns]}"
		unset "JOB[$ns]"
	done
}

flows_end()
{
	local job

	for job in "${!JOB[@]}"; do
		[[ $job != flow* ]] || stop "$job"
	done
	return 0
}

# A takeover is for something.
goes_on()
{
	burst echo medium 1 more && burst echo medium 2
}

# --- schedules ----------------------------------------------------------------------------------------------------

# What may come next, as often as it is in the list.
possible()
{
	local words="burst burst burst burst"

	if [ -n "${ALIVE[$STANDBY]:-}" ]; then
		words+=" sudden sudden sudden planned planned"
		[ -z "$LINKED" ] || words+=" cut cut impair stray rekey"
		[ -n "$LINKED" ] || words+=" mend mend planned"
		[ -z "$HOT" ] || [ -n "$LATE_FOR" ] || words+=" split"
	else
		words+=" rejoin rejoin rejoin rejoin rekey"
	fi
	# shellcheck disable=SC2086  # a list
	choose $words
}

# Beginnings that random steps would come upon too seldom.
BEGINNINGS=(
	""
	""
	"burst echo full more|sudden"
	"cut|burst echo fast|planned|burst echo fast|planned"
	"impair|burst echo medium more|burst echo fast more|burst echo full more|cut|planned|burst echo fast|planned"
	"rekey crowd|sudden acked"
	"burst out medium|split"
	"burst echo fast|planned merged"
	"burst echo medium|cut|burst echo full|sudden"
)

setup()
{
	local n
	PERIOD_TIME=0 PERIOD_PACKETS=0

	choose 16 16 64 1000 65536
	SHIFT=$REPLY
	choose 0 50 200 1000
	PERIOD_TIME=$REPLY
	[ "$PERIOD_TIME" = 0 ] || { choose 0 1 16 64; PERIOD_PACKETS=$REPLY; }
	[ "$PERIOD_TIME" != 0 ] || { choose 1 16 64; PERIOD_PACKETS=$REPLY; }
	choose 32 64 128 1024
	BITS[1]=$REPLY
	choose 32 64 96 128 1024
	BITS[2]=$REPLY
	ESN=("" "" 1)
	choose gcm cbc
	CIPHER[1]=$REPLY
	choose gcm chacha null
	CIPHER[2]=$REPLY
	choose 0 0 2147480000
	FIRST[1]=$REPLY
	choose 0 0 4294960000
	FIRST[2]=$REPLY
	# Where a window is no power of 2 the kernel loses its place when the low word wraps, and between 0 and 1.
	[ "${BITS[2]}" != 96 ] || FIRST[2]=5000

	KNOBS="oseq-shift $SHIFT sync-period-time ${PERIOD_TIME}ms sync-period-packets $PERIOD_PACKETS"
	said "shift $SHIFT, time $PERIOD_TIME, packets $PERIOD_PACKETS, windows ${BITS[1]} and ${BITS[2]}"
	for n in gw1 gw2; do
		# shellcheck disable=SC2086  # a list
		xha "$n" group set "$GROUP" $KNOBS || return 1
	done
	SAS=0 LATE=$SLACK LATE_FOR="" HOT="" LINKED=1 UNSEEN=0
	echo "xfrm state flush" >"$TMP/west"
	cat "$TMP/policies" "$TMP/west" >"$TMP/east"
	ask new && ask active $((1 << ${ACTIVE#gw})) && add_sas && steer 1 "$ACTIVE" 2 "$ACTIVE" || return 1
	refused "$LEDGER" XfrmInStateSeqError XfrmInStateProtoError
	REFUSED=$REPLY
	busywait 15000 all_acked "$SAS" && until_hot
}

steps()
{
	local step words count

	choose "${BEGINNINGS[@]}"
	IFS='|' read -ra words <<<"$REPLY"
	draw 5
	count=$((4 + REPLY))
	for ((; count > 0 || ${#words[@]}; count--)); do
		if [ ${#words[@]} -gt 0 ]; then
			step=${words[0]}
			words=("${words[@]:1}")
		else
			possible
			step=$REPLY
		fi
		# shellcheck disable=SC2086  # a list
		step_$step || { echo "in step: $step"; return 1; }
	done
}

# What has to be true whatever was done: a standby that lives and hears the active gets hot, and stays so after traffic.
settle()
{
	flows_end
	[ -z "$LATE_FOR" ] || impair || return 1
	if [ -z "${ALIVE[$STANDBY]:-}" ]; then
		link_mend
		birth "$STANDBY" || return 1
	elif [ -z "$LINKED" ]; then
		link_mend
	fi
	busywait 15000 close_behind || { fault hot "$(cat "$TMP/waited")"; return 1; }
}

# Hot as of a moment after the last packet.
close_behind()
{
	hot_now && group_is "$ACTIVE" && number_of lag && [ "$REPLY" -lt $((500 * SLOWER)) ] && return 0
	echo "$GROUP_IS"
	return 1
}

judge()
{
	local twice behind jostled lacks numbers where bad=0

	ask report || return 1
	read -r twice behind jostled lacks numbers where <<<"$REPLY"
	refused "$LEDGER" XfrmInStateSeqError XfrmInStateProtoError
	is 0 "$lacks" "packets that the books lack" && at_least 20 "$numbers" "packets of the gateways" || bad=1
	[ "$twice" = 0 ] || { fault numbers "$twice numbers used twice $where"; bad=1; }
	[ "$behind" = 0 ] || { fault refused "$behind numbers that the remote has to refuse $where"; bad=1; }
	# A machine with several processors may put what one gateway sends in another order.
	[ $((REPLY - REFUSED)) -le "$jostled" ] ||
		{ fault refused "the remote has refused $((REPLY - REFUSED)), out of order were $jostled"; bad=1; }
	return "$bad"
}

# Steps that had no traffic leave nothing to judge by.
not_silent()
{
	[ "$FLOWS" -gt "$1" ] || { said "traffic" && goes_on; }
}

# schedule SEED: all of one.
schedule()
{
	local bad=0 flows=$FLOWS

	STEPS=""
	roll "$1"
	setup && steps && not_silent "$flows" && settle || bad=1
	flows_end
	judge || bad=1
	return "$bad"
}
