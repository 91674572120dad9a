#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Several groups: each node is active for one and standby for the other, and they move on their own, under traffic. Then
# sixteen, all at once.

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"

MANY=16

# in_group N COMMAND...: for that group; 1 is the usual one, and tunnel N is of group N.
in_group()
{
	local n=$1
	shift

	[ "$n" != 1 ] || { "$@"; return; }
	GROUP=group$n VIP=192.0.2.$((15 + n)) VIP6=2001:db8:2::15:$n "$@"
}

# Each with a tunnel.
more_groups()
{
	local n

	for ((n = $1; n <= $2; n++)); do
		in_group "$n" group gw1 && in_group "$n" group gw2 && in_group "$n" vip_move_to "$3" &&
			in_group "$n" tunnel "$3" "$n" gcm 128 || return 1
	done
}

# serves NODE OTHER GROUP...: it is active for each, its SAs are open; the other one is hot, and its are closed.
serves()
{
	local node=$1 other=$2 n out in
	shift 2

	for n in "$@"; do
		spi_out "$n"
		out=$REPLY
		spi_in "$n"
		in=$REPLY
		in_group "$n" role_is "$node" active && in_group "$n" is_hot "$other" && open "$node" "$out" && open "$node" "$in" &&
			closed "$other" "$out" && closed "$other" "$in" || return 1
	done
}

gets_served() { busywait 15000 serves "$@"; }

# vips add|del N...: those of many groups, for a batch.
vips()
{
	local verb=$1 n
	shift

	for n in "$@"; do
		in_group "$n" eval 'echo "addr $verb $VIP/32 dev wan"; echo "addr $verb $VIP6/128 dev wan nodad"'
	done | if [ "$verb" = del ]; then sed 's/ nodad//'; else cat; fi
}

announce() { local n; for n in "${@:2}"; do in_group "$n" vip_announce "$1"; done; }

# moved FROM TO N...: all of them in one go.
moved()
{
	vip_gone
	on "$1" vips del "${@:3}" && on "$2" vips add "${@:3}" && announce "$2" "${@:3}" || return 1
	AWAY+="$(now_ns)]"
}

swap()
{
	vip_gone
	on gw1 vips del 2 && on gw2 vips del 1 && on gw1 vips add 1 && on gw2 vips add 2 && announce gw1 1 && announce gw2 2 || return 1
	AWAY+="$(now_ns)]"
}

terms() { echo "$(group_get "$1" .term) $(in_group 2 group_get "$1" .term)"; }
flows_went_on() { traffic_for 0.5; stop flow1; stop flow2; went_on flow1 && went_on flow2; }
flows() { talk flow1 1 50; talk flow2 2 50; traffic_for 0.5; }

begin 21
pair
tunnel gw1 1 gcm 128 || give_up "tunnel"
check "a second group, active on the other node" more_groups 2 2 gw2
check "each node serves one, and is hot for the other" eval "gets_served gw1 gw2 1 && gets_served gw2 gw1 2"
serve gw1 gw2
tap wan rem wan

flows
term=$(group_get gw1 .term) term2=$(in_group 2 group_get gw1 .term)
check "the first moves: one node serves both" eval "moved gw1 gw2 1 && gets_served gw2 gw1 1 2"
check "... and its term is higher, the other one's is not" eval \
	'at_least $((term + 1)) "$(group_get gw2 .term)" term && is "$term2" "$(in_group 2 group_get gw2 .term)" "term of group 2"'
check "the second moves: they have crossed" eval "moved gw2 gw1 2 && gets_served gw2 gw1 1 && gets_served gw1 gw2 2"
check "... under traffic" flows_went_on
flows
check "both at once, past one another" eval "swap && gets_served gw1 gw2 1 && gets_served gw2 gw1 2"
check "... under traffic" flows_went_on
check "both nodes know the terms" is "$(terms gw1)" "$(terms gw2)" terms

flows
check "a node dies: the other one serves both" eval "takeover gw1 gw2 sudden && role_is gw2 active && in_group 2 role_is gw2 active"
check "... under traffic" flows_went_on
in_group 2 vip_announce gw2
revive_node gw1
check "... and the dead one comes back for both" gets_served gw2 gw1 1 2

# --- sixteen -----------------------------------------------------------------------------------------------------

mapfile -t ALL <<<"$(seq 1 $MANY)"
check "$MANY groups" more_groups 3 $MANY gw2
check "... served" gets_served gw2 gw1 "${ALL[@]}"
flows
talk last $MANY 50
traffic_for 0.5
check "all move at once, under traffic" moved gw2 gw1 "${ALL[@]}"
check "... and are served" gets_served gw1 gw2 "${ALL[@]}"
traffic_for 0.5
stop last
check "... with traffic" eval "flows_went_on && went_on last"
stop wan
check "no number twice" no_duplicates wan
check "no replay at the remote" no_replay_errors rem
finish
