#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Runs tests one after the other and prints what they say as kselftest does: KTAP, the lines of each test indented by
# "# ", and one result for each. Exit status 0 if none failed. XHA_TIMEOUT: seconds for each, instead of those in settings.
# usage: run.sh TEST...
set -u
cd "$(dirname "$0")" || exit 1

KSFT_SKIP=4
limit=300
[ ! -f ../settings ] || limit=$(sed -n 's/^timeout=//p' ../settings)
limit=$((${XHA_TIMEOUT:-$limit} * ${XHA_PATIENCE:-1}))
failed=0 n=0

# How many there have been since the machine was booted: most of a test's time, where starting one takes long.
processes() { sed -n 's/^processes //p' /proc/stat; }

echo "TAP version 13"
echo "1..$#"
for test in "$@"; do
	n=$((n + 1))
	began=$SECONDS started=$(processes)
	echo "# selftests: net: $test"
	# The test ends by itself at TERM and removes what it has made.
	timeout -k 30 "$limit" "./$test" 2>&1 | sed -u 's/^/# /'
	status=${PIPESTATUS[0]}
	echo "# $((SECONDS - began)) s, $(($(processes) - started)) processes"
	case $status in
	0) echo "ok $n selftests: net: $test" ;;
	"$KSFT_SKIP") echo "ok $n selftests: net: $test # SKIP" ;;
	124) echo "not ok $n selftests: net: $test # TIMEOUT $limit seconds" ;;
	*) echo "not ok $n selftests: net: $test # exit=$status" ;;
	esac
	[ "$status" = 0 ] || [ "$status" = "$KSFT_SKIP" ] || failed=1
done
exit "$failed"
