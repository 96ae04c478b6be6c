#!/bin/sh
#
# Sessions of Jingle that end at each moment, by either end; several at a time, in
# both directions; and those that are about something else than files.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/share.sh"
. "$LIB/file.sh"

at()		# moment: a line of the peer's
{
	wait_for 20 grep -q "^at $1" "$T/peer.out"
}

# The peer ends one session after another, at these moments.
ended_by_receiver()	# peer-options moment:status ...
{
	_options=$1; shift
	_moments=$(echo "$*" | sed 's/:[^ ]*//g; s/ /,/g')
	empty_dir in
	# shellcheck disable=SC2086
	start peer "$T/jingle-bob" -k --end-at "$_moments" $_options \
	    receive "$T/in"
	wait_for 30 said peer listening || bail "the peer does not log in"
	for _m; do
		what="sent ($_options), ${_m%:*}"
		run "$T/alice" -v -s "bob@$DOMAIN/slix" "$T/data"
		like "$status" "^${_m#*:}\$" "$what: status"
		ok "$what: said" said run 'cancelled the file .cancel'
		ok "$what: so it was" at "${_m%:*}"
	done
	stop peer
}

ended_by_sender()	# peer-options moment ...
{
	_options=$1; shift
	_moments=$(echo "$*" | sed 's/ /,/g')
	what="received ($_options), ended"
	empty_dir in
	listen_as bob xcat -k -v -r "$T/in" -a "alice@$DOMAIN"
	# shellcheck disable=SC2086
	start peer "$T/jingle-alice" --end-at "$_moments,never" $_options \
	    send "bob@$DOMAIN/xcat" "$T/data"
	ended peer "$what"
	for _m; do
		ok "$what: $_m" at "$_m"
	done
	is "$(grep -Ec 'took its offer of data back .cancel|ended it: cancel' \
	    "$T/xcat.err")" $# "$what: each is said"
	check_same "$T/in/data" "$T/data" "$what: the next one is whole"
	is "$(find "$T/in" -type f | wc -l)" 1 "$what: and nothing else"
	stop xcat
}

moments()
{
	ended_by_receiver '-H none --no-connect' offered:5 accepted:5 voted:5 \
	    replaced:5 opened:[56] moving:6 whole:6
	ended_by_receiver '' nominated:[56] opened:[56] moving:6 whole:6
	ended_by_receiver '-H proxy --no-connect' nominated:5
	ended_by_sender '-H none --only none' offered accepted voted replaced \
	    opened moving
	ended_by_sender '' nominated opened moving
	ended_by_sender '-H proxy --no-connect' nominated
}

# Ours is killed.
signals()
{
	what="sent, and stopped"
	empty_dir in
	start peer "$T/jingle-bob" -H none --no-connect --no-vote receive \
	    "$T/in"
	wait_for 30 said peer listening || bail "the peer does not log in"
	start xcat "$T/alice" -s "bob@$DOMAIN/slix" "$T/data"
	ok "$what: under way" at voted
	signal TERM xcat
	ended xcat "$what" 143
	ended peer "$what"
	ok "$what: the peer hears of it" grep -q '^ended: gone' "$T/peer.out"

	what="sent, and another run of its login stopped"
	empty_dir in
	start peer "$T/jingle-bob" -H none --no-connect --no-vote receive \
	    "$T/in"
	wait_for 30 said peer listening || bail "the peer does not log in"
	start xcat "$T/alice" -o share=60 -s "bob@$DOMAIN/slix" "$T/data"
	ok "$what: under way" at voted
	start other "$T/alice" -v -o share=60 -W "carol@$DOMAIN/none"
	wait_for 30 said other waiting || bail "the other run does not wait"
	signal TERM other
	ended other "$what" 143
	# Its answer comes behind what the peer has heard before.
	run "$T/alice" -o share=60 -z "bob@$DOMAIN/slix"
	ok "$what: the peer hears nothing" sh -c \
	    "! grep -q '^ended' '$T/peer.out'"
	signal TERM xcat
	ended xcat "$what" 143
	ended peer "$what"
	end_masters

	what="received, and stopped"
	listen_as bob xcat -r "$T/in" -a "alice@$DOMAIN"
	start peer "$T/jingle-alice" -M ibb --hold "$T/release" send \
	    "bob@$DOMAIN/xcat" "$T/data"
	ok "$what: under way" at opened
	signal TERM xcat
	ended xcat "$what" 143
	ended peer "$what"
	ok "$what: the peer hears of it" grep -q '^ended: gone' "$T/peer.out"
}

