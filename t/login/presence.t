#!/bin/sh
#
# -o presence: what a subscribed contact sees of a caller and of a listener, and
# that streams come about in each setting, on each server.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/jabberd2.sh"

SERVERS=${SERVERS_OF_PRESENCE:-prosody ejabberd jabberd2}

start_contact()
{
	fifo contact.in
	start contact "$PYTHON" -B "$LIB/contact.py" "carol@$DOMAIN/slix" \
	    "$(password carol)" "$SERVER" "$CAFILE" "alice@$DOMAIN" \
	    "$(password alice)" <>"$T/contact.in"
	wait_for 15 grep -qs ready "$T/contact.out" ||
	    { diag_file "$T/contact.err"; bail 'no contact'; }
}

# What the contact saw since the last call, without resources.  Directed
# presence to the contact itself marks the end, and is not shown: servers keep
# the order of what they route to one resource.
seen()
{
	run "$T/alice" -j "alice@$DOMAIN/mark" -o presence=peer \
	    -z "carol@$DOMAIN/slix"
	wait_for 20 marked || diag_file "$T/run.err"
	sed '/^ready/d; / mark$/d; / approval$/d; s/ .*//' "$T/contact.out" |
	    tr -d '\0' | tr '\n' ' ' | kept
	: >"$T/contact.out"
}

# jabberd2 tells contacts now and then that a resource is gone of which it has
# not told them that it was there.
kept()
{
	if [ "$server" = jabberd2 ]; then
		sed 's/^unavailable $//'
	else
		cat
	fi
}

marked()
{
	grep -q '^available mark' "$T/contact.out"
}

say()		# user argument ...: "hello"
{
	_user=$1; shift
	echo hello >"$T/hello"
	run "$T/$_user" "$@" <"$T/hello"
}

# The settings of caller and listener.
transfer()	# description caller listener
{
	_desc=$1
	: >"$T/contact.out"
	# shellcheck disable=SC2086	# words, or none
	listen_as bob b -a "alice@$DOMAIN" ${3:+-o presence=$3}
	# shellcheck disable=SC2086
	say alice ${2:+-o presence=$2} -s "bob@$DOMAIN"
	is "$status" 0 "$_desc: sent"
	[ "$status" = 0 ] || diag_file "$T/run.err"
	ended b "$_desc"
	is "$(cat "$T/b.out")" hello "$_desc: arrived"
}

settings()	# server
{
	transfer "$1, as it comes" '' ''
	is "$(seen)" "" "$1: a caller is not seen"
	transfer "$1, contacts" contacts contacts
	is "$(seen)" "available unavailable " "$1: contacts: it is seen"
	transfer "$1, peer" peer peer
	is "$(seen)" "" "$1: peer: it is not seen"
	transfer "$1, none" none none
	is "$(seen)" "" "$1: none: it is not seen"
}

# A listener is seen unless it is told not to be.
listeners()	# server
{
	for _setting in '' contacts peer none; do
		# shellcheck disable=SC2086
		listen_as alice a -k ${_setting:+-o presence=$_setting}
		say alice -s "alice@$DOMAIN"
		is "$status" 0 "$1: listener, ${_setting:-as it comes}: sent"
		stop a
		case $_setting in
		''|contacts)	_want="available unavailable " ;;
		*)		_want= ;;
		esac
		is "$(seen)" "$_want" \
		    "$1: listener, ${_setting:-as it comes}: what is seen"
	done
	stop contact
}

for server in $SERVERS; do
	start_server "$server"
	start_contact
	settings "$server"
	listeners "$server"
	stop contact
	stop_server
done
done_testing
