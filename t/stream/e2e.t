#!/bin/sh
#
# Sessions between two xcats: each direction has an end of its own, and it is
# told apart whether a stream is encrypted; other programs notice nothing.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"

LIMIT=30
bob=bob@$DOMAIN

forget_peers()
{
	rm -f "$T/home/alice/known_peers"
}

# One end, to be started next with $T/answer for its input, answers by what a
# command makes of all its output.
answering()	# end command ...
{
	_end=$1; shift
	fifo question
	fifo answer
	# in the order in which the end opens them
	start command sh -c 'exec >"$0" <"$1"; shift; exec "$@"' \
	    "$T/answer" "$T/question" "$@"
	ln -sf question "$T/$_end.out"
}

# A listener that answers.
serve()		# command ...
{
	answering listener "$@"
	listen_as bob listener -a "alice@$DOMAIN" <"$T/answer"
	rm "$T/listener.out"
}

# The answer depends on all of the question, the end of which only a session
# can tell without ending the answer, too.
ask()		# file command ...
{
	_file=$1; shift
	"$@" <"$T/$_file" >"$T/want"
	serve "$@"
	start caller "$T/alice" "$bob" <"$T/$_file"
	ended caller "$server: $* of $_file"
	ended listener "$server: $* of $_file"
	check_same "$T/caller.out" "$T/want" "$server: $* of $_file: answer"
	ended command "$server: $*"
}

answers_after_the_end()
{
	ask words sort
	ask words wc -c
	ask words gzip -n
	ask nothing wc -c
	ask nothing cat
	ask words cat
	ask words sh -c 'cat >/dev/null'
	ask byte cat
	ask random tac
}

# --- whichever ends first ----------------------------------------------------

# One has nothing to say from the start, and the other one takes its time.
late()		# file
{
	fifo late
	start source sh -c 'exec >"$1"; sleep 1; cat "$0"' "$T/$1" "$T/late"
}

caller_first()
{
	late words
	listen_as bob listener -a "alice@$DOMAIN" <"$T/late"
	start caller "$T/alice" "$bob" <"$T/byte"
	ended caller "$server: caller ends first"
	ended listener "$server: caller ends first"
	check_same "$T/listener.out" "$T/byte" "$server: caller ends first: up"
	check_same "$T/caller.out" "$T/words" "$server: caller ends first: down"
}

listener_first()
{
	late words
	listen_as bob listener -a "alice@$DOMAIN" <"$T/byte"
	start caller "$T/alice" "$bob" <"$T/late"
	ended caller "$server: listener ends first"
	ended listener "$server: listener ends first"
	check_same "$T/listener.out" "$T/words" \
	    "$server: listener ends first: up"
	check_same "$T/caller.out" "$T/byte" \
	    "$server: listener ends first: down"
}

# The end of one direction is passed on while the other one goes on.
end_is_passed_on()
{
	fifo late
	listen_as bob listener -a "alice@$DOMAIN" <"$T/byte"
	fifo caller.out
	start watcher sh -c 'exec >"$0" <"$1"
	    cat >/dev/null; echo it ended' "$T/late" "$T/caller.out"
	start caller "$T/alice" "$bob" <"$T/late"
	ended caller "$server: end passed on"
	ended listener "$server: end passed on"
	is "$(cat "$T/listener.out")" 'it ended' \
	    "$server: end passed on before the other one"
	rm -f "$T/caller.out"
}

send_only()
{
	listen_as bob listener -a "alice@$DOMAIN"
	start caller "$T/alice" -s "$bob" <"$T/random"
	ended caller "$server: -s"
	ended listener "$server: -s"
	check_same "$T/listener.out" "$T/random" "$server: -s"
}

messages()
{
	for role in '-m -s' '-m'; do
		listen_as bob listener -a "alice@$DOMAIN"
		# shellcheck disable=SC2086
		start caller "$T/alice" $role "$bob" <"$T/random"
		ended caller "$server: $role"
		ended listener "$server: $role"
		check_same "$T/listener.out" "$T/random" "$server: $role"
	done
}

# Records larger than blocks, of the size of blocks, smaller.
block_sizes()
{
	for size in 1 23 44 45 511 512 16384 65535; do
		_file=words
		[ "$size" -gt 100 ] || _file=few
		listen_as bob listener -a "alice@$DOMAIN" -b "$size" \
		    <"$T/$_file"
		start caller "$T/alice" -b "$size" "$bob" <"$T/$_file"
		ended caller "$server: blocks of $size"
		ended listener "$server: blocks of $size"
		check_same "$T/listener.out" "$T/$_file" \
		    "$server: blocks of $size: up"
		check_same "$T/caller.out" "$T/$_file" \
		    "$server: blocks of $size: down"
	done
}

# --- much --------------------------------------------------------------------

