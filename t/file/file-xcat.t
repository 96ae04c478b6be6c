#!/bin/sh
#
# Files between two xcats: names, sizes, modes and times, in a session that the
# servers cannot look into.  Large ones, and what is no file.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/file.sh"

receive()	# option ...
{
	empty_dir in
	listen_as bob bob -a "alice@$DOMAIN" -r "$T/in" "$@"
}

mode_and_time()	# file
{
	stat -c '%a %Y %s' "$1"
}

# One login at each side, and the listener knows that there are more to come.
several()
{
	receive "$@" -vv
	run "$T/alice" -vv "$@" -s "bob@$DOMAIN" "$T/out/with spaces äöü.txt" \
	    "$T/out/$long" "$T/out/none" "$T/out/data"
	is "$status" 0 "$server: four files $*: status"
	[ "$status" = 0 ] || diag_file "$T/run.err"
	ended bob "$server: four files $*"
	for f in "with spaces äöü.txt" "$long" none data; do
		check_same "$T/in/$f" "$T/out/$f" "$server: $(echo "$f" | cut -c 1-20): content"
		is "$(mode_and_time "$T/in/$f")" \
		    "$(mode_and_time "$T/out/$f")" \
		    "$server: mode, time and size"
	done
	is "$(find "$T/in" -type f | wc -l)" 4 "$server: four files, nothing else"
	is "$(grep -c 'logged in as' "$T/run.err")" 1 "$server: one login"
	is "$(grep -c 'tls 1.3 end to end' "$T/run.err")" 4 \
	    "$server: sessions"
	is "$(grep -c 'SENT.*<sync' "$T/run.err")" 0 \
	    "$server: each answer came without asking for it"
	ok "$server: no name is shown to the servers" \
	    sh -c "! grep -E 'SENT|RECV' '$T/run.err' | grep -q spaces"
}

# Files may be called what no stanza can carry, and what looks like another.
odd_names()
{
	mkdir "$T/odd" "$T/odd/1" "$T/odd/2"
	_one=$(printf 'latin \344 \001')
	echo 1 >"$T/odd/$_one"
	echo 2 >"$T/odd/1/same"
	echo 3 >"$T/odd/2/same"
	receive
	run "$T/alice" -s "bob@$DOMAIN" "$T/odd/$_one" "$T/odd/1/same" \
	    "$T/odd/2/same"
	is "$status" 0 "odd names: status"
	[ "$status" = 0 ] || diag_file "$T/run.err"
	ended bob "odd names"
	is "$(cat "$T/in/latin "*)" 1 "no UTF-8"
	is "$(cat "$T/in/same" "$T/in/same.1")" '2
3' "the same one twice"
}

# Neither does a stream without a session keep it from being a file.
without_session()
{
	receive -o e2e=off
	run "$T/alice" -o e2e=off -s "bob@$DOMAIN" "$T/out/data"
	is "$status" 0 "e2e=off: status"
	ended bob "e2e=off"
	check_same "$T/in/data" "$T/out/data" "e2e=off: content"
}

# Services and files side by side.
with_services()
{
	receive -k '22=!cat'
	run "$T/alice" -s "bob@$DOMAIN" "$T/out/data"
	is "$status" 0 "beside services: status"
	wait_for 30 test -e "$T/in/data"
	check_same "$T/in/data" "$T/out/data" "beside services: content"
	start slix "$T/slixfile-alice" -M ibb send "bob@$DOMAIN/xcat" \
	    "$T/out/data"
	ended slix "slixmpp, beside services"
	wait_for 30 test -e "$T/in/data.1"
	check_same "$T/in/data.1" "$T/out/data" "slixmpp: content"
	start alice "$T/alice" "bob@$DOMAIN" 22 <"$T/out/data"
	ended alice "the service"
	check_same "$T/alice.out" "$T/out/data" "the service: content"
	stop bob
}

to_stdout()
{
	listen_as bob bob -a "alice@$DOMAIN"
	run "$T/alice" -s "bob@$DOMAIN" "$T/out/data"
	is "$status" 0 "to standard output: status"
	ended bob "to standard output"
	check_same "$T/bob.out" "$T/out/data" "to standard output: content"
}

# Through the socket, or it would take too long.
sparse()
{
	room_for_large || return
	large_file "$T/out/large"
	receive
	LIMIT=900
	run "$T/alice" -s "bob@$DOMAIN" "$T/out/large"
	is "$status" 0 "$LARGE bytes: status"
	[ "$status" = 0 ] || diag_file "$T/run.err"
	ended bob "$LARGE bytes"
	unset LIMIT
	check_same "$T/in/large" "$T/out/large" "$LARGE bytes: content"
	rm "$T/in/large" "$T/out/large"
}

