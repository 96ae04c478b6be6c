#!/bin/sh
# TLS sessions that are resumed, with real servers: by all roads, in one program
# and in the next, and only while they are as good as a certificate.
#
# Neither server resumes any as it comes: Prosody does when it is told to.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/relay.sh"

home=$T/home/alice
kept=$home/tls_sessions
RESUMED_TLS='^xcat: [0-9:.]+ TLS session resumed$'

# Alice logs in, and finds that bob does not: that is 5.
login()		# name description [argument ...]
{
	_name=$1 _what=$2; shift 2
	start "$_name" "$T/alice" -vv "$@" "bob@$DOMAIN/nobody"
	finish "$_name"
	is "$status" 5 "$_what: logs in"
	[ "$status" = 5 ] || diag_file "$T/$_name.err"
}

first_resumes()	# name: 1 if its first connection does, else 0
{
	sed '/secured by/q' "$T/$1.err" | grep -c "$RESUMED_TLS"
}

resumes()	# description [argument ...]
{
	_desc=$1; shift
	login resumed "$_desc" "$@"
	is "$(first_resumes resumed)" 1 "$_desc: resumes a session"
}

new()		# description [argument ...]
{
	_desc=$1; shift
	login new "$_desc" "$@"
	is "$(lines new "$RESUMED_TLS")" 0 "$_desc: resumes none"
	is "$(lines new '^xcat: connected to')" 1 "$_desc: at the first attempt"
}

sessions()	# sha256 of each, sorted
{
	sed 's/.* //' "$kept" | while read -r _s; do
		echo "$_s" | sha256sum
	done | sort
}

# None of them in what it says, nor a part of it.
quiet()		# name
{
	sed 's/.* //' "$kept" | cut -c 9-40 >"$T/secrets"
	[ -s "$T/secrets" ] && ! grep -qFf "$T/secrets" "$T/$1.err"
}

# --- versions and roads ------------------------------------------------------

by_version()	# feature version
{
	start_server prosody smacks resumes ${1:+"$1"}
	new "TLS 1.$2: the first time"
	is "$(stat -c %a "$kept")" 600 "TLS 1.$2: what is kept is private"
	ok "TLS 1.$2: which is the version" said new "secured by TLSv1.$2 "
	ok "TLS 1.$2: nothing of it is shown" quiet new
	resumes "TLS 1.$2: the second time"
	resumes "TLS 1.$2: the third time"
	ok "TLS 1.$2: nothing of that is shown" quiet resumed
	ok "TLS 1.$2: it is not waited for what is known" \
	    said resumed 'features are not waited for'
	stop_server
}

by_version tls12 2
by_version '' 3

start_server prosody smacks http resumes
new 'used once: first'
sessions >"$T/before"
resumes 'used once: then'
sessions >"$T/after"
ok 'used once: and no longer there' \
    test "$(comm -23 "$T/before" "$T/after" | wc -l)" = 1

for road in xmpps wss; do
	case $road in
	xmpps)	set -- -c "xmpps://127.0.0.1:$TLSPORT" ;;
	wss)	set -- -c "wss://127.0.0.1:$HTTPSPORT/xmpp-websocket" ;;
	esac
	new "$road: the first time" "$@"
	resumes "$road: the second time" "$@"
done
resumes 'STARTTLS: still'

# While the server holds a request, there has to be another connection.
rm "$kept"
set -- -c "https://localhost:$HTTPSPORT/http-bind"
listen_as alice bosh -v -k "$@" -a "bob@$DOMAIN" 'echo=!cat'
is "$(first_resumes bosh)" 0 'https: the first connection resumes none'
echo hello >"$T/in"
start bob "$T/bob" "alice@$DOMAIN" echo <"$T/in"
ended bob 'https: bob'
check_same "$T/bob.out" "$T/in" 'https: what bob hears'
ok 'https: the second resumes the session of the first' \
    wait_for 60 said bosh "$RESUMED_TLS"
stop bosh
resumes 'https: the next program' "$@"

# --- a connection that breaks ------------------------------------------------

