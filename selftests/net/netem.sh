#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A bad sync link: loss, duplicates, reordering, delay, corruption, a narrow path, each alone and all together. SAs come,
# change and go all along; when that ends both gateways hold the same. Takeovers in the middle, now with a warning and now
# without: nobody uses a number twice, and what was there before goes on.

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

ACTIVE=gw1 STANDBY=gw2 HOW=graceful
ROUNDS=${CHURN:-15}
STEP=0
LINKS=(
	"loss|loss 30%"
	"duplicates|duplicate 20%"
	"reordering|delay 20ms 15ms distribution normal reorder 50%"
	"delay with jitter|delay 200ms 50ms"
	"corruption|corrupt 1%"
	"narrow|limit 1000"
	"all together|loss 30% duplicate 20% delay 200ms 50ms corrupt 1%"
)

# impair RULE...: both directions of the sync link.
impair()
{
	tc -n sw qdisc replace dev s-gw1 root netem "$@" && tc -n sw qdisc replace dev s-gw2 root netem "$@"
}

# width MTU: of the whole link.
width()
{
	local n

	for n in gw1 gw2; do
		ip -n "$n" link set sync mtu "$1" && ip -n sw link set "s-$n" mtu "$1" || return 1
	done
}

# churn_lines N: of ten pairs of SAs one goes and comes, and another one gets other limits.
churn_lines()
{
	local n=$((20 + $1 % 10)) m=$((20 + ($1 + 5) % 10))

	spi_out "$n"
	echo "xfrm state del src $VIP dst 192.0.2.100 proto esp spi $REPLY"
	spi_in "$n"
	echo "xfrm state del src 192.0.2.100 dst $VIP proto esp spi $REPLY"
	tunnel_sas "$n"
	pair_lines "$m" "$VIP" 192.0.2.100 tunnel gcm 32 limit time-hard $((5000 + $1)) | sed 's/state add/state update/'
}

# churn ROUNDS, or until there is enough
churn()
{
	local i

	for ((i = 0; i < $1; i++)); do
		[ ! -e "$TMP/enough" ] || return 0
		STEP=$((STEP + 1))
		churn_lines "$STEP" >"$TMP/churn"
		# What is not there yet cannot go, nor change.
		ip -n "$ACTIVE" -force -batch "$TMP/churn" 2>"$TMP/churn.err"
	done
}

# changed TITLE: the link is as it is.
changed()
{
	churn "$ROUNDS"
	check "$1: when changes stop, both are equal within 5 s" busywait 5000 same_dumps gw1 gw2
	check "$1: ... and the standby gets hot" wait_step "$ACTIVE" "$STANDBY" 30000
}

# moved TITLE: in the middle of changes.
moved()
{
	local before=$ACTIVE changes

	rm -f "$TMP/enough"
	churn 1000 &
	changes=$!
	sleep 1
	check "$1: takeover, $HOW" takeover "$ACTIVE" "$STANDBY" "$HOW"
	touch "$TMP/enough"
	wait "$changes"
	rm -f "$TMP/enough"
	ACTIVE=$STANDBY STANDBY=$before
	traffic_for 0.5
	case $HOW in
	sudden)
		revive_node "$before"
		HOW=graceful
		;;
	graceful) HOW=sudden ;;
	esac
	check "$1: ... the other one follows" wait_step "$ACTIVE" "$STANDBY" 30000
}

begin $((${#LINKS[@]} * 4 + 6))
pair
new_key one
relink local 10.150.0.@ remote 10.150.0.% dev sync key-file "$TMP/one" || give_up "no key"
tunnel gw1 1 gcm 1024 && tunnel gw1 2 cbc esn || give_up "tunnels"
check "the standby holds the SAs" wait_step gw1 gw2
serve gw1 gw2
tap wan rem wan
talk flow1 1 50
talk flow2 2 50

for link in "${LINKS[@]}"; do
	title=${link%%|*}
	case $title in
	narrow | all*) width 1280 || give_up "no MTU" ;;
	esac
	# shellcheck disable=SC2086  # a list
	impair ${link#*|} || give_up "no netem"
	# Four losses in a row come about: not with doubled timers on top.
	case $title in
	all*) xha gw1 peer set 2 rto-max 500ms && xha gw2 peer set 1 rto-max 500ms || give_up "rto" ;;
	esac
	changed "$title"
	moved "$title"
	width 1500
done

stop flow1
stop flow2
stop wan
check "the traffic went on" eval "went_on flow1 500 && went_on flow2 500"
check "no number twice" no_duplicates wan
check "no replay at the remote" no_replay_errors rem
finish
