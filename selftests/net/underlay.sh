#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What the sync link can run over, so that something else protects it or keeps it apart: the operator's own IPsec policy,
# VTI, WireGuard, a VRF, and in a VRF an xfrm interface or GRE over transport mode. The SAs that do it are nobody's to copy.

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"
# shellcheck source=selftests/net/peers.sh
. "$NET/peers.sh"

ACTIVE=gw1 STANDBY=gw2 TUNNELS=0

# --- what protects the link ---------------------------------------------------------------------------------------

# link_lines NODE MODE NET [MORE of the selector]...: SAs between both ends of the link, and policies for what goes between
# NET and the node's number. The ends of a tunnel are those of the link.
link_lines()
{
	local n=${1#gw} mode=$2 net=$3 other out="" in=""
	shift 3

	other=$((3 - n))
	if [ "$mode" = tunnel ]; then
		out="src 10.150.0.$n dst 10.150.0.$other"
		in="src 10.150.0.$other dst 10.150.0.$n"
	fi
	sa_line "10.150.0.$n" "10.150.0.$other" $((0x5000 + n)) 50 "$mode" gcm 32 "${SA_MORE:-}"
	sa_line "10.150.0.$other" "10.150.0.$n" $((0x5000 + other)) 50 "$mode" gcm 32 "${SA_MORE:-}"
	echo "xfrm policy add src $net$n dst $net$other $* dir out tmpl $out proto esp reqid 50 mode $mode"
	echo "xfrm policy add src $net$other dst $net$n $* dir in tmpl $in proto esp reqid 50 mode $mode"
}

protect() { on gw1 link_lines gw1 "$@" && on gw2 link_lines gw2 "$@"; }

drop_sas()
{
	local ns n

	for ns in gw1 gw2; do
		for n in 1 2; do
			ip -n "$ns" xfrm state del src "10.150.0.$n" dst "10.150.0.$((3 - n))" proto esp spi $((0x5000 + n)) ||
				return 1
		done
	done
}

# unprotect NET [MORE of the selector]...
unprotect()
{
	local ns n=1

	drop_sas || return 1
	for ns in gw1 gw2; do
		ip -n "$ns" xfrm policy del src "$1$n" dst "$1$((3 - n))" "${@:2}" dir out &&
			ip -n "$ns" xfrm policy del src "$1$((3 - n))" dst "$1$n" "${@:2}" dir in || return 1
		n=2
	done
}

# overlay DEV NET: an address on the device of each node.
overlay()
{
	local n

	for n in 1 2; do
		ip -n "gw$n" link set "$1" up && ip -n "gw$n" addr add "$2$n/24" dev "$1" || return 1
	done
}

# The mark is that of the policies alone; the SAs are found by it, too.
vti()
{
	local n

	for n in 1 2; do
		ip -n "gw$n" link add vs type vti local "10.150.0.$n" remote "10.150.0.$((3 - n))" key 9 || return 1
	done
	overlay vs 10.163.0. && protect tunnel 10.163.0. mark 9
}

# It would take the ESP of whatever comes after it between the same ends.
no_vti() { unprotect 10.163.0. mark 9 && ip -n gw1 link del vs && ip -n gw2 link del vs; }

wireguard()
{
	local n

	for n in 1 2; do
		(umask 077 && wg genkey >"$TMP/wg$n") || return 1
		ip -n "gw$n" link add wg0 type wireguard || return 1
	done
	for n in 1 2; do
		ip netns exec "gw$n" wg set wg0 listen-port 51820 private-key "$TMP/wg$n" \
			peer "$(wg pubkey <"$TMP/wg$((3 - n))")" allowed-ips 10.162.0.0/24 \
			endpoint "10.150.0.$((3 - n)):51820" || return 1
	done
	overlay wg0 10.162.0.
}

# The device of the link in a VRF of its own.
vrf()
{
	local ns

	for ns in gw1 gw2; do
		ip -n "$ns" link add under type vrf table 77 && ip -n "$ns" link set under up &&
			ip -n "$ns" link set sync master under || return 1
	done
}

xfrmi()
{
	local ns

	for ns in gw1 gw2; do
		ip -n "$ns" link add xs type xfrm dev under if_id 9 || return 1
	done
	overlay xs 10.160.0. && SA_MORE="if_id 9" protect tunnel 10.160.0. if_id 9
}

gre()
{
	local n

	for n in 1 2; do
		ip -n "gw$n" link add gs type gre local "10.150.0.$n" remote "10.150.0.$((3 - n))" dev under || return 1
	done
	overlay gs 10.161.0. && protect transport 10.150.0. proto 47
}

# --- what has to hold ---------------------------------------------------------------------------------------------

# What is in no group does not count.
matched()
{
	is "$(group_get "$ACTIVE" '"\(.sas) \([.peers[].pending] | add)"')" "$(group_get "$STANDBY" .sas) 0" \
		"SAs of both" && at_least $((2 * TUNNELS)) "$(group_get "$STANDBY" .sas)" "SAs" && is_hot "$STANDBY"
}

# only WORD...: changes cross the link, and on the cable under it is nothing but what the words of tcpdump let through.
only()
{
	TUNNELS=$((TUNNELS + 1))
	sniff cable sw s-gw1
	tunnel "$ACTIVE" "$TUNNELS" gcm 32 && busywait 15000 matched || return 1
	sleep 0.5
	stop cable
	at_least 5 "$(frames cable "$@")" "frames of $*" &&
		is 0 "$(frames cable "not (arp or ip6 multicast or igmp or $*)")" "others: $(tcpdump -nn -r "$TMP/cable.pcap" \
			"not (arp or ip6 multicast or igmp or $*)" 2>&1 | head -n 3)"
}

# moved: the other gateway takes over, the link stays.
moved()
{
	age_mark
	takeover "$ACTIVE" "$STANDBY" graceful || return 1
	case $ACTIVE in
	gw1) ACTIVE=gw2 STANDBY=gw1 ;;
	gw2) ACTIVE=gw1 STANDBY=gw2 ;;
	esac
	busywait 15000 matched && both_up && at_least "$AGE" "$(peer_get gw1 2 .session_age)" "age of the session"
}