# A pipe has no size: it is a stream, as ever.
streams()
{
	listen_as bob bob -a "alice@$DOMAIN"
	fifo pipe
	start cat sh -c "cat '$T/out/data' >'$T/pipe'"
	run "$T/alice" -s "bob@$DOMAIN" "$T/pipe"
	is "$status" 0 "a pipe: status"
	ended bob "a pipe"
	check_same "$T/bob.out" "$T/out/data" "a pipe: content"
	finish cat
	# Its writer comes later, or never.
	listen_as bob bob -a "alice@$DOMAIN"
	start alice "$T/alice" -v -s "bob@$DOMAIN" "$T/pipe"
	wait_for 20 said alice "end to end" || bail "no stream"
	cat "$T/out/data" >"$T/pipe"
	finish alice 60
	is "$status" 0 "a pipe that is written to later: status"
	ended bob "a pipe that is written to later"
	check_same "$T/bob.out" "$T/out/data" \
	    "a pipe that is written to later: content"
	listen_as bob bob -a "alice@$DOMAIN"
	start alice "$T/alice" -v -s "bob@$DOMAIN" "$T/pipe"
	wait_for 20 said alice "end to end" || bail "no stream"
	signal INT alice
	finish alice 20
	is "$status" 130 "a pipe without a writer: ^C"
	stop bob
	listen_as bob bob -a "alice@$DOMAIN"
	run "$T/alice" -s "bob@$DOMAIN" - <"$T/out/data"
	is "$status" 0 "standard input: status"
	ended bob "standard input"
	check_same "$T/bob.out" "$T/out/data" "standard input: content"
	start slix "$T/slixfile-bob" receive "$T/in"
	wait_for 30 said slix listening || bail "slixmpp does not log in"
	fails 5 'standard input: it is no file of a known size' \
	    "standard input to slixmpp" \
	    "$T/alice" -s "bob@$DOMAIN/slix" -
	signal KILL slix
	finish slix
}

mistakes()
{
	fails 1 'nothing: No such file' "no file" \
	    "$T/alice" -s "bob@$DOMAIN" "$T/nothing"
	fails 5 'nobody listens there' "nobody there" \
	    "$T/alice" -s "bob@$DOMAIN" "$T/out/data"
	fails 2 '-r needs -l' "-r without -l" \
	    "$T/alice" -r "$T" "bob@$DOMAIN"
	listen_as bob bob -k 22=!true
	fails 5 'takes no files: run it with -r there' \
	    "a listener with services" \
	    "$T/bob" -s "bob@$DOMAIN" "$T/out/data"
	stop bob
	start slix "$T/slix-bob" listen
	wait_for 30 said slix listening || bail "slixmpp does not log in"
	fails 5 'takes no files' "a program that takes no files" \
	    "$T/alice" -s "bob@$DOMAIN/slix" "$T/out/data"
	signal KILL slix
	finish slix
	start slix "$T/slixfile-bob" --decline receive "$T/in"
	wait_for 30 said slix listening || bail "slixmpp does not log in"
	run "$T/alice" -s "bob@$DOMAIN/slix" "$T/out/data" "$T/out/none"
	is "$status" 5 "declined: status"
	is "$(grep -c 'declines the file (forbidden' "$T/run.err")" 2 \
	    "declined: each is told"
	fails 5 'does not encrypt end to end' "e2e=require, to slixmpp" \
	    "$T/alice" -o e2e=require -s "bob@$DOMAIN/slix" "$T/out/data"
	signal KILL slix
	finish slix
	receive -k -o max-size=100
	run "$T/alice" -s "bob@$DOMAIN" "$T/out/data" "$T/out/none"
	is "$status" 5 "too large: status"
	ok "too large: said" said run 'larger than is taken here'
	ok "the next one is sent" wait_for 30 test -e "$T/in/none"
	stop bob
}

# What cannot be sent does not keep the others from it, and the listener waits
# for no more than can.
some_bad()
{
	receive
	run "$T/alice" -s "bob@$DOMAIN" "$T/nosuch" "$T/out/data" \
	    "$T/out/none" "$T/gone"
	is "$status" 1 "bad ones among good ones: status of the first"
	ended bob "bad ones among good ones"
	check_same "$T/in/data" "$T/out/data" "the second is sent"
	check_same "$T/in/none" "$T/out/none" "and the third"
	ok "the first is named" \
	    said run '^xcat: bob@[^ ]*: .*/nosuch: No such file or directory$'
	ok "and all of them at the end" sh -c "tail -n 1 '$T/run.err' |
	    grep -q ': not sent, 2 of 4 files: .*/nosuch, .*/gone\$'"
}

