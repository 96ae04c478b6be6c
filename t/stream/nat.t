#!/bin/sh
#
# Streams between two homes behind routers: by a direct way through both, found
# while bytes go in-band.  t/soak/nat.t has routers that change under way.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/nat.sh"
. "$LIB/nat_streams.sh"

LIMIT=60
nat_up 25
wind 3
head -c 1000000 /dev/urandom >"$T/data"

# Some goes through at once, some when the way has been found.
try()		# what socket-regex option ...
{
	_what="$server: $1" _re=$2; shift 2
	nat_open "$@"
	nat_feed 100000
	ok "$_what" wait_for 30 said caller "$_re"
	nat_feed "${MORE-900000}"
	nat_close "$_what"
	said caller "$_re" || { diag_file "$T/caller.err"
	    diag_file "$T/listener.err"; }
}

both()		# command ...: with ra, and with rb
{
	_command=$1; shift
	"$_command" ra "$@"
	"$_command" rb "$@"
}

ipv6()
{
	both nat_masquerade fully-random
	both nat_unexpected drop
	both nat_filter ip6
	both nat_unexpected drop ip6
	try 'IPv6, firewalls' ': socket: direct, 2001:db8:2::2' -o portmap=no
}

# From ra, which is at home there, to every port on which the caller listens.
stranger()	# hold|garbage|replay
{
	both nat_routers
	_what="$server: a stranger, $1"
	nat_open -o portmap=no
	start stranger ip netns exec "${NS}ra" "$LIB/stranger.py" "$1" \
	    "$(pid_of caller)" 10.1.0.2
	nat_feed 100000
	ok "$_what" wait_for 30 nat_is_direct 1
	nat_feed 900000
	nat_close "$_what"
	finish stranger 20
	ok "$_what: it has connected" \
	    grep -Eqx 'connections: [1-9][0-9]*' "$T/stranger.out"
}

# Nothing can be punched; the stream goes on as if nothing was tried.
pauses()
{
	rm -f "$T/enough"
	both nat_routers fully-random
	# shellcheck disable=SC2016
	start listener sh -c '"$1" -4 -l -v -a "$2" | "$3" watch' sh "$T/bob" \
	    "alice@$DOMAIN" "$LIB/pauses.py"
	ok "$server: a listener" wait_for 20 listening listener
	# shellcheck disable=SC2016
	start caller sh -c '"$1" feed "$2" | "$3" -4 -s -v -o upgrade-after=0 \
	    -o portmap=no "$4"' sh "$LIB/pauses.py" "$T/enough" "$T/alice" \
	    "bob@$DOMAIN"
	wait_for 40 said caller ': no way through the routers: '
	: >"$T/enough"
	ended caller "$server: no way"
	ended listener "$server: no way"
	ok "$server: it was tried" said caller ': no way through the routers: '
	ok "$server: what is in the way" said caller \
	    ': our router maps ports by destination$'
	# which has two ports with STUN
	[ "$server" != ejabberd ] ||
	    ok "$server: not for long" said caller \
	    ': no way through the routers: both map ports by destination'
	_pause=$(sed -n 's/^longest pause: \(.*\) ms$/\1/p' "$T/listener.err")
	ok "$server: no pause: $_pause ms" [ "${_pause:-9999}" -le 500 ]
}

hidden()
{
	for option in -i $(by_tier '' -opunch=no) -ostreamhost=none; do
		listen_as bob listener -v -a "alice@$DOMAIN"
		head -c 100000 "$T/data" | run "$T/alice" -s -vv \
		    -o upgrade-after=0 "$option" "bob@$DOMAIN"
		ended listener "$server: $option"
		ok "$server: $option: no candidate leaves" sh -c \
		    '! grep -q "<candidate " "$1"' sh "$T/run.err"
	done
}

