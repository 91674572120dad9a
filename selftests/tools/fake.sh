#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What xfrm-ha sends for each command, and shows for each reply. XFRM_HA is the
# program linked with fake_nl.c, which plays the kernel.
# shellcheck disable=SC2317 # functions are called through ktap_test

here=$(dirname "$(readlink -f "$0")")
# shellcheck source=ktap.sh
. "$here/ktap.sh"

xfrm_ha=${XFRM_HA:-$here/build/xfrm-ha-fake}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export TZ=UTC

# the command | number of the command in the interface, attributes in hex
requests()
{
	cat <<-'EOT'
	node set id 1|1 1:01
	node set id 15 sample-period 50ms|1 2:32000000 1:0f
	node set sample-period 1s|1 2:e8030000
	node|2
	node show|2
	peer add 2 local 10.150.0.1 remote 10.150.0.2 insecure|3 1:02 2{ 1:0a960001 } 3{ 1:0a960002 } 7:00 9:
	peer add 2 local 2001:db8::1 remote 2001:db8::2 insecure|3 1:02 2{ 1:20010db8000000000000000000000001 } 3{ 1:20010db8000000000000000000000002 } 7:00 9:
	peer add 2 local 10.150.0.1 remote 10.150.0.2 port 5000 dev eth3 transport udp heartbeat 1s insecure|3 1:02 8:e8030000 2{ 1:0a960001 } 3{ 1:0a960002 } 4:8813 5:8813 6:6574683300 7:00 9:
	peer add 2 insecure port 5000 remote-port 5001 remote 10.150.0.2 local 10.150.0.1|3 1:02 2{ 1:0a960001 } 3{ 1:0a960002 } 4:8813 5:8913 7:00 9:
	peer set 2 heartbeat 100|4 1:02 8:64000000
	peer del 2|5 1:02
	peer show 2|6 1:02
	peer|6 dump
	group add east vip 192.0.2.15 dev eth0|7 1:6561737400 2{ 2{ 1:c000020f 2:6574683000 } }
	group add east vip 192.0.2.15/24 vip 2001:db8::15/64 dev eth1 local 10.175.0.1 local 10.175.0.2|7 1:6561737400 2{ 2{ 1:c000020f } 2{ 1:20010db8000000000000000000000015 2:6574683100 } } 3{ 1:0aaf0001 1:0aaf0002 }
	group add e install daemon local 10.175.0.1 policies off replay advance 64|7 1:6500 4:01 5:02 9:40000000 3{ 1:0aaf0001 }
	group set east active|8 1:6561737400 10:02
	group set east standby force|8 1:6561737400 10:01 11:
	group set east sync-period-time 0 sync-period-packets 0 oseq-shift 4096|8 1:6561737400 6:00000000 7:00000000 8:00100000
	group set east replay restore|8 1:6561737400 9:00000000
	group set east vip add 192.0.2.16/24 dev eth0|8 1:6561737400 12{ 1:c0000210 2:6574683000 }
	group set east vip del 192.0.2.16|8 1:6561737400 13{ 1:c0000210 }
	group set east local add 10.175.0.2|8 1:6561737400 14:0aaf0002
	group set east local del 10.175.0.2|8 1:6561737400 15:0aaf0002
	group del east|9 1:6561737400
	group show east|10 1:6561737400
	group|10 dump
	check east|10 1:6561737400
	sa|11 dump
	sa show spi 0xc0ffee01 group east|11 dump 1:6561737400 5:c0ffee01
	stats|12
	resync east|13 1:6561737400
	EOT
}

# What the two show the same way on all machines: the command | a line of it
texts()
{
	cat <<-'EOT'
	node|node 1 sample-period 50ms module 0.1.0
	peer|peer 2 up since 1m23s local 10.150.0.1 remote 10.150.0.2 dev eth3 transport udp insecure
	peer|  version 1 session 1m22s rtt 140us heard 40ms ago
	peer|  tx frames 10 bytes 1000 rx frames 11 bytes 1100 lost 1 resent 2 rejected 30
	peer|  reason: never heard
	peer|  no session never heard
	-s peer|    rejected audit found 10
	group|group east role active term 7 since 3m12s sas 12 policies 18
	group|  3 SAs are not replicated: 'xfrm-ha sa show' says why
	group|  1 SA is not replicated: 'xfrm-ha sa show' says why
	group|  2 policies are not replicated: its selector is bound to an interface index
	group|group west role standby sync bulk term 7 since 3m12s sas 12 policies 18
	group|  not hot: 4 of 12 SAs copied
	group|  vip 192.0.2.15 dev eth0 absent: eth0 has no carrier
	group|  vip 2001:db8::15 present
	group|  local 10.175.0.1
	group|  peer 2 role standby sync hot lag 120ms refused 1
	group|  peer 3 role unknown sync cold: peer 3 says "?"
	-s group|  install kernel policies takeover sync-period-time 1s sync-period-packets 64 oseq-shift 65536 replay advance 100
	sa|esp 10.175.0.1 -> 10.175.0.2 spi 0xc0ffee01 out group east own active
	sa|  oseq 1009 lease 1010 acked-lease 1011 headroom 2 rate 1014/s overruns 1015
	sa|  seq 1012 exposure 1013 overruns 1015
	sa|  not replicated: no group has local 10.175.0.1
	stats|audit found 10
	EOT
}

