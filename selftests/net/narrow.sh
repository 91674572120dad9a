# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# A host behind the gateways, and between them and the remote a path whose MTU is smaller than that of its ends. Sourced
# after lib.sh.
#
#      host                        10.8.1.0/24, inside, its default gateway is the active one
#       |lan
#    [ br-lan ]
#     |      |
#    gw1    gw2
#     |wan   |wan
#    [ br-wan ]
#       |wan
#       r1 --- narrow --- r2       1400 bytes
#                         |far
#                         |wan
#                        rem       203.0.113.0/24

NARROW=1400

# Who has to hear of a new active: the router, and inside the host.
vip_announce()
{
	local mac

	read -r _ _ mac _ <<<"$(ip -n "$1" -br link show dev wan)"
	ip -n r1 neigh replace "$VIP" lladdr "$mac" dev wan nud permanent
	ip -n r1 neigh replace "$VIP6" lladdr "$mac" dev wan nud permanent
	read -r _ _ mac _ <<<"$(ip -n "$1" -br link show dev lan)"
	ip -n host neigh replace 10.8.1.254 lladdr "$mac" dev lan nud permanent
	# Path MTUs by a gateway that is no router would be thrown away.
	ip -n host neigh replace 2001:db8:8:1::fe lladdr "$mac" dev lan nud permanent router
}

# The remote moves behind two routers, where the first one gets its address.
outside()
{
	ip -n rem link del wan
	cable r1 wan br-wan
	printf '%s\n' "addr add 192.0.2.100/24 dev wan" "addr add 2001:db8:2::100/64 dev wan nodad" \
		"link add narrow mtu $NARROW type veth peer name narrow mtu $NARROW netns r2" "link set narrow up" \
		"addr add 198.51.100.1/24 dev narrow" "addr add 2001:db8:4::1/64 dev narrow nodad" \
		"route add 203.0.113.0/24 via 198.51.100.2" "route add 2001:db8:3::/64 via 2001:db8:4::2" >>"$TMP/r1"
	printf '%s\n' "addr add 198.51.100.2/24 dev narrow" "addr add 2001:db8:4::2/64 dev narrow nodad" "link set narrow up" \
		"link add far type veth peer name wan netns rem" "link set far up" \
		"addr add 203.0.113.1/24 dev far" "addr add 2001:db8:3::1/64 dev far nodad" \
		"route add default via 198.51.100.1" "route add default via 2001:db8:4::1" >>"$TMP/r2"
	printf '%s\n' "link set wan up" "addr add 203.0.113.100/24 dev wan" "addr add 2001:db8:3::100/64 dev wan nodad" \
		"route add default via 203.0.113.1" "route add default via 2001:db8:3::1" >"$TMP/rem"
}

inside()
{
	local ns n

	printf '%s\n' "link add br-lan type bridge" "link set br-lan up" >>"$TMP/sw"
	for ns in gw1 gw2; do
		n=${ns#gw}
		cable $ns lan br-lan
		printf '%s\n' "addr add 10.8.1.$n/24 dev lan" "addr add 2001:db8:8:1::$n/64 dev lan nodad" \
			"route add 203.0.113.0/24 via 192.0.2.100" "route add 2001:db8:3::/64 via 2001:db8:2::100" >>"$TMP/$ns"
	done
	cable host lan br-lan
	printf '%s\n' "addr add 10.8.1.253/24 dev lan" "addr add 2001:db8:8:1::fd/64 dev lan nodad" \
		"route add default via 10.8.1.254" "route add default via 2001:db8:8:1::fe" >>"$TMP/host"
}

extend()
{
	local ns

	namespaces host r1 r2
	for ns in sw gw1 gw2; do
		: >"$TMP/$ns"
	done
	outside
	inside
	fill sw gw1 gw2 r1 r2 rem host
	for ns in gw1 gw2 r1 r2; do
		ip netns exec $ns sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	done
	# All tunnels' fragments come from one address, and may lie between those of one packet.
	for ns in gw1 gw2 rem; do
		ip netns exec $ns sysctl -qw net.ipv4.ipfrag_max_dist=0
	done
}
