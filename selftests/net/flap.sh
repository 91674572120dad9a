#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Flapping: the VIPs go and come again, FLAPS times (25), here or there, after pauses of any length, under traffic. Nothing is
# used twice, nothing leaks, and what it costs in numbers is said. SEED=N for the same again.

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"

FLAPS=${FLAPS:-25}
RANDOM=${SEED:=$((RANDOM + 1))}
FLOWS=(1 2 3 4)
# What slabs may grow by, kB: caches of namespaces and programs come and go. KASAN keeps what was freed; where it is,
# kmemleak looks for what was not.
GROWTH=1024
[ "${XHA_PATIENCE:-1}" -le 3 ] || GROWTH=262144

# pause MS: up to so many.
pause()
{
	local ms

	ms=$(patience $((RANDOM % $1)))
	sleep "$((ms / 1000)).$(printf '%03d' $((ms % 1000)))"
}

flap()
{
	local next=gw$((RANDOM % 2 + 1))

	vip_gone
	vip_del "$HAS" && pause 60 && vip_move_to "$next" && role_is "$next" active || return 1
	[ "$next" = "$HAS" ] || MOVED=$((MOVED + 1))
	HAS=$next
	pause 250
}

flap_all()
{
	local i

	for ((i = 0; i < $1; i++)); do
		flap || { echo "flap $i"; return 1; }
	done
}

slabs() { awk '/^SUnreclaim/ { print $2 }' /proc/meminfo; }

flows_went_on()
{
	local n

	for n in "${FLOWS[@]}"; do
		stop "flow$n"
		went_on "flow$n" || return 1
	done
}

other() { [ "$HAS" = gw1 ] && echo gw2 || echo gw1; }

begin 12
HAS=gw1 MOVED=0
pair
tunnel gw1 1 gcm 128 && tunnel gw1 2 cbc esn && tunnel gw1 3 chacha 32 && tunnel gw1 4 ccm esn || give_up "tunnels"
wait_step gw1 gw2 || give_up "not in step"
serve gw1 gw2
tap wan rem wan
for n in "${FLOWS[@]}"; do
	talk "flow$n" "$n" 50
done
diag "SEED=$SEED FLAPS=$FLAPS"
flap_all 10 || give_up "the first flaps"
before=$(slabs) term=$(group_get "$HAS" .term)
check "the VIPs come and go" flap_all "$FLAPS"
check "both in step after that" wait_step "$HAS" "$(other)"
check "each time the term is higher: of who left, and mostly of who took over" at_least $((term + FLAPS)) "$(group_get "$HAS" .term)" term
check "not more than these" at_most $((term + 2 * FLAPS + 1)) "$(group_get "$HAS" .term)" term
check "traffic went on" flows_went_on
stop wan
check "no number twice" no_duplicates wan
check "no replay at the remote" no_replay_errors rem
figure "$((FLAPS + 10)) flaps, $MOVED of them to the other node; numbers of each SA, used and passed:" \
	"$(get wan '[.sas[] | select(.dir == "in") | "\(.count)/\(.max - .min + 1)"] | join(" ")')"
check "SAs and policies are the same on both" busywait 5000 same_dumps gw1 gw2
check "nothing has been retired" is "0 0" "$(stat_get gw1 sas_exhausted) $(stat_get gw2 sas_exhausted)" sas_exhausted
figure "kB in slabs: $before before, $(slabs) after $FLAPS flaps"
check "no memory is left behind" at_most $((before + GROWTH)) "$(slabs)" "kB in slabs"
finish
