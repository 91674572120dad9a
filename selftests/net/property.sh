#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What must be true whatever happens: random schedules of traffic, losses, cuts of the link, kills, takeovers, planned or
# not, by standbys that are hot or not, rekeys. Books at the remote tell that no gateway has used a number again and that
# the remote had no reason to refuse one. At each takeover all that the gateways have ever got comes again, and is refused
# but for what the periods of the sync leave open.
#
# SCHEDULES=N how many (50); SEED=N of the first one. Each has a seed of its own: SCHEDULES=1 with it does that one again.

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"
# shellcheck source=selftests/net/gateways.sh
. "$NET/gateways.sh"
# shellcheck source=selftests/net/replays.sh
. "$NET/replays.sh"
# shellcheck source=selftests/net/schedule.sh
. "$NET/schedule.sh"
# shellcheck source=selftests/net/steps.sh
. "$NET/steps.sh"

SCHEDULES=${SCHEDULES:-50}
SEED=${SEED:-$((RANDOM << 15 | RANDOM))}

remote()
{
	local n

	for ((n = 1; n <= TUNNELS; n++)); do
		echo "addr add 10.9.$n.1/32 dev lo"
		echo "route replace ${ENDPOINTS[n]} via ${HOPS[n]}"
		remote_policies "$n" "${ENDPOINTS[n]}"
	done
	echo "route replace 10.8.0.0/16 via ${HOPS[1]}"
}

policies()
{
	local n

	for ((n = 1; n <= TUNNELS; n++)); do
		gateway_policies "$n" "${ENDPOINTS[n]}"
	done | sed 's/policy add/policy update/'
}

crowd()
{
	local n words

	algorithm gcm 1
	words=$REPLY
	for ((n = 1; n <= CROWD; n++)); do
		echo "xfrm state add src ${ENDPOINTS[1]} dst 192.0.2.100 proto esp spi $((4 * BASE + n)) mode tunnel $words"
		echo "xfrm state add src 192.0.2.100 dst ${ENDPOINTS[1]} proto esp spi $((5 * BASE + n)) mode tunnel $words"
	done
}

# Both gateways from nothing.
both()
{
	local ns

	for ns in "${!ALIVE[@]}"; do
		isolate "$ns"
	done
	for ns in gw1 gw2; do
		[ ! -e "/run/netns/$ns" ] || bury "$ns"
		birth "$ns" || return 1
	done
	ACTIVE=gw1 STANDBY=gw2 CUT="" LINKED=1
	ip -n gw1 addr add "$VIP/32" dev wan && event gw1 active
}

# told STATUS MS: the story of a schedule that went wrong.
told()
{
	echo "$2 ms"
	[ "$1" = 0 ] || cat "$TMP/schedule"
	return "$1"
}

no_faults() { is 0 "${FAULTS[$1]:-0}" "schedules that failed for it"; }

begin $((SCHEDULES + 10))
topology
remote >"$TMP/batch"
ip -n rem -batch "$TMP/batch" || give_up "remote"
policies >"$TMP/policies"
crowd >"$TMP/crowd"
start echo-rem rem xha-traffic server 0.0.0.0 5000
books_open
both || give_up "gateways"

diag "SEED=$SEED SCHEDULES=$SCHEDULES"
seed=$SEED
for ((i = 1; i <= SCHEDULES; i++)); do
	began=$(now_ms)
	schedule "$seed" >"$TMP/schedule" 2>&1
	bad=$?
	took=$(($(now_ms) - began))
	check "seed $seed: $STEPS" told "$bad" "$took" || both >"$TMP/both" 2>&1 || give_up "$(cat "$TMP/both")"
	seed=$(((seed * 1103515245 + 12345) & 0x7fffffff))
done
stop echo-rem

diag "$TAKEOVERS takeovers, $REPLAYED packets replayed, $GOT_IN of them taken"
diag "taken again $TAKEN_AGAIN, by the takeovers' estimates $ESTIMATED; where the active was heard to the end $HEARD_AGAIN, $HEARD_ESTIMATED"
# One alone may have none.
check "there was something to look at" at_least $((SCHEDULES > 1 ? SCHEDULES : 0)) "$TAKEOVERS" takeovers
check "no number was used twice" no_faults numbers
check "the remote had no number to refuse" no_faults refused
check "no replayed packet got in that had to be known" no_faults replays
check "what takeovers say of their exposure holds, if they have heard the active" at_most $((HEARD_ESTIMATED + 20)) "$HEARD_AGAIN" \
	"packets taken again"
check "... and is no more than all that had come" at_most "$REPLAYED" "$HEARD_ESTIMATED" "packets, by the estimates"
check "what was acked was there" no_faults acked
check "standbys got hot again" no_faults hot
finish
