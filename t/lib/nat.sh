# nat.sh: two homes behind routers, and a server, in network namespaces that a
# test makes itself.  To be sourced after lib.sh; needs root.
#
#	a 10.1.0.2 --- ra 192.0.2.2 ~~~ w ~~~ 198.51.100.2 rb --- 10.2.0.2 b
#	                                |
#	                           s 203.0.113.2
#
# w is the router in the middle, with the address 1 in each of its networks; on
# the wires with waves packets take their time.  The five networks have IPv6 as
# well: N.N.N.2 is 2001:db8:NET::2, where NET is 1 for a, 2 for b, 3 for ra, 4
# for rb and 5 for s.
#
#	nat_up [ms]		all of it; ms is from w to ra and to rb
#	nat_masquerade ra	the router translates; with options of nft(8) for
#				TCP
#	nat_remap ra		the same for connections made from now on
#	nat_unexpected ra drop	what is to happen with packets that it did not
#				expect: drop, reset, or closed: a system with
#				nothing on that port
#	nat_firewall ra		IPv6: nothing comes in that was not expected
#	nat_plain ra		neither: its home is reached from everywhere
#	nat_forget ra		it has forgotten all connections
#	nat_mapper		ra, which masquerades, maps ports on request, to
#				$NAT_OUTSIDE
#	nat_stun		a STUN server on s, at its port 3478
#	nat_server prosody feature ...	a server on s, as start_server has it;
#				needs server.sh
#	nat_user alice a	the user's xcat runs there
#
# All ends with the test.
# shellcheck shell=dash

NS=xn$$

nat_down()
{
	for _n in a ra w rb b s; do
		ip netns del "$NS$_n" 2>/dev/null
	done
}

at()		# a|ra|w|rb|b|s command ...
{
	_at=$1; shift
	ip netns exec "$NS$_at" "$@"
}

# Two namespaces joined: each has a device named after the other.
nat_wire()	# net ns address ns address
{
	ip link add "$4" netns "$NS$2" type veth peer name "$2" \
	    netns "$NS$4"
	nat_address "$1" "$2" "$4" "$3"
	nat_address "$1" "$4" "$2" "$5"
}

nat_address()	# net ns device address
{
	ip -n "$NS$2" addr add "$4/24" dev "$3"
	ip -n "$NS$2" link set dev "$3" up
	ip -n "$NS$2" addr add "2001:db8:$1::${4##*.}/64" dev "$3" nodad
}

nat_long_wire()	# ms net ns address ns address
{
	start "wan$3" "$LIB/wan" "$1" "$NS$3" "$5" "$NS$5" "$3"
	wait_for 20 grep -q ready "$T/wan$3.out" || bail 'no wire'
	nat_address "$2" "$3" "$5" "$4"
	nat_address "$2" "$5" "$3" "$6"
}

nat_route()	# ns destination gateway
{
	ip -n "$NS$1" route add "$2" via "$3"
}

nat_routes()
{
	for _n in ra w rb; do
		at $_n sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward
		    echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
	done
	while read -r _n _v4 _v6; do
		nat_route "$_n" default "$_v4"
		nat_route "$_n" default "$_v6"
	done <<-END
	a 10.1.0.1 2001:db8:1::1
	b 10.2.0.1 2001:db8:2::1
	ra 192.0.2.1 2001:db8:3::1
	rb 198.51.100.1 2001:db8:4::1
	s 203.0.113.1 2001:db8:5::1
	END
	nat_route w 10.1.0.0/24 192.0.2.2
	nat_route w 10.2.0.0/24 198.51.100.2
	nat_route w 2001:db8:1::/64 2001:db8:3::2
	nat_route w 2001:db8:2::/64 2001:db8:4::2
}

nat_up()	# [ms]
{
	[ "$(id -u)" -eq 0 ] || skip_all 'only root makes network namespaces'
	command -v nft >/dev/null || skip_all 'no nft(8)'
	ip netns add "${NS}a" 2>/dev/null ||
	    skip_all 'no network namespaces here'
	trap 'cleanup nat_down' EXIT
	for _n in ra w rb b s; do
		ip netns add "$NS$_n"
	done
	for _n in a ra w rb b s; do
		ip -n "$NS$_n" link set dev lo up
	done
	nat_wire 1 a 10.1.0.2 ra 10.1.0.1
	nat_wire 2 b 10.2.0.2 rb 10.2.0.1
	nat_wire 5 s 203.0.113.2 w 203.0.113.1
	if [ "${1:-0}" -gt 0 ]; then
		nat_long_wire "$1" 3 ra 192.0.2.2 w 192.0.2.1
		nat_long_wire "$1" 4 rb 198.51.100.2 w 198.51.100.1
	else
		nat_wire 3 ra 192.0.2.2 w 192.0.2.1
		nat_wire 4 rb 198.51.100.2 w 198.51.100.1
	fi
	nat_routes
}

