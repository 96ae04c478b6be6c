#!/bin/sh
#
# One login for many: what a client of the process that keeps the login sees of
# it, and what it does not.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/share.sh"

LIMIT=40
bob=bob@$DOMAIN
alice=alice@$DOMAIN

shared()	# argument ...
{
	run "$T/alice" -o share=60 "$@"
}

# The first leaves a process behind, which the others use.
warm()
{
	shared -v "$bob" upper <"$T/line"
	is "$(cat "$T/run.out")" HELLO 'the first one works'
	is "$status" 0 'and ends well'
	keeper=$(master)
	ok 'it says whose login it shares' said run \
	    "^xcat: sharing the login of process $keeper\$"
	ok 'a login of its own is seen with -v' said run 'logged in as'
	shared -v "$bob" upper <"$T/line"
	is "$(cat "$T/run.out")" HELLO 'the second one works'
	ok 'and does not log in' sh -c "! grep -q 'logged in' '$T/run.err'"
	shared "$bob" upper <"$T/line"
	is "$(wc -c <"$T/run.err")" 0 'without -v nothing is said'
	is "$(masters)" "$keeper" 'one process'
	is "$(ps -o tty=,ppid= -p "$keeper" | tr -s ' ')" '? 1' \
	    'which has left the terminal'
	run "$T/alice" -O check
	is "$status" 0 '-O check: status'
	like "$(cat "$T/run.out")" \
	    "^process $keeper: $alice/[0-9a-f]+, 0 clients\$" '-O check'
	for _o in check list; do
		fails 1 'standard output: No space' "-O $_o: not printed" \
		    sh -c '"$0" -O $1 >/dev/full' "$T/alice" "$_o"
	done
}

# Status, messages and the level are the client's own.
own()
{
	fails 5 'no such service' 'a refusal' "$T/alice" -o share=60 "$bob" none
	fails 5 'not there|nobody listens' 'nobody there' \
	    "$T/alice" -o share=60 "carol@$DOMAIN"
	fails 2 'must be yes, no or a number' 'no time' "$T/alice" -o share=soon "$bob"
	shared -z "$bob" upper
	is "$status" 0 '-z: status'
	is "$(grep -cE '^(server|transport|round trip|session|reachable): ' \
	    "$T/run.out")" 5 '-z: its lines are on standard output'
	run sh -c '"$0" -o share=60 -z "$1" upper >/dev/full' "$T/alice" "$bob"
	is "$status" 1 '-z: a report that cannot be written'
	run sh -c '"$0" -o share=60 "$1" many >/dev/full' "$T/alice" "$bob"
	is "$status" 1 'output that cannot be written'
	ok 'is told' said run 'writing to standard output: No space'
	run sh -c '"$0" -o share=60 -d "$1" many | head -c 3' "$T/alice" "$bob"
	is "$(cat "$T/run.out")" 'yyy' 'a reader that has enough'
	shared -w 1 "$bob" silent <"$T/open"
	is "$status" 7 '-w is its own'
	is "$(masters)" "$keeper" 'one process'
}

# The end of the output is seen while the input is open.
halves()
{
	run sh -c '"$0" -o share=60 "$1" bye <&9 | cat' "$T/alice" "$bob" \
	    9<"$T/open"
	is "$(cat "$T/run.out")" bye 'the end of output is seen'
	exec 4<>"$T/fifo"
	start a sh -c '"$0" -o share=60 "$1" deaf <"$2" | (cat; echo end)' \
	    "$T/alice" "$bob" "$T/fifo"
	ok 'so it is before the end of input' wait_for 20 has_size "$T/a.out" 8
	exec 4>&-
	ended a 'a client whose output has ended'
	shared "$bob" sum </dev/null
	is "$(cat "$T/run.out")" 'e3b0c44298fc1c149afbf4c8996fb924' \
	    'so is that of input'
}

