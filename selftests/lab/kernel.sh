#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Debian's own cloud kernels for the lab: image, modules and the headers that the module is built against.
# usage: kernel.sh 6.1|6.12|debug|sid fetch|kdir|image|modules|version|makeflags
#
# Resolved once through the metapackages, then the cache is the truth; XHA_REFRESH=1 asks the mirror again.
set -euo pipefail
. "$(dirname "$0")/common.sh"

usage() { die "usage: kernel.sh 6.1|6.12|debug|sid fetch|kdir|image|modules|version|makeflags"; }
[ $# = 2 ] || usage
kernel=$1 what=$2
case $kernel in
6.1) meta=cloud-amd64 ;;
6.12) meta=6.12-cloud-amd64 ;;
debug) exec "$LAB/debug-kernel.sh" "$what" ;;
sid)
	case $what in
	fetch) exec "$LAB/sidroot.sh" make ;;
	version | image | modules) exec "$LAB/sidroot.sh" "$what" ;;
	esac
	die "sid: modules are built in its root, by sidroot.sh"
	;;
*) usage ;;
esac
home=$CACHE/kernel/$kernel
root=$home/root

depends() { apt-cache depends "$1" | awk -v want="^$2\$" '$1 == "Depends:" && $2 ~ want && !n++ { print $2 }'; }

fetch() {
	local headers common kbuild image package file
	lock "kernel-$kernel"
	# Another run may have finished it while this one waited for the lock.
	if [ -f "$home/version" ]; then
		refresh_wanted "$home/version" || return 0
		say "apt: updating the package lists"
		apt-get -qq update >&2
	fi
	say "kernel $kernel: resolving"
	apt_knows "linux-headers-$meta"
	headers=$(depends "linux-headers-$meta" 'linux-headers-.*')
	image=$(depends "linux-image-$meta" 'linux-image-.*')
	common=$(depends "$headers" 'linux-headers-.*-common')
	kbuild=$(depends "$headers" 'linux-kbuild-.*')
	if [ -z "$headers" ] || [ -z "$image" ] || [ -z "$common" ] || [ -z "$kbuild" ]; then
		die "kernel $kernel: linux-headers-$meta does not resolve to headers, common, kbuild and an image"
	fi
	[ "${headers#linux-headers-}" = "${image#linux-image-}" ] ||
		die "kernel $kernel: $headers and $image differ; the package lists are in the middle of an update"

	rm -rf "$home"
	mkdir -p "$root"
	for package in "$headers" "$common" "$kbuild" "$image"; do
		file=$(deb_get "$package")
		say "kernel $kernel: unpacking $package"
		dpkg -x "$file" "$root"
	done
	# The headers are made for /usr/src; here they live in the cache.
	sed -i "s#/usr/src/#$root/usr/src/#g" "$root/usr/src/$headers/Makefile"
	depmod -b "$root" "${headers#linux-headers-}"
	printf '%s\n' "${headers#linux-headers-}" >"$home/version"
}

if [ ! -f "$home/version" ] || refresh_wanted "$home/version"; then
	# In a subshell, so that the lock goes with it.
	(fetch)
fi
version=$(cat "$home/version")
case $what in
fetch) ;;
version) printf '%s\n' "$version" ;;
kdir) printf '%s\n' "$root/usr/src/linux-headers-$version" ;;
image) printf '%s\n' "$root/boot/vmlinuz-$version" ;;
modules) printf '%s\n' "$root/lib/modules/$version" ;;
makeflags)
	# 6.12 was built with BTF for modules; without pahole on this machine kbuild would fail on it.
	if [ "$kernel" = 6.12 ] && ! command -v pahole >/dev/null; then
		printf 'CONFIG_DEBUG_INFO_BTF_MODULES=\n'
	fi
	;;
*) usage ;;
esac
