#!/bin/sh
#
# Streams between two homes whose routers change under way: what t/stream/nat.t
# has no time for.
#
#	ROWS='reboots_0 mapper' t/soak/nat.t	these rows only

[ "${TIER-check}" = soak ] || {
	echo '1..0 # SKIP stream/nat.t has it in small; this is for make soak'
	exit 0
}
. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/nat.sh"
. "$LIB/nat_streams.sh"

LIMIT=120
nat_up 25
head -c 5000000 /dev/urandom >"$T/data"

# The caller's last word on its socket.
direct_now()
{
	grep -E ': socket: |the socket broke|in-band' "$T/caller.err" |
	    tail -n 1 | grep -q ': socket: direct'
}

has_come()
{
	has_size "$T/listener.out" "$nat_fed"
}

direct_and_come()
{
	direct_now && has_come
}

begin()		# what option ...
{
	_what="$server: $1"; shift
	nat_open "$@"
	nat_feed 200000
	ok "$_what: direct" wait_for 60 direct_and_come
	sockets=$(grep -c ': socket: direct' "$T/caller.err")
}

# Has the socket broken, and is there another one?
another_socket()
{
	said caller 'the socket broke' && nat_is_direct $((sockets + 1)) &&
	    direct_and_come
}

# Something has been done to the way of the stream: within a minute it is direct
# again, by the old socket or, if that cannot be, by another_socket.
end()		# [direct_and_come|another_socket]
{
	nat_feed 200000
	ok "$_what: direct again" wait_for 60 "${1-direct_and_come}"
	nat_feed 200000
	nat_close "$_what"
	[ "$failed" -eq "${failures-0}" ] || {
		failures=$failed
		diag_file "$T/caller.err"
		diag_file "$T/listener.err"
	}
}

both()		# command ...: with ra, and with rb
{
	_command=$1; shift
	"$_command" ra "$@"
	"$_command" rb "$@"
}

strict()	# ra|rb 0|1: does it know nothing of what it has forgotten?
{
	at "$1" sh -c 'echo "$1" >/proc/sys/net/netfilter/nf_conntrack_tcp_loose' \
	    sh "$((1 - $2))"
}

reboots()	# 0|1
{
	both nat_routers
	both strict "$1"
	begin "routers that are started anew, $1" -o portmap=no
	both nat_forget
	case $1 in
	0)	end ;;
	1)	end another_socket ;;
	esac
	both strict 0
}

address_changes()
{
	both nat_routers
	begin 'another address' -o portmap=no
	at ra ip addr del 192.0.2.2/24 dev w
	at ra ip addr add 192.0.2.3/24 dev w
	nat_route ra default 192.0.2.1
	nat_forget ra
	end another_socket
	at ra ip addr del 192.0.2.3/24 dev w
	at ra ip addr add 192.0.2.2/24 dev w
	nat_route ra default 192.0.2.1
}

in_blocks_and_come()
{
	said caller 'the socket broke' && ! direct_now && has_come
}

way_is_cut()
{
	both nat_routers
	begin 'the way is cut' -o portmap=no
	at w nft -f - <<-END
	table ip cut {
		chain forward {
			type filter hook forward priority filter;
			ip saddr 192.0.2.2 ip daddr 198.51.100.2 drop
			ip saddr 198.51.100.2 ip daddr 192.0.2.2 drop
		}
	}
	END
	nat_feed 100000
	ok "$_what: in-band" wait_for 60 in_blocks_and_come
	at w nft delete table ip cut
	end another_socket
}

better_than_proxy()
{
	both nat_routers fully-random
	_what="$server: a proxy"
	nat_open -o portmap=no
	nat_feed 200000
	ok "$_what: there is one" wait_for 30 said caller ': socket: proxy'
	both nat_remap
	end
}

# The router of one end maps ports on request, by one protocol after the other;
# that of the other end maps them by destination.
mapped()	# PCP|NAT-PMP|UPnP
{
	try_mapped "$1"
	case $1 in
	PCP)	at ra nft insert rule ip filter input udp dport 5351 \
		    @th,64,8 2 drop ;;
	NAT-PMP) at ra nft insert rule ip filter input udp dport 5351 reject ;;
	esac
}

try_mapped()	# protocol
{
	begin "mapped by $1"
	ok "$_what: by that" said caller "the router maps a port by $1\$"
	nat_feed 1000000
	nat_close "$_what"
}

mapper()
{
	both nat_routers
	nat_routers rb fully-random
	nat_mapper
	for protocol in PCP NAT-PMP UPnP; do
		mapped "$protocol"
	done
	stop router
	at ra ip addr del "$NAT_OUTSIDE/32" dev w
}

# Those of the rows that are wanted, on a server with these features.
rows()		# "row ..." feature ...
{
	_wanted=
	for _row in $1; do
		case " ${ROWS-$1} " in
		*" $_row "*)	_wanted="$_wanted $_row" ;;
		esac
	done
	[ -n "$_wanted" ] || return
	shift
	both nat_plain
	nat_server "$server" "$@"
	nat_user alice a
	nat_user bob b
	for row in $_wanted; do
		case $row in
		*_[01])	"${row%_*}" "${row#*_}" ;;
		*)	"$row" ;;
		esac
	done
	stop_server
}

for server in $SERVERS; do
	rows better_than_proxy sic stun proxy65
	rows 'reboots_0 reboots_1 address_changes way_is_cut mapper' sic stun
done
done_testing
