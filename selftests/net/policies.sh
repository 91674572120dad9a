#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The knob 'policies': with 'takeover' a standby has none in XFRM, so that what it sends by itself goes its usual way, and
# has them all when it is the active; changed live, on either node.

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"

POLICIES=6	# three for each tunnel

has_policies() { is "$2" "$(policy_count "$1")" "policies in XFRM of $1"; }
knows_policies() { is "$2" "$(group_get "$1" .policy_count)" "policies of the group at $1"; }
set_policies() { xha "$1" group set "$GROUP" policies "$2"; }

odd_ones()
{
	echo "xfrm policy add src $VIP dst 10.66.1.1 dir out tmpl proto esp reqid 66 mode transport level use"
	echo "xfrm policy add src 10.8.0.1 dst 10.66.2.1 dir out action allow"
	echo "xfrm policy add src 10.8.0.1 dst 10.66.3.1 dir out action block"
}

no_odd_ones() { odd_ones | sed 's/ add / del /; s/ action.*//; s/ tmpl.*//'; }

plain_ones()
{
	is "allow block" "$(for n in 2 3; do ip -n gw1 -s xfrm policy get src 10.8.0.1 dst 10.66.$n.1 dir out | sed -n 's/.* action \([a-z]*\) .*/\1/p'; done |
		xargs)" "what they do"
}

# Those of sockets, such as an IKE daemon's, are nobody's business.
sockets() { ip -n gw2 xfrm policy list | grep -c 'socket '; }
sockets_left_alone()
{
	local way

	start natt gw2 xha-natt 0.0.0.0 4500
	busywait 3000 eval 'at_least 2 "$(sockets)" "policies of sockets"' || { ip -n gw2 xfrm policy list; return 1; }
	ip -n gw2 xfrm policy list >"$TMP/sockets"
	for way in hot off takeover; do
		set_policies gw2 $way && is 2 "$(sockets)" "policies of sockets, policies $way" || return 1
	done
	is $POLICIES "$(group_get gw2 .policy_count)" "policies of the group" && left_out_on gw2 0 null
	stop natt
}

left_out_on() { is "$2 $3" "$(group_get "$1" '"\(.policies_not_replicated) \(.policies_why)"')" "policies left out on $1"; }
left_out() { left_out_on gw1 "$@"; }

# knock: what gw2 sends to where a tunnel leads, by itself.
knock()
{
	sniff knock gw2 wan
	start blast gw2 xha-traffic blast 10.9.1.1 5000 --bind 10.8.0.1 --rate 50 --count 20 --seconds 2
	wait "${JOB[blast]}"
	stop knock
}

in_clear() { frames knock udp and src 10.8.0.1; }
as_esp() { frames knock esp; }

# What goes through the tunnels is seen nowhere in clear text.
sealed() { is 0 "$(frames wan2 "udp and (src net 10.8.0.0/16 or src net 10.9.0.0/16)")" "frames in clear text on the wire"; }

begin 43
pair policies takeover
tunnel gw1 1 gcm 1024 && tunnel gw1 2 cbc esn || give_up "tunnels"
check "the standby knows SAs and policies" wait_step gw1 gw2
check "... and has no policies in XFRM" has_policies gw2 0
check "... the active has them" has_policies gw1 $POLICIES
knock
check "what the standby sends by itself goes its usual way" at_least 10 "$(in_clear)" "frames in clear text"
check "... and not through the tunnel" is 0 "$(as_esp)" "frames of ESP"
check "hot: the policies are in XFRM" eval 'set_policies gw2 hot && has_policies gw2 $POLICIES'
knock
check "... and nothing is sent" is "0 0" "$(in_clear) $(as_esp)"
check "off: they are not" eval 'set_policies gw2 off && has_policies gw2 0'
check "... and are back with hot" eval 'set_policies gw2 hot && has_policies gw2 $POLICIES && same_dumps gw1 gw2'
check "takeover again: they wait" eval 'set_policies gw2 takeover && has_policies gw2 0'
check "the standby is hot all along" is_hot gw2

check "policies of sockets stay as they are" sockets_left_alone

# One that cannot be replicated, and two that are no group's: they let pass, or block, without IPsec.
on gw1 odd_ones || give_up "policies"
check "a policy that does without any SA is left out, and why" busywait 5000 left_out 1 "all its templates are optional ('level use')"
check "... the copy is hot all the same" busywait 5000 is_hot gw2
check "what needs no IPsec is nobody's: not copied" eval 'set_policies gw2 hot && has_policies gw2 $POLICIES'
check "... and not closed on the node that has it" plain_ones
on gw1 no_odd_ones || give_up "policies"
check "... and nothing is left out when it is gone" busywait 5000 left_out 0 null
set_policies gw2 takeover

serve gw1 gw2
tap wan rem wan
sniff wan2 sw w-rem
talk flow1 1 50
talk flow2 2 50
traffic_for 1
check "sudden takeover" takeover gw1 gw2 sudden
check "... with all policies" has_policies gw2 $POLICIES
traffic_for 1
revive_node gw1
check "the former active follows" wait_step gw2 gw1
check "... and its own policies wait" busywait 10000 has_policies gw1 0
on gw2 policy_line 10.8.0.1/32 10.9.77.1/32 out 99 tunnel "$VIP" 192.0.2.100
check "a new policy waits, too" eval 'busywait 5000 knows_policies gw1 $((POLICIES + 1)) && has_policies gw1 0'
check "graceful takeover" takeover gw2 gw1 graceful
check "... with all policies" has_policies gw1 $((POLICIES + 1))
check "... and none are left at the other" busywait 10000 has_policies gw2 0
traffic_for 1
check "the other follows" wait_step gw1 gw2
stop flow1
stop flow2
stop wan
stop wan2
check "the traffic went on" eval "went_on flow1 50 && went_on flow2 50"
check "no number twice" no_duplicates wan
check "nothing was sent in clear text" sealed
check "no replay at the remote" no_replay_errors rem

check "off on the standby alone, which then serves: the other one keeps its own" eval \
	'set_policies gw2 off && takeover gw1 gw2 graceful && busywait 10000 is_hot gw1 && sleep 1 && knows_policies gw1 $POLICIES'
check "... and has them when it serves again" eval 'takeover gw2 gw1 graceful && has_policies gw1 $POLICIES && actions gw1 "action allow"'
ip -n gw2 xfrm policy del src 10.8.0.1/32 dst 10.9.77.1/32 dir out && set_policies gw2 takeover && wait_step gw1 gw2 || give_up "policies of gw2"

check "off on the active: the standby has none" eval 'set_policies gw1 off && busywait 10000 knows_policies gw2 0'
check "... and is hot" busywait 10000 is_hot gw2
check "... the active keeps its own" has_policies gw1 $POLICIES
check "takeover on the active: the standby gets them" eval \
	'set_policies gw1 takeover && busywait 10000 knows_policies gw2 $POLICIES && has_policies gw2 0'
xha gw2 group del "$GROUP"
check "without its group the standby has only what was its own" has_policies gw2 0
vip_del gw1
check "the demoted active's own wait" busywait 10000 has_policies gw1 0
set_policies gw1 off && vip_add gw1 || give_up "off"
check "... with off they are back when it is active" has_policies gw1 $POLICIES
vip_del gw1
check "... and stay" has_policies gw1 $POLICIES
xha gw1 group del "$GROUP"
check "... also when the group goes; what was learned is gone" has_policies gw1 $POLICIES
finish
