#!/bin/sh
#
# Where TCP does not get through: WebSocket and BOSH by what the domain says in
# its host-meta (XEP-0156), to be had from a real web server.

. "${0%/*}/../lib/lib.sh"
. "$LIB/network.sh"
own_network
. "$LIB/server.sh"

LIMIT=40
LIVE='xml json comment bosh elsewhere redirect several'	# to be logged in to
DEAD='downgrade insecure wrong garbage loop huge nothing'
all=$(for d in $LIVE $DEAD; do echo "$d.test"; done)

# --- the web server ----------------------------------------------------------

xrd()		# rel=href ...
{
	echo "<?xml version='1.0' encoding='utf-8'?>"
	echo "<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>"
	echo "<Link rel='lrdd' href='https://xml.test/{uri}'/>"
	for _link in "$@"; do
		echo "<Link rel='urn:xmpp:alt-connections:${_link%%=*}'" \
		    "href='${_link#*=}'/>"
	done
	echo '</XRD>'
}

jrd()		# rel href
{
	printf '{"subject":"x","links":[{"rel":"lrdd","n":[1,{}]},'
	printf '{"rel":"urn:xmpp:alt-connections:%s","href":"%s"}]}' "$1" "$2"
}

document()	# domain [.json]: from standard input
{
	mkdir -p "$T/web/$1/.well-known"
	cat >"$T/web/$1/.well-known/host-meta${2-}"
}

ws()		# domain
{
	echo "websocket=wss://$1:$HTTPSPORT/xmpp-websocket"
}

bosh()		# domain
{
	echo "xbosh=https://$1:$HTTPSPORT/http-bind"
}

documents()
{
	xrd "$(bosh xml.test)" "$(ws xml.test)" | document xml.test
	jrd websocket "wss:\\/\\/json.test:$HTTPSPORT/xmpp-\\u0077ebsocket" |
	    document json.test .json
	xrd "$(ws comment.test)" | sed 's/<Link/<!-- a > b -->&/' |
	    document comment.test
	xrd "$(bosh bosh.test)" | document bosh.test
	xrd "$(ws xml.test)" | document elsewhere.test
	xrd "websocket=wss://several.test:1/" "$(ws several.test)" |
	    document several.test
	xrd "websocket=ws://insecure.test:$HTTPPORT/xmpp-websocket" \
	    "xbosh=http://insecure.test:$HTTPPORT/http-bind" \
	    'xbosh=javascript:alert(1)' | document insecure.test
	xrd "$(ws wrong.test)" | document wrong.test
	echo '<html><p>Welcome<br>' | document garbage.test
	echo '{"links": [{"rel": "' | document garbage.test .json
	head -c 3000000 /dev/zero | document huge.test
	head -c 3000000 /dev/zero | document huge.test .json
}

site()		# domain [line]
{
	_cert=example.test
	[ "$1" = wrong.test ] && _cert=other
	cat <<-END
	server {
		listen 127.0.0.1:443 ssl;
		server_name $1;
		ssl_certificate $CA/$_cert.pem;
		ssl_certificate_key $CA/$_cert.key;
		root $T/web/$1;
		${2-}
	}
	END
}

# shellcheck disable=SC2016	# the variables are nginx's
start_web()
{
	documents
	{
		cat <<-END
		daemon off; pid $T/nginx.pid; error_log $T/nginx.log;
		user root; worker_processes 1;
		events { worker_connections 64; }
		http {
			access_log off;
		END
		for d in $all; do case $d in
		redirect.test)	site "$d" \
			'return 302 https://xml.test$request_uri;' ;;
		downgrade.test)	site "$d" \
			'return 301 http://xml.test$request_uri;' ;;
		loop.test)	site "$d" 'return 307 $request_uri;' ;;
		nothing.test)	;;
		*)		site "$d" ;;
		esac; done
		echo 'server { listen 127.0.0.1:80;' \
		    "root $T/web/xml.test; }"
		echo '}'
	} >"$T/nginx.conf"
	start nginx nginx -c "$T/nginx.conf"
	wait_for 60 listens 443 && return
	diag_file "$T/nginx.err"
	bail 'no web server'
}

# --- cases -------------------------------------------------------------------

login()		# domain [option ...]
{
	_domain=$1; shift
	run env XCAT_CONFIG="$T/home/alice/config" \
	    XCAT_PASSWORD="$(password alice)" "$XCAT" -j "alice@$_domain" \
	    -C "$CAFILE" "$@" -v -z "$_domain"
}

by()		# domain way description [option ...]
{
	_domain=$1 _way=$2 _desc=$3; shift 3
	login "$_domain" "$@"
	ok "$_desc" said run 'logged in'
	like "$(grep '^transport: ' "$T/run.out")" \
	    "^transport: $_way.* \\(from host-meta\\)" "$_desc: the transport"
	said run 'logged in' || diag_file "$T/run.err"
}

not_by()	# domain extended-regex description [option ...]
{
	_domain=$1 _why=$2 _desc=$3; shift 3
	login "$_domain" "$@"
	is "$status" 3 "$_desc"
	ok "$_desc: why" said run "$_why"
	said run "$_why" || diag_file "$T/run.err"
	ok "$_desc: nobody has logged in" sh -c \
	    '! grep -q "logging in" "$1"' sh "$T/run.err"
}

make_server_ca
make_cert example.test "$(for d in $all; do printf 'DNS:%s,' "$d"; done)DNS:$DOMAIN"
make_cert other DNS:other.test
EXTRA=$(for d in $all; do prosody_host "$d" example.test; done)
ACCOUNTS="$ACCOUNTS $(for d in $all; do echo "alice@$d"; done)"
start_server prosody http
for d in $LIVE $DEAD; do
	case $d in
	nothing)	address "$d.test" 127.0.0.7 ;;
	*)		address "$d.test" ;;
	esac
done >"$T/records"
start_dns "$(cat "$T/records")"
start_web

by xml.test wss:// 'XML'
said run 'xmpp://xml.test:5222: .*refused' || diag_file "$T/run.err"
ok 'after TCP, which failed' said run 'xmpp://xml.test:5222: .*refused'
by xml.test https:// 'XML, BOSH asked for' -o transport=bosh
ok 'where nothing else is tried' sh -c '! grep -q :5222 "$1"' sh "$T/run.err"
by xml.test wss:// 'XML, WebSocket asked for' -o transport=websocket
not_by xml.test refused 'TCP asked for' -o transport=tcp
by json.test wss:// 'JSON'
by comment.test wss:// 'XML with comments'
by bosh.test https:// 'BOSH alone'
by elsewhere.test wss://xml.test 'a WebSocket of another host'
by redirect.test wss://xml.test 'a redirection'
by several.test \
    "wss://several.test:$HTTPSPORT" 'one that is down, one that is not'
not_by bosh.test 'nothing that can be used' 'no WebSocket' -o transport=websocket
not_by downgrade.test 'not https' 'a redirection to http'
not_by insecure.test 'nothing that can be used' 'URLs without TLS'
not_by wrong.test 'certificate is not for wrong.test' 'a wrong certificate'
not_by garbage.test 'cannot be read' 'neither XML nor JSON'
not_by loop.test 'too many redirections' 'a circle'
not_by huge.test 'too large' 'too large'
not_by nothing.test 'host-meta of nothing.test' 'no web server for it'
done_testing
