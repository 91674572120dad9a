#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Changes: whatever happens to SAs and policies on the active happens on the standby too, under traffic; and what
# nobody announced is found.

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"

has_sa() { is 1 "$(ip -n "$1" xfrm state list spi "$2" | grep -c '^src ')" "SAs with SPI $2 on $1"; }
no_sa() { is 0 "$(ip -n "$1" xfrm state list spi "$2" | grep -c '^src ')" "SAs with SPI $2 on $1"; }
shows() { ip -n "$1" -s xfrm "$2" list | grep -F -- "$3" >"$TMP/shows" || { echo "no '$3' on $1"; return 1; }; }
shows_not() { ! shows "$@" >"$TMP/shows" || { echo "'$3' on $1"; return 1; }; }

# A second node that comes when everything has been running for long.
late_join()
{
	node gw2 gw1 && group gw2 && wait_step gw1 gw2 && same_dumps gw1 gw2
}

# On the active an SA of tunnel N changes its limit and its lifetime.
update_sa()
{
	spi_out 2
	sa_line "$VIP" 192.0.2.100 "$REPLY" 3 tunnel cbc esn limit byte-hard 123456789 limit time-hard 7777 >"$TMP/update"
	sed -i 's/state add/state update/' "$TMP/update"
	ip -n gw1 -batch "$TMP/update" && shows gw1 state 123456789
}

update_policy()
{
	policy_line 10.8.0.1/32 10.9.2.1/32 out 3 tunnel "$VIP" 192.0.2.100 priority 4711 >"$TMP/update"
	sed -i 's/policy add/policy update/' "$TMP/update"
	# Without the old one's priority it would be a second policy.
	ip -n gw1 xfrm policy del src 10.8.0.1/32 dst 10.9.2.1/32 dir out && ip -n gw1 -batch "$TMP/update"
}

change_policy()
{
	policy_line 10.8.0.1/32 10.9.2.1/32 out 3 tunnel "$VIP" 192.0.2.100 priority 4711 flag icmp >"$TMP/update"
	sed -i 's/policy add/policy update/' "$TMP/update"
	ip -n gw1 -batch "$TMP/update"
}

delete_sa() { spi_out "$1"; ip -n gw1 xfrm state del src "$VIP" dst 192.0.2.100 proto esp spi "$REPLY"; }

# An SA whose local endpoint no group names: the usual mistake.
stray()
{
	sa_line 10.175.0.1 192.0.2.100 0x7001 70 tunnel gcm 32 >"$TMP/stray"
	ip -n gw1 -batch "$TMP/stray"
}

stray_reason() { sa_get gw1 '.[] | select(.spi == "0x00007001") | .not_replicated'; }
not_replicated() { is "$1" "$(group_get gw1 .not_replicated)" "not_replicated"; }
reason_said() { stray_reason | grep -q "no group has local 10.175.0.1" || { stray_reason; return 1; }; }

no_states() { is 0 "$(sa_count "$1")" "states on $1"; }
healed() { is "$(sa_count gw1)" "$(sa_count gw2)" "SAs on gw1 and gw2" && in_step gw1 gw2; }


begin 34
topology gw1 gw2
node gw1 gw2 && group gw1 && vip_move_to gw1 || give_up "gw1"
tunnel gw1 1 gcm 32 && tunnel gw1 2 cbc esn && tunnel gw1 3 chacha 128 || give_up "tunnels"
serve gw1
talk flow 1 50
tap wan rem wan
check "alone, the active serves" busywait 3000 role_is gw1 active
check "late join: the newcomer gets everything" late_join
serve gw2

check "add" tunnel gw1 4 gcm 32
check "... is followed" wait_step gw1 gw2
check "... with its policies" same_dumps gw1 gw2
check "update of an SA" update_sa
check "... is followed" busywait 5000 shows gw2 state 123456789
check "... and nothing else has changed" busywait 5000 same_dumps gw1 gw2
check "another priority of a policy" update_policy
check "... is followed" busywait 5000 shows gw2 policy "priority 4711"
check "update of a policy" change_policy
check "... is followed" busywait 5000 shows gw2 policy "flag icmp"
check "... and nothing is left of the old ones" busywait 5000 same_dumps gw1 gw2
check "delete" delete_sa 3
spi_out 3
check "... is followed" busywait 5000 no_sa gw2 "$REPLY"
check "delete of a policy" ip -n gw1 xfrm policy del src 10.8.0.1/32 dst 10.9.3.1/32 dir out
check "... is followed" busywait 5000 shows_not gw2 policy "src 10.8.0.1/32 dst 10.9.3.1/32"

sa_line "$VIP" 192.0.2.100 0x7101 71 tunnel gcm 32 limit time-hard 2 >"$TMP/short"
ip -n gw1 -batch "$TMP/short" || give_up "an SA with a limit"
check "an SA with a limit comes to the standby" busywait 1500 has_sa gw2 0x7101
check "expiry on the active removes it from the standby" busywait 8000 no_sa gw2 0x7101
check "and it is gone on the active" no_sa gw1 0x7101

stray
check "an SA in no group is counted" busywait 3000 not_replicated 1
check "... and shown with the reason" reason_said
xha gw1 group set "$GROUP" local add 10.175.0.1
xha gw2 group set "$GROUP" local add 10.175.0.1
check "when its endpoint is named it is replicated" busywait 10000 has_sa gw2 0x7001
check "... and not counted any more" busywait 5000 not_replicated 0
check "... and the standby is hot again" wait_step gw1 gw2

BULKS=$(stat_get gw1 bulks_started)
ip -n gw2 xfrm state deleteall
check "SAs removed behind the standby's back come again" busywait 15000 healed
check "... unchanged" same_dumps gw1 gw2
check "... by another copy" at_least $((BULKS + 1)) "$(stat_get gw1 bulks_started)" bulks_started
ip -n gw2 xfrm policy deleteall
check "so do policies" busywait 15000 eval "[ \$(policy_count gw1) = \$(policy_count gw2) ] && in_step gw1 gw2"

takeover gw1 gw2 graceful || give_up "takeover"
traffic_for 0.5
stop flow
stop wan
check "the flow went on all along, and over a takeover" went_on flow 50
check "no number twice" no_duplicates wan
wait_step gw2 gw1
ip -n gw2 xfrm state flush
check "flush is followed" busywait 5000 no_states gw1
finish
