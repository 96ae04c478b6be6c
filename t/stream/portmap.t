#!/bin/sh
#
# Ports that a router maps on request: Debian's miniupnpd, by each of the three
# protocols.

. "${0%/*}/../lib/lib.sh"
. "$LIB/nat.sh"

# miniupnpd refuses what no router has outside, the addresses of nat.sh as well:
# the router has this one, too, which leads nowhere but to it.
OUTSIDE=11.0.2.2

nat_up
at ra ip addr add "$OUTSIDE/32" dev w
nat_route w "$OUTSIDE/32" 192.0.2.2
nat_masquerade ra
nat_unexpected ra drop

# What a router with UPnP has for it to work with; and what comes to a mapped
# port may pass.
mapping_tables()
{
	at ra nft -f - <<-END
	table inet miniupnpd {
		chain forward {
			type filter hook forward priority -10; policy accept;
		}
		chain prerouting {
			type nat hook prerouting priority dstnat;
		}
		chain postrouting {
			type nat hook postrouting priority 90;
		}
	}
	END
	at ra nft insert rule ip filter forward ct status dnat accept
}

start_router()
{
	cat >"$T/miniupnpd.conf" <<-END
	ext_ifname=w
	ext_ip=$OUTSIDE
	listening_ip=a
	port=5000
	enable_natpmp=yes
	enable_upnp=yes
	min_lifetime=10
	max_lifetime=86400
	secure_mode=yes
	system_uptime=yes
	upnp_table_name=miniupnpd
	upnp_nat_table_name=miniupnpd
	upnp_forward_chain=forward
	upnp_nat_chain=prerouting
	upnp_nat_postrouting_chain=postrouting
	uuid=00000000-0000-0000-0000-000000000001
	allow 1024-65535 10.1.0.0/24 1024-65535
	deny 0-65535 0.0.0.0/0 0-65535
	END
	start router ip netns exec "${NS}ra" miniupnpd -d \
	    -f "$T/miniupnpd.conf" -P "$T/miniupnpd.pid"
	wait_for 30 at ra sh -c 'ss -Hlun "sport = :5351" | grep -q .' ||
	    bail 'no miniupnpd'
}
# The port of a that is mapped has a server; what s gets from it.
from_outside()
{
	at s socat -u "TCP:$OUTSIDE:4000,connect-timeout=5" - 2>/dev/null
}

mapped()
{
	at ra nft list table inet miniupnpd | grep -q 'dport 4000'
}

not_mapped()
{
	! mapped
}

map()		# pcp|upnp
{
	fifo map.in
	start map ip netns exec "${NS}a" sh -c 'exec <>"$1"; shift
	    exec "$@"' sh "$T/map.in" "$LIB/portmap" "$1" 4000
}

try()		# what pcp|upnp protocol end|kill
{
	not_mapped || bail "$1: mapped already"
	map "$2"
	ok "$1: mapped" wait_for 20 grep -qx "$3 $OUTSIDE 4000" "$T/map.out"
	is "$(from_outside)" 'hello from a' "$1: reached from outside"
	if [ "$4" = kill ]; then
		signal KILL map
	else
		echo >"$T/map.in"
	fi
	finish map 20
	ok "$1: given back" wait_for 20 not_mapped
}

in_vain()	# what pcp|upnp words
{
	map "$2"
	ok "$1" wait_for 20 grep -qx "no: $3" "$T/map.out"
	stop map
}

start server ip netns exec "${NS}a" socat \
    TCP-LISTEN:4000,reuseaddr,fork "SYSTEM:echo hello from a"
mapping_tables
start_router

try PCP pcp PCP end
at ra nft insert rule ip filter input udp dport 5351 @th,64,8 2 drop
try NAT-PMP pcp NAT-PMP end
try UPnP upnp UPnP end
try 'UPnP, killed' upnp UPnP kill

stop router
in_vain 'no NAT-PMP' pcp 'Connection refused'
in_vain 'no UPnP' upnp 'no router answers UPnP'
at ra nft insert rule ip filter input udp dport 5351 drop
wind 20
in_vain 'a router that is silent' pcp 'the router does not answer'
done_testing
