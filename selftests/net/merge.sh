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

back_whole() { is 8 "$(sa_count gw1)" "SAs of gw1" && is 12 "$(policy_count gw1)" "policies of gw1" && open gw1 "$OUT"; }

begin 25
pair sync-period-time 60s sync-period-packets 0
spi_out 1; OUT=$REPLY
spi_in 1; IN=$REPLY
tunnel gw1 1 gcm 128 && tunnel gw1 2 gcm esn || give_up "tunnels"
check "the standby holds the SAs" wait_step gw1 gw2
serve gw1 gw2
tap wan rem wan
check "traffic of which no window is synced" hundred first 1 gw1
check "... indeed" at_most 50 "$(number gw2 "$IN" seq)" "highest number received at gw2"
check "the VIP moves to gw2" takeover gw1 gw2 graceful
check "it gets the last windows of gw1" busywait 5000 same_window
check "... and what was used of lifetimes" busywait 5000 same_use
check "gw1 is hot after that" busywait 15000 is_hot gw1

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
check "the winner has counted them" at_least 5 "$(stat_get gw1 objects_merged)" "objects merged"

# The VIP is in its configuration: it is there before anything else is.
stop echo-gw1
stop echo6-gw1
TERM_WAS=$(group_get gw2 .term)
reboot_gateway gw1
vip_add gw1
serve gw1
# Policies go ahead of their SAs: on a slow link that is a while. What its own programs send then wants SAs.
far gw1
start early gw1 xha-traffic blast 10.9.1.1 5000 --bind 10.8.0.1 --rate 100 --seconds 120
node gw1 gw2 && group gw1 sync-period-time 60s sync-period-packets 0 || give_up "gw1, again"
check "a gateway that comes back empty gets its SAs again" busywait 15000 back_whole
check "... and asks no key manager for what is under way" none_asked
stop early
near gw1
check "... and the standby, which had them, is hot" busywait 15000 is_hot gw2
check "... it has learned the term from it" at_least $((TERM_WAS + 1)) "$(group_get gw1 .term)" term
check "traffic goes on" hundred third 1 gw1
stop wan
check "no number twice" no_duplicates wan
finish
