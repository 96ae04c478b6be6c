#!/bin/sh
# Services: what a listener names can be reached, and nothing else.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"

start_server ejabberd
bob=bob@$DOMAIN
alice=alice@$DOMAIN

said_out()	# name regex
{
	grep -Eq "$2" "$T/$1.out"
}

# A TCP server and a Unix socket that send back what they get.
echo_port=$(free_port)
start tcpecho socat "TCP-LISTEN:$echo_port,bind=127.0.0.1,fork,reuseaddr" EXEC:cat
start unixecho socat "UNIX-LISTEN:$T/sock,fork" EXEC:cat
# Servers that say something, hear nothing, and go.
seq 1000 >"$T/news"
hasty_port=$(free_port)
start unixhasty socat -U "UNIX-LISTEN:$T/hasty,fork" "OPEN:$T/news"
start tcphasty socat -U "TCP-LISTEN:$hasty_port,bind=127.0.0.1,fork,reuseaddr" \
    "OPEN:$T/news"
wait_for 60 test -S "$T/sock" -a -S "$T/hasty" || bail 'no Unix socket'
wait_for 60 listens "$hasty_port" || bail 'no port'
wait_for 60 socat -u /dev/null "TCP:127.0.0.1:$echo_port" || bail 'no echo'

unset XCAT_SECRET
listen_as bob listener -v -k -a "$alice" "$echo_port" \
    "name=$echo_port" "there=127.0.0.1:$echo_port" "socket=$T/sock" \
    "hasty=$T/hasty" "reset=$hasty_port" \
    'env=!env | grep ^XCAT_ | sort' 'stderr=!echo to stderr >&2; exit 3' \
    'upper=!tr a-z A-Z' 'deaf=!exec <&-; echo heard nothing' \
    'early=!exec >&-; cat >/dev/null' \
    'stubborn=!trap "" TERM HUP; echo here; cat >/dev/null' \
    'missing=!no-such-command-anywhere' 'refused=1' 'gone=/nowhere/sock' \
    "*:$echo_port="

echo 'a line' >"$T/line"

for service in "$echo_port" name there socket "127.0.0.1:$echo_port" \
    "localhost:$echo_port"; do
	run "$T/alice" "$bob" "$service" <"$T/line"
	is "$status" 0 "service $service: delivered"
	check_same "$T/run.out" "$T/line" "service $service: and back"
done
run "$T/alice" "$bob" <"$T/line"
check_same "$T/run.out" "$T/line" 'no service: the first one listed'
run "$T/alice" "$bob" upper <"$T/line"
is "$(cat "$T/run.out")" 'A LINE' 'a command filters'
for i in 1 2 3; do
	run "$T/alice" -d "$bob" hasty
	is "$status" 0 "a server that answers and goes, $i: delivered"
	check_same "$T/run.out" "$T/news" "a server that answers and goes, $i"
	# Its end is a reset, or an end before all is written.
	run "$T/alice" "$bob" hasty <"$T/line"
	check_same "$T/run.out" "$T/news" "its answer without our question, $i"
	run "$T/alice" "$bob" reset <"$T/line"
	check_same "$T/run.out" "$T/news" "its answer before a reset, $i"
done

# -s can name no service, and means none.
fails 5 "first one here is $echo_port, for xcat without -s" \
    '-s reaches no service that it has not named' \
    "$T/alice" -s "$bob" <"$T/line"
fails 5 "first one here is $echo_port" '-s of a socket alone does not, either' \
    "$T/alice" -s -o carrier=s5b "$bob" <"$T/line"
fails 5 'takes no files: run it with -r there' 'a file for services' \
    "$T/alice" -s "$bob" "$T/line"

# --- commands ------------------------------------------------------------------

