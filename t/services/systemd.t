#!/bin/sh
#
# -L and -D on sockets that systemd would hand over, and readiness, which it would
# be told of.  Its part is played by activate.py.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/share.sh"

LIMIT=20

activate()	# argument-of-activate.py ... -- argument-of-xcat ...
{
	rm -f "$T"/news*
	_all=''
	while [ "$1" != -- ]; do
		_all="$_all $1"; shift
	done
	shift
	# shellcheck disable=SC2086
	start f "$PYTHON" "$LIB/activate.py" $_all -- "$T/alice" "$@"
}

ready()		# description
{
	wait_for 20 test -s "$T/news"
	is "$(cat "$T/news")" READY=1 "$1"
	[ -s "$T/news" ] || diag_file "$T/f.err"
}

fetches()	# description: through -D
{
	run curl -s -m 20 --socks5-hostname "127.0.0.1:$A" http://nowhere.test/
	is "$(cat "$T/run.out")" 'by socks' "$1"
}

# What one says to bob's services comes back with a name before it.
echoes()	# service description socat-address
{
	echo hello >"$T/hello"
	run socat -t 10 - "$3" <"$T/hello"
	is "$(cat "$T/run.out")" "$1: hello" "$2"
}

start_server prosody
listen_as bob b -k -a "alice@$DOMAIN" 'one=!sed "s/^/one: /"' \
    'two=!sed "s/^/two: /"' \
    '*:80=!printf "HTTP/1.0 200 Fine\r\n\r\nby socks\n"'
bob=bob@$DOMAIN
A=$(free_port) B=$(free_port) C=$(free_port)

# A connection may come first, which is the point of activation.
activate "$T/news" "$A" -- -L 9 "$bob" one
wait_for 60 listens "$A"
echoes one '-L: a socket of TCP; who comes early waits' "TCP:127.0.0.1:$A"
ready '-L: says that it is ready'
ok '-L: not before it has logged in' said f 'xcat: forwarding'
stop f

activate "$T/news" "$A" -- -o share=60 -L "$A" "$bob" one
ready '-o share: takes the socket, too'
echoes one '-o share: it works' "TCP:127.0.0.1:$A"
stop f

activate -a "$T/news" "$T/handed" -- -L 9 "$bob" two
ready '-L: the same to an abstract address'
echoes two '-L: a Unix socket' "UNIX:$T/handed"
stop f
ok '-L: it is not ours to remove' test -S "$T/handed"
rm "$T/handed"

activate "$T/news" "$A" -- -D 9 "$bob"
ready '-D'
fetches '-D: a socket of TCP'
stop f

activate "$T/news" "$A" "$T/handed" -- -L 9 -L "$C" "$bob" one
ready '-L -L'
echoes one '-L -L: the first one' "TCP:127.0.0.1:$A"
echoes one '-L -L: the second one' "UNIX:$T/handed"
ok '-L -L: nothing else' eval '! listens "$C"'
stop f
rm "$T/handed"

activate "$T/news" "$T/handed" "$A" -- -L 9 -D "$C" "$bob" two
ready '-L -D'
echoes two '-L -D: the first one' "UNIX:$T/handed"
fetches '-L -D: the second one'
stop f
rm "$T/handed"

if have_ipv6; then
	activate "$T/news" "$A" "[::1]:$A" "$T/handed" -- -L 9 "$bob" two
	ready 'three sockets for one -L'
	echoes two 'three sockets: IPv4' "TCP:127.0.0.1:$A"
	echoes two 'three sockets: IPv6' "TCP6:[::1]:$A"
	echoes two 'three sockets: Unix' "UNIX:$T/handed"
	stop f
	rm "$T/handed"
else
	skip 'three sockets for one -L' 'no IPv6'
fi

activate "$T/news" "$A" -- -L 9 -L "$B" "$bob" one
ready 'one socket for two -L'
echoes one 'one socket: the first takes it' "TCP:127.0.0.1:$A"
echoes one 'one socket: the second listens itself' "TCP:127.0.0.1:$B"
stop f

activate -p 1 "$T/news" "$A" -- -L "$B" "$bob" two
ready 'the sockets of another process'
echoes two '... are not taken: -L listens' "TCP:127.0.0.1:$B"
signal TERM f
finish f
is "$status" 143 '... and SIGTERM ends it'

activate -u "$T/news" "$A" -- -L "$B" "$bob" two
finish f
is "$status" 1 'a socket that cannot listen'
ok '... is named' said f 'xcat: LISTEN_FDS is 1, but descriptor 3 '

activate "$T/news" "$A" -- -L 9 -p "$T/wrong" "$bob"
finish f
is "$status" 2 'what is wrong in the configuration'
ok '... is never ready' [ ! -e "$T/news" ]

stop b
rm -f "$T/news"*
start b "$PYTHON" "$LIB/activate.py" "$T/news" -- "$T/bob" -l
wait_for 20 test -s "$T/news"
is "$(cat "$T/news")" READY=1 '-l says that it is ready'
ok '... when it listens' listening b
stop b
done_testing
