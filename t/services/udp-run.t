#!/bin/sh
#
# Datagrams (-u) with all that a run may be told: a peer or a server that is away,
# a code, a shared login, the background, the end of either side, other programs.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/share.sh"
. "$LIB/udp.sh"

bob=bob@$DOMAIN

# What comes before the peer does is queued.
absent()
{
	forward -v -W "$bob" echo
	start early "$UDP" ask 127.0.0.1 "$p" early
	ok '-W: a client waits with its peer' wait_for 20 \
	    said a 'not there; waiting'
	listen_as bob b -k -a "$alice" "echo=udp:$echo"
	ended early '-W: until that comes'
	is "$(cat "$T/early.out")" early 'and is answered'
	stop b
	stop a
	forward -v "$bob" echo
	does 'a peer that is not there' send 127.0.0.1 "$p" 50
	ok 'is told of' wait_for 20 said a 'nobody listens there'
	does 'and not for each datagram' send 127.0.0.1 "$p" 50
	stop a
	ok 'nor is it called for each' test \
	    "$(grep -c 'a stream to' "$T/a.err")" -le 2
}

# The server goes, and comes back: the stream goes on, and a client that has
# come meanwhile gets its own.
lost()
{
	listen_as bob b -k -a "$alice" "echo=udp:$echo"
	forward -v -i "$bob" echo
	answer before 'before the server is lost' ask 127.0.0.1 "$p" before
	stop_server
	wait_for 30 said a 'trying again' || diag_file "$T/a.err"
	start while "$UDP" ask 127.0.0.1 "$p" while
	run_server
	ended while 'a client that comes while the server is away'
	is "$(cat "$T/while.out")" while 'is answered when it is back'
	stop a
	stop b
}

code()
{
	start b "$T/bob" -l -k -I "echo=udp:$echo"
	wait_for 20 said b 'reach it once' || diag_file "$T/b.err"
	to=$(sed -n 's/.*with: xcat //p' "$T/b.err" | tr -d "'")
	forward "$to" echo
	does 'a code: the first client meets the peer for all' \
	    many 127.0.0.1 "$p" 5
	is "$(grep -c 'stream to echo' "$T/b.err")" 5 'each by a stream'
	stop a
	stop b
}

shared()
{
	listen_as bob b -k -a "$alice" "echo=udp:$echo"
	run "$T/alice" -o share=60 -z "$bob" echo
	forward -v -o share=60 "$bob" echo
	ok 'share: it uses the login' said a 'sharing the login'
	does 'share: datagrams, by a process that is confined' \
	    burst 127.0.0.1 "$p" 50 0 1420
	forward_two=$p
	stop a
	run "$T/alice" -O check
	ok 'share: the other process goes on' test "$status" = 0
	forward -o share=60 -L "127.0.0.1:$forward_two" "$bob" echo
	answer again 'share: its ports are free again' \
	    ask 127.0.0.1 "$forward_two" again
	stop a
	end_masters
	stop b
}

behind()
{
	start b "$T/bob" -l -k -a "$alice" -o grace=20 -o log=json \
	    "echo=udp:$echo"
	wait_for 20 said b '"event":"listening"' || diag_file "$T/b.err"
	port=$(free_port)
	run "$T/alice" -f -u -L "$port" "$bob" echo
	is "$status" 0 '-f: the command ends'
	answer here '-f: it works' ask 127.0.0.1 "$port" here
	ok 'JSON: the service' grep -q '"service":"echo"' "$T/b.err"
	pid=$(ss -Hlunp "sport = :$port" |
	    sed -n 's/.*pid=\([0-9]*\).*/\1/p' | head -n 1)
	signal TERM b
	ok 'grace: a listener that is told to end waits' wait_for 20 \
	    said b '"event":"ending"'
	kill -TERM "$pid"
	finish b 30
	like "$status" '^(0|143)$' 'for its last stream'
	ok 'which has ended well' grep -q '"event":"stream-ended"' "$T/b.err"
}

reloaded()
{
	echo "service echo=udp:$echo" >"$T/home/bob/config"
	listen_as bob b -k -a "$alice" 'none=udp:1'
	forward "$bob" echo
	answer one 'a service' ask 127.0.0.1 "$p" one
	: >"$T/home/bob/config"
	signal HUP b
	ok 'SIGHUP takes it away' wait_for 20 said b 'read anew'
	does 'a new client' send 127.0.0.1 "$p" 1
	ok 'is refused' wait_for 20 said a 'no such service: echo'
	stop a
	stop b
}

# The end of the listener is the end of its streams; the forwarder goes on.
broken()
{
	listen_as bob b -k -a "$alice" "echo=udp:$echo"
	forward "$bob" echo
	answer one 'a listener' ask 127.0.0.1 "$p" one
	stop b
	ok 'that ends' wait_for 20 said a 'hung up'
	listen_as bob b -k -a "$alice" "echo=udp:$echo"
	answer two 'and another' ask 127.0.0.1 "$p" two
	signal KILL b
	finish b
	listen_as bob b -k -a "$alice" "echo=udp:$echo"
	answer three 'that is killed, and another' ask 127.0.0.1 "$p" three
	stop a
	stop b
}

# A program that knows in-band bytestreams only would take frames for bytes.
stranger()
{
	start slix "$T/slix-bob" listen
	wait_for 20 said slix listening || diag_file "$T/slix.err"
	forward -v "$bob/slix" echo
	does 'another program' send 127.0.0.1 "$p" 1
	ok 'is told of' wait_for 20 said a 'does not know streams of datagrams'
	stop slix
	ok 'and gets nothing' test ! -s "$T/slix.out"
	stop a
}

target echo
start_server prosody smacks
absent
lost
code
shared
behind
reloaded
broken
stranger
done_testing
