#!/bin/sh
# Cuts on the roads of the web, on either side.  WebSocket is a connection like
# TCP: a cut loses the session, which is resumed.  BOSH outlives its connections
# and repeats requests; its session is lost when nobody can be reached for long.

. "${0%/*}/lib.sh"
. "$TESTS/cuts.sh"

LITTLE=5000000				# each way, over BOSH
CUTS=30

by()		# road relay: the option for xcat
{
	eval "_port=\$port_$2"
	case $1 in
	wss)	echo "-cwss://127.0.0.1:$_port/xmpp-websocket" ;;
	https)	echo "-chttps://127.0.0.1:$_port/http-bind" ;;
	esac
}

cut_little()	# relay seed
{
	relay "$1" "cuts $CUTS 1 $((LITTLE * 4 / CUTS)) $2"
}

begin()
{
	for _relay in wss_near wss_far https_near https_far gone; do
		start_relay $_relay "$HTTPSPORT"
	done
	cut_often wss_near "$SEED"
	cut_often wss_far $((SEED + 1))
	cut_little https_near $((SEED + 2))
	cut_little https_far $((SEED + 3))
	transfer wss "$(by wss wss_near)" "$(by wss wss_far)"
	transfer https "$(by https https_near)" "$(by https https_far)" \
	    little_up little_down
	# slow enough to be under way while it is away
	relay gone 'throttle up 500000; throttle down 500000'
	transfer gone "$(by https gone)" "$(by https https_far)" \
	    little_up little_down
}

# The server is out of reach for longer than requests are repeated.
lose_bosh()
{
	wait_for 60 has_moved gone 1000000 || bail 'nothing moves over BOSH'
	relay gone 'refuse; cut'
	ok "$server: gone: it notices" wait_for 120 says c_gone "$TRYING" 1
	relay gone pass
}

random up "$SIZE"
random down "$SIZE"
random little_up $LITTLE
random little_down $LITTLE
diag "SEED=$SEED"
for kind in $SERVERS; do
	start_server "$kind" smacks http
	begin
	lose_bosh
	came_through wss
	came_through https little_up little_down
	came_through gone little_up little_down
	came_back c_wss wss_near "$RESUMED" 5
	came_back l_wss wss_far "$RESUMED" 5
	for _who in near far; do
		ok "$server: https: all cuts were made ($_who)" \
		    relay_said https_$_who 'cuts done'
	done
	ok "$server: gone: and is back" says c_gone "$BACK" 1
	diag "$server: BOSH: $(grep '^xcat: back' "$T/c_gone.err" | head -n 1)"
	diag "$server: https: lost $(lines c_https "$TRYING") and $(lines l_https "$TRYING") sessions"
	for _relay in wss_near wss_far https_near https_far gone; do
		stop $_relay
	done
	stop_server
done
done_testing
