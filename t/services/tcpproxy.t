#!/bin/sh
# A component that speaks as Prosody's mod_tcpproxy does, reached with -m.
# (Debian's prosody-modules comes without that module.)  Then the other way
# round: a client of that module calls an xcat -l.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"

proxy=tcp.$DOMAIN
start_component "$proxy" tcpproxy.py

web=$(free_port)
mkdir "$T/www"
head -c 1000000 /dev/urandom >"$T/www/file"
start web "$PYTHON" -m http.server "$web" --bind 127.0.0.1 --directory "$T/www"
wait_for 60 socat -u /dev/null "TCP:127.0.0.1:$web" || bail 'no web server'

printf 'GET /file HTTP/1.0\r\n\r\n' >"$T/request"
run "$T/alice" -m "$proxy" "127.0.0.1:$web" <"$T/request"
is "$status" 0 'the server ends the connection, a message says so: success'
tail -c 1000000 "$T/run.out" >"$T/got"
check_same "$T/got" "$T/www/file" 'what it sent is intact'

sink=$(free_port)
start sink socat -u "TCP-LISTEN:$sink,bind=127.0.0.1,reuseaddr,readbytes=1000000" \
    "OPEN:$T/sunk,creat"
wait_for 60 listens "$sink" || diag 'no sink'
run "$T/alice" -m -N "$proxy" "127.0.0.1:$sink" <"$T/www/file"
is "$status" 0 'sending through it'
finish sink 20
check_same "$T/sunk" "$T/www/file" 'what was sent is intact'

fails 5 'not-acceptable: closed before it was open' 'a port where nobody listens' \
    "$T/alice" -m -d "$proxy" 127.0.0.1:1
fails 5 'check the domain .remote-server-not-found' 'a name that nobody has' \
    "$T/alice" -m -d "$proxy" nobody.invalid:1
fails 5 "Only message stanzas" 'without -m' "$T/alice" -d "$proxy" "127.0.0.1:$web"
fails 5 'No host or port' 'without a service' "$T/alice" -m -d "$proxy"

# The far end goes on after we have closed: nobody hears it, nobody minds.
chatter=$(free_port)
port=$(free_port)
start chatter socat "TCP-LISTEN:$chatter,bind=127.0.0.1,reuseaddr,fork" \
    SYSTEM:'while echo more; do sleep .1; done'
wait_for 60 listens "$chatter"
start forward "$T/alice" -m -L "$port" "$proxy" "127.0.0.1:$chatter"
wait_for 20 said forward forwarding || diag 'no forward'
for client in first second third; do
	is "$(socat -u "TCP:127.0.0.1:$port,readbytes=5" STDOUT)" more \
	    "what is left of a stream harms no other: $client client"
done
is "$(grep -c . "$T/forward.err")" 1 '... and is not worth a word'
stop forward

# --- xcat in place of the module -----------------------------------------------

listen_as bob listener -v -k -a "alice@$DOMAIN" "*:$web=" \
    "sink.example:100=!cat >'$T/taken'; touch '$T/done'"

calls()		# service slixmpp-option ...
{
	_service=$1; shift
	run "$T/slix-alice" -m -S "$_service" "$@" call "bob@$DOMAIN/xcat"
}

calls "127.0.0.1:$web" <"$T/request"
is "$status" 0 'a caller of message stanzas: the service ends it'
tail -c 1000000 "$T/run.out" >"$T/got"
check_same "$T/got" "$T/www/file" '... and what it sent is intact'
calls sink.example:100 -N <"$T/www/file"
is "$status" 0 'a caller closes by a message'
wait_for 20 test -e "$T/done"
check_same "$T/taken" "$T/www/file" '... and what it sent is intact'
ok '... with an end that is one' wait_for 60 said listener 'exit status 0'
calls 127.0.0.1:1
is "$status" 1 'a port that is not offered'
ok '... is refused' said run 'refused: item-not-found: no such service'
calls "127.0.0.1:$web" <"$T/request"
is "$status" 0 'and the listener goes on'
is "$(grep -c 'bytes confirmed' "$T/listener.err")" 0 'no stream broke'
stop listener

done_testing
