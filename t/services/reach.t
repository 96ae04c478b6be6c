#!/bin/sh
#
# xcat -z behind a router: by which addresses this machine may be reached, as the
# own server (XEP-0279), STUN servers that it names (XEP-0215) and the router
# say; and what is not asked.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/nat.sh"

nat_up 0
bob=bob@$DOMAIN

# -z as alice, behind ra.
probe()		# option ...
{
	run "$T/alice" -z -v "$@" "$bob"
	[ "$status" = 0 ] || diag_file "$T/run.err"
}

has()		# extended-regex description: a line of the report
{
	grep -Eq "^$1\$" "$T/run.out" || diag_file "$T/run.err"
	ok "$server: $2" grep -Eq "^$1\$" "$T/run.out"
}

said_once()	# words: a line of standard error
{
	[ "$(grep -c "$1" "$T/run.err")" -eq 1 ]
}

has_not()	# extended-regex description
{
	ok "$server: $2" sh -c '! grep -Eq "$1" "$2"' sh "^$1" "$T/run.out"
}

# A temporary address of IPv6 comes before the others, though the system lists
# the newest first.
temporary_first()
{
	at a sh -c 'echo 2 >/proc/sys/net/ipv6/conf/ra/use_tempaddr'
	at a ip addr add 2001:db8:1::77/64 dev ra nodad mngtmpaddr \
	    valid_lft 86400 preferred_lft 14400
	wait_for 20 temporary_is_there || bail 'no temporary address'
	at a ip addr add 2001:db8:1::88/64 dev ra nodad
	_temporary=$(at a ip -6 -o addr show dev ra temporary |
	    sed 's/.*inet6 \([^/]*\).*/\1/')
	probe
	is "$(sed -n 's/^candidate: host, \(.*:.*\) port .*/\1/p' \
	    "$T/run.out" | head -n 1)" "$_temporary" \
	    "$server: a temporary address is the first"
	at a ip addr del 2001:db8:1::77/64 dev ra
	at a ip addr del 2001:db8:1::88/64 dev ra
}

temporary_is_there()
{
	at a ip -6 -o addr show dev ra temporary -tentative | grep -q inet6
}

# IPv6 is translated, too (NAT66).
nat66()
{
	at ra nft -f - <<-END
	table ip6 nat {
		chain post {
			type nat hook postrouting priority srcnat;
			oifname "w" masquerade
		}
	}
	END
	probe -o portmap=no -o 'stun=[2001:db8:5::2]'
	has 'candidate: srflx, 2001:db8:3::2 port [0-9]+' \
	    'what a STUN server sees in IPv6'
	probe -o portmap=no -o 'stun=[2001:db8:5::2]' -4
	has_not 'candidate: [a-z]*, 2001:' 'which -4 asks nothing'
}

not_mapped()
{
	! at ra nft list table inet miniupnpd | grep -q 'dnat'
}

for server in $SERVERS; do
	nat_plain ra
	nat_server "$server" sic stun
	nat_user alice a
	nat_user bob b
	listen_as bob listener -k -a "alice@$DOMAIN"

	[ "$server" = ejabberd ] || temporary_first
	probe
	has 'candidate: host, 10\.1\.0\.2 port [0-9]+' \
	    'an address of the machine'
	has 'candidate: host, 2001:db8:1::2 port [0-9]+' 'in IPv6'
	has 'nat: none: .*' 'no router'
	has 'router: maps no port on request: .*' 'that maps no port'
	has_not 'candidate: srflx' 'none beside them'

	nat_masquerade ra
	probe -o portmap=no
	has 'candidate: srflx, 192\.0\.2\.2 port [0-9]+' 'the router'
	has 'nat: it maps a port to one place' 'it is good for punching'
	has_not 'router: ' 'which was not asked'
	probe -o portmap=no -o stun=203.0.113.2:3999
	has 'candidate: srflx, 192\.0\.2\.2 port [0-9]+' \
	    'by the word of the server'
	has 'nat: it maps a port to one place' 'as far as that tells'
	ok "$server: a STUN server that is none: in one line" \
	    said_once 'stun: 203.0.113.2 port 3999: Connection refused'
	nat_masquerade ra to :20000-20999
	probe -o portmap=no -o stun=203.0.113.2:3999
	has 'candidate: srflx, 192\.0\.2\.2 port 20[0-9][0-9][0-9]' \
	    'a router that keeps no ports: the port is that of the login'
	nat_masquerade ra fully-random
	probe -o portmap=no
	has 'nat: it maps a port by destination: .*' \
	    'two servers see two ports'
	[ "$server" = ejabberd ] || nat66
	nat_masquerade ra
	nat_mapper
	probe
	has "candidate: assisted, $NAT_OUTSIDE port [0-9]+" \
	    'a port that is mapped'
	has 'router: asked for a port by PCP' 'by PCP'
	ok "$server: given back" wait_for 20 not_mapped
	stop router
	at ra ip addr del "$NAT_OUTSIDE/32" dev w
	for option in -i '-o punch=no' '-o streamhost=none'; do
		# shellcheck disable=SC2086	# an option and its value
		probe $option
		has_not '(candidate|nat|router): ' "$option: nothing is asked"
	done
	stop listener
	stop_server
done
done_testing
