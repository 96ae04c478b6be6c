#!/bin/sh
#
# URLs in the place of files, XEP-0066: offered, served and fetched, with nginx
# and curl at the other end, and with a web server that means no good.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/file.sh"

start_nginx()
{
	WEB=$(free_port) WEBTLS=$(free_port)
	mkdir "$T/nginx"
	cat >"$T/nginx.conf" <<-END
	worker_processes 1;
	daemon off;
	pid $T/nginx/pid;
	error_log $T/nginx/error.log;
	events { worker_connections 64; }
	http {
		access_log $T/nginx/access.log;
		client_body_temp_path $T/nginx/body;
		proxy_temp_path $T/nginx/proxy;
		fastcgi_temp_path $T/nginx/fastcgi;
		uwsgi_temp_path $T/nginx/uwsgi;
		scgi_temp_path $T/nginx/scgi;
		server {
			listen 127.0.0.1:$WEB;
			listen 127.0.0.1:$WEBTLS ssl;
			listen 127.0.0.2:$WEBTLS ssl;
			ssl_certificate $CA/example.test.pem;
			ssl_certificate_key $CA/example.test.key;
			root $T/www;
		}
	}
	END
	[ "$(id -u)" != 0 ] || sed -i '1i user root;' "$T/nginx.conf"
	start nginx nginx -c "$T/nginx.conf" -e "$T/nginx/error.log"
	wait_for 20 listens "$WEB" || {
		diag_file "$T/nginx.err"
		bail "nginx does not start"
	}
}

start_badweb()
{
	start badweb "$PYTHON" "$LIB/badweb.py"
	wait_for 20 test -s "$T/badweb.out" || bail "badweb.py does not start"
	BAD=http://127.0.0.1:$(cat "$T/badweb.out")
}

fetcher()	# name option ...
{
	_name=$1; shift
	listen_as bob "$_name" -a "alice@$DOMAIN" "$@"
}

offer_url()	# url: $status, $T/run.err
{
	run "$T/alice" -s -o "oob=$1" "bob@$DOMAIN"
}

fetched()
{
	empty_dir in
	for url in "http://127.0.0.1:$WEB/data" \
	    "https://localhost:$WEBTLS/data"; do
		fetcher bob -o oob=fetch:any -r "$T/in"
		offer_url "$url"
		is "$status" 0 "${url%%:*}: status"
		ended bob "${url%%:*}"
		ok "${url%%:*}: said" said bob ': data: 3000001 bytes fetched'
	done
	check_same "$T/in/data" "$T/www/data" "http: content"
	check_same "$T/in/data.1" "$T/www/data" "https: content"
	fetcher bob -o oob=fetch:any
	offer_url "http://127.0.0.1:$WEB/data?x#y"
	is "$status" 0 "to standard output: status"
	ended bob "to standard output"
	check_same "$T/bob.out" "$T/www/data" "to standard output: content"
	fetcher bob -o oob=fetch:any -r "$T/in"
	offer_url "http://127.0.0.1:$WEB/none"
	is "$status" 0 "an empty one: status"
	ended bob "an empty one"
	check_same "$T/in/none" /dev/null "an empty one: content"
}

# What cannot be kept is not whole.  The reader does not read, so that much has
# to be kept; and there is no memory for it.
unkept()
{
	# Sanitizers have a malloc of their own, before ours.
	! grep -q __asan_init "$XCAT" || return 0
	cc -shared -fPIC -D_GNU_SOURCE -o "$T/nomem.so" "$LIB/nomem.c" ||
	    bail "no shim"
	fifo bob.out
	exec 4<>"$T/bob.out"
	LD_PRELOAD=$T/nomem.so NOMEM=131072 fetcher bob -o oob=fetch:any
	offer_url "http://127.0.0.1:$WEB/data"
	is "$status" 5 "no memory: status of the sender"
	ended bob "no memory" 1
	ok "no memory: said" said bob 'fetching .*/data: out of memory'
	exec 4<&-
	rm "$T/bob.out"
}

# Each leaves the listener as it was.
refused()	# extended-regex-here there url what
{
	offer_url "$3"
	is "$status" 5 "$4: status"
	ok "$4: said" said run "$1"
	wait_for 20 said bob "$2" || diag_file "$T/bob.err"
	ok "$4: said there" said bob "$2"
	: >"$T/bob.err"
}

