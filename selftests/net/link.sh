#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Sync link: cut and mended; see netem.sh for one that is bad. It converges without a restart, and IPsec on the active never notices.

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"

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

begin 16
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
ip -n gw2 link set sync up
check "device up: it converges" converged

impair loss 100%
check "all lost: contact is lost" busywait 5000 peer_is gw2 lost 1
repair
check "... and comes back" converged

stop flow
stop wan
check "the active's traffic never noticed" all_answered flow
finish
