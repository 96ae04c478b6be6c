#!/bin/sh
#
# Files to and from a program that knows XEP-0096 and nothing of xcat: slixmpp,
# in-band and over sockets.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/file.sh"

# Every one with its name, its size, its date.
check_received()	# file in-dir what
{
	check_same "$T/$2/${1##*/}" "$1" "$3: content"
}

short()		# path: the name, to be read by people
{
	echo "${1##*/}" | cut -c 1-20
}

slix_sends()	# methods file xcat-option ...
{
	_m=$1 _f=$2; shift 2
	_what="$server: slixmpp sends $(short "$_f") by $_m to xcat $*"
	empty_dir in
	listen_as bob xcat -r "$T/in" -a "alice@$DOMAIN" "$@"
	start slix "$T/slixfile-alice" -M "$_m" send "bob@$DOMAIN/xcat" "$_f"
	ended slix "$_what"
	ended xcat "$_what"
	check_received "$_f" in "$_what"
	is "$(find "$T/in" -type f | wc -l)" 1 "$_what: nothing else"
	is "$(stat -c %Y "$T/in/${_f##*/}")" "$(stat -c %Y "$_f")" \
	    "$_what: date"
	[ ! -s "$T/xcat.out" ] || fail "$_what: something on standard output"
}

xcat_sends()	# methods file xcat-option ...
{
	_m=$1 _f=$2; shift 2
	_what="$server: xcat $* sends $(short "$_f") to slixmpp by $_m"
	empty_dir in
	start slix "$T/slixfile-bob" -M "$_m" receive "$T/in"
	wait_for 30 said slix listening || bail "slixmpp does not log in"
	start xcat "$T/alice" "$@" -s "bob@$DOMAIN/slix" "$_f"
	ended xcat "$_what"
	ended slix "$_what"
	check_received "$_f" in "$_what"
	is "$(head -n 1 "$T/slix.out" | cut -d ' ' -f 1-3)" \
	    "$(echo "${_f##*/} $(stat -c %s "$_f") $(md5sum <"$_f")" |
	    cut -d ' ' -f 1-3)" "$_what: name, size and hash"
	[ "${_f##*/}" != data.txt ] ||
	    is "$(head -n 1 "$T/slix.out" | cut -d ' ' -f 4-)" \
	    "$(date -ur "$_f" +%Y-%m-%dT%H:%M:%SZ) text/plain" "$_what: date and type"
}

# Through a socket.  make check sends one such file, between two xcats.
large()
{
	[ "$TIER" = soak ] || {
		head -c 3000000 /dev/urandom >"$T/large"
		xcat_sends s5b "$T/large"
		return
	}
	room_for_large || return
	large_file "$T/large"
	LIMIT=900
	xcat_sends s5b "$T/large"
	unset LIMIT
	rm "$T/large" "$T/in/large"
}

# As any stream, for want of -r.
to_stdout()
{
	_what="$server: slixmpp sends to the standard output of xcat"
	listen_as bob xcat -a "alice@$DOMAIN"
	start slix "$T/slixfile-alice" -M "$1" send "bob@$DOMAIN/xcat" \
	    "$T/data.txt"
	ended slix "$_what by $1"
	ended xcat "$_what by $1"
	check_same "$T/xcat.out" "$T/data.txt" "$_what by $1"
}

# libpurple does not answer the close of a stream, all of which it has confirmed.
close_unanswered()
{
	_what="no answer to the close"
	empty_dir in
	start slix "$T/slixfile-bob" -M ibb --no-answer receive "$T/in"
	wait_for 30 said slix listening || bail "slixmpp does not log in"
	start xcat "$T/alice" -v -s "bob@$DOMAIN/slix" "$T/data.txt"
	ended xcat "$_what"
	ended slix "$_what"
	check_received "$T/data.txt" in "$_what"
	ok "$_what: told with -v" said xcat 'but the close is not answered'
}

# The sender waits for the end of the socket, which a receiver is to make.  (The
# proxy of Prosody 0.12 may hold the last bytes back until then.)
receiver_ends()
{
	_what="a sender that waits for the end"
	empty_dir in
	for f in data.txt none; do
		listen_as bob xcat -r "$T/in" -a "alice@$DOMAIN"
		start slix "$T/slixfile-alice" -M s5b --wait-end 8 send \
		    "bob@$DOMAIN/xcat" "$T/$f"
		ended slix "$_what: $f"
		ok "$_what: $f: it comes" grep -q '^ended' "$T/slix.out"
		ended xcat "$_what: $f"
		check_received "$T/$f" in "$_what: $f"
	done
}

head -c 1000003 /dev/urandom >"$T/data.txt"
touch -d '2001-02-03 04:05:06 UTC' "$T/data.txt"
printf x >"$T/one"
: >"$T/none"
long=$(printf 'n%.0s' $(seq 255))
spaces='with spaces äöü'
printf long >"$T/$long"
printf spaces >"$T/$spaces"
export LC_ALL=C.UTF-8

for kind in $SERVERS; do
	start_server "$kind" proxy65
	slix_user alice slixfile
	slix_user bob slixfile
	xcat_sends ibb "$T/data.txt"
	xcat_sends ibb "$T/one"
	xcat_sends ibb "$T/none"
	slix_sends ibb "$T/data.txt"
	slix_sends ibb "$T/one"
	slix_sends ibb "$T/none"
	to_stdout ibb
	slix_sends ibb "$T/$long"
	slix_sends ibb "$T/$spaces"
	xcat_sends ibb "$T/$long"
	xcat_sends ibb "$T/$spaces"
	xcat_sends s5b "$T/data.txt"
	xcat_sends s5b "$T/one"
	slix_sends s5b "$T/data.txt"
	slix_sends s5b,ibb "$T/data.txt" -i
	to_stdout s5b
	[ "$kind" != prosody ] || close_unanswered
	[ "$kind" != ejabberd ] || receiver_ends
	[ "$kind" != ejabberd ] || large
	stop_server
done
done_testing