not_fetched()
{
	fetcher bob -k -r "$T/in"
	refused not-acceptable 'not without -o oob=fetch' \
	    "http://127.0.0.1:$WEB/data" "not allowed"
	stop bob
	empty_dir in
	fetcher bob -k -r "$T/in" -o oob=fetch:any -o max-size=3000000
	refused item-not-found 'there is none' \
	    "http://127.0.0.1:$WEB/nothing" "a 404"
	refused item-not-found 'too large' \
	    "http://127.0.0.1:$WEB/data" "larger than max-size"
	refused not-acceptable 'none of http or https' \
	    ftp://127.0.0.1/x "another scheme"
	refused not-acceptable 'none of http or https' \
	    file://localhost/etc/passwd "a file of ours"
	refused item-not-found 'refused' http://127.0.0.1:1/ "nobody there"
	refused item-not-found 'certificate' \
	    "https://127.0.0.2:$WEBTLS/data" "a certificate for another"
	refused item-not-found 'too many redirections' "$BAD/loop" "a loop"
	refused item-not-found 'too many redirections' "$BAD/chain/6" \
	    "six redirections"
	refused item-not-found 'too large' "$BAD/endless" "an endless body"
	refused item-not-found 'too large' "$BAD/endless-chunks" \
	    "endless chunks"
	refused item-not-found 'too large' "$BAD/long" "a terabyte"
	refused item-not-found 'fetching .*short' "$BAD/short" \
	    "less than announced"
	refused item-not-found 'no length that makes sense' "$BAD/two" \
	    "two lengths"
	refused item-not-found 'not https' "$BAD/to?file:///etc/passwd" \
	    "redirected to a file"
	refused item-not-found 'fetching' "$BAD/to?http://169.254.169.254/" \
	    "redirected to a link-local address"
	is "$(find "$T/in" -mindepth 1 | wc -l)" 0 "nothing is left of all that"
	offer_url "$BAD/chain/5"
	is "$status" 0 "five redirections are followed"
	stop bob
	is "$(cat "$T/in/5")" chain "to the document"
}

# What is behind the last slash becomes a name as harmless as any.
hostile_names()
{
	empty_dir outer
	mkdir "$T/outer/in"
	fetcher bob -k -r "$T/outer/in" -o oob=fetch:any
	for name in '..%2f..%2fx' %2e%2e .ssh -rf 'a%0ab%1bc' 'x%00y' \
	    'x%e2%80%aegpj.exe' '' %zz %ff '%5c..%5cx'; do
		offer_url "$BAD/name/$name"
		is "$status" 0 "URL of '$name': status"
	done
	stop bob
	# shellcheck disable=SC2012	# as it is shown
	(cd "$T/outer/in" && ls -Aq | LC_ALL=C sort) >"$T/names"
	LC_ALL=C sort >"$T/expected" <<-'END'
	x
	_.
	_ssh
	_rf
	a_b_c
	x%00y
	x_gpj.exe
	file
	%zz
	_
	x.1
	END
	check_same "$T/names" "$T/expected" "their names"
	is "$(find "$T/outer" -type f | wc -l)" 11 "none elsewhere"
}

# Nothing of this machine or of its network, however it is spelled.
ssrf()
{
	empty_dir in
	fetcher bob -k -r "$T/in" -o oob=fetch
	for host in 127.0.0.1 localhost 127.1 2130706433 0x7f000001 \
	    '[::1]' '[::ffff:127.0.0.1]' '[::ffff:7f00:1]' 0.0.0.0 '[::]' \
	    0 017700000001 10.0.0.1 192.168.0.1 172.16.0.1 100.64.0.1 \
	    169.254.169.254 '[fe80::1]' '[fd00::1]' '[64:ff9b::7f00:1]' \
	    224.0.0.1 255.255.255.255 user@127.0.0.1; do
		offer_url "http://$host:$WEB/data"
		is "$status" 5 "$host: not fetched"
	done
	is "$(find "$T/in" -mindepth 1 | wc -l)" 0 "nothing has come"
	is "$(wc -l <"$T/nginx/access.log")" "$visits" \
	    "and nobody was asked"
	stop bob
}

# A stranger learns nothing, and a message is as good as an iq.
peers()
{
	fetcher bob -k -r "$T/in" -o oob=fetch:any
	run "$T/carol" -s -o "oob=http://127.0.0.1:$WEB/data" "bob@$DOMAIN"
	is "$status" 5 "a stranger: status"
	ok "a stranger: said" said run service-unavailable
	start slix "$PYTHON" -B "$LIB/slixoob.py" "alice@$DOMAIN/slix" \
	    "$(password alice)" "$SERVER" "$CAFILE" "bob@$DOMAIN/xcat" \
	    "http://127.0.0.1:$WEB/data"
	finish slix 60
	is "$(cat "$T/slix.out")" result "slixmpp offers by iq"
	ok "slixmpp offers by message" wait_for 30 test -e "$T/in/data.1"
	check_same "$T/in/data.1" "$T/www/data" "slixmpp: content"
	stop bob
}

serve()
{
	start alice "$T/alice" -v -s -o "oob=serve:127.0.0.1:0" \
	    "bob@$DOMAIN" "$T/www/a name.bin"
}

