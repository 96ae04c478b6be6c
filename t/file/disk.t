#!/bin/sh
#
# Disks that are full: what a file that comes, and what is remembered, makes of
# them.  The disks are small ones, in a mount namespace of this test's own.

. "${0%/*}/../lib/lib.sh"

if [ -z "${DISKS-}" ]; then
	as='unshare --mount'
	[ "$(id -u)" -eq 0 ] || as='unshare --mount --map-root-user'
	rm -rf "$T"
	$as true 2>/dev/null || skip_all 'no mount namespaces here'
	# shellcheck disable=SC2086	# words
	DISKS=1 exec $as "$0" "$@"
fi

. "$LIB/server.sh"
. "$LIB/file.sh"

LIMIT=20
bob=bob@$DOMAIN

disk()		# name KiB: a disk at $T/name
{
	mkdir -p "$T/$1"
	mount -t tmpfs -o "size=$2k" tmpfs "$T/$1" ||
		skip_all 'no tmpfs can be mounted here'
}

fill()		# name
{
	cat /dev/zero >"$T/$1/fill" 2>/dev/null
}

# --- files -------------------------------------------------------------------

# The sender hears the reason, whatever carries the bytes.
receiver_full()	# how option ...
{
	how=$1; shift
	listen_as bob bob -k -r "$T/small" -a "alice@$DOMAIN" "$@"
	run "$T/alice" -v "$@" -s "$bob" "$T/data"
	is "$status" 6 "$how: status"
	ok "$how: said" said run ': data: the peer could not write what it got'
	ok "$how: said there" \
	    said bob 'writing to the file: No space left on device'
	stop bob
	rm -f "$T/small"/.xcat*
}

# --- what is remembered ------------------------------------------------------

call()		# option ...
{
	listen_as bob bob -a "alice@$DOMAIN"
	run "$T/alice" "$@" -s "$bob" <"$T/word"
	is "$status" 0 "$what: status"
	ended bob "$what"
	check_same "$T/bob.out" "$T/word" "$what: content"
}

home_disk()
{
	disk home/alice 64
	: >"$T/home/alice/config"
}

remembers_nothing()
{
	home_disk
	what="no key and no room"
	fill home/alice
	call -v
	ok "$what: said" \
	    said run 'key.pem: cannot be written \(No space left on device\)'
	ok "$what: of known_peers, too" said run \
	    'cannot be remembered: .*known_peers: No space left on device$'
	ok "$what: and of what the server offers" said run \
	    'what the server offers cannot be remembered: No space left'
	ok "$what: no half key" [ ! -e "$T/home/alice/key.pem" ]
	what="the same again"
	call
	rm "$T/home/alice/fill"
	what="with room"
	call
	ok "$what: said" said run 'its key SHA256:.* is now in .*known_peers'
	what="again"
	call
	is "$(cat "$T/run.err")" '' "$what: silent"
	umount "$T/home/alice"
}

# A line that would go over the end of its page: it is there, or it is not.
not_torn()
{
	home_disk
	tr "\\0" "#" </dev/zero | fold -w 63 | head -c 4090 \
	    >"$T/home/alice/known_peers"
	echo >>"$T/home/alice/known_peers"
	cp "$T/home/alice/known_peers" "$T/before"
	cp "$T/key.pem" "$T/home/alice/key.pem"
	fill home/alice
	what="known_peers and no room"
	call
	ok "$what: said" said run 'known_peers: No space left on device$'
	check_same "$T/home/alice/known_peers" "$T/before" "$what: as it was"
	what="once more"
	call
	umount "$T/home/alice"
}

# A line that an earlier xcat has torn is told, and ignored; its peer is not
# trusted anew in silence.
torn()
{
	printf '# x\n%s\n%s' "carol@$DOMAIN/x SHA256:short" "$bob/xcat SHA2" \
	    >"$T/home/alice/known_peers"
	what="torn lines"
	call -q
	ok "$what: what is at stake" said run \
	    "^xcat: $bob/xcat: its key may have been in a line that"
	what="later"
	call
	ok "$what: said where" said run \
	    'known_peers:2: makes no sense and is ignored, as are 1 other'
	is "$(wc -l <"$T/run.err")" 1 "$what: and nothing else"
	rm "$T/home/alice/known_peers"
	printf 'nonsense\n' >>"$T/home/alice/known_servers"
	what="nonsense in known_servers"
	call
	ok "$what: said" said run 'known_servers:2: makes no sense'
	printf 'bob@h yes a\n' >"$T/home/alice/known_servers"
	what="a torn line in known_servers"
	call
	ok "$what: said" said run 'known_servers:1: makes no sense'
	what="after it was written anew"
	call
	is "$(cat "$T/run.err")" '' "$what: silent"
}

head -c 3000000 /dev/urandom >"$T/data"
echo hello >"$T/word"
start_server prosody
xcat_as alice -K >"$T/key.out"
cp "$T/home/alice/key.pem" "$T/key.pem"
disk small 1500
receiver_full in-band -i
receiver_full socket
umount "$T/small"
remembers_nothing
not_torn
torn
done_testing
