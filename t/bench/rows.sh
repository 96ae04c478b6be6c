# rows.sh: the rows of the table, a function for each.  Sourced by bench.sh.
# shellcheck shell=dash disable=SC2153,SC2154

MB=1000000

each_server()	# function feature ...: it gets the kind of the one that runs
{
	_on=$1; shift
	for kind in $SERVERS; do
		start_server "$kind" "$@"
		"$_on" "$kind"
		stop_server
	done
}

# --- in-band -----------------------------------------------------------------

in_band_run()	# server bytes
{
	pump_up "$1.pump" "$2"
	xcat_up "$1.xcat" "$2" -i
	[ "$1" = prosody ] || return
	peer_up "$1.slix" $(($2 / 10)) "$PYTHON -B $LIB/slix.py"
	! have_js || js_up "$1.js" $(($2 / 10))
	for _peer in $PEERS; do
		peer_up "$1.$(basename "$_peer")" $(($2 / 10)) "$_peer"
	done
}

row_prosody()
{
	start_server prosody
	search $((SIZE * MB / 10))
	repeat in_band_run prosody $((SIZE * MB))
	_what="in-band, Prosody, $SIZE MB"
	row "$_what: the pump, $best" MB/s prosody.pump ''
	row "$_what: slixmpp" MB/s prosody.slix ''
	row "$_what: xmpp.js forwarder" MB/s prosody.js ''
	for _peer in $PEERS; do
		row "$_what: $_peer" MB/s "prosody.$(basename "$_peer")" ''
	done
	row "$_what: xcat : pump" MB/s prosody.xcat '>= 0.9' prosody.pump
	row "$_what: xcat : slixmpp" MB/s prosody.xcat '>= 5' prosody.slix
	row "$_what: xcat : xmpp.js" MB/s prosody.xcat '>= 4' prosody.js
	stop_server
}

row_ejabberd()
{
	start_server ejabberd
	search $((SIZE * MB / 5))
	repeat in_band_run ejabberd $((2 * SIZE * MB))
	_what="in-band, ejabberd, $((2 * SIZE)) MB"
	row "$_what: the pump, $best" MB/s ejabberd.pump ''
	row "$_what: xcat : pump" MB/s ejabberd.xcat '>= 0.8' ejabberd.pump
	stop_server
}

both_run()	# server bytes
{
	pump_up "$1.pump2" "$2" -b
	xcat_both "$1.xcat2" "$2" -i
}

both_on()	# server
{
	search $((SIZE * MB / 10)) -b
	repeat both_run "$1" $((SIZE * MB / 2))
	_what="both directions at once, $1"
	row "$_what: the pump, $best" MB/s "$1.pump2" ''
	row "$_what: xcat : pump" MB/s "$1.xcat2" '>= 0.9' "$1.pump2"
}

row_both()
{
	each_server both_on
}

websocket_run()	# server bytes
{
	xcat_up "$1.tcp" "$2" -i
	xcat_up "$1.wss" "$2" -i \
	    -c "wss://localhost:$HTTPSPORT/xmpp-websocket"
	pump_up "$1.pump_wss" "$2" -w -c "127.0.0.1:$HTTPSPORT"
}

websocket_on()	# server
{
	search $((SIZE * MB / 10)) -w -c "127.0.0.1:$HTTPSPORT"
	repeat websocket_run "$1" $((SIZE * MB / 2))
	_what="WebSocket, $1"
	row "$_what: the pump, $best" MB/s "$1.pump_wss" ''
	row "$_what: xcat : xcat over TCP" MB/s "$1.wss" '>= 0.7' "$1.tcp"
}

row_websocket()
{
	each_server websocket_on http
}

# --- at a distance -----------------------------------------------------------

# Every client goes through a relay from here on: a block and its answer take so
# long.
at_distance()	# round-trip [port]: ms; a multiple of 4
{
	# shellcheck disable=SC2034	# it is for bench.sh
	trip=$1 SINKMS=$((trip > 100 ? trip : 100))
	stop_distance
	start_distance road "${2:-$PORT}" -d $((trip / 4))
	# shellcheck disable=SC2154
	SERVER=127.0.0.1:$port_road
	for _user in $USERS; do
		xcat_user "$_user"
	done
}

stop_distance()
{
	SERVER=127.0.0.1:$PORT
	[ -z "${port_road-}" ] || stop road
	port_road=
}

# The best of some settings, by the rate at which the last third moves: where
# that is less than what the path holds, it comes at once.
pump_far()	# key argument ...: settings
{
	_key=$1; shift
	[ "$trip" -gt 100 ] && _size=$((40 * MB)) || _size=$((20 * MB))
	pump -n "$_size" "$@" >"$T/far" || bail 'the pump fails'
	diag "$server, $trip ms, $_key: $(awk '{ printf "%s %.1f; ", $1,
	    $3 / 1e6 }' "$T/far")"
	sample "$_key" "$(sort -k 3 -nr "$T/far" | head -n 1 |
	    cut -d ' ' -f 3)"
}

