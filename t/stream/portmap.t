#!/bin/sh
#
# Ports that a router maps on request: Debian's miniupnpd, by each of the three
# protocols.

. "${0%/*}/../lib/lib.sh"
. "$LIB/nat.sh"

nat_up 0
nat_masquerade ra
nat_unexpected ra drop
# The port of a that is mapped has a server; what s gets from it.
from_outside()
{
	at s socat -u "TCP:$NAT_OUTSIDE:4000,connect-timeout=5" - 2>/dev/null
}

mapped()
{
	at ra nft list table inet miniupnpd | grep -q 'dport 4000'
}

not_mapped()
{
	! mapped
}

map()		# pcp|upnp|any
{
	fifo map.in
	start map ip netns exec "${NS}a" sh -c 'exec <>"$1"; shift
	    exec "$@"' sh "$T/map.in" "$LIB/portmap" "$1" 4000
}

try()		# what pcp|upnp|any protocol end|kill
{
	not_mapped || bail "$1: mapped already"
	map "$2"
	ok "$1: mapped" wait_for 20 grep -qx "$3 $NAT_OUTSIDE 4000" "$T/map.out"
	is "$(from_outside)" 'hello from a' "$1: reached from outside"
	if [ "$4" = kill ]; then
		signal KILL map
	else
		echo >"$T/map.in"
	fi
	finish map 20
	ok "$1: given back" wait_for 20 not_mapped
}

in_vain()	# what pcp|upnp|any words
{
	map "$2"
	ok "$1" wait_for 20 grep -qx "no: $3" "$T/map.out"
	stop map
}

start server ip netns exec "${NS}a" socat \
    TCP-LISTEN:4000,reuseaddr,fork "SYSTEM:echo hello from a"
nat_mapper

try PCP pcp PCP end
try 'PCP, of any' any PCP end
at ra nft insert rule ip filter input udp dport 5351 @th,64,8 2 drop
try NAT-PMP pcp NAT-PMP end
try UPnP upnp UPnP end
try 'UPnP, killed' upnp UPnP kill
at ra nft insert rule ip filter input udp dport 5351 drop
try 'silent but for UPnP' any UPnP end
at ra nft flush chain ip filter input
at ra nft insert rule ip filter input udp dport 5351 @th,64,8 2 drop
try 'NAT-PMP, of any' any NAT-PMP end

stop router
in_vain 'no NAT-PMP' pcp 'Connection refused'
in_vain 'no UPnP' upnp 'no router answers UPnP'
in_vain 'none of all' any 'no router answers UPnP'
at ra nft insert rule ip filter input udp dport 5351 drop
wind 20
in_vain 'a router that is silent' pcp 'the router does not answer'
done_testing
