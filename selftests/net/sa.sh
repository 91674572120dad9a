# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# SAs and policies, as lines for 'ip -batch'. Sourced after lib.sh.

# Answers are left in REPLY and not printed: a subshell for each of hundreds of keys takes an emulated machine seconds.

# key SEED BYTES: not random, but different for every SA, so that mixed-up keys are seen.
key()
{
	local hex="" word n=$(($1))

	while [ ${#hex} -lt $(($2 * 2)) ]; do
		n=$(((n * 6364136223846793005 + 1442695040888963407) & 0x7fffffffffffffff))
		printf -v word '%08x' $((n >> 31))
		hex+=$word
	done
	REPLY=0x${hex:0:$(($2 * 2))}
}

# algorithm NAME SEED
algorithm()
{
	local first

	case $1 in
	gcm) key "$2" 20; REPLY="aead rfc4106(gcm(aes)) $REPLY 128" ;;
	ccm) key "$2" 19; REPLY="aead rfc4309(ccm(aes)) $REPLY 128" ;;
	chacha) key "$2" 36; REPLY="aead rfc7539esp(chacha20,poly1305) $REPLY 128" ;;
	null) key "$2" 32; REPLY="enc ecb(cipher_null) \"\" auth-trunc hmac(sha256) $REPLY 128" ;;
	cbc)
		key "$2" 32
		first="enc cbc(aes) $REPLY"
		key "$(($2 + 7))" 32
		REPLY="$first auth-trunc hmac(sha256) $REPLY 128"
		;;
	*) give_up "no algorithm $1" ;;
	esac
}

# window SIZE, esn or esnSIZE
window()
{
	case $1 in
	esn) REPLY="replay-window 128 flag esn" ;;
	esn*) REPLY="replay-window ${1#esn} flag esn" ;;
	*) REPLY="replay-window $1" ;;
	esac
}

# sa_line SRC DST SPI REQID MODE ALGORITHM WINDOW [MORE]...
sa_line()
{
	local win

	window "$7"
	win=$REPLY
	algorithm "$6" "$3"
	echo "xfrm state add src $1 dst $2 proto esp spi $3 reqid $4 mode $5 $win $REPLY ${*:8}"
}

# policy_line SRC DST DIR REQID MODE TEMPLATE-SRC TEMPLATE-DST [MORE of the policy]...
policy_line()
{
	echo "xfrm policy add src $1 dst $2 dir $3 ${*:8} tmpl src $6 dst $7 proto esp reqid $4 mode $5"
}

# spi_out N, spi_in N: as the gateways see tunnel N.
spi_out() { printf -v REPLY '0x%08x' $((0x10000 + $1)); }
spi_in() { printf -v REPLY '0x%08x' $((0x20000 + $1)); }

# pair_lines N LOCAL REMOTE MODE ALGORITHM WINDOW [MORE]...: the two SAs of pair N.
pair_lines()
{
	spi_out "$1"
	sa_line "$2" "$3" "$REPLY" "$(($1 + 1))" "${@:4}"
	spi_in "$1"
	sa_line "$3" "$2" "$REPLY" "$(($1 + 1))" "${@:4}"
}

# Tunnel N between LOCAL (default: the VIP) and the remote; 10.8.0.1 and 10.9.N.1 are its ends.
tunnel_sas()
{
	pair_lines "$1" "${4:-$VIP}" 192.0.2.100 tunnel "${2:-gcm}" "${3:-32}" "${@:5}"
}

# gateway_policies N [LOCAL], remote_policies N [LOCAL]
gateway_policies()
{
	local n=$1 local=${2:-$VIP}

	policy_line 10.8.0.1/32 "10.9.$n.1/32" out "$((n + 1))" tunnel "$local" 192.0.2.100
	policy_line "10.9.$n.1/32" 10.8.0.1/32 in "$((n + 1))" tunnel 192.0.2.100 "$local"
	policy_line "10.9.$n.1/32" 10.8.0.1/32 fwd "$((n + 1))" tunnel 192.0.2.100 "$local"
}

remote_policies()
{
	local n=$1 local=${2:-$VIP}

	policy_line "10.9.$n.1/32" 10.8.0.1/32 out "$((n + 1))" tunnel 192.0.2.100 "$local"
	policy_line 10.8.0.1/32 "10.9.$n.1/32" in "$((n + 1))" tunnel "$local" 192.0.2.100
}

# on NODE COMMAND...: what the command prints is a batch for the node.
on()
{
	local ns=$1
	shift

	"$@" >"$TMP/batch"
	ip -n "$ns" -batch "$TMP/batch"
}

# tunnel GATEWAY N [ALGORITHM [WINDOW [LOCAL [MORE]...]]]: all of it, on the gateway and on the remote.
tunnel()
{
	local gw=$1 n=$2

	on "$gw" tunnel_sas "${@:2}" && on "$gw" gateway_policies "$n" ${5:+"$5"} &&
		on rem tunnel_sas "${@:2}" && on rem remote_policies "$n" ${5:+"$5"} &&
		ip -n rem addr replace "10.9.$n.1/32" dev lo
}

