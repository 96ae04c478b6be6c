#!/bin/sh
#
# Through SOCKS5 and HTTP proxies of Debian, with users and without, by every
# transport; and proxies that refuse, hang, and talk nonsense.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"

LIMIT=60
bob=bob@$DOMAIN

# --- proxies -----------------------------------------------------------------

proxy_up()	# name: the one at $port
{
	wait_for 20 listens "$port" && return
	diag_file "$T/$1.err"
	bail "$1 does not listen"
}

start_microsocks()	# name option ...
{
	_proxy=$1; shift
	port=$(free_port)
	start "$_proxy" microsocks -i 127.0.0.1 -p "$port" "$@"
	proxy_up "$_proxy"
}

start_danted()
{
	port=$(free_port)
	cat >"$T/danted.conf" <<-END
	logoutput: $T/danted.log
	internal: 127.0.0.1 port = $port
	external: lo
	clientmethod: none
	socksmethod: none
	user.privileged: root
	user.unprivileged: nobody
	client pass { from: 0/0 to: 0/0 }
	socks block { from: 0/0 to: 0/0 port = 1 }
	socks pass { from: 0/0 to: 0/0 }
	END
	start danted danted -f "$T/danted.conf" -p "$T/danted.pid"
	proxy_up danted
}

start_tinyproxy()	# name line ...
{
	_proxy=$1; shift
	port=$(free_port)
	printf '%s\n' "Port $port" 'Listen 127.0.0.1' 'MaxClients 50' \
	    'Timeout 600' "$@" >"$T/$_proxy.conf"
	start "$_proxy" tinyproxy -d -c "$T/$_proxy.conf"
	proxy_up "$_proxy"
}

# --- what goes through -------------------------------------------------------

through()	# description argument ...
{
	_desc=$1; shift
	listen_as bob listener -a "alice@$DOMAIN" "$@"
	run "$T/alice" "$@" -s "$bob" <"$T/data"
	is "$status" 0 "$_desc"
	[ "$status" = 0 ] || diag_file "$T/run.err"
	finish listener 20
	check_same "$T/listener.out" "$T/data" "$_desc: 1 MB intact"
}

every_transport()	# description proxy
{
	through "$1, STARTTLS" -x "$2"
	through "$1, direct TLS" -x "$2" -c "xmpps://127.0.0.1:$TLSPORT"
	through "$1, WebSocket" -x "$2" \
	    -c "wss://127.0.0.1:$HTTPSPORT/xmpp-websocket"
	through "$1, BOSH" -x "$2" -c "https://127.0.0.1:$HTTPSPORT/http-bind"
}

real()
{
	start_microsocks open
	socks=$port
	every_transport microsocks "socks5://127.0.0.1:$port"
	start_tinyproxy tinyproxy
	http=$port
	every_transport tinyproxy "http://127.0.0.1:$port"
	if [ "$(id -u)" -eq 0 ]; then
		start_danted
		every_transport dante "socks5h://127.0.0.1:$port"
		fails 3 'proxy.*not allow.*check -x,' 'dante refuses' \
		    "$T/alice" -x "socks5://127.0.0.1:$port" \
		    -c 127.0.0.1:1 "$bob"
	else
		skip dante 'needs root'
	fi
}

# The proxy resolves: a name that nobody knows but its own hosts file.
names()
{
	fails 3 "proxy 127.0.0.1 port $socks: .*check -x," \
	    'a name that the proxy does not know' "$T/alice" \
	    -x "socks5://127.0.0.1:$socks" -c nowhere.invalid "$bob"
	fails 3 'refused' 'a port where nobody listens' "$T/alice" \
	    -x "socks5://127.0.0.1:$socks" -c "127.0.0.1:$(free_port)" "$bob"
	fails 3 'proxy.*refused' 'no proxy there' "$T/alice" \
	    -x "http://127.0.0.1:$(free_port)" "$bob"
}

users()
{
	start_microsocks closed -u user -P 'p@ss:word'
	_secret='user:p%40ss%3aword'
	through 'SOCKS5 with a password' \
	    -x "socks5://$_secret@127.0.0.1:$port"
	fails 3 'does not take the user' 'SOCKS5, wrong password' \
	    "$T/alice" -x "socks5://user:wrong@127.0.0.1:$port" "$bob"
	fails 3 'proxy' 'SOCKS5, no password' \
	    "$T/alice" -x "socks5://127.0.0.1:$port" "$bob"

	start_tinyproxy auth 'BasicAuth user pass23'
	through 'HTTP with a password' -x "http://user:pass%32%33@127.0.0.1:$port"
	fails 3 'user' 'HTTP, wrong password' \
	    "$T/alice" -x "http://user:wrong@127.0.0.1:$port" "$bob"
	fails 3 'wants a user' 'HTTP, no password' \
	    "$T/alice" -x "http://127.0.0.1:$port" "$bob"

	echo "proxy http://user:pass%32%33@127.0.0.1:$port" \
	    >"$T/home/alice/config"
	chmod 644 "$T/home/alice/config"
	fails 2 'chmod 600' 'a password for the proxy that others can read' \
	    "$T/alice" "$bob"
	chmod 600 "$T/home/alice/config"
	run "$T/alice" -vv -z "$DOMAIN"
	ok 'password from the configuration' said run 'logged in'
	ok 'which is not shown' sh -c '! grep -q "pass23\|dXNlcjpwYXNzMjM" "$1"' \
	    sh "$T/run.err"
	: >"$T/home/alice/config"
}

