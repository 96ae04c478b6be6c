#!/bin/sh
#
# What can be wrong with the process that keeps a login, and with the place
# where it is looked for: a run that cannot share logs in for itself, silently.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/share.sh"

LIMIT=40
bob=bob@$DOMAIN
alice=alice@$DOMAIN
TRANSFERS=20

works()		# description [reason]: by a login of its own, silently
{
	run "$T/alice" -o share=5 "$bob" upper <"$T/line"
	is "$status $(cat "$T/run.out" "$T/run.err")" '0 HELLO' "$1: works"
	[ $# -eq 2 ] || return
	run "$T/alice" -v -o share=5 "$bob" upper <"$T/line"
	ok "$1: -v says why" said run "^xcat: share: .*($2).*; logging in\$"
}

place()		# the path of the socket
{
	find "$T/runtime" -name 'xcat-share-*' ! -name '*.lock'
}

# What is no socket of ours.
planted()
{
	socket=$(place)
	end_masters
	echo precious >"$T/precious"
	ln -s "$T/precious" "$socket"
	works 'a link' 'no socket of ours'
	is "$(cat "$T/precious")" precious 'where it leads all is as it was'
	rm "$socket"
	echo a file >"$socket"
	works 'a file' 'no socket of ours'
	is "$(cat "$socket")" 'a file' 'which stays'
	rm "$socket"
	mkdir "$socket"
	works 'a folder' 'no socket of ours'
	rmdir "$socket"
	chmod 755 "$T/runtime"
	works 'a folder that others see' 'no folder of ours|not a folder'
	chmod 700 "$T/runtime"
	_runtime=$XDG_RUNTIME_DIR
	unset XDG_RUNTIME_DIR
	works 'no folder' 'XDG_RUNTIME_DIR'
	export XDG_RUNTIME_DIR="$_runtime"
	is "$(masters)" '' 'none of these has left a process behind'
}

# Another user's process, and another user's socket.
strangers()
{
	if [ "$(id -u)" -ne 0 ]; then
		skip 'another user' 'needs root'
		return
	fi
	chmod 711 "$T"
	start spy perl -MSocket -e '
		socket(S, PF_UNIX, SOCK_STREAM, 0) or die;
		umask 0; bind(S, sockaddr_un($ARGV[0])) && listen(S, 5) or die;
		$> = $< = 65534;
		listen(S, 5) or die; $| = 1; print "ready\n";
		while (accept(C, S)) { print "called\n"; }' "$socket"
	wait_for 20 grep -q ready "$T/spy.out"
	works 'a process of another user' 'another user'
	chown 65534 "$socket"
	works 'a socket of another user' 'no socket of ours'
	stop spy
	rm -f "$socket"
	run "$T/alice" -o share=60 "$bob" upper <"$T/line"
	keeper=$(master)
	chmod 777 "$T/runtime" "$socket"
	run perl -MSocket -e '
		$SIG{PIPE} = "IGNORE";
		$> = $< = 65534;
		socket(S, PF_UNIX, SOCK_STREAM, 0) or die;
		connect(S, sockaddr_un($ARGV[0])) or die "$!\n";
		syswrite S, "\1\6\0\0\0\0\0\0";
		print sysread(S, $_, 100) ? "heard" : "closed"' "$socket"
	chmod 700 "$T/runtime"
	chmod 600 "$socket"
	is "$(cat "$T/run.out")" closed 'another user is not heard'
	is "$(master)" "$keeper" 'and harms nothing'
	end_masters
}

# A key that was named is looked at, or nothing is said to the peer.
pinned()
{
	_key=SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
	run "$T/alice" -o share=60 "$bob" upper <"$T/line"
	fails 5 'key' 'another key than that of the peer' \
	    "$T/alice" -o share=60 "$bob=$_key" upper
	for _off in e2e=off carrier=s5b; do
		run "$T/alice" -o share=60 -o "$_off" -z "$bob"
		fails 2 "a key in the address needs .*: leave out $_off" \
		    "a key with $_off" \
		    "$T/alice" -o share=60 -o "$_off" "$bob=$_key" upper
	done
	end_masters
}

# Nobody listens any more, or nobody accepts.
dead()
{
	run "$T/alice" -o share=60 "$bob" upper <"$T/line"
	kill -KILL "$(master)"
	wait_for 20 no_masters
	ok 'a dead socket' test -S "$socket"
	run "$T/alice" -v -o share=60 "$bob" upper <"$T/line"
	is "$(cat "$T/run.out")" HELLO 'a dead socket is no hindrance'
	keeper=$(master)
	ok 'a new process takes its place' said run "process $keeper\$"
	kill -STOP "$keeper"
	works 'a stopped process' 'does not answer'
	kill -CONT "$keeper"
	run "$T/alice" -v -o share=60 "$bob" upper <"$T/line"
	ok 'it goes on' said run "process $keeper\$"
	is "$(cat "$T/run.out")" HELLO 'and has taken nothing meanwhile'
	end_masters
	start full perl -MSocket -e '
		socket(S, PF_UNIX, SOCK_STREAM, 0) or die;
		bind(S, sockaddr_un($ARGV[0])) && listen(S, 0) or die;
		for (1 .. 2) {
			socket(my $c, PF_UNIX, SOCK_STREAM, 0);
			$c->blocking(0); push @c, $c;
			connect($c, sockaddr_un($ARGV[0]));
		}
		$| = 1; print "ready\n"; sleep 600' "$socket"
	wait_for 20 grep -q ready "$T/full.out"
	works 'a full backlog' 'xcat-share'
	stop full
	rm -f "$socket"
}

# Whatever it says.
babble()
{
	start babbler perl -MSocket -e '
		$SIG{PIPE} = "IGNORE";
		socket(S, PF_UNIX, SOCK_STREAM, 0) or die;
		bind(S, sockaddr_un($ARGV[0])) && listen(S, 5) or die;
		$| = 1; print "ready\n";
		while (accept(C, S)) {
			syswrite C, $n++ % 3 == 0 ? "\2\10\0\0\0\0\0\1x" :
			    $n % 3 == 1 ? "\1\10\0\0\377\377\377\377" : "";
			close C;
		}' "$socket"
	wait_for 20 grep -q ready "$T/babbler.out"
	works 'another version'
	works 'no frame' 'gone|Broken pipe|reset'
	stop babbler
	rm -f "$socket"
	run "$T/alice" -o share=60 "$bob" upper <"$T/line"
	keeper=$(master)
	run perl -MSocket -e '
		for my $s ("GET / HTTP/1.0\r\n", "\1\1\0\0\0\0\0\4abcd",
		    "\1\1\0\0\0\0\0\12mode\0call\0", "\1\2\0\0\0\0\0\0",
		    "\1\3\0\0\0\0\0\0\1\4\0\0\0\0\0\0\1\11\0\0\0\0\0\0",
		    "\1\1\0\0\0\1\0\0" . "x" x 65536, "\1\1\0\0\0\2\0\0") {
			socket(my $c, PF_UNIX, SOCK_STREAM, 0);
			connect($c, sockaddr_un($ARGV[0])) or die "$!\n";
			syswrite $c, $s;
			shutdown $c, 1;
			1 while sysread $c, $_, 100;
		}' "$socket"
	is "$status" 0 'a client that babbles'
	run "$T/alice" -v -o share=60 "$bob" upper <"$T/line"
	ok 'the process goes on' said run "process $keeper\$"
	end_masters
}

# Many at once begin one process.
together()
{
	for i in 1 2 3 4 5 6 7 8; do
		start "r$i" "$T/alice" -o share=60 "$bob" upper <"$T/line"
	done
	for i in 1 2 3 4 5 6 7 8; do
		finish "r$i" 40
		[ "$status $(cat "$T/r$i.out" "$T/r$i.err")" = '0 HELLO' ] ||
			fail "r$i: $status $(cat "$T/r$i.err")"
	done
	is "$(masters | wc -l)" 1 'eight that begin at once have one process'
}

# Every one of its clients knows that it was cut off, and how much came.
killed()
{
	keeper=$(master)
	for i in $(seq $TRANSFERS); do
		start "t$i" "$T/alice" -o share=60 "$bob" count </dev/zero
	done
	wait_for 40 clients $TRANSFERS
	wait_for 40 moving
	kill -KILL "$keeper"
	bad=0
	for i in $(seq $TRANSFERS); do
		finish "t$i" 20
		[ "$status" = 6 ] && said "t$i" \
		    'has gone; try again; at least [0-9]+ bytes confirmed$' &&
		    [ "$(wc -l <"$T/t$i.err")" -eq 1 ] &&
		    [ ! -s "$T/t$i.out" ] || bad=$((bad + 1))
	done
	is "$bad" 0 "SIGKILL: $TRANSFERS clients have the right status"
	[ "$bad" -eq 0 ] || diag_file "$T/t1.err"
	works 'the next one'
}

# Some have ended, others have not: a client with status 0 has everything, any
# other one says that it has not, and has nothing wrong.
killed_between()
{
	head -c 3000000 /dev/urandom >"$T/data"
	run "$T/alice" -i -o share=60 "$bob" upper <"$T/line"
	keeper=$("$T/alice" -i -O check | sed 's/^process \([0-9]*\):.*/\1/')
	for i in $(seq $TRANSFERS); do
		head -c $((i * i * 7000)) "$T/data" >"$T/part.$i"
		if [ $((i % 2)) -eq 0 ]; then
			start "t$i" "$T/alice" -i -o share=60 "$bob" sum \
			    <"$T/part.$i"
		else
			start "t$i" "$T/alice" -i -d -o share=60 "$bob" \
			    "part$i"
		fi
	done
	wait_for 40 some_ended
	kill -KILL "$keeper"
	bad='' good=0 lost=0
	for i in $(seq $TRANSFERS); do
		finish "t$i" 40
		if [ "$status" = 0 ] && has_all "$i"; then
			good=$((good + 1))
		elif [ "$status" = 6 ] && has_some "$i" && said "t$i" \
		    'has gone; try again; at least [0-9]+ bytes confirmed$'
		then
			lost=$((lost + 1))
		else
			bad="$bad $i=$status"
			diag_file "$T/t$i.err"
		fi
	done
	is "$bad" '' "SIGKILL: $good have everything, $lost say they have not"
	ok 'there are both' test "$good" -gt 0 -a "$lost" -gt 0
}

some_ended()
{
	_gone=0
	for i in $(seq "$TRANSFERS"); do
		! gone "$(pid_of "t$i")" || _gone=$((_gone + 1))
	done
	[ "$_gone" -ge 5 ]
}

has_all()	# number
{
	if [ $(($1 % 2)) -eq 0 ]; then
		[ "$(cat "$T/t$1.out")" = "$(sha256sum <"$T/part.$1")" ]
	else
		cmp -s "$T/t$1.out" "$T/part.$1"
	fi
}

has_some()	# number: the beginning of what it gets, or a sum that has come
{
	if [ $(($1 % 2)) -eq 0 ]; then
		[ ! -s "$T/t$1.out" ] || has_all "$1"
	else
		head -c "$(wc -c <"$T/t$1.out")" "$T/part.$1" |
		    cmp -s - "$T/t$1.out"
	fi
}

moving()
{
	[ "$(grep -c 'stream to count$' "$T/listener.err")" -ge "$TRANSFERS" ]
}

# Control-C at any time ends a run, and nothing else: while it looks for the
# process, begins it, waits for the login, moves bytes or ends.
interrupted()
{
	bad='' ended=0
	for warm in '' warm; do
		for ms in 0 2 5 10 20 35 50 70 90 120 160 200 300; do
			[ -n "$warm" ] || end_masters
			start a "$T/alice" -o share=60 "$bob" slow <"$T/open"
			wait_for 10 has_begun a
			perl -e 'select undef, undef, undef, $ARGV[0] / 1000' \
			    "$ms"
			kill -s INT "$(pid_of a)"
			finish a 15
			[ "$status" = 130 ] && ended=$((ended + 1)) ||
				bad="$bad $warm$ms=$status"
		done
	done
	is "$ended$bad" 26 'SIGINT at any time is death by signal'
	ok 'their streams end' wait_for 20 open_streams 0
	run "$T/alice" -o share=60 "$bob" upper <"$T/line"
	is "$status $(cat "$T/run.out")" '0 HELLO' 'the next run works'
	is "$(masters | wc -l)" 1 'by one process'
	ok 'which has no client' clients 0
	end_masters
}

# Before that, its shell has it ignore the signal.
has_begun()	# name
{
	[ "$(cat "/proc/$(pid_of "$1")/comm")" != detach ]
}

open_streams()	# number: as the listener tells
{
	[ "$(($(grep -c 'stream to slow$' "$T/listener.err") -
	    $(grep -c 'stream to slow ended' "$T/listener.err")))" -eq "$1" ]
}

# What has not begun is done by a login of its own.
unbegun()
{
	end_masters
	signal STOP prosody
	start a "$T/alice" -v -o share=60 "$bob" upper <"$T/line"
	wait_for 20 said a 'sharing the login'
	kill -KILL "$(master)"
	ok 'a client that waits for the login hears of its end' wait_for 20 \
	    said a 'has gone; logging in'
	signal CONT prosody
	finish a 40
	is "$status" 0 'it logs in'
	is "$(cat "$T/a.out")" HELLO 'and has lost nothing'
}

start_server prosody
mkfifo "$T/open"
exec 9<>"$T/open"
echo hello >"$T/line"
for i in $(seq $TRANSFERS); do
	set -- "$@" "part$i=!cat $T/part.$i"
done
listen_as bob listener -k -a "$alice" 'upper=!tr a-z A-Z' 'count=!wc -c' \
    'slow=!echo slow; exec sleep 60' 'sum=!sha256sum' "$@"
run "$T/alice" -o share=60 "$bob" upper <"$T/line"
planted
strangers
pinned
dead
babble
together
killed
killed_between
unbegun
interrupted
done_testing
