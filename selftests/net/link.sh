#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Sync link: cut and mended; see netem.sh for one that is bad. It converges without a restart, and IPsec on the active never notices.
# Nor does it notice that the link is set up anew, over IPv6.

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

LINK6="local fd00:150::@ remote fd00:150::% dev sync"

peer_is() { is "$2" "$(peer_get "$1" "$3" .state)" "peer $3 of $1"; }
stale() { is stale "$(group_get "$1" .sync)" "sync of $1"; }

# impair RULE...: both directions of the sync link.
impair()
{
	tc -n sw qdisc replace dev s-gw1 root netem "$@" && tc -n sw qdisc replace dev s-gw2 root netem "$@"
}

repair() { tc -n sw qdisc del dev s-gw1 root && tc -n sw qdisc del dev s-gw2 root; }

# Things happen while the link is bad: SAs come, change and go.
churn()
{
	local n

	for n in {20..39}; do
		on gw1 tunnel_sas "$n" || return 1
	done
	for n in {20..29}; do
		spi_out "$n"
		ip -n gw1 xfrm state del src "$VIP" dst 192.0.2.100 proto esp spi "$REPLY" || return 1
	done
}

unchurn()
{
	local n

	for n in {20..39}; do
		spi_out "$n"
		[ "$n" -lt 30 ] || ip -n gw1 xfrm state del src "$VIP" dst 192.0.2.100 proto esp spi "$REPLY" || return 1
		spi_in "$n"
		ip -n gw1 xfrm state del src 192.0.2.100 dst "$VIP" proto esp spi "$REPLY" || return 1
	done
}

converged() { wait_step gw1 gw2 30000 && same_dumps gw1 gw2; }

deaf() { tc -n sw qdisc replace dev "s-$1" root netem loss 100%; }
hears() { tc -n sw qdisc del dev "s-$1" root; }

# gw2 hears nothing, and begins anew: gw1 hears of that. Then it is gw1 that hears nothing: gw2 gets to know that its number
# has arrived, is up, and says so for the last time. Nobody has heard it.
last_hello_lost()
{
	deaf gw2
	busywait 5000 peer_is gw2 lost 1 && busywait 5000 peer_is gw1 connecting 2 || return 1
	deaf gw1
	hears gw2
	busywait 5000 peer_is gw2 up 1 && peer_is gw1 connecting 2 || return 1
	hears gw1
}

# They go with a device that is set down.
addresses6() { local n; for n in 1 2; do ip -n "gw$n" addr replace "fd00:150::$n/64" dev sync nodad || return 1; done; }
link6_is()
{
	is "fd00:150::1 fd00:150::2 udp $1" \
		"$(peer_get gw1 2 '"\(.local | join(" ")) \(.remote | join(" ")) \(.transport) \(.insecure)"')" "link of gw1"
}

# Without a key, as node() does it.
insecure6() { xha gw1 peer del 2 && xha gw2 peer del 1 && SYNC6=1 node gw1 gw2 && SYNC6=1 node gw2 gw1; }

# crosses N: the SAs of another tunnel, added on the active.
crosses() { on gw1 tunnel_sas "$1" && converged; }

begin 26
pair
tunnel gw1 1 gcm 32 && tunnel gw1 2 cbc esn || give_up "tunnels"
check "the standby holds the SAs" wait_step gw1 gw2
serve gw1 gw2
tap wan rem wan
talk flow 1 100

sync_cut gw1
check "cut: both ends notice" eval "busywait 5000 peer_is gw1 lost 2 && busywait 5000 peer_is gw2 lost 1"
check "cut: the copy is stale" busywait 5000 stale gw2
check "cut: nobody changes its role" is "active standby" "$(group_get gw1 .role) $(group_get gw2 .role)"
check "cut: redundancy is denied" eval '! xha gw1 check $GROUP redundant 2>$TMP/redundant'
check "cut: the active may go on" xha gw1 check "$GROUP"
check "cut: changes on the active" churn
sync_mend gw1
check "mended: it converges" converged
check "mended: redundancy is back" xha gw1 check "$GROUP" redundant
unchurn || give_up "unchurn"

ip -n gw2 link set sync down
check "device down at the standby: the active notices" busywait 5000 peer_is gw1 lost 2
check "... and the standby says what it is" busywait 5000 reason_is gw2 1 "its device is down"
ip -n gw2 link set sync up
check "device up: it converges" converged

impair loss 100%
check "all lost: contact is lost" busywait 5000 peer_is gw2 lost 1
repair
check "... and comes back" converged
check "the last hello of the one that is up gets lost" last_hello_lost
check "... the other one gets up, too" busywait 5000 both_up
check "... and it converges" converged

new_key link6
addresses6 || give_up "IPv6 addresses"
check "over IPv6 with a key: both ends are up" eval 'relink "$LINK6" key-file "$TMP/link6" && busywait 15000 both_up'
check "... and it is shown so" link6_is false
check "... SAs that are added come over" crosses 40
check "over IPv6, insecure: both ends are up" eval 'insecure6 && busywait 15000 both_up'
check "... and it is shown so" link6_is true
check "... SAs that are added come over" crosses 41

stop flow
stop wan
check "the active's traffic never noticed" all_answered flow
finish
