#!/bin/sh
#
# URLs at a public address, which may be fetched, that redirect to where nothing
# may: each connection is looked at, not only what was offered.  All of it is in
# a network namespace of its own, whose loopback has that address, too.

[ -n "${XCAT_TEST_ALONE-}" ] || {
	[ "$(id -u)" -eq 0 ] || {
		echo '1..0 # SKIP only root makes network namespaces'
		exit 0
	}
	unshare -n true 2>/dev/null || {
		echo '1..0 # SKIP no network namespaces here'
		exit 0
	}
	XCAT_TEST_ALONE=1 exec unshare -n -- "$0" "$@"
}

. "${0%/*}/../lib/lib.sh"
PUBLIC=8.20.30.40
PRIVATE=10.77.1.1
ip link set lo up || bail 'no loopback'
for address in $PUBLIC $PRIVATE; do
	ip addr add "$address/32" dev lo || bail "no $address"
done
. "$LIB/server.sh"
. "$LIB/file.sh"

# Asked at any of its addresses it has the same document.
start_badweb()
{
	start badweb "$PYTHON" "$LIB/badweb.py" 0.0.0.0
	wait_for 60 test -s "$T/badweb.out" || bail "badweb.py does not start"
	WEB=$(cat "$T/badweb.out")
}

offer()		# url
{
	run "$T/alice" -s -o "oob=$1" "bob@$DOMAIN"
}

came()		# url what
{
	rm -f "$T"/in/*
	offer "$1"
	is "$status" 0 "$2: status"
	is "$(cat "$T"/in/*)" chain "$2: content"
}

redirected()	# host what
{
	rm -f "$T"/in/*
	offer "http://$PUBLIC:$WEB/to?http://$1:$WEB/chain/0"
	is "$status" 5 "$2: status"
	ok "$2: said" said run item-not-found
	ok "$2: said there" wait_for 60 said bob \
	    "to\?http://$1:$WEB/chain/0: such addresses are not connected"
	is "$(find "$T/in" -mindepth 1 | wc -l)" 0 "$2: nothing has come"
}

empty_dir in
start_server prosody
start_badweb
listen_as bob bob -k -a "alice@$DOMAIN" -r "$T/in" -o oob=fetch
came "http://$PUBLIC:$WEB/chain/0" 'at a public address'
came "http://$PUBLIC:$WEB/to?http://$PUBLIC:$WEB/chain/0" 'redirected to it'
redirected $PRIVATE 'redirected to a private address'
redirected 127.0.0.1 'redirected to loopback'
redirected localhost 'redirected to a name of loopback'
stop bob
listen_as bob bob -k -a "alice@$DOMAIN" -r "$T/in" -o oob=fetch:any
came "http://$PUBLIC:$WEB/to?http://$PRIVATE:$WEB/chain/0" 'private, with any'
came "http://$PUBLIC:$WEB/to?http://127.0.0.1:$WEB/chain/0" 'loopback, with any'
done_testing
