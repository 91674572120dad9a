#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Exact handover, of a group whose role is set by hand: the next active begins at the next number, with no packet exposed.
# And what becomes of it if one of the two does not answer.

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"

TUNNELS=(32 128 esn)

# Windows are synced once in a minute: what is there sooner was handed over.
endpoint_group() { xha "$1" group add "$GROUP" local "$ENDPOINT" sync-period-time 60s sync-period-packets 0; }

# serves NODE: it is told to, and the remote's packets go there.
serves() { xha "$1" group set "$GROUP" active && vip_announce "$1"; }

# Numbers and windows of all SAs as the kernel has them: 'spi src' and the replay context, bitmap included.
numbers()
{
	ip -n "$1" xfrm state list | awk '
		/^src / { key = $2 }
		/proto esp spi/ { key = $4 " " key }
		/^\tanti-replay / { context[key] = $0; within = 1; next }
		within && /^\t / { context[key] = context[key] $0; next }
		{ within = 0 }
		END { for (key in context) print key context[key] }' | sort
}

# talk_to NODE NAME: 50 packets into each tunnel, all answered.
talk_to()
{
	local i

	for i in "${!TUNNELS[@]}"; do
		start "$2-$i" rem xha-traffic client 10.8.0.1 5000 --bind "10.9.$((i + 1)).1" --rate "$(paced 100)" --count 50 --linger "$(longer 1)"
	done
	for i in "${!TUNNELS[@]}"; do
		wait "${JOB[$2-$i]}"
		is 50 "$(get "$2-$i" .received)" "answers by $1 in tunnel $i" || return 1
	done
}

# handed FROM TO: in one step, and exact, windows included.
handed()
{
	xha "$2" group set "$GROUP" active && role_is "$2" active && role_is "$1" standby || return 1
	numbers "$1" >"$TMP/before"
	numbers "$2" >"$TMP/after"
	vip_announce "$2"
	at_least $((${#TUNNELS[@]} * 2)) "$(wc -l <"$TMP/before")" "SAs" && diff -u "$TMP/before" "$TMP/after"
}

last_event() { log_since | grep -- '-> active' | tail -n 1; }
event_says() { last_event | grep -E "$1" || { last_event; return 1; }; }
nothing_exposed() { event_says 'handed over.*exposure about 0,.* jump 0$'; }

# in_two_steps FROM TO SECONDS: the one is told to stop, and so much later the other one to begin.
in_two_steps()
{
	xha "$1" group set "$GROUP" standby && role_is "$1" standby && sleep "$3" || return 1
	# Nobody has another copy to give.
	! xha "$2" resync "$GROUP" 2>"$TMP/err" && grep -q "no active peer" "$TMP/err" && handed "$1" "$2"
}

# What gw1 says takes its time, and it takes nothing for lost meanwhile.
drawl() { tc -n sw qdisc replace dev s-gw2 root netem delay 250ms && xha gw1 peer set 2 rto-min 1s; }
speak_up() { xha gw1 peer set 2 rto-min 20ms && tc -n sw qdisc del dev s-gw2 root; }

checks() { ip netns exec gw1 awk '$1 == "audit_checks" { print $2 }' /proc/net/xfrm_ha_stat; }
sent() { at_least $(($1 + 1)) "$(checks)" "CHECKs of gw1"; }

# gw1 is told to stop with an audit under way, whose answer says nothing of the last counters.
in_an_audit()
{
	local before

	before=$(checks)
	busywait 10000 sent "$before" && in_two_steps gw1 gw2 0.3
}

# back: gw1 serves, and gw2 is hot.
back() { wait_step gw2 gw1 && talk_to gw2 back && handed gw2 gw1 && wait_step gw1 gw2; }

# Nothing that gw1 says arrives: not that it is closed, and not how far it came.
deafen() { tc -n sw qdisc replace dev s-gw2 root netem loss 100%; }
hear_again() { tc -n sw qdisc del dev s-gw2 root; }

# The link has just been cut, and gw2 does not know it yet.
asked_in_vain()
{
	sync_cut gw1
	xha gw2 group set "$GROUP" active && role_is gw2 active && role_is gw1 active && vip_announce gw2
}

above_the_lease() { event_says 'group set.*jump [1-9][0-9]*$'; }

# gw1 closes for gw2, which dies before it can take over.
dies_in_between()
{
	deafen
	xha gw2 group set "$GROUP" active &
	wait_role gw1 standby && kill_node gw2
	wait $!
	busywait 8000 role_is gw1 active
}

# The time from the last line that says closed to the last one that says open, in us.
gap()
{
	log_since | awk -F '[][ ]+' '
		/ -> standby / { closed = $2 }
		/ -> active / && /handed over/ { gap = $2 - closed }
		END { printf "%d\n", gap * 1000000 }'
}

# Ten times, with packets as fast as they are answered in each tunnel; on the old one and the new one no number is between, and
# no bit of a window differs.
ten_times()
{
	local from=gw1 to=gw2 was i gaps="" depth=$((12 / ${XHA_PATIENCE:-1} > 2 ? 12 / ${XHA_PATIENCE:-1} : 2))

	for i in "${!TUNNELS[@]}"; do
		talk "full$i" $((i + 1)) 0 --window "$depth"
	done
	for ((i = 0; i < 10; i++)); do
		traffic_for 0.3
		vip_gone
		handed "$from" "$to" && nothing_exposed || return 1
		AWAY+="$(now_ns)]"
		gaps+=" $(gap)"
		wait_step "$to" "$from" || return 1
		was=$from from=$to to=$was
	done
	# shellcheck disable=SC2086  # a list
	echo "figure: ten handovers, closed for, us:$gaps, mostly $(printf '%s\n' $gaps | sort -n | sed -n 6p), to be below 2000"
	for i in "${!TUNNELS[@]}"; do
		stop "full$i"
		went_on "full$i" 100 || return 1
	done
}

# Ten more; hosts go to the new one at once, and nothing is lost but while none was open.
ten_more()
{
	local from=gw1 to=gw2 was i gaps=""

	talk more 1 500 --window 16
	for ((i = 0; i < 10; i++)); do
		traffic_for 0.3
		vip_gone
		serves "$to" || return 1
		AWAY+="$(now_ns)]"
		gaps+=" $(gap)"
		role_is "$to" active && nothing_exposed && wait_step "$to" "$from" || return 1
		was=$from from=$to to=$was
	done
	stop more
	echo "figure: ten more, under $(paced 500) packets/s, of which $(get more .lost) were lost; closed for, us:$gaps"
	went_on more 200
}

# one_serves: sets ACTIVE and STANDBY.
one_serves()
{
	case "$(group_get gw1 .role) $(group_get gw2 .role)" in
	"active standby") ACTIVE=gw1 STANDBY=gw2 ;;
	"standby active") ACTIVE=gw2 STANDBY=gw1 ;;
	*) return 1 ;;
	esac
}

