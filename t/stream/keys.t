#!/bin/sh
#
# Keys: made once, remembered, compared; and the files that they are kept in.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"

LIMIT=30
bob=bob@$DOMAIN
alices=$T/home/alice
bobs=$T/home/bob
key='SHA256:[A-Za-z0-9+/]{43}'
met="first contact; its key $key is now in [^ ]+/known_peers\$"

# For who is not root there is only himself; root tries as somebody else, too,
# whom permissions concern.
as='env'			# the program that does it
is_root()
{
	[ "$(id -u)" -eq 0 ]
}

if is_root; then
	chmod 711 "$T"
	cp "$XCAT" "$T/xcat"	# which may be where nobody else looks
	XCAT=$T/xcat
fi

become_nobody()
{
	is_root || return 0
	cat >"$T/as-nobody" <<-'END'
	#!/bin/sh
	exec setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
	END
	chmod +x "$T/as-nobody"
	as=$T/as-nobody
}

give_to_nobody()	# file
{
	! is_root || chown -R 65534:65534 "$1"
}

key_of()	# user
{
	xcat_as "$1" -K | sed "s,.*=,,"
}

fingerprint()	# of nobody's key
{
	printf 'SHA256:%.43s' "$(echo "$1" | sha256sum | base64 -w 0)"
}

mode()		# file
{
	stat -c %a "$1"
}

# Of more than its address.
listener_has_spoken()
{
	gone "$(pid_of listener)" || [ "$(wc -l <"$T/listener.err")" -gt 1 ]
}

# One stream from alice to bob; the status of each in $caller and $listener.
listener_options='' caller_options='' allow=''
meet()
{
	# shellcheck disable=SC2086
	listen_as bob listener ${allow:--a alice@$DOMAIN} $listener_options
	# shellcheck disable=SC2086
	start caller "$as" "$T/alice" -s $caller_options "$bob" <"$T/data"
	finish caller "$LIMIT"
	caller=$status
	if [ "$caller" != 0 ]; then
		wait_at_most 2 listener_has_spoken
		signal TERM listener
	fi
	finish listener "$LIMIT"
	listener=$status
}

arrives()	# what
{
	is "$caller" 0 "$1: status of the caller"
	is "$listener" 0 "$1: status of the listener"
	check_same "$T/listener.out" "$T/data" "$1: everything arrives"
}

# The caller says one line, and nothing gets through.
refused()	# status extended-regex what
{
	is "$caller" "$1" "$3: status"
	[ "$(wc -l <"$T/caller.err")" -eq 1 ] && said caller "$2"
	is "$?" 0 "$3: the line"
	said caller "$2" || diag_file "$T/caller.err"
	ok "$3: nothing gets through" [ ! -s "$T/listener.out" ]
}

silent()	# what
{
	is "$(cat "$T/caller.err")" '' "$1: silence"
}

forget_peers()
{
	rm -f "$alices/known_peers"
}

# --- the own key -------------------------------------------------------------

make_own()
{
	rm -f "$alices/key.pem"
	first=$(umask 0; key_of alice)
	like "$first" "^$key\$" 'a key is made on first use'
	is "$(mode "$alices/key.pem")" 600 'its file is closed to others'
	is "$(key_of alice)" "$first" 'it stays the same'
	is "$(ls -A "$alices")" "$(printf 'config\nkey.pem')" \
	    'nothing else is left behind'
	ok 'it can be read by openssl(1)' openssl pkey -in "$alices/key.pem" \
	    -noout
	rm "$alices/key.pem"
	ok 'removed, another one is made' [ "$(key_of alice)" != "$first" ]
}

own_directory()
{
	rm -rf "$T/new"
	like "$(XDG_CONFIG_HOME=$T/new/deep "$XCAT" -K)" "^$key\$" \
	    'a directory is made for it'
	is "$(mode "$T/new/deep/xcat")" 700 'which is closed to others'
	is "$(mode "$T/new/deep/xcat/key.pem")" 600 'and so is the key'
}

