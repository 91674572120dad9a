#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The gate: a standby's SAs are there and cannot be used. The tunnels end at an address that both gateways have on
# their loopback, so that nothing but the gate keeps the standby from sending, and from taking what is sent to it.

# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/node.sh
. "$NET/node.sh"
# shellcheck source=selftests/net/sa.sh
. "$NET/sa.sh"
# shellcheck source=selftests/net/traffic.sh
. "$NET/traffic.sh"

SOFT=5 HARD=9	# seconds, of tunnel 3, which expires at the active
LATER=18	# seconds, soft limit of tunnel 4, which is to expire after the takeover

# --- what the standby sends ---------------------------------------------------------------------------------------

# What the hub has of gw2's own frames. Outside gw2, since its own capture also shows what has been decrypted.
hub_saw() { at_least 1 "$(frames hub "$@")" "frames of gw2: $*"; }
hub_none() { is 0 "$(frames hub "$@")" "frames of gw2: $*"; }

hub_works()
{
	ip netns exec gw2 ping -c 1 -W 2 192.0.2.100 >"$TMP/ping" && busywait 3000 hub_saw icmp
}

# knock N...: traffic of gw2's own that matches its policies. The kernel counts what these block, which for a mutant is
# what finds no usable SA.
dropped() { echo $(($(xfrm_stat gw2 XfrmOutPolBlock) + $(xfrm_stat gw2 XfrmOutNoStates))); }
knock()
{
	local before n
	before=$(dropped)

	for n in "$@"; do
		start knock gw2 xha-traffic blast "10.9.$n.1" 5000 --bind 10.8.0.1 --rate 100 --count 50 --seconds 2
		wait "${JOB[knock]}"
	done
	at_least $(($# * 10)) "$(($(dropped) - before))" "packets dropped by its policies"
}

none_asked() { is 0 "$(wc -c <"$TMP/acquire.json")" "bytes said of acquires"; }

# --- what the standby takes ---------------------------------------------------------------------------------------

# Packets that gw2 has refused. One that meets a closed SA counts as XfrmAcquireError.
refused()
{
	ip netns exec gw2 awk '$1 ~ /^XfrmAcquireError|^XfrmInState(Invalid|SeqError|ProtoError)|^XfrmInNoStates/ { sum += $2 }
		END { print sum }' /proc/net/xfrm_stat
}

# What came out of the tunnels for the echo.
count_delivered()
{
	ip netns exec gw2 nft -f - <<-END
		table inet seen {
			chain input {
				type filter hook input priority 0
				udp dport 5000 counter
			}
		}
	END
}

delivered() { ip netns exec gw2 nft list table inet seen | sed -n 's/.*counter packets \([0-9]*\) .*/\1/p'; }
inbound_seq() { sa_get "$1" '.[] | select(.spi == "0x00020001") | .seq'; }
same_seq() { at_least 1 "$(inbound_seq gw1)" && is "$(inbound_seq gw1)" "$(inbound_seq gw2)" "highest number received, gw1 and gw2"; }
refused_since() { at_least $((CAPTURED + $1)) "$(refused)" "packets refused"; }

replayed()
{
	local refused_before delivered_before
	refused_before=$(refused)
	delivered_before=$(delivered)

	is "$CAPTURED" "$(ip netns exec rem xha-frames wan "$TMP/old.pcap" "$(mac_of gw2)")" "frames replayed" &&
		busywait 3000 refused_since "$refused_before" &&
		is "$delivered_before" "$(delivered)" "datagrams delivered by gw2"
}

# --- lifetimes ----------------------------------------------------------------------------------------------------

fired() { at_least 1 "$(expiries "$1" "$2" "$3")" "$2 expiries of tunnel $3 on $1"; }

# expiries NODE soft|hard N: events about the SAs of tunnel N; the line with 'hard 0|1' ends one.
expiries()
{
	local spi
	printf -v spi '0x000[12]%04x' "$3"

	awk -v spi="$spi" -v hard="$([ "$2" = hard ] && echo 1 || echo 0)" '
		/spi 0x/ { hit = $0 ~ spi }
		/hard [01]/ { if (hit && $0 ~ "hard " hard) n++ }
		END { print n + 0 }' "$TMP/expire-$1.json"
}

no_expiries() { is 0 "$(wc -c <"$TMP/expire-gw2.json")" "bytes said of expiries on gw2" || cat "$TMP/expire-gw2.json"; }
gone() { is 0 "$(ip -n "$1" xfrm state list | grep -c "spi 0x000[12]000$2")" "SAs of tunnel $2 on $1"; }

# --- keepalives ---------------------------------------------------------------------------------------------------

# An SA behind a NAT, for which the kernel is to send keepalives, once a second, if it knows of them.
KEPT=0x00007301
kept_alive()
{
	key 73 20
	ip netns exec gw1 xha-attrs add "$ENDPOINT" 192.0.2.100 $KEPT 999 "$REPLY" dir 2 keepalive 1
}

knows_keepalives() { ip netns exec gw1 xha-attrs show 192.0.2.100 $KEPT | grep -q '^keepalive 1'; }

# keepalives TITLE COMMAND...
keepalives()
{
	if knows_keepalives; then
		check "$@"
	else
		ktap_skip "$1" "this kernel sends no keepalives"
	fi
}

begin 36
pair local "$ENDPOINT"
ip -n gw1 addr add "$ENDPOINT/32" dev lo
ip -n gw2 addr add "$ENDPOINT/32" dev lo
start expire-gw1 gw1 ip xfrm monitor expire
start expire-gw2 gw2 ip xfrm monitor expire
start acquire gw2 ip xfrm monitor acquire
tunnel gw1 1 gcm 32 "$ENDPOINT" && tunnel gw1 2 cbc esn "$ENDPOINT" || give_up "tunnels"
kept_alive || give_up "SA behind a NAT"
# A trap: it asks for its SAs when there is traffic.
on gw1 gateway_policies 5 "$ENDPOINT" || give_up "policies"
check "the standby holds the SAs" wait_step gw1 gw2
serve gw1 gw2
count_delivered || give_up "no nftables"

talk first1 1 100 --count 30 --linger "$(longer 5)"
talk first2 2 100 --count 30 --linger "$(longer 5)"
wait "${JOB[first1]}" "${JOB[first2]}"
check "they work on the active" eval "all_answered first1 && all_answered first2"
check "the standby learns how far they got" busywait 5000 same_seq

Q=in sniff hub sw w-gw2
STATES=$(sa_count gw2)
ACQUIRES=$(xfrm_stat gw2 XfrmAcquireError)
check "the hub sees what the standby sends" hub_works
check "the standby's outbound policies block" actions gw2 "action block"
check "... the active's do not" actions gw1 "action allow"
check "the standby's policies take its traffic" knock 1 2
check "... also where there is no SA" knock 5
check "the standby sends no ESP" hub_none esp
check "the standby sends no clear text" hub_none net 10.9.0.0/16
keepalives "the standby sends no keepalives" hub_none udp dst port 4500
check "the standby asks for no SA" none_asked
check "no acquire fails" is "$ACQUIRES" "$(xfrm_stat gw2 XfrmAcquireError)" XfrmAcquireError
check "no larval SA appears" is "$STATES" "$(sa_count gw2)" "states on gw2"

# Those with limits.
tunnel gw1 3 gcm 32 "$ENDPOINT" limit time-soft "$SOFT" limit time-hard "$HARD" &&
	tunnel gw1 4 gcm 32 "$ENDPOINT" limit time-soft "$LATER" limit time-hard 3600 || give_up "tunnels"
born=$(now_ms)
check "SAs with limits come to the standby" wait_step gw1 gw2

# Packets that the standby's windows know nothing of yet: only the gate can refuse them.
sync_cut gw1
Q=out sniff old rem wan esp
talk early1 1 100 --count 30 --linger "$(longer 5)"
talk early2 2 100 --count 30 --linger "$(longer 5)"
wait "${JOB[early1]}" "${JOB[early2]}"
stop old
CAPTURED=$(frames old)
SEQ=$(inbound_seq gw2)
check "packets for the active are refused by the standby" replayed
check "its windows do not move by them" is "$SEQ" "$(inbound_seq gw2)" "highest number received on gw2"
sync_mend gw1
check "back in contact, the standby is in step" wait_step gw1 gw2
check "... and knows how far the active got" busywait 5000 same_seq

check "soft limit: the active tells" busywait $((SOFT * 1000 + 3000)) fired gw1 soft 3
check "hard limit: the active removes the SA" busywait $((HARD * 1000 + 3000)) gone gw1 3
check "the standby follows" busywait 3000 gone gw2 3
check "nothing expired on the standby itself" no_expiries
check "... whose policies take what the SA was for" knock 3
check "... and ask for none" none_asked

takeover gw1 gw2 sudden || give_up "takeover"
check "the new active's outbound policies let pass again" actions gw2 "action allow"
check "old packets are refused by the new active" replayed
keepalives "the new active sends keepalives" busywait 5000 hub_saw udp dst port 4500
talk late1 1 100 --count 30 --linger "$(longer 5)"
talk late2 2 100 --count 30 --linger "$(longer 5)"
wait "${JOB[late1]}" "${JOB[late2]}"
check "the SAs work on the new active" eval "all_answered late1 && all_answered late2"
check "... and what they carry is counted here" is 60 "$(delivered)" "datagrams delivered by gw2"
check "a soft limit after the takeover is told by the new active" busywait $((LATER * 1000)) fired gw2 soft 4
check "... at its time, counted from when the SA was made" at_least $((LATER * 1000 - 1500)) $(($(now_ms) - born)) "ms"
vip_del gw1
check "the former active's own outbound policies block" actions gw1 "action block"
check "... until its group goes" eval 'xha gw1 group del "$GROUP" && actions gw1 "action allow"'
finish
