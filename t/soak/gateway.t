#!/bin/sh
#
# Three minutes behind nginx, which waits for 8 or 60 seconds, by BOSH and by
# WebSocket: whenever somebody calls, the listener is there.

. "${0%/*}/../lib/lib.sh"
[ "$TIER${QUIET-}" != check ] ||
    skip_all 'loss/gateway-*.t have it in small; this is for make soak'
. "$LIB/server.sh"
. "$LIB/gateway.sh"

USERS='alice bob carol dave'
ACCOUNTS="$ACCOUNTS dave@$DOMAIN"
QUIET=${QUIET:-180}		# seconds without a call

listener()	# user
{
	listen_as "$1" "$1" -v -k -a "alice@$DOMAIN" 'cat=!cat'
	reaches "$1" "$1 is there"
}

for server in $SERVERS; do
	start_server "$server" http
	BEHIND=$HTTPPORT SHORT=$(free_port) LONG=$(free_port)
	start_gateway "$(gateway_server "$SHORT" 8; gateway_server "$LONG" 60)"
	by_gateway bob "$SHORT"
	by_gateway carol "$LONG"
	by_gateway dave "$LONG" ws
	for user in bob carol dave; do
		listener $user
	done
	sleep "$QUIET"
	for user in bob carol dave; do
		reaches $user "$user is there after $QUIET s"
		ok "$server: $user: in one session" \
		    never said $user 'trying again'
	done
	is "$(gateway_requests "$LONG" 504)" 0 \
	    "$server: a minute is never used up"
	ok "$server: eight seconds are no more than twice" \
	    [ "$(gateway_requests "$SHORT" 504)" -le 2 ]
	for user in bob carol dave; do
		stop $user
	done
	stop nginx
	stop_server
done
done_testing
