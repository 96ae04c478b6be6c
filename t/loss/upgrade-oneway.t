#!/bin/sh
# A proxy that relays in one direction only, as Openfire's does: the two ends do
# not hear each other through it, and go on in-band without waiting for that.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/sockets.sh"

proxy=oneway.$DOMAIN
start_component "$proxy" oneway.py

activated()	# n: so many streams were
{
	[ "$(grep -c ^activated "$T/component.out")" = "$1" ]
}

random up 1500000
random down 3000000
echo answer >"$T/word"

not_broken()
{
	! said caller 'the socket broke' && ! said listener 'the socket broke'
}

# The answer waits until the proxy carries the stream.
through()	# answer what
{
	_answer=$1 _what=$2
	_n=$(grep -c ^activated "$T/component.out")
	rm -f "$T/listener.out"
	fifo feed
	# shellcheck disable=SC2016
	start feeder sh -c 'exec >"$4"
	    until [ "$(wc -c <"$2")" = "$3" ]; do sleep .05; done; cat "$1"' \
	    sh "$T/$_answer" "$T/listener.out" 1500000 "$T/feed"
	listen_as bob listener -v -o streamhost=none -P "$proxy" \
	    -a "alice@$DOMAIN" <"$T/feed"
	start caller "$T/alice" -v -o streamhost=none -P "$proxy" \
	    "bob@$DOMAIN" <"$T/up"
	ended caller "$_what"
	ended listener "$_what"
	finish feeder 30
	check_same "$T/listener.out" "$T/up" "$_what: up"
	check_same "$T/caller.out" "$T/$_answer" "$_what: down"
	ok "$_what: the proxy was in use" activated $((_n + 1))
	ok "$_what: nothing was entrusted to it" not_broken
}

through down 'more than a socket takes'
through word 'a few bytes, which only wait'
done_testing
