#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Endpoints that move. An IKE daemon with MOBIKE moves SAs and policies by XFRM_MSG_MIGRATE, of which the kernel tells no
# key manager: the sampler meets what is dead, and has all looked at. One behind a NAT whose mapping changes updates the
# ports. The standby follows, and traffic goes on after a takeover.

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"

HERE=192.0.2.100 THERE=192.0.2.101	# of the remote
HERE6=2001:db8:2::100 THERE6=2001:db8:2::101
AUDIT=5000	# ms between two audits

# --- migration ----------------------------------------------------------------------------------------------------

# both_ways NODE N OLD-LOCAL OLD-REMOTE NEW-LOCAL NEW-REMOTE: SAs and policies of tunnel N, as the gateways see it.
both_ways()
{
	local ns=$1 n=$2 out=out in=in h=10.8.0.1 t=10.9.$2.1

	[[ $3 != *:* ]] || h=2001:db8:8::1 t=2001:db8:9:$2::1
	[ "$ns" != rem ] || out=in in=out
	ip netns exec "$ns" xha-migrate $out $h "$t" $((n + 1)) "$3" "$4" "$5" "$6" &&
		ip netns exec "$ns" xha-migrate $in "$t" $h $((n + 1)) "$4" "$3" "$6" "$5" || return 1
	[ "$ns" = rem ] || ip netns exec "$ns" xha-migrate fwd "$t" $h $((n + 1)) "$4" "$3" "$6" "$5"
}

# tunnel6 N: IPv6 in IPv6.
tunnel6()
{
	local h=2001:db8:8::1/128 t=2001:db8:9:$1::1/128 n=$1

	on gw1 pair_lines "$n" "$VIP6" $HERE6 tunnel gcm 128 && on rem pair_lines "$n" "$VIP6" $HERE6 tunnel gcm 128 || return 1
	{
		policy_line $h "$t" out $((n + 1)) tunnel "$VIP6" $HERE6
		policy_line "$t" $h in $((n + 1)) tunnel $HERE6 "$VIP6"
		policy_line "$t" $h fwd $((n + 1)) tunnel $HERE6 "$VIP6"
	} >"$TMP/six"
	ip -n gw1 -batch "$TMP/six" || return 1
	sed '/ dir fwd /d; s/ dir in / dir IN /; s/ dir out / dir in /; s/ dir IN / dir out /' "$TMP/six" >"$TMP/six-rem"
	ip -n rem -batch "$TMP/six-rem" && ip -n rem addr replace "$t" dev lo
}

talk6() { start "$1" rem xha-traffic client 2001:db8:8::1 5006 --bind "2001:db8:9:$2::1" --rate "$(paced "$3")" --linger "$(longer 1)" "${@:4}"; }
works6() { talk6 now "$1" 100 --count 20 --linger "$(longer 5)"; wait "${JOB[now]}"; all_answered now; }

# moved GATEWAY N...: the remote moves from here to there, or back, and both ends know.
moved()
{
	local n gw=$1 from=$2 to=$3

	for n in "${@:4}"; do
		both_ways "$gw" "$n" "$VIP" "$from" "$VIP" "$to" && both_ways rem "$n" "$VIP" "$from" "$VIP" "$to" || return 1
	done
}

# at NODE N LOCAL REMOTE: both SAs of the tunnel are there, and nowhere else; so are its three policies.
at()
{
	local out in said

	spi_out "$2"
	out=$(ip -n "$1" xfrm state list spi "$REPLY" | grep '^src ')
	spi_in "$2"
	in=$(ip -n "$1" xfrm state list spi "$REPLY" | grep '^src ')
	is "src $3 dst $4 src $4 dst $3" "$(echo "$out" "$in" | tr -s ' \n' ' ' | sed 's/ $//')" "SAs of tunnel $2 on $1" || return 1
	said=$(ip -n "$1" xfrm policy list | awk -v reqid="reqid $(($2 + 1)) " '/tmpl src/ { tmpl = $0 } index($0, reqid) { print tmpl }' |
		sort | uniq -c | tr -s ' \t\n' ' ')
	case $said in
	" 1 tmpl src $3 dst $4 2 tmpl src $4 dst $3 " | " 2 tmpl src $4 dst $3 1 tmpl src $3 dst $4 ") ;;
	*)
		echo "policies of tunnel $2 on $1: $said"
		return 1
		;;
	esac
}

# Does this kernel move a single SA? For one that it does not have it says so then, in words of its own.
moves_states() { ip netns exec gw1 xha-migrate state 192.0.2.9 0x999 1 192.0.2.9 192.0.2.9 2>&1 | grep -q "No such process"; }

