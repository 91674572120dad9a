#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Checks the models of the protocol with spin, and prints KTAP.
# usage: [O=DIR] run.sh [small|full]
#
# What is sound must hold in all states. A mutant must fail, and so must a model without one of its assumptions (limit):
# each by the assertion that is named here. Verifiers are built and run in O, one at a time. In small all states are kept
# as they are. In full they are compressed without loss (COLLAPSE), but for those with HASHED, which have too many even so:
# of these only hashes are kept (BITSTATE), and some states may be missed.
set -u -o pipefail
cd "$(dirname "$0")" || exit 1

HERE=$PWD
SIZE=${1:-small}
O=${O:-build}
MEMORY=1400	# MB
DEPTH=100000
# What must not happen, by a part of the assertion.
TWICE='oseq[me]!=watched'
LOST='had['
RACE='term[a]<='
SERVED='vip[0]'
BOUND='term[b]<='

# SIZE|MODEL|WHAT|ASSERTION THAT MUST FAIL, or none|DEFINES|what follows from it, in words
RUNS=(
"small|numbers|sound||-DTICKS=3 -DMOVES=2 -DCRASHES=0|two nodes: no number twice, counters move forward only"
"small|objects|sound||-DOBJECTS=1 -DMOVES=1|three nodes: nothing is lost, copies converge, one active"
"small|handover|sound||-DTICKS=4 -DMOVES=1|exact handover: no number twice"
"small|roles|sound||-DMOVES=2|three nodes, two moves of VIPs: who has the VIP serves, alone, and what the others had is not lost"
"small|numbers|mutant|$TWICE|-DTICKS=3 -DMOVES=2 -DCRASHES=0 -DCUTS=0 -DMUTANT_NO_GUARD|without a guard a number is used twice"
"small|numbers|mutant|$TWICE|-DTICKS=4 -DMOVES=1 -DCRASHES=0 -DCUTS=0 -DMUTANT_NO_RENEWAL|past a lease that is not renewed, a number is used twice"
"small|numbers|mutant|$TWICE|-DTICKS=3 -DMOVES=2 -DCRASHES=0 -DCUTS=0 -DMUTANT_EARLY_ACK|acked before it is applied, a number is used twice"
"small|objects|mutant|$LOST|-DOBJECTS=1 -DMOVES=1 -DMUTANT_NO_MERGE|swept without a merge, an object is lost"
"small|objects|mutant|$LOST|-DOBJECTS=1 -DMOVES=1 -DMUTANT_EARLY_MERGE|with finals sent before the gate closes, an object is lost"
"small|handover|mutant|$TWICE|-DTICKS=4 -DMOVES=1 -DMUTANT_NO_FINALS|with finals ignored, a number is used twice"
"small|handover|mutant|$TWICE|-DTICKS=4 -DMOVES=1 -DMUTANT_LATE_GATE|with finals sent before the gate closes, a number is used twice"
"small|handover|mutant|$TWICE|-DTICKS=5 -DMOVES=1 -DMUTANT_UNBOUND|opened again while a grant is out, a number is used twice"
"small|roles|mutant|$SERVED|-DMOVES=1 -DMUTANT_NO_TERM|without terms two nodes stay active"
"small|roles|mutant|had[|-DMOVES=1 -DMUTANT_NO_MERGE|without a merge an object is lost"
"small|roles|mutant|$SERVED|-DMOVES=2 -DMUTANT_NO_WAY_OUT|fenced for ever, nobody serves who has the VIP"
"small|numbers|limit|$TWICE|-DTICKS=4 -DMOVES=1 -DCRASHES=0 -DCUTS=0 -DBOTH|two actives in traffic at once: a number is used twice"
"small|numbers|limit|$TWICE|-DTICKS=3 -DMOVES=2 -DCRASHES=0 -DCUTS=0 -DFLAP|active again after itself, unheard: a number is used twice"
"small|roles|limit|$BOUND|-DMOVES=2 -DALL_AT_ONCE|fenced ones that do not wait for one another: they take over from one another for ever"
"small|objects|limit|$LOST|-DOBJECTS=1 -DMOVES=1 -DONCE|merged at the takeover only: an object is lost"
"small|objects|limit|$RACE|-DOBJECTS=1 -DMOVES=1 -DOUTBID|above the term of who follows another active: terms race"
"full|handover|mutant|$TWICE|-DTICKS=6 -DMOVES=1 -DHOLD=0 -DMUTANT_NOT_LIVE|with a grant that is good for ever, a number is used twice"
"full|numbers|limit|$TWICE|-DTICKS=4 -DMOVES=3 -DCRASHES=0 -DCUTS=0 -DUNSAID -DHASHED|hot by the word of one side: a number is used twice"
"full|numbers|limit|$TWICE|-DTICKS=4 -DMOVES=1 -DCRASHES=0 -DLATER|counted from a later BEGIN: a number is used twice"
"full|numbers|limit|$TWICE|-DTICKS=4 -DMOVES=1 -DCRASHES=0 -DCUTS=0 -DOVERRUN|a copy that begins with an overrun lease: a number is used twice"
"full|numbers|limit|$TWICE|-DTICKS=3 -DMOVES=2 -DCUTS=0 -DAMNESIA|the only one that knew forgets: a number is used twice"
"full|numbers|limit|$TWICE|-DTICKS=3 -DMOVES=3 -DCRASHES=0 -DCUTS=0 -DOWN|a demoted node keeps its own later moment: a number is used twice"
"full|numbers|limit|$TWICE|-DTICKS=3 -DMOVES=2 -DCRASHES=0 -DCUTS=0 -DTIES|the earlier active wins: a number is used twice"
"full|numbers|limit|$TWICE|-DN=3 -DTICKS=3 -DMOVES=2 -DCRASHES=0 -DCUTS=0 -DTHIRD|two standbys take over, unheard: a number is used twice"
"full|objects|limit|$LOST|-DOBJECTS=1 -DMOVES=1 -DNO_BOOT|activities told by term and node alone: an object is lost"
"full|objects|limit|$LOST|-DOBJECTS=1 -DMOVES=1 -DNAME_LATE|half a copy goes by its old name: an object is lost"
"full|handover|limit|$TWICE|-DTICKS=5 -DHOLD=0 -DFLAP|opened after its grant, then the other one, unheard: a number is used twice"
"full|handover|limit|$TWICE|-DTICKS=4 -DBOTH_JUMP|broken off by lease + guard on both sides: a number is used twice"
"full|numbers|sound||-DTICKS=3 -DMOVES=2|two nodes that crash: no number twice"
"full|numbers|sound||-DTICKS=3 -DMOVES=3 -DCRASHES=0 -DCUTS=0|two nodes, three takeovers: no number twice"
"full|numbers|sound||-DTICKS=3 -DMOVES=2 -DCRASHES=0 -DCUTS=0 -DLATE|two nodes, messages that come late: no number twice"
"full|numbers|sound||-DN=3 -DTICKS=2 -DMOVES=2 -DCRASHES=0 -DCUTS=0 -DHASHED|three nodes: no number twice, counters move forward only"
"full|numbers|sound||-DN=3 -DTICKS=2 -DMOVES=1 -DCRASHES=0|three nodes, a link that is cut and mended: the same"
"full|numbers|sound||-DN=3 -DTICKS=2 -DMOVES=1 -DCUTS=0|three nodes, one of which crashes and comes back: the same"
"full|numbers|sound||-DN=3 -DTICKS=2 -DMOVES=1 -DCRASHES=0 -DCUTS=0 -DLATE|three nodes, messages that come late: the same"
"full|objects|sound||-DOBJECTS=1 -DMOVES=2 -DCRASHES=0|three nodes, two takeovers: nothing is lost"
"full|objects|sound||-DOBJECTS=2 -DMOVES=1|three nodes, two objects: nothing is lost"
"full|roles|sound||-DMOVES=1 -DCRASHES=1|three nodes, one of which crashes: the same"
"full|roles|sound||-DMOVES=3 -DCUTS=0|three nodes, three moves of VIPs, all links sound: the same"
"full|handover|sound||-DTICKS=6 -DMOVES=1 -DHOLD=0|exact handover, a longer time: no number twice"
"full|handover|sound||-DTICKS=4 -DMOVES=2|exact handover, broken off and opened twice: no number twice"
"full|handover|sound||-DTICKS=4 -DMOVES=1 -DASKS=2|exact handover there and back: no number twice"
)

