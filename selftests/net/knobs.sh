#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Knobs, changed while the pair runs: what they do to the link, by what is in its frames. (The ones of SCTP are in sctp.sh,
# replay and policies in tests of their own.)

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"

# What a frame may be late by: a sample, and a machine that has other things to do.
LATE=$(patience 200)

# While a command runs, what gw1 says.
watched() { Q=out sniff link gw1 sync udp port 4511 && "$@" && stop link && xha-records "$TMP/link.pcap" >"$TMP/records"; }

# packets COUNT RATE [N]: into tunnel N and back. A slow machine takes longer for each, and all times are as much longer.
packets()
{
	start flow rem xha-traffic client 10.8.0.1 5000 --bind "10.9.${3:-1}.1" --rate "$(paced "$2")" --count "$1" --linger "$(longer 0.5)"
	wait "${JOB[flow]}"
}

# between KIND FIELD: what is between one record of that kind and the next of the same SA, in ms (1) or numbers (4). A lease that is
# sent again is the same one.
between()
{
	awk -v kind="$1" -v at="$2" '
		$2 == kind && ($3 in last) && (at == 1 || $at != last[$3]) { print $at - last[$3] }
		$2 == kind { last[$3] = $at }' "$TMP/records"
}
least() { between "$@" | sort -n | head -n 1; }
# But for one: whoever emulates the machine may stall.
most() { between "$@" | sort -n | tail -n 2 | head -n 1; }
count() { grep -c " $1 " "$TMP/records"; }

knobs() { xha gw1 group set "$GROUP" "$@" && xha gw2 group set "$GROUP" "$@" || give_up "group set $*"; }
heartbeat() { xha gw1 peer set 2 heartbeat "$1" && xha gw2 peer set 1 heartbeat "$1" || give_up "heartbeat"; }

none() { watched packets 300 200 && is 0 "$(count window)" "windows synced"; }

# by_time MS: never sooner, and never much later.
by_time()
{
	local ms
	ms=$(patience "$1")

	watched packets 300 100 && at_least 3 "$(count window)" "windows synced" &&
		at_least $((ms - ms / 10)) "$(least window 1)" "ms between two" && at_most $((ms + LATE)) "$(most window 1)" "ms between two"
}

# by_packets N: never sooner, but for what comes between a sample and its frame, which has the top as it is then; and never much
# later: at 200/s, by what comes in that time.
by_packets()
{
	watched packets 600 200 && at_least 3 "$(count window)" "windows synced" &&
		at_least $(($1 - $1 / 8)) "$(least window 4)" "packets between two" && at_most $(($1 + 60)) "$(most window 4)" "packets between two"
}

# follows N: what is used of a limit is known at gw2, but for the last N packets.
follows()
{
	tunnel gw1 4 gcm 128 "$VIP" limit packet-hard 100000 && wait_step gw1 gw2 && packets 200 200 4 || return 1
	spi_in 4
	at_least 180 "$(used gw1 "$REPLY")" "packets used" && IN4=$REPLY && busywait 2000 known "$1"
}

known() { at_least $(($(used gw1 "$IN4") - $1)) "$(used gw2 "$IN4")" "packets used, at gw2"; }

# beats MS: as often as that.
beats()
{
	local ms
	ms=$(patience "$1")

	heartbeat "${ms}ms"
	sleep 0.5
	watched sleep "$((6 * ms / 1000)).5" && at_least 4 "$(count heartbeat)" "heartbeats" && at_most 9 "$(count heartbeat)" "heartbeats"
}

# steps SHIFT COUNT RATE N: a lease of an SA that is made now reaches so far, and is renewed when half of it is used.
steps()
{
	knobs oseq-shift "$1"
	tunnel gw1 "$4" gcm 128 && wait_step gw1 gw2 || return 1
	watched packets "${@:2}" && at_least 2 "$(count lease)" "leases" && at_least $(($1 / 2)) "$(least lease 4)" "numbers more each time" &&
		at_most "$1" "$(least lease 4)" "numbers more each time"
}

