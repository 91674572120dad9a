#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Bad input to the tool, against the module: exit status 1 (refused) or 2 (makes no sense), one line that says what and
# why, and nothing has changed.

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"

# STATUS|COMMAND|TEXT: the exit status, what xfrm-ha is given on gw1, and what its one line has to say.
TABLE="
2|nonsense|'nonsense' is not a command
2|node frobnicate|node has no command 'frobnicate'
2|node set|set lacks 'id ID'
2|node set id|'id' lacks its value
2|node set id 0|id '0' is not a number of 1..15
2|node set id 16|id '16' is not a number of 1..15
2|node set id x|id 'x' is not a number of 1..15
1|node set id 2|the node id cannot change while there are peers
2|node set id 1 sample-period|'sample-period' lacks its value
1|node set id 1 sample-period 9ms|sample-period: 10..10000 ms
1|node set id 1 sample-period 3600s|sample-period: 10..10000 ms
2|node set id 1 sample-period 50lightyears|sample-period '50lightyears' is not a time
2|node set id 1 color blue|unexpected 'color'
2|peer add|'id' lacks its value
2|peer add 3|a peer needs 'local ADDR' and 'remote ADDR'
2|peer add 3 local 10.150.0.1|a peer needs 'local ADDR' and 'remote ADDR'
2|peer add 3 local 10.150.0.1 remote|'remote' lacks its value
2|peer add 3 local 10.150.0.1 remote 10.150.0.3|the link needs 'key-file FILE'
2|peer add 3 local 10.150.0.300 remote 10.150.0.3 insecure|local '10.150.0.300' is not an IP address
2|peer add 3 local 10.150.0.1 remote fd00:150::3 insecure|local and remote are not both IPv4 or IPv6
1|peer add 3 local 10.150.0.1 remote 10.150.0.1 insecure|local and remote are the same
2|peer add 3 local 0.0.0.0 remote 10.150.0.3 insecure|local '0.0.0.0' is no address of one node
1|peer add 3 local 224.0.0.1 remote 10.150.0.3 insecure|local: a multicast address is no address of a node
1|peer add 1 local 10.150.0.1 remote 10.150.0.3 insecure|this node has that id itself
1|peer add 2 local 10.150.0.1 remote 10.150.0.3 insecure|a peer with this id exists already
2|peer add 0 local 10.150.0.1 remote 10.150.0.3 insecure|id '0' is not a number of 1..15
2|peer add 16 local 10.150.0.1 remote 10.150.0.3 insecure|id '16' is not a number of 1..15
2|peer add 3 local 10.150.0.1 remote 10.150.0.3 port 0 insecure|port '0' is not a number of 1..65535
2|peer add 3 local 10.150.0.1 remote 10.150.0.3 port 65536 insecure|port '65536' is not a number of 1..65535
2|peer add 3 local 10.150.0.1 remote 10.150.0.3 dev averyverylongdevicename insecure|'averyverylongdevicename' is not the name of a device
2|peer add 3 local 10.150.0.1 remote 10.150.0.3 transport carrier-pigeon insecure|transport 'carrier-pigeon' is not one of
1|peer add 3 local 10.150.0.1 remote 10.150.0.3 path-retransmit 3 insecure|path-retransmit and assoc-retransmit go with sctp
1|peer add 3 local 10.150.0.1 remote 10.150.0.3 rto-min 3s insecure|rto-min is above rto-max
1|peer add 3 local 10.150.0.1 remote 10.150.0.3 rto-max 5ms insecure|rto-max: 10..60000 ms
1|peer add 3 local 10.150.0.1 remote 10.150.0.3 port 9 transport sctp assoc-retransmit 256 insecure|assoc-retransmit: 1..255
1|peer add 3 local 10.150.0.1 remote 10.150.0.3 heartbeat 1ms insecure|heartbeat: 10..10000 ms
2|peer add 3 local 10.150.0.1 local 10.150.0.1 remote 10.150.0.3 insecure|'local' is given twice
1|peer add 3 local 10.150.0.1 remote 10.150.0.3 key-file /nonexistent|/nonexistent: No such file or directory
1|peer set 3 heartbeat 100ms|there is no peer with this id
1|peer set 2 heartbeat 1ms|heartbeat: 10..10000 ms
2|peer set 2|set lacks what to set
1|peer del 3|there is no peer with this id
2|peer del|'id' lacks its value
1|peer show 3|there is no peer with this id
2|group add|'name' lacks its value
2|group add west|a group needs 'vip ADDR' or 'local ADDR'
1|group add east vip 192.0.2.77|a group of this name exists already
1|group add west vip 192.0.2.15|the address belongs to a group already
1|group add west local 10.175.0.1|the address belongs to a group already
1|group add west vip 224.0.0.1|vip: a multicast address is no address of a node
1|group add west vip 192.0.2.77 vip 192.0.2.77|an address is given twice
1|group add west vip 192.0.2.77 local 192.0.2.77|an address is given twice
2|group add west vip 0.0.0.0|vip '0.0.0.0' is no address of one node
2|group add west vip 192.0.2.777|vip '192.0.2.777' is not an IP address
2|group add west vip 192.0.2.77 dev|'dev' lacks its value
2|group add averyveryveryverylongnameofagroup vip 192.0.2.77|'averyveryveryverylongnameofagroup' is no name
2|group add -west vip 192.0.2.77|'-west' is no name
2|group add we/st vip 192.0.2.77|'we/st' is no name
2|group add west vip 192.0.2.77 install sideways|install 'sideways' is not one of
1|group add west vip 192.0.2.77 oseq-shift 15|oseq-shift: 16..268435456
1|group add west vip 192.0.2.77 oseq-shift 1073741825|oseq-shift: 16..268435456
2|group add west vip 192.0.2.77 oseq-shift 99999999999|oseq-shift '99999999999' is not a number of 0..4294967295
1|group add west vip 192.0.2.77 sync-period-time 3601s|sync-period-time: 0..3600000 ms
2|group add west vip 192.0.2.77 sync-period-packets -1|sync-period-packets '-1' is not a number of 0..4294967295
2|group add west vip 192.0.2.77 sync-period-packets 4294967296|sync-period-packets '4294967296' is not a number of 0..4294967295
2|group add west vip 192.0.2.77 replay advance 0|replay advance '0' is not a number of 1..4294967295
1|group add west vip 192.0.2.77 replay advance 4097|replay advance: 0..4096
2|group add west vip 192.0.2.77 replay backwards|replay 'backwards' is not one of
2|group set|'name' lacks its value
2|group set east|set lacks what to set
1|group set west active|there is no group of this name
1|group set west oseq-shift 64|there is no group of this name
1|group set east install daemon|install is chosen when the group is added
1|group set east standby|role follows the VIP
1|group set east oseq-shift 1|oseq-shift: 16..268435456
1|group set east vip add 192.0.2.15|the address belongs to a group already
1|group set east vip add 10.175.0.1|the address belongs to a group already
1|group set east vip del 192.0.2.99|the group has no such vip
1|group set east local del 10.175.0.2|the group has no such local
1|group set east local add 10.175.0.1|the address belongs to a group already
2|group set east local|local takes 'add ADDR' or 'del ADDR'
2|group set east color blue|unexpected 'color'
1|group del west|there is no group of this name
2|group del|'name' lacks its value
1|group show west|there is no group of this name
2|sa show spi elephant|spi 'elephant' is not a number of 1..4294967295
1|sa show group west|there is no group of this name
2|stats frobnicate|stats has no command 'frobnicate'
2|check|'check' lacks its value
1|check west|there is no group of this name
1|resync west|there is no group of this name
2|resync|'resync' lacks its value
1|-batch /nonexistent|/nonexistent: No such file or directory
1|-n nowhere node show|cannot open the network namespace nowhere
1|peer add 3 local 10.150.0.1 remote 10.150.0.2 insecure|another peer has these addresses and ports already
"

