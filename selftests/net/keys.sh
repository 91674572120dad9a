#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The sync link with a key: what crosses it is not readable, another key is refused, and the key can be changed on one
# node after the other, with the session going on or beginning anew meanwhile. (A build with XHA_SELFTEST has tried Noise on
# its published vector when it was loaded; SELFTEST=1 says that this is one. One with a short XHA_REKEY_AGE changes the keys
# of the session all along; see rekey.sh for when it begins to use another of the operator's.)
# usage: [SELFTEST=1] keys.sh

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"
# shellcheck source=selftests/net/peers.sh
. "$NET/peers.sh"

ODD=0x9d3b5c00	# SPIs that are not in a capture by chance

# keyed NODE OTHER NAME: the other node as a peer with that key, instead of as what it was.
keyed() { repeer "$1" "$2" "local 10.150.0.@ remote 10.150.0.% dev sync key-file" "$TMP/$3"; }

# --- who listens --------------------------------------------------------------------------------------------------

odd() { printf -v REPLY '0x%08x' $((ODD + $1)); }

# odd_sas N: three, from number N on.
odd_sas()
{
	local n=$1 alg

	for alg in gcm cbc chacha; do
		odd $((n++))
		sa_line "$VIP" 192.0.2.100 "$REPLY" 1 tunnel "$alg" 32
	done
}

# The first of them, with a limit.
odd_update() { odd_sas "$1" | sed -n '1{s/state add/state update/;s/$/ limit time-hard 3333/;p}'; }
odd_limited() { odd "$2"; ip -n "$1" -s xfrm state list spi "$REPLY" | grep -q "hard 3333(sec)"; }
odd_delete() { odd "$1"; ip -n gw1 xfrm state del src "$VIP" dst 192.0.2.100 proto esp spi "$REPLY"; }
odd_gone() { odd "$2"; is 0 "$(ip -n "$1" xfrm state list spi "$REPLY" | grep -c '^src ')" "SAs $REPLY of $1"; }

# note: all that must not be read of the SAs that the active has by now, as lines 'KIND HEX'; of keys every eight bytes.
note()
{
	ip -n gw1 xfrm state list | awk '
		function hex(address,  part) { split(address, part, "."); return sprintf("%02x%02x%02x%02x", part[1], part[2], part[3], part[4]) }
		/^src / { print "address", hex($2); print "address", hex($4) }
		/^\tproto esp / { print "spi", substr($4, 3) }
		/^\t(aead|auth-trunc|enc) / {
			for (at = 3; at + 15 <= length($3); at += 16)
				print "key", substr($3, at, 16)
			print "key", substr($3, length($3) - 15)
		}' | sort -u - "$TMP/secrets" -o "$TMP/secrets"
}

# listen NAME N: what crosses the link while a copy is made, and SAs from number N on are added, updated and deleted.
listen()
{
	Q=in sniff "$1" sw s-gw1
	xha gw2 resync "$GROUP" && wait_hot gw2 && on gw1 odd_sas "$2" && wait_step gw1 gw2 || return 1
	note
	on gw1 odd_update "$2" && busywait 5000 odd_limited gw2 "$2" || return 1
	odd_delete "$2" && busywait 5000 odd_gone gw2 "$2" || return 1
	stop "$1"
	at_least 5 "$(frames "$1" udp port 4511)" "frames in the capture"
}

# kinds FILE: how many lines there are of each kind.
kinds() { cut -d ' ' -f 1 "$TMP/$1" | sort | uniq -c | awk '{ printf "%s%s %d", more, $2, $1; more = ", " }'; }

# readable NAME: what a capture shows of all that must not be read.
readable()
{
	local kind secret

	od -An -v -tx1 "$TMP/$1.pcap" | tr -d ' \n' >"$TMP/hex"
	while read -r kind secret; do
		! grep -q "$secret" "$TMP/hex" || echo "$kind $secret"
	done <"$TMP/secrets" >"$TMP/seen"
}