# Settings with windows for what a path of that length holds; only ejabberd is
# quick without padding.
windows()	# block rest
{
	[ "$server" = prosody ] || echo 24300:64:16384:1
	case $trip in
	0|20)	_n='16 32' ;;
	100)	_n='32 64' ;;
	*)	_n='64 128' ;;
	esac
	for _window in $_n; do
		echo "$1:$_window:$2"
	done
}

uptime_now()
{
	cut -d ' ' -f 1 /proc/uptime
}

xcat_far()	# key bytes option ...
{
	_far=$1 _size=$2; shift 2
	counted l
	metered_listener l "$@"
	_since=$(uptime_now)
	metered c alice -s "$@" "$bob" <"$(data "$_size")"
	done_well c
	done_well l
	rated "$_far.all" "$_size" l
	sample "$_far" "$(cut -d ' ' -f 4 "$T/l_sink.out")"
	sample "$_far.ramp" "$(cut -d ' ' -f 5 "$T/l_sink.out")e6"
	sample "$_far.first" "$(awk -v since="$_since" \
	    '{ printf "%.0f\n", ($2 - since) * 1e6 }' "$T/l_sink.out")"
}

distance_run()	# server
{
	for _ms in $DISTANCES; do
		at_distance "$_ms"
		# shellcheck disable=SC2046
		pump_far "$1.$_ms.pump" $(windows 48000 8192:8192)
		xcat_far "$1.$_ms.far" $((20 * MB)) -i
		[ "$_ms" != 100 ] || peer_up "$1.$_ms.slix" $((MB / 2)) \
		    "$PYTHON -B $LIB/slix.py"
	done
	stop_distance
}

distance_on()	# server
{
	repeat distance_run "$1"
	for _ms in $DISTANCES; do
		_what="at $_ms ms, $1"
		row "$_what: the pump, last third" MB/s "$1.$_ms.pump" ''
		row "$_what: xcat, last third : pump" MB/s "$1.$_ms.far" \
		    '>= 0.8' "$1.$_ms.pump"
		row "$_what: four fifths of that" ms "$1.$_ms.far.ramp" \
		    "<= $((10 * _ms + 1000))"
		row "$_what: the first byte" ms "$1.$_ms.far.first" ''
		row "$_what: all of 20 MB" MB/s "$1.$_ms.far.all" ''
	done
	row "at 100 ms, $1: slixmpp" MB/s "$1.100.slix" ''
	row "at 100 ms, $1: xcat : slixmpp" MB/s "$1.100.far.all" '>= 5' \
	    "$1.100.slix"
}

row_distance()
{
	each_server distance_on
}

# Over the transports of the web.  The pump begins a request of BOSH an eighth of
# the round trip after the last one, and goes up to what ejabberd takes.
web_run()	# server bytes
{
	at_distance 100 "$HTTPSPORT"
	# shellcheck disable=SC2046
	pump_far "$1.wss.pump" -w -c "127.0.0.1:$port_road" \
	    $(windows 48000 8192:8192)
	xcat_far "$1.wss.far" "$2" -i \
	    -c "wss://127.0.0.1:$port_road/xmpp-websocket"
	pump_far "$1.bosh.pump" -B -g $((trip / 8)) \
	    -c "127.0.0.1:$port_road" 24300:64:240000:1 24300:128:240000:1
	xcat_far "$1.bosh.far" "$2" -i \
	    -c "https://127.0.0.1:$port_road/http-bind"
	stop_distance
}

web_on()	# server
{
	repeat web_run "$1" $((20 * MB))
	for _by in wss bosh; do
		[ $_by = wss ] && _what=WebSocket || _what=BOSH
		_what="at 100 ms, $1, $_what"
		row "$_what: the pump, last third" MB/s "$1.$_by.pump" ''
		row "$_what: xcat, last third : pump" MB/s "$1.$_by.far" \
		    '>= 0.8' "$1.$_by.pump"
		row "$_what: four fifths of that" ms "$1.$_by.far.ramp" ''
		row "$_what: the first byte" ms "$1.$_by.far.first" ''
	done
}

row_distance_web()
{
	each_server web_on http
}

# A key beside bulk in another stream.
keys_far()	# server
{
	start_forward
	rtt -b -n 40 -i 100 >"$T/trips" || bail 'no trips'
	sample "$1.trip" $((trip * 1000))
	sample "$1.key50" "$(head -n 1 "$T/trips" | cut -d ' ' -f 1)"
	sample "$1.key99" "$(head -n 1 "$T/trips" | cut -d ' ' -f 2)"
	sample "$1.beside" "$(tail -n 1 "$T/trips")"
	stop_forward
}

