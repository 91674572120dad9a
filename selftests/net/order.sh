#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What comes late, in the wrong order, or cannot be taken: the standby ends right, says what it lacks, and nothing goes
# round in circles.

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"

LATE=$((3 * ${XHA_PATIENCE:-1}))	# seconds
ADDED=0xd001
MANY=150	# tunnels

has_sa() { is 1 "$(ip -n "$1" xfrm state list spi "$2" | grep -c '^src ')" "SAs with SPI $2 on $1"; }
no_sa() { is 0 "$(ip -n "$1" xfrm state list spi "$2" | grep -c '^src ')" "SAs with SPI $2 on $1"; }
limit_is() { ip -n "$1" -s xfrm state list spi "$2" | grep -q "hard $3(sec)"; }

# hold: what goes to the standby comes late. let_go: what follows comes at once, before it.
hold() { tc -n sw qdisc replace dev s-gw2 root netem delay ${LATE}s limit 10000; }
let_go() { tc -n sw qdisc change dev s-gw2 root netem delay 1ms limit 10000; }

# hold_full: only frames of 1024 bytes and more come late, which are full of objects. BEGIN, CHECK and heartbeats pass.
hold_full()
{
	tc -n sw qdisc add dev s-gw2 root handle 1: prio bands 2 priomap 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 &&
		tc -n sw qdisc add dev s-gw2 parent 1:2 handle 2: netem delay $((2 * LATE))s limit 10000 &&
		tc -n sw filter add dev s-gw2 parent 1: protocol ip prio 1 u32 match u16 0x0400 0x0400 at 2 flowid 1:2
}

let_full_go() { tc -n sw qdisc change dev s-gw2 parent 1:2 handle 2: netem delay 1ms limit 10000; }

many() { local n; for ((n = 100; n < 100 + MANY; n++)); do tunnel_sas "$n"; done; }

# one ACTION [MORE of the SA]...
one() { sa_line "$VIP" 192.0.2.100 $ADDED 80 tunnel gcm 32 "${@:2}" | sed "s/state add/state $1/" >"$TMP/one"; ip -n gw1 -batch "$TMP/one"; }

mark() { STALE=$(stat_get gw2 records_stale); }
# some_stale [HOW-MANY]
some_stale() { at_least $((STALE + ${1:-1})) "$(stat_get gw2 records_stale)" "records that came too late"; }

# overtaken COMMAND...: while it is done frames are held, then others overtake them.
overtaken()
{
	mark
	hold
	"$@" || return 1
	sleep 0.3 # some frames are on their way
	let_go
}

# Those of a full frame at least were given up, to be sent again.
given_up() { at_least $((RESENT + 5)) "$(peer_get gw1 2 .resent)" "objects sent again by gw1"; }

refused_is() { is "$1" "$(group_get gw1 '.peers[0].refused')" "SAs refused by gw2, as gw1 shows it"; }
reason_of() { sa_get gw1 ".[] | select(.spi == \"$1\") | .not_replicated // \"none\""; }

# quiet: hot, and no copy begins any more, over several audits.
quiet()
{
	local bulks

	busywait 10000 is_hot gw2 || return 1
	bulks=$(stat_get gw1 bulks_started)
	sleep 6
	is "$bulks" "$(stat_get gw1 bulks_started)" "copies begun" && is_hot gw2
}

# The standby has SAs of its own, in the places of two of the active's: one of the group, and one of no group.
occupy()
{
	sa_line 192.0.2.100 "$VIP" 0xe001 90 tunnel cbc 32 >"$TMP/own"
	sa_line 192.0.2.2 192.0.2.100 0xe002 91 tunnel cbc 32 >>"$TMP/own"
	ip -n gw2 -batch "$TMP/own"
}

arrive()
{
	sa_line 192.0.2.100 "$VIP" 0xe001 92 tunnel gcm 32 >"$TMP/new"
	sa_line "$VIP" 192.0.2.100 0xe002 93 tunnel gcm 32 >>"$TMP/new"
	sa_line "$VIP" 192.0.2.100 0xe003 94 tunnel gcm 32 >>"$TMP/new"
	ip -n gw1 -batch "$TMP/new"
}

own_untouched() { is 2 "$(ip -n gw2 xfrm state list | grep -c 'reqid 9[01] ')" "SAs that are gw2's own"; }

begin 28
pair
tunnel gw1 1 gcm 32 || give_up "tunnel"
check "the standby holds the SAs" wait_step gw1 gw2
# Nobody is to be taken for lost while frames are held.
xha gw1 peer set 2 heartbeat 400ms && xha gw2 peer set 1 heartbeat 400ms || give_up "heartbeat"

overtaken one add || give_up "add"
ip -n gw1 xfrm state del src "$VIP" dst 192.0.2.100 proto esp spi $ADDED || give_up "del"
sleep $((LATE + 1))
check "an install that comes after its delete: nothing is there" no_sa gw2 $ADDED
check "... it was dropped as too old" some_stale
check "... and the standby is hot" wait_step gw1 gw2

one add limit time-hard 1111 && wait_step gw1 gw2 || give_up "SA"
overtaken one update limit time-hard 2222 || give_up "update"
one update limit time-hard 3333 || give_up "update"
check "a newer update overtakes an older one" busywait 2500 limit_is gw2 $ADDED 3333
sleep $((LATE + 1))
check "... which does not undo it" limit_is gw2 $ADDED 3333
check "... but is dropped" some_stale
check "... and the standby is hot" wait_step gw1 gw2

overtaken xha gw2 resync "$GROUP"
check "a copy of which parts come late" wait_step gw1 gw2 30000
sleep $((LATE + 1))
check "... is whole afterwards" eval "wait_step gw1 gw2 && same_dumps gw1 gw2"
tc -n sw qdisc del dev s-gw2 root

on gw1 many || give_up "many SAs"
check "the standby holds many SAs" wait_step gw1 gw2 60000
SWEPT=$(stat_get gw2 objects_swept) RESENT=$(peer_get gw1 2 .resent)
hold_full || give_up "no prio, u32 or netem"
check "a copy that has begun, of which the objects do not come" eval 'xha gw2 resync $GROUP && busywait 5000 given_up'
let_full_go || give_up "netem"
check "... comes to its end by those that are sent again" wait_step gw1 gw2 30000
mark
sleep $((2 * LATE + 1))
check "... what comes only then is dropped" some_stale 5
check "... nothing was swept for it" is "$SWEPT" "$(stat_get gw2 objects_swept)" objects_swept
check "... and all is whole afterwards" eval "wait_step gw1 gw2 && same_dumps gw1 gw2"
tc -n sw qdisc del dev s-gw2 root
check "no audit has found a difference" is 0 "$(stat_get gw1 audit_mismatch)" audit_mismatch

occupy || give_up "SAs of gw2"
check "SPIs that the standby has given to others: SAs come" arrive
check "... what is free is copied" busywait 5000 has_sa gw2 0xe003
check "... what is not is counted" busywait 5000 refused_is 2
check "... and shown with the reason" is "at peer 2: a local SA has this SPI" "$(reason_of 0x0000e001)"
check "... in no group, too" is "at peer 2: a local SA has this SPI" "$(reason_of 0x0000e002)"
check "... it stays what it is" own_untouched
check "... and there is peace" quiet
check "when its place is free the next copy fills it" eval 'ip -n gw2 xfrm state del src 192.0.2.2 dst 192.0.2.100 proto esp spi 0xe002 && xha gw2 resync $GROUP && busywait 10000 refused_is 1'
check "takeover with what there is" takeover gw1 gw2 graceful
finish
