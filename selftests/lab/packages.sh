#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Installs the Debian packages that a part of the work needs, and only those that are missing.
# usage: packages.sh [build|lab|debug|fuzz|model]...     (no argument: all)
set -euo pipefail
. "$(dirname "$0")/common.sh"

declare -A GROUPS_OF=(
	[build]="build-essential gcc make pkg-config libnl-3-dev libnl-genl-3-dev sparse shellcheck perl"
	[lab]="qemu-system-x86 mmdebstrap python3 kmod cpio zstd xz-utils gcc libc6-dev iproute2 systemd"
	[debug]="build-essential bc bison flex libelf-dev libssl-dev cpio rsync xz-utils kmod"
	[fuzz]="build-essential clang-14 libclang-rt-14-dev"
	[model]="gcc libc6-dev cpp spin"
)

[ $# -gt 0 ] || set -- build lab debug fuzz model
missing=()
for group in "$@"; do
	[ -n "${GROUPS_OF[$group]:-}" ] || die "unknown group '$group' (build, lab, debug, fuzz, model)"
	for package in ${GROUPS_OF[$group]}; do
		status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || status=unknown
		[ "$status" = installed ] || missing+=("$package")
	done
done
[ ${#missing[@]} -gt 0 ] || exit 0

lock packages
[ "$(id -u)" = 0 ] || die "missing packages, and only root can install them: ${missing[*]}"
apt_knows "${missing[0]}"
say "packages ($*): installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
log=$CACHE/packages.log
install() { apt-get -qq -y --no-install-recommends -o Dpkg::Use-Pty=0 install "${missing[@]}" >"$log" 2>&1; }
# Lists that are older than the mirror name files that are gone: one update, one more try.
install && exit 0
say "apt: updating the package lists"
apt-get -qq update >&2
install || { tail -n 20 "$log" >&2; die "installation failed, see $log"; }
