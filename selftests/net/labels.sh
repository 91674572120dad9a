#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Labelled IPsec: SAs and policies with security contexts. XFRM tells policies apart by them, so there may be two for the
# same packets. Needs a security module that labels IPsec (security=selinux on the kernel's command line; a policy of it is
# not needed: "unlabeled" is known without, and so is "init", or else it is taken for what all programs have then).

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"

# Without such a module ip's word is taken, and means nothing.
labels_work()
{
	algorithm gcm 1
	# shellcheck disable=SC2086  # a list
	ip xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x777 mode tunnel $REPLY ctx init
	ip xfrm state list spi 0x777 | grep -q "security context init"
	local found=$?

	ip xfrm state delete src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x777
	return $found
}

# labelled CONTEXT COMMAND...: what it prints, with the context.
labelled()
{
	local ctx=$1
	shift

	"$@" | sed "/xfrm state/s/\$/ ctx $ctx/; /xfrm policy/s/ tmpl / ctx $ctx tmpl /"
}

# contexts NODE state|policy: those of tunnel 1, sorted.
contexts()
{
	ip -n "$1" xfrm "$2" list | awk '
		/^src / { mine = $2 ~ /^10\.[89]\./ }
		/security context/ && (mine || '"$([ "$2" = state ] && echo 1 || echo 0)"') { print $3 }' | sort | uniq -c | tr -s ' \n' ' '
}

same_contexts() { at_least 1 "$(contexts gw1 "$1" | wc -w)" contexts && is "$(contexts gw1 "$1")" "$(contexts gw2 "$1")" "contexts of gw2"; }
policies_are() { is "$1" "$(policy_count gw2)" "policies of gw2"; }
works() { hundred now 1 "$1"; }

modprobe -a esp4 xfrm_user
labels_work 2>/dev/null || skip_all "no security module that labels IPsec"
begin 16
pair
on gw1 labelled init tunnel_sas 1 && on gw1 labelled init gateway_policies 1 || give_up "tunnel of gw1"
on rem labelled init tunnel_sas 1 && on rem labelled init remote_policies 1 || give_up "tunnel of rem"
ip -n rem addr replace 10.9.1.1/32 dev lo
# For the same packets, with another context.
on gw1 labelled unlabeled gateway_policies 1 || give_up "policies"
tunnel gw1 2 || give_up "tunnel without a context"
serve gw1 gw2

check "the standby has all of it" wait_step gw1 gw2
check "... policies by context, too" policies_are 9
check "... and the same contexts on SAs" same_contexts state
check "... and on policies" same_contexts policy
check "nothing was refused" is 0 "$(stat_get gw2 objects_refused)"
check "all is as on the active" same_dumps gw1 gw2
check "it works" works gw1

# One of the two goes, the other one stays.
drop() { ip -n gw1 xfrm policy delete src 10.8.0.1 dst 10.9.1.1 dir out ctx unlabeled; }
check "one of two policies goes" drop
check "... on the standby, too" busywait 5000 policies_are 8
check "... and no other" busywait 5000 same_dumps gw1 gw2
more() { ip -n gw1 xfrm policy update src 10.8.0.1 dst 10.9.1.1 dir in priority 7 ctx unlabeled tmpl src 192.0.2.100 dst "$VIP" proto esp reqid 2 mode tunnel; }
check "a new one with a context" more
check "... is on the standby" busywait 5000 policies_are 9

takeover gw1 gw2 sudden || give_up "takeover"
check "after a takeover it works" works gw2
check "no replay at the remote" no_replay_errors rem
finish
