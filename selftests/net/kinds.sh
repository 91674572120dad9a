#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# SA kinds: every one that the kernel accepts goes through two takeovers under traffic, all of them at once. The table has
# protocol x mode x families x replay window in full; on top of that, in pairs, algorithm, encapsulation, mark and
# interface. Each row is a pair of SAs with a remote address and SPIs of its own, and a flow of its own that is echoed.

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"
# shellcheck source=selftests/net/table.sh
. "$NET/table.sh"

# --- rows as SAs and policies -------------------------------------------------------------------------------------

# kind I: what row I is, and the words of its addresses: L, R the outer ends, H, T the inner ones here and there.
kind()
{
	local i=$1

	read -r PROTO MODE OUTER INNER WINDOW ALG UDP MARKED DEVICE <<<"${ROWS[i]}"
	L=$VIP R=192.0.2.$((101 + i)) OUTER_BITS=32
	[ "$OUTER" = 4 ] || { L=$VIP6 OUTER_BITS=128; printf -v R '2001:db8:2::1:%x' "$i"; }
	H=10.8.1.$i T=10.9.$i.1 BITS=32 PORT=5000
	[ "$INNER" = 4 ] || { BITS=128 PORT=5006; printf -v H '2001:db8:8::1:%x' "$i"; printf -v T '2001:db8:9:%x::1' "$i"; }
	[ "$MODE" != transport ] || H=$L T=$R
	REQID=$((i + 1)) DEV=k$i MARK=$((0x1000 + i)) IF_ID=$((0x2000 + i))
	printf -v OUT '0x%08x' $((0x10000 + i))
	printf -v IN '0x%08x' $((0x20000 + i))
	# Those of IPComp have 16 bits.
	[ "$PROTO" != comp ] || OUT=$((0x4000 + i)) IN=$((0x5000 + i))
	WORDS=""
	[ "$MARKED" = - ] || WORDS+=" mark $MARK mask 0xffffffff"
	[ "$DEVICE" = - ] || WORDS+=" if_id $IF_ID"
}

kind_sas()
{
	local words sel=""

	kind "$1"
	window "$WINDOW"
	words="reqid $REQID mode $MODE$WORDS"
	[ "$PROTO" = comp ] || words+=" $REPLY"
	[ "$UDP" = - ] || words+=" encap espinudp 4500 4500 0.0.0.0"
	[ "$MODE" != tunnel ] || [ "$OUTER" = "$INNER" ] || words+=" flag af-unspec"
	algorithm_words "$PROTO" "$ALG" $((0x10000 + $1))
	words+=" $REPLY"
	# A BEET SA is for two addresses, and puts them back.
	[ "$MODE" != beet ] || sel=" sel src $H dst $T"
	echo "xfrm state add src $L dst $R proto $PROTO spi $OUT $words$sel"
	[ "$MODE" != beet ] || sel=" sel src $T dst $H"
	echo "xfrm state add src $R dst $L proto $PROTO spi $IN $words$sel"
}

# policy SRC DST DIR OUTER-SRC OUTER-DST
policy()
{
	local level=""

	# What is too small was not compressed.
	[ "$PROTO,$3" != comp,in ] || level=" level use"
	echo "xfrm policy add src $1/$BITS dst $2/$BITS dir $3$WORDS tmpl src $4 dst $5 proto $PROTO reqid $REQID mode $MODE$level"
}

# kind_policies I DIR-OF-OUT DIR-OF-IN
kind_policies()
{
	kind "$1"
	policy "$H" "$T" "$2" "$L" "$R"
	policy "$T" "$H" "$3" "$R" "$L"
}

# kind_links I gw|rem: addresses, and what interfaces and routes a row needs.
kind_links()
{
	local here there

	kind "$1"
	here=$H there=$T
	[ "$2" = gw ] || here=$T there=$H
	[ "$2" = gw ] || echo "addr add $R/$OUTER_BITS dev wan $([ "$OUTER" = 4 ] || echo nodad)"
	[ "$MODE" = transport ] || echo "addr add $here/$BITS dev lo $([ "$INNER" = 4 ] || echo nodad)"
	[ "$DEVICE" != - ] || return 0
	echo "link add $DEV type xfrm dev wan if_id $IF_ID"
	echo "link set $DEV up"
	echo "route add $there/$BITS dev $DEV src $here"
}

# Every seventh row has its policies on both gateways from outside, as an IKE daemon on each would have them.
from_outside() { [ $(($1 % 7)) = 3 ]; }

# Rows that are accepted, or all until that is known.
each()
{
	local i

	for i in "${!ROWS[@]}"; do
		[ -n "${REASON[i]:-}" ] || "$1" "$i" "${@:2}"
	done
}

outside() { ! from_outside "$1" || kind_policies "$@"; }

# map I 4|6 HERE THERE...: elements for a map of marks, by one of the addresses of a row.
map()
{
	local name

	kind "$1"
	[ "$MARKED" != - ] || return 0
	name=$3
	[ "$3" != R ] || [ "$OUTER" = "$2" ] || return 0
	[ "$3" != T ] || [ "$INNER" = "$2" ] || return 0
	echo "${!name} : $MARK,"
}

