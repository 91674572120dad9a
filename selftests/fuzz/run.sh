#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Runs the fuzzers that are built in DIR, and prints KTAP. Inputs that are found stay in DIR/found/.
# usage: [RUNS=N] [FUZZ_TIME=SECONDS] run.sh DIR [PLANT]...
#
# Without FUZZ_TIME the number of inputs is fixed, and so is where chance begins: on any machine the same inputs. With it
# each target has that time, and begins with all that was interesting the time before.
#
# PLANT: FAULT-TARGET-FILE, of a build in DIR/plant-PLANT that is wrong on purpose.
set -u
cd "$(dirname "$0")" || exit 1

OUT=$1
shift
RUNS=${RUNS:-100000}
FUZZ_TIME=${FUZZ_TIME:-}
# TARGET|LONGEST INPUT|RUNS, as times of RUNS: some are quicker than others.
TARGETS=("frame|1400|1" "record|4096|4" "handshake|300|4")
HANG=10	# seconds, for one input
# Few changes at a time: in a short time that finds more.
SHORT=(-seed=1 -mutate_depth=2)
# Freed memory that ASan keeps is soon more than all else.
export ASAN_OPTIONS=quarantine_size_mb=16

n=0 bad=0

result()
{
	n=$((n + 1))
	[ "$1" = 0 ] || { bad=1; printf 'not '; }
	echo "ok $n $2"
}

# fuzz NAME PROGRAM CORPUS LONGEST OPTION...: what it prints goes to NAME.log; what it found, to found/.
fuzz()
{
	local name=$1 program=$2 corpus=$3 longest=$4
	shift 4

	mkdir -p "$OUT/grown/$name" "$OUT/found"
	"$program" -max_len="$longest" -timeout="$HANG" -artifact_prefix="$OUT/found/$name-" -print_final_stats=1 \
		"$@" "$OUT/grown/$name" "$corpus" >"$OUT/$name.log" 2>&1
}

# What a log says of why and where, as comments.
why()
{
	grep -a -m 1 -E 'ERROR: |runtime error|not true|^[a-z_]+\.c:[0-9]+: ' "$OUT/$1.log" | sed 's/^/# /'
	grep -a -E '^ +#[0-9]+ .* in ' "$OUT/$1.log" | head -n 12 | sed 's/^/#/'
	# Of given inputs the last one that was begun; else the one that was written down.
	grep -a '^Running: ' "$OUT/$1.log" | tail -n 1 | sed 's/^Running: /# input: /'
	sed -n 's/.*Test unit written to /# input: /p' "$OUT/$1.log"
	echo "# log: $OUT/$1.log"
}

# The corpus still says something in this wire format.
corpus_valid()
{
	XHA_FUZZ_VALID=1 "$OUT/$1" "corpus/$1"/* >"$OUT/corpus-$1.log" 2>&1
}

# look TARGET LONGEST TIMES
look()
{
	local target=$1 longest=$2 times=$3 status

	if [ -n "$FUZZ_TIME" ]; then
		fuzz "$target" "$OUT/$target" "corpus/$target" "$longest" -max_total_time="$FUZZ_TIME" -use_value_profile=1
	else
		rm -rf "$OUT/grown/$target"
		fuzz "$target" "$OUT/$target" "corpus/$target" "$longest" "${SHORT[@]}" -runs=$((RUNS * times))
	fi
	status=$?
	grep -a -E 'DONE +cov:' "$OUT/$target.log" | tail -n 1 | sed 's/^/# /'
	[ "$status" = 0 ] || why "$target"
	return "$status"
}

# found PLANT TARGET LONGEST TIMES: it must stop at an input that the sound build goes through.
found()
{
	local plant=plant-$1 target=$2 longest=$3 times=$4 input

	rm -rf "$OUT/grown/$plant" "$OUT/found/$plant"-*
	if fuzz "$plant" "$OUT/$plant" "corpus/$target" "$longest" "${SHORT[@]}" -runs=$((RUNS * times)); then
		echo "# nothing found"
		return 1
	fi
	why "$plant" | head -n 1
	input=$(sed -n 's/.*Test unit written to //p' "$OUT/$plant.log")
	[ -s "$input" ] && "$OUT/$target" "$input" >"$OUT/$plant-sound.log" 2>&1
}

echo "TAP version 13"
echo "1..$((${#TARGETS[@]} * 2 + $#))"
for one in "${TARGETS[@]}"; do
	IFS='|' read -r target longest times <<<"$one"
	corpus_valid "$target"
	status=$?
	[ "$status" = 0 ] || why "corpus-$target"
	result "$status" "$target: all of the corpus is well-formed"
	look "$target" "$longest" "$times"
	result $? "$target: nothing found${FUZZ_TIME:+ in $FUZZ_TIME s}"
	for plant; do
		[[ $plant == *-"$target"-* ]] || continue
		found "$plant" "$target" "$longest" "$times"
		result $? "$target: a fault that was planted is found: $plant"
	done
done
exit "$bad"
