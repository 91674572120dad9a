#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A 6.1 kernel with KASAN, lockdep and the other checkers, from Debian's source package and debug.config.
# usage: debug-kernel.sh build|built|fetch|kdir|image|modules|version|makeflags
#
# About ten CPU minutes, once; again only when debug.config, the compiler or (with XHA_REFRESH=1) the source changes.
set -euo pipefail
. "$(dirname "$0")/common.sh"

home=$CACHE/debug
source=$home/source
build=$home/build
root=$home/root
fragment=$LAB/debug.config
what=${1:-build}

inputs() { hash_of "$(cat "$home/source.version")" "@$fragment" "$(gcc -dumpfullversion)"; }
is_built() { [ -f "$home/source.version" ] && stamped "$home/built" "$(inputs)"; }

unpack_source() {
	local file version
	[ ! -f "$home/source.version" ] || refresh_wanted "$home/source.version" || return 0
	file=$(deb_get linux-source-6.1)
	version=$(basename "$file" | cut -d_ -f2)
	if [ -f "$home/source.version" ] && [ "$(cat "$home/source.version")" = "$version" ]; then
		touch "$home/source.version"
		return 0
	fi
	say "debug kernel: unpacking the source $version"
	rm -rf "$home"
	mkdir -p "$source"
	dpkg-deb --fsys-tarfile "$file" | tar -xO ./usr/src/linux-source-6.1.tar.xz | tar -xJ -C "$source" --strip-components=1
	printf '%s\n' "$version" >"$home/source.version"
}

# Kconfig drops silently what it cannot give; a checker that is not there would check nothing.
check_config() {
	local line missing=()
	while read -r line; do
		grep -qxF "$line" "$build/.config" || missing+=("$line")
	done < <(grep '^CONFIG_' "$fragment")
	[ ${#missing[@]} = 0 ] || die "not taken by Kconfig: ${missing[*]}"
}

build_kernel() {
	local want tree log=$home/build.log
	"$LAB/packages.sh" debug
	lock debug-kernel
	mkdir -p "$home"
	unpack_source
	want=$(inputs)
	stamped "$home/built" "$want" && return 0
	# Of another source or compiler nothing can be kept; after a change of the configuration make knows best.
	tree=$(hash_of "$(cat "$home/source.version")" "$(gcc -dumpfullversion)")
	stamped "$home/tree" "$tree" || rm -rf "$build" "$home/configured"
	if ! stamped "$home/configured" "$want"; then
		rm -rf "$home/built" "$home/configured" "$root"
		mkdir -p "$build"
		printf '%s\n' "$tree" >"$home/tree"
		say "debug kernel: configuring"
		make -C "$source" O="$build" KCONFIG_ALLCONFIG="$fragment" allnoconfig >"$log" 2>&1 ||
			{ tail -n 20 "$log" >&2; die "debug kernel: configuration failed, see $log"; }
		check_config
		printf '%s\n' "$want" >"$home/configured"
	fi
	say "debug kernel: compiling, ten to twenty minutes on two processors (log: $log)"
	nice make -C "$build" -j"$(nproc)" bzImage modules >>"$log" 2>&1 ||
		{ tail -n 20 "$log" >&2; die "debug kernel: build failed, see $log"; }
	make -C "$build" INSTALL_MOD_PATH="$root" INSTALL_MOD_STRIP=1 modules_install >>"$log" 2>&1
	printf '%s\n' "$want" >"$home/built"
	say "debug kernel: $(cat "$build/include/config/kernel.release") is ready"
}

case $what in
built) is_built; exit ;;
build | fetch)
	is_built && ! refresh_wanted "$home/source.version" && exit 0
	build_kernel
	exit
	;;
esac

is_built || die "the debug kernel is not built (or is outdated): run ${0##*/} build"
version=$(cat "$build/include/config/kernel.release")
case $what in
version) printf '%s\n' "$version" ;;
kdir) printf '%s\n' "$build" ;;
image) printf '%s\n' "$build/arch/x86/boot/bzImage" ;;
modules) printf '%s\n' "$root/lib/modules/$version" ;;
makeflags) ;;
*) die "usage: debug-kernel.sh build|built|fetch|kdir|image|modules|version|makeflags" ;;
esac
