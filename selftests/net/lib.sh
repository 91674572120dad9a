# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Nodes as network namespaces of one machine. Sourced by every test here.
#
#                 rem   192.0.2.100, 10.9.N.1 behind it; knows the VIP by its neighbour table
#                  |wan
#             w-rem|
#        [ sw: bridge br-wan ]           VIP 192.0.2.15 and 2001:db8:2::15
#       w-gw1|           |w-gw2
#            |wan        |wan
#           gw1         gw2              192.0.2.1, .2 (gw3, gw4: .3, .4); 10.8.0.1 behind all of them, on lo
#            |sync       |sync
#       s-gw1|           |s-gw2
#        [ sw: bridge br-sync ]          10.150.0.1, .2
#
# IPv6 likewise: 2001:db8:2::/64 wan, 2001:db8:8::1 behind the gateways, 2001:db8:9:N::1 behind the remote.
# A cable is cut in sw, so that the nodes see what a node sees: silence (sync), or a lost carrier (wan).
set -u

NET=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PATH=$NET/../bin:$PATH
TMP=$(mktemp -d)
NAME=$(basename "$0" .sh)

# shellcheck source=selftests/net/ktap.sh
. "$NET/ktap.sh"

VIP=192.0.2.15
VIP6=2001:db8:2::15
ENDPOINT=10.175.0.1	# a tunnel endpoint that both gateways have
GROUP=east

# --- the module ---------------------------------------------------------------------------------------------------

module_file() { echo "${XHA_MODULE:-$NET/../bin/xfrm_ha.ko}"; }
module_loaded() { grep -q '^xfrm_ha ' /proc/modules; }

DEPENDS=""

# module_load [PARAMETER=VALUE]...: the one of the build if there is one, else what is installed; with XHA_PARAMS besides.
module_load()
{
	local file
	file=$(module_file)

	[ -d /sys/module/esp6 ] || modprobe -a xfrm_user xfrm_algo esp4 esp6 veth bridge || return 1
	if [ -f "$file" ]; then
		if [ -z "$DEPENDS" ]; then
			DEPENDS=$(modinfo -F depends "$file" | tr ',' ' ')
			# shellcheck disable=SC2086  # a list
			[ -z "$DEPENDS" ] || modprobe -a $DEPENDS || return 1
		fi
		# shellcheck disable=SC2086  # a list
		insmod "$file" ${XHA_PARAMS:-} "$@"
	else
		modprobe xfrm_ha "$@"
	fi
}

# A namespace that was deleted may still be on its way out, with what it uses of the module.
module_unload() { ! module_loaded || busywait 10000 rmmod xfrm_ha; }

# --- the kernel log -----------------------------------------------------------------------------------------------

LOG_MARK="xha-selftest $NAME $$ $RANDOM"
LOG_BAD='WARNING:|BUG[: ]|Oops|general protection|KASAN|KCSAN|UBSAN|kmemleak|ODEBUG|refcount_t|suspicious RCU'
LOG_BAD+='|possible (circular|recursive|irq)|inconsistent lock|scheduling while atomic|sleeping function|Call Trace'
LOG_BAD+='|unregister_netdevice: waiting|blocked for more than|soft lockup|rcu_sched|memory leak|leaked'

log_begin() { echo "$LOG_MARK" >/dev/kmsg; }

# After very many lines the mark may be gone: then all that is left.
log_since()
{
	dmesg >"$TMP/dmesg"
	grep -qF "$LOG_MARK" "$TMP/dmesg" || { cat "$TMP/dmesg"; return; }
	awk -v mark="$LOG_MARK" 'seen; index($0, mark) { seen = 1 }' "$TMP/dmesg"
}

log_clean()
{
	if log_since | grep -E "$LOG_BAD"; then
		log_since | grep -E -A 30 -m 1 "$LOG_BAD"
		return 1
	fi
}

# --- begin and end ------------------------------------------------------------------------------------------------

# begin CHECKS [MODULE PARAMETER]...
begin()
{
	local plan=$1
	shift

	[ "$(id -u)" = 0 ] || skip_all "needs root"
	ktap_plan "$plan"
	cleanup
	log_begin
	module_load "$@" || give_up "the module does not load: $(log_since | tail -n 3)"
}

cleanup()
{
	local ns pid

	for pid in $(jobs -p); do
		kill "$pid" 2>"$TMP/kill"
	done
	wait
	for ns in rem gw1 gw2 gw3 gw4 sw host r1 r2; do
		[ ! -e "/run/netns/$ns" ] || ip netns del "$ns"
	done
	module_unload
}

at_exit() { cleanup; rm -rf "$TMP"; }
trap at_exit EXIT
trap 'exit 1' INT TERM

# The last check of every test.
finish()
{
	check "everything can be removed again" cleanup
	check "the kernel log is clean" log_clean
	ktap_exit
}

# --- topology -----------------------------------------------------------------------------------------------------

