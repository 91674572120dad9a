# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Configuring and asking nodes with xfrm-ha. Sourced after lib.sh.

xha() { xfrm-ha -n "$@"; }

# node NODE OTHER...: node id and peers by their numbers; the sync link is IPv4 unless SYNC6 is set.
node()
{
	local ns=$1 n=${1#gw} net=10.150.0. other
	shift

	[ -z "${SYNC6:-}" ] || net=fd00:150::
	xha "$ns" node set id "$n" || return 1
	for other in "$@"; do
		xha "$ns" peer add "${other#gw}" local "$net$n" remote "$net${other#gw}" dev sync insecure || return 1
	done
}

# group NODE [WORD]...: the usual group with both VIPs, and whatever else is said.
group()
{
	local ns=$1
	shift

	xha "$ns" group add "$GROUP" vip "$VIP" dev wan vip "$VIP6" dev wan "$@"
}

# pair [WORD of group add]...: gw1 active, gw2 standby; returns when gw2 is hot.
# shellcheck disable=SC2120  # most have no further words
pair()
{
	topology gw1 gw2
	form_pair "$@"
}

# ... of gateways that are there.
form_pair()
{
	node gw1 gw2 || give_up "node gw1"
	node gw2 gw1 || give_up "node gw2"
	group gw1 "$@" || give_up "group on gw1"
	group gw2 "$@" || give_up "group on gw2"
	vip_move_to gw1 || give_up "VIP of gw1"
	wait_hot gw2 || give_up "gw2 does not get hot: $(xha gw2 group show)"
}

# --- questions ----------------------------------------------------------------------------------------------------

# group_get NODE FILTER: of the group named in GROUP.
group_get() { xha "$1" -j group show "$GROUP" | jq -r ".[0] | $2"; }
peer_get() { xha "$1" -j peer show "$2" | jq -r ".[0] | $3"; }
# A counter that does not exist fails whatever is compared with it.
stat_get() { xha "$1" -j stats show | jq -r ".[0].$2 // -1000000"; }
sa_get() { xha "$1" -j sa show | jq -r "$2"; }

role_is() { is "$2" "$(group_get "$1" .role)" "role of $1"; }
sync_is() { is "$2" "$(group_get "$1" .sync)" "sync of $1"; }
wait_role() { busywait 5000 role_is "$1" "$2"; }

is_hot() { is "standby hot" "$(group_get "$1" '"\(.role) \(.sync)"')" "$1"; }

# Hot is what was true some 100 ms ago: new objects may just be on their way.
wait_hot() { busywait 15000 is_hot "$1"; }

# in_step ACTIVE STANDBY: the active knows all SAs of its kernel (the tests put nearly all in the group), nothing is
# pending, the standby is hot, and both hold the same number.
in_step()
{
	local a b

	a=$(group_get "$1" '"\(.sas) of \(.sas) \(.policy_count) pending \([.peers[] | select(.role).pending // 0] | add)"')
	is "$(sa_count "$1")" "${a%% *}" "SAs that $1 replicates, of those it has" || return 1
	b=$(group_get "$2" '"\(.sas) \(.policy_count) pending 0, \(.role) \(.sync)"')
	is "${a#* of }, standby hot" "$b" "SAs and policies of $2, and its role"
}

wait_step() { busywait "${3:-15000}" in_step "$1" "$2"; }

sa_count() { ip -n "$1" xfrm state list | grep -c '^src '; }
policy_count() { ip -n "$1" xfrm policy list | grep -c '^src '; }

# mark NODE...; grown NODE COUNTER: by how much since then.
mark() { local ns; for ns; do xha "$ns" -j stats show >"$TMP/$ns.mark" || return 1; done; }
grown() { echo $(($(stat_get "$1" "$2") - $(jq ".[0].$2" "$TMP/$1.mark"))); }

# A counter of /proc/net/xfrm_stat.
xfrm_stat() { ip netns exec "$1" awk -v key="$2" '$1 == key { print $2 }' /proc/net/xfrm_stat; }

# What a remote peer makes of numbers it has seen before; under ESN an old one fails its integrity check instead.
replay_errors() { echo $(($(xfrm_stat "$1" XfrmInStateSeqError) + $(xfrm_stat "$1" XfrmInStateProtoError))); }
no_replay_errors() { is 0 "$(replay_errors "${1:-rem}")" "sequence and integrity errors at ${1:-rem}"; }

# fit NODE [redundant]; unfit NODE WHY [redundant]: status 1, and one line that says why.
fit() { xha "$1" check "$GROUP" ${2:+"$2"}; }
unfit()
{
	local status

	xha "$1" check "$GROUP" ${3:+"$3"} >"$TMP/out" 2>"$TMP/err"
	status=$?
	cat "$TMP/out" "$TMP/err"
	is 1 "$status" "status" && is 1 "$(cat "$TMP/out" "$TMP/err" | wc -l)" "lines" && grep -q "$2" "$TMP/out" "$TMP/err"
}

# --- takeover -----------------------------------------------------------------------------------------------------

# takeover FROM TO graceful|sudden
takeover()
{
	vip_gone
	case $3 in
	graceful) vip_del "$1" ;;
	sudden) kill_node "$1" ;;
	esac
	vip_move_to "$2" && is active "$(group_get "$2" .role)" "role of $2 right after its VIP came"
}

# The last line on a role in the log: microseconds and number of SAs.
last_takeover() { log_since | sed -n 's/.*-> active.* \([0-9]*\) SAs in \([0-9]*\) us.*/\1 \2/p' | tail -n 1; }