# the object | a Python expression of d, the answer
answers()
{
	cat <<-'EOT'
	node|d == [{"id": 1, "sample_period": 50, "module_version": "0.1.0"}]
	peer|[p["id"] for p in d] == [2, 3]
	peer|all(set(p) == set("id state reason since local remote port remote_port dev transport insecure heartbeat rto_min rto_max path_retransmit assoc_retransmit version session_age key_age rtt frames_tx frames_rx bytes_tx bytes_rx lost resent rejected last_heard lacking".split()) for p in d)
	peer|d[0]["rejected"] == {"events": 0, "audit_found": 10, "dropped_late": 20}
	peer|d[0]["insecure"] is True and d[1]["session_age"] is None
	peer|d[0]["local"] == ["10.150.0.1"] and d[0]["rtt"] == 140
	group|set(d[1]) - set(d[0]) == {"why"}
	group|set(d[1]) == set("name role sync term since vips local install policies sync_period_time sync_period_packets oseq_shift replay sas policy_count not_replicated policies_not_replicated policies_why why peers".split())
	group|d[0]["vips"][0] == {"addr": "192.0.2.15", "dev": None, "present": True}
	group|d[1]["vips"][0]["reason"] == "eth0 has no carrier"
	group|[g["replay"] for g in d] == ["restore", "advance 100"]
	group|d[0]["peers"][0] == {"id": 2, "role": "standby", "sync": "hot", "lag": 120, "pending": 0, "refused": 1, "reason": None}
	group|d[0]["peers"][1]["reason"] == 'peer 3 says "\x01"'
	sa|len(d) == 3 and all(set(s) == set("group src dst proto spi dir origin role oseq lease acked_lease headroom seq exposure rate overruns capped offloaded may_wrap not_replicated".split()) for s in d)
	sa|[s["spi"] for s in d] == ["0xc0ffee01", "0xc0ffee02", "0xc0ffee03"]
	sa|d[0]["not_replicated"] is None and d[2]["not_replicated"].startswith("no group")
	sa|d[0]["proto"] == "esp" and d[2]["role"] is None and d[1]["origin"] == "learned"
	stats|d == [{"events": 0, "audit_found": 10, "dropped_late": 20}]
	EOT
}

request()
{
	local got

	rm -f "$tmp/log"
	# shellcheck disable=SC2086 # the words of the command
	FAKE_LOG=$tmp/log "$xfrm_ha" $1 >/dev/null || return
	got=$(cat "$tmp/log")
	[ "$got" = "$2" ] && return
	echo "want: $2"
	echo " got: $got"
	return 1
}

text()
{
	# shellcheck disable=SC2086
	"$xfrm_ha" $1 >"$tmp/out" || return
	grep -qxF -- "$2" "$tmp/out" && return
	cat "$tmp/out"
	return 1
}

json()
{
	local opt

	for opt in "" -p -s; do
		# shellcheck disable=SC2086
		"$xfrm_ha" -j $opt "$1" >"$tmp/out" &&
			python3 - "$2" "$tmp/out" <<-'EOT' || return
			import json, sys
			d = json.load(open(sys.argv[2]))
			if not eval(sys.argv[1]):
			    sys.exit(print(sys.argv[1], "is false of", d) or 1)
			EOT
	done
}

monitor_text()
{
	"$xfrm_ha" monitor | sed 's/^\[....-..-..T..:..:..\.......\] //' \
		>"$tmp/out"
	diff "$tmp/out" - <<-'EOT'
	east: standby -> active (VIP 192.0.2.15 present) term 7, 12 SAs in 84 us, staleness 120ms, exposure 40, jump 65536
	east: sync cold -> bulk (digest right)
	peer 2: connecting -> up (first frame)
	east: 1 -> 2 (new)
	EOT
}

