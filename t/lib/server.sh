# server.sh: an XMPP server for one test, and xcat as each of its users.
#
#	. "${0%/*}/../lib/lib.sh"
#	. "$LIB/server.sh"
#	start_server prosody		# or ejabberd
#	listen_as bob b
#	xcat_as alice bob@$DOMAIN
#
# The server listens on loopback only, and limits no rates unless told to.
# shellcheck shell=dash

. "$LIB/ca.sh"
. "$LIB/prosody.sh"
. "$LIB/ejabberd.sh"

USERS='alice bob carol'			# at $DOMAIN
ACCOUNTS="alice@$DOMAIN bob@$DOMAIN carol@$DOMAIN"
CROWD=0					# how many of crowd1, crowd2 ... too
SERVERS=${SERVERS:-prosody ejabberd}	# for tests that loop over both
DISTANCE=${DISTANCE:-0}
LOOPBACK=127.0.0.1
have_ipv6 && LOOPBACK='127.0.0.1 ::1'

password()	# user
{
	echo "pencil-$1"
}

# Features: smacks (XEP-0198), sasl2 (XEP-0388, 0386, 0484; Prosody only),
# proxy65 (XEP-0065), http (BOSH at /http-bind and WebSocket at
# /xmpp-websocket), limits (10 kB/s), small (stanzas of no more than 7,000
# bytes, of 10,000 with ejabberd, which counts what it reads at once), said
# (which it says: XEP-0478; Prosody only), tls12 (no later version; Prosody
# only), upload (XEP-0363: files of up to $UPLOADMAX bytes, of which Prosody
# takes $UPLOADQUOTA a day; messages to absent accounts are kept), sic
# (XEP-0279), stun (XEP-0215: $STUNHOST has a STUN server; ejabberd is one),
# component (ejabberd; those of Prosody are in $EXTRA).  $EXTRA is added to the
# configuration, in the server's own language; $DISTANCE is how many
# milliseconds each way lie between the server and each xcat (0); $SESSIONS is
# how many an account may have at a time (ejabberd); $CONFLICT is what the
# server does when a resource is taken, in its own words; $LOGLEVEL may be
# debug.  Sets $SERVER (for xcat -c), $PORT, $TLSPORT, $HTTPPORT, $HTTPSPORT,
# $PROXYPORT and $COMPONENTPORT.
start_server()	# prosody|ejabberd [feature ...]
{
	[ -n "${CA-}" ] || make_server_ca
	read -r PORT TLSPORT PROXYPORT COMPONENTPORT HTTPPORT HTTPSPORT <<-END
	$(free_ports 6)
	END
	server=$1; shift
	rm -rf "${T:?}/$server"
	"setup_$server" "$@"
	[ "$DISTANCE" -eq 0 ] || move_server_away
	SERVER=127.0.0.1:$PORT
	for _user in $USERS; do
		xcat_user "$_user"
		slix_user "$_user"
	done
	run_server
}

# From now on its ports are those of relays, which delay.
move_server_away()
{
	for _of in PORT TLSPORT HTTPPORT HTTPSPORT; do
		eval "start_distance ${server}_$_of \$$_of -d $DISTANCE"
		eval "$_of=\$port_${server}_$_of"
	done
}

# A relay that delays, see distance.c: it listens on $port_NAME.
start_distance()	# name port option ...
{
	_name=$1 _port=$2; shift 2
	start "$_name" "$LIB/distance" "$@" "$_port"
	wait_for 20 has_port "$_name" || bail "$_name does not listen"
}

# What it printed is read once: under load, the next process was seen to find
# the file empty again.
has_port()	# name: it has said where it listens, which is now $port_NAME
{
	_at=$(sed -n 's/^listening \([0-9]*\).*/\1/p' "$T/$1.out")
	eval "port_$1=\$_at"
	[ -n "$_at" ]
}

# Also for a server that was stopped: the same ports, with what it remembers.
run_server()
{
	"run_$server"
	wait_for 120 server_answers_or_gone
	server_answers && return
	diag_file "$T/$server.out"
	diag_file "$T/$server.err"
	bail "$server does not start"
}

