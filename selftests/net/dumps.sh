#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Dumps: what the standby holds is what the active holds, in every field that iproute2 shows. What may differ is cut
# off by state_dump and policy_dump in sa.sh, with the reasons; what remains of it is looked at here.

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"

# One SA for each thing that an SA can have. TITLE|WINDOW|WORDS after the algorithm.
SAS="
selector|32|sel src 10.8.0.0/24 dst 10.9.0.0/16 proto 17 sport 5000 dport 77
selector with ports of any protocol|32|sel src 10.8.0.1/32 dst 10.9.1.1/32
mark|32|mark 0x5 mask 0xff
output-mark|32|output-mark 0x9 mask 0xff
if_id|32|if_id 0x77
flags|32|flag noecn decap-dscp nopmtudisc wildrecv icmp align4
extra flags|32|extra-flag dont-encap-dscp
extra flag for outbound numbers|32|extra-flag oseq-may-wrap
traffic flow padding|32|tfcpad 256
UDP encapsulation|32|encap espinudp 4500 4500 0.0.0.0
byte limits|32|limit byte-soft 1000000 limit byte-hard 2000000
packet limits|32|limit packet-soft 100000 limit packet-hard 200000
time limits|32|limit time-soft 3000 limit time-hard 3600
use limits|32|limit time-use-soft 3000 limit time-use-hard 3600
large bitmap|bitmap 4000|
large ESN window|esn 4000|
small ESN window|esn 32|
any family|32|flag af-unspec
"

# One policy each, in the direction given.
POLICIES="
priority|out|priority 1234
mark|out|mark 0x6 mask 0xff
if_id|out|if_id 0x78
blocking|out|action block
limits|out|limit byte-soft 1000 limit time-hard 3600
local override|out|flag localok icmp
forward|fwd|priority 7
"

window_words()
{
	case $1 in
	bitmap*) echo "replay-window ${1#bitmap }" ;;
	esn*) echo "replay-window ${1#esn } flag esn" ;;
	*) echo "replay-window $1" ;;
	esac
}

# add SAS or POLICIES, each with a number of its own
sa_zoo()
{
	local title win words n=0

	while IFS='|' read -r title win words; do
		[ -n "$title" ] || continue
		n=$((n + 1))
		algorithm gcm "$n"
		echo "xfrm state add src $VIP dst 192.0.2.100 proto esp spi $((0x30000 + n)) reqid $n mode tunnel" \
			"$(window_words "$win") $REPLY $words"
		algorithm cbc "$((n + 100))"
		echo "xfrm state add src 192.0.2.100 dst $VIP proto esp spi $((0x40000 + n)) reqid $n mode tunnel" \
			"$(window_words "$win") $REPLY $words"
	done <<<"$SAS"
}

policy_zoo()
{
	local title dir words n=0

	while IFS='|' read -r title dir words; do
		[ -n "$title" ] || continue
		n=$((n + 1))
		case $dir in
		out) policy_line 10.8.0.1/32 "10.9.1$n.1/32" out 900 tunnel "$VIP" 192.0.2.100 "$words" ;;
		*) policy_line "10.9.1$n.1/32" 10.8.0.1/32 "$dir" 900 tunnel 192.0.2.100 "$VIP" "$words" ;;
		esac
	done <<<"$POLICIES"
	echo "xfrm policy add src 10.8.0.1/32 dst 10.9.99.1/32 dir out" \
		"tmpl proto comp reqid 901 mode transport tmpl src $VIP dst 192.0.2.100 proto esp reqid 900 mode tunnel"
}

# same_line TEXT state: the lines with it in the dumps that same_dumps has left are the same, and there is one.
same_line()
{
	is "$(grep -F "$1" "$TMP/gw1.$2")" "$(grep -F "$1" "$TMP/gw2.$2")" "$2" && grep -qF "$1" "$TMP/gw1.$2"
}

same_sa()
{
	local out in

	printf -v out 'spi 0x%08x(' $((0x30000 + $1))
	printf -v in 'spi 0x%08x(' $((0x40000 + $1))
	same_line "$out" state && same_line "$in" state
}

# Lifetimes: no older than the periods in which they are synced say, never ahead of the active.
added() { ip -n "$1" -s xfrm state list spi "$2" | sed -n 's/^\t *add \([-0-9]* [0-9:]*\) .*/\1/p'; }

lifetimes_follow()
{
	spi_in 1
	is "$(used gw1 "$REPLY")" "$(used gw2 "$REPLY")" "packets received, gw1 and gw2" || return 1
	spi_out 1
	is "$(used gw1 "$REPLY")" "$(used gw2 "$REPLY")" "packets sent, gw1 and gw2"
}

never_ahead()
{
	local copy
	copy=$(used gw2 "$1")
	at_most "$(used gw1 "$1")" "$copy" "packets on gw2, with those of gw1 as the bound"
}

begin $(($(grep -c '|' <<<"$SAS") + 8))
pair sync-period-time 200ms
on gw1 sa_zoo || give_up "SAs"
on gw1 policy_zoo || give_up "policies"
tunnel gw1 1 gcm 32 $VIP limit packet-hard 100000000 || give_up "tunnel"
check "the standby holds them" wait_step gw1 gw2
check "complete dumps are the same" same_dumps gw1 gw2

n=0
while IFS='|' read -r title _; do
	[ -n "$title" ] || continue
	n=$((n + 1))
	check "SA with $title" same_sa "$n"
done <<<"$SAS"
check "policies" diff -u "$TMP/gw1.policy" "$TMP/gw2.policy"

serve gw1 gw2
talk flow 1 200 --count 200
spi_out 1
check "what a lifetime has used is never ahead of the active" never_ahead "$REPLY"
wait "${JOB[flow]}"
check "... and follows" busywait 5000 lifetimes_follow
takeover gw1 gw2 sudden || give_up "takeover"
check "after a takeover they are the same, too" same_dumps gw1 gw2
finish