# Two streams of two logins, which know nothing of each other: the lesser part of
# what came while both moved, but for the first quarter of that time.
two_far()	# server bytes
{
	counted l
	counted m
	metered_listener l -i
	metered_listener m -i -j "$bob/m" -a "carol@$DOMAIN"
	metered c alice -s -i "$bob" <"$(data "$2")"
	metered d carol -s -i "$bob/m" <"$(data "$2")"
	for _n in c d l m l_sink m_sink; do
		done_well $_n
	done
	_span=$(cut -d ' ' -f 2,3 "$T/l_sink.out" "$T/m_sink.out" | awk '
		NR == 1 || $1 > since { since = $1 }
		NR == 1 || $2 < till { till = $2 }
		END { print since + (till - since) / 4, till }')
	sample "$1.part" "$(awk -v span="$_span" '
		BEGIN { split(span, s, " ") }
		FNR == 1 { n++ }
		$1 <= s[1] { before[n] = $2 }
		$1 <= s[2] { after[n] = $2 }
		END {
			a = after[1] - before[1]
			b = after[2] - before[2]
			print (a < b ? a : b) / (a + b) }' \
	    "$T/l.marks" "$T/m.marks")"
}

shared_run()	# server bytes
{
	at_distance 100
	keys_far "$1"
	two_far "$1" "$2"
	stop_distance
}

shared_on()	# server
{
	repeat shared_run "$1" $((40 * MB))
	_what="at 100 ms, $1"
	row "$_what: a key beside bulk, median : round trip" ms "$1.key50" \
	    '<= 1.5' "$1.trip"
	row "$_what: a key beside bulk, 99th percentile" ms "$1.key99" \
	    '<= 3' "$1.trip"
	row "$_what: the bulk beside it" MB/s "$1.beside" ''
	row "$_what: the lesser part of two streams" % "$1.part" '>= 30'
}

row_distance_shared()
{
	each_server shared_on
}

# --- sockets -----------------------------------------------------------------

# Of a stream that begins in-band, and of bare TLS from a file to a reader: the
# rate of the last third, at which it would go on.
last_third()	# key name
{
	sample "$1.last" "$(cut -d ' ' -f 4 "$T/$2_sink.out")"
}

socket_up()	# key bytes what option ...
{
	_carried=$3 _k=$1 _s=$2; shift 3
	xcat_up "$_k" "$_s" -v "$@"
	last_third "$_k" l
	said c ": socket: $_carried" || bail "no $_carried socket"
}

direct_run()	# bytes
{
	nc_up direct.nc "$1"
	tube direct.tube "$1"
	tube_ends direct.ends "$1"
	socat_up direct.socat "$1"
	socat_up direct.socat64 "$1" -b 65536
	socket_up direct.xcat "$1" direct
}

row_direct()
{
	start_server ejabberd proxy65
	repeat direct_run $((10 * SIZE * MB))
	_what="socket, direct, $((10 * SIZE)) MB"
	row "$_what: nc, no TLS" MB/s direct.nc ''
	row "$_what: bare TLS" MB/s direct.tube ''
	row "$_what: the same from a file to a reader" MB/s direct.ends ''
	row "$_what: socat, TLS 1.3" MB/s direct.socat ''
	row "$_what: the same with -b 65536" MB/s direct.socat64 ''
	row "$_what: xcat : socat" MB/s direct.xcat '>= 1.0' direct.socat
	row "$_what: xcat : socat -b 65536" MB/s direct.xcat '>= 1.0' \
	    direct.socat64
	stop_server
}

through_proxy()	# command key bytes
{
	"$@" -x "127.0.0.1:$PROXYPORT" -X "proxy.$DOMAIN" -c "$SERVER" \
	    -C "$CAFILE" -j "alice@$DOMAIN/tube" -p "$(password alice)" \
	    -J "$bob/tube"
}

proxy_run()	# server bytes
{
	through_proxy tube "$1.tube" "$2"
	through_proxy tube_ends "$1.ends" "$2"
	last_third "$1.ends" tube
	socket_up "$1.proxied" "$2" proxy -o streamhost=none
}

proxy_on()	# server
{
	case $1 in
	ejabberd)	_mb=$((10 * SIZE)) ;;
	*)		_mb=$((2 * SIZE)) ;;
	esac
	repeat proxy_run "$1" $((_mb * MB))
	_what="socket, proxy of $1, $_mb MB"
	row "$_what: bare TLS" MB/s "$1.tube" ''
	row "$_what: the same from a file to a reader" MB/s "$1.ends" ''
	row "$_what: the last third of that" MB/s "$1.ends.last" ''
	row "$_what: xcat : bare TLS" MB/s "$1.proxied" '' "$1.tube"
	row "$_what: xcat, in-band first : file to reader" MB/s \
	    "$1.proxied" '' "$1.ends"
	row "$_what: xcat, last third : that of file to reader" MB/s \
	    "$1.proxied.last" '>= 0.9' "$1.ends.last"
}

