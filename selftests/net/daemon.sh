#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# install daemon: an IKE daemon on the standby installs what the active has, too (here ip(8) plays it). Before the module
# knows of it, or later; with another key; not at all. It deletes SAs, too, and adds them again; it is late at a takeover.

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"

WAITING="at this node: the local daemon has not installed it"
TAKEN="at this node: a local SA has this SPI"

# why NODE SPI: why it is not replicated; 'copied' if it is, nothing if nothing is known of it.
why() { sa_get "$1" ".[] | select(.spi == \"$2\") | .not_replicated // \"copied\""; }

# all_are WHY N...: both SAs of these tunnels, on the standby.
all_are()
{
	local n spi

	for n in "${@:2}"; do
		spi_out "$n"; spi=$REPLY
		is "$1" "$(why gw2 "$spi")" "SA $spi of gw2" || return 1
		spi_in "$n"; spi=$REPLY
		is "$1" "$(why gw2 "$spi")" "SA $spi of gw2" || return 1
	done
}

# bound N...: copies, closed, and no fewer at the active.
bound()
{
	local n

	all_are copied "$@" || return 1
	for n in "$@"; do
		spi_out "$n"; closed gw2 "$REPLY" || return 1
		spi_in "$n"; closed gw2 "$REPLY" || return 1
	done
}

refused_is() { is "$1" "$(group_get gw1 '.peers[0].refused')" "objects that gw2 has not, as gw1 knows"; }

# daemon VERB N [ALGORITHM]: the IKE daemon of the standby, or of DAEMON, adds or deletes both SAs of a tunnel.
daemon()
{
	on "${DAEMON:-gw2}" daemon_lines "$@"
}

daemon_lines()
{
	case $1 in
	add) tunnel_sas "$2" "${3:-gcm}" "${WINDOW:-128}" "$VIP" "${@:4}" ;;
	delete) tunnel_sas "$2" gcm 128 | sed 's/ add / delete /; s/ reqid.*//' ;;
	esac
}

# daemon_as SED N: the daemon adds both SAs of a tunnel, but otherwise than the active's.
daemon_as() { on gw2 other_lines "$@"; }
other_lines() { tunnel_sas "$2" gcm 128 "$VIP" | sed "$1"; }

# The active with its daemon, and the policies of the standby's.
add_tunnel() { tunnel gw1 "$1" gcm 128 && on gw2 gateway_policies "$1"; }

same_counters()
{
	spi_in "$1"
	is "$(number gw1 "$REPLY" seq)" "$(number gw2 "$REPLY" seq)" "highest number received" &&
		is "$(used gw1 "$REPLY")" "$(used gw2 "$REPLY")" "packets of its lifetime"
}

# The daemon's own is as it was: open or closed, it has the key and the numbers that the daemon gave it.
own_kept()
{
	spi_in "$1"
	ip -n gw2 xfrm state list spi "$REPLY" | grep -q 'enc cbc(aes)' || { echo "not the daemon's SA"; return 1; }
}

# More than the old active's last number, which is not nothing.
above() { at_least 100 "$(number gw1 "$1" oseq)" "gw1's number" && at_least "$(number gw1 "$1" oseq)" "$(number gw2 "$1" oseq)" "gw2's"; }

# Numbers fit, and no window does: of tunnel N.
window_differs()
{
	spi_out "$1"; is copied "$(why gw2 "$REPLY")" "SA $REPLY of gw2" || return 1
	spi_in "$1"; is "$TAKEN" "$(why gw2 "$REPLY")" "SA $REPLY of gw2" && closed gw2 "$REPLY"
}

waits() { is "$WAITING" "$(why "$1" "$2")" "SA $2 of $1"; }

# Both are active, and what gw2 uses then is past all that gw1 reckons with.
both_active()
{
	sync_cut gw1
	vip_add gw1 && is active "$(group_get gw1 .role)" "role of gw1, cut off" || return 1
	PAST=$(($(number gw2 "$OUT" oseq) + 1000000))
	replay_of gw2 out 2 oseq $PAST && sync_mend gw1
}

