#!/bin/sh
#
# A stream that runs moves to a socket, whenever that is: no byte is lost, none
# comes twice.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/sockets.sh"

# After so many bytes, in the middle of a block too, and with the rest waiting
# until the socket stands; none of it waiting; or no rest.
moment()	# bytes more what
{
	head -c "$(($1 + $2))" "$T/data" >"$T/part"
	open_stream -o upgrade-after="$1"
	head -c "$1" "$T/part" >&4
	ok "$server: $3: a socket" wait_for 20 said caller ': socket: direct'
	tail -c "+$(($1 + 1))" "$T/part" >&4
	close_stream part "$server: $3"
	ok "$server: $3: the listener knows" said listener ': socket: direct'
}

# Offered while everything else happens at once.
rush()		# bytes after what
{
	head -c "$1" "$T/data" >"$T/part"
	open_stream -o upgrade-after="$2"
	cat "$T/part" >&4
	close_stream part "$server: $3"
}

# The listener's reader does not read: blocks stay unanswered, and the move has
# to wait for them, while the other direction moves.
stalled()
{
	fifo out
	fifo caller.in
	rm -f "$T/listener.out"
	ln -s out "$T/listener.out"
	exec 5<>"$T/out"
	listen_as bob listener -v -o upgrade-after=0 -a "alice@$DOMAIN"
	rm "$T/listener.out"
	start caller "$T/alice" -s -v -o upgrade-after=1000000 "bob@$DOMAIN" \
	    <"$T/data"
	ok "$server: stalled: a socket all the same" \
	    wait_for 20 said caller ': socket: direct'
	start reader sh -c 'exec head -c "$(wc -c <"$1")" "$2"' sh "$T/data" \
	    "$T/out"
	ended reader "$server: stalled"
	exec 5>&-
	ended caller "$server: stalled"
	ended listener "$server: stalled"
	check_same "$T/reader.out" "$T/data" "$server: stalled: same"
}

# A reader that stands still for longer than a dead peer is waited for, with more
# on its way than the systems keep.  Its own system answers each time that it is
# asked, at intervals that double, so a long one tells how long that has been.
still()
{
	fifo out
	rm -f "$T/listener.out"
	ln -s out "$T/listener.out"
	exec 5<>"$T/out"
	wind 10
	listen_as bob listener -v -o upgrade-after=0 -a "alice@$DOMAIN"
	rm "$T/listener.out"
	head -c 30000000 /dev/zero >"$T/zeros"
	start caller "$T/alice" -s -vv -o upgrade-after=0 "bob@$DOMAIN" \
	    <"$T/zeros"
	ok "$server: still: a socket" wait_for 20 said caller ': socket: direct'
	ok "$server: still: a reader that stands still" wait_for 60 asks_seldom
	start reader head -c 30000000 "$T/out"
	ended reader "$server: still"
	ended caller "$server: still"
	ended listener "$server: still"
	exec 5>&-
	wind 1
	check_same "$T/reader.out" "$T/zeros" "$server: still: same"
	is "$(grep -c ': socket: direct' "$T/caller.err")" 1 \
	    "$server: still: by one socket"
}

asks_seldom()
{
	ss -Htno | grep -Eq 'timer:\(persist,([3-9]|[1-9][0-9])(\.[0-9]+)?sec'
}

random data 3000000

for kind in $SERVERS; do
	start_server "$kind" smacks proxy65
	moment 0 1000000 'at once'
	moment 0 0 'at once, and then nothing'
	moment 1 1000000 'after one byte'
	moment 6000 1000000 'in the middle of a block'
	moment 100000 0 'at the end of input'
	moment 4096 1 'one byte in the socket'
	rush 0 0 'no byte, and a socket'
	rush 1 0 'one byte, and a socket'
	rush 1 1 'one byte, and a socket after it'
	rush 3000000 1 'a socket on the way'
	rush 300000 300000 'a socket after the end'
	stalled
	[ "$kind" = ejabberd ] || still
	stop_server
done
done_testing