row_proxy()
{
	each_server proxy_on proxy65
}

# Sockets that go through relays: three, since what is offered behind a relay is
# tried a little later, and must not be there first.
start_roads()	# round-trip: ms
{
	_road_hosts='' _port=$(free_port)
	for _n in 1 2 3; do
		start_distance "road$_n" "$_port" -d $(($1 / 2))
		eval "_road_hosts=\"\$_road_hosts \
		    -o streamhost=127.0.0.1:\$port_road$_n\""
	done
	_road_hosts="$_road_hosts -o streamhost=127.0.0.1:$_port"
}

stop_roads()
{
	for _n in 1 2 3; do
		stop "road$_n"
	done
}

# By the rate at which the last third moves.
steady()	# key bytes name
{
	rated "$1.all" "$2" "$3"
	sample "$1" "$(cut -d ' ' -f 4 "$T/$3_sink.out")"
	sample "$1.ramp" "$(cut -d ' ' -f 5 "$T/$3_sink.out")e6"
}

# The listener knows of the relays, since either may offer.
socket_steady()	# key bytes option ...
{
	_key=$1 _size=$2; shift 2
	counted l
	metered_listener l -v -o punch=no
	metered c alice -s -v -o punch=no -o upgrade-after=0 "$@" "$bob" \
	    <"$(data "$_size")"
	done_well c
	done_well l
	said c ': socket: direct' || bail 'no direct socket'
	steady "$_key" "$_size" l
	sample "$_key.most" "$(sed 's/.* //' "$T/c.meter")"
}

socat_steady()	# key bytes
{
	_tls=verify=0,openssl-min-proto-version=TLS1.3
	_tls=$_tls,cert=$CA/example.test.pem,key=$CA/example.test.key
	_port=$(free_port)
	counted taker
	start taker socat -b 65536 -u \
	    "OPENSSL-LISTEN:$_port,bind=127.0.0.1,reuseaddr,$_tls" STDOUT
	wait_for 10 listens "$_port" || bail 'socat does not listen'
	start_distance road "$_port" -d $((trip / 2))
	start giver socat -b 65536 -u "FILE:$(data "$2")" \
	    "OPENSSL:127.0.0.1:$port_road,$_tls"
	done_well giver
	done_well taker
	stop road
	port_road=
	steady "$1" "$2" taker
}

far_run()	# bytes
{
	far_sockets "$1"
	socket_keys
	server_far_run $((2 * $1))
}

far_sockets()	# bytes
{
	for trip in $FAR; do
		# shellcheck disable=SC2034	# for bench.sh
		SINKMS=$((trip > 100 ? trip : 100))
		socat_steady "far.$trip.socat" "$1"
		start_roads "$trip"
		# shellcheck disable=SC2086
		socket_steady "far.$trip" "$1" $_road_hosts
		stop_roads
	done
}

# A key beside bulk, each in a stream with a socket of its own.
socket_keys()
{
	start_roads 100
	# shellcheck disable=SC2086
	start_forward -v -o punch=no -o upgrade-after=0 $_road_hosts
	rtt -b -n 40 -i 100 >"$T/trips" || bail 'no trips'
	said c ': socket: direct' || bail 'no direct socket'
	sample far.trip 100000
	sample far.key50 "$(head -n 1 "$T/trips" | cut -d ' ' -f 1)"
	sample far.key99 "$(head -n 1 "$T/trips" | cut -d ' ' -f 2)"
	sample far.beside "$(tail -n 1 "$T/trips")"
	stop_forward
	stop_roads
}

# The socket is near, and the server is not.
server_far_run()	# bytes
{
	for _ms in 0 50 150; do
		at_distance "$_ms"
		socket_steady "server.$_ms" "$1"
	done
	stop_distance
}

row_far()
{
	start_server ejabberd
	FAR=$(echo "$DISTANCES" | sed 's/^0 //')
	repeat far_run $((5 * SIZE * MB))
	for _ms in $FAR; do
		_what="socket at $_ms ms"
		row "$_what: socat -b 65536, last third" MB/s \
		    "far.$_ms.socat" ''
		row "$_what: xcat, last third : socat" MB/s "far.$_ms" \
		    '>= 0.9' "far.$_ms.socat"
		row "$_what: four fifths of that" ms "far.$_ms.ramp" \
		    "<= $((10 * _ms + 1000))"
		row "$_what: all of $((5 * SIZE)) MB" MB/s "far.$_ms.all" ''
		row "$_what: resident memory of the sender, most" MB \
		    "far.$_ms.most" ''
	done
	_what="socket at 100 ms"
	row "$_what: a key beside bulk, median : round trip" ms far.key50 \
	    '<= 1.5' far.trip
	row "$_what: a key beside bulk, 99th percentile : round trip" ms \
	    far.key99 '<= 3' far.trip
	row "$_what: the bulk beside it" MB/s far.beside ''
	_what='socket near, server'
	row "$_what near" MB/s server.0 ''
	row "$_what near: resident memory of the sender, most" MB \
	    server.0.most ''
	row "$_what at 50 ms : near" MB/s server.50 '>= 0.9' server.0
	row "$_what at 150 ms : near" MB/s server.150 '>= 0.9' server.0
	stop_server
}

