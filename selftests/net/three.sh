#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Three nodes that do not all hear the same: leases that only one of two standbys gets, a side of two that goes on alone, three
# VIPs at once. And one after the other that is told to serve. No number is used twice, and one node serves.

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"

NODES=(gw1 gw2 gw3)

set_up()
{
	node gw1 gw2 gw3 && node gw2 gw1 gw3 && node gw3 gw1 gw2 && group gw1 oseq-shift 16 && group gw2 oseq-shift 16 &&
		group gw3 oseq-shift 16
}

roles_are() { is "$1" "$(group_get gw1 .role) $(group_get gw2 .role) $(group_get gw3 .role)" "roles"; }
get_roles() { busywait 15000 roles_are "$1"; }

# hot NODE...: by the word of the active, and the same number of SAs.
hot() { local ns; for ns in "${@:2}"; do wait_step "$1" "$ns" || return 1; done; }

# hosts_to NODE: those who sent to nobody have somebody again.
hosts_to() { vip_announce "$1" && { [ "${AWAY: -1}" != , ] || AWAY+="$(now_ns)]"; }; }

deafen() { tc -n sw qdisc replace dev "s-$1" root netem loss 100%; }
hear_again() { tc -n sw qdisc del dev "s-$1" root; }

# Numbers far beyond the lease that gw3 has; gw2 has heard of all of them.
leases_past_one()
{
	local lease

	lease=$(shown_as gw3 lease)
	deafen gw3
	hundred fast1 1 gw1 && hundred fast2 1 gw1 && at_least "$((lease + 50))" "$(shown_as gw1 oseq)" "last number of gw1"
}

# The highest number that came in tunnel 1, as one node knows it.
received() { spi_in 1; number "$1" "$REPLY" seq; }
knows_received() { is "$RECEIVED" "$(received gw2)" "of gw2" && [ "$RECEIVED" != "$(received gw3)" ]; }
has_received() { is "$RECEIVED" "$(received gw2)" "of gw2" && is "$RECEIVED" "$(received gw3)" "of gw3" && same_windows gw2 gw3 1; }

# shown_as NODE FIELD: of what goes out in tunnel 1.
shown_as() { spi_out 1; sa_get "$1" ".[] | select(.spi == \"$REPLY\") | .$2"; }

has_more() { at_least "$(shown_as gw1 oseq)" "$(shown_as gw2 lease)" "lease at gw2"; }

# gw1 alone on one side: gw2 takes over on the other.
split()
{
	sync_cut gw1
	vip_add gw2 && get_roles "active active standby" && hosts_to gw2 && wait_step gw2 gw3 && hundred side 1 gw2
}

conflicts() { stat_get "$1" conflicts; }
# How often a node became active.
takeovers() { stat_get "$1" takeovers; }

# --- a group whose role is set by hand ----------------------------------------------------------------------------

west() { GROUP=west "$@"; }

# Served by gw3.
west_begins()
{
	local ns

	for ns in "${NODES[@]}"; do
		ip -n "$ns" addr add "$ENDPOINT/32" dev lo && xha "$ns" group add west local "$ENDPOINT" || return 1
	done
	xha gw3 group set west active && tunnel gw3 3 gcm 128 "$ENDPOINT" && west_follows gw3 gw1 && west_follows gw3 gw2
}

follows() { is_hot "$2" && is "$(group_get "$1" .sas)" "$(group_get "$2" .sas)" "SAs of $1 and $2"; }
west_follows() { west busywait 15000 follows "$@"; }

# handed FROM TO THIRD: exactly, and the third one follows whoever serves.
handed()
{
	xha "$2" group set west active && is "standby active standby" \
		"$(west group_get "$1" .role) $(west group_get "$2" .role) $(west group_get "$3" .role)" "roles" || return 1
	log_since | grep -- '-> active' | tail -n 1 >"$TMP/event"
	grep -E 'handed over.*exposure about 0,.* jump 0$' "$TMP/event" || { cat "$TMP/event"; return 1; }
	west_follows "$2" "$3" && west_follows "$2" "$1"
}

# gw2 stops, and gw3 begins when gw1 may have served meanwhile, unheard.
west_late()
{
	xha gw2 group set west standby && sleep 4 && xha gw3 group set west active || return 1
	log_since | grep 'group west: standby -> active' | tail -n 1 | grep -E 'group set.* jump [1-9][0-9]*$'
}

begin 41
topology "${NODES[@]}"
check "three nodes" set_up
vip_move_to gw1 || give_up "VIP"
tunnel gw1 1 gcm 1024 && tunnel gw1 2 cbc esn || give_up "tunnels"
serve "${NODES[@]}"
tap wan rem wan
check "both standbys are hot" hot gw1 gw2 gw3

check "numbers past the lease that one standby has" leases_past_one
check "the other one has been given more" busywait 5000 has_more
RECEIVED=$(received gw1)
check "... and knows what was received, the one that hears nothing does not" busywait 5000 knows_received
kill_node gw1
hear_again gw3
check "the active dies, and the one that has less takes over" vip_move_to gw3
check "... and gets from the other one what had been received" busywait 5000 has_received
check "... with traffic" hundred less 1 gw3
check "... the other one follows" hot gw3 gw2
revive_node gw1
check "... and the first" hot gw3 gw1 gw2

check "it moves back" takeover gw3 gw1 graceful
check "... all follow" hot gw1 gw2 gw3
check "one is cut off from two, one of which serves" split
sync_mend gw1
check "mended: the later one serves" get_roles "fenced active standby"
vip_del gw1
check "... and all follow" hot gw2 gw1 gw3
check "... with traffic" hundred mended 2 gw2

LOST=$(conflicts gw2)
vip_add gw1 && busywait 10000 role_is gw2 fenced || give_up "second VIP"
vip_add gw3 || give_up "third VIP"
check "three VIPs: the last one serves" get_roles "fenced fenced active"
check "... who lost says so" at_least $((LOST + 1)) "$(conflicts gw2)" conflicts
TOOK=$(takeovers gw1)
kill_node gw3
check "it dies: of two that are fenced the higher one serves" get_roles "fenced active standby"
check "... the other one has waited all along" is "$TOOK" "$(takeovers gw1)" "times that gw1 became active"
hosts_to gw2
check "... with traffic" hundred last 1 gw2

vip_del gw1
revive_node gw3
check "the other two are back, and hot" hot gw2 gw1 gw3
check "one active dies" takeover gw2 gw1 sudden
check "... with traffic" hundred first 2 gw1
check "... the third follows" wait_step gw1 gw3
check "and the next one dies" takeover gw1 gw3 sudden
check "... with traffic" hundred second 2 gw3
revive_node gw1
check "the one that died last comes back first" wait_step gw3 gw1
revive_node gw2
check "... then the other one" hot gw3 gw1 gw2

check "a group without a VIP, two standbys" west_begins
check "... with traffic" hundred west3 3 gw3
check "one is told to serve: handed over" handed gw3 gw1 gw2
check "... with traffic" hundred west1 3 gw1
check "then the next one" handed gw1 gw2 gw3
check "... with traffic" hundred west2 3 gw2
check "in two steps, 4 s apart: by lease and guard" west_late
check "... with traffic" hundred west4 3 gw3
stop wan
check "no number twice" no_duplicates wan
check "no replay at the remote" no_replay_errors rem
finish
