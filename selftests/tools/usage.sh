#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What xfrm-ha refuses without asking the kernel, its help, genkey and batches.
# XFRM_HA is the program; neither root nor the module is needed.
# shellcheck disable=SC2317 # functions are called through ktap_test

here=$(dirname "$(readlink -f "$0")")
# shellcheck source=ktap.sh
. "$here/ktap.sh"

xfrm_ha=${XFRM_HA:-$here/../../tools/xfrm-ha}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# exit status | the command | a part of the one line on stderr; PEER and GROUP
# begin a command that is right so far, TMP is where key_files has put files
table()
{
	cat <<-'EOT'
	2||see 'xfrm-ha help'
	2|nonsense|'nonsense' is not a command; see 'xfrm-ha help'
	2|-x|'-x' is not an option
	2|-n|'-n' lacks its value
	2|-force group|-force goes with -batch
	2|-n ../x group|'../x' is not the name of a network namespace
	1|-n no-such-netns group|cannot open the network namespace no-such-netns
	1|-batch /no/such/file|/no/such/file: No such file
	2|-batch /dev/null group|unexpected 'group'
	2|node frob|node has no command 'frob'; see 'xfrm-ha node help'
	2|node set|set lacks
	2|node set id|'id' lacks its value
	2|node set id 0|id '0' is not a number of 1..15
	2|node set id 16|id '16' is not a number of 1..15
	2|node set id 1 id 2|'id' is given twice
	2|node set id 1 sample-period|'sample-period' lacks its value
	2|node set id 1 sample-period 10m|sample-period '10m' is not a time
	2|node set id 1 frob 3|unexpected 'frob'
	2|node show 1|unexpected '1'
	2|peer frob|peer has no command 'frob'; see 'xfrm-ha peer help'
	2|peer add|'id' lacks its value
	2|peer add x|id 'x' is not a number
	2|peer add 16|id '16' is not a number of 1..15
	2|peer add 2|needs 'local ADDR' and 'remote ADDR'
	2|peer add 2 local 10.0.0.1 insecure|needs 'local ADDR' and 'remote ADDR'
	2|peer add 2 local 10.0.0.1 remote|'remote' lacks its value
	2|peer add 2 local 10.0.0.1 remote 10.0.0.2|'insecure'
	2|PEER key-file /k|exclude each other
	2|peer add 2 local 10.0.0.1 local 10.0.0.3|'local' is given twice
	2|peer add 2 local 10.0.0.300|local '10.0.0.300' is not an IP address
	2|peer add 2 local 0.0.0.0|local '0.0.0.0' is no address of one node
	2|peer add 2 local 10.0.0.1,10.0.0.3 remote 10.0.0.2|udp takes one local and one remote
	2|peer add 2 local 10.0.0.1 remote 10.0.0.2,10.0.0.4|udp takes one local and one remote
	2|peer add 2 local 10.0.0.1,2001:db8::1 remote 10.0.0.2|mixes IPv4 and IPv6
	2|peer add 2 local 10.0.0.1 remote 2001:db8::2 insecure|not both IPv4 or IPv6
	2|PEER port 0|port '0' is not a number of 1..65535
	2|PEER port 65536|port '65536' is not
	2|PEER remote-port 7|remote-port goes with port
	2|PEER dev a/b|dev 'a/b' is not the name of a device
	2|PEER transport tcp|transport 'tcp' is not one of udp|sctp
	2|PEER heartbeat 1.5s|heartbeat '1.5s' is not a time
	2|PEER heartbeat 100us|not a whole number of ms
	2|PEER heartbeat 5000000s|too long a time
	2|PEER heartbeat 1 heartbeat 2|'heartbeat' is given twice
	2|PEER path-retransmit -1|path-retransmit '-1' is not a number
	2|peer add 2 local 10.0.0.1 remote 10.0.0.2 frob|unexpected 'frob'
	1|peer add 2 local 10.0.0.1 remote 10.0.0.2 key-file /k|/k: No such file or directory
	1|peer add 2 local 10.0.0.1 remote 10.0.0.2 key-file /dev|/dev: not a regular file
	1|peer add 2 local 10.0.0.1 remote 10.0.0.2 key-file /etc/passwd|/etc/passwd: others can read or write it
	2|PEER rto-min 1 rto-min 2|'rto-min' is given twice
	2|PEER rto-max 0.5s|rto-max '0.5s' is not a time
	2|peer set 2 assoc-retransmit five|assoc-retransmit 'five' is not a number
	2|PEER transport sctp transport udp|'transport' is given twice
	1|peer set 2 key-file /k|/k: No such file or directory
	1|peer add 2 local 10.0.0.1 remote 10.0.0.2 key-file TMP/31|TMP/31: not a key: no base64 of 32 bytes
	1|peer set 2 key-file TMP/31|TMP/31: not a key: no base64 of 32 bytes
	1|peer set 2 key-file TMP/33|TMP/33: not a key: no base64 of 32 bytes
	1|peer set 2 key-file TMP/16|TMP/16: not a key: one line of 44 characters
	1|peer set 2 key-file TMP/two|TMP/two: not a key: one line of 44 characters
	1|peer set 2 key-file TMP/none|TMP/none: not a key: no base64 of 32 bytes
	1|peer set 2 key-file TMP/more|TMP/more: not a key: no base64 of 32 bytes
	2|peer set|'id' lacks its value
	2|peer set 2|set lacks what to set
	2|peer set 2 insecure|unexpected 'insecure'
	2|peer set 2 local 10.0.0.1|unexpected 'local'
	2|peer set 2 heartbeat|'heartbeat' lacks its value
	2|peer del|'id' lacks its value
	2|peer del 2 3|unexpected '3'
	2|peer show 99|id '99' is not a number of 1..15
	2|peer show 2 3|unexpected '3'
	2|group frob|group has no command 'frob'; see 'xfrm-ha group help'
	2|group add|'name' lacks its value
	2|group add -east|'-east' is no name
	2|group add ea/st|'ea/st' is no name
	2|group add 01234567890123456789012345678901|is no name: 1..31
	2|group add east|a group needs 'vip ADDR' or 'local ADDR'
	2|group add east install kernel|a group needs
	2|group add east vip|'vip' lacks its value
	2|group add east vip 192.0.2.15/33|prefix length '33' is not a number of 0..32
	2|group add east vip 192.0.2.15 dev|'dev' lacks its value
	2|group add east vip 192.0.2.15 dev 0123456789abcdef|is not the name of a device
	2|group add east local 10.0.0.1/32|local '10.0.0.1/32' is not an IP address
	2|GROUP dev eth0|unexpected 'dev'
	2|GROUP install ike|install 'ike' is not one of kernel|daemon
	2|GROUP policies on|policies 'on' is not one of hot|takeover|off
	2|GROUP sync-period-time fast|sync-period-time 'fast' is not a time
	2|GROUP sync-period-packets 4294967296|sync-period-packets '4294967296' is not
	2|GROUP oseq-shift 1k|oseq-shift '1k' is not a number
	2|GROUP replay|'replay' lacks its value
	2|GROUP replay reset|replay 'reset' is not one of restore|advance N
	2|GROUP replay advance|'replay advance' lacks its value
	2|GROUP replay advance 0|replay advance '0' is not
	2|GROUP replay restore replay restore|'replay' is given twice
	2|group set|'name' lacks its value
	2|group set east|set lacks what to set
	2|group set east fenced|unexpected 'fenced'
	2|group set east active now|unexpected 'now'
	2|group set east standby force force|unexpected 'force'
	2|group set east vip|vip takes 'add ADDR' or 'del ADDR'
	2|group set east vip add|'vip' lacks its value
	2|group set east vip add 1.2.3|vip '1.2.3' is not an IP address
	2|group set east vip add 192.0.2.1 vip add 192.0.2.2|unexpected 'vip'
	2|group set east local add 10.0.0.1 dev eth0|unexpected 'dev'
	2|group set east local move 10.0.0.1|local takes 'add ADDR' or 'del ADDR'
	2|group set east oseq-shift 1 frob|unexpected 'frob'
	2|group set east heartbeat 1s|unexpected 'heartbeat'
	2|group del|'name' lacks its value
	2|group del east west|unexpected 'west'
	2|group show e/t|'e/t' is no name
	2|sa frob|sa has no command 'frob'; see 'xfrm-ha sa help'
	2|sa show group|'group' lacks its value
	2|sa show group east group west|unexpected 'group'
	2|sa show spi 0|spi '0' is not a number of 1..4294967295
	2|sa show spi 0x100000000|spi '0x100000000' is not
	2|sa show spi c0ffee01|spi 'c0ffee01' is not a number
	2|stats reset|stats has no command 'reset'
	2|monitor all|unexpected 'all'
	2|check|'check' lacks its value
	2|check east hot|unexpected 'hot'
	2|resync|'resync' lacks its value
	2|resync east now|unexpected 'now'
	2|genkey 64|unexpected '64'
	EOT
}

