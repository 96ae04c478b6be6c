#!/bin/sh
#
# Ports that a listener opens for its callers: -R there, -o remote here.

CARRIER=auto
. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/sshd.sh"
. "$LIB/relay.sh"

LIMIT=30
bob=bob@$DOMAIN
alice=alice@$DOMAIN

# alice has bob open ports, which are forwarded to her.
remote()	# name argument ...
{
	_name=$1; shift
	start "$_name" "$T/alice" "$@" "$bob"
	wait_for 30 forwards "$_name" 1
}

forwards()	# name number
{
	[ "$(grep -c 'xcat: forwarding .* of ' "$T/$1.err")" -ge "$2" ]
}

# The port that was chosen for port 0.
chosen()	# name [which]
{
	sed -n 's/.*forwarding \([^ ]*:\)*\([0-9]*\) of .*/\2/p' "$T/$1.err" |
	    sed -n "${2:-1}p"
}

via()		# port line: what comes back
{
	echo "$2" | timeout 20 socat -t 20 - "TCP:127.0.0.1:$1"
}

is_closed()	# port
{
	! listens "$1"
}

# A TCP service at alice's: lines in capitals.
start_upper()
{
	upper=$(free_port)
	start tcp socat "TCP-LISTEN:$upper,bind=127.0.0.1,fork,reuseaddr" \
	    'EXEC:tr a-z A-Z'
	wait_for 20 listens "$upper"
}

all_complete()	# number
{
	[ "$(grep -c 'stream to .* ended after .*: complete' \
	    "$T/listener.err")" -eq "$1" ]
}

works()
{
	p1=$(free_port) p2=$(free_port)
	echo "remote $p1,$p2" >"$T/home/bob/config"
	listen_as bob listener -k -v -a "$alice" -o grace=20
	remote r -v -R "$p1=$upper" -R "127.0.0.1:$p2:localhost:$upper"
	wait_for 20 forwards r 2
	ok 'it says so' said r \
	    "xcat: forwarding $p1 of $bob/xcat to $upper\$"
	ok 'so does the listener' said listener \
	    "$alice/[^ ]*: listening for it on $p1\$"
	is "$(via "$p1" hello)" HELLO 'a connection'
	is "$(via "$p2" hello)" HELLO 'one by another port'
	is "$(via "$p1" again)" AGAIN 'one more'
	ok 'it is noted' wait_for 20 said listener \
	    "stream to $p1 ended after .*, 6 bytes in, 6 out: complete"
	ok 'a session protects it' said listener 'tls 1.3 end to end'
	ok 'its caller is not remembered' sh -c \
	    "! grep -q '$alice/' '$T/home/bob/known_peers'"
	_all=
	for _i in 1 2 3 4 5 6 7 8; do
		start "c$_i" sh -c "echo word$_i | timeout 30 socat -t 20 - \
		    TCP:127.0.0.1:$p1"
		_all="$_all c$_i"
	done
	_good=0
	for _i in $_all; do
		finish "$_i" 30
		[ "$(cat "$T/$_i.out")" = "WORD${_i#c}" ] && _good=$((_good + 1))
	done
	is "$_good" 8 'eight at once'
	# A stream that is cut before its receipt is a fault.
	ok 'all are noted' wait_for 20 all_complete 11
	stop r
	ok 'the ports are closed with it' wait_for 20 is_closed "$p1"
	ok 'both' is_closed "$p2"
	ok 'it is told' said listener 'no longer listening for it on'
	ok 'and is no fault' sh -c "! grep 'hung up' '$T/listener.err'"
}

# Two ways through: blocks, and sockets that the listener or its caller offers.
ways()
{
	head -c "$(by_tier 300000 3000000)" /dev/urandom >"$T/data"
	start echo socat "TCP-LISTEN:$p2,bind=127.0.0.1,fork,reuseaddr" \
	    'EXEC:cat'
	wait_for 20 listens "$p2"
	for _way in '-i' '-o upgrade-after=0'; do
		# shellcheck disable=SC2086
		remote r -v $_way -R "$p1=$p2"
		timeout 120 socat -t 120 - "TCP:127.0.0.1:$p1" <"$T/data" \
		    >"$T/back"
		check_same "$T/data" "$T/back" "bytes, and back ($_way)"
		stop r
		wait_for 20 is_closed "$p1"
	done
	ok 'by a socket' said r 'socket: direct'
	stop echo
}