signals()
{
	for _s in HUP INT TERM; do
		start a "$T/alice" -o share=60 "$bob" upper <"$T/open"
		wait_for 20 clients 1
		wait_for 20 open_streams 1
		kill -s "$_s" "$(pid_of a)"
		finish a 10
		is "$status" $((128 + $(kill -l "$_s" 2>/dev/null || case $_s in
		    HUP) echo 1 ;; INT) echo 2 ;; TERM) echo 15 ;; esac))) \
		    "SIG$_s: death by signal"
		wait_for 20 clients 0
		ok "SIG$_s: its stream ends" wait_for 20 open_streams 0
	done
	start a "$T/alice" -o share=60 "$bob" upper <"$T/open"
	exec 4<>"$T/fifo"
	start b "$T/alice" -o share=60 "$bob" upper <"$T/fifo"
	wait_for 20 open_streams 2
	signal KILL a
	finish a 10
	ok 'SIGKILL: its stream ends' wait_for 20 open_streams 1
	echo still >&4
	exec 4>&-
	ended b 'another client'
	is "$(cat "$T/b.out")" STILL 'SIGKILL: others go on'
	is "$(masters)" "$keeper" 'one process'
}

open_streams()	# number: as the listener tells
{
	[ "$(($(grep -c 'stream to [a-z]*$' "$T/listener.err") -
	    $(grep -c 'stream to [a-z]* ended' "$T/listener.err")))" -eq "$1" ]
}

# Another process may read from the pipe as well: a read that waits would have
# all clients wait.
unblocked()
{
	exec 4<>"$T/fifo"
	start a "$T/alice" -o share=60 "$bob" upper <"$T/fifo"
	wait_for 20 open_streams 1
	if [ -r "/proc/$keeper/fdinfo" ]; then
		bad=0 pipes=0
		for _fd in "/proc/$keeper/fd"/*; do
			[ "$(readlink "$_fd")" = "$T/fifo" ] || continue
			pipes=$((pipes + 1))
			sed -n 's/^flags:.*\(.\)...$/\1/p' \
			    "/proc/$keeper/fdinfo/${_fd##*/}" |
			    grep -q '[4567]' || bad=$((bad + 1))
		done
		is "$pipes $bad" '1 0' 'a pipe is read without waiting'
	else
		skip 'a pipe is read without waiting' 'cannot be seen'
	fi
	exec 4>&-
	ended a 'a client with a pipe'
	cp "$T/line" "$T/fifo" &
	exec 4<"$T/fifo"
	wait $!
	shared "$bob" upper <&4
	is "$status $(cat "$T/run.out")" '0 HELLO' \
	    'the end of a pipe that was closed before'
	exec 4<&-
}

# A stopped client moves nothing.
stopped()
{
	exec 4<>"$T/fifo"
	start a "$T/alice" -o share=60 "$bob" upper <"$T/fifo"
	echo one >&4
	wait_for 20 has_size "$T/a.out" 4
	kill -s TSTP "$(pid_of a)"
	wait_for 20 is_stopped a
	echo two >&4
	shared "$bob" upper <"$T/line"
	is "$(cat "$T/run.out")" HELLO 'a stopped client holds up no other'
	is "$(wc -c <"$T/a.out")" 4 'and nothing of its own moves'
	kill -s CONT "$(pid_of a)"
	ok 'it goes on' wait_for 20 has_size "$T/a.out" 8
	exec 4>&-
	ended a 'a client that was stopped'
}

is_stopped()	# name
{
	[ "$(ps -o state= -p "$(pid_of "$1")" | cut -c1)" = T ]
}

# What was asked for otherwise is another login.
others()
{
	shared -i "$bob" upper <"$T/line"
	is "$(cat "$T/run.out")" HELLO 'other options work'
	is "$(masters | wc -l)" 2 'by another login'
	run "$T/alice" -i -O exit
	is "$status" 0 '-O exit: status'
	wait_for 20 one_master
	is "$(masters)" "$keeper" '-O exit ends the one that was meant'
	run "$T/alice" "$bob" upper <"$T/line"
	is "$(cat "$T/run.out")" HELLO 'without share'
	is "$("$T/alice" -O check | cut -d, -f2)" ' 0 clients' \
	    'the login is its own'
}

one_master()
{
	[ "$(masters | wc -l)" -eq 1 ]
}

# Once a socket to the peer has stood, the next stream gets one at once, and not
# when it is three seconds old.
sockets()
{
	end_masters
	run "$T/alice" -v -o share=60 "$bob" brief
	ok 'a short stream has no socket' sh -c "! grep -q socket '$T/run.err'"
	run "$T/alice" -v -o share=60 -o upgrade-after=0 "$bob" brief
	ok 'one that is worth it has' said run 'socket: direct'
	"$T/alice" -o upgrade-after=0 -O exit >/dev/null
	wait_for 20 one_master
	head -c 1000000 /dev/zero >"$T/zeros"
	run "$T/alice" -v -o share=60 "$bob" sum <"$T/zeros"
	ok 'so has one with much to say' said run 'socket: direct'
	run "$T/alice" -v -o share=60 "$bob" brief
	is "$status $(cat "$T/run.out")" '0 bye' 'the next one works'
	ok 'and has a socket at once' said run 'socket: direct'
	keeper=$(master)
}