# Keys of other lengths, two lines, no base64, and bits beyond the 32 bytes.
key_files()
{
	local n

	umask 077
	for n in 16 31 33; do
		head -c "$n" /dev/urandom | base64 >"$tmp/$n"
	done
	for n in 1 2; do
		head -c 32 /dev/urandom | base64
	done >"$tmp/two"
	printf '%043d=\n' 0 | tr 0 '!' >"$tmp/none"
	printf '%042dB=\n' 0 >"$tmp/more"
}

objects="node peer group sa stats monitor check resync genkey"

# $1 status, $2 words, $3 part of the line
refused()
{
	local out rc

	# shellcheck disable=SC2086 # the words of the command
	out=$("$xfrm_ha" $2 2>"$tmp/err")
	rc=$?
	if [ "$rc" -ne "$1" ] || [ -n "$out" ] ||
	   [ "$(wc -l <"$tmp/err")" -ne 1 ] ||
	   ! grep -q '^xfrm-ha: ' "$tmp/err" ||
	   ! grep -qF -- "$3" "$tmp/err" ||
	   { [ "$1" -eq 2 ] && ! grep -q "; see 'xfrm-ha .*help'$" "$tmp/err"; }
	then
		echo "exit $rc, want $1 and '$3'"
		echo "stdout: $out"
		echo "stderr: $(cat "$tmp/err")"
		return 1
	fi
}

