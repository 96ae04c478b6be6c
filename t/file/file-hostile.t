#!/bin/sh
#
# What peers may offer, and what folders may hold, that would do harm: names,
# links, lies about size and hash, streams that nobody knows.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/file.sh"

offer()		# argument ...: as alice, by slixmpp; $status
{
	start slix "$T/slixfile-alice" -w 30 -M ibb "$@" send \
	    "bob@$DOMAIN/xcat" "$T/data"
	finish slix 60
}

# A hundred names, each of which must end in the folder, as one harmless name,
# and never as it was given.
hostile_names()
{
	"$PYTHON" - >"$T/names" <<-'END'
	import json
	names = ['../x', '/etc/passwd', '.ssh', '', '.', '..', '...', '/',
	    '../../../../tmp/x', '~/x', '-rf', '--help', '\\..\\x',
	    'C:\\windows\\x', 'a/b', 'a\\b', 'x/', 'x//', './x', ' ', '  x  ',
	    'a\nb', 'a\tb', 'a\rb', 'x\u202egpj.exe', '\u2066x\u2069',
	    'x\u200ey', 'x\u2028y', '\u0085', '\u009b31m', 'x' * 4096,
	    '\u00e4' * 2048, 'n' * 255, 'n' * 256, '\U0001f600' * 64,
	    '.' * 300, '/' * 4096, '../' * 1000 + 'x', '$(id)', '`id`',
	    '; id', '| id', '*', '?', 'x\u0300', '\ufeffx', 'con', 'nul',
	    '.xcat-part-00000000000000000000000000000000', '%2e%2e%2fx',
	    'x%00y', '"', "'", '<', '>', '&', '&amp;', '../\u202ex', '\u061cx']
	names += ['.%d/../../y%d' % (i, i) for i in range(100 - len(names))]
	for n in names:
	    print(json.dumps(n))
	END
	is "$(wc -l <"$T/names")" 100 "a hundred names"
	empty_dir outer
	mkdir "$T/outer/in"
	find "$T" -path "$T/outer" -prune -o -print | sort >"$T/before"
	listen_as bob xcat -k -r "$T/outer/in" -a "alice@$DOMAIN"
	start slix "$PYTHON" -B "$LIB/slixnames.py" \
	    "alice@$DOMAIN/slix" "$(password alice)" "$SERVER" "$CAFILE" \
	    "bob@$DOMAIN/xcat" "$T/names"
	finish slix 250
	is "$status" 0 "all are sent"
	[ "$status" = 0 ] || diag_file "$T/slix.err"
	wait_for 30 some_files 100
	stop xcat
	is "$(find "$T/outer/in" -type f | wc -l)" 100 "a hundred files"
	is "$(find "$T/outer" -mindepth 1 -maxdepth 1 | wc -l)" 1 \
	    "none above the folder"
	# Not as the listing has them but as they are.
	ok "harmless names" "$PYTHON" - "$T/outer/in" <<-'END'
	import os, sys, unicodedata
	for n in os.listdir(sys.argv[1]):
	    bad = [c for c in n if unicodedata.category(c) in ('Cc', 'Zl', 'Zp')
	           or unicodedata.bidirectional(c) in
	           ('LRE', 'RLE', 'LRO', 'RLO', 'PDF', 'LRI', 'RLI', 'FSI', 'PDI')
	           or c in '\u200e\u200f\u061c']
	    if bad or n[0] in '.-' or '/' in n or '\\' in n or len(n.encode()) > 255:
	        sys.exit('harmful: %r' % n)
	END
	ok "and harmless words" "$PYTHON" - "$T/xcat.err" <<-'END'
	import sys
	for line in open(sys.argv[1], 'rb').read().decode().split('\n'):
	    if any(ord(c) < 32 or 127 <= ord(c) < 160 or
	           c in '\u202e\u2066\u2069\u200e\u2028\u061c' for c in line):
	        sys.exit('harmful: %r' % line)
	END
}

some_files()	# number: there are
{
	[ "$(find "$T/outer/in" -type f ! -name '.xcat*' | wc -l)" -eq "$1" ]
}

# What is there stays as it is.
never_overwritten()
{
	empty_dir in
	echo mine >"$T/in/data"
	echo theirs >"$T/precious"
	ln -s "$T/precious" "$T/in/data.1"
	ln -s "$T/nowhere" "$T/in/data.2"
	mkdir "$T/in/data.3"
	listen_as bob xcat -k -r "$T/in" -a "alice@$DOMAIN"
	offer
	is "$status" 0 "a name that is taken"
	check_same "$T/in/data.4" "$T/data" "is another one"
	offer
	check_same "$T/in/data.5" "$T/data" "and yet another one"
	is "$(cat "$T/in/data")" mine "a file is not overwritten"
	is "$(cat "$T/precious")" theirs "nor through a link"
	ok "nor made through a link" test ! -e "$T/nowhere"
	ok "and that is said" said xcat 'data: 100000 bytes, as data\.4'
	stop xcat
}