# Many at once, whose keys are one.
at_once()
{
	mine=alice@$DOMAIN=
	for time in 1 2 3 4 5; do
		rm -f "$alices/key.pem"
		for i in 1 2 3 4 5 6; do
			start "once$i" "$T/alice" -K
		done
		for i in 1 2 3 4 5 6; do
			finish "once$i" "$LIMIT"
		done
		is "$(cat "$T"/once?.out "$T"/once?.err | sort -u)" \
		    "$mine$(key_of alice)" "first runs at once agree, time $time"
	done
	is "$(ls -A "$alices")" "$(printf 'config\nkey.pem')" \
	    'and leave one file'
}

bad_own()	# extended-regex what
{
	fails 2 "^xcat: $alices/key.pem: $1" "$2: -K" "$T/alice" -K
	fails 2 "^xcat: $alices/key.pem: $1" "$2: a caller" \
	    "$T/alice" "$bob"
	fails 2 "^xcat: $alices/key.pem: $1" "$2: a listener" "$T/alice" -l
}

own_file()
{
	for mode in 640 604 660; do
		chmod $mode "$alices/key.pem"
		bad_own "others can .*; chmod" "a key of mode $mode"
	done
	chmod 600 "$alices/key.pem"
	cp "$alices/key.pem" "$T/key.pem"

	echo garbage >"$alices/key.pem"
	bad_own 'not a key and its certificate; remove' 'a key that is none'
	: >"$alices/key.pem"
	bad_own 'not a key and its certificate; remove' 'an empty key'
	sed '/END PRIVATE/q' "$T/key.pem" >"$alices/key.pem"
	bad_own 'not a key and its certificate; remove' 'a key alone'
	key_of bob >/dev/null
	{ sed '/END PRIVATE/q' "$T/key.pem"
	  sed -n '/BEGIN CERT/,$p' "$bobs/key.pem"; } >"$alices/key.pem"
	bad_own 'not a key and its certificate; remove' \
	    "a key with another one's certificate"
	rm "$alices/key.pem"
	mkdir "$alices/key.pem"
	bad_own 'is a folder' 'a directory instead of a key'
	rmdir "$alices/key.pem"
	mv "$T/key.pem" "$alices/key.pem"
}

foreign()
{
	if ! is_root; then
		skip 'a foreign key' 'needs root'
		return
	fi
	chown 65534 "$alices/key.pem"
	bad_own 'belongs to someone else' 'a foreign key'
	chown 0 "$alices/key.pem"
	: >"$alices/known_peers"
	chown 65534 "$alices/known_peers"
	fails 2 "^xcat: $alices/known_peers: belongs to someone else" \
	    'a foreign known_peers' "$T/alice" "$bob"
	forget_peers
}

unreadable()
{
	become_nobody
	give_to_nobody "$alices"
	chmod 0 "$alices/key.pem"
	fails 2 "^xcat: $alices/key.pem: Permission denied" \
	    'an unreadable key' "$as" "$T/alice" -s "$bob"
	chmod 600 "$alices/key.pem"
	: >"$alices/known_peers"
	chmod 0 "$alices/known_peers"
	fails 2 "^xcat: $alices/known_peers: Permission denied" \
	    'an unreadable known_peers' "$as" "$T/alice" -s "$bob"
	rm -f "$alices/known_peers"
}

# --- nowhere to write --------------------------------------------------------

cannot_remember="first contact; its key is $key, which cannot be remembered: "
this_once='key.pem: cannot be written \(Permission denied\), so the key is '
this_once="${this_once}for this once\$"