# $1 words, $2 what the usage begins with
helps()
{
	# shellcheck disable=SC2086
	"$xfrm_ha" $1 >"$tmp/out" 2>"$tmp/err" &&
		grep -q "^Usage: xfrm-ha $2" "$tmp/out" &&
		[ ! -s "$tmp/err" ] && return
	cat "$tmp/out" "$tmp/err"
	return 1
}

help_all()
{
	local object

	for object in $objects; do
		"$xfrm_ha" help | grep -q "^  $object " || return
	done
}

genkey()
{
	local a b

	a=$("$xfrm_ha" genkey) && b=$("$xfrm_ha" genkey) || return
	[ ${#a} -eq 44 ] && [ "$a" != "$b" ] &&
		[ "$(base64 -d <<<"$a" | wc -c)" -eq 32 ] &&
		[ "$(base64 -d <<<"$a" | base64)" = "$a" ] &&
		[ "$("$xfrm_ha" genkey | wc -c)" -eq 45 ]
}

# Each of the four digits that three bytes make takes (nearly) all 64 values in
# 1000 tries.
genkey_alphabet()
{
	for _ in $(seq 100); do
		"$xfrm_ha" genkey
	done | fold -w4 | grep -v = | awk '
		{ for (i = 1; i <= 4; i++) n[i] += !seen[i, substr($0, i, 1)]++ }
		END { exit !(n[1] >= 60 && n[2] >= 60 && n[3] >= 60 && n[4] >= 60) }'
}

genkey_warns()
{
	(umask 022; "$xfrm_ha" genkey >"$tmp/open" 2>"$tmp/err") &&
		grep -q "warning: everybody may read" "$tmp/err" &&
		(umask 077; "$xfrm_ha" genkey >"$tmp/closed" 2>"$tmp/err2") &&
		[ ! -s "$tmp/err2" ] && [ "$(wc -c <"$tmp/open")" -eq 45 ]
}

# Also by root: then it is nobody who tries.
unreadable()
{
	local as=() out rc

	[ "$(id -u)" -ne 0 ] ||
		as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	cp "$xfrm_ha" "$tmp/xfrm-ha" && cp "$tmp/31" "$tmp/locked" &&
		chmod 755 "$tmp/xfrm-ha" && chmod 711 "$tmp" &&
		chmod 000 "$tmp/locked" || return
	out=$("${as[@]}" "$tmp/xfrm-ha" peer set 2 key-file "$tmp/locked" 2>&1)
	rc=$?
	[ "$rc" -eq 1 ] &&
		[ "$out" = "xfrm-ha: $tmp/locked: Permission denied" ] && return
	echo "exit $rc: $out"
	return 1
}

# A full disk is an error and not half a key.
full_disk()
{
	[ -w /dev/full ] || return 0
	! "$xfrm_ha" genkey >/dev/full 2>/dev/null &&
		! "$xfrm_ha" help >/dev/full 2>/dev/null
}

# $1 status, $2 part of stderr, $3 number of lines there; the rest: options.
# stdin is the batch.
batch()
{
	local want=$1 part=$2 lines=$3 rc
	shift 3

	"$xfrm_ha" "$@" -batch - >"$tmp/out" 2>"$tmp/err"
	rc=$?
	if [ "$rc" -ne "$want" ] || ! grep -qF -- "$part" <(echo; cat "$tmp/err") ||
	   [ "$(grep -c . "$tmp/err")" -ne "$lines" ]; then
		echo "exit $rc, want $want and '$part'"
		cat "$tmp/err"
		return 1
	fi
}

batch_comments()
{
	printf '#help\n # help\n\n   \t\nhelp # peer frob\n  "help"' |
		batch 0 "" 0 && [ "$(grep -c Usage "$tmp/out")" -eq 2 ]
}

batch_stops()
{
	printf 'help\nnode set id 99\npeer add\n' |
		batch 2 "xfrm-ha: -:2: id '99' is not a number of 1..15; see" 1
}

batch_forced()
{
	printf 'peer set 2 key-file /k\nnode set id 99\nhelp\n' |
		batch 1 "-:2: id '99'" 2 -force && grep -q Usage "$tmp/out"
}

batch_quotes()
{
	printf "group add 'a b' local 10.0.0.1\n" |
		batch 2 "'a b' is no name" 1 || return
	printf 'group add a" "b\n' | batch 2 "'a b' is no name" 1 || return
	printf 'group add a\\ b\\#\n' | batch 2 "'a b#' is no name" 1 || return
	printf "group add 'a\\\\b'\n" | batch 2 "'a\\b' is no name" 1 || return
	printf "group add ''\n" | batch 2 "'' is no name" 1 || return
	printf 'group add a#b\n' | batch 2 "'a#b' is no name" 1 || return
	printf 'group add "a\n' | batch 2 "-:1: a quote is not closed" 1
}

batch_limits()
{
	seq 300 | tr '\n' ' ' | batch 2 "more than 256 words" 1 &&
		printf 'help\n\0help\n' | batch 2 "-:2: a NUL in the line" 1 &&
		: | batch 0 "" 0
}

batch_file()
{
	echo "node set id 0" >"$tmp/file"
	"$xfrm_ha" -batch "$tmp/file" 2>&1 | grep -q "xfrm-ha: $tmp/file:1: id"
}

no_module()
{
	local command ret=0

	for command in group "check east" monitor "node set id 1" "-j sa"; do
		refused 1 "$command" \
			"the kernel has no xfrm_ha family: is the module" || ret=1
	done
	return "$ret"
}

(key_files)
n=0
while IFS= read -r line; do
	n=$((n + 1))
done < <(table)
ktap_plan $((n + 1 + 9 + 3 + 5 + 7))

while IFS= read -r line; do
	status=${line%%|*} line=${line#*|}
	# the text may have a | too, a command has none
	words=${line%%|*} part=${line#*|}
	words=${words/#PEER/peer add 2 local 10.0.0.1 remote 10.0.0.2 insecure}
	words=${words/#GROUP/group add east local 10.0.0.1}
	name=${words:-no words}
	words=${words/TMP/$tmp} part=${part/TMP/$tmp}
	ktap_test "refused: $name" refused "$status" "$words" "$part"
done < <(table)

ktap_test "help" helps "help" "\[OPTIONS\]"
for object in $objects; do
	ktap_test "$object help" helps "$object help" "$object"
done
ktap_test "help names all objects" help_all
ktap_test "-h" helps "-h" "\[OPTIONS\]"
ktap_test "--help" helps "--help" "\[OPTIONS\]"

ktap_test "genkey: 32 bytes, new each time" genkey
ktap_test "genkey: all digits of base64" genkey_alphabet
ktap_test "genkey: warns of a readable file" genkey_warns
ktap_test "a key file that must not be read" unreadable
ktap_test "a full disk is an error" full_disk

ktap_test "batch: comments and empty lines" batch_comments
ktap_test "batch: stops and names the line" batch_stops
ktap_test "batch: -force goes on" batch_forced
ktap_test "batch: quotes" batch_quotes
ktap_test "batch: limits" batch_limits
ktap_test "batch: names the file" batch_file
if [ -e /sys/module/xfrm_ha ]; then
	ktap_skip "no module is said clearly" "it is loaded"
else
	ktap_test "no module is said clearly" no_module
fi
ktap_exit
