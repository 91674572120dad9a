# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The sync link between gw1 and gw2, made anew in another way. Sourced after node.sh.

# new_key NAME
new_key() { (umask 077 && xfrm-ha genkey >"$TMP/$1"); }

# repeer NODE OTHER WORD...: the other node as a peer by these words of 'peer add', instead of as what it was. In them @ is
# the node's own number and % the other's.
repeer()
{
	local n=${1#gw} other=${2#gw} words
	shift 2

	words="${*//@/$n}"
	# shellcheck disable=SC2086  # a list
	xha "gw$n" peer del "$other" && xha "gw$n" peer add "$other" ${words//%/$other}
}

# relink WORD...: on both.
relink() { repeer gw1 gw2 "$@" && repeer gw2 gw1 "$@"; }

up() { is up "$(peer_get "$1" "$2" .state)" "peer $2 of $1"; }
not_up() { ! up "$1" "$2"; }
both_up() { up gw1 2 && up gw2 1; }
reason_is() { is "$3" "$(peer_get "$1" "$2" .reason)" "reason of peer $2 of $1"; }

# second_path: another link between the two, 10.151.0.1 and .2, fd00:151::1 and ::2, on devices 'alt'.
second_path()
{
	local n

	ip -n sw link add br-alt type bridge && ip -n sw link set br-alt up || return 1
	for n in 1 2; do
		ip -n sw link add "a-gw$n" type veth peer name alt netns "gw$n" &&
			ip -n sw link set "a-gw$n" master br-alt up &&
			ip -n "gw$n" link set alt up &&
			ip -n "gw$n" addr add "10.151.0.$n/24" dev alt &&
			ip -n "gw$n" addr add "fd00:151::$n/64" dev alt nodad || return 1
	done
}

alt_cut() { ip -n sw link set "a-$1" nomaster; }
alt_mend() { ip -n sw link set "a-$1" master br-alt; }

# What tells that the session went on: its age, and how many copies were begun.
session_mark() { SESSION="$(peer_get gw1 2 .session_age) $(stat_get gw1 bulks_started) $SECONDS"; }

session_went_on()
{
	local age copies at
	read -r age copies at <<<"$SESSION"

	at_least "$((age + (SECONDS - at - 1) * 1000))" "$(peer_get gw1 2 .session_age)" "age of the session, ms" &&
		is "$copies" "$(stat_get gw1 bulks_started)" "copies begun"
}

# Datagrams that gw2 has refused for their key.
refusals() { peer_get gw2 1 .rejected.drop_auth; }

# How many events a monitor on gw2, started as 'monitor', has told of.
said() { wc -l <"$TMP/monitor.json"; }

# told: the monitor tells of a copy, which is two events: not hot any more, hot again. One that was begun just now may miss it.
told()
{
	local n
	n=$(said)

	xha gw2 resync "$GROUP" && wait_hot gw2 && busywait 1000 eval "is $((n + 2)) \"\$(said)\" events"
}