# marks gw|rem: what comes for a marked row, and what goes into one, has its mark.
marks()
{
	local family outer=saddr inner=daddr

	[ "$1" = gw ] || outer=daddr inner=saddr
	for family in 4 6; do
		local ip=ip${family#4}
		cat <<-END
			table $ip marks {
				chain pre {
					type filter hook prerouting priority mangle;
					meta mark set $ip $outer map { $(each map $family R) }
				}
				chain out {
					type route hook output priority mangle;
					meta mark set $ip $inner map { $(each map $family T) }
				}
			}
		END
	done
}

# accepted: the rows go into the active one by one, and what the kernel says to one that it refuses is kept.
accepted()
{
	local i

	for i in "${!ROWS[@]}"; do
		kind_sas "$i" >"$TMP/row"
		ip -n gw1 -batch "$TMP/row" 2>"$TMP/refusal" && continue
		REASON[i]=$(sed -n 's/^Error: //p; s/^RTNETLINK answers: //p' "$TMP/refusal" | head -n 1)
		: "${REASON[i]:=$(head -n 1 "$TMP/refusal")}"
	done
}

# --- traffic ------------------------------------------------------------------------------------------------------

talk_one()
{
	kind "$1"
	start "kind-$1" rem xha-traffic client "$H" "$PORT" --bind "$T" --rate "$PACE" --window 1 --size 300 --linger "$LINGER"
}

kill_one() { kill "${JOB[kind-$1]}"; }
wait_one() { wait "${JOB[kind-$1]}"; }

# What one row has been through, from the tables made at the end.
kind_held()
{
	local i=$1 answers lost twice numbers

	read -r answers lost twice <<<"${VERDICT[kind-$i]:-0 0 0}"
	at_least "$ENOUGH" "$answers" answers && is 0 "$lost" "lost while a gateway had the VIP" &&
		is 0 "$twice" "answered twice" || { echo "VIP away: $AWAY"; books "kind-$i"; return 1; }
	kind "$i"
	if [ "$PROTO" = comp ]; then
		at_least "$ENOUGH" "$(used rem "$OUT" | tail -n 1)" "packets that were compressed"
		return
	fi
	numbers=${NUMBERS[$((OUT))]:-0 0}
	at_least "$ENOUGH" "${numbers% *}" "packets in the capture" && is 0 "${numbers#* }" "numbers twice"
}

verdict()
{
	local i=$1 name

	kind "$i"
	row_name
	name=$REPLY
	! from_outside "$i" || name+=", policies from outside"
	if [ -z "${REASON[i]:-}" ]; then
		check "$name" kind_held "$i"
	elif refusable "$i" || dropped "$name"; then
		ktap_skip "$name" "refused: ${REASON[i]}"
	else
		check "$name" is "" "${REASON[i]}" "refused"
	fi
}

# As many flows as there are rows, and none sends again before it was answered: what a guest cannot bear would be under way for
# seconds, and lost with the gateway.
RATE=2
IN_FLIGHT=$(patience 1000)000000
PACE=$(paced $RATE)
LINGER=$(longer 4)
ENOUGH=$((RATE * 4))
REASON=()
begin $((${#ROWS[@]} + 12))
check "the table has every pair of algorithm, encapsulation, mark and interface" pairs_complete
pair
for ns in gw1 gw2 rem; do
	start "natt-$ns" $ns xha-natt 0.0.0.0 4500
	start "natt6-$ns" $ns xha-natt :: 4500
done
accepted
check "the active has what the kernel accepts" at_least $((2 * (${#ROWS[@]} - ${#REASON[@]}))) "$(sa_count gw1)" SAs
on rem each kind_sas || give_up "SAs on rem"
for ns in gw1 gw2; do
	on $ns each kind_links gw || give_up "links of $ns"
	marks gw | ip netns exec $ns nft -f - || give_up "marks on $ns"
done
on rem each kind_links rem || give_up "links of rem"
marks rem | ip netns exec rem nft -f - || give_up "marks on rem"
on gw2 each outside out in || give_up "policies on gw2"
on gw1 each kind_policies out in || give_up "policies on gw1"
on rem each kind_policies in out || give_up "policies on rem"

held() { is "$(group_get gw1 '"\(.sas) \(.policy_count)"')" "$(group_get gw2 '"\(.sas) \(.policy_count)"')" "SAs and policies" && is_hot gw2; }
check "the standby holds every kind" busywait 15000 held
check "its SAs and policies are the active's" busywait 5000 same_dumps gw1 gw2
check "nothing was refused" is 0 "$(stat_get gw2 objects_refused)"

serve gw1 gw2
tap wan rem wan
each talk_one
traffic_for 3
check "sudden takeover of all kinds" takeover gw1 gw2 sudden
traffic_for 3
revive_node gw1
check "the former active becomes hot" busywait 15000 is_hot gw1
check "graceful takeover of all kinds" takeover gw2 gw1 graceful
traffic_for 3
each kill_one
each wait_one
stop wan
check "SAs and policies are the same on both again" busywait 5000 same_dumps gw1 gw2

declare -A VERDICT=() NUMBERS=()
while read -r name rest; do
	VERDICT[$name]=$rest
done <<<"$(cd "$TMP" && verdicts kind-*.json)"
while read -r spi rest; do
	NUMBERS[$spi]=$rest
done <<<"$(get wan '.sas[] | select(.dir == "in") | "\(.spi) \(.count) \(.duplicates)"')"
for i in "${!ROWS[@]}"; do
	verdict "$i"
done
check "the remote saw no number twice and no replay" no_replay_errors rem
finish