# slixmpp waits for all hosts that it is offered: those of another home are not
# merely silent.
other_homes()	# add|del
{
	at b ip route "$1" unreachable 10.1.0.0/24
	at b ip -6 route "$1" unreachable 2001:db8:1::/64
}

# Another program, which knows nothing of punching, connects to the port that
# the caller's router maps.
assisted()
{
	both nat_routers
	other_homes add
	nat_mapper
	_what="$server: slixmpp, a mapped port"
	slix_user bob slix65
	nat_user slix65-bob b
	start slixmpp "$T/slix65-bob" listen </dev/null
	wait_for 20 said slixmpp listening || bail 'slixmpp does not log in'
	start caller "$T/alice" -s -v -o carrier=s5b "bob@$DOMAIN/slix" \
	    <"$T/data"
	ended slixmpp "$_what"
	ended caller "$_what"
	check_same "$T/data" "$T/slixmpp.out" "$_what: all of it"
	ok "$_what" said caller ': socket: direct'
	ok "$_what: by PCP" said caller 'the router maps a port by PCP$'
	ok "$_what: given back" wait_for 20 not_mapped
	other_homes del
	stop router
	at ra ip addr del "$NAT_OUTSIDE/32" dev w
}

not_mapped()
{
	! at ra nft list table inet miniupnpd | grep -q dnat
}

# The servers are asked from the port of the login, which the routers change,
# and there is no STUN server.
shared()
{
	both nat_routers 'to :20000-29999'
	try 'the port of the login' \
	    ': socket: direct, 198\.51\.100\.2 port 2[0-9]{4}' \
	    -o portmap=no -o stun=203.0.113.2:1
}

# -z finds the way that a stream would take, of a listener for one stream, which
# still waits afterwards.
ways()
{
	both nat_routers
	listen_as bob listener -a "alice@$DOMAIN"
	look 'two routers' 'direct, 198\.51\.100\.2 port [0-9]+'
	both nat_remap fully-random
	look 'two that map by destination' \
	    'in-band; none through the routers: .*'
	look '-i' '.*' -i
	is "$(grep -c '^way: ' "$T/run.out")" 0 "$server: -z -i: no way"
	is "$(wc -l <"$T/listener.err")" 1 "$server: nothing is said of that"
	head -c 1000 "$T/data" | run "$T/alice" -s "bob@$DOMAIN"
	ended listener "$server: -z: the listener"
	head -c 1000 "$T/data" >"$T/part"
	check_same "$T/part" "$T/listener.out" "$server: -z: its first stream"
}

look()		# what regex option ...
{
	_what="$server: -z, $1" _re=$2; shift 2
	run "$T/alice" -z -v -o portmap=no "$@" "bob@$DOMAIN"
	is "$status" 0 "$_what"
	case " $* " in *' -i '*) return ;; esac
	grep -Eq "^way: $_re\$" "$T/run.out" || {
		diag_file "$T/run.out"
		diag_file "$T/run.err"
	}
	ok "$_what: the way" grep -Eq "^way: $_re\$" "$T/run.out"
}

punched()	# drop|reset|closed
{
	both nat_routers
	both nat_unexpected "$1"
	try "$1" ': socket: direct, 198\.51\.100\.2' -o portmap=no
}

# make check has each of these once, by one of the servers.
rows='punched_drop punched_reset punched_closed ways shared assisted ipv6
    stranger_hold stranger_garbage stranger_replay pauses hidden'
first=${ROWS:-$(by_tier 'punched_drop ipv6 stranger_hold' "$rows")}
second=${ROWS:-$(by_tier 'pauses punched_reset ways shared assisted hidden' \
    "$rows")}
rows=$first
for server in $SERVERS; do
	both nat_plain
	nat_server "$server" sic stun
	nat_user alice a
	nat_user bob b
	for row in $rows; do
		case $row in
		*_*)	"${row%_*}" "${row#*_}" ;;
		*)	"$row" ;;
		esac
	done
	rows=$second
	stop_server
done
done_testing