# By xcat itself, for xcat; then for curl, which is told by a peer that only
# prints what it is offered.
served()
{
	empty_dir in
	fetcher bob -o oob=fetch:any -r "$T/in"
	serve
	ended alice "served to xcat"
	ended bob "served to xcat"
	check_same "$T/in/a name.bin" "$T/www/a name.bin" \
	    "served to xcat: content"

	start slix "$PYTHON" -B "$LIB/slixoob.py" "bob@$DOMAIN/xcat" \
	    "$(password bob)" "$SERVER" "$CAFILE"
	wait_for 30 said slix listening || bail "slixmpp does not log in"
	serve
	wait_for 30 test -s "$T/slix.out" || bail "nothing is offered"
	url=$(cat "$T/slix.out")
	like "$url" '^http://127\.0\.0\.1:[0-9]+/[0-9a-f]{32}/a%20name\.bin$' \
	    "a path that nobody guesses"
	run curl -sS --fail -o "$T/got" "$url"
	check_same "$T/got" "$T/www/a name.bin" "curl: content"
	run curl -sS --fail -r 1000-1999 -o "$T/got" "$url"
	part 1000 1000
	check_same "$T/got" "$T/part" "curl: a range"
	run curl -sS --fail -r -500 -o "$T/got" "$url"
	part 499501 500
	check_same "$T/got" "$T/part" "curl: the last bytes"
	head -c 100000 "$T/www/a name.bin" >"$T/got"
	run curl -sS --fail -C - -o "$T/got" "$url"
	check_same "$T/got" "$T/www/a name.bin" "curl: going on"
	run curl -sS -o "$T/got" -w '%{http_code}' -r 500001- "$url"
	is "$(cat "$T/run.out")" 416 "curl: beyond the end"
	run curl -sS -o "$T/got" -w '%{http_code}' -X POST -d x "$url"
	is "$(cat "$T/run.out")" 405 "curl: not GET"
	run curl -sS -o "$T/got" -w '%{http_code}' "${url%/*}/"
	is "$(cat "$T/run.out")" 404 "curl: another path"
	run curl -sS -I "$url"
	like "$(tr -d '\r' <"$T/run.out")" '^Content-Length: 500001$' \
	    "curl: HEAD"
	start strangers "$PYTHON" -c "$strangers" "$url"
	wait_for 20 said strangers here || bail "no strangers"
	run curl -sS --fail -o "$T/got" "$url"
	check_same "$T/got" "$T/www/a name.bin" "curl: beside strangers"
	signal KILL strangers
	finish strangers
	signal USR1 slix
	ended alice "the answer ends it"
	fails 7 "Failed to connect|Couldn't connect" "nobody serves any more" \
	    curl -sS "$url"
	signal KILL slix
	finish slix

	start slix "$PYTHON" -B "$LIB/slixoob.py" "bob@$DOMAIN/xcat" \
	    "$(password bob)" "$SERVER" "$CAFILE"
	wait_for 30 said slix listening || bail "slixmpp does not log in"
	fails 7 'no answer: it may be a client that shows addresses' \
	    "a client that does not answer" \
	    "$T/alice" -w 1 -s -o "oob=http://127.0.0.1:1/" "bob@$DOMAIN"
	serve
	ok "without -w it is told soon, too" wait_for 30 \
	    said alice 'no answer: it may be a client.*; still waiting'
	stop alice
	: >"$T/slix.out"
	serve
	wait_for 30 test -s "$T/slix.out" || bail "nothing is offered"
	signal USR1 slix
	ended alice "an answer without having fetched it" 6
	ok "an answer without having fetched it: said" \
	    said alice 'has not fetched all of it'
	signal KILL slix
	finish slix
}

# As many connections as xcat has places for: half of them say nothing, the others
# have been told that there is nothing for them, and go on.
strangers='
import socket, sys, time, urllib.parse
u = urllib.parse.urlsplit(sys.argv[1])
all = [socket.create_connection((u.hostname, u.port)) for _ in range(8)]
for s in all[:4]:
    s.sendall(b"GET / HTTP/1.1\r\n\r\n")
    s.recv(1000)
print("here", file=sys.stderr, flush=True)
while True:
    time.sleep(0.1)
    for s in all[:4]:
        try:
            s.sendall(b"x")
        except OSError:
            pass
'

part()		# offset length
{
	tail -c +$(($1 + 1)) "$T/www/a name.bin" | head -c "$2" >"$T/part"
}

words()
{
	fails 2 'name one file' "serve without a file" \
	    "$T/alice" -s -o oob=serve "bob@$DOMAIN"
	fails 2 'takes the place of files' "a URL and a file" \
	    "$T/alice" -s -o oob=http://x/ "bob@$DOMAIN" "$T/www/data"
	fails 2 'give serve' "neither of them" \
	    "$T/alice" -s -o oob=x "bob@$DOMAIN"
	fails 2 'takes fetch' "a listener serves nothing" \
	    "$T/bob" -l -o oob=serve
	fails 2 'in the clear' "not with e2e=require" \
	    "$T/alice" -s -o e2e=require -o oob=serve "bob@$DOMAIN" \
	    "$T/www/data"
}

mkdir "$T/www"
head -c 3000001 /dev/urandom >"$T/www/data"
head -c 500001 /dev/urandom >"$T/www/a name.bin"
: >"$T/www/none"
start_server prosody
start_nginx
start_badweb
words
fetched
unkept
not_fetched
hostile_names
visits=$(wc -l <"$T/nginx/access.log")
ssrf
rm -rf "$T/in"
empty_dir in
peers
served
done_testing
