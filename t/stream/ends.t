#!/bin/sh
#
# Streams that end before their time, by signal, by a broken output, by waiting
# too long: who ends, how, and what the other one is told.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"

LIMIT=60
bob=bob@$DOMAIN

# A stream under way from alice to bob that has no reason to end.
flow()		# option-of-listener ...
{
	fifo caller.in
	start source sh -c 'exec yes >"$1"' sh "$T/caller.in"
	listen_as bob listener -a "alice@$DOMAIN" "$@"
	start caller "$T/alice" -w 4 -s "$bob" <"$T/caller.in"
	wait_for 20 test -s "$T/listener.out" || bail 'nothing arrives'
}

complaints()	# name
{
	grep -v -e '^xcat: listening' -e 'first contact' "$T/$1.err"
}

one_line()	# name extended-regex description
{
	if said "$1" "^xcat: .*$2" && [ "$(complaints "$1" | wc -l)" -eq 1 ]
	then
		pass "$3"
	else
		fail "$3"
		diag_file "$T/$1.err"
	fi
}

# --- signals -----------------------------------------------------------------

# The shell's status for a death by signal is 128 and its number.
kill_caller()	# signal number
{
	flow
	signal "$1" caller
	finish caller 30
	is "$status" $((128 + $2)) "$server: SIG$1 kills the caller"
	finish listener 15
	like "$status" '^(0|6)$' "$server: SIG$1 to the caller: listener ends"
}

kill_listener()	# signal number
{
	flow
	signal "$1" listener
	finish listener 30
	is "$status" $((128 + $2)) "$server: SIG$1 kills the listener"
	finish caller 15
	is "$status" 6 "$server: SIG$1 to the listener: stream broken"
	one_line caller '[0-9]+ bytes' "$server: and it says how far it got"
}

# Nothing to say goodbye to, yet.
kill_idle()	# signal number
{
	listen_as bob listener -a "alice@$DOMAIN"
	signal "$1" listener
	finish listener 30
	is "$status" $((128 + $2)) "$server: SIG$1 kills an idle listener"
}

signals()
{
	kill_caller INT 2
	kill_caller TERM 15
	kill_caller HUP 1
	kill_listener INT 2
	kill_listener TERM 15
	kill_listener KILL 9
	kill_idle INT 2
	kill_idle TERM 15
}

# --- output that takes no more -----------------------------------------------

output_fails()	# what
{
	finish listener 15
	is "$status" 1 "$server: $1: the listener has a local error"
	one_line listener "$2" "$server: $1: which it names"
	finish caller 15
	is "$status" 6 "$server: $1: the caller's stream broke"
	one_line caller '[0-9]+ bytes' "$server: $1: it says how far it got"
}

start_flood()
{
	start caller "$T/alice" -s "$bob" <"$T/data"
}

full_disk()
{
	ln -sf /dev/full "$T/listener.out"
	listen_as bob listener -a "alice@$DOMAIN"
	start_flood
	output_fails 'full disk' 'No space left'
	rm "$T/listener.out"
}

closed_stdout()
{
	start listener sh -c 'exec "$0" -l -a alice@example.test >&-' "$T/bob"
	wait_for 20 listening_or_gone listener
	if gone "$(pid_of listener)"; then
		finish listener
		is "$status" 1 "$server: closed output: refused at once"
		return
	fi
	start_flood
	output_fails 'closed output' 'Bad file|output'
}

# The reader goes away after the first block: SIGPIPE is not how xcat dies, or
# the caller would not be told.
reader_gone()
{
	fifo listener.out
	start reader sh -c 'head -c 100 <"$1"' sh "$T/listener.out"
	listen_as bob listener -a "alice@$DOMAIN"
	start_flood
	output_fails 'reader gone' '(Broken pipe|output)'
	rm "$T/listener.out"
}