# --- single SAs --------------------------------------------------------------------------------------------------

# number NODE SPI seq|oseq: of one with an extended window.
number()
{
	local hex

	hex=$(ip -n "$1" xfrm state list spi "$2" | sed -n "s/.*[ \t]$3 0x\([0-9a-f]*\).*/\1/p" | head -n 1)
	echo $((16#${hex:-0}))
}

# used NODE SPI: packets of its lifetime
used() { ip -n "$1" -s xfrm state list spi "$2" | sed -n 's/^\t *[0-9]*(bytes), \([0-9]*\)(packets)$/\1/p'; }

# SAs NODE SPI...: those it has, and whether they are open.
shown() { ip -n "$1" -s xfrm state list spi "$2" | grep -o 'extra_flag 4[123]000000'; }
open() { is "extra_flag 41000000" "$(shown "$1" "$2")" "SA $2 of $1"; }
closed() { is "extra_flag 42000000" "$(shown "$1" "$2")" "SA $2 of $1"; }

# --- windows ------------------------------------------------------------------------------------------------------

# replay_of NODE out|in N [WORD]...: last number sent, highest received, size and map of an SA of tunnel N, named as the
# gateways see it. WORDs are xha-replay's, and set them.
replay_of()
{
	spi_"$2" "$3"
	if [ "$2" = out ]; then
		ip netns exec "$1" xha-replay "$VIP" 192.0.2.100 "$REPLY" "${@:4}"
	else
		ip netns exec "$1" xha-replay 192.0.2.100 "$VIP" "$REPLY" "${@:4}"
	fi
}

# window_of NODE N: the inbound window of tunnel N: its top, its size and its map.
window_of() { replay_of "$1" in "$2" | cut -d ' ' -f 2-; }

# same_windows A B N...: bit by bit; one that cannot be read is not the same as another such.
same_windows()
{
	local n win

	for n in "${@:3}"; do
		win=$(window_of "$1" "$n")
		[ -n "$win" ] || { echo "no window of tunnel $n on $1"; return 1; }
		is "$win" "$(window_of "$2" "$n")" "window of tunnel $n on $1 and $2" || return 1
	done
}

# --- dumps --------------------------------------------------------------------------------------------------------

# state_dump NODE: one line for each SA, sorted, without what must differ between an active and its standby:
#  - the tags of the role: extra_flag 4x000000, output-mark 0x4841000x/0x0
#  - lifetime current: bytes, packets, add and use time (a copy is late; dumps.sh compares them without traffic)
#  - lastused: which only 6.12 shows of every SA
#  - stats: counters of errors of this node alone
#  - anti-replay context: outbound numbers are leased and not copied, windows are late by a sample (see same_windows)
state_dump()
{
	ip -n "$1" -s xfrm state list | awk '
		function flush() { if (line != "") print line; line = "" }
		/^src / { flush(); line = $0; skip = 0; next }
		/^\t[a-z]/ { skip = 0 }
		/^\tlifetime current:/ || /^\tstats:/ || /^\tlastused / { skip = 1 }
		/^\tanti-replay context:/ || /^\t *seq-hi/ || /^\t *[0-9a-f]{8}( |$)/ { next }
		/^\toutput-mark 0x4841000[23]\/0x0$/ { next }
		!skip {
			sub(/\<4[123]000000\>/, "ROLE")
			sub(/ output-mark 0x4841000[23]\/0x0$/, "")
			sub(/ $/, "")
			gsub(/[ \t]+/, " ")
			line = line " |" $0
		}
		END { flush() }' | sort
}

# policy_dump NODE HIDE: HIDE is 1 if a standby is compared, whose outbound policies all block.
policy_dump()
{
	ip -n "$1" -s xfrm policy list | awk -v hide="$2" '
		function flush() { if (line != "") print line; line = "" }
		/^src / { flush(); line = $0; skip = 0; next }
		/^\t[a-z]/ { skip = 0 }
		hide && /^\tdir out / { sub(/ action block /, " action allow ") }
		/^\tlifetime current:/ { skip = 1 }
		!skip { gsub(/[ \t]+/, " "); gsub(/ index [0-9]+/, ""); line = line " |" $0 }
		END { flush() }' | sort
}

# actions NODE ACTION: of all its outbound policies.
actions() { is "$2" "$(ip -n "$1" -s xfrm policy list dir out | grep -o 'action [a-z]*' | sort -u)" "outbound policies of $1"; }

# same_dumps A B: keys, algorithms, selectors, flags, marks, limits, windows, request ids; and policies.
same_dumps()
{
	local hide=0

	state_dump "$1" >"$TMP/$1.state"
	state_dump "$2" >"$TMP/$2.state"
	[ "$(group_get "$1" .role) $(group_get "$2" .role)" = "active active" ] || hide=1
	policy_dump "$1" $hide >"$TMP/$1.policy"
	policy_dump "$2" $hide >"$TMP/$2.policy"
	at_least 1 "$(wc -l <"$TMP/$1.state")" "SAs on $1" &&
		diff -u "$TMP/$1.state" "$TMP/$2.state" && diff -u "$TMP/$1.policy" "$TMP/$2.policy"
}
