#!/bin/sh
#
# Finding a server by its domain alone: SRV records, and what there is without
# them.  In a network of its own with a DNS server of its own, where ports may
# be what they are elsewhere.

. "${0%/*}/../lib/lib.sh"
. "$LIB/network.sh"
own_network
. "$LIB/server.sh"

LIMIT=30
GREEK=$(printf 'b\303\274cher.test')			# bücher.test
DECOMPOSED=$(printf 'bu\314\210cher.test')		# the same, spelt out
ARABIC=$(printf '\331\205\330\253\330\247\331\204.')$(printf '\330\245\330\256\330\252\330\250\330\247\330\261')
OMAR=$(printf '\330\271\331\205\330\261')
DOMAINS="direct starttls down noname heavy onlystart nothing fallback cname
many hanging badtls both"
all=$(for d in $DOMAINS; do echo "$d.test"; done)

# --- the DNS -----------------------------------------------------------------

# More than fit a datagram.  The one that is right comes last of all that are
# tried.
many()
{
	long=a-target-with-a-long-name-that-takes-much-room-in-an-answer
	for n in $(seq 30); do
		srv xmpp-client many.test "$long-$n.test" 5299 "$n" 0
	done
	srv xmpp-client many.test server.test "$PORT" 99 0
}

records()
{
	address server.test
	address fallback.test
	echo 'cname=alias.test,server.test'

	srv xmpps-client direct.test server.test "$TLSPORT" 5 0
	srv xmpp-client direct.test server.test "$PORT" 10 0
	srv xmpps-client starttls.test server.test "$TLSPORT" 10 0
	srv xmpp-client starttls.test server.test "$PORT" 5 0
	srv xmpps-client down.test server.test "$DEAD" 1 0
	srv xmpp-client down.test server.test "$DEAD" 2 0
	srv xmpp-client down.test server.test "$PORT" 3 0
	srv xmpps-client noname.test nowhere.test "$TLSPORT" 1 0
	srv xmpp-client noname.test server.test "$PORT" 2 0
	srv xmpp-client heavy.test server.test "$PORT" 1 65535
	srv xmpps-client heavy.test server.test "$TLSPORT" 1 0
	srv xmpps-client onlystart.test
	srv xmpp-client onlystart.test server.test "$PORT" 1 0
	srv xmpps-client nothing.test
	srv xmpp-client nothing.test
	address nothing.test
	srv xmpp-client cname.test alias.test "$PORT" 1 0
	many
	srv xmpp-client hanging.test server.test "$MUTE" 1 0
	srv xmpp-client hanging.test server.test "$PORT" 2 0
	srv xmpps-client badtls.test server.test "$BAD" 1 0
	srv xmpp-client badtls.test server.test "$PORT" 2 0
	srv xmpps-client both.test server.test "$TLSPORT" 5 50
	srv xmpp-client both.test server.test "$PORT" 5 50
	srv xmpp-client xn--bcher-kva.test server.test "$PORT" 1 0
	srv xmpp-client xn--mgbh0fb.xn--kgbechtv server.test "$PORT" 1 0
}

# --- servers that are none ---------------------------------------------------

# Accepts nobody: its queue is full, so that a SYN has no answer.
start_mute()
{
	MUTE=$(free_port)
	start mute perl -MSocket -e '
		socket(L, PF_INET, SOCK_STREAM, 0) &&
		setsockopt(L, SOL_SOCKET, SO_REUSEADDR, 1) &&
		bind(L, sockaddr_in($ARGV[0], INADDR_LOOPBACK)) &&
		listen(L, 0) or die "$!\n";
		for (1 .. 4) {
			socket($c[$_], PF_INET, SOCK_STREAM, 0);
			$c[$_]->blocking(0);
			connect($c[$_], sockaddr_in($ARGV[0],
			    INADDR_LOOPBACK));
		}
		sleep 600' "$MUTE"
	wait_for 60 listens "$MUTE"
}

# TLS with the certificate of somebody else.
start_bad()
{
	BAD=$(free_port)
	make_cert other DNS:other.test
	start bad openssl s_server -accept "127.0.0.1:$BAD" -quiet \
	    -cert "$CA/other.pem" -key "$CA/other.key"
	wait_for 60 listens "$BAD"
}

# --- cases -------------------------------------------------------------------

