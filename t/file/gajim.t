#!/bin/sh
#
# Files to and from Gajim itself, by Jingle: over sockets and in-band.  It sends
# no empty files.  GAJIM_LOG=1 KEEP=1 t/file/gajim.t shows what Gajim thinks.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/file.sh"
. "$LIB/gajim.sh"

# On a busy machine Gajim 1.7.3 was seen to say that it has a file in the middle
# of it.  That is no success for xcat, and the file is to be sent again.
said_too_soon()
{
	[ "$status" = 6 ] &&
	    said xcat 'before the end of the file \(success\)'
}

to_gajim()	# file xcat-option ...
{
	_f=$1; shift
	_what="xcat $* sends $(basename "$_f" | cut -c 1-20) to Gajim"
	for _try in 1 2 3; do
		start xcat "$T/alice" -v "$@" -s "bob@$DOMAIN/gajim" "$_f"
		finish xcat "${LIMIT:-120}"
		said_too_soon || break
		diag "$_what: it has $(wc -c <"$T/in/${_f##*/}") bytes"
		rm -f "$T/in/${_f##*/}"
	done
	is "$status" 0 "$_what: status of xcat"
	[ "$status" = 0 ] || diag_file "$T/xcat.err"
	# Gajim says that it has all before it has closed the file.
	wait_for 20 cmp -s "$T/in/${_f##*/}" "$_f"
	check_same "$T/in/${_f##*/}" "$_f" "$_what: content"
}

# Gajim reckons the hash of a large file beside the file, and has not announced
# it, so that xcat does not wait for it.  The 50 MB of a soak may be here sooner.
hash_came()	# transport file
{
	said xcat 'SHA-256 agrees' ||
	    { [ "$TIER $1 $2" = "soak s5b $T/data" ] && said xcat 'no hash to compare'; }
}

from_gajim()	# transport file
{
	_what="Gajim sends $(basename "$2" | cut -c 1-20) by $1"
	listen_as alice xcat -v -r "$T/in" -a "bob@$DOMAIN"
	start gajim "$T/gajim-bob" -w "$LIMIT" -M "$1" send "alice@$DOMAIN/xcat" "$2"
	ended xcat "$_what"
	check_same "$T/in/${2##*/}" "$2" "$_what: content"
	ok "$_what: the hash comes, too" hash_came "$1" "$2"
	ended gajim "$_what"
	rm -f "$T/in/${2##*/}"
}

have_gajim || skip_all "no gajim, Xvfb or dbus-run-session"
head -c "$(by_tier 300003 50000017)" /dev/urandom >"$T/data"
printf x >"$T/one"
: >"$T/none"
odd='ä <&> '"'"' %2e ;$(id)'
printf odd >"$T/$odd"
export LC_ALL=C.UTF-8
LIMIT=$(by_tier 120 1200)

start_server prosody proxy65
start_display
gajim_user bob
empty_dir in
start gajim "$T/gajim-bob" -w $((LIMIT * 5)) receive "$T/in"
wait_for 60 grep -q '^listening' "$T/gajim.out" || {
	diag_file "$T/gajim.err"
	bail "Gajim does not log in"
}
to_gajim "$T/data"
ok "by a socket" said xcat 'socket: direct'
to_gajim "$T/one"
to_gajim "$T/none"
to_gajim "$T/$odd"
rm "$T/in/"*
to_gajim "$T/data" -i
to_gajim "$T/one" -i
to_gajim "$T/none" -i
to_gajim "$T/$odd" -i
signal KILL gajim
finish gajim
empty_dir in
from_gajim s5b "$T/data"
from_gajim ibb "$T/data"
from_gajim s5b "$T/one"
from_gajim s5b "$T/$odd"
from_gajim ibb "$T/one"
from_gajim ibb "$T/$odd"
stop_server
done_testing
