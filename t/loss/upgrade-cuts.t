#!/bin/sh
#
# A stream comes back in-band when its socket breaks, whenever that is, and moves
# to a new one: no byte is lost, none comes twice.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/sockets.sh"

# The stream may not end before the last cut: after a socket that breaks at once,
# several times, xcat waits for up to half a minute.
slowly()	# bytes/s option ...: as fast as that it is read
{
	_rate=$1; shift
	rm -f "$T/listener.out"
	fifo out
	ln -s out "$T/listener.out"
	start reader "$PYTHON" "$LIB/slow.py" "$_rate" "$T/out" "$T/fast" \
	    "$MOST"
	listen_as bob listener -v "$@" -a "alice@$DOMAIN"
	start caller "$T/alice" -s -v -o upgrade-after=0 "$@" "bob@$DOMAIN" \
	    <"$T/large"
}

quickly()	# until its end
{
	touch "$T/fast"
	ended caller "$_what"
	ended listener "$_what"
	ended reader "$_what"
	check_same "$T/reader.out" "$T/large" "$_what: same"
	rm "$T/fast"
}

# Many times, at any moment: bytes are under way each time, in the socket and
# in what the listener has not yet written, because its reader is slow.
cuts()		# cuts bytes/s option ...
{
	_what="$server: $1 cuts" _cuts=$1; shift
	slowly "$@"
	_n=1
	while [ "$_n" -le "$_cuts" ] && wait_for 90 stands $_n; do
		sleep ".$(shuf -i 0-3 -n 1)$(shuf -i 0-9 -n 1)"
		cut
		_n=$((_n + 1))
	done
	is "$_n" "$((_cuts + 1))" "$_what: a new socket each time"
	ok "$_what: one more" wait_for 90 stands "$_n"
	quickly
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
	_what="$server: $1 cuts of anything" _cuts=$1; shift
	slowly "$@"
	wait_for 90 stands 1
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
	quickly
}

can_cut || skip_all 'ss -K does nothing here'
SIZE=$(by_tier 40000000 100000000)
MOST=$((SIZE - 12000000))		# by far more than is under way
random large "$SIZE"

for kind in $SERVERS; do
	start_server "$kind" smacks proxy65
	cuts "$(by_tier 6 40)" 1000000
	cuts 2 1000000 -o streamhost=none
	chaos "$(by_tier 6 30)" 1500000
	stop_server
done
done_testing
