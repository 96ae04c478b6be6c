#!/bin/sh
#
# What is typed at the terminal of a client of the process that keeps a login,
# which has none: the password, control-C in every phase, control-Z.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/share.sh"

LIMIT=40
bob=bob@$DOMAIN
alice=alice@$DOMAIN

# --- the password ------------------------------------------------------------

# xcat as alice without a password, which is asked for on the terminal that
# script(1) makes: typed by >&4.
at_terminal()	# name argument ...
{
	_name=$1; shift
	cat >"$T/$_name.sh" <<-END
	XCAT_CONFIG="$T/home/alice/config" exec "$XCAT" -j "$alice" \
	    -c "$SERVER" -C "$CAFILE" -o share=60 $* 4>&-
	END
	: >"$T/$_name.typescript"
	start "$_name" script -qfec "sh $T/$_name.sh" "$T/$_name.typescript" \
	    <"$T/typed" 5>&-
}

asked()		# name number: so often for the password
{
	[ "$(grep -o 'Password for' "$T/$1.typescript" | wc -l)" -ge "$2" ]
}

shows()		# name extended-regex
{
	grep -Eq -- "$2" "$T/$1.typescript"
}

typed()
{
	fifo typed
	fifo open
	exec 4<>"$T/typed" 5<>"$T/open"
	at_terminal a "$bob" echo "<$T/open >$T/a.echo 5>&-"
	wait_for 20 asked a 1 || bail 'no password is asked for'
	echo wrong >&4
	wait_for 20 asked a 2
	ok 'a wrong password is told' shows a 'wrong password'
	password alice >&4
	wait_for 20 clients 1
	echo one >&5
	ok 'the second one is right' wait_for 20 has_size "$T/a.echo" 4
	keeper=$(master)
	run env XCAT_PASSWORD= "$T/alice" -o share=60 "$bob" upper <"$T/line"
	is "$status $(cat "$T/run.out" "$T/run.err")" '0 HELLO' \
	    'the next run needs none'
	stop_server
	run_server 4>&- 5>&-
	wait_for 40 says_back
	echo two >&5
	ok 'nor does the process that logs in again' \
	    wait_for 20 has_size "$T/a.echo" 8
	exec 5>&-
	finish a
	is "$status" 0 'the stream ends well'
	is "$(grep -o 'Password for' "$T/a.typescript" | wc -l)" 2 \
	    'and no one is asked'
	is "$(masters)" "$keeper" 'by the same process'
}

says_back()
{
	[ "$(grep -c 'back: ' "$T/listener.err")" -ge 1 ] && "$T/alice" -O check |
	    grep -q '1 client$'
}

# The process has a password that is not right any more: it ends, and the next
# run asks for the new one.
changed()
{
	stop_server
	echo "return { [\"password\"] = \"another\"; };" \
	    >"$T/prosody/$(prosody_name "$DOMAIN")/accounts/alice.dat"
	run_server 4>&-
	ok 'with another password at the server the process ends' \
	    wait_for 40 gone "$keeper"
	wait_for 40 listener_back 2
	at_terminal b "$bob" upper "<$T/line >$T/b.upper"
	wait_for 20 asked b 1
	echo another >&4
	finish b
	is "$status $(cat "$T/b.upper")" '0 HELLO' 'the next run asks for it'
	end_masters
	prosody_account "$alice"
	exec 4>&-
}

listener_back()	# number of times
{
	[ "$(grep -c 'back: ' "$T/listener.err")" -ge "$1" ]
}

# --- control-C ---------------------------------------------------------------

# Whatever it waits for, the client dies of the signal, soon, and its stream
# ends; nothing happens to the process.
dies()		# phase
{
	kill -s INT "$(pid_of a)"
	finish a 10
	is "$status" 130 "SIGINT $1: death by signal"
	has_size "$T/a.err" 0 || diag_file "$T/a.err"
}

phases()
{
	run "$T/alice" -o share=60 "$bob" upper <"$T/line"
	keeper=$(master)
	kill -STOP "$keeper"
	start a "$T/alice" -o share=60 "$bob" silent
	wait_for 20 asks a
	dies 'before the process answers'
	kill -CONT "$keeper"
	ok 'which forgets it' wait_for 20 clients 0

	end_masters
	signal STOP prosody
	start a "$T/alice" -o share=60 "$bob" silent
	wait_for 20 clients_of_all 1
	dies 'before the login'
	keeper=$(master)
	signal CONT prosody
	run "$T/alice" -o share=60 "$bob" upper <"$T/line"
	is "$status $(cat "$T/run.out")" '0 HELLO' 'the login is for others'
	is "$(masters)" "$keeper" 'by the same process'

	signal STOP listener
	start a "$T/alice" -o share=60 "$bob" silent
	wait_for 20 clients 1
	dies 'before the peer answers'
	ok 'it has no client' wait_for 20 clients 0
	signal CONT listener
	ok 'the listener has no stream' wait_for 20 streams 0

	start a "$T/alice" -o share=60 "$bob" many
	wait_for 20 streams 1
	dies 'while bytes move'
	ok 'the stream ends' wait_for 20 streams 0

	start a "$T/alice" -o share=60 "$bob" held <"$T/line"
	wait_for 20 has_size "$T/a.out" 6
	dies 'when all is sent'
	ok 'that stream ends' wait_for 20 streams 0

	start a "$T/alice" -o share=60 "$bob" silent
	wait_for 20 streams 1
	kill -STOP "$keeper"
	kill -s INT "$(pid_of a)"
	dies 'and again, while the process is stopped'
	kill -CONT "$keeper"
	ok 'whose stream ends later' wait_for 20 streams 0
	is "$(masters)" "$keeper" 'all by the same process'
}