# Somebody has put a link where the partial file is to be.
linked_partial()
{
	empty_dir in
	echo theirs >"$T/precious"
	listen_as bob xcat -k -r "$T/in" -a "alice@$DOMAIN"
	offer --cut 5000
	wait_for 30 said xcat 'bytes are kept'
	_part=$(cd "$T/in" && echo .xcat-part-*)
	is "$(stat -c %s "$T/in/$_part")" 5000 "a partial file stays"
	rm "$T/in/$_part"
	ln -s "$T/precious" "$T/in/$_part"
	offer
	is "$status" 0 "a link in the place of a partial file"
	check_same "$T/in/data" "$T/data" "is not followed"
	is "$(cat "$T/precious")" theirs "what it leads to is as it was"
	rm "$T/in/data"
	ln "$T/precious" "$T/in/$_part"
	offer
	is "$status" 0 "a hard link there"
	is "$(cat "$T/precious")" theirs "is not written to"
	stop xcat
}

# Size and hash that are not those of what comes.
lies()
{
	empty_dir in
	listen_as bob xcat -k -r "$T/in" -a "alice@$DOMAIN"
	offer --size 100001
	ok "fewer bytes than announced" \
	    wait_for 30 said xcat 'ended before the file did'
	offer --size 99999
	ok "more bytes than announced" \
	    wait_for 30 said xcat 'more comes than was announced'
	ok "refused to its sender" said slix 'not-acceptable'
	offer --excess 50000 --size 100000
	ok "many more" \
	    wait_for 30 said xcat 'sends more than it has announced|more comes'
	is "$(find "$T/in" -name 'data.*' | wc -l)" 0 "no second file"
	rm -f "$T/in/data"
	offer --hash 00112233445566778899aabbccddeeff
	is "$status" 1 "another hash than announced"
	ok "refused to its sender" said slix not-acceptable
	ok "and said" \
	    wait_for 30 said xcat 'not what was announced by its hash'
	is "$(find "$T/in" -type f ! -name '.xcat-part-*' | wc -l)" 0 \
	    "nothing of it is a file"
	offer --hash nonsense
	is "$status" 0 "a hash that is none is no hash"
	ok "and that is said" said xcat 'no hash to compare'
	rm -f "$T/in/data"
	offer --size 9223372036854775807
	ok "an endless file is kept as far as it goes" \
	    wait_for 30 said xcat '100000 of 9223372036854775807'
	for size in 9223372036854775808 99999999999999999999 -1 1x '' ; do
		offer --size "$size"
		like "$(cat "$T/slix.err")" \
		    'refused: bad-request modify bad-profile' "size '$size'"
	done
	stop xcat
}

# The same, and worse, by what seems to be an xcat.
words()
{
	empty_dir outer
	mkdir "$T/outer/in"
	listen_as bob xcat -k -r "$T/outer/in" -a "alice@$DOMAIN" \
	    -o max-size=1000000
	start slix "$PYTHON" -B "$LIB/slixwords.py" "alice@$DOMAIN/slix" \
	    "$(password alice)" "$SERVER" "$CAFILE" "bob@$DOMAIN/xcat"
	finish slix 250
	is "$status" 0 "words: said"
	[ "$status" = 0 ] || diag_file "$T/slix.err"
	ok "words: refused" test "$(grep -Ec \
	    "^(endless|refused) b'refused'" "$T/slix.out")" = 2
	ok "words: wrong" test "$(grep -Ec \
	    "^(excess|hash|twice) b'range' b'wrong'" "$T/slix.out")" = 3
	ok "words: nonsense" wait_for 30 nonsense 8
	ok "words: not all of it" said xcat 'short: 14 of 15 bytes are kept'
	ok "words: too much" said xcat 'excess: more comes than was announced'
	ok "words: and later" said xcat 'sends more than it has announced'
	ok "words: another hash" said xcat 'hash: its content is not what was'
	is "$(cd "$T/outer/in" && echo *)" \
	    'eager honest later-excess outside' "words: the files"
	is "$(cat "$T/outer/in"/* | sed 's/what a file has/=/g')" ==== \
	    "words: content"
	is "$(find "$T/outer" -type f | wc -l)" 5 "words: and one part"
	offer
	is "$status" 0 "words: a file that is one, after all that"
	stop xcat
}

nonsense()	# number
{
	[ "$(grep -c 'it does not say what it sends' "$T/xcat.err")" -ge "$1" ]
}

