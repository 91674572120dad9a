#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A Debian sid root, in which the module is built against the newest kernel Debian has (7.2 when this was written):
# its headers want a compiler and a C library that Debian 12 does not have. And that kernel itself, for guests.
# usage: sidroot.sh make | version | image | modules | build SRCDIR OUTDIR
#
# build: copies SRCDIR, runs kbuild with W=1 on the copy in the root and leaves the modules (.ko) and build.log in OUTDIR.
set -euo pipefail
. "$(dirname "$0")/common.sh"

home=$CACHE/sid
root=$home/root
INCLUDE=make,gcc,linux-headers-cloud-amd64

kernel_version() {
	local dirs=("$root"/usr/src/linux-headers-*-cloud-amd64)
	[ -d "${dirs[0]}" ] || die "sid: no kernel headers in $root"
	basename "${dirs[-1]}" | sed 's/^linux-headers-//'
}

# Unpacks the kernel beside the root, not in it: installed there, it would want an initramfs and a boot loader.
# Run by mmdebstrap, with its apt.
get_kernel() {
	local version image package
	version=$(kernel_version)
	image=linux-image-$version
	mkdir -p "$home/deb" "$home/kernel"
	export APT_CONFIG=$MMDEBSTRAP_APT_CONFIG
	cd "$home/deb"
	for package in "$image" $(apt-cache depends "$image" | awk '$1 == "Depends:" && $2 ~ /^linux-(binary|modules)-/ { print $2 }'); do
		apt-get -qq -o APT::Sandbox::User=root download "$package"
		dpkg -x "$package"_*.deb "$home/kernel"
	done
	rm -rf "$home/deb"
	# What is built in came with the headers.
	cp "$root/usr/lib/modules/$version"/modules.{order,builtin,builtin.modinfo} "$(kernel_modules)"
}

kernel_modules() { find "$home/kernel" -type d -path "*/lib/modules/$(kernel_version)"; }
kernel_image() { find "$home/kernel" -name "vmlinuz*" -size +1M; }

make_root() {
	local want
	want=$(hash_of "$INCLUDE" "$(declare -f make_root get_kernel)")
	stamped "$home/stamp" "$want" && ! refresh_wanted "$home/stamp" && return 0
	"$LAB/packages.sh" lab
	lock sid
	stamped "$home/stamp" "$want" && ! refresh_wanted "$home/stamp" && return 0
	[ "$(id -u)" = 0 ] || die "sid: needs root"
	say "sid: making the root with kernel headers, a few minutes and a gigabyte"
	rm -rf "$home"
	mkdir -p "$home"
	# Mirrors that lag serve a Release file of sid that is past its Valid-Until.
	mirrors sid | mmdebstrap --quiet --mode=root --variant=essential --include="$INCLUDE" \
		--aptopt='Acquire::Check-Valid-Until "false"' \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' --customize-hook="'$LAB/sidroot.sh' get" \
		sid "$root" - >&2
	chmod 755 "$root"
	printf '%s\n' "$want" >"$home/stamp"
	say "sid: headers of $(kernel_version)"
}

build() {
	local from=$1 out=$2 version work status=0
	version=$(kernel_version)
	mkdir -p "$out"
	work=$(mktemp -d "$root/tmp/build-XXXXXX")
	# shellcheck disable=SC2064  # the directory of now
	trap "rm -rf '$work'" EXIT
	tar -C "$from" --exclude=.git --exclude='*.o' --exclude='*.ko' -cf - . | tar -C "$work" -xf -
	say "sid: building against $version"
	# shellcheck disable=SC2016  # for the inner shell
	# objtool reads /proc/self/limits and dies without.
	unshare --mount --propagation private sh -ec '
		mount -t proc proc "$1/proc"
		exec chroot "$1" make -j"$(nproc)" -C "/usr/src/linux-headers-$2" M="$3" W=1 modules
	' sh "$root" "$version" "${work#"$root"}" >"$out/build.log" 2>&1 || status=$?
	if [ $status != 0 ]; then
		tail -n 40 "$out/build.log" >&2
		die "sid: build against $version failed ($status), see $out/build.log"
	fi
	find "$work" -name '*.ko' -exec cp {} "$out" \;
	grep -i 'warning' "$out/build.log" >&2 && say "sid: warnings, see $out/build.log"
	say "sid: built $(cd "$out" && echo ./*.ko)"
}

case ${1:-} in
make) make_root ;;
get) get_kernel ;;
version) (make_root) && kernel_version ;;
image) (make_root) && kernel_image ;;
modules) (make_root) && kernel_modules ;;
build)
	[ $# = 3 ] || die "usage: sidroot.sh build SRCDIR OUTDIR"
	(make_root)
	build "$2" "$3"
	;;
*) die "usage: sidroot.sh make | version | image | modules | build SRCDIR OUTDIR" ;;
esac