# What gw2 says does not arrive: the same SA again and again, after as long as is said. Or the same CHECK, if an audit was
# just under way: nothing follows before that is acked. Or, after a while, the same BEGIN, if its answer was.
again()
{
	# Nor do the answers of ARP, of which none must be needed.
	ip -n gw1 neigh replace 10.150.0.2 lladdr "$(ip -n gw2 -j link show sync | jq -r '.[0].address')" dev sync nud permanent || return 1
	tc -n sw qdisc replace dev s-gw1 root netem loss 100%
	ip -n gw1 xfrm state add src "$VIP" dst 192.0.2.100 proto esp spi 0x7001 mode tunnel $REPLY && sleep "$(patience 4)"
}

# gaps: ms between one and the next of the same, of that first which came most often. A CHECK that is sent again has a new
# number; there is one group, so that any is the same.
gaps()
{
	awk '$2 != "heartbeat" {
			key = $2 == "check" ? $2 : $2 " " $3
			if (n[key]++) gaps[key] = gaps[key] $1 - last[key] "\n"
			last[key] = $1
			if (n[key] > n[most]) most = key
		}
		END {
			printf "%s", gaps[most]
			for (key in gaps)
				if (key != most) printf "%s", gaps[key]
		}' "$TMP/records"
}

repeated()
{
	local min max first last
	min=$(patience 300) max=$(patience 700)

	algorithm gcm 1
	xha gw1 peer set 2 rto-min "${min}ms" rto-max "${max}ms" || give_up "rto"
	watched again
	tc -n sw qdisc del dev s-gw1 root
	# An audit that comes just when it is added makes it two at once.
	first=$(gaps | awk '$1 > 5' | head -n 1)
	last=$(gaps | sort -n | tail -n 2 | head -n 1)
	at_least $((min - 5)) "${first:-0}" "ms until it was sent again" && at_most $((min + LATE)) "${first:-0}" "ms until it was sent again" &&
		at_least $((max - 5)) "${last:-0}" "ms in the end" && at_most $((max + LATE)) "${last:-0}" "ms in the end" && return 0
	cat "$TMP/records"
	return 1
}

begin 15
pair sync-period-time 0 sync-period-packets 0
# A window that is acked late is not to be seen twice.
xha gw1 peer set 2 rto-min 2s || give_up "rto"
serve gw1 gw2
tunnel gw1 1 gcm 128 && wait_step gw1 gw2 || give_up "tunnel"
vip_announce gw1
check "both periods 0: no window is synced" none
knobs sync-period-time "$(patience 500)ms"
check "sync-period-time 500ms: so often" by_time 500
knobs sync-period-time "$(patience 150)ms"
check "sync-period-time 150ms: so often" by_time 150
knobs sync-period-time 0 sync-period-packets 64
check "sync-period-packets 64: so often" by_packets 64
knobs sync-period-packets 16
check "sync-period-packets 16: so often" by_packets 16
check "... what was used of limits, too" follows 16
xha gw1 node set sample-period "$(patience 500)ms" || give_up "sample-period"
knobs sync-period-packets 1
check "sample-period 500ms: no change is seen sooner" by_time 500
xha gw1 node set sample-period 50ms && knobs sync-period-packets 0 || give_up "sample-period"
check "both periods 0 again: no window is synced" none
xha gw1 peer set 2 rto-min 20ms || give_up "rto"
check "oseq-shift 64: leases grow by half of it and more" steps 64 600 100 2
check "oseq-shift 256: leases grow by half of it and more" steps 256 1500 200 3
check "heartbeat 1000ms: so often" beats 1000
check "heartbeat 400ms: so often" beats 400
heartbeat 10s
sleep 1
check "rto-min and rto-max: so soon, and no later" repeated
finish
