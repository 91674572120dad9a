#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Module parameters: the pair without a tool. Parameters are about the initial namespace, so node 1 is there and node 2
# in a namespace; wrong ones keep the module from loading, with one line that says why.

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"

GOOD="node_id=1 peer_id=2 local=10.150.0.1 remote=10.150.0.2 sync_dev=xsync group=east vip=192.0.2.15 vip_dev=xwan insecure=1"

# WORDS instead of good ones | what the line has to say
BAD="
node_id=0|node_id
node_id=16|node_id
peer_id=0|peer_id
peer_id=1|peer_id
local=|local
local=0.0.0.0|local
local=224.0.0.1|local
remote=fd00::2|remote
remote=10.150.0.1|remote
port=0|port
transport=tcp|transport
path_retransmit=3|path_retransmit
rto_min=9ms|rto_min
insecure=0|insecure
key=xfrm-ha:sync|contradicts key
insecure=0 key=xfrm-ha:none|no logon key of this description
insecure=0 key=xfrm-ha:short|not a key of 32 bytes
group=|group
group=-east|group
group=ea/st|group
group=abcdefghijklmnopqrstuvwxyz-12345|group
vip=192.0.2|vip
vip=192.0.2.15,192.0.2.15|twice
vip_dev=a/b|vip_dev
endpoint=nonsense|endpoint
sample_period=9ms|sample_period
sample_period=50min|sample_period
heartbeat=5|heartbeat
sync_period_time=3601s|sync_period_time
sync_period_packets=4294967296|sync_period_packets
oseq_shift=15|oseq_shift
"

# refused WORDS: what the kernel or insmod says of the load is one line, it names the parameter, nothing is left.
refused()
{
	local words=$1 about=$2 rest=$GOOD word lines

	for word in $words; do
		rest=$(tr ' ' '\n' <<<"$rest" | grep -v "^${word%%=*}=" | tr '\n' ' ')
	done
	dmesg --clear
	# shellcheck disable=SC2086  # words
	if module_load $rest $words 2>"$TMP/insmod"; then
		echo "it loads with $words"
		rmmod xfrm_ha
		return 1
	fi
	lines=$(dmesg | grep -c 'xfrm_ha: param')
	dmesg | grep 'xfrm_ha: param'
	is 1 "$lines" "lines in the log" && dmesg | grep -q "xfrm_ha: .*$about" &&
		! module_loaded && [ ! -e /proc/net/xfrm_ha_stat ]
}

# Settings that belong to the initial namespace, and go with it all.
unlink_all()
{
	ip link del xwan 2>"$TMP/del"
	ip link del xsync 2>"$TMP/del"
	ip xfrm state flush
	ip xfrm policy flush
	ip addr del 10.8.0.1/32 dev lo 2>"$TMP/del"
	module_unload
}

alone() { xfrm-ha -j "$@"; }
here() { alone group show east | jq -r ".[0] | $1"; }
knobs()
{
	is "7000 5 128 30" "$(here '"\(.sync_period_time) \(.sync_period_packets) \(.oseq_shift)"') $(alone node show |
		jq -r '.[0].sample_period')" "knobs"
}

both_in_step()
{
	is "active standby hot" "$(here .role) $(group_get gw2 '"\(.role) \(.sync)"')" "roles" &&
		is "$(here .sas) $(here .policy_count)" "$(group_get gw2 '"\(.sas) \(.policy_count)"')" "SAs and policies"
}

count=$(grep -c '|' <<<"$BAD")
begin $((count + 12))
module_unload || give_up "rmmod"
head -c 31 /dev/urandom >"$TMP/short"
SHORT=$(keyctl padd logon xfrm-ha:short @u <"$TMP/short") || give_up "no keyring"
while IFS='|' read -r word about; do
	[ -n "$word" ] || continue
	check "refused: $word" refused "$word" "$about"
done <<<"$BAD"
keyctl unlink "$SHORT" @u >"$TMP/unlink"
log_begin

topology gw2
ip link add xwan type veth peer name x-wan netns sw
ip link add xsync type veth peer name x-sync netns sw
ip -n sw link set x-wan master br-wan up
ip -n sw link set x-sync master br-sync up
ip link set xwan up
ip link set xsync up
ip addr add 192.0.2.1/24 dev xwan
ip addr add 10.150.0.1/24 dev xsync
ip addr add 10.8.0.1/32 dev lo
ip route add 10.9.0.0/16 via 192.0.2.100 src 10.8.0.1

# shellcheck disable=SC2086  # words
check "good parameters" module_load $GOOD sample_period=30 sync_period_time=7s sync_period_packets=5 oseq_shift=128 \
	heartbeat=50ms endpoint=$ENDPOINT
check "the knobs are what they say" knobs
check "the group waits for its VIP" is standby "$(here .role)" role
check "namespaces are not concerned" is "[]" "$(xha gw2 -j group show | tr -d ' \n')" "groups of gw2"
xha gw2 node set id 2
xha gw2 peer add 1 local 10.150.0.2 remote 10.150.0.1 dev sync insecure
xha gw2 group add east vip 192.0.2.15 dev wan local "$ENDPOINT" oseq-shift 128
ip addr add "$VIP/32" dev xwan
check "with the VIP it is active" is active "$(here .role)" role
tunnel_sas 1 >"$TMP/batch"
gateway_policies 1 >>"$TMP/batch"
check "SAs of the initial namespace" ip -batch "$TMP/batch"
on rem tunnel_sas 1
on rem remote_policies 1
ip -n rem addr add 10.9.1.1/32 dev lo
check "the other node, set up by netlink, gets hot with them" busywait 15000 both_in_step
ip -n rem neigh replace "$VIP" lladdr "$(cat /sys/class/net/xwan/address)" dev wan nud permanent
xha-traffic server 0.0.0.0 5000 >"$TMP/here.json" 2>"$TMP/here.err" &
here_pid=$!
serve gw2
talk flow 1 50
traffic_for 0.5
vip_gone
ip addr del "$VIP/32" dev xwan
ip -n gw2 addr add "$VIP/32" dev wan
vip_announce gw2 && AWAY+="$(now_ns)]"
traffic_for 0.5
stop flow
kill "$here_pid"
check "takeover to the other node" is active "$(group_get gw2 .role)" "role of gw2"
check "... without loss" went_on flow 20
check "... and without a replay" no_replay_errors rem
unlink_all
finish
