#!/bin/sh
#
# Files to and from Dino itself, by Jingle over a socket.  In-band Dino 0.4.2 takes
# all bytes, but not the file, and does not say so: what is said then.
#
#	KEEP=1 prove -v t/file/dino.t	# leaves all stanzas in dino.err

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/file.sh"
. "$LIB/gajim.sh"
. "$LIB/dino.sh"

to_dino()	# status file option ...
{
	_status=$1 _file=$2; shift 2
	what="xcat sends $_file to Dino"
	run "$T/alice" -v "$@" -s "bob@$DOMAIN/dino" "$T/$_file"
	is "$status" "$_status" "$what: status"
}

kept()
{
	ok "$what: it is there" wait_for "$COMPLETE" dino_said complete "$_file"
	check_same "$(dino_file "$_file")" "$T/$_file" "$what: content"
}

from_dino()	# file
{
	what="Dino sends $1"
	empty_dir in
	dino bob alice "$T/$1"
	listen_as alice xcat -v -r "$T/in" -a "bob@$DOMAIN"
	wait_for 30 grep -q "presence.*from='alice@$DOMAIN/xcat'" \
	    "$T/dino.err" || bail "Dino does not see us"
	: >"$T/go"
	ended xcat "$what"
	check_same "$T/in/$1" "$T/$1" "$what: content"
	signal KILL dino
	finish dino
}

# Of 50 MB all goes slowly through Dino, which shows and logs what it does.
LIMIT=$(by_tier 120 900) COMPLETE=$(by_tier 30 300)
have_dino || skip_all "no dino-im, Xvfb or dbus-run-session"
head -c "$(by_tier 300003 50000017)" /dev/urandom >"$T/data"
printf x >"$T/one"
: >"$T/none"

make_dino
start_server prosody proxy65
start_display
# Dino offers files to contacts only.
run "$PYTHON" -B "$LIB/contact.py" "bob@$DOMAIN/slix" "$(password bob)" \
    "127.0.0.1:$PORT" "$CAFILE" "alice@$DOMAIN" "$(password alice)"
dino bob alice
to_dino 0 data
ok "$what: by a socket" said run 'socket: direct'
kept
to_dino 0 one
kept
to_dino 0 none
kept
wind 10
to_dino 7 one -i
ok "$what, in-band: Dino has not got it" dino_said failed one
ok "$what, in-band: said" said run 'all is sent, but it does not say'
wind 1
signal KILL dino
finish dino
from_dino data
from_dino one
stop_server
done_testing
