#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# SAs that are not just ESP: AH, BEET, IPComp, bundles of them, interfaces that are tunnels (VTI, VTI6, xfrm), GRE over
# transport mode, ESP in UDP, no window. Each has a flow of its own through two takeovers.

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"

# KIND|VIP FAMILY|INNER FAMILY
KINDS=(
	"AH transport|4|4" "AH tunnel|4|4" "AH tunnel, ESN|4|4" "AH transport|6|6" "AH tunnel|6|6"
	"BEET|4|4" "BEET|6|6" "BEET|6|4"
	"IPComp tunnel over ESP|4|4" "IPComp tunnel over ESP|6|6" "AH over ESP over IPComp|4|4" "AH over ESP|4|4"
	"no window|4|4" "output-mark|4|4" "traffic flow padding|4|4" "ESP in UDP|4|4"
	"VTI|4|4" "VTI|6|6" "xfrm interface|4|4" "GRE over transport|4|4" "GRE with a key over transport|4|4"
)

# What the words of a kind stand for: L, R the outer ends, H, T the inner ones here and there, BITS, DEV.
kind()
{
	local i=$1 outer

	IFS='|' read -r NAME outer INNER <<<"${KINDS[i]}"
	L=$VIP R=192.0.2.$((201 + i)) OUTER_BITS=32
	[ "$outer" = 4 ] || { L=$VIP6 OUTER_BITS=128; printf -v R '2001:db8:2::2:%x' "$i"; }
	H=10.8.1.$i T=10.9.$((201 + i)).1 BITS=32 PORT=5000
	[ "$INNER" = 4 ] || { BITS=128 PORT=5006; printf -v H '2001:db8:8::1:%x' "$i"; printf -v T '2001:db8:9:ff%02x::1' "$i"; }
	DEV=k$i
	case $NAME in
	"AH transport") H=$L T=$R ;;
	esac
	printf -v OUT '0x%08x' $((0x50000 + i))
	printf -v IN '0x%08x' $((0x60000 + i))
	# Those of IPComp have 16 bits.
	CPI=$((0x8000 + i))
	REQ=$((1000 + i)) MARK=$((0x50 + i))
}

ah_alg() { key "$1" 32; REPLY="auth-trunc hmac(sha256) $REPLY 128"; }

# both PROTO MODE WINDOW ALGORITHM... [sel]: the two SAs; with SEL those of BEET, which have the inner addresses.
both()
{
	local proto=$1 mode=$2 win=$3 out=$OUT in=$IN
	shift 3

	# One more protocol of a bundle has other SPIs only for being told apart.
	[ "$proto" != comp ] || out=$CPI in=$((CPI + 256))
	echo "xfrm state add src $L dst $R proto $proto spi $out reqid $REQ mode $mode $win $* ${SEL:+sel src $H dst $T}"
	echo "xfrm state add src $R dst $L proto $proto spi $in reqid $REQ mode $mode $win $* ${SEL:+sel src $T dst $H}"
}

esp() { algorithm gcm "$OUT"; both esp "$1" "${3:-replay-window 32}" "$REPLY" "${2:-}"; }
ah() { ah_alg "$OUT"; both ah "$1" "${2:-replay-window 32}" "$REPLY"; }
comp() { both comp "$1" "" "comp deflate"; }

kind_sas()
{
	kind "$1"
	case $NAME in
	"AH transport") ah transport ;;
	"AH tunnel") ah tunnel ;;
	"AH tunnel, ESN") ah tunnel "replay-window 128 flag esn" ;;
	BEET) SEL=1 esp beet ;;
	"IPComp tunnel over ESP") comp tunnel; esp transport ;;
	"AH over ESP over IPComp") comp tunnel; esp transport; ah transport ;;
	"AH over ESP") esp tunnel; ah transport ;;
	"no window") esp tunnel "" "replay-window 0" ;;
	output-mark) esp tunnel "output-mark 0x77 mask 0xff" ;;
	"traffic flow padding") esp tunnel "tfcpad 300" ;;
	"ESP in UDP") esp tunnel "encap espinudp 4500 4500 0.0.0.0" ;;
	VTI) esp tunnel "mark $MARK mask 0xffffffff" ;;
	"xfrm interface") esp tunnel "if_id $MARK" ;;
	GRE*) esp transport ;;
	esac
}

# tmpl PROTO MODE SRC DST [LEVEL]
tmpl() { echo -n " tmpl $([ "$2" = transport ] || echo "src $3 dst $4") proto $1 reqid $REQ mode $2 ${5:-}"; }

# templates SRC DST [LEVEL of IPComp]
templates()
{
	case $NAME in
	"AH transport") tmpl ah transport "$1" "$2" ;;
	"AH tunnel"*) tmpl ah tunnel "$1" "$2" ;;
	BEET) tmpl esp beet "$1" "$2" ;;
	"IPComp tunnel over ESP") tmpl comp tunnel "$1" "$2" "$3"; tmpl esp transport "$1" "$2" ;;
	"AH over ESP over IPComp") tmpl comp tunnel "$1" "$2" "$3"; tmpl esp transport "$1" "$2"; tmpl ah transport "$1" "$2" ;;
	"AH over ESP") tmpl esp tunnel "$1" "$2"; tmpl ah transport "$1" "$2" ;;
	GRE*) tmpl esp transport "$1" "$2" ;;
	*) tmpl esp tunnel "$1" "$2" ;;
	esac
}

