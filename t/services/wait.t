#!/bin/sh
#
# -W: a peer that is not there yet is waited for, quietly, and what is not worth
# waiting for is not.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"

LIMIT=60
wind 10

called()	# name: it has been told that the peer is not there
{
	said "$1" 'not there; waiting'
}

# The listener comes $2 seconds, of xcat's clock, after the caller was told that
# it is not there, or, if empty, before it.
late()		# description seconds
{
	[ -n "$2" ] || listen_as bob b -a "alice@$DOMAIN"
	echo hello >"$T/hello"
	start a "$T/alice" -v -W -s "bob@$DOMAIN" <"$T/hello"
	if [ -n "$2" ]; then
		wait_for 20 called a || fail "$1: it does not wait"
		_until=$(($(now_xcat) + $2))
		wait_for 60 later_than "$_until"
		listen_as bob b -a "alice@$DOMAIN"
	fi
	ended a "$1"
	ended b "$1"
	is "$(cat "$T/b.out")" hello "$1: what arrives"
}

later_than()	# second
{
	[ "$(now_xcat)" -ge "$1" ]
}

# What has been asked for: seconds of the asking, growing to 5.
growing()
{
	start a "$T/alice" -q -W -o wait=30 "bob@$DOMAIN"
	finish a
	is "$status" 5 'wait=30: it gives up'
	like "$(cat "$T/a.err")" '^xcat: .*nobody listens' 'and says why'
	is "$(wc -l <"$T/a.err")" 1 'in one line, and quietly until then'
	start a "$T/alice" -vv -o wait=30 "bob@$DOMAIN"
	finish a
	like "$(grep -c 'SENT <iq.*<open' "$T/a.err")" '^([89]|10)$' \
	    'it has asked at growing intervals, up to 5 s'
}

restarted()
{
	echo hello >"$T/hello"
	start a "$T/alice" -v -W -s "bob@$DOMAIN" <"$T/hello"
	wait_for 20 called a || fail 'it does not wait'
	restart_server
	listen_as bob b -a "alice@$DOMAIN"
	ended a "$server restarted"
	ended b "$server restarted"
	is "$(cat "$T/b.out")" hello "$server restarted: what arrives"
}

files()
{
	seq 1000 >"$T/file"
	start a "$T/alice" -v -W -s "bob@$DOMAIN" "$T/file"
	wait_for 20 called a || fail 'a file does not wait'
	${1:+restart_server}
	rm -rf "$T/got"
	mkdir "$T/got"
	listen_as bob b -r "$T/got" -a "alice@$DOMAIN"
	ended a 'a file'
	check_same "$T/file" "$T/got/file" 'a file: what arrives'
	ended b 'a file'
}

# A URL is offered until there is a program that may fetch it.
url()
{
	start a "$T/alice" -v -W -s -o oob=serve:127.0.0.1:0 "bob@$DOMAIN" \
	    "$T/file"
	wait_for 20 called a || fail 'a URL does not wait'
	${1:+restart_server}
	rm -rf "$T/got"
	mkdir "$T/got"
	listen_as bob b -r "$T/got" -a "alice@$DOMAIN" -o oob=fetch:any
	ended a "a URL${1:+, the server restarted}"
	check_same "$T/file" "$T/got/file" 'a URL: what arrives'
	ended b 'a URL'
	is "$(grep -c 'not there; waiting' "$T/a.err")" 1 'a URL: said once'
}

restart_server()
{
	stop_server
	wait_for 30 said a 'trying again'
	run_server
	wait_for 60 said a 'back: ' || fail 'it does not come back'
}

# -z waits, too, and ends as it does when it need not wait.
probe()
{
	start a "$T/alice" -v -W -z "bob@$DOMAIN"
	wait_for 20 called a || fail '-z does not wait'
	${1:+restart_server}
	listen_as bob b -a "alice@$DOMAIN"
	ended a "-z${1:+, the server restarted}"
	like "$(cat "$T/a.out")" "^reachable: bob@$DOMAIN/xcat\$" \
	    '-z says that it is there'
	stop b
	fails 5 'nobody listens' '-z gives up' sh -c \
	    '"$0" -q -o wait=2 -z "$1" >/dev/null' "$T/alice" "bob@$DOMAIN"
}

# It is the peer that is waited for: where our own server cannot be reached there
# may be a mistake in the command.
no_server()
{
	fails 3 'cannot reach|refused' 'a server that is not there' \
	    "$T/alice" -W -c "127.0.0.1:$(free_port)" "bob@$DOMAIN"
	fails 2 'jid|domain' 'an address that cannot be' \
	    "$T/alice" -W "bob@"
}

# Each connection waits its turn; with -D, too.
forwards()
{
	port=$(free_port) socks=$(free_port) web=$(free_port)
	start a "$T/alice" -W -L "$port" -D "$socks" "bob@$DOMAIN" "$web"
	wait_for 20 said a 'forwarding SOCKS5' || bail 'no forwarding'
	start web "$PYTHON" -m http.server -b 127.0.0.1 -d "$LIB/js" "$web"
	wait_for 20 listens "$web"
	for i in 1 2; do
		start "c$i" curl -s -m 60 "http://127.0.0.1:$port/package.json"
	done
	start c3 curl -s -m 60 -x "socks5h://127.0.0.1:$socks" \
	    "http://localhost:$web/package.json"
	listen_as bob b -k -a "alice@$DOMAIN" "$web" "localhost:*="
	for i in 1 2 3; do
		ended "c$i" "connection $i"
		check_same "$T/c$i.out" "$LIB/js/package.json" \
		    "connection $i: what it gets"
	done
	stop a
	stop b
}

hopeless()
{
	fails 4 'password' 'a wrong password' \
	    env XCAT_PASSWORD=wrong "$T/alice" -W "bob@$DOMAIN"
	listen_as bob b -k -a "alice@$DOMAIN" sh='!cat'
	fails 5 'no such service' 'a service that is refused' \
	    "$T/alice" -W "bob@$DOMAIN" other
	run "$T/alice" -z "bob@$DOMAIN"
	is "$status" 0 'the key is known'
	stop b
	rm "$T/home/bob/key.pem"
	listen_as bob b -k -a "alice@$DOMAIN"
	fails 5 'key has changed' 'another key' "$T/alice" -q -W "bob@$DOMAIN"
	stop b
	rm "$T/home/alice/known_peers"
}

for server in $SERVERS; do
	start_server "$server" smacks
	late "$server, before" ''
	late "$server, at once" 0
	late "$server, 1 s later" 1
	late "$server, 20 s later" 20
	restarted
	stop_server
done
start_server prosody
growing
files
files restarted
url
url restarted
probe
probe restarted
forwards
hopeless
no_server
done_testing