# state_moved GATEWAY N OLD-REMOTE NEW-REMOTE: the SAs one by one, the policies as an IKE daemon would.
state_moved()
{
	local ns n=$2

	for ns in "$1" rem; do
		spi_out "$n"
		ip netns exec "$ns" xha-migrate state "$3" "$REPLY" $((n + 1)) "$VIP" "$4" || return 1
		spi_in "$n"
		ip netns exec "$ns" xha-migrate state "$VIP" "$REPLY" $((n + 1)) "$4" "$VIP" || return 1
	done
	gateway_policies "$n" | sed "s/policy add/policy update/; s/$3/$4/g" >"$TMP/moved"
	ip -n "$1" -batch "$TMP/moved" || return 1
	remote_policies "$n" | sed "s/policy add/policy update/; s/$3/$4/g" >"$TMP/moved"
	ip -n rem -batch "$TMP/moved"
}

# states TITLE COMMAND...
states()
{
	if [ -n "$STATES" ]; then
		check "$@"
	else
		ktap_skip "$1" "this kernel does not move single SAs"
	fi
}

soon() { busywait $((2 * AUDIT)) "$@"; }

# What the periodic audit has found was not noticed before. It may come by chance in between.
LATE=0
FOUND=0
in_time()
{
	local found

	found=$(stat_get gw1 audit_found)
	[ "$found" = "$FOUND" ] || LATE=$((LATE + 1))
	FOUND=$found
}

gone()
{
	spi_out "$2"
	is 0 "$(ip -n "$1" xfrm state list spi "$REPLY" | grep -c '^src ')" "SAs with SPI $REPLY on $1" || return 1
	spi_in "$2"
	is 0 "$(ip -n "$1" xfrm state list spi "$REPLY" | grep -c '^src ')" "SAs with SPI $REPLY on $1"
}

not_replicated() { is "$1" "$(group_get gw1 .not_replicated)" "not_replicated"; }
no_new_copy() { is 1 "$(stat_get gw1 bulks_started)" "copies begun" && is 0 "$(stat_get gw1 audit_mismatch)" audit_mismatch; }
flows_went_on() { local n; for n in "$@"; do went_on "flow$n" || return 1; done; }
flows() { local n; for n in "$@"; do talk "flow$n" "$n" 50; done; }
flows_stop() { local n; for n in "$@"; do stop "flow$n"; done; }
works() { talk now "$1" 100 --count 20 --linger "$(longer 5)"; wait "${JOB[now]}"; all_answered now; }
all_work() { local n; for n in "$@"; do works "$n" || return 1; done; }

# --- NAT ----------------------------------------------------------------------------------------------------------

# natt add|update NODE N PORT: the SAs of tunnel N in UDP, the remote behind PORT.
natt()
{
	local n=$3

	spi_out "$n"
	sa_line "$VIP" "$HERE" "$REPLY" $((n + 1)) tunnel gcm 32 encap espinudp 4500 "$4" 0.0.0.0 >"$TMP/natt"
	spi_in "$n"
	sa_line "$HERE" "$VIP" "$REPLY" $((n + 1)) tunnel gcm 32 encap espinudp "$4" 4500 0.0.0.0 >>"$TMP/natt"
	sed -i "s/state add/state $1/" "$TMP/natt"
	ip -n "$2" -batch "$TMP/natt"
}

# mapped NODE N PORT: it sends there.
mapped()
{
	spi_out "$2"
	ip -n "$1" xfrm state list spi "$REPLY" >"$TMP/mapped"
	grep -q "sport 4500 dport $3 " "$TMP/mapped" || { cat "$TMP/mapped"; return 1; }
	spi_in "$2"
	ip -n "$1" xfrm state list spi "$REPLY" >"$TMP/mapped"
	grep -q "sport $3 dport 4500 " "$TMP/mapped" || { cat "$TMP/mapped"; return 1; }
}

only_to() { at_least 10 "$(frames udp udp dst port "$1")" "frames to port $1" && is 0 "$(frames udp not udp dst port "$1")" "frames to other ports"; }