run "$T/alice" -d "$bob" env
like "$(cat "$T/run.out")" "^XCAT_LOCAL=$bob/xcat\$" 'XCAT_LOCAL'
like "$(cat "$T/run.out")" "^XCAT_PEER=$alice/[^ ]+\$" 'XCAT_PEER'
like "$(cat "$T/run.out")" '^XCAT_SERVICE=env$' 'XCAT_SERVICE'
like "$(cat "$T/run.out")" '^XCAT_SID=[0-9a-f]{32}$' 'XCAT_SID'
is "$(grep -c PASSWORD "$T/run.out")" 0 'no password in the environment'
run "$T/alice" -d "$bob" stderr
is "$status" 0 'the stream of a command that fails ends well'
ok 'its standard error is the listener'"'"'s' wait_for 60 said listener '^to stderr'
ok 'its exit status is told with -v' wait_for 60 said listener 'exit status 3'
run "$T/alice" "$bob" deaf </dev/null
is "$(cat "$T/run.out")" 'heard nothing' 'a command that closes its input early'
mkfifo "$T/open"
exec 9<>"$T/open"
run "$T/alice" -w 20 "$bob" deaf <"$T/open"
is "$status" 0 'a command that has ended ends the stream'
run "$T/alice" "$bob" early <"$T/line"
is "$status" 0 'a command that closes its output early'

# One that ignores signals gets the end of its input, and the listener goes on.
start caller "$T/alice" -d -w 30 "$bob" stubborn
wait_for 60 said_out caller here || diag 'stubborn did not start'
stop caller
run "$T/alice" "$bob" name <"$T/line"
check_same "$T/run.out" "$T/line" 'a stubborn command harms nobody'

no_zombies()
{
	ps -o stat= --ppid "$(pid_of listener)" |
	    awk '/Z/ { n = 1 } END { exit n }'
}

ok 'no zombies' wait_for 60 no_zombies

# --- refusals ------------------------------------------------------------------

fails 5 'command not found' 'a command that is not there' \
    "$T/alice" -d "$bob" missing
fails 5 'refused: Connection refused' 'a port where nobody listens' \
    "$T/alice" -d "$bob" refused
fails 5 'gone: No such file' 'a Unix socket that is not there' \
    "$T/alice" -d "$bob" gone
for name in nonesuch ../upper 'upper;id' '$(id)' '`id`' '*' 'a b' \
    '/etc/passwd' '!id' localhost 127.0.0.1:22 localhost:1; do
	fails 5 'no such service' "not listed: $name" "$T/alice" -d "$bob" \
	    "$name"
done
fails 5 'no such service: -upper' 'not listed: -upper' "$T/alice" -d "$bob" \
    -- -upper
fails 5 'nobody listens' 'a stranger sees nothing' "$T/carol" -d "$bob" upper
fails 2 'service' 'a service without a target' "$T/bob" -l 'x='
fails 2 'service' 'a service that is no port' "$T/bob" -l ssh
fails 2 '-k needs -l' '-k without -l' \
    "$T/alice" -k "$bob"

run "$T/alice" -z "$bob" upper
is "$status" 0 '-z: reachable'
like "$(cat "$T/run.out")" '^round trip: [0-9]+ ms$' '-z: round trip'
like "$(cat "$T/run.out")" '^feature: http://jabber.org/protocol/ibb$' \
    '-z: features'
like "$(cat "$T/run.out")" '^session: tls 1.3 end to end, key SHA256:' \
    '-z: session'
like "$(cat "$T/run.out")" '^carrier: .*blocks of [0-9]{4} bytes' '-z: carrier'
run "$T/alice" -z "$bob" nonesuch
is "$status" 5 '-z: not reachable'

run "$T/alice" "$bob" name <"$T/line"
check_same "$T/run.out" "$T/line" 'after all that the listener goes on'
stop listener

# --- limits --------------------------------------------------------------------

listen_as bob listener -k -a "$alice" -a "carol@$DOMAIN" \
    -o max-streams=2 -o max-streams-per-peer=1 'wait=!echo here; cat'
start first "$T/alice" -w 60 -d -o e2e=off "$bob" wait
wait_for 60 said_out first here || diag 'the first stream does not stand'
fails 5 'busy' 'one stream too many for this peer' \
    "$T/alice" -d "$bob" wait
start second "$T/carol" -d -q -w 60 -o e2e=off "$bob" wait
ok 'another peer has its own' wait_for 60 said_out second here
stop first
stop second
stop listener

