#!/bin/sh
#
# Who is not named with -a cannot tell a listener from an address where nobody
# is: every answer is the one that the server gives for such an address.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"

LIMIT=60

probe()		# name address
{
	# Prosody gives the stanzas of clients a language, and none to its own.
	[ "$server" = prosody ] && set -- "$@" -l
	run "$T/strangers-carol" "$2" ${3:+"$3"}
	is "$status" 0 "$server: $1: every request is answered"
	[ "$status" = 0 ] || diag_file "$T/run.err"
	mv "$T/run.out" "$T/$1"
	mv "$T/run.err" "$T/$1.messages"
}

same()		# name description
{
	if diff "$T/absent" "$T/$1" >"$T/diff"; then
		pass "$server: $2"
	else
		fail "$server: $2"
		diag_file "$T/diff"
	fi
	ok "$server: no message is answered" \
	    sh -c '! grep TARGET "$0"' "$T/$1.messages"
}

for server in $SERVERS; do
	start_server "$server"
	slix_user carol strangers
	probe absent "bob@$DOMAIN/absent"
	mkdir -p "$T/in"
	listen_as bob l1 -k -a "alice@$DOMAIN" -r "$T/in" -o oob=fetch 'cat=!cat'
	probe services "bob@$DOMAIN/xcat"
	same services 'a listener with services looks absent'
	stop l1
	like "$(cat "$T/l1.err")" 'refused a stream from carol@.*-a does not' \
	    "$server: the listener says who called"
	listen_as bob l2 -k -a "alice@$DOMAIN"
	probe stdio "bob@$DOMAIN/xcat"
	same stdio 'a listener without services looks absent'
	stop l2
	listen_as bob l3 -k -I -a "alice@$DOMAIN" 'cat=!cat'
	probe invite "bob@$DOMAIN/xcat"
	same invite 'a listener with a code looks absent without it'
	run "$T/carol" "bob@$DOMAIN/xcat=0123-4567-89AB-CDEF" cat </dev/null
	wait_for 10 said l3 'carol@.*wrong code'
	ok "$server: a wrong code is seen" said l3 'carol@.*wrong code'
	probe guess "bob@$DOMAIN/xcat"
	same guess 'a listener that has seen a wrong code looks absent'
	stop l3
	stop_server
done
done_testing