# cable NODE DEV BRIDGE: DEV in NODE, and its other end as a port of the bridge in sw.
cable()
{
	local port=${2:0:1}-$1

	echo "link add $port type veth peer name $2 netns $1" >>"$TMP/sw"
	echo "link set $port master $3 up" >>"$TMP/sw"
	echo "link set $2 up" >>"$TMP/$1"
}

# namespaces NAME...: empty ones, with batches to fill them.
namespaces()
{
	local ns

	for ns in "$@"; do
		ip netns add "$ns" || give_up "no network namespaces"
		ip netns exec "$ns" sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv6.conf.default.accept_dad=0 \
			net.ipv6.conf.all.accept_dad=0
		echo "link set lo up" >"$TMP/$ns"
	done
}

# A gateway's lines.
gateway()
{
	local ns=$1 n=${1#gw}

	cable "$ns" wan br-wan
	cable "$ns" sync br-sync
	printf '%s\n' "addr add 192.0.2.$n/24 dev wan" "addr add 2001:db8:2::$n/64 dev wan nodad" \
		"addr add 10.150.0.$n/24 dev sync" "addr add fd00:150::$n/64 dev sync nodad" \
		"addr add 10.8.0.1/32 dev lo" "addr add 2001:db8:8::1/128 dev lo nodad" \
		"route add 10.9.0.0/16 via 192.0.2.100 src 10.8.0.1" \
		"route add 2001:db8:9::/48 via 2001:db8:2::100 src 2001:db8:8::1" >>"$TMP/$ns"
}

# fill NAME...: the batches are carried out.
fill()
{
	local ns

	for ns in "$@"; do
		ip -n "$ns" -batch "$TMP/$ns" || give_up "topology of $ns"
	done
}

# topology GATEWAY...: namespaces, cables and addresses; no VIP yet.
topology()
{
	local ns

	namespaces sw rem "$@"
	printf '%s\n' "link add br-wan type bridge" "link set br-wan up" "link add br-sync type bridge" \
		"link set br-sync up" >>"$TMP/sw"
	cable rem wan br-wan
	printf '%s\n' "addr add 192.0.2.100/24 dev wan" "addr add 2001:db8:2::100/64 dev wan nodad" \
		"route add 10.8.0.0/16 via $VIP" "route add 2001:db8:8::/48 via $VIP6" "route add $ENDPOINT via $VIP" >>"$TMP/rem"
	for ns in "$@"; do
		gateway "$ns"
	done
	fill sw rem "$@"
}

# The machine was turned off and on: nothing of what it held is left.
reboot_gateway()
{
	ip netns del "$1"
	# Its cables go with it, by and by.
	busywait 5000 eval "! ip -n sw link show s-$1 && ! ip -n sw link show w-$1" || give_up "the cables of $1 stay"
	: >"$TMP/sw"
	namespaces "$1"
	gateway "$1"
	fill sw "$1"
}

# --- cables -------------------------------------------------------------------------------------------------------

sync_cut() { ip -n sw link set "s-$1" nomaster; }
sync_mend() { ip -n sw link set "s-$1" master br-sync; }

# far NODE...: what comes to them by the link is late by as long as a test needs to do something meanwhile.
far()
{
	local ns

	for ns in "$@"; do
		tc -n sw qdisc replace dev "s-$ns" root netem delay 50ms || return 1
	done
}

near()
{
	local ns

	for ns in "$@"; do
		tc -n sw qdisc del dev "s-$ns" root || return 1
	done
}

wan_cut() { ip -n sw link set "w-$1" down; }
wan_mend() { ip -n sw link set "w-$1" up; }

# --- VIP ----------------------------------------------------------------------------------------------------------

mac_of() { ip -n "$1" -j link show dev wan | jq -r '.[0].address'; }

vip_add() { ip -n "$1" addr add "$VIP/32" dev wan && ip -n "$1" addr add "$VIP6/128" dev wan nodad; }
vip_del() { ip -n "$1" addr del "$VIP/32" dev wan && ip -n "$1" addr del "$VIP6/128" dev wan; }

# What keepalived's gratuitous ARP and unsolicited advertisement bring about at the remote.
vip_announce()
{
	local mac
	mac=$(mac_of "$1")

	ip -n rem neigh replace "$VIP" lladdr "$mac" dev wan nud permanent
	ip -n rem neigh replace "$VIP6" lladdr "$mac" dev wan nud permanent
}

# [from, to] in CLOCK_REALTIME, as xha-traffic has it: while no gateway had the VIP, losses are nobody's fault.
AWAY=""
vip_gone() { AWAY+="${AWAY:+,}[$(now_ns),"; }
vip_move_to() { vip_add "$1" && vip_announce "$1" && { [ "${AWAY: -1}" != , ] || AWAY+="$(now_ns)]"; }; }

# A gateway dies: nothing is heard of it any more, on either side.
kill_node() { sync_cut "$1"; wan_cut "$1"; }

# ... and is back as an ordinary backup: the VIP is somebody else's by now.
revive_node() { vip_del "$1"; sync_mend "$1"; wan_mend "$1"; }
