#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Merge: what only the other node has is not lost. Last counters of an active that hands over, all that the loser of a
# conflict has done meanwhile, the SAs of a gateway that comes back empty under its VIP.

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"

# The former active counts no more: what it has in the end, the new one has soon.
same_window() { at_least "$(number gw1 "$IN" seq)" "$(number gw2 "$IN" seq)" "highest number received at gw2"; }
same_use() { at_least "$(used gw1 "$IN")" "$(used gw2 "$IN")" "packets used at gw2"; }

# Both are active and do not hear each other; each of them gets a tunnel of its own.
split()
{
	sync_cut gw1
	vip_add gw1 && is active "$(group_get gw1 .role)" "role of gw1, cut off" &&
		on gw1 tunnel_sas 3 && on gw1 gateway_policies 3 && on gw2 tunnel_sas 4 && on gw2 gateway_policies 4
}

# It uses far more numbers than gw1 has heard of, and than it has begun above.
past_all()
{
	replay_of gw2 out 1 oseq $(($(number gw1 "$OUT" oseq) + 100000)) && hundred far 1 gw2
}

# Nobody hears of it: the lease that was acked last is shown, and that it is left behind.
beyond()
{
	local lease

	lease=$(sa_get gw2 ".[] | select(.spi == \"$OUT\") | .acked_lease")
	at_least 1 "$lease" "acked lease" && at_most "$(number gw2 "$OUT" oseq)" "$lease" "acked lease" &&
		is 0 "$(sa_get gw2 ".[] | select(.spi == \"$OUT\") | .headroom")" headroom &&
		at_least 1 "$(sa_get gw2 ".[] | select(.spi == \"$OUT\") | .overruns")" overruns
}

# What gw2 has sent and received meanwhile.
mark_numbers() { SENT=$(number gw2 "$OUT" oseq) SEEN=$(number gw2 "$IN" seq) USED=$(used gw2 "$IN"); }
numbers_merged()
{
	at_least "$SENT" "$(number gw1 "$OUT" oseq)" "last number sent" &&
		at_least "$SEEN" "$(number gw1 "$IN" seq)" "highest number received" &&
		at_least "$USED" "$(used gw1 "$IN")" "packets used of a lifetime"
}

both_hold()
{
	local n spi

	for n in 3 4; do
		spi_out $n; spi=$REPLY
		open gw1 "$spi" && closed gw2 "$spi" || return 1
		spi_in $n; spi=$REPLY
		open gw1 "$spi" && closed gw2 "$spi" || return 1
	done
	is 12 "$(policy_count gw1)" "policies of gw1" && is 12 "$(policy_count gw2)" "policies of gw2"
}

# What has found a policy has found its SA, or was blocked.
none_asked()
{
	is 0 "$(xfrm_stat gw1 XfrmOutNoStates)" "packets without an SA" && at_least 1 "$(xfrm_stat gw1 XfrmOutPolBlock)" "packets blocked"
}

whole() { is "$2" "$(sa_count "$1")" "SAs of $1" && is "${3:-12}" "$(policy_count "$1")" "policies of $1"; }
serves_whole() { whole "$@" && open "$1" "$OUT"; }

# gw1 has looked at all that XFRM holds, and heard of nobody, when its IKE daemon has negotiated something.
negotiates_first()
{
	busywait 5000 looked gw1 && on gw1 tunnel_sas 5 && busywait 5000 holds gw1 2
}

looked() { at_least 1 "$(stat_get "$1" audits)" "walks of $1"; }
holds() { is "$2" "$(group_get "$1" .sas)" "SAs that $1 knows of"; }

# The one that is to serve next has just been configured anew: what gw1 knows it to have had is not what it deleted.
forgets()
{
	xha gw2 group del "$GROUP" && is 0 "$(sa_count gw2)" "SAs of gw2" || return 1
	vip_del gw1 && vip_move_to gw2 && group gw2 sync-period-time 60s sync-period-packets 0
}

# Likewise if all has gone from its kernel; there is no time for a new copy.
flushed()
{
	sync_cut gw1
	ip -n gw1 xfrm state flush && ip -n gw1 xfrm policy flush && busywait 5000 holds gw1 0 || return 1
	vip_del gw2 && vip_move_to gw1 && is active "$(group_get gw1 .role)" "role of gw1" && sync_mend gw1
}

# In one breath with the VIP, before anybody has looked: what it still has in its table is dead.
flushed_at_once()
{
	printf '%s\n' "xfrm state flush" "xfrm policy flush" "addr add $VIP/32 dev wan" "addr add $VIP6/128 dev wan nodad" >"$TMP/batch"
	vip_del gw1 && chrt -f 50 ip -n gw2 -batch "$TMP/batch" && vip_announce gw2 && is active "$(group_get gw2 .role)" "role of gw2"
}

# The active's group is removed and added again; what was deleted meanwhile is not what it lacks.
deletes_unseen()
{
	xha gw2 group del "$GROUP" || return 1
	tunnel_sas 5 | sed 's/ add / delete /; s/ reqid.*//' >"$TMP/batch"
	ip -n gw2 -batch "$TMP/batch" && group gw2 sync-period-time 60s sync-period-packets 0 && wait_role gw2 active
}