asks()		# name: it is connected to the process
{
	ss -Hxp | grep -q "pid=$(pid_of "$1"),"
}

clients_of_all()	# number
{
	"$T/alice" -O list | grep -q ", $1 clients*"
}

streams()	# number: as the listener tells
{
	[ "$(($(grep -c 'stream to [a-z]*$' "$T/listener.err") -
	    $(grep -c 'stream to [a-z]* ended' "$T/listener.err")))" -eq "$1" ]
}

# --- control-Z ---------------------------------------------------------------

# What is stopped before its stream stands moves nothing when it does.
stopped()
{
	end_masters
	exec 4<>"$T/typed"
	signal STOP prosody
	start a "$T/alice" -o share=60 "$bob" echo <"$T/typed"
	wait_for 20 clients_of_all 1
	kill -s TSTP "$(pid_of a)"
	wait_for 20 is_stopped a
	echo typed >&4
	signal CONT prosody
	ok 'a stopped client has a stream' wait_for 20 streams 1
	run "$T/alice" -o share=60 "$bob" upper <"$T/line"
	is "$(cat "$T/run.out")" HELLO 'it holds up no other'
	is "$(wc -c <"$T/a.out")" 0 'what is typed is not for it'
	read -r _word <"$T/typed"
	is "$_word" typed 'but for others'
	kill -s CONT "$(pid_of a)"
	echo mine >&4
	ok 'it goes on' wait_for 20 has_size "$T/a.out" 5
	exec 4>&-
	ended a 'a client that was stopped'
}

is_stopped()	# name
{
	[ "$(ps -o state= -p "$(pid_of "$1")" | cut -c1)" = T ]
}

# A client that goes on in the background does not read: what is typed is for
# its shell.  What is typed behind control-Z before the client has stopped may
# still be for the client, so the shell's word is waited for.
background()
{
	wait_for 20 streams 0
	exec 4<>"$T/typed"
	start shell script -qfec 'sh -i' "$T/shell.typescript" <"$T/typed"
	echo "$T/alice -o share=60 $bob echo >$T/b.echo" >&4
	wait_for 20 streams 1
	printf '\032' >&4
	wait_for 20 shows shell Stopped || bail 'the client does not stop'
	cat >&4 <<-END
	bg
	until jobs >$T/jobs; grep -q 'tty input' $T/jobs; do sleep 0.1; done
	echo typed >$T/b.word
	END
	ok 'in the background a client stops' \
	    wait_for 20 grep -q typed "$T/b.word"
	has_size "$T/b.echo" 0 || diag_file "$T/b.echo"
	printf 'fg\nmine\n' >&4
	ok 'in the foreground it goes on' wait_for 20 has_size "$T/b.echo" 5
	is "$(cat "$T/b.echo")" mine 'with what is typed then'
	printf '\004exit\n' >&4
	ended shell 'its shell'
	exec 4>&-
}

# Nothing stops a process whose shell is gone: it is a run of its own, which
# cannot read either.
orphan()
{
	exec 4<>"$T/typed"
	cat >"$T/orphan" <<-END
	perl -e '\$p = \$\$; fork and exit; setpgrp; select undef, undef, undef,
	    0.01 while getppid == \$p; system @ARGV; print \$? >> 8, "\n"' \
	    $T/alice -o share=60 "$1" echo >$T/o.status 2>$T/o.err
	until [ -s $T/o.status ]; do sleep 0.1; done
	END
	start shell script -qfec "sh $T/orphan" "$T/shell.typescript" <"$T/typed"
	ok 'a client that nothing stops has a stream' wait_for 20 streams 1
	echo typed >&4
	ended shell 'its shell'
	is "$(cat "$T/o.status")" 1 'its status'
	like "$(cat "$T/o.err")" 'standard input: Input/output error' 'its word'
	exec 4>&-
}

echo hello >"$T/line"
start_server prosody
listen_as bob listener -k -a "$alice" 'upper=!tr a-z A-Z' 'echo=!cat' \
    'silent=!exec sleep 60' 'many=!yes' 'held=!cat; exec sleep 60'
typed
changed
phases
stopped
background
orphan "$bob"
end_masters
done_testing
