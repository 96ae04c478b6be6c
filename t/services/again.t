#!/bin/sh
#
# The next session with a peer begins with data: what an earlier one has left,
# and what happens when the listener has it no more, or does not want it.  There
# are 40 ms between the caller and the server, which is longer than it takes to
# read the input.  With OLD, an xcat that knows nothing of all this, it is the
# listener, too.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/relay.sh"
. "$LIB/share.sh"

LIMIT=100
bob=bob@$DOMAIN
alice=alice@$DOMAIN

shared()	# argument ...
{
	run "$T/alice" "$(via near)" -vv -i -o share=60 "$@"
}

# How many blocks went before the answer to the <open/>.
before_answer()
{
	awk '
	/SENT <iq .*<open / {
		id = $0
		sub(/.* sid=./, "", id)
		sub(/[^0-9a-f].*/, "", id)
	}
	/SENT <iq .*<data / && id { n++ }
	/RECV <iq / && id && index($0, id) && /result/ { print n + 0; exit }
	' "$T/run.err"
}

listener()	# argument ...
{
	: >"$T/came"
	listen_as bob listener -v -i -k "$@" 'upper=!tr a-z A-Z' \
	    "keep=!cat >>'$T/came'; echo kept"
}

# A stream, so that there is something left.
leave()
{
	shared "$bob" upper <"$T/line"
	is "$(cat "$T/run.out")" HELLO "$1: the first stream"
}

kept_once()	# what blocks
{
	is "$status $(cat "$T/run.out")" '0 kept' "$1: the next one works"
	is "$(cat "$T/came")" hello "$1: its data come once"
	is "$(before_answer)" "$2" "$1: data before the answer"
}

# --- as it is to be -----------------------------------------------------------

twice()
{
	shared "$bob" upper <"$T/line"
	is "$(cat "$T/run.out")" HELLO 'the first stream works'
	is "$(before_answer)" 0 'and waits for the answer to its <open/>'
	shared "$bob" keep <"$T/line"
	kept_once 'the listener knows it' 1
	ok 'the key is known' said run 'tls 1.3 end to end, key SHA256'
	shared "$bob" keep <"$T/long"
	is "$status" 0 'more than goes before the answer: status'
	sed 1d "$T/came" >"$T/rest"
	check_same "$T/rest" "$T/long" 'and it arrives'
}

# --- what is left is left at one end only -------------------------------------

restarted()
{
	stop listener
	listener -a "$alice"
	shared "$bob" keep <"$T/line"
	kept_once 'a listener that was restarted' 1
	: >"$T/came"
	shared "$bob" keep <"$T/line"
	kept_once 'after that' 1
}

# Data that an absent listener has refused goes to the one that comes.
absent()
{
	stop listener
	: >"$T/came"
	start caller "$T/alice" "$(via near)" -v -i -o share=60 -W "$bob" keep \
	    <"$T/line"
	wait_for 20 said caller 'is not there'
	listener -a "$alice"
	ended caller 'absent: the caller'
	is "$(cat "$T/caller.out" "$T/came")" "kept
hello" 'absent: the data come once'
	stop listener
	shared "$bob" keep <"$T/line"
	is "$status" 5 'absent: without -W'
	ok 'absent: is told' said run 'nobody listens there'
}

# --- keys ---------------------------------------------------------------------

key_refused()
{
	_key=$("$T/alice" -K | sed 's/.*\(SHA256:[^ ]*\).*/\1/')
	echo "allow $alice=$_key" >"$T/home/bob/config"
	listener
	leave 'a key'
	echo "allow $alice=SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" \
	    >"$T/home/bob/config"
	signal HUP listener
	wait_for 20 said listener 'the configuration was read anew'
	shared "$bob" keep <"$T/line"
	is "$status" 5 'a key that is good no more: status'
	ok 'is told' said run 'does not accept our key'
	is "$(cat "$T/came")" '' 'and its data are not used'
	: >"$T/home/bob/config"
	stop listener
}

# --- losses -------------------------------------------------------------------

# The process that keeps the login has it.  While it looks for its server, as a
# cut behind the end of a stream may have it do, a caller logs in for itself.
kept()
{
	"$T/alice" "$(via near)" -i -O check | grep -q ' 0 clients$'
}

# The connection breaks as the stream begins, at one place after another.
cut_at()	# up|down bytes
{
	: >"$T/came"
	wait_for 30 kept || diag 'the login is away'
	relay near "delay 40; cut $1 $2"
	shared "$bob" keep <"$T/line"
	[ "$status $(cat "$T/run.out") $(cat "$T/came")" = '0 kept hello' ] || {
		_bad="$_bad $1:$2=$status"
		diag_file "$T/run.err"
	}
	relay near 'delay 40; pass; delay 40'
}

cuts()
{
	listener -a "$alice"
	leave 'cuts'
	_bad=
	for _n in $CUTS; do
		cut_at up "$_n"
	done
	is "$_bad" '' 'cut on the way up: all comes once'
	_bad=
	for _n in $CUTS; do
		cut_at down "$_n"
	done
	is "$_bad" '' 'cut on the way down: all comes once'
	stop listener
}

CUTS='1 100 300 500 700 800 900 1000 1100 1200 1300 1400 1500 1700 2000
    2500'

# --- an older xcat ------------------------------------------------------------

old()
{
	listener -a "$alice"
	leave 'an older xcat'
	stop listener
	sed "s#$XCAT#$OLD#" "$T/bob" >"$T/bob.old"
	chmod +x "$T/bob.old"
	mv "$T/bob" "$T/bob.new"
	mv "$T/bob.old" "$T/bob"
	listener -a "$alice"
	mv "$T/bob.new" "$T/bob"
	shared "$bob" keep <"$T/line"
	kept_once 'an older xcat' 1
	: >"$T/came"
	shared "$bob" keep <"$T/line"
	kept_once 'an older xcat, then' 0
	stop listener
}

start_server prosody
start_relay near
relay near 'delay 40'
echo hello >"$T/line"
seq 100000 >"$T/long"
listener -a "$alice"
twice
restarted
absent
key_refused
[ "$TIER" != soak ] || cuts
[ -z "${OLD-}" ] || old
end_masters
done_testing
