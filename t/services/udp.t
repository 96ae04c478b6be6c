#!/bin/sh
#
# Datagrams through streams (-u): DNS, bursts and the largest there are; a stream
# for each client, and when it ends; targets that are not there, and services
# that are for something else.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/udp.sh"

LIMIT=60
bob=bob@$DOMAIN

# --- what goes through ---------------------------------------------------------

start_names()
{
	names=$(free_port)
	printf '%s\n' no-hosts no-resolv "port=$names" 'user=root' \
	    listen-address=127.0.0.1 bind-interfaces 'local=/#/' \
	    'host-record=attic.example,192.0.2.7' "pid-file=$T/names.pid" \
	    >"$T/names.conf"
	start names dnsmasq -k -C "$T/names.conf"
	wait_for 20 listens "$names" || diag_file "$T/names.err"
}

traffic()	# what option ...
{
	_what=$1; shift
	forward "$@" "$bob" echo
	answer "$(printf 'one\n\ntwo')" "$_what: asked, with an empty one" \
	    ask 127.0.0.1 "$p" one '' two
	does "$_what: a burst of 100, borders and order kept" \
	    burst 127.0.0.1 "$p" 100 0 1420
	does "$_what: 65507 bytes" burst 127.0.0.1 "$p" 1 65507 65507
	does "$_what: large ones, both ways at once" \
	    both 127.0.0.1 "$p" "$(by_tier 500 20000)" 1420
	does "$_what: several clients at once" \
	    many 127.0.0.1 "$p" "$(by_tier 20 200)"
	stop a
}

servers()
{
	target echo
	for server in $SERVERS; do
		start_server "$server"
		listen_as bob b -v -k -a "$alice" "echo=udp:$echo" \
		    "dns=udp:127.0.0.1:$names" "$names=22" "udp:$names"
		traffic "$server"
		traffic "$server, in-band" -i
		forward "$bob" dns
		answer 192.0.2.7 "$server: DNS" dns 127.0.0.1 "$p" \
		    attic.example
		stop a
		forward -o e2e=off "$bob" "$names"
		answer 192.0.2.7 "$server: without a session, by a number" \
		    dns 127.0.0.1 "$p" attic.example
		stop a
		stop b
		[ "$server" = "${SERVERS##* }" ] || stop_server
	done
}

# --- clients and their streams -------------------------------------------------

# As many streams, and as many ports of the target, as there are clients.
clients()
{
	: >"$T/echo.out"
	listen_as bob b -k -a "$alice" "echo=udp:$echo" 'tcp=22'
	forward -v -o udp-clients=2 "$bob" echo
	answer "$(printf 'a\nb')" 'two of a client' ask 127.0.0.1 "$p" a b
	answer c 'and one of another' ask 127.0.0.1 "$p" c
	is "$(grep -a '^from' "$T/echo.out" | sort -u | wc -l)" 2 \
	    'come from two ports'
	ok 'and by two streams' said_times b 'stream to echo$' 2
	answer d 'a third, of two' ask 127.0.0.1 "$p" d
	ok 'takes the place of the first' said_times a 'evicted' 1
	ok 'whose stream ends well' wait_for 20 \
	    said_times b 'stream to echo ended .*: complete' 1
	ok 'others do not' said_times b 'stream to echo ended' 1
	stop a
	ok 'the rest ends with its caller' wait_for 20 \
	    said_times b 'stream to echo ended' 3
	stop b
}

# The clock is wound: 20 seconds are one.  A busy machine needs them for a login
# (-w), and -w ends no stream of datagrams.
idle()
{
	wind 20
	listen_as bob b -w 600 -v -k -a "$alice" -o udp-idle=40 "echo=udp:$echo"
	forward -w 600 -v "$bob" echo
	answer once 'asked once' ask 127.0.0.1 "$p" once
	ok 'and quiet for 30 s: the stream ends' wait_for 60 \
	    said a 'quiet for [3-9][0-9] s'
	ok 'well' wait_for 20 said_times b 'stream to echo ended .*complete' 1
	answer "$(printf '1\n2')" 'asked twice' ask 127.0.0.1 "$p" 1 2
	ok 'lasts until the target has been quiet for 40 + 10 s' wait_for 60 \
	    said b 'echo: quiet for 50 s'
	ok 'and ends well' wait_for 20 \
	    said_times b 'stream to echo ended .*complete' 2
	stop a
	forward -w 600 -v -o udp-idle=10 "$bob" echo
	answer "$(printf '1\n2')" 'udp-idle=10' ask 127.0.0.1 "$p" 1 2
	ok 'it ends' wait_for 60 said a 'quiet for [1-9][0-9] s'
	answer again 'and another begins' ask 127.0.0.1 "$p" again
	stop a
	stop b
	wind 1
}

# --- what does not go ----------------------------------------------------------

dead()
{
	target late
	stop late
	listen_as bob b -v -k -a "$alice" "late=udp:127.0.0.1:$late"
	forward -v "$bob" late
	does 'to a target that is not there' send 127.0.0.1 "$p" 1
	ok 'which is said' wait_for 20 said b 'late: Connection refused'
	target late 127.0.0.1 "$late"
	answer here 'until it is' ask 127.0.0.1 "$p" here
	ok 'all goes on' signal 0 b
	stop a
	stop b
}

