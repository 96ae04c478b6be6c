#!/bin/sh
#
# Much by each of the other transports, in-band, up or down or both.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"

# shellcheck disable=SC2034	# server.sh's
CARRIER=ibb
LIMIT=280
MUCH=$(by_tier 1000000 100000000)
bob=bob@$DOMAIN

transfer()	# file-up file-down
{
	began=$(now)
	listen_as bob listener -a "alice@$DOMAIN" <"$T/$2"
	start caller "$T/alice" "$bob" <"$T/$1"
	for name in caller listener; do
		ended $name "$server, $transport: $1 up, $2 down"
	done
	check_same "$T/listener.out" "$T/$1" "$server, $transport: $1 up"
	check_same "$T/caller.out" "$T/$2" "$server, $transport: $2 down"
	diag "$server, $transport: $1 up, $2 down: $(($(now) - began)) s"
}

: >"$T/nothing"
head -c "$(by_tier 300000 3000000)" /dev/zero >"$T/zeros"
head -c "$MUCH" /dev/urandom >"$T/random-1"
head -c "$MUCH" /dev/urandom >"$T/random-2"

for kind in $SERVERS; do
	start_server "$kind" http smacks
	for transport in ws wss http https; do
		by_transport $transport
		case $transport in
		wss)	transfer random-1 random-2 ;;
		ws)	transfer random-1 nothing ;;
		*)	transfer nothing random-1 ;;
		esac
		transfer zeros zeros
	done
	stop_server
done
done_testing
