# gateway.sh: nginx as the reverse proxy in front of a server with http, and
# listeners behind it.  To be sourced after server.sh.
#
# The web server does not wait for as long as the server holds a request, is
# there when the server is not, takes no large requests, and forgets connections
# on which nothing goes.
# shellcheck shell=dash disable=SC2034,SC2154

# Seconds it waits for the server, and bytes that a request may have.
gateway_server()	# port seconds [bytes]
{
	cat <<-END
	server {
		listen 127.0.0.1:$1;
		client_max_body_size ${3:-1m};
		proxy_read_timeout $2s;
		proxy_http_version 1.1;
		proxy_set_header Upgrade \$http_upgrade;
		proxy_set_header Connection \$connection_upgrade;
		location / { proxy_pass http://127.0.0.1:$BEHIND; }
	}
	END
}

# The servers in nginx's words, in front of port $BEHIND.  The log has the port,
# the status and the size of each request.
start_gateway()	# text
{
	mkdir -p "$T/nginx"
	cat >"$T/nginx.conf" <<-END
	worker_processes 1;
	daemon off;
	pid $T/nginx/pid;
	events { worker_connections 256; }
	http {
		log_format short '\$server_port \$status \$request_length';
		access_log $T/nginx/access.log short;
		client_body_temp_path $T/nginx/body;
		proxy_temp_path $T/nginx/proxy;
		fastcgi_temp_path $T/nginx/fastcgi;
		uwsgi_temp_path $T/nginx/uwsgi;
		scgi_temp_path $T/nginx/scgi;
		map \$http_upgrade \$connection_upgrade {
			default upgrade; '' '';
		}
		$1
	}
	END
	[ "$(id -u)" != 0 ] || sed -i '1i user root;' "$T/nginx.conf"
	start nginx nginx -c "$T/nginx.conf" -e "$T/nginx/error.log"
	wait_for 20 [ -s "$T/nginx/pid" ] || {
		diag_file "$T/nginx.err"
		bail "nginx does not start"
	}
}

# How many requests to this port there were, with a status if one is given.
gateway_requests()	# port [status]
{
	grep -c "^$1 ${2-}" "$T/nginx/access.log"
}

asked_since()	# port number: there were more than that
{
	[ "$(gateway_requests "$1")" -gt "$2" ]
}

by_gateway()	# user port [ws]: its way is through nginx from now on
{
	case ${3-} in
	ws)	SERVER=ws://127.0.0.1:$2/xmpp-websocket ;;
	*)	SERVER=http://127.0.0.1:$2/http-bind ;;
	esac
	xcat_user "$1"
	SERVER=127.0.0.1:$PORT
}

# A call that reaches the listener of USER and is answered.
reaches()	# user what
{
	start call "$T/alice" -w 20 "$1@$DOMAIN" cat <"$LIB/gateway.sh"
	finish call 30
	if [ "$status" = 0 ] && cmp -s "$T/call.out" "$LIB/gateway.sh"; then
		pass "$server: $2"
	else
		fail "$server: $2"
		diag_file "$T/call.err"
		diag_file "$T/$1.err"
	fi
}

listener()	# user
{
	listen_as "$1" "$1" -v -k -a "alice@$DOMAIN" 'cat=!cat'
}

# Two seconds, and a listener on which nobody calls.
impatient()
{
	by_gateway bob "$IMPATIENT"
	listener bob
	ok "$server: bosh: a proxy's patience is learnt" \
	    wait_for 20 said bob 'a proxy does not wait for more than'
	wait_for 20 asked_since "$IMPATIENT" \
	    "$(($(gateway_requests "$IMPATIENT") + 2))"
	_late=$(gateway_requests "$IMPATIENT" 504)
	reaches bob 'bosh: a call through an impatient proxy'
	wait_for 20 asked_since "$IMPATIENT" \
	    "$(($(gateway_requests "$IMPATIENT") + 2))"
	is "$(gateway_requests "$IMPATIENT" 504)" "$_late" \
	    "$server: bosh: it is not tried again"
	reaches bob 'bosh: and another call'
	ok "$server: bosh: in one session" never said bob 'trying again'
	stop bob
}

never()		# command ...
{
	! "$@"
}

# The server cannot be reached for a moment.
gap()
{
	by_gateway bob "$PATIENT"
	listener bob
	stop relay
	signal KILL relay
	ok "$server: bosh: it is not there: nginx says so" \
	    wait_for 20 said bob 'HTTP status 502'
	start_relay
	reaches bob 'bosh: a call after that'
	ok "$server: bosh: in the same session" never said bob 'trying again'
	stop bob
}

start_relay()
{
	start relay socat "TCP-LISTEN:$BEHIND,bind=127.0.0.1,reuseaddr,fork" \
	    "TCP:127.0.0.1:$HTTPPORT"
	wait_for 20 listens "$BEHIND"
}

# 20,000 bytes a request, and blocks that would be larger.
narrow()
{
	by_gateway carol "$NARROW"
	listen_as bob bob -a "carol@$DOMAIN"
	start carol "$T/carol" -v -s -i -b 65535 "bob@$DOMAIN" <"$T/data"
	ended carol "$server: bosh: requests are limited"
	ended bob "$server: bosh: requests are limited"
	check_same "$T/bob.out" "$T/data" "$server: bosh: none is too large"
	ok "$server: bosh: what is too large is learnt" \
	    [ "$(gateway_requests "$NARROW" 413)" -le 8 ]
}

# A WebSocket on which nothing goes for two seconds is closed.
forgetful()
{
	by_gateway bob "$IMPATIENT" ws
	listener bob
	ok "$server: websocket: a proxy's patience is learnt" \
	    wait_for 30 said bob 'there will be less from now on'
	wait_for 20 said_last bob 'back'
	_lost=$(grep -c 'trying again' "$T/bob.err")
	sleep 3				# silence is what this is about
	reaches bob 'websocket: a call'
	is "$(grep -c 'trying again' "$T/bob.err")" "$_lost" \
	    "$server: websocket: the connection stays"
	stop bob
}

said_last()	# name what
{
	tail -n 1 "$T/$1.err" | grep -q "$2"
}

# All of that in front of a server of this kind.
gateway()	# prosody|ejabberd
{
	head -c 300000 /dev/urandom >"$T/data"
	start_server "$1" http
	IMPATIENT=$(free_port) PATIENT=$(free_port) NARROW=$(free_port)
	BEHIND=$(free_port)
	start_relay
	start_gateway "$(gateway_server "$IMPATIENT" 2
		gateway_server "$PATIENT" 60
		gateway_server "$NARROW" 60 20000)"
	impatient
	gap
	narrow
	forgetful
}
