# cuts-web.sh: cuts on the transports of the web, on either side.  WebSocket is a
# connection like TCP: a cut loses the session, which is resumed; or not, for
# ejabberd's process of it may be caught for ever in what it was sending, until
# there is a new one (see away_is_ghost() in net/login/reconnect.c).  BOSH outlives
# its connections and repeats requests; its session is lost when nobody can be
# reached for long.  t/loss/cuts-web-*.t.
# shellcheck shell=dash

. "$LIB/cuts.sh"

LITTLE=$(by_tier 1000000 5000000)				# each way, over BOSH

by()		# transport relay: the option for xcat
{
	eval "_port=\$port_$2"
	case $1 in
	wss)	echo "-cwss://127.0.0.1:$_port/xmpp-websocket" ;;
	https)	echo "-chttps://127.0.0.1:$_port/http-bind" ;;
	esac
}

cut_little()	# relay seed
{
	cut_and_hurry "$1" "cuts $CUTS 1 $((LITTLE * 3 / CUTS)) $2"
}

# The server is out of reach for longer than requests are repeated.
lose_bosh()
{
	start_relay gone "$HTTPSPORT"
	# slow enough to be under way while it is away
	relay gone 'throttle up 250000; throttle down 250000'
	transfer gone "$(by https gone)" -4 little_up little_down
	wait_for 60 has_moved gone 500000 || bail 'nothing moves over BOSH'
	relay gone 'refuse; cut'
	ok "$server: gone: it notices" wait_for 120 says c_gone "$TRYING" 1
	relay gone pass
}

cut_wss()
{
	start_slow_relay wss_near "$HTTPSPORT"
	start_slow_relay wss_far "$HTTPSPORT"
	transfer wss "$(by wss wss_near)" "$(by wss wss_far)"
	cut_often wss_near "$SEED" "$CUTS"
	cut_often wss_far $((SEED + 1)) "$CUTS"
}

# Prosody 0.12 hears every other session that it resumes: none out of all these
# cuts is one chance in 2 to the power of their number.
both_resumed()	# count: so many, of both together
{
	[ $(($(lines c_wss "$RESUMED") + $(lines l_wss "$RESUMED"))) -ge "$1" ]
}

# Prosody 0.12 answers some of the repeated requests on connections that are no
# more, which takes over a minute to be found out: not there.
cut_bosh()
{
	start_slow_relay https_near "$HTTPSPORT"
	start_slow_relay https_far "$HTTPSPORT"
	transfer https "$(by https https_near)" "$(by https https_far)" \
	    little_up little_down
	cut_little https_near $((SEED + 2))
	cut_little https_far $((SEED + 3))
}

web()		# kind
{
	diag "SEED=$SEED"
	random up "$SIZE"
	random down "$SIZE"
	random little_up "$LITTLE"
	random little_down "$LITTLE"
	start_server "$1" smacks http
	cut_wss
	[ "$1" = prosody ] || cut_bosh
	lose_bosh
	came_through wss
	came_back c_wss wss_near "$BACK" 5 "$CUTS"
	came_back l_wss wss_far "$BACK" 5 "$CUTS"
	[ "$1" != prosody ] || ok "$1: wss: sessions were resumed" \
	    both_resumed 1
	if [ "$1" != prosody ]; then
		came_through https little_up little_down
		for _who in near far; do
			ok "$1: https: all cuts were made ($_who)" \
			    relay_said https_$_who 'cuts done'
		done
	fi
	came_through gone little_up little_down
	ok "$1: gone: and is back" says c_gone 'xcat: back: logged in again' 1
	stop_server
}
