#!/bin/sh
#
# Files to and from a program that knows Jingle (XEP-0234) and nothing of xcat:
# t/lib/jingle.py, over sockets of either end, through proxies of either end, and
# in-band, at once or as the last resort.  What such programs do otherwise is in
# jingle-odd.t, and stanza by stanza in t/unit/.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/file.sh"

short()		# path: the name, to be read by people
{
	echo "${1##*/}" | cut -c 1-20
}

xcat_sends()	# file xcat-options line-of-the-peer peer-option ...
{
	_f=$1 _x=$2 _line=$3; shift 3
	_what="$server: xcat $_x sends $(short "$_f"), $_line"
	empty_dir in
	start peer "$T/jingle-bob" "$@" receive "$T/in"
	wait_for 30 said peer listening || bail "the peer does not log in"
	# shellcheck disable=SC2086
	start xcat "$T/alice" $_x -s "bob@$DOMAIN/slix" "$_f"
	ended xcat "$_what"
	ended peer "$_what"
	check_same "$T/in/${_f##*/}" "$_f" "$_what: content"
	ok "$_what: name and size" grep -qF \
	    "offer: ${_f##*/} $(stat -c %s "$_f") sha-256" "$T/peer.out"
	ok "$_what: hash" grep -q '^hash agrees' "$T/peer.out"
	ok "$_what: the way" grep -q "^$_line" "$T/peer.out"
}

peer_sends()	# file xcat-options line-of-the-peer peer-option ...
{
	_f=$1 _x=$2 _line=$3; shift 3
	_what="$server: to xcat $_x, $(short "$_f"), $_line"
	empty_dir in
	# shellcheck disable=SC2086
	listen_as bob xcat -r "$T/in" -a "alice@$DOMAIN" $_x
	start peer "$T/jingle-alice" "$@" send "bob@$DOMAIN/xcat" "$_f"
	ended peer "$_what"
	ended xcat "$_what"
	check_same "$T/in/${_f##*/}" "$_f" "$_what: content"
	is "$(find "$T/in" -type f | wc -l)" 1 "$_what: nothing else"
	ok "$_what: SHA-256" said xcat 'SHA-256 agrees'
	ok "$_what: said" grep -q '^received' "$T/peer.out"
	ok "$_what: ended" grep -q '^ended: success' "$T/peer.out"
	ok "$_what: the way" grep -q "^$_line" "$T/peer.out"
}

head -c 300003 /dev/urandom >"$T/data.txt"
printf x >"$T/one"
: >"$T/none"
long=$(printf 'n%.0s' $(seq 255))
odd='ä <&"> '"'"' %2e ;$(id)'
printf long >"$T/$long"
printf odd >"$T/$odd"
export LC_ALL=C.UTF-8

for kind in $SERVERS; do
	start_server "$kind" proxy65
	slix_user alice jingle
	slix_user bob jingle
	xcat_sends "$T/data.txt" '-o streamhost=none' 'uses theirs: proxy' \
	    -H none
	xcat_sends "$T/data.txt" '' 'uses ours: proxy' -H proxy --no-connect
	peer_sends "$T/data.txt" '' 'uses ours: proxy' -H proxy --no-connect
	peer_sends "$T/data.txt" '-o streamhost=none' 'uses theirs: proxy' \
	    -H none
	[ "$kind" != prosody ] || {
		xcat_sends "$T/data.txt" -i 'open 4096'
		xcat_sends "$T/data.txt" '' 'uses theirs: direct'
		xcat_sends "$T/data.txt" '' transport-replace -H none \
		    --no-connect
		peer_sends "$T/data.txt" '' 'accepted ibb' -M ibb
		peer_sends "$T/data.txt" '' 'uses theirs: direct'
		peer_sends "$T/data.txt" -i replaces
		xcat_sends "$T/none" -i 'open 4096'
		xcat_sends "$T/one" -i 'open 4096'
		xcat_sends "$T/none" '' 'uses theirs: direct'
		xcat_sends "$T/one" '-o streamhost=none' 'uses theirs: proxy' \
		    -H none
		xcat_sends "$T/$long" -i 'open 4096'
		xcat_sends "$T/$odd" -i 'open 4096'
		peer_sends "$T/none" '' 'accepted ibb' -M ibb
		peer_sends "$T/one" '' 'accepted ibb' -M ibb
		peer_sends "$T/none" '' 'uses ours: proxy' -H proxy --no-connect
		peer_sends "$T/one" '' 'uses ours: direct' --no-connect
		peer_sends "$T/$long" '' 'accepted ibb' -M ibb
		peer_sends "$T/$odd" '' 'accepted ibb' -M ibb
	}
	stop_server
done
done_testing
