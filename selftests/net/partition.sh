#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Partitions: of the sync link, of what VRRP runs over, of both, in both directions or one; and a VIP that moves in the middle of
# a copy. Whatever the two cannot know of one another, no number is used twice, and in the end one of them serves and says so.

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"

MANY=$((300 * ${XHA_PATIENCE:-1}))	# pairs of SAs
# What is cut while both have the VIP, and to whom the hosts send meanwhile: the old one or the new one. Of one that hears and
# one that does not, either may have won in the end.
PARTITIONS="both|old both|new gw1|old gw1|new gw2|old gw2|new"

ACTIVE=gw1 STANDBY=gw2

turned() { local was=$ACTIVE; ACTIVE=$STANDBY STANDBY=$was; }

# sever both|NODE: nobody hears anything, or that node does not.
sever()
{
	[ "$1" != both ] || { sync_cut gw1; return; }
	tc -n sw qdisc replace dev "s-$1" root netem loss 100%
}

mend()
{
	[ "$1" != both ] || { sync_mend gw1; return; }
	tc -n sw qdisc del dev "s-$1" root
}

# What VRRP tells the hosts; they have been sending to somebody who does not answer since vip_gone, if that was called.
hosts_to() { vip_announce "$1" && { [ "${AWAY: -1}" != , ] || AWAY+="$(now_ns)]"; }; }

decided()
{
	case "$(group_get "$ACTIVE" .role) $(group_get "$STANDBY" .role)" in
	"active fenced") ;;
	"fenced active") turned ;;
	*) return 1 ;;
	esac
}

# What there was of conflicts before this one.
declare -A CONFLICTS=() EVENTS=()
fenced_events() { grep -c '"to": *"fenced"' "$TMP/events-$1.json"; }
mark_conflicts()
{
	local ns

	for ns in gw1 gw2; do
		CONFLICTS[$ns]=$(stat_get "$ns" conflicts) EVENTS[$ns]=$(fenced_events "$ns")
	done
}

told() { at_least $((EVENTS[$1] + 1)) "$(fenced_events "$1")" "events of $1 that it is fenced"; }

# One has lost the conflict, and says so; it follows as it is, and may serve as soon as it is hot. Its VIP goes, as VRRP wants it.
# Nobody knows whom the hosts still send to.
gives_way()
{
	busywait 15000 decided || { xha gw1 group show; xha gw2 group show; return 1; }
	hosts_to "$ACTIVE"
	at_least $((CONFLICTS[$STANDBY] + 1)) "$(stat_get "$STANDBY" conflicts)" "conflicts lost by $STANDBY" &&
		busywait 5000 told "$STANDBY" && busywait 5000 fit "$STANDBY" && role_is "$STANDBY" fenced &&
		vip_del "$STANDBY" && wait_step "$ACTIVE" "$STANDBY"
}

# The sync link is dead, VRRP is not.
five_turns()
{
	local i

	sync_cut gw1
	for ((i = 0; i < 5; i++)); do
		traffic_for 0.4
		takeover "$ACTIVE" "$STANDBY" graceful && turned || return 1
	done
}

# changed NODE ROLE: when it became that, ms.
changed() { jq -s "[.[] | select(.event == \"role\" and .to == \"$2\")] | last.time" "$TMP/events-$1.json"; }

# VRRP is partitioned, the sync link is not: the later one serves, and the other one is closed within a heartbeat.
two_vips()
{
	local later=$STANDBY late

	mark_conflicts
	vip_gone
	vip_add "$later" && gives_way && is "$later" "$ACTIVE" "the one that serves" || return 1
	late=$(($(changed "$STANDBY" fenced) - $(changed "$ACTIVE" active)))
	echo "figure: two actives on a sound link: the loser was closed after $late ms, to be at most 100"
	at_most "$(patience 100)" "$late" "ms with two actives"
}