# A home is not to be reached from outside but by what its router has expected.
nat_masquerade() # ra|rb [option ...]
{
	_r=$1; shift
	nat_plain "$_r"
	at "$_r" nft -f - <<-END
	table ip nat {
		chain post {
			type nat hook postrouting priority srcnat;
			oifname "w" meta l4proto tcp masquerade $*
			oifname "w" masquerade
		}
	}
	END
	nat_filter "$_r" ip
}

# New connections are translated in this way, those that there are as before.
nat_remap()	# ra|rb [option ...]
{
	_r=$1; shift
	at "$_r" nft flush chain ip nat post
	at "$_r" nft add rule ip nat post oifname w meta l4proto tcp \
	    masquerade "$@"
}

nat_firewall()	# ra|rb
{
	nat_plain "$1"
	nat_filter "$1" ip6
}

nat_filter()	# ra|rb ip|ip6
{
	at "$1" nft -f - <<-END
	table $2 filter {
		chain forward {
			type filter hook forward priority filter;
			ct state established,related accept
			iifname "w" jump unexpected
			iifname "w" drop
		}
		chain input {
			type filter hook input priority filter;
			ct state established,related accept
			iifname "w" tcp flags syn jump unexpected
		}
		chain unexpected {
		}
	}
	END
}

nat_unexpected() # ra|rb drop|reset|closed [ip6]
{
	_rule="add rule ${3:-ip} filter unexpected"
	at "$1" nft flush chain "${3:-ip}" filter unexpected
	case $2 in
	drop)	at "$1" nft "$_rule" drop ;;
	reset)	at "$1" nft "$_rule" meta l4proto tcp reject with tcp reset ;;
	closed)	;;
	esac
}

nat_forget()	# ra|rb
{
	at "$1" conntrack -F 2>/dev/null
}

nat_plain()	# ra|rb
{
	at "$1" nft flush ruleset
	nat_forget "$1"
}

# What miniupnpd has to work with; and what comes to a mapped port may pass.
nat_mapper_tables()
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

# miniupnpd refuses to map what no router has outside, such as the addresses
# above: the router has this one, too, which leads nowhere but to it.
nat_mapper()
{
	NAT_OUTSIDE=11.0.2.2
	at ra ip addr add "$NAT_OUTSIDE/32" dev w
	nat_route w "$NAT_OUTSIDE/32" 192.0.2.2 2>/dev/null
	nat_mapper_tables
	cat >"$T/miniupnpd.conf" <<-END
	ext_ifname=w
	ext_ip=$NAT_OUTSIDE
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

# coturn listens in namespace s, by IPv4 and IPv6.
nat_stun()
{
	start turn ip netns exec "${NS}s" turnserver -n \
	    --listening-ip=203.0.113.2 --listening-ip=2001:db8:5::2 \
	    --listening-port=3478 --no-auth --no-tls --no-dtls --no-cli \
	    --no-udp --log-file=stdout --simple-log \
	    "--pidfile=$T/turn.pid" "--userdb=$T/turndb"
	wait_for 30 at s sh -c \
	    '[ "$(ss -Hltn "sport = :3478" | wc -l)" -ge 2 ]' ||
	    bail 'no STUN server'
}

# server.sh starts servers here and not on s, and asks for them on loopback.
# shellcheck disable=SC2034
nat_server()	# prosody|ejabberd [feature ...]
{
	[ -n "${CA-}" ] || make_server_ca
	PORT=5222 TLSPORT=5223 PROXYPORT=5000 COMPONENTPORT=5347
	HTTPPORT=5280 HTTPSPORT=5281 SERVER=203.0.113.2:5222
	LOOPBACK='127.0.0.1 203.0.113.2'
	STUNHOST=203.0.113.2 PROXYADDRESS=203.0.113.2
	server=$1; shift
	rm -rf "${T:?}/$server"
	[ -z "${nat_has_stun-}" ] || stop turn
	nat_has_stun=
	case "$server $*" in
	'prosody '*stun*)	# Prosody names a STUN server, but is none
		nat_stun
		nat_has_stun=1 ;;
	esac
	"setup_$server" "$@"
	for _user in $USERS; do
		xcat_user "$_user"
	done
	nat_run_server
}

# What run_prosody and run_ejabberd start is started on s.
# shellcheck disable=SC2034
nat_run_server()
{
	SERVER_AT="ip netns exec ${NS}s"
	"run_$server"
	SERVER_AT=
	wait_for 60 nat_server_answers && return
	diag_file "$T/$server.out"
	diag_file "$T/$server.err"
	bail "$server does not start"
}

nat_server_answers()
{
	"${server}_ready" &&
	    at s sh -c 'ss -Hltn "sport = :5222" | grep -q .'
}

nat_user()	# user a|b
{
	sed -i "s|^exec |exec ip netns exec $NS$2 |" "$T/$1"
}
