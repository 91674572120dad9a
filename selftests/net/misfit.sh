#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Two nodes that do not fit, and links that are not what they were: each is said in plain words, and all is well by itself
# once the cause is gone.

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

LINK="local 10.150.0.@ remote 10.150.0.% dev sync"
NOT_SAME="vips, locals or install of the group are not the same there"

why() { group_get "$1" .why; }
of_peer() { group_get "$1" '.peers[0].reason'; }
not_hot() { isnt hot "$(group_get "$1" .sync)" "sync of $1"; }
isnt() { [ "$1" != "$2" ] || { echo "$3 is $2"; return 1; }; }
says() { busywait 5000 reason_is "$@"; }
well() { busywait 15000 in_step gw1 gw2; }

# Copied from gw1, and not changed.
same_id()
{
	xha gw2 peer del 1 && xha gw2 node set id 1 &&
		xha gw2 peer add 2 local 10.150.0.2 remote 10.150.0.1 dev sync insecure
}

own_id()
{
	xha gw2 peer del 2 && xha gw2 node set id 2 &&
		xha gw2 peer add 1 local 10.150.0.2 remote 10.150.0.1 dev sync insecure
}

# unlike WORD...: the standby's group has these besides.
unlike() { xha gw2 group del "$GROUP" && group gw2 "$@"; }

said_by_both() { busywait 5000 eval 'is "$NOT_SAME" "$(of_peer gw1)"' && busywait 5000 eval 'is "$NOT_SAME" "$(why gw2)"'; }

port_in_use()
{
	xha gw1 peer del 2
	start squatter gw1 xha-traffic server 10.150.0.1 4511
	started squatter && xha gw1 peer add 2 local 10.150.0.1 remote 10.150.0.2 dev sync insecure
}

begin 39
pair
tunnel gw1 1 gcm 32 || give_up "tunnel"
check "the standby is hot" well
new_key one
new_key two
start monitor gw1 xfrm-ha monitor

check "both nodes with the same id" same_id
check "... it is said on one" says gw1 2 "what comes from there has other node ids"
check "... and on the other" says gw2 2 "what comes from there has other node ids"
check "with an id of its own it is well" eval 'own_id && well'

check "different keys" eval 'repeer gw1 gw2 "$LINK" key-file "$TMP/one" && repeer gw2 gw1 "$LINK" key-file "$TMP/two"'
check "... are said on one" says gw1 2 "what comes from there has another key"
check "... and on the other" says gw2 1 "what comes from there has another key"
check "a key on one side alone" repeer gw2 gw1 "$LINK" insecure
check "... is said there" says gw1 2 "what comes from there has no key"
check "... and here" says gw2 1 "what comes from there has a key"
check "without keys it is well" eval 'repeer gw1 gw2 "$LINK" insecure && well'

check "a port that somebody else has" port_in_use
check "... is said" says gw1 2 "the local port is in use"
stop squatter
check "... it is well when the port is free" well

check "a group that the peer has not" xha gw2 group del "$GROUP"
check "... is said on one" busywait 5000 eval 'is "it has not told of this group" "$(of_peer gw1)"'
check "... and on the other" busywait 5000 eval 'is $GROUP "$(peer_get gw2 1 .lacking)" lacking'
check "a group with fewer VIPs" xha gw2 group add "$GROUP" vip "$VIP" dev wan
check "... is said on one" busywait 5000 eval 'is "$NOT_SAME" "$(of_peer gw1)"'
check "... and on the other, which is not hot" busywait 5000 eval 'is "$NOT_SAME" "$(why gw2)" && not_hot gw2'
check "with the other VIP it is well" eval 'xha gw2 group set $GROUP vip add $VIP6 dev wan && well'
check "a group with another local" unlike local "$ENDPOINT"
check "... is said on both" said_by_both
check "... and never hot" never 2000 is_hot gw2
check "without it it is well" eval 'xha gw2 group set $GROUP local del $ENDPOINT && well'
check "a group with another install" unlike install daemon
check "... is said on both" said_by_both
check "... and never hot" never 2000 is_hot gw2
check "with the same it is well" eval 'unlike && well'

ip -n gw1 link set sync down
ip -n gw1 link set sync name other
ip -n gw1 link set other up
check "a device with another name" says gw1 2 "the device does not exist"
ip -n gw1 link set other down
ip -n gw1 link set other name sync
ip -n gw1 link set sync up
check "... it is well under the old one" well
ip -n gw1 link set sync netns rem
check "a device that has gone elsewhere" says gw1 2 "the device does not exist"
ip -n rem link set sync netns gw1
ip -n gw1 link set sync up
ip -n gw1 addr add 10.150.0.1/24 dev sync
check "... it is well when it is back" well
ip -n gw1 addr del 10.150.0.1/24 dev sync
check "an address that is gone: contact is lost" busywait 5000 not_up gw1 2
ip -n gw1 addr add 10.150.0.1/24 dev sync
check "... it is well when it is back" well
stop monitor
check "the monitor has said why, too" grep -q "device" "$TMP/monitor.json"
finish