# Larger than IPv4 has it: only by IPv6 can it come as far.
large()
{
	have_ipv6 || { skip 'too large' 'no IPv6'; return; }
	target six ::1
	listen_as bob b -k -a "$alice" "echo=udp:127.0.0.1:$echo" \
	    "six=udp:[::1]:$six" "any=udp:$six"
	WHERE='[::1]:0'
	forward -L '*:0=six' -L 0=any "$bob" echo
	p=$(sed -n 's/.*forwarding udp \[::1\]:\([0-9]*\) to.*/\1/p' \
	    "$T/a.err")
	unset WHERE
	answer small 'behind one that is too large' after ::1 "$p" 65520 small
	ok 'which is said, once' said_times b \
	    'echo: a datagram of 65520 bytes is too large' 1
	p=$(sed -n 's/.*forwarding udp \*:\([0-9]*\) to.*six/\1/p' "$T/a.err")
	answer four 'IPv4 to IPv6' ask 127.0.0.1 "$p" four
	answer six 'IPv6 to IPv6' ask ::1 "$p" six
	p=$(sed -n 's/.*forwarding udp \([0-9]*\) to.*any/\1/p' "$T/a.err")
	answer six 'localhost, at one of its addresses' \
	    ask 127.0.0.1 "$p" six
	stop a
	stop b
}

refusals()
{
	listen_as bob b -k -a "$alice" "echo=udp:$echo" "both=udp:$echo" \
	    'both=!echo bytes' 'bytes=!echo bytes'
	forward -v -L 0=none -L 0=both "$bob" bytes
	p=$(sed -n 's/.*forwarding udp \([0-9]*\) to [^ ]*$/\1/p' "$T/a.err")
	does '-u to a service for bytes' send 127.0.0.1 "$p" 20
	ok 'is refused in words' wait_for 20 said a \
	    'bytes takes no datagrams: leave out -u'
	does 'what comes then' send 127.0.0.1 "$p" 20
	p=$(sed -n 's/.*forwarding udp \([0-9]*\) to.*none/\1/p' "$T/a.err")
	does 'to none' send 127.0.0.1 "$p" 1
	ok 'is, too' wait_for 20 said a 'no such service: none'
	p=$(sed -n 's/.*forwarding udp \([0-9]*\) to.*both/\1/p' "$T/a.err")
	answer it 'a name for both: datagrams' ask 127.0.0.1 "$p" it
	run "$T/alice" -d "$bob" both
	is "$(cat "$T/run.out")" bytes 'and bytes'
	fails 5 'echo takes datagrams: call it with -L and -u' \
	    'bytes to a service for datagrams' "$T/alice" -d "$bob" echo
	run "$T/alice" -d "$bob"
	is "$(cat "$T/run.out")" bytes 'no service: the first for bytes'
	run "$T/alice" -z "$bob" echo
	is "$status" 0 '-z does not mind'
	stop a
	stop b
	listen_as bob b -k -a "$alice"
	forward "$bob"
	does '-u to a listener without services' send 127.0.0.1 "$p" 1
	ok 'is refused' wait_for 20 said a 'no services here.*datagrams'
	stop a
	stop b
	fails 2 '-u needs -L' '-u alone' "$T/alice" -u "$bob"
	fails 2 'name=udp:port' '-u of a listener' "$T/bob" -l -u
	fails 2 '-u does not go with -D' '-u -D' \
	    "$T/alice" -u -L 0 -D 0 "$bob"
	fails 2 'carrier=s5b' '-u over a socket alone' \
	    "$T/alice" -u -L 0 -o carrier=s5b "$bob"
	fails 2 '-u needs a port' '-u of a Unix socket' \
	    "$T/alice" -u -L "$T/sock=echo" "$bob"
	for name in x=udp: udp:0 udp:ssh; do
		fails 2 "service $name" "service $name" "$T/bob" -l "$name"
	done
	fails 2 'not udp:port or udp:host:port' 'datagrams to a path' \
	    "$T/bob" -l x=udp:/tmp/x
	fails 1 'cannot listen' 'a port that is taken' \
	    "$T/alice" -u -L "127.0.0.1:$echo" "$bob"
}

# --- addresses -----------------------------------------------------------------

# Linux has all of 127.0.0.0/8.
wildcard()
{
	listen_as bob b -k -a "$alice" "*:$echo=udp:"
	WHERE='*:0'
	forward "$bob" "127.0.0.1:$echo"
	unset WHERE
	answer 'hello from 127.0.0.1' '-L *: the answer comes from there' \
	    from 127.0.0.1 "$p"
	answer 'hello from 127.1.2.3' 'and from another address' \
	    from 127.1.2.3 "$p"
	if have_ipv6; then
		answer 'hello from ::1' 'and from one of IPv6' from ::1 "$p"
	fi
	stop a
	stop b
}

start_names
servers
clients
idle
dead
large
refusals
wildcard
done_testing
