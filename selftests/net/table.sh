# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The table of SA kinds, in ROWS: PROTO MODE OUTER-FAMILY INNER-FAMILY WINDOW ALGORITHM udp|- mark|- if_id|-. Sourced by
# kinds.sh after sa.sh.

# ESP: "aead NAME KEY-BYTES ICV-BITS", or "CIPHER KEY-BYTES HASH KEY-BYTES ICV-BITS". All that Debian's kernels have, and
# the sizes of keys and ICVs. As many as have no divisor in common with the rest of the table.
ESP_ALGORITHMS=(
	"aead rfc4106(gcm(aes)) 20 128" "aead rfc4106(gcm(aes)) 28 96" "aead rfc4106(gcm(aes)) 36 64"
	"aead rfc4106(gcm(aes)) 36 128" "aead rfc4309(ccm(aes)) 19 128" "aead rfc4309(ccm(aes)) 35 64"
	"aead rfc4543(gcm(aes)) 20 128" "aead rfc7539esp(chacha20,poly1305) 36 128"
	"cbc(aes) 16 hmac(sha1) 20 96" "cbc(aes) 24 hmac(sha256) 32 128" "cbc(aes) 32 hmac(sha512) 64 256"
	"rfc3686(ctr(aes)) 20 hmac(sha384) 48 192" "rfc3686(ctr(aes)) 36 xcbc(aes) 16 96"
	"cbc(camellia) 32 cmac(aes) 16 96" "cbc(des3_ede) 24 hmac(md5) 16 96" "cbc(serpent) 32 hmac(rmd160) 20 96"
	"cbc(twofish) 32 hmac(sha256) 32 96" "cbc(blowfish) 56 hmac(sha1) 20 160" "cbc(cast5) 16 hmac(md5) 16 128"
	"cbc(des) 8 hmac(sha1) 20 96" "ecb(cipher_null) 0 hmac(sha512) 64 256" "cbc(aes) 16 digest_null 0 0"
	"cbc(aes) 32 -"
)
# AH: HASH KEY-BYTES ICV-BITS
AH_ALGORITHMS=(
	"hmac(md5) 16 96" "hmac(sha1) 20 96" "hmac(sha256) 32 96" "hmac(sha256) 32 128" "hmac(sha384) 48 192"
	"hmac(sha512) 64 256" "hmac(rmd160) 20 96" "xcbc(aes) 16 96" "cmac(aes) 16 96"
)

# combinations: MODE OUTER INNER; in transport mode there is one family.
combinations()
{
	local mode outer inner

	for mode in tunnel transport beet; do
		for outer in 4 6; do
			for inner in 4 6; do
				[ "$mode,$outer" = "transport,$((10 - inner))" ] || echo "$mode $outer $inner"
			done
		done
	done
}

# turns N COUNT MODE: the three columns at the end. An algorithm comes up every COUNT rows: the second time with all that it
# was without the first time.
turns()
{
	local a=$(($1 % $2)) round=$(($1 / $2)) bits

	bits=$((a & 7))
	[ "$round" != 1 ] || bits=$((7 - bits))
	# An interface of its own is for what does not go out by the address that it came by.
	[ "$3" != transport ] || bits=$((bits & 3))
	# What transport mode could not have.
	[ "$round" != 2 ] || bits=$((bits & 3 | 4))
	UDP=- MARKED=- DEVICE=-
	[ $((bits & 1)) = 0 ] || UDP=udp
	[ $((bits & 2)) = 0 ] || MARKED=mark
	[ $((bits & 4)) = 0 ] || DEVICE=if_id
}