# Files are opened here, and sent there.
files()
{
	mkdir -p "$T/got" "$T/there"
	head -c 300000 /dev/urandom >"$T/there/a"
	echo b >"$T/there/b"
	listen_as carol taker -k -a "$alice" -r "$T/got"
	(cd "$T/there" && exec "$T/alice" -o share=60 -s "carol@$DOMAIN" a b \
	    nonesuch) 2>"$T/files.err"
	is "$?" 1 '-s: a file that is not there'
	like "$(cat "$T/files.err")" 'not sent, 1 of 3 files: nonesuch' \
	    '-s: is told'
	check_same "$T/there/a" "$T/got/a" '-s: the first file'
	check_same "$T/there/b" "$T/got/b" '-s: the second file'
	listen_as bob plain -j "$bob/plain" -a "$alice" </dev/null
	shared -s "$bob/plain" <"$T/there/a"
	is "$status" 0 '-s: standard input'
	finish plain 20
	check_same "$T/plain.out" "$T/there/a" '-s: arrives'
	is "$(masters)" "$keeper" 'one process'
	stop taker
}

via_port()	# port: a word goes there and back
{
	echo via | socat -t 20 - "TCP:127.0.0.1:$1"
}

via_socks()	# port: what a server of HTTP has
{
	curl -sS -m 30 -x "socks5h://127.0.0.1:$1" "http://127.0.0.1:$port/"
}

ports()
{
	p1=$(free_port) p2=$(free_port) port=$(free_port)
	printf 'HTTP/1.0 200 OK\r\n\r\nvia' >"$T/page"
	start tcp socat "TCP-LISTEN:$port,bind=127.0.0.1,fork,reuseaddr" \
	    "SYSTEM:read -r _; cat $T/page"
	wait_for 20 listens "$port"
	start a "$T/alice" -o share=60 -L "$p1=upper" -D "$p2" "$bob"
	wait_for 20 said a "forwarding SOCKS5 on $p2"
	is "$(via_port "$p1")" VIA '-L works'
	is "$(via_socks "$p2")" via '-D works'
	fails 1 'cannot listen' '-L: a port that is taken' \
	    "$T/alice" -o share=60 -L "$p1" "$bob" upper
	stop a
	is "$status" 143 '-L ends by its signal'
	ok '-L: the port is closed' sh -c "[ -z \"\$(ss -Hltn sport = :$p1)\" ]"
	run "$T/alice" -o share=60 -f -L "$p1=upper" "$bob"
	is "$status" 0 '-f: the command ends'
	is "$(via_port "$p1")" VIA '-f: it works'
	is "$(masters)" "$keeper" 'one process'
	ok '-f: it uses the login' clients 1
	run "$T/alice" -O exit
	wait_for 20 gone "$keeper"
	wait_for 20 listens "$p1"
	is "$(via_port "$p1")" VIA \
	    'without the process it logs in'
	pid=$(ss -Hltnp "sport = :$p1" | sed -n 's/.*pid=\([0-9]*\).*/\1/p')
	kill -TERM "$pid"
	wait_for 20 gone "$pid"
}

# It ends after its time, and leaves nothing behind.
idle()
{
	run "$T/alice" -o share=1 "$bob" upper <"$T/line"
	keeper=$(master)
	wait_for 20 gone "$keeper"
	is "$(find "$T/runtime" -name 'xcat-share-*' -type s)" '' 'without clients it ends'
}

start_server prosody
mkfifo "$T/open" "$T/fifo"
exec 9<>"$T/open"
echo hello >"$T/line"
listen_as bob listener -k -a "$alice" 'upper=!stdbuf -oL tr a-z A-Z' \
    'bye=!echo bye' 'brief=!sleep 1; echo bye' \
    'deaf=!echo bye; exec >&-; exec cat >/dev/null' 'many=!yes yyyyyyyy' \
    'sum=!sha256sum | cut -c1-32' \
    'silent=!exec sleep 60' '127.0.0.1:*='
warm
own
halves
signals
unblocked
stopped
others
sockets
files
ports
idle
end_masters
done_testing