# Offers that cannot be taken, and the errors of XEP-0095.
offers()
{
	empty_dir in
	listen_as bob xcat -k -r "$T/in" -a "alice@$DOMAIN" -o max-size=100000
	offer --strange urn:example:unknown
	like "$(cat "$T/slix.err")" \
	    'refused: bad-request cancel no-valid-streams' "unknown streams"
	offer --strange ''
	like "$(cat "$T/slix.err")" \
	    'refused: bad-request cancel no-valid-streams' "no streams"
	offer --profile urn:example:profile
	like "$(cat "$T/slix.err")" \
	    'refused: bad-request modify bad-profile' "an unknown profile"
	offer --size 100001
	like "$(cat "$T/slix.err")" \
	    'refused: not-acceptable .*larger than is taken here' "too large"
	ok "and that is said" said xcat 'refused data: it is larger'
	offer
	is "$status" 0 "not too large"
	start carol "$PYTHON" -B "$LIB/slixfile.py" -j "carol@$DOMAIN/slix" \
	    -p "$(password carol)" -c "$SERVER" -C "$CAFILE" -w 30 send \
	    "bob@$DOMAIN/xcat" "$T/data"
	finish carol 60
	like "$(cat "$T/carol.err")" 'refused: service-unavailable' \
	    "a stranger is told nothing"
	stop xcat
	listen_as bob xcat -k -r "$T/in" -a "alice@$DOMAIN" -o e2e=require
	offer
	like "$(cat "$T/slix.err")" 'refused: forbidden' \
	    "plain files where encryption is required"
	stop xcat
	listen_as bob xcat -k -a "alice@$DOMAIN" 1=!true
	offer
	like "$(cat "$T/slix.err")" 'refused: service-unavailable' \
	    "no files to services"
	stop xcat
}

# A stream that comes when nobody waits for it any more.
late()
{
	empty_dir in
	listen_as bob xcat -w 8 -k -r "$T/in" -a "alice@$DOMAIN"
	start slix "$T/slixfile-alice" -w 120 -M ibb --late send \
	    "bob@$DOMAIN/xcat" "$T/data"
	ok "nobody sends what was offered" \
	    wait_for 60 said xcat 'offered data, but sent nothing'
	signal USR1 slix
	finish slix 60
	is "$status" 1 "a stream that is late"
	like "$(cat "$T/slix.err")" 'item-not-found' "is not known"
	stop xcat
	ok "its bytes are nowhere" test ! -s "$T/xcat.out"
	is "$(find "$T/in" -mindepth 1 | wc -l)" 0 "nor is a file for them"
}

bad_folders()
{
	fails 2 'xcat: -r .*/none: No such file' "no folder" \
	    "$T/bob" -l -r "$T/none"
	fails 2 'xcat: -r .*/data: Not a directory' "a file for a folder" \
	    "$T/bob" -l -r "$T/data"
	empty_dir closed
	chmod 555 "$T/closed"
	if [ "$(id -u)" = 0 ]; then
		chmod 711 "$T"
		mkdir "$T/home/nobody"
		chown 65534 "$T/home/nobody"
		chmod a+r "$CAFILE"
		fails 2 'xcat: -r .*/closed: Permission denied' \
		    "a folder that is not writable" \
		    setpriv --reuid 65534 --clear-groups \
		    env XCAT_PASSWORD=x HOME="$T/home/nobody" \
		    "$XCAT" -l -j "bob@$DOMAIN" -c "$SERVER" -C "$CAFILE" \
		    -r "$T/closed"
	else
		fails 2 'xcat: -r .*/closed: Permission denied' \
		    "a folder that is not writable" \
		    "$T/bob" -l -r "$T/closed"
	fi
}

# It becomes full: said at both sides, and it can go on when there is room.
disk_full()
{
	# shellcheck disable=SC2154	# set in the trap itself
	trap '_s=$?; umount -l "$T/small" 2>/dev/null; (exit $_s); cleanup' EXIT
	empty_dir small
	mount -t tmpfs -o size=64k tmpfs "$T/small" 2>/dev/null || {
		skip "disk full" "no tmpfs can be mounted here"
		return
	}
	listen_as bob xcat -k -r "$T/small" -a "alice@$DOMAIN"
	offer
	is "$status" 1 "disk full: its sender hears of it"
	ok "disk full: said" wait_for 30 said xcat 'No space left on device'
	run "$T/alice" -s "bob@$DOMAIN/xcat" "$T/data"
	is "$status" 6 "disk full: an xcat hears of it"
	mount -o remount,size=1m "$T/small"
	run "$T/alice" -s "bob@$DOMAIN/xcat" "$T/data"
	is "$status" 0 "with room again it goes on"
	ok "from where it was" said run 'going on behind'
	check_same "$T/small/data" "$T/data" "with room again: content"
	stop xcat
	umount "$T/small"
}

head -c 100000 /dev/urandom >"$T/data"
start_server prosody
slix_user alice slixfile
slix_user bob slixfile
hostile_names
never_overwritten
linked_partial
lies
words
offers
late
bad_folders
disk_full
done_testing