start_relay near
reconnects()	# description: by a program that has its sessions somewhere
{
	start idle "$T/alice" -v -l -j "alice@$DOMAIN/idle" "$(via near)"
	wait_for 60 listening_or_gone idle
	is "$(lines idle "$RESUMED_TLS")" 0 "$1: none at first"
	for _n in 1 2 3; do
		relay near cut
		wait_for 60 says idle "$BACK" $_n
	done
	is "$(lines idle "$BACK")" 3 "$1: is back after each cut"
	ok "$1: with the session resumed" says idle "$RESUMED_TLS" 3
	stop idle
}
rm "$kept"
reconnects 'cut'
rm "$kept"
ln -s /dev/null "$kept"
reconnects 'cut, and no file'
rm "$kept"

# --- whom it is good for -----------------------------------------------------

new 'trust: the first time'
cat "$CAFILE" >"$T/both.pem"
openssl req -x509 -config "$CA/openssl.cnf" -nodes -newkey ec -pkeyopt \
    ec_paramgen_curve:P-256 -keyout "$T/other.key" -out "$T/other.pem" \
    -extensions ca -days 2 -subj '/CN=another CA' 2>"$T/openssl.err"
cat "$T/other.pem" >>"$T/both.pem"
new 'trust: other CAs, this one among them' -C "$T/both.pem"
fails 3 'not signed by a CA' 'trust: another CA: the server is refused' \
    "$T/alice" -C "$T/other.pem" "bob@$DOMAIN"
resumes 'trust: this CA again'
# shellcheck disable=SC2046
new 'trust: another place' $(via near)
resumes 'trust: the same one again'

# --- for how long ------------------------------------------------------------

age()		# seconds: all of them are older
{
	perl -pi -e 's/(\S+) (\S+)( \S+)$/($1 - '"$1"') . " " .
	    ($2 - '"$1"') . $3/e' "$kept"
}
age 600
resumes 'age: ten minutes'
age 7200
new 'age: two hours, which are more than Prosody says'
perl -pi -e 's/(\S+) (\S+)( \S+)$/($1 + 86400) . " " . $2 . $3/e' "$kept"
new 'age: from a future that the clock has left'
resumes 'age: none'

# --- where it is kept --------------------------------------------------------

cp "$kept" "$T/kept"
new 'switched off' -o tls-resume=no
ok 'switched off: nothing is touched' cmp "$kept" "$T/kept"
chmod 640 "$kept"
fails 2 'tls_sessions: others can read the TLS session in it; chmod 600' \
    'known to others: refused' "$T/alice" "bob@$DOMAIN"
new 'known to others, but switched off' -o tls-resume=no
chmod 600 "$kept"
printf '%s\n' 'nonsense' "alice@$DOMAIN x y z" >"$kept"
new 'nonsense'
resumes 'nonsense: behind it'
rm -f "$home/known_servers"
start anonymous "$T/alice" -v -l -j "$ANONDOMAIN"
wait_for 60 listening_or_gone anonymous
ok 'without an account: nothing is kept' \
    test "$(grep -c "^$ANONDOMAIN " "$kept")" = 0
stop anonymous

# --- another server ----------------------------------------------------------

stop_server
run_server
new 'the server has forgotten it'
resumes 'what it knows now'
stop_server
make_cert example.test "DNS:$DOMAIN,DNS:$ANONDOMAIN,DNS:localhost,IP:127.0.0.1"
run_server
new 'another key and certificate of the same CA'
resumes 'with these'
stop_server
make_self_signed example.test "DNS:$DOMAIN"
run_server
fails 3 'not signed by a CA' 'a certificate that is not to be trusted' \
    "$T/alice" "bob@$DOMAIN"
stop_server

# --- others ------------------------------------------------------------------

# A token bound to the channel (tls-exporter), which is another one each time.
make_cert example.test "DNS:$DOMAIN,DNS:$ANONDOMAIN,DNS:localhost,IP:127.0.0.1"
start_server prosody smacks sasl2 resumes
new 'FAST: the first time'
resumes 'FAST: the second time'
ok 'FAST: with a token, bound to the channel' \
    said resumed 'logging in with HT-SHA-256-EXPR$'
stop_server

# It gives tickets, but takes none.
start_server ejabberd smacks
new 'ejabberd: the first time'
ok 'ejabberd: there is something to be resumed' test -s "$kept"
new 'ejabberd: the second time'
ok 'ejabberd: binds to the channel or says that it could' \
    said new 'logging in with SCRAM-SHA-512'
stop_server

done_testing