gives_way() { busywait 15000 role_is gw2 fenced && vip_del gw2 && busywait 15000 is_hot gw2; }
past_it() { at_least $((PAST + 1)) "$(number gw1 "$OUT" oseq)" "gw1's number"; }

# What came by another mode, or from elsewhere, is as the daemon has it.
mode_kept() { spi_out "$1"; ip -n gw2 xfrm state list spi "$REPLY" | grep -q 'mode transport'; }
source_kept() { spi_out "$1"; is "src 192.0.2.9 dst 192.0.2.100" "$(ip -n gw2 xfrm state list spi "$REPLY" | grep '^src ')" "SA $REPLY of gw2"; }
out_taken() { spi_out "$1"; sa_get gw2 ".[] | select(.spi == \"$REPLY\") | .not_replicated" | grep -qxF "$TAKEN"; }

# expiries SOFT HARD: so many were told to the standby's key managers.
expiries() { is "$1 $2" "$(grep -c '^	hard 0' "$TMP/expire.json") $(grep -c '^	hard 1' "$TMP/expire.json")" "expiries told, soft and hard"; }

# quiet SECONDS: it is not tried again and again.
quiet() { local was; was=$(bulks); sleep "$1"; is "$was" "$(bulks)" "copies begun"; }

nothing_installed() { is 0 "$(sa_count gw2)" "SAs of gw2" && is 0 "$(stat_get gw2 objects_installed)" "objects installed"; }
both_held() { is 2 "$(sa_get gw1 "[.[] | select(.spi == \"$1\" or .spi == \"$2\")] | length")" "SAs of gw1"; }
gone() { is "" "$(why gw2 "$1")" "what gw2 knows of SA $1"; }
bulks() { stat_get gw1 bulks_started; }

begin 49
pair install daemon sync-period-time 50ms
serve gw1 gw2
tap wan rem wan
start expire gw2 ip xfrm monitor expire

add_tunnel 1 || give_up "tunnel"
check "what no daemon has installed waits" busywait 10000 all_are "$WAITING" 1
check "... and nothing is installed by the module" nothing_installed
check "... which the active knows" busywait 5000 refused_is 2
check "the daemon adds it late: bound" eval "daemon add 1 && busywait 5000 bound 1"
check "... which the active knows, too" busywait 5000 refused_is 0
daemon add 2
check "the daemon adds one early: bound" eval "add_tunnel 2 && busywait 10000 bound 2"
check "the policies of a daemon are not replicated" is 6 "$(policy_count gw2)" "policies of gw2"
check "the standby is hot" wait_hot gw2

daemon add 3 cbc
check "early, with another key: reported" eval "add_tunnel 3 && busywait 10000 all_are '$TAKEN' 3"
check "... and left alone" own_kept 3
add_tunnel 4 && busywait 10000 all_are "$WAITING" 4 || give_up "tunnel 4"
check "late, with another key: reported" eval "daemon add 4 cbc && busywait 5000 all_are '$TAKEN' 4"
check "... and left alone" own_kept 4
check "... which the active knows" busywait 5000 refused_is 4

WINDOW=64 daemon add 6
check "early, with another window: that is reported" eval "add_tunnel 6 && busywait 10000 window_differs 6"
on gw1 daemon_lines delete 6 && daemon delete 6 || give_up "tunnel 6"
add_tunnel 7 && busywait 10000 all_are "$WAITING" 7 || give_up "tunnel 7"
check "... late, too" eval "WINDOW=64 daemon add 7 && busywait 5000 window_differs 7"
on gw1 daemon_lines delete 7 && daemon delete 7 || give_up "tunnel 7"

daemon_as 's/mode tunnel/mode transport/' 8
check "early, in another mode: reported" eval "add_tunnel 8 && busywait 10000 all_are '$TAKEN' 8"
check "... and left alone" mode_kept 8
daemon_as "/add src $VIP/!d; s/src $VIP/src 192.0.2.9/" 9
check "early, from an address that is no group's: reported" eval "add_tunnel 9 && busywait 10000 out_taken 9"
check "... and left alone" source_kept 9
check "none of that is tried again and again" quiet 6
daemon_as 's/ add / delete /; s/ reqid.*//' 8
spi_out 9
ip -n gw2 xfrm state delete src 192.0.2.9 dst 192.0.2.100 proto esp spi "$REPLY" || give_up "tunnel 9"
on gw1 daemon_lines delete 8 && on gw1 daemon_lines delete 9 || give_up "tunnels 8 and 9"

check "traffic" hundred first 1 gw1
check "... in another tunnel" hundred second 2 gw1
check "counters come to what the daemon has added" busywait 5000 same_counters 1

BULKS=$(bulks)
daemon delete 2
check "the daemon deletes one: it waits again" busywait 5000 all_are "$WAITING" 2
spi_out 2; OUT=$REPLY
spi_in 2; IN=$REPLY
check "... and is there at the active" both_held "$OUT" "$IN"
check "... with traffic going on" hundred third 2 gw1
check "added again, it has all the counters" eval "daemon add 2 && busywait 5000 bound 2 && busywait 5000 same_counters 2"
check "no copy was begun for that" is "$BULKS" "$(bulks)" "copies begun"

ip -n gw2 xfrm state deleteall
check "a daemon that begins anew takes nothing from the active" eval "busywait 5000 all_are '$WAITING' 1 2 && both_held $OUT $IN"
check "... and adds its SAs again" eval "daemon add 1 gcm limit time-soft 2 && busywait 5000 bound 1"
add_tunnel 5 && busywait 10000 all_are "$WAITING" 5 || give_up "tunnel 5"
daemon add 5 gcm limit time-hard 3
sleep 6
check "a standby's limits do not fire" bound 5
check "... and it tells of none" expiries 0 0
on gw1 daemon_lines delete 5 && daemon delete 5 || give_up "tunnel 5"
on gw1 daemon_lines delete 4
spi_out 4
check "what the active deletes waits no more" busywait 5000 gone "$REPLY"

check "the active dies, one tunnel is not there yet" takeover gw1 gw2 sudden
check "the other one goes on" hundred fourth 1 gw2
check "what was due of it is told now, once" busywait 3000 expiries 2 0
daemon add 2
check "the daemon is late: above all that was used" busywait 5000 above "$OUT"
check "... and that tunnel goes on" busywait 5000 hundred fifth 2 gw2

revive_node gw1
check "the dead one is back, and hot" busywait 15000 is_hot gw1
DAEMON=gw1 daemon delete 2 && busywait 5000 waits gw1 "$OUT" || give_up "tunnel 2 of gw1"
check "two actives, one of which waits for its daemon" both_active
check "... the other one gives way" gives_way
DAEMON=gw1 daemon add 2
check "the daemon is late: above what was used at the other one, too" busywait 5000 past_it

# It knows nothing any more, and its daemon is late again.
daemon delete 2
xha gw2 group del "$GROUP" || give_up "group of gw2"
PAST=$(number gw1 "$OUT" oseq)
vip_del gw1 && vip_move_to gw2 && group gw2 install daemon sync-period-time 50ms || give_up "gw2, anew"
check "what a daemon has not installed is merged all the same" busywait 10000 eval 'is "${WAITING#*: }" "$(why gw2 "$OUT")"'
daemon add 2
check "... it begins above what was used elsewhere" busywait 5000 eval 'at_least $((PAST + 1)) "$(number gw2 "$OUT" oseq)" "number of gw2"'
stop wan
check "no number twice" no_duplicates wan
check "no replay errors" no_replay_errors
xha gw2 group del "$GROUP" || give_up "group del"
check "without the module all the daemon's SAs stay" is 4 "$(sa_count gw2)" "SAs of gw2"
finish
