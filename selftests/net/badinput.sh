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

# STATUS|COMMAND: the exit status and what xfrm-ha is given on gw1.
TABLE='
2|nonsense
2|node frobnicate
2|node set
2|node set id
2|node set id 0
2|node set id 16
2|node set id x
1|node set id 2
2|node set id 1 sample-period
1|node set id 1 sample-period 9ms
1|node set id 1 sample-period 3600s
2|node set id 1 sample-period 50lightyears
2|node set id 1 color blue
2|peer add
2|peer add 3
2|peer add 3 local 10.150.0.1
2|peer add 3 local 10.150.0.1 remote
2|peer add 3 local 10.150.0.1 remote 10.150.0.3
2|peer add 3 local 10.150.0.300 remote 10.150.0.3 insecure
2|peer add 3 local 10.150.0.1 remote fd00:150::3 insecure
1|peer add 3 local 10.150.0.1 remote 10.150.0.1 insecure
2|peer add 3 local 0.0.0.0 remote 10.150.0.3 insecure
1|peer add 3 local 224.0.0.1 remote 10.150.0.3 insecure
1|peer add 1 local 10.150.0.1 remote 10.150.0.3 insecure
1|peer add 2 local 10.150.0.1 remote 10.150.0.3 insecure
2|peer add 0 local 10.150.0.1 remote 10.150.0.3 insecure
2|peer add 16 local 10.150.0.1 remote 10.150.0.3 insecure
2|peer add 3 local 10.150.0.1 remote 10.150.0.3 port 0 insecure
2|peer add 3 local 10.150.0.1 remote 10.150.0.3 port 65536 insecure
2|peer add 3 local 10.150.0.1 remote 10.150.0.3 dev averyverylongdevicename insecure
2|peer add 3 local 10.150.0.1 remote 10.150.0.3 transport carrier-pigeon insecure
1|peer add 3 local 10.150.0.1 remote 10.150.0.3 path-retransmit 3 insecure
1|peer add 3 local 10.150.0.1 remote 10.150.0.3 rto-min 3s insecure
1|peer add 3 local 10.150.0.1 remote 10.150.0.3 rto-max 5ms insecure
1|peer add 3 local 10.150.0.1 remote 10.150.0.3 port 9 transport sctp assoc-retransmit 256 insecure
1|peer add 3 local 10.150.0.1 remote 10.150.0.3 heartbeat 1ms insecure
2|peer add 3 local 10.150.0.1 local 10.150.0.1 remote 10.150.0.3 insecure
1|peer add 3 local 10.150.0.1 remote 10.150.0.3 key-file /nonexistent
1|peer set 3 heartbeat 100ms
1|peer set 2 heartbeat 1ms
2|peer set 2
1|peer del 3
2|peer del
1|peer show 3
2|group add
2|group add west
1|group add east vip 192.0.2.77
1|group add west vip 192.0.2.15
1|group add west local 10.175.0.1
1|group add west vip 224.0.0.1
1|group add west vip 192.0.2.77 vip 192.0.2.77
1|group add west vip 192.0.2.77 local 192.0.2.77
2|group add west vip 0.0.0.0
2|group add west vip 192.0.2.777
2|group add west vip 192.0.2.77 dev
2|group add averyveryveryverylongnameofagroup vip 192.0.2.77
2|group add -west vip 192.0.2.77
2|group add we/st vip 192.0.2.77
2|group add west vip 192.0.2.77 install sideways
1|group add west vip 192.0.2.77 oseq-shift 15
1|group add west vip 192.0.2.77 oseq-shift 1073741825
2|group add west vip 192.0.2.77 oseq-shift 99999999999
1|group add west vip 192.0.2.77 sync-period-time 3601s
2|group add west vip 192.0.2.77 sync-period-packets -1
2|group add west vip 192.0.2.77 sync-period-packets 4294967296
2|group add west vip 192.0.2.77 replay advance 0
1|group add west vip 192.0.2.77 replay advance 4097
2|group add west vip 192.0.2.77 replay backwards
2|group set
2|group set east
1|group set west active
1|group set west oseq-shift 64
1|group set east install daemon
1|group set east standby
1|group set east oseq-shift 1
1|group set east vip add 192.0.2.15
1|group set east vip add 10.175.0.1
1|group set east vip del 192.0.2.99
1|group set east local del 10.175.0.2
1|group set east local add 10.175.0.1
2|group set east local
2|group set east color blue
1|group del west
2|group del
1|group show west
2|sa show spi elephant
1|sa show group west
2|stats frobnicate
2|check
1|check west
1|resync west
2|resync
1|-batch /nonexistent
1|-n nowhere node show
1|peer add 3 local 10.150.0.1 remote 10.150.0.2 insecure
'

everything() { for what in node peer group sa; do xha gw1 -j "$what" show; done | jq -S 'walk(if type == "object" then
	del(.since, .session_age, .last_heard, .frames_tx, .frames_rx, .bytes_tx, .bytes_rx, .rtt, .lag, .rate, .resent, .lost)
	else . end)'; }

one_line()
{
	is 1 "$(grep -c . "$TMP/err")" "lines on stderr" && is 0 "$(wc -c <"$TMP/out")" "bytes on stdout"
}

# refused STATUS COMMAND
refused()
{
	local status=$1 rc
	shift

	xfrm-ha -n gw1 "$@" >"$TMP/out" 2>"$TMP/err"
	rc=$?
	cat "$TMP/err"
	is "$status" "$rc" "exit status" && one_line
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
		is 1 $? "exit status of $what" && one_line || return 1
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
while IFS='|' read -r status words; do
	[ -n "$status" ] || continue
	# shellcheck disable=SC2086  # words
	check "$status: $words" refused "$status" $words
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
