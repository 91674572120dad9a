# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the lab's scripts share: the cache, progress lines, stamps and locks. Sourced, never run.

# shellcheck disable=SC2034  # used by those who source this
LAB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
CACHE=${XHA_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/xfrm-ha}
mkdir -p "$CACHE/deb"

# Progress goes to stderr: stdout of these scripts is for answers (a directory, a version).
say() { printf '==> %s\n' "$*" >&2; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# Hold a lock of this name until the script ends, so that two runs do not build the same thing at once.
lock() {
	exec {LOCK_FD}>"$CACHE/.lock-$1"
	flock -n "$LOCK_FD" && return 0
	say "$1: waiting for another run"
	flock -w 3600 "$LOCK_FD" || die "$1: lock held for an hour"
}

# hash_of WORD...: one short name for a list of inputs; '@FILE' stands for what the file holds.
hash_of() {
	local word
	for word in "$@"; do
		case $word in
		@*) sha256sum <"${word#@}" ;;
		*) printf '%s\n' "$word" ;;
		esac
	done | sha256sum | cut -c1-16
}

# stamped FILE HASH: is the thing beside this stamp file up to date?
stamped() { [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; }

# refresh_wanted FILE: XHA_REFRESH=1 asks for newer Debian packages; what was made within the hour is new enough, or each
# of the many calls in a run of the tests would fetch again.
refresh_wanted() { [ -n "${XHA_REFRESH:-}" ] && [ -z "$(find "$1" -mmin -60 2>/dev/null)" ]; }

# apt_knows PACKAGE: brings the package lists in if they do not know the package yet.
apt_knows() {
	apt-cache show "$1" >/dev/null 2>&1 && return 0
	say "apt: updating the package lists"
	apt-get -qq update >&2
	apt-cache show "$1" >/dev/null 2>&1 || die "no package $1 in the configured package lists"
}

# apt_field PACKAGE FIELD: a field of the newest version.
apt_field() {
	apt-cache --no-all-versions show "$1" | awk -v key="$2:" '$1 == key && !n++ { print $2 }'
}

# deb_get PACKAGE: downloads the newest version unless the cache holds it; prints the file.
deb_get() {
	local version file
	apt_knows "$1"
	version=$(apt_field "$1" Version)
	file=$CACHE/deb/$1_${version//:/%3a}_$(apt_field "$1" Architecture).deb
	if [ ! -s "$file" ]; then
		say "apt: downloading $1 $version"
		# Root may own a cache that apt's own user cannot write to; that is as it should be.
		(cd "$CACHE/deb" && apt-get -qq -o APT::Sandbox::User=root download "$1=$version" >&2)
	fi
	[ -s "$file" ] || die "download of $1 $version did not leave $file"
	printf '%s\n' "$file"
}

# This machine's own Debian mirrors, as sources lines for bookworm (with updates and security) or sid.
mirrors() {
	local lines
	lines=$(mirror_lines "$1")
	if [ -z "$lines" ]; then
		# Whose mirror is whose stands in the lists, and somebody cleaned them away.
		say "apt: updating the package lists"
		apt-get -qq update >&2
		lines=$(mirror_lines "$1")
	fi
	[ -n "$lines" ] || die "apt has no Debian bookworm mirror configured"
	printf '%s\n' "$lines"
}

mirror_lines() {
	# shellcheck disable=SC2016  # apt's own placeholders
	apt-get indextargets --format '$(ORIGIN) $(REPO_URI) $(CODENAME)' 'Created-By: Packages' |
		awk -v suite="$1" '
			$1 != "Debian" || seen[$2, $3]++ { next }
			suite == "sid" { if ($3 == "bookworm") print "deb", $2, "sid main"; next }
			index($3, suite) == 1 && $3 !~ /backports/ { print "deb", $2, $3, "main" }'
}
