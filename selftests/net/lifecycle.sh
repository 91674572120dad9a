#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Lifecycle: groups, peers, namespaces and the module come and go with everything configured and traffic running. What
# this node added stays usable; what it learned goes. (One module serves all namespaces: taking it from one node alone
# is a test for virtual machines.)

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"

bare()
{
	is 0 "$(sa_count "$1")" "SAs on $1" && is 0 "$(policy_count "$1")" "policies on $1"
}

untagged() { is 0 "$(ip -n "$1" -s xfrm state list | grep -cE 'extra_flag 4[123]|output-mark')" "tagged SAs on $1"; }

# Traffic through tunnel 1 works right now.
works()
{
	talk now 1 100 --count 20 --linger "$(longer 5)"
	wait "${JOB[now]}"
	all_answered now
}

is_stale() { is stale "$(group_get "$1" .sync)" "sync of $1"; }
gone_peer() { is lost "$(peer_get "$1" "$2" .state)" "peer $2 of $1"; }

configure()
{
	node gw1 gw2 && node gw2 gw1 && group gw1 && group gw2
}

counted() { is "$1" "$(awk '$1 == "xfrm_ha" { print $3 }' /proc/modules)" "references to the module"; }
no_family() { ! xha gw1 node show 2>"$TMP/family"; }

# Everything that the module may leave in its own tables of the kernel.
nothing_left() { [ ! -e /proc/net/xfrm_ha_stat ] && ! grep -q xfrm_ha /proc/modules /proc/timer_list; }

begin 34
pair
tunnel gw1 1 gcm 32 && tunnel gw1 2 cbc esn || give_up "tunnels"
check "the standby holds the SAs" wait_step gw1 gw2
serve gw1 gw2
talk flow 1 50

check "group del on the standby: it succeeds" xha gw2 group del "$GROUP"
check "... what it learned is gone" bare gw2
check "... and it comes back with the group" eval "group gw2 && wait_step gw1 gw2"
check "peer del on the standby: it succeeds" xha gw2 peer del 1
check "... the copy is kept, stale" busywait 10000 is_stale gw2
check "... and is hot again with the peer" eval "xha gw2 peer add 1 local 10.150.0.2 remote 10.150.0.1 dev sync insecure && wait_step gw1 gw2"
check "peer del on the active: it succeeds" xha gw1 peer del 2
check "... SAs stay as they are" is 4 "$(sa_count gw1)" "SAs on gw1"
check "... and the standby is hot again with the peer" eval "xha gw1 peer add 2 local 10.150.0.1 remote 10.150.0.2 dev sync insecure && wait_step gw1 gw2"
check "group del on the active: it succeeds" xha gw1 group del "$GROUP"
check "... its SAs are as without the module" untagged gw1
check "... they work" works
check "... and the group can be added again" eval "group gw1 && busywait 5000 role_is gw1 active && wait_step gw1 gw2"

takeover gw1 gw2 graceful || give_up "takeover"
check "after a takeover, group del on the new active: it succeeds" xha gw2 group del "$GROUP"
check "... the SAs are its own by now and stay" is 4 "$(sa_count gw2)" "SAs on gw2"
check "... and work" works
group gw2 && busywait 5000 role_is gw2 active && wait_step gw2 gw1 || give_up "no pair any more"

stop flow
talk flow 1 50
start burst gw2 xha-traffic blast 10.9.1.1 5000 --bind 10.8.0.1 --rate "$(paced 200)" --seconds 60
# A namespace exits when the last process has left it.
ip netns del gw1
stop echo-gw1
stop echo6-gw1
check "netns exit of the standby with all configured: the active notices" busywait 10000 gone_peer gw2 1
check "... and works" works
ip netns del gw2
for name in burst echo-gw2 echo6-gw2; do
	stop "$name"
done
check "netns exit of the active with all configured and traffic" busywait 10000 counted 0
stop flow
for ns in rem sw; do
	ip netns del "$ns"
done

pair
tunnel gw1 1 gcm 32 && tunnel gw1 2 cbc esn || give_up "tunnels"
wait_step gw1 gw2 || give_up "not in step"
serve gw1 gw2
talk flow 1 50
check "rmmod with all configured and traffic running" module_unload
check "... it leaves nothing behind" nothing_left
check "... what the standby had learned is gone" bare gw2
check "... the active's SAs are as without the module" untagged gw1
check "... and work" works
check "... the tool says that there is no module" no_family
check "insmod again" module_load
check "... nobody holds it" counted 0
check "... configured again, SAs that were there before are replicated" eval "configure && wait_step gw1 gw2"
check "... and are the same" same_dumps gw1 gw2
stop flow
check "the flow of the active never noticed" all_answered flow
check "no replay at the remote" no_replay_errors rem
finish
