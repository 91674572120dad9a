#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The sync link over SCTP: one association, two paths. It outlives either of them, does not fall into IPsec policies with a
# key, and does without one; strangers get nowhere.

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/peers.sh
. "$NET/peers.sh"

TWO="local 10.150.0.@,10.151.0.@ remote 10.150.0.%,10.151.0.% transport sctp"
TWO6="local fd00:150::@,fd00:151::@ remote fd00:150::%,fd00:151::% transport sctp"

loaded() { grep -q '^sctp ' /proc/modules; }
assocs() { ip netns exec "$1" cat /proc/net/sctp/assocs | tail -n +2 | wc -l; }
one_assoc() { is 1 "$(assocs "$1")" "associations of $1"; }
converged() { wait_step gw1 gw2 30000; }

# one_path N: with the other one cut, the session goes on, and what changes comes over.
one_path()
{
	tunnel gw1 "$1" gcm 32 && converged && session_went_on && both_up
}

# swallow NODE: a policy by which all to the other node needs an SA that does not exist.
swallow()
{
	ip -n "$1" xfrm policy add src 0.0.0.0/0 dst 10.150.0.0/15 dir out priority 100 \
		tmpl proto esp mode transport level required
}

passes() { at_least 1 "$(ip -n "$1" xfrm policy list | grep -c 'proto \(sctp\|132\) ')" "policies that let SCTP pass"; }

flush_and_swallow()
{
	ip -n gw2 xfrm policy flush ptype main && swallow gw2 && busywait 5000 passes gw2
}

# A node that says it is gw1, at another address.
stranger()
{
	ip netns add gw3 && ip -n sw link add s-gw3 type veth peer name sync netns gw3 &&
		ip -n sw link set s-gw3 master br-sync up && ip -n gw3 link set sync up &&
		ip -n gw3 addr add 10.150.0.3/24 dev sync &&
		xha gw3 node set id 1 &&
		xha gw3 peer add 2 local 10.150.0.3 remote 10.150.0.2 transport sctp insecure
}

begin 26
check "nobody has loaded SCTP yet" eval '! loaded'
pair
second_path || give_up "no second path"
new_key one
tunnel gw1 1 gcm 32 || give_up "tunnel"

check "SCTP over two paths, with a key" relink "$TWO" key-file "$TMP/one"
check "the standby gets hot" converged
check "it is one association on each node" eval 'one_assoc gw1 && one_assoc gw2'
check "both addresses are shown" is "10.150.0.1 10.151.0.1 sctp" \
	"$(peer_get gw1 2 '"\(.local | join(" ")) \(.transport)"')"

check "another peer does not get the same port" eval \
	'! xha gw1 peer add 3 local 10.150.0.1 remote 10.150.0.3 transport sctp insecure'
check "nor does a list get longer than it may be" eval \
	'! xha gw1 peer add 4 local 10.0.0.1,10.0.0.2,10.0.0.3,10.0.0.4,10.0.0.5 remote 10.1.0.1 port 9 transport sctp insecure'

session_mark
sync_cut gw1
check "first path cut: the session goes on" one_path 2
sync_mend gw1
sleep 2
alt_cut gw2
check "second path cut: the session goes on" one_path 3
sync_cut gw1
check "both cut: contact is lost" eval 'busywait 10000 not_up gw1 2 && busywait 10000 not_up gw2 1'
tunnel gw1 4 gcm esn || give_up "tunnel"
sync_mend gw1
check "one is back: it converges" converged
alt_mend gw2

check "knobs are changed while it runs" eval \
	'session_mark && xha gw1 peer set 2 rto-min 30 rto-max 1500ms path-retransmit 3 assoc-retransmit 6 && sleep 1 && session_went_on'
check "... and shown" is "30 1500 3 6" \
	"$(peer_get gw1 2 '"\(.rto_min) \(.rto_max) \(.path_retransmit) \(.assoc_retransmit)"')"
check "rto-min above rto-max is refused" eval '! xha gw1 peer set 2 rto-min 1600'

swallow gw1 && swallow gw2 || give_up "no policy"
check "a policy for all that goes there: the link passes it" eval 'relink "$TWO" key-file "$TMP/one" && busywait 10000 both_up'
check "... also after its own policies were flushed" flush_and_swallow
check "... and a new association" eval 'repeer gw1 gw2 "$TWO" key-file "$TMP/one" && busywait 15000 both_up'
check "without a key it obeys the policy, and does not come up" eval \
	'relink "$TWO" insecure && sleep 3 && not_up gw1 2 && not_up gw2 1'
check "... and has no policy of its own" eval '! passes gw1 && ! passes gw2'
for ns in gw1 gw2; do
	ip -n "$ns" xfrm policy del src 0.0.0.0/0 dst 10.150.0.0/15 dir out
done
check "without the policy it does" busywait 15000 both_up

check "a stranger's association" stranger
sleep 3
check "... is ended, and the peer's is not" eval 'one_assoc gw2 && both_up && xha gw3 -j peer show 2 | grep -v "\"up\""'
ip netns del gw3

check "over IPv6" eval 'relink "$TWO6" key-file "$TMP/one" && busywait 15000 both_up'
session_mark
sync_cut gw2
check "... one path cut: the session goes on" eval 'sleep 2; session_went_on && both_up'
finish
