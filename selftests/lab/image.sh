#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Makes a guest's initramfs: Debian base, agent, the kernel's modules, and what a test brings along (as /test).
# usage: image.sh 6.1|6.12|debug OUT [TESTDIR]
#
# The pieces are cached under the hash of their inputs; OUT is their concatenation, which the kernel unpacks in order.
# XHA_GUEST_PACKAGES names further Debian packages for the base (frr, strongswan ...).
set -euo pipefail
. "$(dirname "$0")/common.sh"
[ $# -ge 2 ] || die "usage: image.sh 6.1|6.12|debug OUT [TESTDIR]"
kernel=$1 out=$2 testdir=${3:-}

PACKAGES="mount iproute2 iputils-ping kmod procps gawk make tcpdump nftables gojq keyutils ethtool wireguard-tools keepalived
	libnl-3-200 libnl-genl-3-200 libmnl0 ${XHA_GUEST_PACKAGES:-}"
# What of a kernel's modules can matter to IPsec between virtual machines.
MODULE_DIRS="arch/x86/crypto crypto lib net/802 net/8021q net/bridge net/core net/ipv4 net/ipv6 net/key net/llc
	net/mpls net/netfilter net/netlink net/packet net/sched net/sctp net/tls net/unix net/xfrm net/l2tp net/vmw_vsock
	drivers/virtio drivers/char drivers/net security"
MODULE_SKIP="drivers/net/ethernet drivers/net/hyperv drivers/net/wwan drivers/net/vmxnet3 drivers/net/team"

images=$CACHE/image
mkdir -p "$images"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# pack DIR FILE: a cpio, padded so that the next one can follow. Numbered inodes and owners: the same bytes each time.
pack() {
	(cd "$1" && find . -mindepth 1 -print0 | sort -z |
		cpio --quiet -0 -o -H newc --reproducible -R 0:0) >"$2.new"
	truncate -s %512 "$2.new"
	mv "$2.new" "$2"
}

# piece NAME HASH: the file of a piece; drops those of other inputs that nobody used for a week.
piece() {
	find "$images" -name "$1-*.cpio*" ! -name "$1-$2.cpio*" -mtime +7 -delete
	printf '%s\n' "$images/$1-$2.cpio"
}

make_base() {
	local tree=$scratch/base path
	# A directory that mmdebstrap made is 0700; the guest's root must not be.
	say "image: making the base from Debian packages, about a minute"
	mirrors bookworm | mmdebstrap --quiet --mode=root --variant=essential \
		--include="$(tr -s ' \t\n' ',' <<<"$PACKAGES" | sed 's/^,//; s/,$//')" \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
		--dpkgopt='path-exclude=/usr/share/i18n/*' --dpkgopt='path-exclude=/usr/share/zoneinfo/*' \
		bookworm "$tree" - >&2
	chmod 755 "$tree"
	# libperl and perl-base stay (keepalived's SNMP wants the one, dpkg's scripts the other); the rest of perl is 50 MB.
	for path in var/cache var/lib/apt var/log usr/share/bash-completion usr/share/keyrings usr/share/perl usr/share/perl5 \
		usr/lib/x86_64-linux-gnu/perl usr/lib/x86_64-linux-gnu/gconv usr/lib/x86_64-linux-gnu/perl-base/unicore dev; do
		rm -rf "${tree:?}/$path"
	done
	mkdir -p "$tree"/{proc,sys,dev,run,tmp,test,root,var/log,var/cache}
	# The tests ask it something all the time. jq 1.6 compiles its own library at each start: seven times as long in a guest.
	ln -s gojq "$tree/usr/bin/jq"
	# Before devtmpfs is mounted the kernel gives init a console only if the node is there.
	mknod -m 600 "$tree/dev/console" c 5 1
	mknod -m 666 "$tree/dev/null" c 1 3
	pack "$tree" "$1"
	say "image: base of $(du -m "$1" | cut -f1) MB"
}

make_agent() {
	local tree=$scratch/agent
	say "image: building the agent"
	mkdir -p "$tree/sbin.new"
	gcc -std=gnu11 -O2 -Wall -Wextra -static -s -o "$tree/sbin.new/xha-agent" "$LAB/agent.c"
	# /sbin is a link to usr/sbin in Debian; a directory entry of that name would replace it.
	mkdir -p "$tree/usr"
	mv "$tree/sbin.new" "$tree/usr/sbin"
	install -m 755 "$LAB/init" "$tree/init"
	pack "$tree" "$1"
}

make_modules() {
	local from=$2 tree=$scratch/modules dir version to
	version=$(basename "$from")
	to=$tree/usr/lib/modules/$version
	say "image: packing the modules of $version"
	mkdir -p "$to/kernel"
	for dir in $MODULE_DIRS; do
		[ -d "$from/kernel/$dir" ] || continue
		mkdir -p "$to/kernel/$dir"
		cp -r "$from/kernel/$dir/." "$to/kernel/$dir"
	done
	for dir in $MODULE_SKIP; do rm -rf "$to/kernel/${dir:?}"; done
	# The guest's kmod could unpack .ko.xz, but slowly, and at the worst moment of a failover.
	find "$to" -name '*.ko.xz' -exec xz -d -T 2 {} +
	cp "$from"/modules.{order,builtin,builtin.modinfo} "$to"
	depmod -b "$tree/usr" "$version"
	pack "$tree" "$1"
	say "image: modules of $(du -m "$1" | cut -f1) MB"
}

"$LAB/packages.sh" lab
lock image
modules=$("$LAB/kernel.sh" "$kernel" modules)
vmlinuz=$("$LAB/kernel.sh" "$kernel" image)

# What the base is made of, but not whose day it is: newer Debian packages come with XHA_REFRESH=1.
base=$(piece base "$(hash_of "$PACKAGES" "$(declare -f make_base pack)")")
if [ ! -f "$base" ] || refresh_wanted "$base.made"; then
	make_base "$base"
	touch "$base.made"
fi
agent=$(piece agent "$(hash_of "@$LAB/agent.c" "@$LAB/init" "$(declare -f make_agent pack)")")
[ -f "$agent" ] || make_agent "$agent"
mods=$(piece "modules-$kernel" "$(hash_of "@$vmlinuz" "$MODULE_DIRS" "$MODULE_SKIP" "$(declare -f make_modules pack)")")
[ -f "$mods" ] || make_modules "$mods" "$modules"
touch "$base" "$agent" "$mods"

pieces=("$base" "$agent" "$mods")
if [ -n "$testdir" ]; then
	mkdir -p "$scratch/with-test"
	cp -a "$testdir" "$scratch/with-test/test"
	pack "$scratch/with-test" "$scratch/test.cpio"
	pieces+=("$scratch/test.cpio")
fi
cat "${pieces[@]}" >"$out.new"
mv "$out.new" "$out"
