# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What can happen in a schedule, step by step. Sourced after schedule.sh.

# ms: two heartbeats, and the time to send.
HEARD_IN=250

turn() { local was=$ACTIVE; ACTIVE=$STANDBY STANDBY=$was; }

until_hot()
{
	busywait 15000 hot_now && HOT=1 && return 0
	fault hot "$STANDBY does not get hot: $(xha "$STANDBY" group show)"
	return 1
}

# bearable SPEED DIRECTION: without ESN a takeover assumes 4096/s of an active that it does not hear.
bearable()
{
	case ${LINKED:-cut},$1,$2 in
	cut,fa* | cut,fu* | *,*,both) echo medium ;;
	*,full,*) [ "$SHIFT" -ge 1000 ] && echo full || echo fast ;;
	*) echo "$1" ;;
	esac
}

# step_burst [DIRECTION SPEED [more]]
step_burst()
{
	local direction=${1:-} speed=${2:-} more=${3:-} n

	[ -n "$direction" ] || { choose echo echo out both; direction=$REPLY; }
	[ -n "$speed" ] || { choose slow medium medium fast fast full; speed=$REPLY; }
	[ -n "$more" ] || { choose "" "" more; more=$REPLY; }
	said "$speed $direction${more:+ all along}"
	draw 3
	n=$REPLY
	[ "$n" = 0 ] || burst "$direction" "$speed" 2 $more || return 1
	[ "$n" = 1 ] || burst "$direction" "$(bearable "$speed" "$direction")" 1 $more || return 1
	[ -z "$more" ] || nap 300
}

# May there be one more turn that the other gateway does not hear of? A lease, an age or a pace may have been under way when
# the link was cut; then numbers hold for one such turn if the link was bad, for two if it was not (see the limits in
# docs/architecture.rst).
one_more()
{
	[ -z "$LINKED" ] || return 0
	UNSEEN=$((UNSEEN + 1))
	[ "$UNSEEN" -le "$([ -n "$LATE_FOR" ] && echo 1 || echo 2)" ]
}

# step_planned [merged]: merged: the packets come again when the last counters are there, too.
step_planned()
{
	local later=""

	one_more || return 0

	[ "${1:-}" != merged ] || [ -z "$LINKED" ] || later=later
	said "planned${later:+, replays later}"
	[ -z "$later" ] || flows_end
	pause 100
	ip -n "$ACTIVE" addr del "$VIP/32" dev wan && ask active 0 && event "$ACTIVE" standby || return 1
	pause 50
	take "$STANDBY" $later && steer 1 "$STANDBY" 2 "$STANDBY" || return 1
	turn
	HOT=""
	[ -z "$later" ] || { until_hot && replay_merged; } || return 1
	goes_on
}

# step_sudden [acked]: acked: what the standby has acked it has to have.
step_sudden()
{
	one_more || return 0
	said "kill${1:+ when all is acked}"
	if [ -n "${1:-}" ]; then
		busywait 15000 all_acked "$SAS" || { fault hot "$(cat "$TMP/waited")"; return 1; }
	else
		pause 300
	fi
	isolate "$ACTIVE" && ask active 0 || return 1
	HOT=""
	[ -n "${1:-}" ] || { choose 1 100 400; nap "$REPLY"; }
	take "$STANDBY" && steer 1 "$STANDBY" 2 "$STANDBY" || return 1
	turn
	if [ -n "${1:-}" ] && [ "$OPEN" -ne "$SAS" ]; then
		fault acked "$ACTIVE has acked $SAS SAs, and has $OPEN of them"
		return 1
	fi
	goes_on && bury "$STANDBY"
}

step_rejoin()
{
	said rejoin
	link_mend
	birth "$STANDBY" || return 1
	[ -n "${1:-}" ] || { choose "" hot hot; set -- "$REPLY"; }
	[ "$1" = hot ] || { pause 200; return 0; }
	said "hot"
	until_hot
}

step_cut()
{
	said cut
	flows_end
	link_cut
	HOT="" UNSEEN=0
	pause 200
}

step_mend()
{
	said mend
	link_mend
	[ -n "${1:-}" ] || { choose "" hot; set -- "$REPLY"; }
	[ "$1" = hot ] || { pause 300; return 0; }
	said "hot"
	until_hot || return 1
	# If it was not even missed, windows that were sent into the cut come again when the sender hears a heartbeat.
	nap "$HEARD_IN"
}

step_impair()
{
	if [ -n "$LATE_FOR" ]; then
		# What was lost may still be waiting to be sent again: windows stay as late as that.
		said "sound link"
		impair && LATE_FOR=""
		return
	fi
	choose "loss 30%" "delay 20ms 15ms distribution normal reorder 50%" "loss 10% duplicate 20% delay 30ms 20ms" \
		"delay 100ms 80ms" "delay 1ms slot 600ms 600ms"
	said "$REPLY"
	LATE_FOR=$REPLY LATE=$SLACK_BAD
	# shellcheck disable=SC2086  # a list
	impair $REPLY
}

step_rekey()
{
	said rekey
	: >"$TMP/east"
	: >"$TMP/west"
	add_sas || return 1
	[ "${1:-}" != crowd ] || { SAS=$((SAS + 2 * CROWD)); ip -n "$ACTIVE" -batch "$TMP/crowd"; }
}

# Packets for one that is not active.
step_stray()
{
	said stray
	flows_end
	steer 1 "$STANDBY" && burst both medium 1 && steer 1 "$ACTIVE"
}

# Only the link fails: both have the VIP for a while, each for a tunnel of its own. The numbers that the loser may use
# meanwhile are those below where the winner has begun.
step_split()
{
	said split
	flows_end
	link_cut
	nap 400
	burst echo medium 1 && take "$STANDBY" also && steer 2 "$STANDBY" && burst echo fast 2 && burst echo medium 1 || return 1
	link_mend
	steer 1 nobody 2 nobody
	busywait 10000 decided || { fault hot "both are active"; return 1; }
	ip -n "$STANDBY" addr del "$VIP/32" dev wan && ask active $((1 << ${ACTIVE#gw})) && until_hot && replay_merged &&
		steer 1 "$ACTIVE" 2 "$ACTIVE" || return 1
	goes_on
}

# The one that took over with knowledge of the other wins.
decided()
{
	role_in "$ACTIVE" fenced && role_in "$STANDBY" active && turn
}