n=0 bad=0

result()
{
	n=$((n + 1))
	[ "$1" = 0 ] || { bad=1; printf 'not '; }
	echo "ok $n $2"
}

say()
{
	sed 's/^/# /' <<<"$*"
}

# How much was searched, as the verifier says.
states()
{
	awk '/ states, stored/ { s = $1 } /depth reached/ { sub(",", "", $6); d = $6 } /total actual memory usage/ { m = $1 }
	     /hash factor/ { h = ", hash factor " $3 } END { printf "%s states, depth %s, %s MB%s", s, d, m, h }' log
}

# All was searched: no limit was in the way.
complete()
{
	! grep -E 'max search depth|MEMLIM|out of memory|Search not completed|aborted' log | sed 's/^/# /'
}

# Every way was taken, in one state at least: what is inside a d_step by HIT(), what is not by spin's word. Processes
# never end.
reached()
{
	local way

	for way in $(cpp -P "$@" model.pml | sed -n 's/.*xha_hit\[\([0-9]*\)\] = 1.*/\1/p'); do
		grep -q "^hit:.* $way " log || { say "never taken: HIT($way)"; return 1; }
	done
	! grep -E '^\s.*state [0-9]+,' log | grep -v '"-end-"' | sed 's/^/# never taken: /'
}

