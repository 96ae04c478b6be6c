#!/bin/sh
#
# xcat -z says what is there and ends by itself, whatever the service does.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/share.sh"
. "$LIB/sshd.sh"

LIMIT=30
bob=bob@$DOMAIN
alice=alice@$DOMAIN

probes()	# description argument ...: into a pipe, with input that lasts
{
	_desc=$1; shift
	run sh -c '{ "$0" -z "$@" <&9; echo "status $?"; } | cat' \
	    "$T/alice" "$bob" "$@" 9<"$T/open"
	like "$(cat "$T/run.out")" '^status 0$' "$_desc: status"
	is "$(grep -cE '^(server|transport|round trip|session|reachable): ' \
	    "$T/run.out")" 5 "$_desc: its lines come through a pipe"
	like "$(cat "$T/run.out")" '^way: direct, ' "$_desc: a way"
	ok "$_desc: no word on stderr" has_size "$T/run.err" 0
}

# By a login that is kept, and once more: then the session stands at once.
shared()	# description argument ...
{
	_of=$1; shift
	for _n in first second; do
		run "$T/alice" -o share=60 -z "$@"
		is "$status $(cat "$T/run.err")" '0 ' "$_of: shared, $_n"
	done
}

# A caller that is noted comes last: what was said of the probes has been said.
says_nothing()	# description argument ...
{
	_of=$1; shift
	run "$T/alice" "$@" <"$T/line"
	is "$status" 0 "$_of: then comes a caller"
	ok "$_of: who is noted" wait_for 20 said listener ' 6 bytes in, '
	is "$(grep -cvE ' listening; |: stream to [^:]*( ended .*)?$' \
	    "$T/listener.err")" 0 "$_of: and nothing else is"
}

# A command is started for no probe.
starts_nothing()
{
	: >"$T/started"
	listen_as bob listener -k -a "$alice" \
	    "loud=!echo started >>'$T/started'; tr a-z A-Z"
	shared 'a command' "$bob" loud
	shared 'a command, -i' -i "$bob" loud
	says_nothing 'a command' "$bob" loud
	is "$(cat "$T/run.out")" WORKS 'the command works'
	ok 'and has been started once' has_size "$T/started" 8
	stop listener
}

# With -k the next caller finds all as it was, and while a caller has standard
# input and output others probe nevertheless.
needs_no_turn()
{
	listen_as bob listener -k -a "$alice" <"$T/open"
	probes '-k'
	shared '-k' "$bob"
	start caller "$T/alice" "$bob" <"$T/fifo"
	echo first >&8
	ok '-k: a caller' wait_for 20 has_size "$T/listener.out" 6
	probes '-k, beside a caller'
	shared '-k, beside a caller' "$bob"
	stop caller
	says_nothing '-k' -s "$bob"
	stop listener
}

# One stream to a service that speaks first.
leaves_the_stream()
{
	listen_as bob listener -a "$alice" "$SSHPORT"
	probes 'one stream to a service'
	shared 'one stream to a service' "$bob"
	ok 'it is there still' kill -0 "$(pid_of listener)"
	stop listener
}

start_sshd
start_server prosody
mkfifo "$T/open" "$T/fifo"
echo works >"$T/line"
exec 9<>"$T/open" 8<>"$T/fifo"
listen_as bob listener -k -a "$alice" "ssh=$SSHPORT" \
    'eager=!yes' 'silent=!exec sleep 60' 'upper=!tr a-z A-Z' \
    'brief=!echo bye' 'deaf=!exec <&- >&-; exec sleep 60'

run "$T/alice" -q -d "$bob" brief		# they have met
for service in ssh eager silent upper brief deaf; do
	probes "$service" "$service"
done
probes 'the first one'
fails 5 'no such service' 'no such service' sh -c \
    '"$0" -z "$1" nonesuch >/dev/null' "$T/alice" "$bob"
run sh -c '"$0" -z "$1" upper >/dev/full' "$T/alice" "$bob"
is "$status" 1 'a report that cannot be written'
ok 'is told' said run '^xcat: standard output: No space'
run "$T/alice" "$bob" upper <"$T/line"
is "$(cat "$T/run.out")" WORKS 'the listener goes on'
stop listener

# A listener that is good for one stream is still there afterwards.
listen_as bob listener -a "$alice" <"$T/open"
probes 'standard input and output'
probes 'and again'
run "$T/alice" -s "$bob" <"$T/line"
is "$status" 0 'then comes a caller'
finish listener 20
is "$status" 0 'with whom the listener ends'
check_same "$T/listener.out" "$T/line" 'as if it had been the first'
is "$(wc -l <"$T/listener.err")" 1 'and it has said nothing of the others'
starts_nothing
needs_no_turn
leaves_the_stream
end_masters
done_testing
