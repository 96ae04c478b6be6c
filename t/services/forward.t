#!/bin/sh
#
# Forwarding as ssh has it: several services over one login, host and port in
# the option, and the background.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"

LIMIT=60

answers()	# port text description
{
	is "$(echo q | perl -MIO::Socket::INET -e '
		$SIG{ALRM} = sub { exit 1 }; alarm 20;
		my $s = IO::Socket::INET->new("127.0.0.1:$ARGV[0]") or exit 1;
		shutdown $s, 1; print while <$s>' "$1")" "$2" "$3"
}

listener_of()	# port: the process
{
	ss -Hltnp "sport = :$1" | sed -n 's/.*pid=\([0-9]*\).*/\1/p' | head -n 1
}

services()
{
	port=$(free_port)
	start tcp socat "TCP-LISTEN:$port,bind=127.0.0.1,fork,reuseaddr" \
	    'EXEC:echo tcp'
	wait_for 20 listens "$port"
	p1=$(free_port) p2=$(free_port) p3=$(free_port) p4=$(free_port)
	listen_as bob b -k -a "alice@$DOMAIN" 'one=!echo one' 'two=!echo two' \
	    '127.0.0.1:*='
	start a "$T/alice" -L "$p1=two" -L "$p2" -L "$p3:127.0.0.1:$port" \
	    -L "127.0.0.1:$p4=127.0.0.1:$port" "bob@$DOMAIN" one
	wait_for 20 said a "forwarding 127.0.0.1:$p4" || diag_file "$T/a.err"
	ok 'it says which port is which' said a \
	    "xcat: forwarding $p1 to bob@$DOMAIN/xcat two\$"
	answers "$p1" two 'a service of its own'
	answers "$p2" one 'that of the operand'
	answers "$p3" tcp 'host and port, as ssh has them'
	answers "$p4" tcp 'host and port, as a service'
	ok 'one login, all said' wait_for 20 said_all 9
	stop a
}

said_all()	# lines
{
	[ "$(grep -c 'listening\|stream to' "$T/b.err")" = "$1" ]
}

# The command comes back once the ports are open.
background()
{
	run "$T/alice" -f -L "$p1=two" -L "$T/socket=one" "bob@$DOMAIN"
	is "$status" 0 '-f: the command ends'
	ok '-f: it has said so' said run "forwarding $p1"
	is "$(cat "$T/run.out")" '' '-f: nothing on stdout'
	answers "$p1" two '-f: it works'
	pid=$(listener_of "$p1")
	is "$(ps -o tty=,sid= -p "$pid" | tr -s ' ')" "? $pid" \
	    '-f: it has left the terminal'
	! [ -r "/proc/$pid/fd" ] || is "$(readlink "/proc/$pid/fd/0" "/proc/$pid/fd/1" | tr '\n' ' ')" \
	    '/dev/null /dev/null ' '-f: and stdin and stdout'
	kill -TERM "$pid"
	wait_for 20 gone "$pid" || fail '-f: it does not end'
	ok '-f: the socket is gone' test ! -e "$T/socket"
}

# What goes wrong before that is the status of the command.
failures()
{
	fails 5 'nobody listens' '-f: no peer' \
	    "$T/alice" -f -L "$p1=two" "carol@$DOMAIN"
	fails 4 password '-f: a wrong password' env XCAT_PASSWORD=wrong \
	    "$T/alice" -f -L "$p1=two" "bob@$DOMAIN"
	fails 1 'cannot listen' '-f: a port that is taken' \
	    "$T/alice" -f -L "$port" "bob@$DOMAIN"
	fails 2 '-f needs' '-f alone' "$T/alice" -f "bob@$DOMAIN"
	fails 2 '^xcat: -L 8080:a:99999.*|99999' 'no port' \
	    "$T/alice" -L 8080:a:99999 "bob@$DOMAIN"
	stop b
	ok '-f: nothing is left of them' nothing_listens
}

nothing_listens()
{
	! listens "$p1"
}

# With -W the command comes back once the peer is there.
patience()
{
	start a "$T/alice" -v -f -W -L "$p1=two" "bob@$DOMAIN"
	wait_for 20 said a 'not there; waiting' || diag_file "$T/a.err"
	ok '-f -W: it waits' kill -0 "$(pid_of a)"
	listen_as bob b -k -a "alice@$DOMAIN" 'two=!echo two'
	ended a '-f -W'
	answers "$p1" two '-f -W: it works'
	kill "$(listener_of "$p1")"
	stop b
}

# What was asked of a peer that is not there is lost with the server.
restarted()
{
	start a "$T/alice" -v -f -W -L "$p1=two" "bob@$DOMAIN"
	wait_for 20 said a 'not there; waiting' || diag_file "$T/a.err"
	stop_server
	wait_for 30 said a 'trying again' || diag_file "$T/a.err"
	run_server
	wait_for 60 said a 'back: ' || diag_file "$T/a.err"
	ok '-f -W: it does not begin before the peer is there' \
	    kill -0 "$(pid_of a)"
	listen_as bob b -k -a "alice@$DOMAIN" 'two=!echo two'
	ended a '-f -W, the server restarted'
	answers "$p1" two '-f -W, the server restarted: it works'
	kill "$(listener_of "$p1")"
	stop b
}

start_server prosody
services
background
failures
patience
restarted
done_testing