# Much one way, all of it by the server; and then, from the end that got it, its
# sum and as much the other way.  Less on Prosody, which is slow at it.
much()		# end that has said all first
{
	_mb=$(by_tier 3 100)
	[ "$server" = ejabberd ] || _mb=$(by_tier 2 20)
	head -c "${_mb}000000" "$T/random100" >"$T/large"
	_what="$server: $_mb MB each way, the $1 ends first"
	LIMIT=240
	if [ "$1" = caller ]; then
		serve sh -c 'sha256sum; exec cat "$0"' "$T/large"
		start caller "$T/alice" -v -i "$bob" <"$T/large"
	else
		listen_as bob listener -a "alice@$DOMAIN" <"$T/large"
		answering caller sh -c 'sha256sum; exec cat "$0"' "$T/large"
		start caller "$T/alice" -v -i "$bob" <"$T/answer"
		rm "$T/caller.out"
	fi
	ended caller "$_what"
	ended listener "$_what"
	{ sha256sum <"$T/large"; cat "$T/large"; } |
	    cmp - "$T/$1.out" >"$T/cmp.out" 2>&1
	is "$?" 0 "$_what: the same"
	ended command "$_what"
	LIMIT=30
	is "$(grep -c ': socket:' "$T/caller.err")" 0 "$_what: in-band"
}

# --- what protects -----------------------------------------------------------

key_of()	# user
{
	xcat_as "$1" -K | sed "s,.*=,,"
}

names_key_of()	# user name
{
	grep -qF "key $(key_of "$1")" "$T/$2.err"
}

encrypted='tls 1\.3 end to end, key SHA256:[A-Za-z0-9+/]{43}$'
plainly='not encrypted end to end$'
lost='session.*: not encrypted end to end, servers on the way can read'

# e2e of the caller, of the listener, what comes of it: encrypted, plain,
# refused.
pair()
{
	_what="$server: e2e=$1 calls e2e=$2"
	forget_peers
	listen_as bob listener -a "alice@$DOMAIN" -v -o "e2e=$2"
	start caller "$T/alice" -v -s -o "e2e=$1" "$bob" <"$T/words"
	case $3 in
	refused)
		ended caller "$_what" 5
		stop listener
		ok "$_what: nothing got through" [ ! -s "$T/listener.out" ]
		return ;;
	encrypted)	re=$encrypted ;;
	plain)		re=$plainly ;;
	esac
	ended caller "$_what"
	ended listener "$_what"
	check_same "$T/listener.out" "$T/words" "$_what"
	ok "$_what: caller says $3" said caller "^xcat: $bob/xcat: $re"
	ok "$_what: listener says $3" said listener \
	    "xcat: alice@$DOMAIN/[0-9a-f]+: $re"
	is "$(grep -c "$lost" "$T/caller.err")" \
	    "$([ "$1 $3" = 'prefer plain' ] && echo 1 || echo 0)" \
	    "$_what: what is lost is told the caller"
	is "$(grep -c "$lost" "$T/listener.err")" \
	    "$([ "$2 $3" = 'prefer plain' ] && echo 1 || echo 0)" \
	    "$_what: what is lost is told the listener"
}

pairs()
{
	pair off off plain
	pair off prefer plain
	pair off require refused
	pair prefer off plain
	pair prefer prefer encrypted
	pair prefer require encrypted
	pair require off refused
	pair require prefer encrypted
	pair require require encrypted
	ok "$server: the caller names the listener's key" \
	    names_key_of bob caller
	ok "$server: the listener names the caller's key" \
	    names_key_of alice listener
}

# -v logs all stanzas that slixmpp gets.
slix_called()	# e2e status
{
	_what="$server: e2e=$1 calls slixmpp"
	start slixmpp "$T/slix-bob" -v listen
	wait_for 20 said slixmpp 'listening as' ||
	    bail "slixmpp does not log in"
	start caller "$T/alice" -v -s -o "e2e=$1" "$bob/slix" <"$T/words"
	ended caller "$_what" "$2"
	if [ "$2" != 0 ]; then
		stop slixmpp
		ok "$_what: which got nothing" [ ! -s "$T/slixmpp.out" ]
		like "$(cat "$T/caller.err")" 'does not encrypt end to end' \
		    "$_what: and says why"
		return
	fi
	ended slixmpp "$_what"
	check_same "$T/slixmpp.out" "$T/words" "$_what"
	ok "$_what: says so" said caller "$plainly"
	is "$(grep -c "did not take the $lost" "$T/caller.err")" \
	    "$([ "$1" = off ] && echo 0 || echo 1)" \
	    "$_what: says what is lost, unless that was meant"
	# The one thing that is not XEP-0047's, to be ignored.
	grep RECV: "$T/slixmpp.err" | grep urn:xcat >"$T/strange"
	like "$(cat "$T/strange")" \
	    "$([ "$1" = off ] && echo '<open .*<plain ' ||
	    echo '<open .*<session ')" \
	    "$_what: what it sees in <open/>"
	ok "$_what: and nowhere else" [ "$(wc -l <"$T/strange")" -le 1 ]
}

