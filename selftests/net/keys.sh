#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The sync link with a key: what crosses it is not readable, another key is refused, and the key can be changed on one
# node after the other. (A build with XHA_SELFTEST has tried Noise on its published vector when it was loaded; one with a
# short XHA_REKEY_AGE changes the keys of the session all along.)

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"

# new_key NAME
new_key() { (umask 077 && xfrm-ha genkey >"$TMP/$1"); }

# keyed NODE OTHER NAME: the other node as a peer with that key, instead of as what it was.
keyed()
{
	local n=${1#gw} other=${2#gw}

	xha "$1" peer del "$other" &&
		xha "$1" peer add "$other" local "10.150.0.$n" remote "10.150.0.$other" dev sync key-file "$TMP/$3"
}

# What is in the frames of a capture, as one line of hex digits.
hex() { od -An -v -tx1 "$TMP/$1.pcap" | tr -d ' \n'; }

# readable NAME: how many of the SA's secrets a capture shows: key, SPI, and the remote's address.
readable()
{
	local seen=0 secret

	hex "$1" >"$TMP/hex"
	for secret in "$KEY" 00077001 c0000264; do
		! grep -q "$secret" "$TMP/hex" || seen=$((seen + 1))
	done
	echo "$seen"
}

# listen NAME: what crosses the link while a copy is made.
listen()
{
	Q=in sniff "$1" sw s-gw1
	xha gw2 resync "$GROUP" && wait_hot gw2 && stop "$1"
}

up() { is up "$(peer_get "$1" "$2" .state)" "peer $2 of $1"; }
not_up() { ! up "$1" "$2"; }
rejected() { at_least 1 "$(peer_get gw2 1 .rejected.drop_auth)" "datagrams that gw2 refuses for their key"; }

begin 20
new_key one
new_key two
pair
key 1 20
KEY=${REPLY#0x}
ip -n gw1 xfrm state add src "$VIP" dst 192.0.2.100 proto esp spi 0x77001 reqid 1 mode tunnel \
	aead 'rfc4106(gcm(aes))' "0x$KEY" 128 || give_up "no SA"
check "without a key the pair works" wait_step gw1 gw2
check "... and whoever listens reads" eval 'listen clear && is 3 "$(readable clear)" "secrets seen"'

check "a key instead" eval "keyed gw1 gw2 one && keyed gw2 gw1 one"
check "the standby is hot again" busywait 15000 in_step gw1 gw2
check "... and shown as not insecure" is false "$(peer_get gw1 2 .insecure)" insecure
check "whoever listens reads nothing" eval 'listen sealed && is 0 "$(readable sealed)" "secrets seen"'
check "the kernel log has no key" eval '! log_since | grep -i "$KEY"'
check "a built-in test, if there is one, has passed" eval '! log_since | grep "selftest.*FAIL"'

tunnel gw1 2 gcm esn || give_up "tunnel"
check "an SA that is added comes over" wait_step gw1 gw2
check "another key on the active changes nothing yet" eval 'xha gw1 peer set 2 key-file "$TMP/two" && up gw1 2 && is_hot gw2'
sync_cut gw2
check "the link is lost" busywait 10000 not_up gw1 2
sync_mend gw2
check "... and comes back by the key that the standby still has" busywait 10000 up gw1 2
check "the other one has the new key, too" xha gw2 peer set 1 key-file "$TMP/two"
check "the pair is in step" busywait 15000 in_step gw1 gw2
new_key three
check "a third one, on one node only" eval "keyed gw1 gw2 three"
check "is refused by the other" busywait 10000 rejected
check "... and does not connect" not_up gw1 2
check "a takeover works without the link" eval 'takeover gw1 gw2 sudden'
finish