several()
{
	what="four each way at once"
	empty_dir in
	empty_dir out
	listen_as bob xcat -k -r "$T/in" -a "alice@$DOMAIN" -a "carol@$DOMAIN"
	start taker "$T/jingle-alice" -k receive "$T/out"
	wait_for 30 said taker listening || bail "the peer does not log in"
	for i in 1 2 3 4; do
		cp "$T/data" "$T/data$i"
		_method=ibb _option=-i
		[ $((i % 2)) = 0 ] || _method=s5b _option=-v
		start "to$i" "$T/jingle-carol" -M $_method send \
		    "bob@$DOMAIN/xcat" "$T/data$i"
		start "from$i" "$T/carol" $_option -s "alice@$DOMAIN/slix" \
		    "$T/data$i"
	done
	for i in 1 2 3 4; do
		ended "to$i" "$what: $i to xcat"
		check_same "$T/in/data$i" "$T/data" "$what: $i to xcat"
		ended "from$i" "$what: $i from xcat"
		check_same "$T/out/data$i" "$T/data" "$what: $i from xcat"
	done
	stop taker

	# Each is told from the other by its full JID.
	what="two with one sid"
	for _method in s5b ibb; do
		rm -f "$T/release"
		start peer "$T/jingle-alice" -M $_method --sid one --tsid one \
		    --hold "$T/release" send "bob@$DOMAIN/xcat" "$T/data"
		ok "$what: $_method: under way" at opened
		start other "$T/jingle-carol" -M $_method --sid one --tsid one \
		    --twice send "bob@$DOMAIN/xcat" "$T/data$_method"
		ended other "$what: $_method: the other one"
		ok "$what: $_method: but not twice" grep -q \
		    '^session-initiate refused: unexpected-request out-of-order' \
		    "$T/other.out"
		: >"$T/release"
		ended peer "$what: $_method: the first one"
		check_same "$T/in/data" "$T/data" "$what: $_method: content"
		check_same "$T/in/data$_method" "$T/data$_method" \
		    "$what: $_method: content of the other one"
		rm "$T/in/data"
	done
}

JINGLE="<jingle xmlns='urn:xmpp:jingle:1' sid='raw' action"

raw()		# what answer [option ...] <stanzas
{
	what=$1 answer=$2; shift 2
	run "$T/jingle-alice" "$@" raw "bob@$DOMAIN/xcat"
	is "$(grep -v '^done' "$T/run.out")" "$answer" "$what"
}

others()
{
	_call="<content creator='initiator' name='a' senders='both'>"
	_call="$_call<description xmlns='urn:xmpp:jingle:apps:rtp:1'"
	_call="$_call media='audio'/><transport"
	_call="$_call xmlns='urn:xmpp:jingle:transports:ice-udp:1'/></content>"
	raw "a call" "result
ended: unsupported-applications " --ends <<-END
	$JINGLE='session-initiate' initiator='JID'>$_call</jingle>
	END
	raw "what is for no session" "error: item-not-found unknown-session cancel
error: item-not-found unknown-session cancel
error: item-not-found unknown-session cancel
error: bad-request cancel" <<-END
	$JINGLE='session-info'/>
	$JINGLE='transport-info'/>
	$JINGLE='session-terminate'/>
	$JINGLE='dance'/>
	END
	stop xcat
}

head -c 100003 /dev/urandom >"$T/data"
cp "$T/data" "$T/datas5b"
head -c 5000 "$T/data" >"$T/dataibb"
start_server prosody proxy65
for user in alice bob carol; do
	slix_user $user jingle
done
# Each with a resource of its own.
sed -i 's|/slix"|"|' "$T/jingle-carol"
moments
signals
several
others
stop_server
done_testing