read_only_home()
{
	chmod 500 "$alices"
	meet
	arrives 'a read-only home'
	is "$(wc -l <"$T/caller.err")" 1 'a read-only home: one line'
	ok 'a read-only home: says that it cannot remember' \
	    said caller "$cannot_remember.*known_peers: Permission denied\$"
	caller_options=-q
	meet
	silent 'a read-only home with -q'
	caller_options=''

	chmod 700 "$alices"
	mv "$alices/key.pem" "$T/key.pem"
	chmod 500 "$alices"
	meet
	arrives 'a read-only home without a key'
	is "$(wc -l <"$T/caller.err")" 2 \
	    'a read-only home without a key: two lines'
	ok 'a read-only home without a key: says that it is for once' \
	    said caller "$this_once"
	ok 'a read-only home without a key: says that it cannot remember' \
	    said caller "$cannot_remember"
	fails 1 "^xcat: $alices/$this_once" \
	    'a read-only home without a key: -K' "$as" "$T/alice" -K
	chmod 700 "$alices"
	mv "$T/key.pem" "$alices/key.pem"
}

# XDG_CONFIG_HOME, because XCAT_CONFIG must exist.
no_directory()
{
	mkdir -p "$T/closed"
	give_to_nobody "$T/closed"
	chmod 500 "$T/closed"
	sed "s|^export XCAT_CONFIG=.*|export XDG_CONFIG_HOME=$T/closed/config|" \
	    "$T/alice" >"$T/nowhere"
	chmod +x "$T/nowhere"
	listen_as bob listener -a "alice@$DOMAIN"
	start caller "$as" "$T/nowhere" -s "$bob" <"$T/data"
	finish caller "$LIMIT"
	caller=$status
	finish listener "$LIMIT"
	listener=$status
	arrives 'a directory that cannot be made'
	ok 'a directory that cannot be made: the key is for once' \
	    said caller "$this_once"
	ok 'a directory that cannot be made: it cannot remember' \
	    said caller "$cannot_remember.*closed/config/xcat/known_peers: "
	is "$(wc -l <"$T/caller.err")" 2 \
	    'a directory that cannot be made: two lines'
}

# --- the keys of others ------------------------------------------------------

lifecycle()
{
	forget_peers
	old=$(key_of bob)
	umask 0
	meet
	umask 022
	arrives 'first contact'
	is "$(wc -l <"$T/caller.err")" 1 'first contact: one line'
	ok 'first contact: says so' said caller "^xcat: $bob/xcat: $met"
	is "$(cat "$alices/known_peers")" "$bob/xcat $old" \
	    'first contact: is noted'
	is "$(mode "$alices/known_peers")" 600 'first contact: for oneself'
	is "$(grep -c . "$T/listener.err")" 1 \
	    'first contact: the listener has nothing to say'
	ok 'first contact: the listener makes no note' \
	    [ ! -e "$bobs/known_peers" ]

	meet
	arrives 'again'
	silent 'again'
	is "$(wc -l <"$alices/known_peers")" 1 'again: no second note'

	rm "$bobs/key.pem"
	now=$(key_of bob)
	cp "$alices/known_peers" "$T/before"
	meet
	refused 5 "it was $(quote "$old"), it is now $(quote "$now"); .*" \
	    'a changed key'
	ok 'a changed key: what to do' said caller \
	    "; if the change is meant: xcat -K forget $bob/xcat\$"
	is "$listener" 143 'a changed key: the listener goes on'
	ok 'a changed key: the listener is told' \
	    said listener 'does not accept our key'
	check_same "$alices/known_peers" "$T/before" \
	    'a changed key: the note stays'
	caller_options='-o e2e=prefer'
	meet
	refused 5 'key has changed' 'a changed key with e2e=prefer'
	caller_options=''

	run "$T/alice" -K forget "$bob/xcat"
	is "$status" 0 'forgotten: status'
	meet
	arrives 'forgotten'
	like "$(cat "$T/caller.err")" "$met" 'forgotten: a first contact'
	echo "$bob/xcat $old" >"$alices/known_peers"

	echo "$bob/xcat $now" >>"$alices/known_peers"
	meet
	arrives 'two keys, the second'
	silent 'two keys, the second'
	printf '%s\n' "$bob/xcat $now" "$bob/xcat $old" >"$alices/known_peers"
	meet
	arrives 'two keys, the first'
	silent 'two keys, the first'

	forget_peers
	meet
	arrives 'a removed line'
	ok 'a removed line: first contact' said caller "$met"
	is "$(cat "$alices/known_peers")" "$bob/xcat $now" \
	    'a removed line: is noted anew'
}

