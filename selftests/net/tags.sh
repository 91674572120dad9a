#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Tags: what stock iproute2 shows of the role.

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"

# tags NODE FLAG MARK: all SAs have the flag, and the mark or no mark at all.
tags()
{
	local sas
	ip -n "$1" -s xfrm state list >"$TMP/long"
	ip -n "$1" xfrm state list >"$TMP/short"
	sas=$(grep -c '^src ' "$TMP/long")

	at_least 4 "$sas" "SAs on $1" && is "$sas" "$(grep -c "extra_flag $2" "$TMP/long")" "SAs on $1 with flag $2" || return 1
	if [ -n "$3" ]; then
		is "$sas" "$(grep -c "output-mark $3\$" "$TMP/short")" "SAs on $1 with output-mark $3"
	else
		is 0 "$(grep -c output-mark "$TMP/short")" "SAs on $1 with an output-mark"
	fi
}

untagged()
{
	ip -n "$1" -s xfrm state list >"$TMP/long"
	is 0 "$(grep -cE 'extra_flag 4[123]000000|output-mark' "$TMP/long")" "tagged SAs on $1"
}

own_mark() { is "output-mark 0x9/0xff" "$(ip -n "$1" xfrm state list spi 0x5001 | grep -o 'output-mark.*')" "mark of $1"; }

# Two actives that have not met: gw1 came later, so that its term is the higher one and gw2 is fenced.
fence()
{
	sync_cut gw1
	vip_add gw1 && is active "$(group_get gw1 .role)" "role of gw1, cut off" || return 1
	sync_mend gw1
	busywait 15000 role_is gw2 fenced
}

unfence() { vip_del gw2 && busywait 5000 role_is gw2 standby; }

begin 17
pair
tunnel gw1 1 gcm 32 && tunnel gw1 2 cbc esn || give_up "tunnels"
check "the standby holds the SAs" wait_step gw1 gw2
check "active: flag 41000000, no mark" tags gw1 41000000 ""
check "standby: flag 42000000, output-mark 0x48410002/0x0" tags gw2 42000000 0x48410002/0x0
check "a remote without the module has no tags" untagged rem

takeover gw1 gw2 graceful || give_up "takeover"
check "new active: flag 41000000, the mark is gone" tags gw2 41000000 ""
check "former active: flag 42000000, output-mark 0x48410002/0x0" tags gw1 42000000 0x48410002/0x0

algorithm gcm 5
sa_line "$VIP" 192.0.2.100 0x5001 50 tunnel gcm 32 output-mark 0x9 mask 0xff >"$TMP/own"
ip -n gw2 -batch "$TMP/own" || give_up "SA with an output-mark"
check "an SA with an output-mark comes to the standby" wait_step gw2 gw1
check "it keeps its mark on the active" own_mark gw2
check "... and on the standby" own_mark gw1
ip -n gw2 xfrm state del src "$VIP" dst 192.0.2.100 proto esp spi 0x5001 || give_up "delete"
wait_step gw2 gw1

check "the loser of a conflict is fenced" fence
check "fenced: flag 43000000, output-mark 0x48410003/0x0" tags gw2 43000000 0x48410003/0x0
check "its winner: flag 41000000, no mark" tags gw1 41000000 ""
check "when the loser's VIP goes it is a standby" unfence
check "... and shown as one" tags gw2 42000000 0x48410002/0x0
xha gw1 group del "$GROUP" && xha gw2 group del "$GROUP" || give_up "group del"
check "without the group nothing is tagged" eval "untagged gw1 && untagged gw2"
finish