# A connection that is under way when its caller ends is reset: what has come of
# it must not pass for the whole.  The listener reads of the two ends in turn.
cut_short()
{
	start_relay thin
	relay thin 'delay 5; split 60'
	stop listener
	# shellcheck disable=SC2154	# start_relay sets it
	listen_as bob listener -k -v -a "$alice" "-c127.0.0.1:$port_thin"
	remote r -v -i -R "$p1=$p2"
	start service "$PYTHON" "$LIB/tcp.py" listen "$p2" send=1000 \
	    "recv=$T/at-service"
	wait_for 60 grep -q ready "$T/service.out" || bail 'tcp.py: no service'
	start client "$PYTHON" "$LIB/tcp.py" connect "$p1" recv=1000 \
	    "touch=$T/go" "recv=$T/at-client"
	wait_for 60 test -e "$T/go"
	stop r
	finish client
	finish service
	is "$(tail -n 1 "$T/client.out")" 'reset 0' \
	    'a connection under way: its client'
	is "$(tail -n 1 "$T/service.out")" 'reset 0' 'and its service'
	ok 'it was not complete' sh -c "! grep -q 'complete' '$T/listener.err'"
	stop listener
	stop thin
	listen_as bob listener -k -v -a "$alice" -o grace=20
}

# What was listed, and nothing else.
refusals()
{
	other=$(free_port)
	fails 5 "does not listen on $other for us: $other is not among the \
ports of -o remote there" 'a port that is not listed' \
	    "$T/alice" -R "$other=$upper" "$bob"
	ok 'the listener says so' said listener "refused a port: $other is not"
	for _addr in '0.0.0.0' '*' '[::]' 192.0.2.1; do
		fails 5 'is not among the ports' "$_addr" \
		    "$T/alice" -R "$_addr:$p1=$upper" "$bob"
	done
	fails 5 'is not among the ports' 'one of two' \
	    "$T/alice" -R "$p1=$upper" -R "$other=$upper" "$bob"
	ok 'closes the other one' wait_for 20 is_closed "$p1"
	fails 5 'has no port of that address' 'any port of another address' \
	    "$T/alice" -R "0.0.0.0:0=$upper" "$bob"
	start taken socat "TCP-LISTEN:$p1,bind=127.0.0.1,reuseaddr" 'EXEC:cat'
	wait_for 20 listens "$p1"
	fails 5 "cannot listen on $p1: Address already in use; ask for another" \
	    'a port in use' "$T/alice" -R "$p1=$upper" "$bob"
	stop taken
	fails 5 'not there|nobody listens' 'a stranger' \
	    "$T/carol" -R "$p1=$upper" "$bob"
	fails 2 'end-to-end' 'without a session' \
	    "$T/alice" -o e2e=off -R "$p1=$upper" "$bob"
	fails 2 'command' 'a command' "$T/alice" -R "$p1=!id" "$bob"
	fails 2 'target' 'no target' "$T/alice" -R "$p1" "$bob"
	fails 2 'only one can be' 'with -l' "$T/alice" -l -R "$p1=$upper"
	fails 2 'remote: .*numbers' 'a listener with an odd list' \
	    "$T/bob" -l -k -o remote=80-70
	many=
	for _i in 1 2 3 4 5 6 7 8; do
		many="$many -R 0=1 -R 0=2 -R 0=3 -R 0=4 -R 0=5 -R 0=6 -R 0=7 \
-R 0=8 -R 0=9"
	done
	# shellcheck disable=SC2086
	fails 1 '64 at a time' 'too many' "$T/alice" $many "$bob"
	listen_as carol plain -k -a "$alice" -j "carol@$DOMAIN/plain" 'cat=!cat'
	fails 5 'opens no ports for callers: start it with -k and -o remote' \
	    'a listener without remote' \
	    "$T/alice" -R "$p1=$upper" "carol@$DOMAIN/plain"
	stop plain
}

# The caller's own address is of use to nobody else.
strangers()
{
	remote r -v -R "$p1=$upper"
	_full=$(sed -n "s,.*: \($alice/[^ :]*\): listening.*,\1,p" \
	    "$T/listener.err" | tail -n 1)
	fails 5 'not there|nobody listens' 'a stranger calls the caller' \
	    "$T/carol" -d "$_full" 1
	fails 5 'not there|nobody listens' 'so does another run of the listener' \
	    "$T/bob" -d "$_full" 1
	fails 5 'not there|nobody listens' 'and of its own account' \
	    "$T/alice" -d "$_full" 1
	is "$(via "$p1" still)" STILL 'the port works'
	stop r
}

any()
{
	remote r -R "0=$upper"
	like "$(chosen r)" "^($p1|$p2)\$" 'port 0: one of those listed'
	is "$(via "$(chosen r)" any)" ANY 'which works'
	remote r2 -R "0=$upper"
	like "$(chosen r2)" "^($p1|$p2)\$" 'again: the other one'
	ok 'not the one that is taken' [ "$(chosen r)" != "$(chosen r2)" ]
	fails 5 'none of the ports of -o remote there' 'there are no more' \
	    "$T/alice" -R "0=$upper" "$bob"
	stop r
	stop r2
	wait_for 20 is_closed "$p1"
}