begin 42
pair local "$ENDPOINT"
ip -n rem addr add "$THERE/24" dev wan && ip -n rem addr add "$THERE6/64" dev wan nodad || give_up "second addresses"
ip -n gw1 addr add "$ENDPOINT/32" dev lo && ip -n gw2 addr add "$ENDPOINT/32" dev lo || give_up "endpoint"
tunnel gw1 1 gcm 32 && tunnel gw1 2 cbc esn && tunnel gw1 3 chacha 1024 && tunnel gw1 4 gcm 32 && tunnel gw1 5 gcm 128 || give_up "tunnels"
tunnel6 8 || give_up "tunnel of IPv6"
start natt-gw1 gw1 xha-natt 0.0.0.0 4500
start natt-gw2 gw2 xha-natt 0.0.0.0 4500
start natt-rem rem xha-natt 0.0.0.0 4500
start natt-new rem xha-natt 0.0.0.0 4600
natt add gw1 6 4500 && natt add rem 6 4500 && on gw1 gateway_policies 6 && on rem remote_policies 6 || give_up "ESP in UDP"
ip -n rem addr add 10.9.6.1/32 dev lo
wait_step gw1 gw2 || give_up "not in step"
serve gw1 gw2
tap wan rem wan
FOUND=$(stat_get gw1 audit_found)
check "tunnels work" all_work 1 2 3 4 5 6

check "the remote moves" moved gw1 $HERE $THERE 1 2
check "... the active has its SAs and policies there" eval "at gw1 1 $VIP $THERE && at gw1 2 $VIP $THERE"
check "... they work" all_work 1 2
check "... the standby has them there, and the old ones no more" soon eval "at gw2 1 $VIP $THERE && at gw2 2 $VIP $THERE"
check "... and is hot" wait_step gw1 gw2
check "... and has the same" same_dumps gw1 gw2
check "what has not moved is where it was" at gw2 3 $VIP $HERE
in_time

STATES=$(moves_states && echo yes)
[ -z "$STATES" ] || tunnel gw1 7 gcm 128 "$VIP" || give_up "tunnel"
wait_step gw1 gw2 || give_up "not in step"
states "the remote moves, SA by SA" state_moved gw1 7 $HERE $THERE
states "... the active has them there" at gw1 7 $VIP $THERE
states "... they work" works 7
states "... the standby follows" soon at gw2 7 $VIP $THERE
states "... and has the same" busywait 5000 same_dumps gw1 gw2
FOUND=$(stat_get gw1 audit_found)

check "the remote of a tunnel of IPv6 moves" eval "both_ways gw1 8 $VIP6 $HERE6 $VIP6 $THERE6 && both_ways rem 8 $VIP6 $HERE6 $VIP6 $THERE6"
check "... it works" works6 8
check "... the standby follows" soon at gw2 8 "$VIP6" $THERE6
in_time

# The gateway itself uses another one of the addresses that the group has.
check "a local end moves within the group" eval "both_ways gw1 4 $VIP $HERE $ENDPOINT $HERE && both_ways rem 4 $VIP $HERE $ENDPOINT $HERE"
check "... it works" works 4
check "... the standby follows" soon at gw2 4 $ENDPOINT $HERE
in_time
# Out of the group: an address of this gateway alone.
check "a local end moves out of the group" both_ways gw1 5 $VIP $HERE 192.0.2.1 $HERE
check "... the standby has it no more" soon gone gw2 5
check "... the active has it" at gw1 5 192.0.2.1 $HERE
check "... and takes it for none of the group" soon not_replicated 2
check "... the policies are gone from the standby, too" soon eval "! ip -n gw2 xfrm policy list | grep -q 10.9.5.1"
in_time
check "none of that had to wait for the audit" at_most 1 "$LATE" "moves that it found"

check "a NAT gives the remote another port" eval "natt update gw1 6 4600 && natt update rem 6 4600"
check "... the active sends there" mapped gw1 6 4600
check "... so would the standby" busywait 5000 mapped gw2 6 4600
check "... and is hot" busywait 15000 is_hot gw2

check "all that without a new copy" no_new_copy

flows 1 2 3 4 6 ${STATES:+7}
talk6 flow8 8 50
traffic_for 1
takeover gw1 gw2 sudden || give_up "takeover"
Q=in sniff udp rem wan udp and src "$VIP"
traffic_for 1.5
stop udp
flows_stop 1 2 3 4 6 8 ${STATES:+7}
check "takeover: what has moved goes on" flows_went_on 1 2 4 8
check "... and what has not" flows_went_on 3
states "... and what has moved SA by SA" flows_went_on 7
check "... behind the NAT, too" flows_went_on 6
check "... by the new port" only_to 4600
revive_node gw1
wait_hot gw1 || give_up "no standby any more"

check "the remote moves back" moved gw2 $THERE $HERE 1 2
check "... the former active follows" soon eval "at gw1 1 $VIP $HERE && at gw1 2 $VIP $HERE"
flows 1 2
traffic_for 0.5
takeover gw2 gw1 graceful || give_up "takeover"
traffic_for 1
flows_stop 1 2
check "takeover back: traffic goes on" flows_went_on 1 2
stop wan
check "no number twice" no_duplicates wan
check "no replay at the remote" no_replay_errors rem
finish
