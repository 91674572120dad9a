#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# SAs that a device takes whole (packet offload) are not replicated, and it is said why; the others of the group are. The
# device is one of ours, which says that it does, and nothing more.

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"

NIC=$NET/../bin/xha_nic.ko
SPI=0x00007101
REASON="packet offload: only the device knows its numbers"

device() { insmod "$NIC" && ip link set xhanic netns gw1 && ip -n gw1 link set xhanic up; }

whole()
{
	key 77 20
	ip netns exec gw1 xha-attrs add "$VIP" 192.0.2.100 $SPI 999 "$REPLY" packet "$(ip -n gw1 -j link show dev xhanic | jq '.[0].ifindex')"
}

on_device() { ip netns exec gw1 xha-attrs show 192.0.2.100 $SPI | grep -q '^packet [1-9]'; }
reason() { is "$REASON" "$(sa_get gw1 ".[] | select(.spi == \"$SPI\") | .not_replicated")" "reason"; }
left_out() { is "$1" "$(group_get gw1 .not_replicated)" "SAs not replicated"; }
no_copy() { is 0 "$(ip -n gw2 xfrm state list | grep -c $SPI)" "copies on gw2"; }

[ -e "$NIC" ] || skip_all "no device that takes SAs"
begin 14
pair
tunnel gw1 1 gcm 128 || give_up "tunnel"
serve gw1 gw2
device || give_up "no device"
tap wan rem wan
check "a device takes an SA" whole
check "... whole" on_device
check "it is not replicated, and why" busywait 5000 reason
check "... and counted" busywait 5000 left_out 1
check "the standby has no copy" no_copy
check "... and is hot with the others" busywait 15000 is_hot gw2
check "they work" hundred first 1 gw1
check "takeover" takeover gw1 gw2 graceful
check "they work on" hundred second 1 gw2
check "the device goes, nobody holds it" timeout "$(patience 20)" rmmod xha_nic
# XFRM tells nobody of that: the audit finds it.
check "... and nothing is left out" busywait 15000 left_out 0
stop wan
check "no number twice" no_duplicates wan
finish
