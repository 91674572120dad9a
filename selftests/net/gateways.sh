# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Gateways that are born and die all the time, and the link between them. Sourced after traffic.sh.
#
# Each tunnel ends at an address of its own, which both gateways have; which of them gets its packets is what the remote's
# neighbour table says of a next hop that does not exist.

SLOWER=${XHA_PATIENCE:-1}
TUNNELS=2
ENDPOINTS=(- 10.175.0.1 10.175.0.2)
HOPS=(- 192.0.2.201 192.0.2.202)
NOBODY=02:00:00:00:00:0f
ACTIVE=gw1 STANDBY=gw2	# STANDBY may be dead

declare -A ALIVE=() EVENTS=()
KNOBS=""

mac() { REPLY=02:00:00:00:00:0${1#gw}; }
other() { [ "$1" = gw1 ] && REPLY=gw2 || REPLY=gw1; }

# nap MS: as traffic_for, but without a process, since there are so many.
nap()
{
	local ms=$(($1 * SLOWER))

	printf -v ms '%d.%03d' $((ms / 1000)) $((ms % 1000))
	doze "$ms"
}

# --- life and death -----------------------------------------------------------------------------------------------

# birth NODE: it comes up as a backup that knows nothing, with the knobs of the day.
birth()
{
	local ns=$1 n=${1#gw} tunnel fd

	ip netns add "$ns" || return 1
	ip netns exec "$ns" sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
	: >"$TMP/sw"
	mac "$ns"
	echo "link set lo up" >"$TMP/$ns"
	cable "$ns" wan br-wan
	cable "$ns" sync br-sync
	printf '%s\n' "link set wan address $REPLY" "addr add 192.0.2.$n/24 dev wan" "addr add 10.150.0.$n/24 dev sync" \
		"addr add 10.8.0.1/32 dev lo" "route add 10.9.0.0/16 via 192.0.2.100 src 10.8.0.1" >>"$TMP/$ns"
	for ((tunnel = 1; tunnel <= TUNNELS; tunnel++)); do
		echo "addr add ${ENDPOINTS[tunnel]}/32 dev lo" >>"$TMP/$ns"
	done
	ip -n sw -batch "$TMP/sw" && ip -n "$ns" -batch "$TMP/$ns" || return 1
	start "echo-$ns" "$ns" xha-traffic server 0.0.0.0 5000
	start "events-$ns" "$ns" xfrm-ha -j monitor
	other "$ns"
	printf '%s\n' "node set id $n" "peer add ${REPLY#gw} local 10.150.0.$n remote 10.150.0.${REPLY#gw} dev sync insecure" \
		"group add $GROUP vip $VIP dev wan local ${ENDPOINTS[1]} local ${ENDPOINTS[2]} $KNOBS" >"$TMP/batch"
	busywait 5000 hears "events-$ns" && started "echo-$ns" || return 1
	exec {fd}<"$TMP/events-$ns.json"
	EVENTS[$ns]=$fd
	xha "$ns" -batch "$TMP/batch" && ALIVE[$ns]=1
	event "$ns" standby
}

# A monitor says nothing when it begins: it has begun when a generic netlink socket listens to a group.
hears() { awk '$2 == 16 && $4 != "00000000" { found = 1 } END { exit !found }' "/proc/${JOB[$1]}/net/netlink"; }

# isolate NODE: from one moment to the next nothing is heard of it; it does not know.
isolate()
{
	printf '%s\n' "link set s-$1 nomaster" "link set w-$1 nomaster" >"$TMP/sw"
	ip -n sw -batch "$TMP/sw" || return 1
	unset "ALIVE[$1]"
	LINKED=""
}

# bury NODE: ... and it is gone, with all that it knew.
bury()
{
	local job fd

	for job in "echo-$1" "events-$1"; do
		kill -9 "${JOB[$job]}" 2>"$TMP/kill"
		wait "${JOB[$job]}" 2>"$TMP/kill"
		unset "JOB[$job]"
	done
	fd=${EVENTS[$1]}
	exec {fd}<&-
	printf '%s\n' "link del s-$1" "link del w-$1" >"$TMP/sw"
	ip -n sw -batch "$TMP/sw"
	ip netns del "$1"
}

# --- the link -----------------------------------------------------------------------------------------------------

LINKED=1	# the gateways hear each other
CUT=""		# whose end of the link is cut

link_cut() { sync_cut "$ACTIVE" && CUT=$ACTIVE LINKED=""; }
link_mend() { [ -z "$CUT" ] || [ -z "${ALIVE[$CUT]:-}" ] || sync_mend "$CUT"; CUT="" LINKED=1; }

# impair RULE...: what comes to either gateway by the link; without a rule it is sound again.
impair()
{
	local ns

	for ns in "${!ALIVE[@]}"; do
		if [ $# -gt 0 ]; then
			tc -n sw qdisc replace dev "s-$ns" root netem "$@" || return 1
		else
			tc -n sw qdisc del dev "s-$ns" root 2>"$TMP/tc" # one that was born since has none
		fi
	done
	return 0
}

# --- roles --------------------------------------------------------------------------------------------------------

# event NODE ROLE: the next event by which it gets that role, within a while.
event()
{
	local tries=$((500 * SLOWER))

	until [ $((tries--)) -eq 0 ]; do
		while IFS= read -r -u "${EVENTS[$1]}" REPLY; do
			[[ ! $REPLY =~ \"role\".*\"to\":\ ?\"$2\" ]] || return 0
		done
		nap 10
	done
	echo "$1 does not tell that it is $2"
	return 1
}

# steer TUNNEL NODE ...: the remote's packets for a tunnel go to that node.
steer()
{
	while [ $# -gt 0 ]; do
		REPLY=$NOBODY
		[ "$2" = nobody ] || mac "$2"
		echo "neigh replace ${HOPS[$1]} lladdr $REPLY dev wan nud permanent"
		shift 2
	done >"$TMP/steer"
	ip -n rem -batch "$TMP/steer"
}

group_is() { GROUP_IS=$(xha "$1" -j group show "$GROUP"); }
number_of() { [[ $GROUP_IS =~ \"$1\":\ ?([0-9]+) ]] && REPLY=${BASH_REMATCH[1]}; }
role_in() { group_is "$1" && [[ $GROUP_IS =~ \"role\":\ ?\"$2\" ]]; }

hot_now()
{
	group_is "$STANDBY" && [[ $GROUP_IS =~ \"sync\":\ ?\"hot\" ]] && return 0
	echo "$STANDBY: $GROUP_IS"
	return 1
}

# all_acked SAS: the active knows of so many, and its peer holds them all.
all_acked()
{
	group_is "$ACTIVE" && number_of sas && [ "$REPLY" = "$1" ] && number_of pending && [ "$REPLY" = 0 ] && return 0
	echo "$ACTIVE: $GROUP_IS"
	return 1
}