# kind_policies I SIDE: out and in, as the gateway (gw) or the remote (rem) has them.
kind_policies()
{
	local h t proto="" words="" here=out there=in

	kind "$1"
	h=$H/$BITS t=$T/$BITS
	case $NAME in
	VTI | "xfrm interface") h=::/0 t=::/0; [ "$INNER" = 6 ] || h=0.0.0.0/0 t=0.0.0.0/0 ;;
	GRE*) h=$L/32 t=$R/32 proto="proto 47" ;;
	esac
	case $NAME in
	VTI) words="mark $MARK mask 0xffffffff" ;;
	"xfrm interface") words="if_id $MARK" ;;
	esac
	[ "$2" = gw ] || here=in there=out
	# What is too small was not compressed.
	echo "xfrm policy add src $h dst $t $proto dir $here $words" \
		"$(templates "$L" "$R" "$([ $here = out ] || echo level use)")"
	echo "xfrm policy add src $t dst $h $proto dir $there $words" \
		"$(templates "$R" "$L" "$([ $there = out ] || echo level use)")"
}

# kind_links I SIDE: addresses, and what devices and routes a kind needs.
kind_links()
{
	local from to here there

	kind "$1"
	from=$L to=$R here=$H there=$T
	[ "$2" = gw ] || from=$R to=$L here=$T there=$H
	[ "$2" = gw ] || echo "addr add $R/$OUTER_BITS dev wan $([ "$OUTER_BITS" = 32 ] || echo nodad)"
	# While it is tentative it is no source of a route.
	[ "$H" = "$L" ] || echo "addr add $here/$BITS dev lo $([ "$INNER" = 4 ] || echo nodad)"
	case $NAME in
	VTI) echo "link add $DEV type vti$([ "$INNER" = 4 ] || echo 6) local $from remote $to key $MARK" ;;
	"xfrm interface") echo "link add $DEV type xfrm dev wan if_id $MARK" ;;
	"GRE over transport") echo "link add $DEV type gre local $from remote $to" ;;
	"GRE with"*) echo "link add $DEV type gre local $from remote $to key 7" ;;
	*) return ;;
	esac
	echo "link set $DEV up"
	echo "route add $there/$BITS dev $DEV src $here"
}

all() { local i; for i in "${!KINDS[@]}"; do "$1" "$i" "${@:2}"; done; }

talk_all()
{
	local i

	for i in "${!KINDS[@]}"; do
		kind "$i"
		start "kind-$i" rem xha-traffic client "$H" "$PORT" --bind "$T" --rate "$(paced 5)" --size 400 --linger "$(longer 1)"
	done
}

# Too small to be compressed: it travels by the helper states alone.
small_ones()
{
	local i

	for i in "${!KINDS[@]}"; do
		[[ ${KINDS[i]} == *IPComp* ]] || continue
		kind "$i"
		"$1" "$i"
	done
}

talk_small() { start "small-$1" rem xha-traffic client "$H" "$PORT" --bind "$T" --rate "$(paced 5)" --size 32 --linger "$(longer 1)"; }
small_stops() { stop "small-$1"; }
small_went_on() { went_on "small-$1" 20 || SMALL=1; }
all_small_went_on() { local SMALL=0; small_ones small_went_on; return $SMALL; }

compressed() { at_least 10 "$(ip -n rem -s xfrm state list proto comp | sed -n 's/.* \([0-9]*\)(packets)$/\1/p' | sort -n | tail -n 1)" "packets of IPComp"; }

# IPComp's helper states are neither seen nor missed: no walk over IPsec's protocols meets them.
none_left_out() { is "" "$(sa_get gw1 '.[] | .not_replicated | select(. != null)')" "reasons"; }

begin $((${#KINDS[@]} + 13))
pair
for ns in gw1 gw2; do
	on $ns all kind_links gw || give_up "links of $ns"
	start "natt-$ns" $ns xha-natt 0.0.0.0 4500
done
on rem all kind_links rem || give_up "links of rem"
start natt-rem rem xha-natt 0.0.0.0 4500
on gw1 all kind_sas && on rem all kind_sas || give_up "SAs"
on gw1 all kind_policies gw && on rem all kind_policies rem || give_up "policies"

held() { is "$(group_get gw1 '"\(.sas) \(.policy_count)"')" "$(group_get gw2 '"\(.sas) \(.policy_count)"')" "SAs and policies" && is_hot gw2; }
check "the standby holds every kind" busywait 15000 held
check "its SAs and policies are the active's" busywait 5000 same_dumps gw1 gw2
check "nothing was refused" is 0 "$(stat_get gw2 objects_refused)"
check "nothing is left out" none_left_out

serve gw1 gw2
tap wan rem wan
talk_all
small_ones talk_small
traffic_for 2
check "sudden takeover of all kinds" takeover gw1 gw2 sudden
traffic_for 2
revive_node gw1
check "the former active becomes hot" busywait 15000 is_hot gw1
check "graceful takeover of all kinds" takeover gw2 gw1 graceful
traffic_for 2
for i in "${!KINDS[@]}"; do
	kill "${JOB[kind-$i]}"
done
for i in "${!KINDS[@]}"; do
	wait "${JOB[kind-$i]}"
done
small_ones small_stops
stop wan
for i in "${!KINDS[@]}"; do
	kind "$i"
	check "$NAME, IPv$INNER in $L" went_on "kind-$i" 20
done
check "some of it was compressed" compressed
check "what is too small for that goes on, too" all_small_went_on
check "no number twice" no_duplicates wan
check "no replay at the remote" no_replay_errors rem
finish
