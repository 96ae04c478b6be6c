#!/bin/sh
# Real servers, told early what they wanted the last time (XEP-0305): what is
# not waited for shows in the order of what is sent and received.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"

# Is the first line that has one before the first that has the other?
before()	# name extended-regex extended-regex
{
	awk -v a="$2" -v b="$3" '
		$0 ~ a && !x { x = NR }
		$0 ~ b && !y { y = NR }
		END { exit !(x && y && x < y) }' "$T/$1.err"
}

call()		# name argument ...
{
	_name=$1; shift
	start "$_name" "$T/alice" -vv -i "$@" "bob@$DOMAIN" <"$T/in"
	finish "$_name"
	is "$status $(cat "$T/$_name.out")" '0 hello' "$kind: $_name: is served"
}

echo hello >"$T/in"
SENT='xcat: ([0-9:.]+ )?SENT ' RECV='xcat: ([0-9:.]+ )?RECV '
for kind in $SERVERS; do
	start_server "$kind" smacks
	listen_as bob l -k -a "alice@$DOMAIN" 'echo=!cat'

	call first
	ok "$kind: a server that is new is waited for" \
	    before first "$RECV<features" "$SENT.secret"
	ok "$kind: and for its resource" \
	    before first "$RECV<iq.*<bind" "$SENT<iq.*<open"
	like "$(cat "$T/home/alice/known_servers")" \
	    "^alice@$DOMAIN yes .*SCRAM.* / .*sm.*granted" \
	    "$kind: what it offers is remembered"

	for how in starttls direct; do
		case $how in
		starttls)	call $how ;;
		direct)		call $how -c "xmpps://127.0.0.1:$TLSPORT" ;;
		esac
		ok "$kind: $how: nobody waits for features" \
		    before $how "$SENT.secret" "$RECV<features"
		ok "$kind: $how: nor for the resource" \
		    before $how "$SENT<iq.*<open" "$RECV<iq.*<bind"
		ok "$kind: $how: stream management is enabled all the same" \
		    said $how "$RECV<enabled"
		ok "$kind: $how: and all that at the first attempt" \
		    test "$(grep -c 'connected to' "$T/$how.err")" = 1
	done

	# It is another one.
	sed 's/yes .* \//yes SCRAM-SHA-512-PLUS SCRAM-SHA-512 \//' \
	    "$T/home/alice/known_servers" >"$T/known"
	cp "$T/known" "$T/home/alice/known_servers"
	call changed
	like "$(cat "$T/home/alice/known_servers")" \
	    "^alice@$DOMAIN (yes|no) .*SCRAM-SHA-1" \
	    "$kind: what it offers now is remembered"

	stop l
	stop_server
done

done_testing