# A result that comes twice is taken once; one that comes late, not at all.
answers()
{
	empty_dir in
	start slix "$T/slixfile-bob" -M ibb --twice receive "$T/in"
	wait_for 30 said slix listening || bail "slixmpp does not log in"
	run "$T/alice" -vv -s "bob@$DOMAIN/slix" "$T/out/data"
	is "$status" 0 "accepted twice: status"
	is "$(grep -c 'RECV.*<si ' "$T/run.err")" 2 "accepted twice, indeed"
	ended slix "accepted twice"
	check_same "$T/in/data" "$T/out/data" "accepted twice: content"
	start slix "$T/slixfile-bob" -M ibb --late -k receive "$T/in"
	wait_for 30 said slix listening || bail "slixmpp does not log in"
	fails 7 'data: no answer in time' "accepted late" \
	    "$T/alice" -w 8 -s "bob@$DOMAIN/slix" "$T/out/data"
	start alice "$T/alice" -w 60 -s "bob@$DOMAIN/slix" "$T/out/data"
	wait_for 60 offered 2
	signal USR1 slix
	ended alice "accepted before it is too late"
	signal KILL slix
	finish slix
	start slix "$T/slixfile-bob" --choose urn:example:x receive "$T/in"
	wait_for 30 said slix listening || bail "slixmpp does not log in"
	fails 5 'names no kind of stream' "another stream than offered" \
	    "$T/alice" -s "bob@$DOMAIN/slix" "$T/out/data"
	signal KILL slix
	finish slix
}

offered()	# number
{
	[ "$(grep -c '^data ' "$T/slix.out")" -ge "$1" ]
}

# The file is shorter, when its turn has come, than it was.
shrunk()
{
	receive -k -i
	truncate -s 500M "$T/out/shrinks"
	start alice "$T/alice" -i -s "bob@$DOMAIN" "$T/out/shrinks"
	wait_for 30 part_there
	truncate -s 10 "$T/out/shrinks"
	finish alice 60
	is "$status" 1 "shrunk: status"
	ok "shrunk: said" said alice 'become shorter'
	wait_for 30 said bob 'bytes are kept' || diag_file "$T/bob.err"
	ok "shrunk: no file" test ! -e "$T/in/shrinks"
	stop bob
}

part_there()
{
	_p=$(echo "$T"/in/.xcat-part-*)
	[ -s "$_p" ]
}

# slixmpp takes sockets, but can reach none of what is offered.
fall_back()
{
	empty_dir in
	start slix "$T/slixfile-bob" receive "$T/in"
	wait_for 30 said slix listening || bail "slixmpp does not log in"
	run "$T/alice" -v -o streamhost=192.0.2.1:1 -o streamhost=none \
	    -s "bob@$DOMAIN/slix" "$T/out/data"
	is "$status" 0 "no socket, in-band then: status"
	[ "$status" = 0 ] || diag_file "$T/run.err"
	ok "no socket, in-band then: said" said run 'in-band, then'
	ended slix "no socket, in-band then"
	check_same "$T/in/data" "$T/out/data" "in-band then: content"
}

export LC_ALL=C.UTF-8
umask 022
mkdir "$T/out"
long=$(printf 'n%.0s' $(seq 255))
head -c 2000003 /dev/urandom >"$T/out/data"
head -c 1000 /dev/urandom >"$T/out/with spaces äöü.txt"
printf x >"$T/out/$long"
: >"$T/out/none"
chmod 600 "$T/out/data"
chmod 755 "$T/out/none"
touch -d '2001-02-03 04:05:06 UTC' "$T/out/data" "$T/out/$long"

for kind in $SERVERS; do
	start_server "$kind" proxy65
	several
	several -i
	[ "$kind" = prosody ] || { stop_server; continue; }
	slix_user alice slixfile
	slix_user bob slixfile
	without_session
	odd_names
	with_services
	to_stdout
	streams
	mistakes
	some_bad
	answers
	shrunk
	sparse
	stop_server
	start_server "$kind"
	slix_user alice slixfile
	slix_user bob slixfile
	fall_back
	stop_server
done
done_testing
