#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# SAs with crypto offload: copied without, since the other node's devices are its own. The device here is netdevsim, which
# Debian's kernels have not: this is for the kernel with checkers.

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"

NSIM=/sys/bus/netdevsim

# A device of gw1 that takes SAs. (Packets leave by another one: then XFRM encrypts by itself.)
device()
{
	echo "17 1" >$NSIM/new_device || return 1
	DEV=$(ls $NSIM/devices/netdevsim17/net) && ip link set "$DEV" netns gw1 name sim && ip -n gw1 link set sim up
}

offloaded_sas() { tunnel_sas 1 gcm 128 | sed "/ src $VIP /s/\$/ offload dev sim dir out/; / dst $VIP /s/\$/ offload dev sim dir in/"; }
on_device() { is "$2" "$(ip -n "$1" xfrm state list | grep -c 'offload')" "SAs on a device of $1"; }
shows() { is "$2" "$(sa_get "$1" '[.[] | select(.offloaded)] | length')" "SAs that $1 shows as offloaded"; }
gone() { is "0 0" "$(sa_count gw1) $(sa_count gw2)" "SAs of both"; }

modprobe -q netdevsim || skip_all "this kernel has no netdevsim"
begin 14
pair
serve gw1 gw2
device || give_up "no device"
on gw1 offloaded_sas && on gw1 gateway_policies 1 && on rem tunnel_sas 1 gcm 128 && on rem remote_policies 1 &&
	ip -n rem addr replace 10.9.1.1/32 dev lo || give_up "tunnel"
tap wan rem wan
check "the active has two SAs on a device" on_device gw1 2
check "the standby has copies" wait_step gw1 gw2
check "... which are on none" on_device gw2 0
check "the active shows that" shows gw1 2
check "traffic" hundred first 1 gw1
check "takeover" takeover gw1 gw2 sudden
check "traffic goes on" hundred second 1 gw2
revive_node gw1
check "the former active is hot with its own" wait_step gw2 gw1
check "back again" eval "takeover gw2 gw1 sudden && hundred third 1 gw1"
revive_node gw2
wait_step gw1 gw2 || give_up "not in step"
# Whoever keeps a reference would keep the device.
check "the device goes" timeout "$(patience 20)" sh -c "echo 17 >$NSIM/del_device"
check "... and the SAs with it, on both" busywait 10000 gone
stop wan
check "no number twice" no_duplicates wan
finish