# Between two homes: without routers in the way, a socket by XEP-0065; through
# two, one that was punched.
routed_up()	# key bytes option ...: for both
{
	_key=$1 _size=$2; shift 2
	counted l
	metered_listener l -v "$@"
	metered c alice -s -v -o upgrade-after=0 "$@" "$bob" \
	    <"$(data "$_size")"
	done_well c
	done_well l
	said c ': socket: direct' || bail 'no direct socket'
	steady "$_key" "$_size" l
}

punched_run()	# bytes
{
	nat_plain ra
	nat_plain rb
	routed_up routed.plain "$1" -o punch=no
	said c ': through the routers' && bail 'it was punched'
	nat_routers ra
	nat_routers rb
	routed_up routed.punched "$1" -o portmap=no
	said c ': through the routers' || bail 'it was not punched'
}

row_punched()
{
	. "$LIB/nat.sh"
	. "$LIB/nat_streams.sh"
	nat_up 0
	trap nat_down EXIT	# the rest is cleaned up behind all rows
	trap 'exit 1' TERM
	nat_server ejabberd sic stun
	nat_user alice a
	nat_user bob b
	repeat punched_run $((5 * SIZE * MB))
	_what='socket between two homes'
	row "$_what, none behind a router" MB/s routed.plain ''
	row "$_what, punched through two : none" MB/s routed.punched \
	    '>= 0.9' routed.plain
	stop_server
}

# --- round trips -------------------------------------------------------------