everything() { for what in node peer group sa; do xha gw1 -j "$what" show; done | jq 'walk(if type == "object" then
	del(.since, .session_age, .last_heard, .frames_tx, .frames_rx, .bytes_tx, .bytes_rx, .rtt, .lag, .rate, .resent, .lost)
	else . end)'; }

one_line()
{
	is 1 "$(grep -c . "$TMP/err")" "lines on stderr" && is 0 "$(wc -c <"$TMP/out")" "bytes on stdout"
}

# tells TEXT: the line has it; whoever forgets the text has not written a test.
tells() { [ -n "$1" ] && grep -qF -- "$1" "$TMP/err" || { echo "it does not say '$1'"; return 1; }; }

# refused STATUS TEXT COMMAND
refused()
{
	local status=$1 text=$2 rc
	shift 2

	xfrm-ha -n gw1 "$@" >"$TMP/out" 2>"$TMP/err"
	rc=$?
	cat "$TMP/err"
	is "$status" "$rc" "exit status" && one_line && tells "$text"
}

unchanged() { everything >"$TMP/after" && diff "$TMP/before" "$TMP/after"; }

# No permission: a user namespace of its own does not make one master of gw1's network.
no_permission()
{
	local what

	for what in "group show" "group set east oseq-shift 64" "peer del 2"; do
		# shellcheck disable=SC2086  # words
		ip netns exec gw1 setpriv --bounding-set -net_admin --inh-caps -net_admin --ambient-caps -all --reuid 1000 \
			--clear-groups "$TMP/xfrm-ha" $what >"$TMP/out" 2>"$TMP/err"
		is 1 $? "exit status of $what" && one_line && tells "not permitted: this takes CAP_NET_ADMIN" || return 1
	done
	cat "$TMP/err"
}

peer_down() { is true "$(peer_get gw1 2 ".state != \"up\" and (.reason | length > 0)")" "peer with a reason"; }
role_right() { is "$2 $3" "$(group_get "$1" '"\(.role) \(.vips[0].present)"')" "role and VIP of $1"; }

begin $(($(grep -c '|' <<<"$TABLE") + 9))
pair local "$ENDPOINT"
tunnel gw1 1 gcm 32 || give_up "tunnel"
wait_step gw1 gw2 || give_up "not in step"
everything >"$TMP/before"
while IFS='|' read -r status words text; do
	[ -n "$status" ] || continue
	# shellcheck disable=SC2086  # words
	check "$status: $words" refused "$status" "$text" $words
done <<<"$TABLE"
check "nothing of it has changed anything" unchanged

install -m 755 "$(command -v xfrm-ha)" "$TMP/xfrm-ha"
chmod 755 "$TMP"
check "without permission: one line, refused" no_permission
check "... and nothing has changed" unchanged

ip -n sw link del s-gw1
check "the sync device vanishes: the peer says so" busywait 5000 peer_down
check "... and the active serves on" role_right gw1 active true
ip -n sw link del w-gw1
check "the VIP's device vanishes: no active any more" busywait 5000 role_right gw1 standby false
check "... the SAs are still there" is 2 "$(sa_count gw1)" SAs
finish