# One object on each line, whatever -p says.
monitor_json()
{
	"$xfrm_ha" -j -p monitor >"$tmp/out" && python3 - "$tmp/out" <<-'EOT'
	import json, sys
	e = [json.loads(line) for line in open(sys.argv[1])]
	assert [x["event"] for x in e] == ["role", "sync", "peer", "unknown"], e
	assert e[0]["to"] == "active" and e[0]["jump"] == 65536, e
	assert e[2] == {"time": e[2]["time"], "event": "peer", "peer": 2,
	                "from": "connecting", "to": "up", "cause": "first frame"}
	EOT
}

check_status()
{
	"$xfrm_ha" check east >"$tmp/out" 2>&1 && [ ! -s "$tmp/out" ] || return
	FAKE_FIRST=1 "$xfrm_ha" check west 2>"$tmp/err"
	[ $? -eq 1 ] && grep -qx "xfrm-ha: west: 4 of 12 SAs copied" "$tmp/err" ||
		return
	"$xfrm_ha" check east redundant 2>"$tmp/err"
	[ $? -eq 1 ] && grep -qx "xfrm-ha: east: no peer is hot" "$tmp/err"
}

# $1 the line, the rest: the command
refused()
{
	local line=$1 rc
	shift

	"$xfrm_ha" "$@" >"$tmp/out" 2>"$tmp/err"
	rc=$?
	[ "$rc" -eq 1 ] && [ ! -s "$tmp/out" ] &&
		[ "$(cat "$tmp/err")" = "xfrm-ha: $line" ] && return
	echo "exit $rc: $(cat "$tmp/err")"
	return 1
}

refusals()
{
	FAKE_ERRNO=2 FAKE_TEXT="no group 'east'" \
		refused "no group 'east'" -j group show east || return
	FAKE_ERRNO=2 refused "No such file or directory" group || return
	FAKE_ERRNO=1 refused "not permitted: this takes CAP_NET_ADMIN, try as root" \
		group || return
	FAKE_ERRNO=95 refused "the module does not know this command: is it older than xfrm-ha?" \
		resync east || return
	FAKE_ERRNO=34 FAKE_ATTR=8 FAKE_MAX=10000 FAKE_TEXT="integer out of range" \
		refused "heartbeat: integer out of range (10..10000)" \
		peer set 2 heartbeat 1 || return
	# a text that has the word already
	FAKE_ERRNO=22 FAKE_ATTR=12 FAKE_TEXT="that vip is there already" \
		refused "that vip is there already" \
		group set east vip add 192.0.2.16 || return
	FAKE_ERRNO=22 FAKE_ATTR=2 \
		refused "local: Invalid argument" \
		peer add 2 local 10.0.0.1 remote 10.0.0.2 insecure
}

warning()
{
	FAKE_ERRNO=0 FAKE_TEXT="the link is slow" "$xfrm_ha" peer del 2 \
		2>"$tmp/err" &&
		[ "$(cat "$tmp/err")" = "xfrm-ha: warning: the link is slow" ]
}

batch_status()
{
	printf 'node set id 1\ngroup\npeer add\n' >"$tmp/batch"
	FAKE_ERRNO=17 FAKE_TEXT=there "$xfrm_ha" -batch "$tmp/batch" 2>"$tmp/err"
	[ $? -eq 1 ] && grep -qx "xfrm-ha: $tmp/batch:1: there" "$tmp/err" ||
		return
	"$xfrm_ha" -j -batch "$tmp/batch" >"$tmp/out" 2>"$tmp/err"
	[ $? -eq 2 ] && python3 -m json.tool "$tmp/out" >/dev/null
}

# Damaged replies: no crash (make SAN=1 looks closer), and the JSON is valid.
damaged()
{
	local seed object

	for object in node peer group sa stats monitor; do
		for seed in $(seq 100); do
			FAKE_SEED=$seed "$xfrm_ha" -j "$object" || return
			FAKE_SEED=$seed "$xfrm_ha" -s "$object" >/dev/null || return
		done
	done >"$tmp/out"
	python3 - "$tmp/out" <<-'EOT'
	import json, sys
	n = sum(json.loads(line) is not None for line in open(sys.argv[1], "rb"))
	assert n >= 500, n
	EOT
}

count()
{
	"$1" | wc -l
}

# each line of table $1 is a test by command $2
run_table()
{
	while IFS= read -r line; do
		ktap_test "$2 ${line%%|*}" "$2" "${line%%|*}" "${line#*|}"
	done < <("$1")
}

ktap_plan $(($(count requests) + $(count texts) + $(count answers) + 7))
run_table requests request
run_table texts text
run_table answers json
ktap_test "monitor" monitor_text
ktap_test "monitor -j" monitor_json
ktap_test "check: status and reason" check_status
ktap_test "refusals of the kernel, in words" refusals
ktap_test "warnings of the kernel" warning
ktap_test "batch: status of the command that failed" batch_status
ktap_test "damaged replies" damaged
ktap_exit