# A forward and where it leads to: $near and $far are ports.
start_forward()	# option ...: in place of -i, for the caller
{
	[ $# -gt 0 ] || set -- -i
	near=$(free_port) far=$(free_port)
	rm -f "$T/l.out" "$T/c.out"	# they may have been counted
	metered_listener l -k -o punch=no -o max-streams=4096 \
	    -o max-streams-per-peer=4096 "$far"
	metered c alice -L "$near" "$@" "$bob" "$far"
	wait_for 30 said c forwarding || bail 'no forward'
}

stop_forward()
{
	stop c
	stop l
}

rtt()		# argument ...: through the forward
{
	timeout "$LIMIT" "$BENCH/rtt" "$@" "$far" "$near"
}

field()		# number words
{
	echo "$2" | head -n 1 | cut -d ' ' -f "$1"
}

# A byte on its way there and back wakes somebody eight times, an iq four times.
# Through a relay that does nothing it is four times as well, so that this and an
# iq are what cannot be less.
relay_run()	# key
{
	near=$(free_port) far=$(free_port)
	start relay socat \
	    "TCP-LISTEN:$near,bind=127.0.0.1,reuseaddr,nodelay" \
	    "TCP:127.0.0.1:$far,nodelay"
	wait_for 10 listens "$near" || bail 'socat does not listen'
	_trips=$(rtt -n 500 -i 2) || bail 'no trips'
	sample "$1" "$(field 1 "$_trips")"
	finish relay 10
}

idle_run()	# server
{
	_trips=$(pump -r 500 -i 2) || bail 'the pump fails'
	sample "$1.iq" "$(field 1 "$_trips")"
	relay_run "$1.relay"
	start_forward
	_trips=$(rtt -n 500 -i 2) || bail 'no trips'
	sample "$1.idle" "$(field 1 "$_trips")"
	stop_forward
}

idle_on()	# server
{
	repeat idle_run "$1"
	_what="one byte there and back, idle, $1"
	row "$_what: an iq" ms "$1.iq" ''
	row "$_what: a relay, no server" ms "$1.relay" ''
	row "$_what: xcat : iq" ms "$1.idle" '<= 1.2' "$1.iq"
}

row_idle()
{
	each_server idle_on
}

bulk_run()	# server
{
	start_forward
	_trips=$(rtt -n 500 -i 2) || bail 'no trips'
	sample "$1.before" "$(field 1 "$_trips")"
	rtt -b -n 500 -i 10 >"$T/trips" || bail 'no trips'
	sample "$1.p50" "$(head -n 1 "$T/trips" | cut -d ' ' -f 1)"
	sample "$1.p99" "$(head -n 1 "$T/trips" | cut -d ' ' -f 2)"
	sample "$1.rate" "$(tail -n 1 "$T/trips")"
	stop_forward
}

bulk_on()	# server
{
	repeat bulk_run "$1"
	_what="one byte, bulk in another stream, $1"
	row "$_what: the bulk" MB/s "$1.rate" ''
	row "$_what: median : idle" ms "$1.p50" '' "$1.before"
	row "$_what: 99th percentile : idle" ms "$1.p99" '<= 5' "$1.before"
}

row_bulk()
{
	each_server bulk_on
}

# Round trips are what a delay multiplies.
trips_run()	# key relay option
{
	for _ms in 0 50; do
		relay "$2" "pass;delay $_ms"
		# shellcheck disable=SC2086
		"$PYTHON" -B "$BENCH/startup.py" "$T/alice" $FLAGS -vv -i "$3" \
		    "$bob" >"$T/trip.$_ms" 2>"$T/trip.err" || {
			diag_file "$T/trip.err"
			bail 'nothing was confirmed'
		}
	done
	sample "$1" "$(awk 'NR == 1 { t = $1 } END { printf "%.0f\n", ($1 - t) / 100 }' \
	    "$T/trip.0" "$T/trip.50")"
	sample "$1.ms" "$(cat "$T/trip.0")e3"
}

trips_on()	# server [who goal goal]
{
	_who=${2-$1}
	start_relay starttls
	start_relay tls "$TLSPORT"
	metered_listener l -k -i 'sink=!cat >/dev/null'
	repeat trips_run "$_who.starttls" starttls "$(via starttls)"
	repeat trips_run "$_who.direct" tls "-cxmpps://127.0.0.1:$port_tls"
	_what="round trips to the first confirmed byte, $_who"
	row "$_what: STARTTLS" '' "$_who.starttls" "${3-<= 6}"
	row "$_what: direct TLS" '' "$_who.direct" "${4-<= 5}"
	row "$_what: STARTTLS without delay" ms "$_who.starttls.ms" ''
	stop l
	stop starttls
	stop tls
}

# The very first run, which is without delay, is given a token.
fast_trips()
{
	start_server prosody smacks sasl2
	trips_on prosody FAST '<= 4' '<= 4'
	grep -q 'logging in with HT-' "$T/trip.err" || bail 'no token was used'
	stop_server
}

tls_trips()
{
	start_server prosody smacks tls12
	trips_on prosody TLS-1.2 '' ''
	stop_server
}

row_trips()
{
	each_server trips_on smacks
	fast_trips
	tls_trips
}

# With a process that keeps the login: from the start of the program.
share_run()	# key
{
	for _ms in 0 50; do
		relay starttls "pass;delay $_ms"
		# shellcheck disable=SC2086
		"$PYTHON" -B "$BENCH/startup.py" -s "$T/alice" $FLAGS -vv -i \
		    -o share=60 "$(via starttls)" "$bob" >"$T/trip.$_ms" \
		    2>"$T/trip.err" || {
			diag_file "$T/trip.err"
			bail 'nothing was confirmed'
		}
		grep -q 'logged in' "$T/trip.err" && bail 'it has logged in'
	done
	sample "$1" "$(awk 'NR == 1 { t = $1 } END { printf "%.0f\n", ($1 - t) / 100 }' \
	    "$T/trip.0" "$T/trip.50")"
}

# A command there, by ssh(1) and by xcat: ms from its start to its end.
each_ms()	# key command ...: twenty times
{
	_key=$1; shift
	sample "$_key" "$(perl -MTime::HiRes=time -e '
		$t = time;
		for (1 .. 20) { system(@ARGV) == 0 or exit 1 }
		printf "%.2fe3\n", (time - $t) / 20 * 1000' "$@" </dev/null)" ||
	    bail "$_key fails"
}

share_ms()	# server
{
	each_ms "$1.share.ms" sh -c 'exec "$0" "$@" >/dev/null' "$T/alice" \
	    -o share=60 -d -i "$(via starttls)" "$bob" true
	each_ms ssh.share.ms sh -c 'exec ssh "$@" >/dev/null' ssh -F \
	    "$T/ssh_config" local true
}

end_share()
{
	"$T/alice" -i "$(via starttls)" -O exit >/dev/null
}

share_on()	# server
{
	[ -d "$T/runtime" ] || mkdir -m 700 "$T/runtime"
	export XDG_RUNTIME_DIR="$T/runtime"
	start_relay starttls
	metered_listener l -k -i 'sink=!cat >/dev/null' 'true=!true'
	"$T/alice" -q -d -i -o share=60 "$(via starttls)" "$bob" true
	repeat share_run "$1.share"
	relay starttls 'pass;delay 0'
	repeat share_ms "$1"
	row "round trips to the first confirmed byte, $1: shared login" '' \
	    "$1.share" '<= 1'
	row "a command by a shared login, $1" ms "$1.share.ms" ''
	end_share
	stop l
	stop starttls
}

row_share()
{
	. "$LIB/sshd.sh"
	start_sshd
	write_ssh_config <<-END
	Host local
		HostName 127.0.0.1
		Port $SSHPORT
		ControlPath $T/ssh.control
		ControlMaster auto
		ControlPersist 60
	END
	ssh -F "$T/ssh_config" local true </dev/null
	each_server share_on
	row "a command by ssh's ControlMaster" ms ssh.share.ms ''
	ssh -F "$T/ssh_config" -O exit local 2>/dev/null
	stop sshd
}

# --- what it costs -----------------------------------------------------------

row_cpu()
{
	for kind in $SERVERS; do
		if ! sampled "$kind.xcat.cpu"; then
			start_server "$kind"
			repeat xcat_up "$kind.xcat" $((SIZE * MB)) -i
			stop_server
		fi
		row "CPU in-band, $kind: the server" s "$kind.xcat.server" ''
		row "CPU in-band, $kind: both xcats : server" s \
		    "$kind.xcat.cpu" '<= 0.3' "$kind.xcat.server"
	done
}

# Behind meter(1) there is the xcat itself.
xcat_rss()	# name: KiB
{
	awk '$1 == "VmRSS:" { print $2 }' "/proc/$(pgrep -P "$(pid_of \
	    "$1")")/status"
}

# A stream by a socket, before anything has moved, and at rest for ten seconds
# after much has: a window of up to 128 MiB is taken as bytes need it, and given
# back.
memory_quiet()	# bytes
{
	fifo quiet
	exec 4<>"$T/quiet"
	counted l
	metered_listener l -w 15
	metered c alice -s -v -w 15 -o upgrade-after=0 "$bob" <"$T/quiet" 4>&-
	wait_for 30 said c ': socket: direct' || bail 'no direct socket'
	sample memory.new "$(xcat_rss c)"
	sample memory.new "$(xcat_rss l)"
	cat "$(data "$1")" >&4
	sleep 11
	sample memory.quiet "$(xcat_rss c)"
	sample memory.quiet.l "$(xcat_rss l)"
	exec 4>&-
	for _n in c l l_sink; do
		done_well "$_n"
	done
	sample memory.socket.most "$(sed 's/.* //' "$T/c.meter")"
}

memory_run()
{
	memory_quiet $((5 * SIZE * MB))
	xcat_up memory.one $((SIZE * MB)) -i
	sample memory.one.most "$(sed 's/.* //' "$T/l.meter" "$T/c.meter" |
	    sort -n | tail -n 1)"
	start_forward
	fifo hold
	# shellcheck disable=SC2016
	start many sh -c 'exec "$1" -w -n 1000 -s "$2" "$3" "$4" <"$5"' sh \
	    "$BENCH/many" $((SIZE * MB / 10)) "$far" "$near" "$T/hold"
	exec 4>"$T/hold"
	wait_for "$LIMIT" test -s "$T/many.out" || bail 'no 1,000 streams'
	sample memory.listener "$(xcat_rss l)"
	sample memory.forward "$(xcat_rss c)"
	exec 4>&-
	finish many 60
	stop_forward
	sample memory.peak "$(cut -d ' ' -f 3 "$T/l.meter")"
}

