#!/bin/sh
#
# What goes wrong for users, in the order it does: one line that says what, and
# the exit status of the manual.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"

LIMIT=60
bob=bob@$DOMAIN

# --- exit 2: usage and configuration -----------------------------------------

config()	# line ...: the configuration file of alice
{
	printf '%s\n' "$@" >"$T/home/alice/config"
	chmod 600 "$T/home/alice/config"
}

usage()
{
	fails 2 '^xcat: -Y: no such option' 'unknown option' "$T/alice" -Y "$bob"
	fails 2 '^xcat: no peer' 'no peer' "$T/alice"
	fails 2 'a@b@c|JID|address' 'bad peer' "$T/alice" a@b@c
	fails 2 'block' 'bad block size' "$T/alice" -b 0 "$bob"
	fails 2 'block' 'block size beyond XEP-0047' "$T/alice" -b 65536 "$bob"
	fails 2 'timeout|-w' 'bad time' "$T/alice" -w soon "$bob"
	fails 2 'no such keyword' 'unknown keyword' \
	    "$T/alice" -o colour=red "$bob"
	fails 2 'XCAT_JID|-j' 'no account' env HOME="$T/home" "$XCAT" "$bob"
	fails 2 'command line' 'password on the command line' \
	    "$T/alice" -o password=secret "$bob"
}

configuration()
{
	config 'message perhaps'
	fails 2 "alice/config:1: .*yes or no" 'bad value' "$T/alice" "$bob"
	config '# fine' 'mesage yes'
	fails 2 'alice/config:2: .*message' 'misspelt' "$T/alice" "$bob"
	config 'password secret'
	chmod 644 "$T/home/alice/config"
	fails 2 'alice/config: .*chmod' 'password others can read' \
	    "$T/alice" "$bob"
	config ''
	fails 2 "$T/nothing: No such file" 'no such configuration' \
	    env XCAT_CONFIG="$T/nothing" "$XCAT" -j alice@test "$bob"
	fails 2 "$T: " 'unreadable configuration' \
	    env XCAT_CONFIG="$T" "$XCAT" -j alice@test "$bob"
	[ "$(id -u)" -eq 0 ] || return
	chown nobody "$T/home/alice/config"
	fails 2 'alice/config: .*chown' 'of another owner' "$T/alice" "$bob"
	chown 0 "$T/home/alice/config"
}

password_file()
{
	password alice >"$T/secret"
	chmod 644 "$T/secret"
	fails 2 "$T/secret: .*chmod" 'password file others can read' \
	    env XCAT_PASSWORD= "$T/alice" -p "$T/secret" "$bob"
	fails 2 "$T/none: No such file" 'no password file' \
	    env XCAT_PASSWORD= "$T/alice" -p "$T/none" "$bob"
	fails 2 'password' 'no password, and no terminal to ask on' \
	    env XCAT_PASSWORD= "$T/alice" "$bob"
	config 'password-command exit 3'
	fails 2 'password-command|exit' 'password command fails' \
	    env XCAT_PASSWORD= "$T/alice" "$bob"
	config ''
}

# --- exit 3: the server is not reached or not trusted ------------------------

reaching()
{
	fails 3 'refused' 'unreachable port' \
	    "$T/alice" -c "127.0.0.1:$(free_port)" "$bob"
	fails 3 'nowhere\.invalid' 'no such server' \
	    "$T/alice" -c nowhere.invalid "$bob"
	fails 3 'expired' 'expired certificate' \
	    "$T/alice" -j alice@expired.test "$bob"
	fails 3 'wrong\.test' 'certificate for another name' \
	    "$T/alice" -j alice@wrong.test "$bob"
	fails 3 'self.signed|trust|issuer|-C' 'self-signed certificate' \
	    "$T/alice" -j alice@self.test "$bob"
	fails 3 'trust|issuer|-C' 'certificate of an unknown authority' \
	    "$T/alice" -C "$CA/self.pem" "$bob"
	fails 2 "$T/none: " 'no such file of authorities' \
	    "$T/alice" -C "$T/none" "$bob"
	mute=$(free_port)
	start mute socat "TCP-LISTEN:$mute,bind=127.0.0.1,reuseaddr,fork" \
	    EXEC:'sleep 60'
	wait_for 60 listens "$mute"
	fails 7 '2 s|timed out|no answer' 'server that says nothing' \
	    "$T/alice" -w 2 -c "127.0.0.1:$mute" "$bob"
	stop mute
}

# --- exit 4: the login is refused --------------------------------------------

login()
{
	fails 4 'password|refused' "$server: wrong password" \
	    env XCAT_PASSWORD=wrong "$T/alice" "$bob"
	fails 4 'password|refused' "$server: unknown account" \
	    "$T/alice" -j "nobody@$DOMAIN" "$bob"
}

# --- exit 5: the peer is absent or refuses -----------------------------------

# ejabberd, and only ejabberd, adds "User session not found".
without_text()
{
	sed 's/: User session not found//' "$T/run.err"
}

peers()
{
	fails 5 "$bob/xcat: " "$server: peer absent" "$T/alice" "$bob"
	absent=$(without_text)
	fails 5 "nobody@$DOMAIN/xcat: " "$server: no such peer" \
	    "$T/alice" "nobody@$DOMAIN"
	fails 5 "$bob/other: " "$server: no such resource" \
	    "$T/alice" "$bob/other"

	listen_as bob listener
	fails 5 "$bob/xcat: " "$server: peer refusing" "$T/alice" "$bob"
	is "$(without_text)" "$absent" \
	    "$server: which says no more than that nobody is there"
	like "$(cat "$T/listener.err")" "alice@$DOMAIN" \
	    "$server: but tells its owner"
	ok "$server: and goes on listening" kill -0 "$(pid_of listener)"
	stop listener

	start slixmpp "$T/slix-carol" -n listen
	wait_for 20 said slixmpp listening
	fails 5 "carol@$DOMAIN/slix: " "$server: peer without XEP-0047" \
	    "$T/alice" "carol@$DOMAIN/slix"
	stop slixmpp
	fails 5 "$DOMAIN: .*taken for a server.*user@domain" \
	    "$server: a server as peer" "$T/alice" "$DOMAIN"
	fails 5 'bob: .*taken for a server.*user@domain' \
	    "$server: a forgotten domain" "$T/alice" bob
	fails 5 'bob@elsewhere\.invalid/xcat: (a|your) server ' \
	    "$server: a domain that the server cannot reach is the server's matter" \
	    "$T/alice" bob@elsewhere.invalid
}

make_server_ca
make_expired_cert expired DNS:expired.test
make_cert wrong DNS:other.test
make_self_signed self DNS:self.test
EXTRA=$(for domain in expired wrong self; do
	prosody_host $domain.test $domain
done)
start_server prosody
usage
configuration
password_file
login
peers
reaching
stop_server

EXTRA=
start_server ejabberd
login
peers
done_testing
