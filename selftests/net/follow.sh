#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What a standby has already is not sent again: a third node follows a new active, a second one finds its active again after
# the link had failed, by names alone. What they lack, or have in another version, comes whole, and nothing is swept for it.

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"

NODES=(gw1 gw2 gw3)
PAIRS=40	# without traffic

set_up()
{
	node gw1 gw2 gw3 && node gw2 gw1 gw3 && node gw3 gw1 gw2 &&
		group gw1 oseq-shift 16 && group gw2 oseq-shift 16 && group gw3 oseq-shift 16
}

many()
{
	local n

	for ((n = 100; n < 100 + PAIRS; n++)); do
		pair_lines "$n" "$VIP" 192.0.2.100 tunnel gcm 32
		policy_line "10.8.0.1/32" "10.20.$n.1/32" out $((n + 1)) tunnel "$VIP" 192.0.2.100
	done
}

# objects NODE: all that an active has of the group.
objects() { group_get "$1" '"\(.sas + .policy_count)"'; }

# came ACTIVE STANDBY NAMED WHOLE MISMATCHES [SWEPT]: of the copies that it has had since the mark.
came()
{
	is "$3 named, $4 whole, $5 in vain, ${6:-0} swept" "$(grown "$2" objects_matched) named, $(grown "$2" objects_installed) whole, $(
		)$(grown "$1" audit_mismatch) in vain, $(grown "$2" objects_swept) swept" "objects that came to $2"
}

# Numbers far beyond every lease: whoever takes over by an old one uses some of them again.
used() { hundred "$2-1" 1 "$1" && hundred "$2-2" 2 "$1"; }

# Nothing that the others say arrives there, and nothing that is said there.
alone() { sync_cut gw3 && busywait 10000 eval 'is stale "$(group_get gw3 .sync)" sync'; }

# gw3 serves while gw2 hears nothing of it, and an SA and a policy go.
deleted_alone()
{
	sync_cut gw3 && takeover gw2 gw3 graceful || return 1
	spi_out 110
	ip -n gw3 xfrm state del src "$VIP" dst 192.0.2.100 proto esp spi "$REPLY" &&
		ip -n gw3 xfrm policy del src 10.8.0.1/32 dst 10.20.110.1/32 dir out || return 1
	sync_mend gw3
}

# Neither on gw3, which merges what gw2 has, nor on gw2, which is hot after that.
stay_deleted()
{
	wait_step gw3 gw2 && is "$((2 * PAIRS + 3))" "$(sa_count gw3)" "SAs of gw3" && is "$((ALL - 2))" "$(objects gw3)" "objects of gw3" &&
		same_dumps gw3 gw2
}

# lifetime N: both SAs of pair N get another limit.
lifetime()
{
	local line

	while read -r line; do
		echo "${line/state add/state update} limit packet-hard 5000000"
	done <<<"$(pair_lines "$1" "$VIP" 192.0.2.100 tunnel gcm 32)"
}

begin 32
topology "${NODES[@]}"
check "three nodes" set_up
vip_move_to gw1 || give_up "VIP"
tunnel gw1 1 gcm 1024 && tunnel gw1 2 cbc esn && on gw1 many || give_up "tunnels"
serve "${NODES[@]}"
tap wan rem wan
check "both standbys are hot" eval "wait_step gw1 gw2 && wait_step gw1 gw3"
check "with traffic" used gw1 first
ALL=$(objects gw1)
check "... of $((2 * PAIRS + 4)) SAs, and policies" at_least $((3 * PAIRS + 8)) "$ALL" objects

mark gw2 gw3
check "the active dies" takeover gw1 gw2 sudden
check "... the third follows" wait_step gw2 gw3
check "... all is named, nothing is sent" came gw2 gw3 "$ALL" 0 0
check "... and all is the same" same_dumps gw2 gw3
check "one that had them by name alone deletes some, while the other one hears nothing" deleted_alone
check "... which do not come back from there" stay_deleted
check "... nor when it serves again" eval 'takeover gw3 gw2 graceful && wait_step gw2 gw3 && is $((ALL - 2)) "$(objects gw2)" objects'
ALL=$((ALL - 2))
check "with traffic" used gw2 second
check "... the one that followed takes over" takeover gw2 gw3 sudden
check "... with traffic" used gw3 third
mark gw1 gw3
revive_node gw1
check "one that died, and was not rebooted, follows" wait_step gw3 gw1
check "... by a whole copy, of which it had all, and two more" came gw3 gw1 0 0 0 2
revive_node gw2
check "... and the other one" wait_step gw3 gw2

check "back to the first" takeover gw3 gw1 graceful
check "... all follow" eval "wait_step gw1 gw2 && wait_step gw1 gw3"
mark gw1 gw3
check "the link of one fails" alone
on gw1 pair_lines 300 "$VIP" 192.0.2.100 tunnel gcm 32 && on gw1 lifetime 101 || give_up "changes"
spi_out 102
ip -n gw1 xfrm state del src "$VIP" dst 192.0.2.100 proto esp spi "$REPLY" || give_up "delete"
sync_mend gw3
check "... and is back" wait_step gw1 gw3
check "... what changed meanwhile comes whole, the rest is named, one is gone" \
	is "$((ALL - 3)) 4 0 1" "$(grown gw3 objects_matched) $(grown gw3 objects_installed) $(grown gw1 audit_mismatch) $(
		)$(grown gw3 objects_swept)" "named, whole, in vain, swept"
check "... and all is the same" same_dumps gw1 gw3

mark gw2 gw3
check "one hears nothing" alone
on gw1 pair_lines 301 "$VIP" 192.0.2.100 tunnel gcm 32 && on gw1 lifetime 103 && wait_step gw1 gw2 || give_up "changes"
kill_node gw1
check "the active dies, and is followed" vip_move_to gw2
sync_mend gw3
check "... the deaf one lacks two SAs, has two as they were, and gets a whole copy" eval 'wait_step gw2 gw3 && same_dumps gw2 gw3'
check "... for which nothing was swept" is "1 0" "$(grown gw2 audit_mismatch) $(grown gw3 objects_swept)" "in vain, swept"
check "with traffic" used gw2 fourth
stop wan
check "no number twice" no_duplicates wan
check "no replay at the remote" no_replay_errors rem
finish
