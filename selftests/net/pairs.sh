#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Two pairs facing each other: gw1 and gw2 on this side of the tunnel, gw3 and gw4 on the other. Each pair fails over, then both
# at once. Here rem is a host behind gw3 and gw4:
#
#   10.8.0.1 on gw1, gw2 (VIP) ==== tunnel ==== (VIPB) gw3, gw4 -- br-lan -- rem 10.9.1.1

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"

VIPB=192.0.2.25
INSIDE=10.7.0.15	# gw3 or gw4, for rem

# pair_b COMMAND...: for the other pair.
pair_b() { GROUP=west VIP=$VIPB VIP6=2001:db8:2::25 "$@"; }

# The inside of the other pair, and the ways through the tunnel.
inside()
{
	local ns

	echo "link add br-lan type bridge" >"$TMP/sw"
	echo "link set br-lan up" >>"$TMP/sw"
	for ns in rem gw3 gw4; do
		: >"$TMP/$ns"
		cable "$ns" lan br-lan
	done
	printf '%s\n' "addr add 10.7.0.100/24 dev lan" "addr replace 10.9.1.1/32 dev lo" \
		"route replace 10.8.0.0/16 via $INSIDE dev lan src 10.9.1.1" >>"$TMP/rem"
	for ns in gw3 gw4; do
		printf '%s\n' "addr add 10.7.0.${ns#gw}/24 dev lan" "addr del 10.8.0.1/32 dev lo" \
			"route replace 10.9.0.0/16 via 10.7.0.100 dev lan" "route replace 10.8.0.0/16 via $VIP dev wan" >>"$TMP/$ns"
		ip netns exec "$ns" sysctl -qw net.ipv4.ip_forward=1
	done
	fill sw rem gw3 gw4
	for ns in gw1 gw2; do
		ip -n "$ns" route replace 10.9.0.0/16 via $VIPB dev wan src 10.8.0.1 || return 1
	done
}

both_sas() { pair_lines 1 "$VIP" "$VIPB" tunnel gcm 128; }

policies_a()
{
	policy_line 10.8.0.1/32 10.9.1.1/32 out 2 tunnel "$VIP" "$VIPB"
	policy_line 10.9.1.1/32 10.8.0.1/32 in 2 tunnel "$VIPB" "$VIP"
}

policies_b()
{
	policy_line 10.9.1.1/32 10.8.0.1/32 out 2 tunnel "$VIPB" "$VIP"
	policy_line 10.8.0.1/32 10.9.1.1/32 in 2 tunnel "$VIP" "$VIPB"
	policy_line 10.8.0.1/32 10.9.1.1/32 fwd 2 tunnel "$VIP" "$VIPB"
}

# announce NODE: those who send to its VIP learn of it.
announce()
{
	local mac ns
	mac=$(mac_of "$1")

	case $1 in
	gw1 | gw2)
		for ns in gw3 gw4; do
			ip -n "$ns" neigh replace "$VIP" lladdr "$mac" dev wan nud permanent || return 1
		done
		;;
	*)
		for ns in gw1 gw2; do
			ip -n "$ns" neigh replace "$VIPB" lladdr "$mac" dev wan nud permanent || return 1
		done
		mac=$(ip -n "$1" -j link show dev lan | jq -r '.[0].address')
		ip -n rem neigh replace "$INSIDE" lladdr "$mac" dev lan nud permanent
		;;
	esac
}

# side NODE COMMAND...: for the pair that it is of.
side()
{
	local node=$1
	shift

	case $node in
	gw1 | gw2) "$@" ;;
	*) pair_b "$@" ;;
	esac
}

# die NODE...: nothing is heard of them any more; rise NODE...: they serve.
die() { local ns; vip_gone; for ns in "$@"; do kill_node "$ns"; done; }

rise()
{
	local ns

	for ns in "$@"; do
		side "$ns" vip_add "$ns" && side "$ns" role_is "$ns" active && announce "$ns" || return 1
	done
	AWAY+="$(now_ns)]"
}

# back NODE OF: it is a hot standby again.
back() { side "$1" revive_node "$1" && side "$1" wait_step "$2" "$1"; }

no_errors()
{
	local ns

	for ns in gw1 gw2 gw3 gw4; do
		no_replay_errors "$ns" || return 1
	done
}

begin 13
topology gw1 gw2 gw3 gw4
inside || give_up "inside"
node gw1 gw2 && node gw2 gw1 && group gw1 && group gw2 || give_up "gw1, gw2"
node gw3 gw4 && node gw4 gw3 && pair_b group gw3 && pair_b group gw4 || give_up "gw3, gw4"
vip_add gw1 && pair_b vip_add gw3 && announce gw1 && announce gw3 || give_up "VIPs"
on gw1 both_sas && on gw1 policies_a && on gw3 both_sas && on gw3 policies_b || give_up "tunnel"
check "the one pair is in step" wait_step gw1 gw2
check "the other one is" pair_b wait_step gw3 gw4
serve gw1 gw2
talk flow 1 50
traffic_for 0.5
die gw1
check "this side fails over" rise gw2
traffic_for 0.5
check "... and is a pair again" back gw1 gw2
die gw3
check "the other side fails over" rise gw4
traffic_for 0.5
check "... and is a pair again" back gw3 gw4
die gw2 gw4
check "both at once" rise gw1 gw3
traffic_for 0.5
check "... and are pairs again" eval "back gw2 gw1 && back gw4 gw3"
check "both are in step" eval "wait_step gw1 gw2 && pair_b wait_step gw3 gw4"
stop flow
check "the traffic went on, over all of it" went_on flow 50
check "nobody has seen a number twice" no_errors
finish
