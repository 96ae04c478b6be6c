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
	stop_server
done
done_testing
