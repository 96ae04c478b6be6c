#!/bin/sh
# A component that speaks as Prosody's mod_tcpproxy does, reached with -m.
# (Debian's prosody-modules comes without that module.)

. "${0%/*}/lib.sh"
. "${0%/*}/server.sh"

proxy=tcp.$DOMAIN
EXTRA="Component \"$proxy\"
	component_secret = \"open sesame\""
start_server prosody
start component "$PYTHON" -B "$TESTS/tcpproxy.py" "$COMPONENTPORT" "$proxy" 'open sesame'

ready()
{
	grep -q ready "$T/component.out"
}

wait_for 10 ready || bail 'no component'

web=$(free_port)
mkdir "$T/www"
head -c 1000000 /dev/urandom >"$T/www/file"
start web "$PYTHON" -m http.server "$web" --bind 127.0.0.1 --directory "$T/www"
wait_for 10 socat -u /dev/null "TCP:127.0.0.1:$web" || bail 'no web server'

printf 'GET /file HTTP/1.0\r\n\r\n' >"$T/request"
run "$T/alice" -m "$proxy" "127.0.0.1:$web" <"$T/request"
is "$status" 0 'the server ends the connection, a message says so: success'
tail -c 1000000 "$T/run.out" >"$T/got"
check_same "$T/got" "$T/www/file" 'what it sent is intact'

sink=$(free_port)
start sink socat -u "TCP-LISTEN:$sink,bind=127.0.0.1,reuseaddr,readbytes=1000000" \
    "OPEN:$T/sunk,creat"
wait_for 10 listens "$sink" || diag 'no sink'
run "$T/alice" -m -N "$proxy" "127.0.0.1:$sink" <"$T/www/file"
is "$status" 0 'sending through it'
finish sink 20
check_same "$T/sunk" "$T/www/file" 'what was sent is intact'

fails 5 'not-acceptable: closed before it was open' 'a port where nobody listens' \
    "$T/alice" -m -d "$proxy" 127.0.0.1:1
fails 5 'remote-server-not-found' 'a name that nobody has' \
    "$T/alice" -m -d "$proxy" nobody.invalid:1
fails 5 "Only message stanzas" 'without -m' "$T/alice" -d "$proxy" "127.0.0.1:$web"
fails 5 'No host or port' 'without a service' "$T/alice" -m -d "$proxy"

# The far end goes on after we have closed: nobody hears it, nobody minds.
chatter=$(free_port)
port=$(free_port)
start chatter socat "TCP-LISTEN:$chatter,bind=127.0.0.1,reuseaddr,fork" \
    SYSTEM:'while echo more; do sleep .1; done'
wait_for 10 listens "$chatter"
start forward "$T/alice" -m -L "$port" "$proxy" "127.0.0.1:$chatter"
wait_for 20 said forward forwarding || diag 'no forward'
for client in first second third; do
	is "$(socat -u "TCP:127.0.0.1:$port,readbytes=5" STDOUT)" more \
	    "what is left of a stream harms no other: $client client"
done
is "$(grep -c . "$T/forward.err")" 1 '... and is not worth a word'
stop forward

done_testing
