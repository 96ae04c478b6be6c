#!/bin/sh
#
# Streams between two homes behind routers: by a direct way through both, found
# while bytes go in-band.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/nat.sh"

LIMIT=60
nat_up 25

# What goes through: some at once, some when the way has been found.
try()		# what socket-regex|'' option ...
{
	_what="$server: $1" _re=$2; shift 2
	fifo caller.in
	listen_as bob listener -v -a "alice@$DOMAIN"
	start caller sh -c 'exec <"$1"; shift; exec "$@"' sh "$T/caller.in" \
	    "$T/alice" -s -v -o upgrade-after=0 "$@" "bob@$DOMAIN"
	exec 4>"$T/caller.in"
	head -c 100000 "$T/data" >&4
	ok "$_what" wait_for 30 said caller "$_re"
	tail -c +100001 "$T/data" >&4
	exec 4>&-
	ended caller "$_what"
	ended listener "$_what"
	check_same "$T/data" "$T/listener.out" "$_what: all of it"
	said caller "$_re" || { diag_file "$T/caller.err"
	    diag_file "$T/listener.err"; }
}

# IPv6 is let out, but nothing of it in or through.
routers()	# drop|reset|closed [option of masquerade]
{
	for _r in ra rb; do
		nat_masquerade "$_r" "${2-}"
		nat_unexpected "$_r" "$1"
		at "$_r" nft -f - <<-END
		table ip6 closed {
			chain forward {
				type filter hook forward priority filter;
				policy drop;
			}
		}
		END
	done
}

head -c 5000000 /dev/urandom >"$T/data"
for server in $SERVERS; do
	nat_plain ra
	nat_plain rb
	nat_server "$server" sic stun
	nat_user alice a
	nat_user bob b
	for how in drop reset closed; do
		routers $how
		try "$how" ': socket: direct, 198\.51\.100\.2' -o portmap=no
	done
	routers drop fully-random
	try 'no way' ': no way through the routers: ' -o portmap=no
	for option in -i '-o punch=no' '-o streamhost=none'; do
		listen_as bob listener -v -a "alice@$DOMAIN"
		# shellcheck disable=SC2086	# an option and its value
		run "$T/alice" -s -vv -o upgrade-after=0 $option \
		    "bob@$DOMAIN" <"$T/data"
		ended listener "$server: $option"
		ok "$server: $option: no candidate leaves" sh -c \
		    '! grep -q "<candidate " "$1"' sh "$T/run.err"
	done
	stop_server
done
done_testing