# Whoever is asked for, it is the login that counts, and how it came about.
login()		# jid [option ...]
{
	_jid=$1; shift
	run env XCAT_CONFIG="$T/home/alice/config" \
	    XCAT_PASSWORD="$(password "${_jid%@*}")" "$XCAT" -j "$_jid" \
	    -C "$CAFILE" "$@" -v -z "${_jid#*@}"
}

by()		# domain port description: alice there gets in by that port
{
	login "alice@$1"
	if said run "connected to [a-z.]+ port $2, from an SRV record" &&
	    said run 'logged in'; then
		pass "$3"
	else
		fail "$3"
		diag_file "$T/run.err"
	fi
}

story()		# extended-regex description: what -z says
{
	like "$(grep '^transport: ' "$T/run.out")" "$1" "$2"
}

order()
{
	by direct.test "$TLSPORT" 'direct TLS comes first'
	story "^transport: xmpps://server.test:$TLSPORT \\(from an SRV record\\)" \
	    'which -z says'
	by starttls.test "$PORT" 'STARTTLS comes first'
	by heavy.test "$PORT" 'the heavier one of equals'
	seen=
	n=0
	while [ $n -lt 30 ] && [ "$seen" != both ]; do
		n=$((n + 1))
		login alice@both.test
		said run "port $PORT," && one=$PORT || one=$TLSPORT
		case $seen in
		''|"$one")	seen=$one ;;
		*)		seen=both ;;
		esac
	done
	is "$seen" both 'equals take turns'
}

down()
{
	by down.test "$PORT" 'the third, where two are down'
	story "; xmpps://server.test:$DEAD: .*refused" 'and why, -z says'
	by noname.test "$PORT" 'one has no address'
	by hanging.test "$PORT" 'one does not answer'
	by badtls.test "$PORT" 'one has a wrong certificate'
	said run 'not for badtls.test' || diag_file "$T/run.err"
	ok 'which is told' said run 'not for badtls.test'
}

denied()
{
	by onlystart.test "$PORT" 'no direct TLS, says DNS'
	login alice@nothing.test
	is "$status" 3 'no XMPP at all, says DNS'
	ok 'no server is tried then' sh -c \
	    '! grep -q "port 5222" "$1"' sh "$T/run.err"
	ok 'which is told' said run 'DNS says'
	login alice@nobody.test
	is "$status" 3 'a domain that is not there'
}

names()
{
	by cname.test "$PORT" 'the target is an alias'
	by many.test "$PORT" 'an answer that takes TCP'
	by "$GREEK" "$PORT" 'IDN'
	by "$DECOMPOSED" "$PORT" 'IDN, decomposed'
	login "$OMAR@$ARABIC"
	ok 'a JID in Arabic' said run 'logged in'
	login "$(printf 'jose\314\201@%s' "$GREEK")"
	ok 'a decomposed name' said run 'logged in'
}

# Without SRV records it is the domain itself.
fallback()
{
	start web socat TCP-LISTEN:5222,bind=127.0.0.1,reuseaddr,fork \
	    "TCP:127.0.0.1:$PORT"
	wait_for 60 listens 5222
	login alice@fallback.test
	ok 'no SRV records' said run \
	    'connected to fallback.test port 5222, from the domain itself'
	ok 'no SRV records: logged in' said run 'logged in'
	stop dnsmasq
	printf '127.0.0.1 fallback.test\n' >"$T/hosts"
	mount --bind "$T/hosts" /etc/hosts
	login alice@fallback.test
	ok 'no DNS server, but /etc/hosts' said run 'logged in'
}

[ -n "${CA-}" ] || make_server_ca
make_cert dns "$(for d in $all xn--bcher-kva.test xn--mgbh0fb.xn--kgbechtv; do
	printf 'DNS:%s,' "$d"; done)DNS:example.test"
EXTRA=$(for d in $all "$GREEK" "$ARABIC"; do prosody_host "$d" dns; done)
JOSE=$(printf 'jos\303\251')
ACCOUNTS="$ACCOUNTS $(for d in $all; do echo "alice@$d"; done)
alice@$GREEK $OMAR@$ARABIC $JOSE@$GREEK"
password()	# the same for all: names are spelt in several ways here
{
	echo pencil
}
start_server prosody
DEAD=$(free_port)
start_mute
start_bad
start_dns "$(records)"
order
down
denied
names
fallback
done_testing