# Two addresses; six SPIs; of each of six SAs one key or, of two, two.
all_read()
{
	listen clear 4 && readable clear && is "address key spi" "$(cut -d ' ' -f 1 "$TMP/secrets" | sort -u | xargs)" "kinds" &&
		is "$(kinds secrets)" "$(kinds seen)" "secrets seen" && is 6 "$(grep -c '^spi ' "$TMP/seen")" SPIs
}

nothing_read() { listen sealed 7 && readable sealed && is "" "$(kinds seen)" "secrets seen"; }

keys_in_log()
{
	sed -n 's/^key //p' "$TMP/secrets" >"$TMP/keys"
	log_since | grep -iFf "$TMP/keys"
}

warned() { is 2 "$(log_since | grep -c 'xfrm_ha: peer [12] is insecure: keys of SAs cross the link in clear text')" "warnings"; }

tested()
{
	! log_since | grep "selftest.*FAIL" || return 1
	[ -z "${SELFTEST:-}" ] || log_since | grep "xfrm_ha: selftest noise: pass"
}

# --- another key --------------------------------------------------------------------------------------------------

rejected() { at_least $((REFUSED + 1)) "$(refusals)" "datagrams that gw2 refuses for their key"; }

begin 31
new_key one
new_key two
new_key three
: >"$TMP/secrets"
pair
on gw1 odd_sas 1 || give_up "no SAs"
check "without a key the pair works" wait_step gw1 gw2
check "... it is shown as insecure" is "true true" "$(peer_get gw1 2 .insecure) $(peer_get gw2 1 .insecure)" insecure
check "... the kernel log warns of it" warned
check "... and whoever listens reads" all_read

check "a key instead" eval "keyed gw1 gw2 one && keyed gw2 gw1 one"
check "the standby is hot again" busywait 15000 in_step gw1 gw2
check "... and shown as not insecure" is "false false" "$(peer_get gw1 2 .insecure) $(peer_get gw2 1 .insecure)" insecure
check "whoever listens reads nothing" nothing_read
check "the kernel log has no key" eval '! keys_in_log'
check "a built-in test, if there is one, has passed" tested

tunnel gw1 2 gcm esn || give_up "tunnel"
check "an SA that is added comes over" wait_step gw1 gw2
check "another key on the active, given twice, changes nothing yet" eval \
	'xha gw1 peer set 2 key-file $TMP/two && xha gw1 peer set 2 key-file $TMP/two && up gw1 2 && is_hot gw2'
sync_cut gw2
check "the link is lost" busywait 10000 not_up gw1 2
sync_mend gw2
check "... and comes back by the key that the standby still has" busywait 10000 up gw1 2
check "the other one has the new key, too" xha gw2 peer set 1 key-file "$TMP/two"
check "the pair is in step" busywait 15000 in_step gw1 gw2

# A machine that emulates others stalls at times: that is not to end a session.
xha gw1 peer set 2 heartbeat 400ms && xha gw2 peer set 1 heartbeat 400ms || give_up "heartbeat"
start monitor gw2 xfrm-ha monitor
busywait 20000 told || give_up "no events"
session_mark
SAID=$(said)
check "a third key on the active, without a cut" xha gw1 peer set 2 key-file "$TMP/three"
check "... an SA that is added comes over" eval 'on gw1 tunnel_sas 3 && wait_step gw1 gw2'
check "... and on the standby" xha gw2 peer set 1 key-file "$TMP/three"
check "... an SA that is added comes over" eval 'on gw1 tunnel_sas 4 && wait_step gw1 gw2'
check "the session and the copy are the same ones" session_went_on
check "... and hot all along" is "$SAID" "$(said)" "events on the standby"
stop monitor
sync_cut gw2
check "the link is lost again" busywait 10000 not_up gw1 2
sync_mend gw2
check "... and comes back by the third key" busywait 10000 both_up
check "the pair is in step" busywait 15000 in_step gw1 gw2
REFUSED=$(refusals)
check "the key before, on one node only" keyed gw1 gw2 two
check "is refused by the other" busywait 10000 rejected
check "... and does not connect" not_up gw1 2
check "a takeover works without the link" eval 'takeover gw1 gw2 sudden'
finish