caller_full_disk()
{
	ln -sf /dev/full "$T/caller.out"
	listen_as bob listener -a "alice@$DOMAIN" -N <"$T/data"
	start caller "$T/alice" -d "$bob"
	finish caller 15
	is "$status" 1 "$server: caller's disk full: a local error"
	one_line caller 'No space left' "$server: which it names"
	finish listener 15
	is "$status" 6 "$server: and the listener's stream broke"
	rm "$T/caller.out"
}

# A pipe that others write to, too, is theirs as well.
shared_pipe()
{
	fifo shared
	start reader sh -c 'exec cat <"$1"' sh "$T/shared"
	exec 5>"$T/shared"
	start listener sh -c 'exec "$@" >&5' sh "$T/bob" -l \
	    -a "alice@$DOMAIN"
	wait_for 20 listening_or_gone listener
	start caller "$T/alice" -s "$bob" <"$T/data"
	finish caller
	is "$status" 0 "$server: into a pipe that is shared"
	finish listener
	like "$(grep flags: "/proc/$$/fdinfo/5")" '[0-3][0-7]{3}$' \
	    "$server: which does not wait less for the others"
	exec 5>&-
	finish reader
	check_same "$T/reader.out" "$T/data" "$server: and takes it all"
	rm "$T/shared"
}

# --- time --------------------------------------------------------------------

# A reader that takes nothing stops the stream: -w says for how long.
no_progress()
{
	fifo listener.out
	exec 4<>"$T/listener.out"	# open for reading, never read
	listen_as bob listener -a "alice@$DOMAIN"
	start caller "$T/alice" -s -w 2 "$bob" <"$T/data"
	finish caller 20
	is "$status" 7 "$server: -w gives up"
	one_line caller '[0-9]+ bytes' "$server: and says how far it got"
	exec 4>&-
	finish listener 20
	ok "$server: and the listener ends" [ "$status" != timeout ]
	rm "$T/listener.out"
}

# Progress, however slow, is no reason to give up.
slow_progress()
{
	fifo slow
	start source sh -c 'exec >"$1"
	    for i in 1 2 3 4 5 6; do echo $i; sleep .7; done' sh "$T/slow"
	listen_as bob listener -a "alice@$DOMAIN"
	run "$T/alice" -s -w 2 "$bob" <"$T/slow"
	is "$status" 0 "$server: -w has patience with the slow"
	finish listener
	is "$(cat "$T/listener.out")" "$(seq 6)" "$server: who are served"
	rm "$T/slow"
}

# --- one after another -------------------------------------------------------

keep_listening()
{
	listen_as bob listener -a "alice@$DOMAIN" -k
	for word in one two three; do
		echo "$word" >"$T/word"
		run "$T/alice" -s "$bob" <"$T/word"
		is "$status" 0 "$server: -k: stream $word"
	done
	is "$(cat "$T/listener.out")" "$(printf 'one\ntwo\nthree')" \
	    "$server: -k: one after another"
	stop listener
	is "$status" 143 "$server: -k: until told to stop"
}

say_again()
{
	xcat_as alice -s "$bob" <"$T/word"
}

# A stream that breaks is the end of that stream, not of the listener.
keep_listening_after_breakage()
{
	flow -k -w 4
	signal KILL caller
	finish caller
	echo again >"$T/word"
	wait_for 30 say_again
	ok "$server: -k: after a broken stream the next one" \
	    wait_for 60 grep -q again "$T/listener.out"
	stop listener
}

once()
{
	listen_as bob listener -a "alice@$DOMAIN"
	run "$T/alice" -s "$bob"
	finish listener 30
	is "$status" 0 "$server: without -k: one stream"
	fails 5 "$bob/xcat: " "$server: without -k: and no more" \
	    "$T/alice" -s "$bob"
}

head -c 3000000 /dev/urandom >"$T/data"
for kind in $SERVERS; do
	start_server "$kind"
	signals
	full_disk
	closed_stdout
	reader_gone
	caller_full_disk
	shared_pipe
	no_progress
	slow_progress
	keep_listening
	keep_listening_after_breakage
	once
	stop_server
done
done_testing
