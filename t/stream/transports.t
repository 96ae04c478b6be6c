#!/bin/sh
#
# What goes over TCP goes over the other transports as well: WebSocket and BOSH
# in the clear (on loopback) and with TLS, through both servers.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"

CARRIER=ibb			# a socket would be off the transport
LIMIT=60
BLOCK=4096
bob=bob@$DOMAIN

# The caller closes when all is confirmed.
up()		# file
{
	listen_as bob listener -a "alice@$DOMAIN"
	start caller "$T/alice" -s "$bob" <"$T/$1"
	ended caller "$server, $transport: $1 up"
	ended listener "$server, $transport: $1 up"
	check_same "$T/listener.out" "$T/$1" "$server, $transport: $1 up"
}

both()		# file-up file-down
{
	listen_as bob listener -a "alice@$DOMAIN" <"$T/$2"
	start caller "$T/alice" "$bob" <"$T/$1"
	ended caller "$server, $transport: $1 up, $2 down"
	ended listener "$server, $transport: $1 up, $2 down"
	check_same "$T/listener.out" "$T/$1" "$server, $transport: $1 up at once"
	check_same "$T/caller.out" "$T/$2" "$server, $transport: $2 down at once"
}

transfers()
{
	up 0-bytes
	up block
	both 1-byte block-1
	both block+1 0-bytes
	both much much-more
}

# Several streams over one login, each with enough to fill the requests.
streams()
{
	listen_as bob listener -k -a "alice@$DOMAIN" 'cat=!cat'
	port=$(free_port)
	start caller "$T/alice" -L "$port" "$bob" cat
	wait_for 20 said caller 'xcat: forwarding'
	for n in 1 2 3 4; do
		start "client$n" socat -t 30 - "TCP:127.0.0.1:$port" \
		    <"$T/much"
	done
	for n in 1 2 3 4; do
		finish "client$n" "$LIMIT"
		check_same "$T/client$n.out" "$T/much" \
		    "$server, $transport: stream $n of four, there and back"
	done
	stop caller
	stop listener
}

# What it took, and why, is told.
told()
{
	listen_as bob listener -k -a "alice@$DOMAIN"
	run "$T/alice" -z "$bob"
	is "$status" 0 "$server, $transport: -z"
	like "$(cat "$T/run.out")" "^transport: $SERVER \\(from -c\\)$" \
	    "$server, $transport: -z names the transport"
	case $transport in
	wss|https)
		like "$(cat "$T/run.out")" '^server: .*, TLSv1\.[23]' \
		    "$server, $transport: and that it is encrypted" ;;
	*)	like "$(cat "$T/run.out")" '^server: .*, not encrypted' \
		    "$server, $transport: and that it is not encrypted" ;;
	esac
	stop listener
}

wrong_password()
{
	fails 4 'password|refused' "$server, $transport: wrong password" \
	    env XCAT_PASSWORD=wrong "$T/alice" "$bob"
}

head -c 0 /dev/null >"$T/0-bytes"
head -c 1 /dev/urandom >"$T/1-byte"
head -c $((BLOCK - 1)) /dev/urandom >"$T/block-1"
head -c $BLOCK /dev/urandom >"$T/block"
head -c $((BLOCK + 1)) /dev/urandom >"$T/block+1"
MUCH=$(by_tier 300000 1000000)	# more than a request of BOSH
head -c "$MUCH" /dev/urandom >"$T/much"
head -c "$MUCH" /dev/urandom >"$T/much-more"

for kind in $SERVERS; do
	start_server "$kind" http
	for transport in ws wss http https; do
		by_transport $transport
		transfers
		told
	done
	for transport in wss https; do
		by_transport $transport
		streams
		wrong_password
	done
	stop_server
done
done_testing
