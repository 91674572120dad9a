#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Dumps: what the standby holds is what the active holds, in every field that iproute2 shows. What may differ is cut
# off by state_dump and policy_dump in sa.sh, with the reasons; what of it is the same without traffic is looked at here:
# what lifetimes have used, their dates, and inbound windows.

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
sub policy|out|ptype sub
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

may_wrap() { sa_get "$1" '[.[] | select(.may_wrap)] | length'; }

CARE_OF=0x30900

# Neither of its ends.
care_of() { key 77 20; ip netns exec gw1 xha-attrs add "$VIP" 192.0.2.100 $CARE_OF 999 "$REPLY" coa 198.51.100.7; }
same_care_of()
{
	ip -n gw2 xfrm state list spi $CARE_OF | grep -q "coa 198.51.100.7" && return 0
	ip -n gw2 xfrm state list spi $CARE_OF
	return 1
}

# What only newer kernels know, and what ip does not; NAT keepalives are the active's alone.
NEWER="dir 2 keepalive 20 pcpu 0 diff 77 age 1000"
# Of one that receives.
RECEIVES="mapping 33 diff 55"
newer()
{
	key 78 20
	# shellcheck disable=SC2086  # a list
	ip netns exec gw1 xha-attrs add "$VIP" 192.0.2.100 0x30901 999 "$REPLY" $NEWER
}

# shellcheck disable=SC2086  # a list
receives() { key 79 20; ip netns exec gw1 xha-attrs add 192.0.2.100 "$VIP" 0x30902 999 "$REPLY" $RECEIVES; }
received_of() { ip netns exec "$1" xha-attrs show "$VIP" 0x30902 | sort -u | tr '\n' ' '; }

# What ip cannot say: AH in BEET mode, and extended numbers without a window, for what is sent.
UNSAID="0x30903|ah 1 mode 4|AH in BEET mode
0x30904|dir 2 esn 0|extended numbers without a window"
declare -A UNSAID_REASON=()
unsaid()
{
	local spi words

	while IFS='|' read -r spi words _; do
		key "$((spi))" 20
		# shellcheck disable=SC2086  # a list
		UNSAID_REASON[$spi]=$(ip netns exec gw1 xha-attrs add "$VIP" 192.0.2.100 "$spi" 999 "$REPLY" $words 2>&1)
	done <<<"$UNSAID"
}

# same_unsaid: copied as they are, unless the kernel refuses them.
same_unsaid()
{
	local spi title

	while IFS='|' read -r spi _ title; do
		if [ -n "${UNSAID_REASON[$spi]}" ]; then
			ktap_skip "SA: $title" "refused: ${UNSAID_REASON[$spi]}"
		else
			check "SA: $title" same_line "spi 0x000${spi#0x}(" state
		fi
	done <<<"$UNSAID"
}

newer_of() { ip netns exec "$1" xha-attrs show 192.0.2.100 0x30901 | sort -u | tr '\n' ' '; }

# --- lifetimes ----------------------------------------------------------------------------------------------------

# Tunnels with traffic. Their request ids are not those of the SAs above.
TUNNELS="31 32 33"
SLOP=5		# s: whole seconds are counted, and what is said of them is under way for a while
GRACE=120	# s: a copy that is closed is shown so much younger, and not used; its real dates wait (XHA_PARKED)

# lives NODE: one line for each SA, sorted: its ends and its SPI, bytes, packets, and when it was added and first used, 0: not.
lives()
{
	ip -n "$1" -s xfrm state list | awk '
		function seconds(at) { return mktime($at " " $(at + 1) " " $(at + 2) " " $(at + 3) " " $(at + 4) " " $(at + 5)) }
		/^src / { key = $2 " " $4 }
		/^\tproto / { key = key " " $4 }
		/^\t *[0-9]+\(bytes\), / { spent = $1 " " $2; gsub(/\([a-z]*\),?/, "", spent) }
		/^\t *add / {
			gsub(/[-:]/, " ")
			print key, spent, seconds(2), (NF > 8 ? seconds(9) : 0)
		}' | sort
}

# The standby first: what it holds the active has, or has had.
both_lives() { lives gw2 >"$TMP/gw2.lives"; lives gw1 >"$TMP/gw1.lives"; }
beside() { paste -d ' ' "$TMP/gw1.lives" "$TMP/gw2.lives"; }

# What does not fit is printed, both nodes in one line.
never_ahead()
{
	both_lives
	beside | awk '
		$1 $2 $3 != $8 $9 $10 || $11 > $4 || $12 > $5 { print; n++ }
		END { exit (!NR || n > 0) }'
}

