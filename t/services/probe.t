#!/bin/sh
#
# xcat -z says what is there and ends by itself, whatever the service does.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
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

start_sshd
start_server prosody
mkfifo "$T/open"
exec 9<>"$T/open"
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
echo works >"$T/line"
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
done_testing