# A listener on each, as microsocks tells nobody whom it served: what is asked
# for behind the proxy can only be reached there.
environment()
{
	dead=socks5://127.0.0.1:$(free_port)
	fails 3 'proxy' 'ALL_PROXY' env ALL_PROXY="$dead" "$T/alice" "$bob"
	fails 3 'proxy' 'all_proxy' env all_proxy="$dead" "$T/alice" "$bob"
	fails 5 "$bob" 'no_proxy, the host' env ALL_PROXY="$dead" \
	    no_proxy=localhost,127.0.0.1 "$T/alice" "$bob"
	fails 5 "$bob" 'NO_PROXY, everything' env ALL_PROXY="$dead" \
	    NO_PROXY='*' "$T/alice" "$bob"
	fails 3 'proxy' 'no_proxy, another host' env ALL_PROXY="$dead" \
	    no_proxy=7.0.0.1,0.1 "$T/alice" "$bob"
	fails 5 "$bob" '-x, whatever the environment says' \
	    env ALL_PROXY="$dead" "$T/alice" -x "http://127.0.0.1:$http" "$bob"
	fails 2 'ALL_PROXY: .*kind of proxy' 'a proxy of another kind' \
	    env ALL_PROXY=socks4://127.0.0.1 "$T/alice" "$bob"
	fails 2 '-x: ' 'a proxy that is none' "$T/alice" -x nonsense "$bob"
	fails 2 'without TLS' 'http:// beyond a proxy is not on loopback' \
	    "$T/alice" -x "http://127.0.0.1:$http" \
	    -c "http://127.0.0.1:$HTTPPORT/http-bind" "$bob"
}

# --- those that are none -----------------------------------------------------

answers()	# name text: a server that answers so, and waits
{
	port=$(free_port)
	printf '%b' "$2" >"$T/answer"
	start "$1" socat \
	    "TCP-LISTEN:$port,bind=127.0.0.1,reuseaddr,fork" \
	    SYSTEM:"cat $T/answer; cat >/dev/null"
	proxy_up "$1"
}

nonsense()
{
	n=0
	for answer in 'HTTP/1.1 200 OK\r\n' '\004\000' '\005\000' \
	    '\005\000\005\000\000\021' '\005\000\005' '\005\377' '\005\002' \
	    '\005\000\005\001\000\001' '\005\000\005\143\000\001' ''; do
		n=$((n + 1))
		answers garbage "$answer"
		run "$T/alice" -w 1 -x "socks5://127.0.0.1:$port" "$bob"
		like "$status" '^[37]$' "SOCKS5 answer $n: status"
		is "$(wc -l <"$T/run.err")" 1 "SOCKS5 answer $n: a line"
		stop garbage
	done
	for answer in 'SSH-2.0-nonsense\r\n' 'HTTP/1.1 407 No\r\n\r\n' \
	    'HTTP/1.1 200\r\nX\r\n\r\n' 'HTTP/1.1 500 No\r\n\r\n' \
	    'HTTP/1.1 200 OK\n\n' 'HTTP/1.1 200 OK\r\n'; do
		n=$((n + 1))
		answers garbage "$answer"
		run "$T/alice" -w 1 -x "http://127.0.0.1:$port" "$bob"
		like "$status" '^[37]$' "HTTP answer $n: status"
		is "$(wc -l <"$T/run.err")" 1 "HTTP answer $n: a line"
		stop garbage
	done
	port=$(free_port)
	cat >"$T/endless" <<-'END'
	printf 'HTTP/1.1 200 OK\r\n'
	tr '\0' x </dev/zero
	END
	start garbage socat \
	    "TCP-LISTEN:$port,bind=127.0.0.1,reuseaddr,fork" \
	    "SYSTEM:sh $T/endless"
	proxy_up garbage
	fails 3 'too long' 'HTTP, an endless head' \
	    "$T/alice" -x "http://127.0.0.1:$port" "$bob"
	stop garbage
}

head -c 1000000 /dev/urandom >"$T/data"
start_server ejabberd http
real
names
users
environment
nonsense
done_testing