age_mark() { AGE=$(peer_get gw1 2 .session_age); }

# Those of the link are no SAs of a group, and said to be so.
not_copied()
{
	local n

	for n in gw1 gw2; do
		is 2 "$(sa_get "$n" '[.[] | select(.not_replicated != null)] | length')" "SAs of $n that are not replicated" ||
			return 1
	done
}

begin 29
pair
new_key one
check "insecure under a policy of the operator's: only ESP" eval \
	'protect transport 10.150.0. proto 17 && relink local 10.150.0.@ remote 10.150.0.% insecure && only esp'
check "... its SAs are not replicated" not_copied
check "... and a takeover keeps it" moved
check "with a key it does not need the policy, and passes it" eval \
	'relink local 10.150.0.@ remote 10.150.0.% key-file $TMP/one && only udp port 4511'
check "... also after a takeover" moved
unprotect 10.150.0. proto 17 || give_up "unprotect"

check "a VTI" vti
check "... the link over it, with a key: only ESP" eval \
	'relink local 10.163.0.@ remote 10.163.0.% dev vs key-file $TMP/one && only esp'
check "... its SAs are not replicated" not_copied
check "... and a takeover keeps it" moved
check "... insecure: only ESP" eval 'relink local 10.163.0.@ remote 10.163.0.% dev vs insecure && only esp'
no_vti || give_up "no_vti"

check "WireGuard" wireguard
check "... the link over it, insecure: only WireGuard" eval \
	'relink local 10.162.0.@ remote 10.162.0.% dev wg0 insecure && only udp port 51820'
check "... and a takeover keeps it" moved

check "a VRF" vrf
check "... the link in it, with a key" eval 'relink local 10.150.0.@ remote 10.150.0.% dev under key-file $TMP/one && only udp port 4511'
check "... and a takeover keeps it" moved

check "an xfrm interface over the VRF" xfrmi
check "... the link over it, with a key: only ESP" eval \
	'relink local 10.160.0.@ remote 10.160.0.% dev xs key-file $TMP/one && only esp'
check "... its SAs are not replicated" not_copied
check "... and a takeover keeps it" moved
check "... insecure: only ESP" eval 'relink local 10.160.0.@ remote 10.160.0.% dev xs insecure && only esp'
check "... over SCTP: only ESP" eval \
	'relink local 10.160.0.@ remote 10.160.0.% dev xs transport sctp key-file $TMP/one && only esp'
unprotect 10.160.0. if_id 9 || give_up "unprotect"

check "GRE in transport mode over the VRF" gre
check "... the link over it, insecure: only ESP" eval \
	'relink local 10.161.0.@ remote 10.161.0.% insecure && only esp'
check "... its SAs are not replicated" not_copied
check "... and a takeover keeps it" moved
check "without the SAs that protect it there is no link" eval 'drop_sas && busywait 10000 not_up gw1 2'
finish
