#!/bin/sh
# A listener as a process: signals, secrets, descriptors and limits of it and of
# what it starts.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"

start_server ejabberd
bob=bob@$DOMAIN
echo 'a line' >"$T/line"

limited()	# user ulimit-option ...: for what the user starts from now on
{
	xcat_user "$1"
	_limited=$T/$1; shift
	sed -i "2i ulimit $*" "$_limited"
}

alive()		# what
{
	run "$T/alice" "$bob" up <"$T/line"
	is "$status" 0 "$1: the listener goes on"
	check_same "$T/run.out" "$T/line" "$1: and serves"
}

# --- what a command finds ------------------------------------------------------

# The hang-up of a command that has just begun must not be our own.
limited bob -Sn 150
# shellcheck disable=SC2016
listen_as bob listener -k -a "alice@$DOMAIN" 'up=!cat' \
    'environ=!cat "/proc/$PPID/environ" || echo unreadable' \
    'files=!ulimit -Sn' 'core=!ulimit -Sc' 'dumps=!awk "/core file/ { print \$5 }" \
    "/proc/$PPID/limits"'
"$PYTHON" -B "$LIB/opens.py" -j "alice@$DOMAIN/opens" -p "$(password alice)" \
    -c "$SERVER" -C "$CAFILE" hurry "$bob/xcat" 600 >"$T/hurry" 2>"$T/hurry.err"
is "$(cat "$T/hurry")" '600 opens' 'streams are opened and closed at once'
[ -s "$T/hurry" ] || diag_file "$T/hurry.err"
alive 'after hundreds of streams in a hurry'

run "$T/alice" "$bob" environ
ok "the listener's environment" [ -s "$T/run.out" ]
ok '... without the password' sh -c \
    "! grep -qF '$(password bob)' '$T/run.out'"
run "$T/alice" "$bob" files
is "$(cat "$T/run.out")" 150 'a command has the limit that the listener was given'
run "$T/alice" "$bob" dumps
is "$(cat "$T/run.out")" 0 'the listener leaves no core file'

# --- few descriptors -------------------------------------------------------------

# Beyond the soft limit, which is for users of select(2).
port=$(free_port)
limited alice -Sn 150
start forward "$T/alice" -i -L "$port" "$bob" up
wait_for 20 said forward forwarding || bail 'no forward'
run "$PYTHON" -B "$LIB/streams.py" "$port" 200 1000
is "$(cat "$T/run.out")" 200 '200 streams with a limit of 150'
stop forward
stop listener

# Those that find no room wait, and nothing breaks.
limited alice -n 60
limited bob -n 250
listen_as bob listener -k -a "alice@$DOMAIN" 'up=!cat'
start forward "$T/alice" -i -L "$port" "$bob" up
wait_for 20 said forward forwarding || bail 'no forward'
run "$PYTHON" -B "$LIB/streams.py" "$port" 200 1000 plain
is "$(cat "$T/run.out")" 200 '200 connections with 60 descriptors'
stop forward
stop listener
xcat_user alice

# There is none for a copy of standard output: the caller must not hear that
# all has been written.
xcat_user bob
listen_as bob listener -k -i -d -a "alice@$DOMAIN"
run "$T/alice" -i "$bob" <"$T/line"
is "$status" 0 'a line'
if shows_descriptors listener; then
	free=0
	while [ -e "/proc/$(pid_of listener)/fd/$free" ]; do
		free=$((free + 1))
	done
	prlimit --pid "$(pid_of listener)" --nofile="$free:"
	run "$T/alice" -i "$bob" <"$T/line"
	ok 'a line for a listener without descriptors is not delivered' \
	    [ "$status" -ne 0 ]
else
	skip 'a listener without descriptors' 'only root sees how many it has'
fi
prlimit --pid "$(pid_of listener)" --nofile=1024:
run "$T/alice" -i "$bob" <"$T/line"
is "$status" 0 'a line when it has some again'
cat "$T/line" "$T/line" >"$T/lines"
check_same "$T/listener.out" "$T/lines" 'what was delivered was written'
stop listener

# --- files that get too large ------------------------------------------------------

head -c 200000 /dev/zero >"$T/large"
limited bob -f 64
mkdir "$T/files"
listen_as bob listener -k -r "$T/files" -a "alice@$DOMAIN" 'up=!cat'
run "$T/alice" -s "$bob" "$T/large"
ok 'a file beyond the limit is not sent' [ "$status" -ne 0 ]
like "$(cat "$T/listener.err")" 'File too large' 'which is said here'
alive 'a file beyond the limit'
run "$T/alice" -s "$bob" "$T/line"
is "$status" 0 'one within the limit is sent'
check_same "$T/files/line" "$T/line" '... and kept'
stop listener

listen_as bob listener -a "alice@$DOMAIN"
run "$T/alice" "$bob" <"$T/large"
ok 'output beyond the limit is not delivered' [ "$status" -ne 0 ]
ended listener 'standard output beyond the limit' 1
like "$(cat "$T/listener.err")" 'File too large' '... is a local error'

# --- the first process of a container ------------------------------------------------

# The kernel does not have it die by a signal.
first()		# name: the process that it started
{
	_child=$(ps -o pid= --ppid "$(pid_of "$1")" | tr -d ' ')
	[ -n "$_child" ]
}

if unshare --pid --fork true 2>/dev/null; then
	start first unshare --pid --fork --kill-child "$T/bob" -l -k
	wait_for 20 listening first
	first first
	kill -s TERM "$_child"
	ended first 'SIGTERM to the first process' 143
else
	skip 'SIGTERM to the first process' 'no name space of processes'
fi

done_testing
