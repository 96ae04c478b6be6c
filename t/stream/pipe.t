#!/bin/sh
#
# Bytes go in at one end and come out at the other, however many, each way and
# both ways at once, through both servers.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"

CARRIER=ibb			# sockets have tests of their own
LIMIT=280			# seconds for one transfer
BLOCK=4096
MUCH=$(by_tier 1000000 100000000)

piped()		# name what: it exits 0
{
	ended "$1" "$server: $2"
	[ "$status" = 0 ] || LIMIT=10	# no use in waiting long for the rest
}

# Caller to listener.  With -s the caller closes when all is confirmed.
up()		# file option ...
{
	_file=$1; shift
	_what="$_file up${*:+, $*}"
	listen_as bob listener -a "alice@$DOMAIN"
	start caller "$T/alice" -s "$@" "bob@$DOMAIN" <"$T/$_file"
	piped caller "$_what"
	piped listener "$_what"
	check_same "$T/listener.out" "$T/$_file" "$server: $_what"
}

# Listener to caller.
down()		# file option ...
{
	_file=$1; shift
	_what="$_file down${*:+, $*}"
	listen_as bob listener -a "alice@$DOMAIN" -N <"$T/$_file"
	start caller "$T/alice" -d "$@" "bob@$DOMAIN"
	piped caller "$_what"
	piped listener "$_what"
	check_same "$T/caller.out" "$T/$_file" "$server: $_what"
}

# XEP-0047 knows no half-close: the listener's input must not end, and so with
# -N close the stream, before all has arrived.
feed_until()	# file-to-feed size-to-arrive
{
	rm -f "$T/listener.out"
	fifo feed
	start feeder sh -c 'exec >"$4"; cat "$1"
	    until [ "$(wc -c <"$2")" = "$3" ]; do sleep .05; done' \
	    sh "$1" "$T/listener.out" "$2" "$T/feed"
}

both()		# file-up file-down option ...
{
	_up=$1 _down=$2; shift 2
	feed_until "$T/$_down" "$(wc -c <"$T/$_up")"
	listen_as bob listener -a "alice@$DOMAIN" -N <"$T/feed"
	start caller "$T/alice" "$@" "bob@$DOMAIN" <"$T/$_up"
	piped caller "$_up up and $_down down"
	piped listener "$_up up and $_down down"
	check_same "$T/listener.out" "$T/$_up" "$server: both at once, $_up up"
	check_same "$T/caller.out" "$T/$_down" \
	    "$server: both at once, $_down down"
	finish feeder 30
}

# 100 MB in blocks of 1500 bytes are 66,667 blocks: seq wraps in make soak, and
# always in t/unit/ibb.t.
large()
{
	case $server in
	prosody)	both random-1 random-2 ;;
	ejabberd)	up random-1
			down random-2
			both random-1 random-2 -b 1500 ;;
	esac
}

random 0-bytes 0
random 1-byte 1
random block-1 $((BLOCK - 1))
random block $BLOCK
random block+1 $((BLOCK + 1))
head -c "$(by_tier 500000 3000000)" /dev/zero >"$T/zeros"
random random-1 "$MUCH"
random random-2 "$MUCH"

for kind in $SERVERS; do
	start_server "$kind"
	for file in 0-bytes 1-byte block-1 block block+1 zeros; do
		up $file -b $BLOCK
		down $file -b $BLOCK
		both $file block+1 -b $BLOCK
	done
	# Blocks of what is sent itself, and not of the session's records.
	for file in block-1 block block+1; do
		up $file -b $BLOCK -o e2e=off
		down $file -b $BLOCK -o e2e=off
	done
	large
	stop_server
done
done_testing