by_ssh()
{
	start_sshd
	remote r -R "$p1=$SSHPORT"
	write_ssh_config <<-END
	Host attic
		HostName 127.0.0.1
		Port $p1
	END
	is "$(ssh -F "$T/ssh_config" attic 'cat; echo over' <"$T/data" |
	    tail -c 5)" over 'ssh through it'
	scp -q -F "$T/ssh_config" "$T/data" "attic:$T/copy"
	check_same "$T/data" "$T/copy" 'scp through it'
	stop r
	wait_for 20 is_closed "$p1"
}

# A server that is lost and back costs neither the port nor its connections.
losses()
{
	remote r -i -R "$p1=$upper"
	start c socat -t 30 - "TCP:127.0.0.1:$p1" <"$T/fifo"
	echo one >&8
	wait_for 20 said listener 'stream to'
	stop_server
	echo two >&8
	run_server
	ok 'the caller is back' wait_for 60 said r 'xcat: back: '
	is "$(via "$p1" after)" AFTER 'the port works'
	stop c
	stop r
	ok 'and is closed' wait_for 20 is_closed "$p1"
}

reload()
{
	start keeping "$T/alice" -R "$p1=$p2" "$bob"
	wait_for 20 forwards keeping 1
	start echo socat "TCP-LISTEN:$p2,bind=127.0.0.1,fork,reuseaddr" \
	    'EXEC:cat'
	wait_for 20 listens "$p2"
	start c socat -t 30 - "TCP:127.0.0.1:$p1" <"$T/fifo"
	echo one >&8
	wait_for 20 has_size "$T/c.out" 4
	echo "remote $other" >"$T/home/bob/config"
	signal HUP listener
	ok 'SIGHUP: a port that is listed no more is closed' wait_for 20 \
	    said keeping "it has closed $p1: it is no longer allowed there"
	ok 'at once' is_closed "$p1"
	echo two >&8
	ok 'its connection goes on' wait_for 20 has_size "$T/c.out" 8
	stop c
	finish keeping 20
	is "$status" 5 'the last one ends its caller'
	remote r -R "$other=$upper"
	is "$(via "$other" new)" NEW 'a port that is new works'
	stop r
	echo "remote $p1" >"$T/home/bob/config"
	signal HUP listener
	wait_for 20 reread 2
	printf 'remote %s\nallow carol@%s\n' "$p1" "$DOMAIN" \
	    >"$T/home/bob/config"
	signal HUP listener
	wait_for 20 reread 3
	start carol "$T/carol" -R "$p1=$p2" "$bob"
	wait_for 20 forwards carol 1
	echo "remote $p1" >"$T/home/bob/config"
	signal HUP listener
	finish carol 20
	is "$status" 5 'SIGHUP: so does a caller that is no longer allowed'
	ok 'its port is closed' is_closed "$p1"
	: >"$T/home/bob/config"
}

reread()	# times
{
	[ "$(grep -c 'was read anew' "$T/listener.err")" -eq "$1" ]
}

ends()
{
	start r "$T/alice" -R "$p1=$p2" "$bob"
	wait_for 20 forwards r 1
	start c socat -t 30 - "TCP:127.0.0.1:$p1" <"$T/fifo"
	echo one >&8
	wait_for 20 has_size "$T/c.out" 4
	signal TERM listener
	ok 'SIGTERM: the ports are closed' wait_for 20 said r \
	    "it has closed $p1: the listener is about to end"
	ok 'at once' is_closed "$p1"
	ok 'the listener waits for the stream' kill -0 "$(pid_of listener)"
	stop c
	finish r 20
	is "$status" 5 'the caller ends'
	finish listener 20
	is "$status" 143 'and the listener, with the last of its streams'
	stop echo
}

