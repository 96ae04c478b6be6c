#!/bin/sh
# -D: curl through a SOCKS5 forward; and clients that do it wrong.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"

start_server prosody
bob=bob@$DOMAIN

web=$(free_port) port=$(free_port) allowed=$(free_port)
mkdir "$T/www"
head -c 1000000 /dev/urandom >"$T/www/file"
start web "$PYTHON" -m http.server "$web" --bind 127.0.0.1 --directory "$T/www"
wait_for 60 socat -u /dev/null "TCP:127.0.0.1:$web" || bail 'no web server'

listen_as bob listener -k -a "alice@$DOMAIN" "*:$web=" "*:$allowed="
start forward "$T/alice" -D "$port" "$bob"
wait_for 20 said forward 'SOCKS5' || bail 'no forward'

get()	# url: through the forward
{
	rm -f "$T/got"
	curl -sS -m 30 -x "socks5h://127.0.0.1:$port" -o "$T/got" "$1"
}

ok 'by name' get "http://localhost:$web/file"
check_same "$T/got" "$T/www/file" 'by name: intact'
ok 'by address' get "http://127.0.0.1:$web/file"
check_same "$T/got" "$T/www/file" 'by address: intact'
refused()	# url reply what: curl has no document, and knows why
{
	get "$1" 2>"$T/err"
	is $? 97 "$3 is refused"
	like "$(cat "$T/err")" "\\($2\\)\$" "$3: reply $2"
}

refused "http://localhost:1/file" 2 'a port that is not listed'
refused "http://localhost:$allowed/file" 5 'a port where nobody listens'
refused "http://no.such.name.invalid:$web/file" '[15]' 'a name that does not exist'

# Only on loopback, unless an address is given.
ok 'bound to loopback only' sh -c "ss -Hltn 'sport = :$port' |
    awk '\$4 !~ /^(127\.0\.0\.1|\[::1\]):/ { bad = 1 } END { exit bad }'"

connected()	# does the forward have a connection of a client?
{
	ss -Htn "sport = :$port" | grep -q ESTAB
}

raw()	# what: bytes to the forward, each on its own; what comes back, in hex
{
	"$PYTHON" - "$port" "$1" <<-'END'
	import socket, sys
	s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
	s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
	s.settimeout(20)
	back = b''
	try:
	    for b in bytes.fromhex(sys.argv[2]):
	        s.send(bytes([b]))
	    s.shutdown(socket.SHUT_WR)
	    while piece := s.recv(65536):
	        back += piece
	except OSError:
	    pass
	print(back[:12].hex())
	END
}

hex()	# text
{
	printf '%s' "$1" | od -An -tx1 | tr -d ' \n'
}

port_hex=$(printf '%04x' "$web")
request=$(hex "GET /file HTTP/1.0

")
like "$(raw "0501000501000309$(hex localhost)$port_hex$request")" \
    '^050005000001000000000000' 'byte by byte, with data glued to the request'
is "$(raw 04010050)" '' 'SOCKS4 gets no answer'
is "$(raw 050102)" 05ff 'no method that we have'
is "$(raw 0500)" '' 'no method at all'
like "$(raw 05010005020001)" '^05000507' 'a command that we do not have'
like "$(raw 05010005010009)" '^05000508' 'a kind of address that we do not have'
like "$(raw 0501000501000300)" '^05000501' 'an empty name'
is "$(raw 0501000501)" 0500 'a client that goes away in the middle'
ok 'and on it goes' get "http://localhost:$web/file"

# Something there already, and several at once.
fails 1 "cannot listen on $port: Address already in use" \
    'a forward that cannot bind fails at once' "$T/alice" -L "$port" "$bob"
one=$(free_port) two=$(free_port)
start both "$T/alice" -L "$one" -L "127.0.0.1:$two" -L "$T/unix" "$bob" \
    "localhost:$web"
wait_for 20 said both "$T/unix" || diag 'no forwards'
for from in "TCP:127.0.0.1:$one" "TCP:127.0.0.1:$two" "UNIX:$T/unix"; do
	printf 'GET /file HTTP/1.0\r\n\r\n' |
	    socat -t 20 - "$from" | tail -c 1000000 >"$T/got"
	check_same "$T/got" "$T/www/file" "-L by ${from%%:*}"
done
is "$(stat -c %a "$T/unix")" 600 'a Unix socket is for its owner'
stop both
ok 'and is removed' [ ! -e "$T/unix" ]

# One that lists a name is asked for others, which lead to the same server: the
# reply is that the rules do not allow it, 2, and not 5 as above, and nobody is
# connected to.
listen_as carol narrow -k -a "alice@$DOMAIN" "localhost:$web="
port=$(free_port)
start inwards "$T/alice" -D "$port" "carol@$DOMAIN"
wait_for 20 said inwards 'SOCKS5' || bail 'no other forward'
ok 'the name that is listed' get "http://localhost:$web/file"
check_same "$T/got" "$T/www/file" 'the name that is listed: intact'
asked=$(grep -c GET "$T/web.err")
for host in 127.0.0.1 other.localhost localhost.localdomain \
    no.such.name.invalid; do
	refused "http://$host:$web/file" 2 "not listed: $host"
	ok "not listed: $host: said" \
	    wait_for 20 said inwards "no such service: $host:$web"
done
not_allowed=050005020001000000000000
is "$(raw "0501000501000309$(hex other.org)$port_hex")" $not_allowed \
    'a name that is not listed: the reply'
is "$(raw "050100050100017f000001$port_hex")" $not_allowed \
    'an address that is not listed: the reply'
is "$(grep -c GET "$T/web.err")" "$asked" 'the server has not been asked'
ok 'the listener goes on' get "http://localhost:$web/file"
check_same "$T/got" "$T/www/file" 'the listener goes on: intact'

# A client that has not said yet where to.
start quiet "$PYTHON" "$LIB/tcp.py" connect "$port" "recv=$T/rest"
wait_for 20 grep -q ready "$T/quiet.out" || bail 'no connection'
wait_for 20 connected || bail 'it is not accepted'
stop inwards
is "$status" 143 'a client that has said nothing: the end by a signal'
finish quiet 20

done_testing
