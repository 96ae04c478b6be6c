#!/bin/sh
#
# Tests do not depend on what the user has set: this one begins anew as a user
# who has set everything that gets in the way, and ends as for any other.

if [ -z "${XCAT_HOSTILE-}" ]; then
	home=$(mktemp -d) || exit 1
	mkdir -p "$home/.config/xcat"
	echo 'nonsense yes' >"$home/.config/xcat/config"
	echo 'proxy = http://127.0.0.1:1' >"$home/.curlrc"
	umask 777
	env XCAT_HOSTILE="$home" HOME="$home" POSIXLY_CORRECT=1 \
	    LC_ALL=nowhere.UTF-8 XCAT_JID=nonsense XDG_CONFIG_HOME=/nowhere \
	    NOTIFY_SOCKET="$home/none" LISTEN_FDS=1 \
	    http_proxy=http://127.0.0.1:1/ ALL_PROXY=http://127.0.0.1:1 \
	    SSL_CERT_FILE=/nowhere OPENSSL_CONF=/nowhere \
	    PYTHONPATH=/nowhere PYTHONHOME=/nowhere PERL5OPT=-Mnonsense \
	    ERL_FLAGS='-sname taken' CDPATH=/ PATH=/usr/bin:/bin "$0"
	status=$?
	rm -rf "$home"
	exit "$status"
fi

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"

run "$XCAT" -K
is "$status" 0 'the configuration is not the user'"'"'s'
for server in $SERVERS; do
	start_server "$server"
	listen_as bob listener -a "alice@$DOMAIN"
	start caller "$T/alice" -s "bob@$DOMAIN" <"$0"
	ended caller "$server"
	ended listener "$server"
	check_same "$T/listener.out" "$0" "$server: what was sent"
	is "$(stat -c %a "$T/home/bob/key.pem" 2>/dev/null)" 600 \
	    "$server: the key is a file of its owner alone"
done
run curl -sS "file://$TOP/README"
check_same "$T/run.out" "$TOP/README" 'nor that of curl'
ok 'there is no daemon that another test would meet' \
    [ ! -e "$T/ejabberd/.erlang.cookie" ]
done_testing
