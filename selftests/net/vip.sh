#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# VIPs: the role follows what is true of their addresses and devices, and `group show` says which VIP is missing and why.

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"

link() { ip -n gw1 link "$@"; }
addr() { ip -n gw1 addr "$@"; }

# follow_vip WORD...: a group like that instead of the one before.
follow_vip()
{
	! xha gw1 -j group show "$GROUP" >"$TMP/group" 2>&1 || xha gw1 group del "$GROUP" || return 1
	xha gw1 group add "$GROUP" "$@"
}

# shows ROLE REASON|present...: of each VIP.
shows() { is "$1" "$(group_get gw1 '"\(.role), \([.vips[] | .reason // "present"] | join(", "))"')" "role and VIPs of gw1"; }
soon() { busywait 5000 shows "$1"; }

# Not before another name, or address, is there.
renamed() { link set "$1" down && link set "$1" name "$2" && link set "$2" up; }
back_again() { ip -n rem link set later netns gw1 && addr add "$VIP/32" dev later && link set later up; }

# held on|off: as FRR's vrrpd does with its macvlan.
held() { link set vrrp protodown "$1"; }

dad_failed() { addr show dev wan | grep -q dadfailed; }
rem_has_it() { ip -n rem addr add "$VIP6/128" dev wan nodad; }

begin 33
topology gw1
xha gw1 node set id 1 || give_up "node"

follow_vip vip "$VIP" dev later || give_up "group"
check "a device that is not there yet is waited for" soon "standby, its device does not exist"
link add later type dummy || give_up "no dummy devices"
check "... it comes" soon "standby, the address is not configured"
addr add "$VIP/32" dev later
check "... with the address, but down" soon "standby, its device is down"
link set later up
check "... and up" soon "active, present"
link set later down
check "down: no active any more" soon "standby, its device is down"
link set later up
check "... up again" soon "active, present"
check "renamed" renamed later sooner
check "... no active any more" soon "standby, its device does not exist"
check "... and back" renamed sooner later
check "... active" soon "active, present"
link set later netns rem
check "in another namespace: no active any more" soon "standby, its device does not exist"
check "... and back" back_again
check "... active" soon "active, present"
link del later

link add vrrp link wan type macvlan mode bridge && addr add "$VIP/32" dev vrrp && link set vrrp up || give_up "no macvlan"
follow_vip vip "$VIP" dev vrrp || give_up "group on a macvlan"
check "a macvlan: active" soon "active, present"
held on || give_up "no protodown"
check "... held down, its address stays" soon "standby, its device is held down (protodown)"
held off
check "... let go" soon "active, present"
link del vrrp

follow_vip vip "$VIP" && addr add "$VIP/32" dev wan || give_up "group on any device"
check "on whatever device it is: active" soon "active, present"
link add other type dummy && link set other up || give_up "no dummy devices"
addr del "$VIP/32" dev wan
check "... on none" soon "standby, the address is not configured"
addr add "$VIP/32" dev other
check "... on another one" soon "active, present"
addr add "$VIP/32" dev wan && addr del "$VIP/32" dev other
check "... moved from there to here, at no moment without" soon "active, present"
link del other
addr del "$VIP/32" dev wan

follow_vip vip "$VIP" dev wan vip "$VIP6" dev wan && vip_add gw1 || give_up "group with two VIPs"
check "two VIPs: both are there" soon "active, present, present"
addr del "$VIP6/128" dev wan
check "... one is not: no active" soon "standby, present, the address is not configured"
addr add "$VIP6/128" dev wan nodad
addr del "$VIP/32" dev wan
check "... nor if it is the other one" soon "standby, the address is not configured, present"
addr add "$VIP/32" dev wan
check "... both again" soon "active, present, present"
wan_cut gw1
check "no carrier: no active" busywait 5000 eval 'role_is gw1 standby && group_get gw1 ".vips[0].reason" | grep -q carrier'
wan_mend gw1
check "... and back: active" soon "active, present, present"
addr del "$VIP6/128" dev wan

ip netns exec gw1 sysctl -qw net.ipv6.conf.wan.accept_dad=1 net.ipv6.conf.wan.dad_transmits=3
addr add "$VIP6/128" dev wan
check "not before duplicate address detection has ended" soon "standby, present, the address is tentative"
check "... has found nobody: active" soon "active, present, present"
addr add 2001:db8:2::66/128 dev wan
sleep 0.3
xha gw1 group add six vip 2001:db8:2::66 dev wan || give_up "another group"
check "... for a group that is added meanwhile, too" busywait 8000 eval 'GROUP=six role_is gw1 active'
xha gw1 group del six && addr del 2001:db8:2::66/128 dev wan || give_up "the other group"
addr del "$VIP6/128" dev wan
rem_has_it || give_up "address of rem"
addr add "$VIP6/128" dev wan
check "... has found somebody: no active" busywait 5000 dad_failed
check "... and the reason" soon "standby, present, duplicate address detection has failed"
finish