# fitting_lives [closed]: bytes and packets to the last one, dates but for SLOP. closed: gw2's are.
fitting_lives()
{
	beside | awk -v closed="${1:+1}" -v slop="$SLOP" -v grace="$GRACE" '
		function far(a, b) { return a - b > slop || b - a > slop }
		$1 $2 $3 != $8 $9 $10 || $4 != $11 || $5 != $12 ||
		far($6 + (closed ? grace : 0), $13) || (closed ? $14 : far($7, $14)) { print; n++ }
		END { exit (!NR || n > 0) }'
}

same_lives() { both_lives; fitting_lives closed; }
# ... after the takeover: as they were while gw1 served them.
kept_lives() { lives gw2 >"$TMP/gw2.lives"; fitting_lives; }

# None of its dates could be taken for one of now.
old_enough()
{
	lives gw1 | awk -v before=$((EPOCHSECONDS - 2 * SLOP)) '
		$6 > before || $7 > before { n++ }
		END { exit (!NR || n > 0) }'
}

# Numbers are missing between some that were received, or the maps say little.
have_holes()
{
	local n map

	for n in $TUNNELS; do
		map=$(window_of gw1 "$n" | cut -d ' ' -f 3)
		[[ $map =~ [0-9a-e].*[1-9a-f] ]] || { echo "window of tunnel $n: $map"; return 1; }
	done
}

# shellcheck disable=SC2086  # a list
all_windows() { same_windows gw1 gw2 $TUNNELS; }

# Copies that went from the standby are back.
healed() { is "$(sa_count gw1)" "$(sa_count gw2)" "SAs on gw1 and gw2" && in_step gw1 gw2; }

begin $(($(grep -c '|' <<<"$SAS") + 23))
pair sync-period-time 200ms
on gw1 sa_zoo || give_up "SAs"
on gw1 policy_zoo || give_up "policies"
care_of || give_up "an SA with a care-of address"
newer && receives || give_up "SAs with attributes that ip does not know"
unsaid
KNOWN=$(newer_of gw1)
# Lifetimes with limits are synced more often.
tunnel gw1 31 gcm 32 "$VIP" limit packet-hard 100000000 && tunnel gw1 32 gcm 1024 "$VIP" limit packet-hard 100000000 &&
	tunnel gw1 33 cbc esn || give_up "tunnels"
check "the standby holds them" wait_step gw1 gw2
check "complete dumps are the same" same_dumps gw1 gw2

n=0
while IFS='|' read -r title _; do
	[ -n "$title" ] || continue
	n=$((n + 1))
	check "SA with $title" same_sa "$n"
done <<<"$SAS"
check "... of which 'sa show' tells, on both, that a takeover does not carry it on" is "2 2" "$(may_wrap gw1) $(may_wrap gw2)" "SAs that may wrap"
check "SA with a care-of address" same_care_of
check "SA with direction, CPU, thresholds and keepalives, as far as the kernel knows them: without keepalives" \
	is "${KNOWN/keepalive 20 /}" "$(newer_of gw2)" "attributes"
check "SA that receives, with its thresholds" is "age 10 diff 55 mapping 33 " "$(received_of gw2)" attributes
same_unsaid
check "policies" diff -u "$TMP/gw1.policy" "$TMP/gw2.policy"
check "... a sub policy among them" same_line "ptype sub" policy

serve gw1 gw2
check "traffic" hundred first 31 gw1
tc -n sw qdisc add dev w-gw1 root netem loss 30% || give_up "no netem"
for n in $TUNNELS; do
	talk "flow$n" "$n" 200 --count 200
done
traffic_for 0.5
check "what a lifetime has used is never ahead of the active" never_ahead
for n in $TUNNELS; do
	wait "${JOB[flow$n]}"
done
tc -n sw qdisc del dev w-gw1 root
check "inbound windows have holes" have_holes
check "bytes and packets are the same without traffic, and SAs as old" busywait 10000 same_lives
check "... and inbound windows, bit by bit" busywait 5000 all_windows

busywait 60000 old_enough || give_up "SAs do not get older: $(lives gw1 | head -n 1)"
ip -n gw2 xfrm state deleteall
check "copies go, and come again" busywait 15000 healed
check "... they are as used and as old as the active's" busywait 5000 eval "same_lives && all_windows"

takeover gw1 gw2 sudden || give_up "takeover"
check "after a takeover they are the same, too" same_dumps gw1 gw2
check "... the policy that blocks blocks, others do not" is "action block" \
	"$(ip -n gw2 -s xfrm policy list | grep -A 1 "dst 10.9.14.1/32" | grep -o 'action [a-z]*')" action
check "... with keepalives" is "$KNOWN" "$(newer_of gw2)" "attributes"
diag "of $NEWER this kernel knows: ${KNOWN:-nothing}"
check "... and lifetimes, their dates, and windows are as they were" eval "kept_lives && all_windows"
finish