# Also after one that closed and heard nothing has opened again, which it may do just when the link is back.
settled() { one_serves && in_step "$ACTIVE" "$STANDBY"; }

# How each ended: exactly, or without.
ENDS=""

both_ends() { echo "figure: the link died after so many datagrams: $ENDS"; [[ $ENDS == *"handed over"* && $ENDS == *"group set"* ]]; }

# So many datagrams, one way or the other, and the link is dead.
pass_most()
{
	ip netns exec gw1 nft -f - <<-END
		table inet link {
			chain some { limit rate 1/day burst $1 packets accept; drop; }
			chain in { type filter hook input priority 0; udp dport 4511 goto some; }
			chain out { type filter hook output priority 0; udp dport 4511 goto some; }
		}
	END
}

# cut_after N: the link dies that many datagrams after the standby was told. It serves all the same, and its hosts send to it
# alone.
cut_after()
{
	local to=$STANDBY from=$ACTIVE

	pass_most "$1" && xha "$to" group set "$GROUP" active || return 1
	sync_cut gw1
	ENDS+="${ENDS:+, }$1: $(last_event | grep -oE 'handed over|group set') ($from $(group_get "$from" .role))"
	role_is "$to" active && vip_announce "$to" && talk_to "$to" "cut$1" || return 1
	traffic_for 1
	ip netns exec gw1 nft delete table inet link
	sync_mend gw1
	busywait 15000 settled && vip_announce "$ACTIVE" && talk_to "$ACTIVE" "mend$1"
}

begin 32
topology gw1 gw2
for ns in gw1 gw2; do
	ip -n $ns addr add "$ENDPOINT/32" dev lo
done
node gw1 gw2 && node gw2 gw1 && endpoint_group gw1 && endpoint_group gw2 || give_up "nodes"
serves gw1 || give_up "gw1 active"
for i in "${!TUNNELS[@]}"; do
	tunnel gw1 $((i + 1)) gcm "${TUNNELS[i]}" "$ENDPOINT" || give_up "tunnel $i"
done
check "the standby holds the SAs" wait_step gw1 gw2
serve gw1 gw2
tap wan rem wan

check "ten handovers at full speed, all exact" ten_times
check "ten more, hosts redirected at once" ten_more
check "traffic" talk_to gw1 first
check "told to be active, the standby goes on at the next number" handed gw1 gw2
check "nothing is exposed" nothing_exposed
check "traffic goes on" talk_to gw2 second
check "the former active becomes hot" wait_step gw2 gw1
check "in two steps, on the one and, as soon as somebody can be there, on the other" in_two_steps gw2 gw1 10
check "nothing is exposed, again" nothing_exposed
check "traffic goes on there" talk_to gw1 third
check "it becomes hot again" wait_step gw1 gw2
drawl
check "in the middle of an audit" in_an_audit
check "nothing is exposed then" nothing_exposed
speak_up
back || give_up "gw1 active"

check "what is not heard is not waited for: active" asked_in_vain
check "... above the lease" above_the_lease
check "traffic goes on" talk_to gw2 fourth
sync_mend gw1
check "the other one gives way, and becomes hot" wait_step gw2 gw1

check "back, exactly" handed gw2 gw1
wait_step gw1 gw2
ACTIVE=gw1 STANDBY=gw2
# Asked, the other one closes, says so with its last counters, and has them acked; cut on each way of these, and after them.
for frames in 1 2 3 4 5 6 "$(patience 30)"; do
	check "the link dies $frames datagrams after one was told: it serves" cut_after "$frames"
done
check "... before it was handed over, and after" both_ends
[ "$ACTIVE" = gw1 ] || handed gw2 gw1 || give_up "gw1 active"
wait_step gw1 gw2
check "one that closed for a peer which dies is active again" dies_in_between
hear_again
vip_announce gw1
talk_to gw1 fifth || diag "no answers"
stop wan
check "no number twice" no_duplicates wan
check "no replay at the remote" no_replay_errors rem
finish