row_memory()
{
	start_server ejabberd
	repeat memory_run
	row 'resident memory, one new stream by socket' MB memory.new '<= 11'
	row "resident memory, quiet again after $((5 * SIZE)) MB, caller" MB \
	    memory.quiet '<= 11'
	row "resident memory, quiet again after $((5 * SIZE)) MB, listener" \
	    MB memory.quiet.l '<= 11'
	row 'resident memory, meanwhile, with the window, most' MB \
	    memory.socket.most ''
	row 'resident memory, one stream in-band, the larger xcat, most' MB \
	    memory.one.most '<= 8'
	row 'resident memory, 1,000 streams open, listener' MB \
	    memory.listener '<= 64'
	row 'resident memory, 1,000 streams open, forward' MB memory.forward ''
	row 'resident memory, 1,000 streams, listener, most' MB memory.peak ''
	stop_server
}

# --- servers that limit ------------------------------------------------------

limits_run()	# server
{
	start_forward
	rtt -b -n 20 -i 500 >"$T/trips" || bail 'no trips'
	sample "$1.key" "$(head -n 1 "$T/trips" | cut -d ' ' -f 3)"
	stop_forward
	xcat_up "$1.limited" 200000 -i
	sample "$1.limit" 10000
}

limits_on()	# server
{
	limits_run "$1"	# once: it takes its time
	_what="limit of 10 kB/s, $1"
	row "$_what: payload : limit" kB/s "$1.limited" '>= 0.7' "$1.limit"
	row "$_what: the slowest keystroke" ms "$1.key" '<= 2000'
}

row_limits()
{
	each_server limits_on limits
}