# So many tunnels, and the VIP goes in the same breath: before anybody else can run, on one processor.
last_lines()
{
	local n

	for ((n = 100; n < 160; n++)); do
		tunnel_sas $n
	done
	echo "addr del $VIP/32 dev wan"
	echo "addr del $VIP6/128 dev wan"
}

begin 40
pair sync-period-time 60s sync-period-packets 0
spi_out 1; OUT=$REPLY
spi_in 1; IN=$REPLY
tunnel gw1 1 gcm 128 && tunnel gw1 2 gcm esn || give_up "tunnels"
check "the standby holds the SAs" wait_step gw1 gw2

# The first reboot ever, by the term, which is the same on both.
reboot_gateway gw1
vip_add gw1
sync_cut gw1
node gw1 gw2 && group gw1 sync-period-time 60s sync-period-packets 0 || give_up "gw1, rebooted"
check "a gateway has rebooted, and has an SA before it has heard of its standby" negotiates_first
sync_mend gw1
check "... it gets its SAs again" busywait 15000 serves_whole gw1 6 6
check "... and the standby has all, too" eval "wait_step gw1 gw2 && whole gw2 6 6"

serve gw1 gw2
vip_announce gw1
tap wan rem wan
check "traffic of which no window is synced" hundred first 1 gw1
check "... indeed" at_most 50 "$(number gw2 "$IN" seq)" "highest number received at gw2"
check "the VIP moves to gw2" takeover gw1 gw2 graceful
check "it gets the last windows of gw1" busywait 5000 same_window
check "... and what was used of lifetimes" busywait 5000 same_use
check "gw1 is hot after that" busywait 15000 is_hot gw1

mark gw1
check "two actives, each with a tunnel that the other one has not" split
check "gw2 goes on alone" hundred second 1 gw2
check "... past all that gw1 reckons with" past_all
check "... and says so" busywait 5000 beyond
mark_numbers
check "... indeed" at_most "$SENT" "$(number gw1 "$OUT" oseq)" "last number sent by gw1"
sync_mend gw1
check "the one with the lower term gives way" busywait 15000 role_is gw2 fenced
check "the winner takes the numbers that it has used" busywait 5000 numbers_merged
vip_del gw2
check "its copy gets hot" busywait 15000 is_hot gw2
check "both have all tunnels" busywait 5000 both_hold
check "the winner has counted them" at_least 5 "$(grown gw1 objects_merged)" "objects merged"

# The VIP is in its configuration: it is there before anything else is.
stop echo-gw1
stop echo6-gw1
TERM_WAS=$(group_get gw2 .term)
reboot_gateway gw1
vip_add gw1
serve gw1
# Policies go ahead of their SAs: on a slow link that is a while. What its own programs send then wants SAs.
far gw1
start early gw1 xha-traffic blast 10.9.1.1 5000 --bind 10.8.0.1 --rate "$(paced 100)" --seconds 120
node gw1 gw2 && group gw1 sync-period-time 60s sync-period-packets 0 || give_up "gw1, again"
check "a gateway that comes back empty gets its SAs again" busywait 15000 serves_whole gw1 10
check "... and asks no key manager for what is under way" none_asked
stop early
near gw1
check "... and the standby, which had them, is hot" busywait 15000 is_hot gw2
check "... it has learned the term from it" at_least $((TERM_WAS + 1)) "$(group_get gw1 .term)" term
check "traffic goes on" hundred third 1 gw1

check "the group of gw2 is removed, added again, and serves" forgets
check "... it gets all the SAs from gw1" busywait 15000 serves_whole gw2 10
check "... which keeps them" eval "busywait 15000 is_hot gw1 && whole gw1 10"
check "gw1's kernel loses all of it, and the VIP comes before another copy" flushed
check "... it gets all the SAs from gw2" busywait 15000 serves_whole gw1 10
check "... which keeps them" eval "busywait 15000 is_hot gw2 && whole gw2 10"
check "gw2's kernel loses all of it in the moment when the VIP comes" flushed_at_once
check "... it gets all the SAs from gw1, which keeps them" eval "busywait 15000 serves_whole gw2 10 && busywait 15000 is_hot gw1 && whole gw1 10"
check "the active's group is removed, and added again when it has one tunnel less" deletes_unseen
check "... which does not come back" eval "busywait 15000 in_step gw2 gw1 && whole gw1 8 && whole gw2 8"
vip_del gw2 && vip_move_to gw1 && busywait 15000 is_hot gw2 || give_up "VIP at gw1"
last_lines >"$TMP/batch"
chrt -f 50 ip -n gw1 -batch "$TMP/batch" || give_up "SAs in the last moment"
vip_move_to gw2
check "what was added in the last moment is at the next active" busywait 15000 serves_whole gw2 128
check "... and on both" eval "busywait 15000 is_hot gw1 && whole gw1 128"
stop wan
check "no number twice" no_duplicates wan
finish