slix_calls()	# e2e status
{
	_what="$server: slixmpp calls e2e=$1"
	listen_as bob listener -a "alice@$DOMAIN" -v -o "e2e=$1"
	start slixmpp "$T/slix-alice" -v -N call "$bob/xcat" <"$T/words"
	if [ "$2" != 0 ]; then
		ended slixmpp "$_what" 1
		ok "$_what: which is told why" said slixmpp \
		    'not-acceptable.*encryption is required'
		stop listener
		return
	fi
	ended slixmpp "$_what"
	ended listener "$_what"
	check_same "$T/listener.out" "$T/words" "$_what"
	ok "$_what: says so" said listener "$plainly"
	is "$(grep -c "$lost" "$T/listener.err")" 0 \
	    "$_what: nothing is lost that slixmpp could have had"
	ok "$_what: it sees nothing but XEP-0047" \
	    sh -c '! grep RECV: "$1" | grep -q urn:xcat' sh "$T/slixmpp.err"
}

with_slixmpp()
{
	for e2e in off prefer; do
		slix_called $e2e 0
		slix_calls $e2e 0
	done
	slix_called require 5
	slix_calls require 1
}

show_key()
{
	run "$T/alice" -K
	is "$status" 0 '-K: status'
	like "$(cat "$T/run.out")" \
	    "^alice@$DOMAIN=SHA256:[A-Za-z0-9+/]{43}\$" '-K: a key'
	is "$(wc -l <"$T/run.out")" 1 '-K: in one line'
	is "alice@$DOMAIN=$(key_of alice)" "$(cat "$T/run.out")" \
	    '-K: the same again'
	is "$(openssl x509 -in "$T/home/alice/key.pem" -noout -pubkey |
	    openssl pkey -pubin -outform DER | openssl dgst -sha256 -binary |
	    base64 | sed 's/^/SHA256:/; s/=*$//')" "$(key_of alice)" \
	    '-K: SHA-256 of the SubjectPublicKeyInfo'
	ok '-K: another for somebody else' \
	    [ "$(key_of alice)" != "$(key_of bob)" ]
	fails 2 'x: -K takes' '-K takes no peer' "$T/alice" -K x
}

# --- what -vv shows ----------------------------------------------------------

# Payload, password, keys: as they are, in base64 at each of the three places
# of a marker in it, in hexadecimal.
forms()		# marker
{
	echo "$1"
	for _pad in '' x xx; do
		# without what depends on the neighbours
		printf '%s%s' "$_pad" "$1" | base64 -w 0 | sed 's/^....//; s/....$//'
		echo
	done
	printf '%s' "$1" | od -An -tx1 | tr -d ' \n'
	echo
}

shows_no_secret()	# name what
{
	if grep -qFi -f "$T/secrets" "$T/$1.err" "$T/$1.out"; then
		fail "$server: -vv of $2 shows no secret"
		grep -Fio -f "$T/secrets" "$T/$1.err" | diag_file /dev/stdin
	else
		pass "$server: -vv of $2 shows no secret"
	fi
}

very_verbose()
{
	{
		forms "$(password alice)"
		forms "$(password bob)"
		forms MARKER-of-the-caller
		forms MARKER-of-the-listener
		grep -hv -e ---- "$T"/home/*/key.pem
	} >"$T/secrets"
	for e2e in prefer off; do
		echo MARKER-of-the-caller >"$T/marker"
		echo MARKER-of-the-listener >"$T/marker2"
		listen_as bob listener -a "alice@$DOMAIN" -vv -o e2e=$e2e \
		    <"$T/marker2"
		start caller "$T/alice" -vv -N -o e2e=$e2e "$bob" <"$T/marker"
		ended caller "$server: -vv, e2e=$e2e"
		ended listener "$server: -vv, e2e=$e2e"
		for name in caller listener; do
			ok "$server: -vv of $name, e2e=$e2e, shows stanzas" \
			    said $name '<data.*characters'
			: >"$T/$name.out"
			shows_no_secret $name "$name, e2e=$e2e"
		done
	done
}

seq 20000 | sort -R >"$T/words"
seq 1000 >"$T/few"
printf x >"$T/byte"
: >"$T/nothing"
head -c 300001 /dev/urandom >"$T/random"
head -c "$(by_tier 3 100)000000" /dev/urandom >"$T/random100"

for kind in $SERVERS; do
	start_server "$kind"
	answers_after_the_end
	caller_first
	listener_first
	end_is_passed_on
	send_only
	messages
	pairs
	with_slixmpp
	very_verbose
	if [ "$kind" = ejabberd ]; then
		block_sizes
		show_key
	fi
	much caller
	much listener
	stop_server
done
done_testing