# hold: no errors, in all states, through all branches.
hold()
{
	grep -q 'errors: 0$' log || { say "$(grep -m 1 'pan:' log)"; trail "$@"; return 1; }
	complete && reached "$@"
}

# fail ASSERTION: that one, and no limit before.
fail()
{
	local assertion=$1
	shift

	grep -q 'errors: 1$' log || { say "nothing found"; return 1; }
	say "$(grep -m 1 'pan:1: ' log)"
	trail "$@"
	grep -F 'pan:1: assertion violated' log | grep -qF -- "$assertion"
}

# What happened until the assertion failed.
trail()
{
	[ -f model.pml.trail ] || return
	spin -t -B -T "$@" model.pml 2>/dev/null | grep -E '^ *([0-9]+: [0-9]|[0-9] [a-z]|cut: )' | sed 's/^ */#   /'
}

# check MODEL WHAT ASSERTION DEFINES: in a folder of its own.
check()
{
	local model=$1 what=$2 assertion=$3 options=(-DSAFETY "-DMEMLIM=$MEMORY") run=("-m$DEPTH") defines
	read -ra defines <<<"$4"

	[ "$SIZE" = small ] || options+=(-DCOLLAPSE)
	[[ $4 != *HASHED* ]] || { options=(-DSAFETY -DBITSTATE); run=("-m$DEPTH" -w32 -k3); }
	cp "$HERE/$model.pml" model.pml && cp "$HERE/cover.h" . || return
	spin -a "${defines[@]}" model.pml >spin.log 2>&1 || { say "$(cat spin.log)"; return 1; }
	${CC:-gcc} -O2 -w "${options[@]}" -o pan pan.c >cc.log 2>&1 || { say "$(head -n 5 cc.log)"; return 1; }
	nice -n 19 ./pan "${run[@]}" >log 2>&1
	grep -q '^pan: elapsed time' log || { say "the verifier did not end: $(tail -n 1 log)"; return 1; }
	say "$(states)"
	case $what in
	sound)	hold "${defines[@]}" ;;
	*)	fail "$assertion" "${defines[@]}" ;;
	esac
}

case $SIZE in
small)	;;
full)	MEMORY=6000 ;;
*)	echo "usage: [O=DIR] $0 [small|full]" >&2; exit 2 ;;
esac

echo "TAP version 13"
for tool in spin "${CC:-gcc}"; do
	command -v "$tool" >/dev/null || { echo "1..0 # SKIP there is no $tool (Debian: apt install spin gcc)"; exit 4; }
done

wanted=()
for one in "${RUNS[@]}"; do
	[[ $one == small* || $SIZE == full ]] && wanted+=("$one")
done
echo "1..${#wanted[@]}"
for one in "${wanted[@]}"; do
	IFS='|' read -r _ model what assertion defines words <<<"$one"
	dir=$O/$SIZE/$((n + 1))
	rm -rf "$dir"
	mkdir -p "$dir" || exit 1
	began=$SECONDS
	check_in() { cd "$dir" && check "$model" "$what" "$assertion" "$defines"; }
	(check_in)
	status=$?
	echo "# $((SECONDS - began)) s; $model.pml $defines"
	result "$status" "$what: $words${assertion:+ (assert $assertion)}"
done
exit "$bad"