# The listener lists so many streams for ports.
has_callers()	# number
{
	[ "$("$T/bob" -O list | awk '/^[^ ]/ { is = /^listener/ }
	    is && /^  [^ ]*: ports \(-R\)/ { n++ } END { print n + 0 }')" \
	    -eq "$1" ]
}

again()
{
	start r "$T/alice" -i -R "$p1=$upper" "$bob"
	wait_for 10 forwards_or_gone r
	forwards r 1
}

forwards_or_gone()	# name
{
	forwards "$1" 1 || gone "$(pid_of "$1")"
}

killed()
{
	mkdir -m 700 "$T/runtime"
	export XDG_RUNTIME_DIR="$T/runtime"
	wind 20
	listen_as bob listener -k -a "$alice" -o 'remote=*'
	remote r -i -R "$p1=$upper"
	signal KILL r
	finish r
	ok 'SIGKILL: its next call gets the port' wait_for 60 again
	is "$(via "$p1" new)" NEW 'which works'
	ok 'and nothing is left of the other' wait_for 20 has_callers 1
	signal KILL r
	finish r
	ok 'SIGKILL: the port is closed' wait_for 60 is_closed "$p1"
	remote r -i -R "$p1=$upper"
	signal KILL listener
	finish listener
	finish r 60
	is "$status" 6 'a listener that is killed: its caller ends'
	ok 'and says why' said r 'away for'
	wind 1
	unset XDG_RUNTIME_DIR
}

# What it offers, a listener without services keeps: standard input and output.
without_services()
{
	: >"$T/home/bob/config"
	listen_as bob listener -k -a "$alice"
	echo "remote $p1" >"$T/home/bob/config"
	signal HUP listener
	wait_for 20 reread 1
	fails 5 'opens no ports for callers' \
	    'SIGHUP: a listener without services opens none' \
	    "$T/alice" -R "$p1=$upper" "$bob"
	for _i in 1 2; do
		run "$T/alice" -s "$bob" <"$T/data"
		is "$status" 0 "and takes stream $_i"
	done
	stop listener
	: >"$T/home/bob/config"
}

# The other ways to run it.
others()
{
	start listener "$T/bob" -l -k -a "$alice" -o log=json -o 'remote=*'
	wait_for 20 grep -q '"event":"listening"' "$T/listener.err"
	run "$T/alice" -f -R "0=$upper" "$bob"
	is "$status" 0 '-f: the command ends once the port is open'
	is "$(via "$(chosen run)" back)" BACK 'which works'
	ok 'log=json: the port' grep -q '"event":"port-opened".*"port":"' \
	    "$T/listener.err"
	ok 'log=json: its stream' wait_for 20 grep -q \
	    '"event":"stream-ended".*"in":5,"out":5' "$T/listener.err"
	_pid=$(pgrep -f "^$XCAT .*-f -R 0=$upper" | head -n 1)
	kill "$_pid"
	wait_for 20 gone "$_pid"
	ok 'log=json: its end' wait_for 20 grep -q \
	    '"event":"port-closed".*"reason":"its caller has gone"' \
	    "$T/listener.err"
	stop listener
	start r "$T/alice" -W -R "$p1=$upper" "$bob"
	listen_as bob listener -k -a "$alice" -o 'remote=*'
	ok '-W: a listener that comes later' wait_for 30 forwards r 1
	stop r
	stop listener
	listen_as bob listener -k -I -o 'remote=*'
	_code=$(sed -n 's/.* with: xcat //p' "$T/listener.err")
	start r "$T/alice" -R "$p1=$upper" "$_code"
	ok 'a code' wait_for 30 forwards r 1
	is "$(via "$p1" met)" MET 'is good for all connections'
	stop r
	stop listener
	listen_as bob listener -k -a "$alice" -o 'remote=*' 'cat=!cat'
	p3=$(free_port)
	start r "$T/alice" -L "$p3=cat" -R "$p1=$upper" "$bob"
	wait_for 20 forwards r 1
	ok '-L beside it' wait_for 20 said r "forwarding $p3 to"
	is "$(via "$p1" both)" BOTH '-R beside it'
	stop listener
	finish r
	is "$status" 6 'a listener that ends at once: its caller ends'
	like "$(tail -n 1 "$T/r.err")" "xcat: $bob/xcat: the listener has \
ended, and its ports with it; run .* for it\$" 'and says why'
}

# A caller may have so many connections, and no more; others wait.
limits()
{
	listen_as bob listener -k -a "$alice" -o 'remote=*' \
	    -o max-streams-per-peer=3
	remote r -R "$p1=$upper"
	for _i in 1 2 3 4; do
		start "c$_i" socat -t 30 - "TCP:127.0.0.1:$p1" <"$T/open"
	done
	ok 'three at a time' wait_for 20 has_streams 3
	stop c1
	stop c2
	is "$(via "$p1" yes)" YES 'until there is a place'
	stop c3
	stop c4
	stop r
	stop listener
}

has_streams()	# number
{
	[ "$(grep -c "stream to $p1\$" "$T/listener.err")" -eq "$1" ]
}

start_server prosody
mkfifo "$T/open" "$T/fifo"
exec 9<>"$T/open" 8<>"$T/fifo"
start_upper
works
ways
cut_short
refusals
strangers
any
by_ssh
losses
reload
ends
killed
without_services
others
limits
stop_server
start_server ejabberd
works
stop listener
done_testing