works()
{
	[ "$(xcat_as alice -q -w 10 -d "$bob" wait 2>/dev/null)" = here ]
}

# All of them together, whoever they are with.
listen_as bob listener -k -a "$alice" -a "carol@$DOMAIN" \
    -o max-streams=2 -o max-streams-per-peer=10 'wait=!echo here; cat'
start first "$T/alice" -w 60 -d -q -o e2e=off "$bob" wait
ok 'max-streams: the first stream' wait_for 60 said_out first here
start second "$T/alice" -w 60 -q -o e2e=off "$bob" wait <"$T/open"
ok 'max-streams: the second' wait_for 60 said_out second here
for who in alice carol; do
	fails 5 'busy' "max-streams: no third, for $who" \
	    "$T/$who" -d "$bob" wait
done
ok 'max-streams: the first still stands' signal 0 first
echo more >&9
ok 'max-streams: the second goes on' wait_for 60 said_out second more
stop first
ok 'max-streams: the end of one makes room' wait_for 60 works
stop second
stop listener

# Out of descriptors: refused in words, and on again when there are some.
start listener sh -c "ulimit -n 32; exec '$T/bob' -l -k -a '$alice' \
    -o max-streams=100 'wait=!echo here; cat'"
wait_for 20 listening listener || bail 'no listener with few descriptors'
held=
for n in $(seq 16); do
	start "held$n" "$T/alice" -w 60 -d -q -o e2e=off "$bob" wait
	held="$held held$n"
done

refused()	# by whom: at least one of those held
{
	for _name in $held; do
		said "$_name" 'cannot reach the service.*Too many open files' &&
		    return
	done
	return 1
}

ok 'out of descriptors: said in words' wait_for 20 refused
for name in $held; do
	stop "$name"
done

ok 'and the listener goes on' wait_for 20 works
stop listener

# --- a port that the kernel chooses ----------------------------------------------

listen_as bob listener -k -a "$alice" 'upper=!tr a-z A-Z'
start forward "$T/alice" -L 0 -L '*:0' "$bob" upper
ok '-L 0: says its port' wait_for 20 said forward 'xcat: forwarding [1-9][0-9]+ to'
ok '-L *:0: says its port' said forward 'xcat: forwarding \*:[1-9][0-9]+ to'
chosen=$(sed -n 's/^.*xcat: forwarding \([0-9]*\) to.*/\1/p' "$T/forward.err")
run socat -t 20 - "TCP4:127.0.0.1:$chosen" <"$T/line"
is "$(cat "$T/run.out")" 'A LINE' '-L 0: which is that of 127.0.0.1'
chosen=$(sed -n 's/^.*xcat: forwarding \*:\([0-9]*\) to.*/\1/p' "$T/forward.err")
run socat -t 20 - "TCP4:127.0.0.1:$chosen" <"$T/line"
is "$(cat "$T/run.out")" 'A LINE' '-L *:0: which is that of IPv4'
if have_ipv6; then
	run socat -t 20 - "TCP6:[::1]:$chosen" <"$T/line"
	is "$(cat "$T/run.out")" 'A LINE' '-L *:0: and of IPv6'
fi
stop forward
stop listener

# --- a service of a listener without any -----------------------------------------

listen_as bob listener -a "$alice"
fails 5 'no services here.*item-not-found|item-not-found.*no services here' \
    'no services: a name is refused' "$T/alice" -d "$bob" web
fails 5 'no services here' 'no services: a port, too' "$T/alice" -d "$bob" 22
run "$T/alice" -s "$bob" <"$T/line"
finish listener 20
is "$status" 0 'no services: the listener goes on to the next one'
check_same "$T/listener.out" "$T/line" 'no services: who names none is served'

# --- one stream, without -k ------------------------------------------------------

listen_as bob listener -a "$alice" 'upper=!tr a-z A-Z'
run "$T/alice" "$bob" upper <"$T/line"
finish listener 20
is "$status" 0 'without -k a listener ends with its stream'

done_testing