quote()		# fingerprint, for grep -E
{
	echo "$1" | sed 's/+/\\+/g'
}

# A key is no other's: of another resource nothing is known.
others()
{
	echo "$bob/other $(fingerprint x)" >"$alices/known_peers"
	meet
	arrives "another resource's key"
	ok "another resource's key: first contact" said caller "$met"
	is "$(wc -l <"$alices/known_peers")" 2 "another resource's key: stays"
}

spaces()
{
	forget_peers
	for time in first second; do
		listen_as bob listener -a "alice@$DOMAIN" \
		    -j "$bob/My Laptop  x"
		start caller "$T/alice" -s "$bob/My Laptop  x" <"$T/data"
		finish caller "$LIMIT"
		caller=$status
		finish listener "$LIMIT"
		listener=$status
		arrives "a resource with spaces, the $time time"
	done
	silent 'a resource with spaces, the second time'
	is "$(cat "$alices/known_peers")" "$bob/My Laptop  x $(key_of bob)" \
	    'a resource with spaces: is noted'
}

# What people do to files.
edited()
{
	forget_peers
	meet
	note=$(cat "$alices/known_peers")
	printf '# bob\n\n%s' "$note" >"$alices/known_peers"
	meet
	arrives 'comments, and no newline at the end'
	silent 'comments, and no newline at the end'
	printf '%s\r\n' "$note" >"$alices/known_peers"
	meet
	silent 'the line ends of others'
	echo "$note" | sed 's/bob@[a-z]*/BOB@EXAMPLE/' >"$alices/known_peers"
	meet
	silent 'capital letters'
	printf 'carol@%s/xcat %s' "$DOMAIN" "$(fingerprint x)" \
	    >"$alices/known_peers"
	meet
	is "$(cat "$alices/known_peers")" \
	    "carol@$DOMAIN/xcat $(fingerprint x)
$note" 'a note is a line of its own, whatever the last one lacks'
}

garbage()
{
	for line in nonsense "$bob/xcat" "$bob/xcat SHA256:short" \
	    "$bob/xcat $(fingerprint x)x" "$bob/xcat md5:$(fingerprint x)" \
	    "bob@@$DOMAIN $(fingerprint x)" "/xcat $(fingerprint x)"; do
		printf '# one\n%s\n' "$line" >"$alices/known_peers"
		run "$T/alice" -s "$bob"
		is "$status" 5 "garbage: $line: is not the end"
		ok "garbage: $line: said" said run \
		    "^xcat: $alices/known_peers:2: .*mend or remove"
	done
	head -c 10000 /dev/urandom >"$alices/known_peers"
	run "$T/alice" -s "$bob"
	is "$status" 5 'garbage: random: is not the end'
	ok 'garbage: random: said' said run \
	    "^xcat: $alices/known_peers:[0-9]+: makes no sense and is ignored"
	rm "$alices/known_peers"
	mkdir "$alices/known_peers"
	fails 2 "^xcat: $alices/known_peers: is a folder" \
	    'garbage: a directory' "$T/alice" -s "$bob"
	rmdir "$alices/known_peers"
	echo "$bob/xcat $(key_of bob)" >"$alices/known_peers"
	chmod 666 "$alices/known_peers"
	fails 2 "^xcat: $alices/known_peers: others can write to it" \
	    'notes that others can write' "$T/alice" -s "$bob"
	forget_peers
}

# Who is known to have a key is not believed to have none.
no_fallback()
{
	forget_peers
	listener_options='-o e2e=off'
	meet
	arrives 'without a key'
	is "$(grep -c '' "$T/caller.err")" 1 'without a key: one line'
	ok 'without a key: says what is lost' said caller \
	    'did not take the session that was offered: not encrypted end'
	ok 'without a key: nothing is noted' [ ! -e "$alices/known_peers" ]
	echo "$bob/xcat $(key_of bob)" >"$alices/known_peers"
	meet
	refused 5 'does not encrypt end to end, which must be .*its key is known' \
	    'no fallback once a key is known'
	caller_options='-o e2e=prefer'
	meet
	refused 5 'does not encrypt' 'no fallback, not even with e2e=prefer'
	caller_options='-o e2e=off'
	meet
	arrives 'but with e2e=off'
	listener_options='' caller_options=''
	forget_peers
}