# Neither hears the other, the VIP goes there and back, but stays there, too: the later one, of the lower id, serves in the end.
took_turns()
{
	[ "$ACTIVE" = gw1 ] || { takeover gw2 gw1 graceful && turned && wait_step gw1 gw2; } || return 1
	mark_conflicts
	sync_cut gw1 && takeover gw1 gw2 graceful && traffic_for 0.4 && vip_gone && vip_add gw1 &&
		role_is gw1 active && role_is gw2 active && vip_announce gw1 || return 1
	traffic_for 0.4
	ACTIVE=gw2 STANDBY=gw1
	sync_mend gw1
	gives_way && is gw1 "$ACTIVE" "who serves"
}

# One that hears nothing and has got the VIP is active, and so is, as soon as it hears no more of it, the one that has given
# way to it: with the higher numbers. If the hosts stay with the deaf one, the remote refuses what it sends; that is no fault.
EXCUSED=0
declare -A USED=()

# Both send by the same SAs while neither hears the other: the old one within what the standby has acked, the new one above
# that. The remote takes what has the higher numbers.
both_send()
{
	local before out=() ns n later=$STANDBY

	before=$(replay_errors rem)
	for n in 1 2; do
		spi_out "$n"
		out+=("$REPLY")
	done
	mark_conflicts
	mark gw1 gw2
	vip_gone
	sever both && vip_add "$later" && role_is gw1 active && role_is gw2 active || return 1
	for ns in gw1 gw2; do
		for n in 1 2; do
			USED[$ns$n]=$(used "$ns" "${out[n - 1]}")
			start "blast-$ns$n" "$ns" xha-traffic blast "10.9.$n.1" 5000 --bind 10.8.0.1 --rate "$(paced 200)" --count 100
		done
	done
	for ns in gw1 gw2; do
		for n in 1 2; do
			wait "${JOB[blast-$ns$n]}"
			at_least 100 $(($(used "$ns" "${out[n - 1]}") - USED[$ns$n])) "packets sent by $ns in tunnel $n" || return 1
		done
	done
	is 0 "$(grown "$ACTIVE" lease_overruns)" "overruns of the old one" || return 1
	mend both
	gives_way && is "$later" "$ACTIVE" "the one that serves" || return 1
	traffic_for 0.4
	EXCUSED=$((EXCUSED + $(replay_errors rem) - before))
}

# From when the loser could hear the winner until its gate was closed, in ms. It is told by the first heartbeat, after a
# handshake if the session was given up; both are those of one machine that emulates several.
GATED=""
gated() { echo $(($(changed "$STANDBY" fenced) - $1)); }
gated_soon()
{
	local ms

	echo "figure: two actives: the loser was closed after, ms:$GATED; it hears of the winner after at most 100, and a handshake"
	at_least 2 "$(wc -w <<<"$GATED")" "conflicts" || return 1
	for ms in $GATED; do
		at_most "$(patience 1000)" "$ms" "ms until the loser was closed" || return 1
	done
}

# partition WHAT old|new
partition()
{
	local before mended deaf=$STANDBY

	before=$(replay_errors rem)
	mark_conflicts
	[ "$1" = both ] || vip_gone
	sever "$1" && vip_add "$STANDBY" && role_is "$STANDBY" active || return 1
	[ "$2" = old ] || vip_announce "$STANDBY"
	traffic_for 0.6
	[ "$1" != both ] || { role_is "$ACTIVE" active && vip_gone; } || return 1
	mended=$(now_ms)
	mend "$1"
	gives_way || return 1
	[ "$1" != both ] || GATED+=" $(gated "$mended")"
	traffic_for 0.4
	[ "$*" != "$deaf new" ] || EXCUSED=$((EXCUSED + $(replay_errors rem) - before))
}

# Of each change of a role one line in the log, of either node, and one event; in both all that an operator asks for.
role_lines() { log_since | grep -c 'xfrm_ha: group east: [a-z]* -> [a-z]* (.*), term [0-9]*, [0-9]* SAs in [0-9]* us, exposure about [0-9]*'; }
role_events() { jq -s "[.[] | select(.event == \"role\" ${1:-})] | length" "$TMP/events-gw1.json" "$TMP/events-gw2.json"; }
all_told()
{
	at_least 20 "$(role_events)" "events of roles" && is $(($(role_lines) - ROLE_LINES)) "$(role_events)" "events, and lines" &&
		is "$(role_events)" "$(role_events 'and ([.group, .from, .to, .cause, .term, .sas, .duration, .exposure] | all(. != null))')" \
			"whole events"
}