esp_row()
{
	local n=$1

	turns "$n" ${#ESP_ALGORITHMS[@]} "$2"
	ALL+=("esp $2 $3 $4 $5 $((n % ${#ESP_ALGORITHMS[@]})) $UDP $MARKED $DEVICE")
}

table()
{
	local mode outer inner window n=0 a=0 total=$((3 * ${#ESP_ALGORITHMS[@]}))

	ALL=()
	while read -r mode outer inner; do
		for window in 0 32 128 esn; do
			esp_row $n "$mode" "$outer" "$inner" $window
			n=$((n + 1))
		done
	done <<<"$(combinations)"
	for ((; n < total; n++)); do
		esp_row $n tunnel $((n & 1 ? 4 : 6)) 4 "$((n % 3 ? 64 : 1024))"
	done
	while read -r mode outer inner; do
		for window in 0 32 128 esn; do
			turns $a 1000 "$mode"
			ALL+=("ah $mode $outer $inner $window $((a % ${#AH_ALGORITHMS[@]})) - $MARKED $DEVICE")
			a=$((a + 1))
		done
		ALL+=("comp $mode $outer $inner 0 0 - - -")
	done <<<"$(combinations)"
	# A slow machine cannot carry all of them at once: there every fifth, which are of all sorts, too.
	mapfile -t ROWS <<<"$(printf '%s\n' "${ALL[@]}" | awk -v slow="$((${XHA_PATIENCE:-1} > 3))" '!slow || NR % 5 == 1')"
}

# algorithm_words PROTO NUMBER SEED: what ip says of it.
algorithm_words()
{
	local words auth

	case $1 in
	comp)
		REPLY="comp deflate"
		return
		;;
	ah)
		read -ra words <<<"${AH_ALGORITHMS[$2]}"
		key "$3" "${words[1]}"
		REPLY="auth-trunc ${words[0]} $REPLY ${words[2]}"
		return
		;;
	esac
	read -ra words <<<"${ESP_ALGORITHMS[$2]}"
	if [ "${words[0]}" = aead ]; then
		key "$3" "${words[2]}"
		REPLY="aead ${words[1]} $REPLY ${words[3]}"
		return
	fi
	auth=""
	if [ "${words[2]}" != - ]; then
		REPLY='""'
		[ "${words[3]}" = 0 ] || key $(($3 + 7)) "${words[3]}"
		auth="auth-trunc ${words[2]} $REPLY ${words[4]}"
	fi
	REPLY='""'
	[ "${words[1]}" = 0 ] || key "$3" "${words[1]}"
	REPLY="enc ${words[0]} $REPLY $auth"
}

# BEET is for ESP: the kernel's IPComp does not know it, and ip does not let AH have it.
refusable() { [[ ${ROWS[$1]} == "comp beet "* || ${ROWS[$1]} == "ah beet "* ]]; }

# dropped NAME-OF-ROW: IPsec does not have that hash any more.
dropped() { [[ $1 == *"hmac(rmd160)"* && $(uname -r) == 7.* ]]; }

# Of the ESP rows each two of the last four columns have every pair of values.
pairs_complete()
{
	printf '%s\n' "${ALL[@]}" | awk '
		$1 == "esp" {
			for (i = 6; i <= 9; i++) {
				value[i, $i] = 1
				for (j = i + 1; j <= 9; j++) pair[i, $i, j, $j] = 1
			}
		}
		END {
			for (a in value) for (b in value) {
				split(a, x, SUBSEP)
				split(b, y, SUBSEP)
				if (x[1] < y[1] && !((x[1], x[2], y[1], y[2]) in pair)) { print "missing:", x[1], x[2], y[1], y[2]; bad = 1 }
			}
			exit bad
		}'
}

# row_name: of the row whose columns are in the variables of kind().
row_name()
{
	local algorithm=deflate

	[ "$PROTO" != esp ] || algorithm=${ESP_ALGORITHMS[ALG]}
	[ "$PROTO" != ah ] || algorithm=${AH_ALGORITHMS[ALG]}
	REPLY="$PROTO $MODE, IPv$INNER in IPv$OUTER, window $WINDOW, $algorithm"
	for algorithm in "$UDP" "$MARKED" "$DEVICE"; do
		[ "$algorithm" = - ] || REPLY+=", $algorithm"
	done
}

table