# --- the keys of callers -----------------------------------------------------

# An offer that came to nothing is not the one stream that it is there for: it
# has read nothing and closed nothing.
goes_on()
{
	listen_as bob listener -a "alice@$DOMAIN=$(fingerprint x)" \
	    -a "carol@$DOMAIN" <"$T/data"
	run "$T/alice" -s "$bob" <"$T/data"
	is "$status" 5 'without -k: the wrong key is refused'
	run "$T/carol" "$bob" <"$T/data"
	is "$status" 0 'without -k: the next caller is served'
	check_same "$T/run.out" "$T/data" 'without -k: all comes'
	finish listener "$LIMIT"
	is "$status" 0 'without -k: then it ends'
	check_same "$T/listener.out" "$T/data" 'without -k: all arrives'
}

tied()
{
	own=$(key_of alice)
	for who in "alice@$DOMAIN" "$DOMAIN"; do
		allow="-a $who=$own"
		meet
		arrives "-a $who=KEY"
	done
	allow="-a alice@$DOMAIN=$(fingerprint x) -a alice@$DOMAIN=$own"
	meet
	arrives '-a with two keys'

	allow="-a alice@$DOMAIN=$(fingerprint x)"
	meet
	is "$caller" 5 '-a with another key: status of the caller'
	ok '-a with another key: the caller is told' \
	    said caller 'does not accept our key: .*xcat -K'
	is "$(tail -n 1 "$T/caller.err" | grep -c "^xcat: $bob/xcat: ")" 1 \
	    '-a with another key: and by whom'
	ok '-a with another key: so is the listener' said listener \
	    "its key $(quote "$own") is not one that -a ties it to"
	ok '-a with another key: nothing gets through' \
	    [ ! -s "$T/listener.out" ]
	allow="-a * -a alice@$DOMAIN=$(fingerprint x)"
	set -f				# for the asterisk
	meet
	set +f
	is "$caller" 5 '-a with another key is not waived by -a *'

	fails 2 'leave out e2e=off' '-a with a key, and e2e=off' \
	    "$T/bob" -l -o e2e=off -a "alice@$DOMAIN=$own"

	# As if nothing listened: what a stranger is told, too.
	caller_options='-o e2e=off'
	for allow in "-a alice@$DOMAIN=$own" "-a carol@$DOMAIN"; do
		meet
		cp "$T/caller.err" "$T/told.${allow%%@*}"
		refused 5 'nobody listens there, or not for you' \
		    "no key, and ${allow%%=*}"
		ok "no key, and ${allow%%=*}: the listener says who" said \
		    listener "xcat: refused a stream from alice@$DOMAIN/"
	done
	check_same "$T/told.-a alice" "$T/told.-a carol" \
	    'who shows no key is told what strangers are'
	allow='' caller_options=''

	for bad in "=SHA256:short" "=${own}x" "=$own=" '=SHA256:'; do
		fails 2 '^xcat: -a .*: after = comes SHA256: and 43' \
		    "-a alice@$DOMAIN$bad" "$T/bob" -l -a "alice@$DOMAIN$bad"
	done
	for bad in "=sha256:${own#*:}" "=MD5:${own#*:}" "=${own#*:}" '=' ; do
		fails 2 '^xcat: -a ' "-a alice@$DOMAIN$bad" \
		    "$T/bob" -l -a "alice@$DOMAIN$bad"
	done
}

echo data >"$T/data"
start_server prosody
make_own
own_directory
at_once
own_file
foreign
lifecycle
others
spaces
edited
garbage
no_fallback
tied
goes_on
unreadable
read_only_home
no_directory
done_testing