one_serves() { is "active standby" "$(group_get "$ACTIVE" .role) $(group_get "$STANDBY" .role)" "roles of $ACTIVE and $STANDBY"; }
flows_went_on() { went_on flow1 100 && went_on flow2 100; }

many()
{
	local n

	for ((n = 100; n < 100 + MANY; n++)); do
		pair_lines "$n" "$VIP" 192.0.2.100 tunnel gcm 32
	done
}

# comes_back NODE OTHER: it knows nothing any more, and the way to it is long.
comes_back()
{
	stop "echo-$1"
	stop "echo6-$1"
	stop "events-$1"
	reboot_gateway "$1"
	tc -n sw qdisc add dev "s-$1" root netem delay 300ms
	serve "$1"
	node "$1" "$2" && group "$1"
}

some_came()
{
	at_least 20 "$(group_get "$STANDBY" .sas)" "SAs of $STANDBY" && is bulk "$(group_get "$STANDBY" .sync)" "sync of $STANDBY"
}
policies_first() { is "$(policy_count "$ACTIVE")" "$(policy_count "$STANDBY")" "policies of $ACTIVE and $STANDBY"; }
not_all() { at_most $((2 * MANY)) "$(group_get "$STANDBY" .sas)" "SAs of $STANDBY"; }

all_are_there()
{
	local want=$((2 * MANY + 6))

	is "$want $want" "$(sa_count "$ACTIVE") $(sa_count "$STANDBY")" "SAs of $ACTIVE and $STANDBY" && in_step "$ACTIVE" "$STANDBY"
}

begin $((20 + $(wc -w <<<"$PARTITIONS")))
pair
tunnel gw1 1 gcm 32 && tunnel gw1 2 cbc esn || give_up "tunnels"
check "the pair is in step" wait_step gw1 gw2
serve gw1 gw2
start events-gw1 gw1 xfrm-ha -j monitor
start events-gw2 gw2 xfrm-ha -j monitor
ROLE_LINES=$(role_lines)
tap wan rem wan
talk flow1 1 50
talk flow2 2 50

check "sync link dead: the VIP goes back and forth, five times" five_turns
sync_mend gw1
check "... and the pair is in step again" wait_step "$ACTIVE" "$STANDBY"
check "two VIPs on a sound link: the later one serves" two_vips
check "... and back" two_vips
check "turns that nobody heard of: the later one serves" took_turns
check "both send in the same tunnels, unheard" both_send
for p in $PARTITIONS; do
	check "cut: ${p%|*}, hosts send to the ${p#*|}" partition "${p%|*}" "${p#*|}"
done
check "who lost was closed as soon as it heard of the winner" gated_soon
check "one serves, and one is ready to" one_serves
check "each change was one line and one event" busywait 3000 all_told
traffic_for 0.4
stop flow1
stop flow2
check "the traffic went on" flows_went_on

on "$ACTIVE" many && tunnel "$ACTIVE" 3 gcm 32 || give_up "many SAs"
wait_step "$ACTIVE" "$STANDBY" || give_up "not in step"
comes_back "$STANDBY" "$ACTIVE" || give_up "reboot of $STANDBY"
check "some SAs have come to a node that was rebooted" busywait 20000 some_came
check "... after all policies" policies_first
check "the VIP moves there in the middle of the copy" takeover "$ACTIVE" "$STANDBY" graceful
check "... when not all had come" not_all
turned
tc -n sw qdisc del dev "s-$ACTIVE" root
check "no SA is lost from both" busywait 30000 all_are_there
stop wan
check "no number twice" no_duplicates wan
diag "$EXCUSED refused of one that is deaf, or that sends beside the winner"
check "no replay at the remote but those" is "$EXCUSED" "$(replay_errors rem)" "sequence and integrity errors"
finish
