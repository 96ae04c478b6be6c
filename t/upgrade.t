#!/bin/sh
#
# A stream that runs moves to a socket, whenever that is, and back when the
# socket breaks, whenever that is: no byte is lost, none comes twice.

. "${0%/*}/lib.sh"
. "${0%/*}/server.sh"

LIMIT=100

ended()		# name what
{
	finish "$1" "$LIMIT"
	is "$status" 0 "$2: status of $1"
	[ "$status" = 0 ] || diag_file "$T/$1.err"
}

noise()		# file bytes
{
	head -c "$2" /dev/zero | openssl enc -aes-128-ctr -nosalt \
	    -pass "pass:$1" -md sha256 >"$T/$1" 2>/dev/null
}

# Descriptor 4 is the caller's input; what the listener writes is read at once.
open_stream()	# option ...
{
	fifo caller.in
	rm -f "$T/listener.out"		# it may lead to a fifo
	listen_as bob listener -v "$@" -a "alice@$DOMAIN"
	# shellcheck disable=SC2016
	start caller sh -c 'exec <"$1"; shift; exec "$@"' sh "$T/caller.in" \
	    "$T/alice" -s -v "$@" "bob@$DOMAIN"
	exec 4>"$T/caller.in"
}

close_stream()	# file what
{
	exec 4>&-
	ended caller "$2"
	ended listener "$2"
	check_same "$T/listener.out" "$T/$1" "$2: same"
}

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

stands()	# n: it has done so n times
{
	[ "$(grep -c ': socket: ' "$T/caller.err")" -ge "$1" ]
}

# All sockets of the stream: both ends have those that are not the server's.
cut()
{
	ss -Htnp | awk -v server=":$PORT" -v pid="$(pid_of caller)" '
	    $4 !~ server "$" && $5 !~ server "$" && index($0, "pid=" pid ",") {
		print $4, $5 }' |
	    while read -r _us _them; do
		ss -K src "$_us" dst "$_them"
	    done >/dev/null 2>&1
}

# Twenty times, at any moment: bytes are under way each time, in the socket and
# in what the listener has not yet written, because its reader is slow.
cuts()		# cuts bytes/s option ...
{
	_what="$server: $1 cuts" _cuts=$1 _rate=$2; shift 2
	rm -f "$T/listener.out"
	fifo out
	ln -s out "$T/listener.out"
	start reader "$PYTHON" "$TESTS/slow.py" "$_rate" "$T/out" "$T/fast"
	listen_as bob listener -v "$@" -a "alice@$DOMAIN"
	start caller "$T/alice" -s -v -o upgrade-after=0 "$@" "bob@$DOMAIN" \
	    <"$T/large"
	_n=1
	while [ "$_n" -le "$_cuts" ] && wait_for 30 stands $_n; do
		sleep ".$(shuf -i 0-3 -n 1)$(shuf -i 0-9 -n 1)"
		cut
		_n=$((_n + 1))
	done
	is "$_n" "$((_cuts + 1))" "$_what: a new socket each time"
	ok "$_what: one more" wait_for 30 stands "$_n"
	touch "$T/fast"
	ended caller "$_what"
	ended listener "$_what"
	ended reader "$_what"
	check_same "$T/reader.out" "$T/large" "$_what: same"
	rm "$T/fast"
}

# All connections of one process to the server.
cut_server()	# name
{
	ss -Htnp | awk -v server=":$PORT" -v pid="$(pid_of "$1")" '
	    $5 ~ server "$" && index($0, "pid=" pid ",") { print $4, $5 }' |
	    while read -r _us _them; do
		ss -K src "$_us" dst "$_them"
	    done >/dev/null 2>&1
}

# Sockets and logins, in any order: a socket may be offered, stand, move bytes or
# break while either end is away from its server.
chaos()		# cuts bytes/s option ...
{
	_what="$server: $1 cuts of anything" _cuts=$1 _rate=$2; shift 2
	rm -f "$T/listener.out"
	fifo out
	ln -s out "$T/listener.out"
	start reader "$PYTHON" "$TESTS/slow.py" "$_rate" "$T/out" "$T/fast"
	listen_as bob listener -v "$@" -a "alice@$DOMAIN"
	start caller "$T/alice" -s -v -o upgrade-after=0 "$@" "bob@$DOMAIN" \
	    <"$T/large"
	wait_for 30 stands 1
	_n=0
	while [ "$_n" -lt "$_cuts" ] && ! gone "$(pid_of caller)"; do
		sleep ".$(shuf -i 0-9 -n 1)$(shuf -i 0-9 -n 1)"
		case $(shuf -i 0-3 -n 1) in
		0)	cut_server caller ;;
		1)	cut_server listener ;;
		2)	cut_server caller; cut ;;
		3)	cut ;;
		esac
		_n=$((_n + 1))
	done
	is "$_n" "$_cuts" "$_what: it lives through them"
	touch "$T/fast"
	ended caller "$_what"
	ended listener "$_what"
	ended reader "$_what"
	check_same "$T/reader.out" "$T/large" "$_what: same"
	rm "$T/fast"
}

can_cut()
{
	perl -MIO::Socket::INET -e '
		$l = IO::Socket::INET->new(Listen => 1,
		    LocalAddr => "127.0.0.1") or exit 1;
		$c = IO::Socket::INET->new($l->sockhost . ":" . $l->sockport);
		$a = $l->accept;
		system("ss -K dst 127.0.0.1 dport = " . $l->sockport .
		    " >/dev/null 2>&1");
		$SIG{ALRM} = sub { exit 1 }; alarm 2;
		exit(defined sysread($c, $_, 1));'
}

noise data 3000000
noise large 100000000

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
	if can_cut; then
		cuts 20 3000000
		cuts 3 3000000 -o streamhost=none
		chaos 15 4000000
	else
		skip "$server: cuts" 'ss -K does nothing here'
	fi
	stop_server
done
done_testing
