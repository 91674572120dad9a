# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# KTAP output in kselftest's manner, and waiting without fixed sleeps. Sourced by lib.sh.

KSFT_PASS=0
KSFT_FAIL=1
KSFT_SKIP=4

ktap_n=0
ktap_bad=0
ktap_planned=0

ktap_plan()
{
	ktap_planned=$1
	echo "TAP version 13"
	echo "1..$1"
}

diag()
{
	local line

	while IFS= read -r line; do
		echo "# $line"
	done <<<"$*"
}

# figure TEXT: one that the run repeats at its end.
figure() { diag "figure: $*"; }

# check NAME COMMAND...: what the command says becomes comments; what it changes in variables stays.
check()
{
	local name=$1 lines line rc
	shift

	"$@" >"$TMP/said" 2>&1
	rc=$?
	mapfile -t -n 40 lines <"$TMP/said"
	for line in "${lines[@]}"; do
		echo "# ${line:0:400}"
	done
	ktap_n=$((ktap_n + 1))
	if [ "$rc" -eq 0 ]; then
		echo "ok $ktap_n $name"
	else
		echo "not ok $ktap_n $name"
		ktap_bad=$((ktap_bad + 1))
	fi
	return "$rc"
}

ktap_skip()
{
	ktap_n=$((ktap_n + 1))
	echo "ok $ktap_n $1 # SKIP $2"
}

# skip_all REASON: the whole test cannot run here.
skip_all()
{
	echo "TAP version 13"
	echo "1..0 # SKIP $1"
	exit "$KSFT_SKIP"
}

# A check that was forgotten is a failure too.
ktap_exit()
{
	if [ "$ktap_n" -ne "$ktap_planned" ]; then
		diag "planned $ktap_planned checks, ran $ktap_n"
		exit "$KSFT_FAIL"
	fi
	[ "$ktap_bad" -eq 0 ] || exit "$KSFT_FAIL"
	exit "$KSFT_PASS"
}

# A test that cannot even be set up.
give_up()
{
	echo "Bail out! cannot go on: $(head -n 3 <<<"$*" | tr '\n' ' ')"
	exit "$KSFT_FAIL"
}

now_ms() { local us=${EPOCHREALTIME/[.,]/}; echo "${us::-3}"; }
now_ns() { echo "${EPOCHREALTIME/[.,]/}000"; }

# Emulated machines are slow; XHA_PATIENCE multiplies every bound, as in the lab.
patience() { echo $(($1 * ${XHA_PATIENCE:-1})); }

# doze SECONDS: as sleep, but without a process: on a kernel with checkers that alone takes a quarter of a second. Nobody ever
# writes there.
mkfifo "$TMP/never"
exec {NEVER}<>"$TMP/never"
doze() { ! read -r -t "$1" -u "$NEVER" _; }

# past US: is that time of CLOCK_REALTIME over?
past() { [ "${EPOCHREALTIME/[.,]/}" -gt "$1" ]; }

# busywait MS COMMAND...: until it succeeds, in silence; its last words if it never does.
busywait()
{
	local bound=$((${EPOCHREALTIME/[.,]/} + 1000 * $1 * ${XHA_PATIENCE:-1}))
	shift

	until "$@" >"$TMP/waited" 2>&1; do
		if past $bound; then
			echo "waited in vain for: $*"
			head -n 5 "$TMP/waited"
			return 1
		fi
		doze 0.02
	done
}

# never MS COMMAND...: it must go on failing all that time.
never()
{
	local bound=$((${EPOCHREALTIME/[.,]/} + 1000 * $1))
	shift

	until past $bound; do
		if "$@" >"$TMP/waited" 2>&1; then
			echo "must not happen: $*"
			return 1
		fi
		doze 0.02
	done
}

# is WANT GOT WHAT: equality with a useful message.
is()
{
	[ "$1" = "$2" ] && return 0
	echo "${3:-value}: expected '$1', got '$2'"
	return 1
}

at_least()
{
	[ "$2" -ge "$1" ] 2>/dev/null && return 0
	echo "${3:-value}: expected $1 at least, got '$2'"
	return 1
}

at_most()
{
	[ "$2" -le "$1" ] 2>/dev/null && return 0
	echo "${3:-value}: expected $1 at most, got '$2'"
	return 1
}