# By force.  Prosody and ejabberd keep what they were told, at once.
stop_server()
{
	signal KILL "$server"
	finish "$server" 30
}

server_answers_or_gone()
{
	server_answers || gone "$(pid_of "$server")"
}

# Listening is not yet serving: wait for stream features, and for the accounts,
# which ejabberd makes last.
server_answers()
{
	"${server}_ready" && perl -MIO::Socket::INET -e '
		$SIG{ALRM} = sub { exit 1 }; alarm 10;
		my ($port, $domain) = @ARGV;
		my $s = IO::Socket::INET->new("127.0.0.1:$port") or exit 1;
		print $s "<stream:stream to=\"$domain\" version=\"1.0\"",
		    " xmlns=\"jabber:client\"",
		    " xmlns:stream=\"http://etherx.jabber.org/streams\">";
		$_ = "";
		until (/starttls/) { sysread($s, $_, 4096, length) or exit 1 }
	' "$PORT" "$DOMAIN"
}

# --- xcat --------------------------------------------------------------------

# A program $T/USER, which is xcat with an account, a server and a configuration
# directory of its own, and with -o carrier=$CARRIER, if that is set.  A program,
# not a function, so that ssh, socat, inetd and env can run it; it becomes xcat,
# keeping the process.
xcat_user()	# user
{
	mkdir -p "$T/home/$1"
	: >>"$T/home/$1/config"
	# it is another
	rm -f "$T/home/$1/known_servers" "$T/home/$1/tokens".*
	cat >"$T/$1" <<-END
	#!/bin/sh
	export XCAT_CONFIG="$T/home/$1/config"
	export XCAT_PASSWORD="\${XCAT_PASSWORD-$(password "$1")}"
	export HOME="$T/home/$1"
	exec "$XCAT" -j "$1@$DOMAIN" -c "$SERVER" -C "$CAFILE" \
	    ${CARRIER:+-o carrier=$CARRIER} "\$@"
	END
	chmod +x "$T/$1"
}

by_transport()	# ws|wss|http|https: all users go by it from now on
{
	case $1 in
	ws)	SERVER=ws://127.0.0.1:$HTTPPORT/xmpp-websocket ;;
	wss)	SERVER=wss://127.0.0.1:$HTTPSPORT/xmpp-websocket ;;
	http)	SERVER=http://127.0.0.1:$HTTPPORT/http-bind ;;
	https)	SERVER=https://localhost:$HTTPSPORT/http-bind ;;
	esac
	for _user in $USERS; do
		xcat_user "$_user"
	done
}

xcat_as()	# user argument ...
{
	_user=$1; shift
	"$T/$_user" "$@"
}

listen_as()	# user name argument ...: in the background, until logged in
{
	_user=$1 _name=$2; shift 2
	start "$_name" "$T/$_user" -l "$@"
	wait_for 20 listening_or_gone "$_name"
	listening "$_name" && return
	diag_file "$T/$_name.err"
	bail "xcat -l as $_user does not listen"
}

listening()	# name
{
	said "$1" "$LISTENING"
}

listening_or_gone()	# name
{
	listening "$1" || gone "$(pid_of "$1")"
}

# A Prosody that knows this component, and the component, a program that says
# "ready" once it has been let in (component.py).
start_component()	# name program
{
	EXTRA="Component \"$1\"
		component_secret = \"open sesame\""
	start_server prosody
	start component "$PYTHON" -B "$LIB/$2" "$COMPONENTPORT" "$1" \
	    'open sesame'
	wait_for 60 grep -q ready "$T/component.out" || bail 'no component'
}

# --- slixmpp -----------------------------------------------------------------

# A program $T/PROGRAM-USER, as above, which is PROGRAM.py with that account.
slix_user()	# user [program]
{
	_program=${2-slix}
	cat >"$T/$_program-$1" <<-END
	#!/bin/sh
	exec "$PYTHON" -B "$LIB/$_program.py" -j "$1@$DOMAIN/slix" \
	    -p "$(password "$1")" -c "$SERVER" -C "$CAFILE" "\$@"
	END
	chmod +x "$T/$_program-$1"
}