# --- many streams ------------------------------------------------------------

streams_run()	# bytes
{
	start_forward
	_n=0
	for _streams in 1 1000; do
		timeout "$LIMIT" "$BENCH/many" -n "$_streams" -s "$1" \
		    "$far" "$near" >"$T/many.$_streams" ||
		    bail "no $_streams streams"
		sample "streams.$_streams" "$(cut -d ' ' -f 2 \
		    "$T/many.$_streams")"
		sample "streams.open.$_streams" "$(cut -d ' ' -f 1 \
		    "$T/many.$_streams")"
	done
	stop_forward
}

row_streams()
{
	start_server ejabberd
	repeat streams_run $((SIZE * MB))
	row "streams, $SIZE MB in all: 1" s streams.1 ''
	row "streams, $SIZE MB in all: 1,000 : 1" s streams.1000 '<= 1.3' \
	    streams.1
	row 'streams: 1,000 opened' s streams.open.1000 ''
	stop_server
}

# --- under load --------------------------------------------------------------

# What a slice of the time was like: its fields are load.c's.
load_sample()	# time opened open rss descriptors cpu word 99% open 99% ...
{
	sample load.opened "$2"
	sample load.rss "$4"
	sample load.descriptors "$5"
	sample load.cpu "$6e-2"
	sample load.word "$7e3"
	sample load.word99 "$8e3"
	sample load.open "$9e3"
	shift 9
	sample load.open99 "$1e3"
	sample load.failed "$2"
}

row_load()
{
	. "$LIB/load.sh"
	start_loaded ejabberd 100
	load "$(pid_of listener)" -r 20 -d 20 -u 5 -f 100 -w 5 -t 18 -k 3 \
	    >"$T/slices" || bail 'no load'
	while read -r _slice; do
		# shellcheck disable=SC2086
		load_sample $_slice
	done <"$T/slices"
	_what='load, 100 accounts'
	row "$_what: streams opened in a second" '' load.opened '>= 19'
	row "$_what: streams that failed" '' load.failed '<= 0'
	row "$_what: resident memory, most" MB load.rss '<= 24'
	row "$_what: descriptors, most" '' load.descriptors ''
	row "$_what: processor time" % load.cpu '<= 25'
	row "$_what: a word there and back, median" ms load.word '<= 10'
	row "$_what: the same, 99th percentile" ms load.word99 '<= 100'
	row "$_what: a stream and its first word, median" ms load.open ''
	row "$_what: the same, 99th percentile" ms load.open99 ''
	stop listener
	stop_server
}

# --- folders -----------------------------------------------------------------

make_files()	# number bytes: in $T/photos, a hundred in a folder
{
	rm -rf "$T/photos"
	mkdir "$T/photos"
	perl -e 'my ($top, $n, $size) = @ARGV;
		srand 1;
		my $some = join "", map { chr rand 256 } 1 .. 4096;
		for my $i (0 .. $n - 1) {
			my $dir = sprintf "$top/%d", $i / 100;
			-d $dir or mkdir $dir or die;
			open my $f, ">", "$dir/file$i" or die;
			print $f substr $some, 0, $size % 4096;
			print $f $some for 1 .. $size / 4096;
			close $f or die;
		}' "$T/photos" "$1" "$2"
}

folder_pair()	# key option ...
{
	_pair=$1; shift
	folder_ms "$@"
	sample "$_pair" "${took}e3"
	tar_ms "$@"
	sample "$_pair.tar" "${took}e3"
	sample "$_pair.synced" "${synced}e3"
}

folder_rows()	# key what
{
	row "$2: tar through a stream" ms "$1.tar" ''
	row "$2: xcat : tar" ms "$1" '<= 1.3' "$1.tar"
	row "$2: xcat : tar, and a sync" ms "$1" '<= 1.3' "$1.synced"
}

folder_near()	# server number bytes way option ...
{
	_key=$1.$2.$4 _said="folder, $1, $4: $2 of $(($3 / 1000)) kB"
	make_files "$2" "$3"
	shift 4
	for _run in $(seq "$RUNS"); do
		folder_pair "$_key" "$@"
	done
	folder_rows "$_key" "$_said"
}

folder_on()	# server
{
	_direct='-o streamhost=none -o upgrade-after=0'
	folder_near "$1" 2000 4096 in-band -i
	# shellcheck disable=SC2086
	for _set in '10000 4096' '2000 4096' '100 1000000' '1 200000000'; do
		folder_near "$1" $_set direct $_direct
	done
	make_files 2000 4096
	for _ms in 20 100; do
		at_distance "$_ms"
		folder_pair "$1.$_ms" -i
		folder_rows "$1.$_ms" "folder, $1, $_ms ms: 2000 of 4 kB"
	done
	stop_distance
}

row_folder()
{
	each_server folder_on proxy65
}
