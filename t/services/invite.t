#!/bin/sh
#
# -I: a code for one call, which admits whoever has it, once, and introduces the
# two: with services, files and standard input and output, and for accounts that
# nobody has registered.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"

LIMIT=15
wind 5
alices=$T/home/alice
bobs=$T/home/bob
head -c 100000 /dev/urandom >"$T/data"
echo hello >"$T/hello"

# The command that listener NAME has printed, for this user.
line_of()	# name user [options]
{
	sed -n "s,^.*xcat: .*listening; reach it once .*: xcat ,'$T/$2' ${3-} ,p" \
	    "$T/$1.err"
}

code_of()	# name
{
	line_of "$1" alice | sed 's/.*=//'
}

# Alice's account is not bob's, and no -a names it.
invite()	# argument ...: bob listens, as "listener"
{
	rm -f "$T/listener.err"
	listen_as bob listener -I "$@"
	code=$(code_of listener)
	like "$code" '^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}$' \
	    "$server: a code of sixteen digits"
}

forget_all()
{
	rm -f "$alices/known_peers" "$bobs/paired"
}

once()
{
	forget_all
	invite
	run sh -c "$(line_of listener alice -s)" <"$T/data"
	is "$status" 0 "$server: the line, pasted"
	like "$(cat "$T/run.err")" 'first contact; its key SHA256:.* is now in' \
	    "$server: the caller remembers"
	finish listener
	is "$status" 0 "$server: the listener ends with its call"
	check_same "$T/listener.out" "$T/data" "$server: everything arrives"
	ok "$server: it says who came" said listener \
	    "alice@$DOMAIN/[^ ]+: came with the code; -a @paired admits"
	like "$(cat "$bobs/paired")" "^alice@$DOMAIN SHA256:[^ ]{43}\$" \
	    "$server: the listener remembers"
	is "alice@$DOMAIN=$(sed 's/.* //' "$bobs/paired")" \
	    "$(xcat_as alice -K)" "$server: the caller's key"
	is "$(sed 's/ /=/' "$alices/known_peers")" \
	    "$(xcat_as bob -K | sed 's,=,/xcat=,')" "$server: and its own"
}

# From then on there is no code between the two.
paired()
{
	listen_as bob listener -a @paired
	run "$T/carol" "bob@$DOMAIN" <"$T/hello"
	is "$status" 5 "$server: @paired: others are strangers"
	run "$T/alice" -s "bob@$DOMAIN" <"$T/hello"
	is "$status $(cat "$T/run.err")" '0 ' "$server: @paired: alice is none"
	finish listener
	check_same "$T/listener.out" "$T/hello" "$server: @paired: and is heard"
	mv "$alices/key.pem" "$T/key.pem"
	listen_as bob listener -a @paired
	run "$T/alice" -s "bob@$DOMAIN" <"$T/hello"
	is "$status" 5 "$server: @paired: not with another key"
	stop listener
	mv "$T/key.pem" "$alices/key.pem"
	run "$T/bob" -K forget "alice@$DOMAIN"
	is "$status" 0 "$server: a pair is forgotten"
	listen_as bob listener -a @paired
	run "$T/alice" -s "bob@$DOMAIN" <"$T/hello"
	is "$status" 5 "$server: and is a stranger again"
	stop listener
}

twice()
{
	forget_all
	invite -k 'cat=!cat'
	run "$T/alice" "bob@$DOMAIN/xcat=$code" cat <"$T/data"
	is "$status" 0 "$server: -k, a service: the first call"
	check_same "$T/run.out" "$T/data" "$server: -k, a service: it answers"
	run "$T/carol" "bob@$DOMAIN/xcat=$code" cat <"$T/data"
	is "$status" 5 "$server: a code used twice"
	ok "$server: a code used twice: nothing comes" [ ! -s "$T/run.out" ]
	run "$T/alice" "bob@$DOMAIN/xcat=$code" cat <"$T/data"
	is "$status" 5 "$server: nor by its first user"
	run "$T/bob" "bob@$DOMAIN/xcat=$code" cat <"$T/data"
	is "$status" 5 "$server: nor by one who needs none"
	ok "$server: who is told why" said run 'does not know this code'
	stop listener
}

forgiven()
{
	forget_all
	invite -o "invite-time=60"
	ok "$server: in the time that was asked for" \
	    said listener 'once within 1 minute, with'
	run "$T/alice" -s "bob@$DOMAIN=$(echo "$code" | tr 'A-Z01' 'a-zol' |
	    tr -d -)" <"$T/hello"
	is "$status" 0 "$server: in lower case, o and l for 0 and 1"
	finish listener
	check_same "$T/listener.out" "$T/hello" "$server: it arrives"
}

another()	# code: its last digit is another one
{
	case $1 in
	*7) echo "${1%?}8" ;;
	*) echo "${1%?}7" ;;
	esac
}

wrong()
{
	forget_all
	invite -k -a "carol@$DOMAIN" 'cat=!cat'
	bad=$(another "$code")
	for i in 1 2 3; do
		run "$T/alice" "bob@$DOMAIN/xcat=$bad" cat <"$T/hello"
		is "$status" 5 "$server: wrong code $i"
		cp "$T/run.err" "$T/wrong.err"
		wait_for 10 said listener "wrong code.*after $((3 - i)) more|third"
		pass_a_second
	done
	run "$T/alice" "bob@$DOMAIN/absent=$bad" cat <"$T/hello"
	sed 's,/absent,/xcat,' "$T/run.err" >"$T/absent.err"
	check_same "$T/wrong.err" "$T/absent.err" \
	    "$server: is told what is told of an absent listener"
	is "$(grep -c 'wrong code' "$T/listener.err")" 3 "$server: three lines"
	run "$T/alice" "bob@$DOMAIN/xcat=$code" cat <"$T/hello"
	is "$status" 5 "$server: then the right one is good for nothing"
	run "$T/carol" "bob@$DOMAIN" cat <"$T/hello"
	is "$status" 0 "$server: whom -a names is served all the same"
	stop listener
	ok "$server: nobody is remembered" [ ! -e "$bobs/paired" ]
}

# A stranger who guesses: each time he sees what he sees where nobody is.
GUESSES=${GUESSES:-$(by_tier 400 10000)}
flooded()
{
	forget_all
	slix_user carol guesses
	invite -k -a "alice@$DOMAIN" 'cat=!cat'
	run "$T/guesses-carol" "bob@$DOMAIN/absent" 2
	absent=$(sed 's/^[0-9]* //' "$T/run.out")
	is "$absent" "service-unavailable
kinds" "$server: where nobody is"
	run "$T/guesses-carol" "bob@$DOMAIN/xcat" "$GUESSES"
	is "$(cat "$T/run.out")" "$GUESSES service-unavailable
1 kinds" "$server: $GUESSES wrong codes: all are answered alike"
	n=$(grep -c 'carol.*wrong code' "$T/listener.err")
	ok "$server: $n of them were looked at" [ "$n" -ge 1 -a "$n" -le 3 ]
	run "$T/alice" "bob@$DOMAIN" cat <"$T/data"
	is "$status" 0 "$server: the listener serves whom it did"
	check_same "$T/run.out" "$T/data" "$server: as it did"
	ok "$server: nobody is remembered" [ ! -e "$bobs/paired" ]
	stop listener
}

# A second in which no code is looked at.
pass_a_second()
{
	_until=$(($(now_xcat) + 2))
	wait_for 5 past "$_until"
}

past()		# seconds of xcat's clock
{
	[ "$(now_xcat)" -ge "$1" ]
}

# A code that is refused is not worth waiting for, and waiting does not use it up.
impatient()
{
	forget_all
	invite
	run "$T/alice" -W -s "bob@$DOMAIN/xcat=$(another "$code")" <"$T/hello"
	is "$status" 5 "$server: -W and a mistyped code"
	like "$(cat "$T/run.err")" 'nobody listens there by this code' \
	    "$server: -W and a mistyped code: why"
	is "$(grep -c 'wrong code' "$T/listener.err")" 1 \
	    "$server: -W and a mistyped code: one of three"
	pass_a_second
	run "$T/alice" -W -s "bob@$DOMAIN/xcat=$code" <"$T/hello"
	is "$status" 0 "$server: -W and the code"
	finish listener
	check_same "$T/listener.out" "$T/hello" "$server: -W: it arrives"
	run "$T/alice" -W -s "bob@$DOMAIN/xcat=$code" <"$T/hello"
	is "$status" 5 "$server: -W and a code whose listener has ended"
}

echoes()	# name connection ...: data goes there and back
{
	_name=$1; shift
	start "$_name" socat -t 30 - "$@" <"$T/data"
}

# The first connection meets the listener, and the others come by its key.
connections()
{
	forget_all
	invite -k 'cat=!cat'
	port=$(free_port) other=$(free_port)
	start caller "$T/alice" -L "$port" -L "$other=cat" \
	    "bob@$DOMAIN/xcat=$code" cat
	wait_for 20 said caller "forwarding $other" || diag_file "$T/caller.err"
	for i in 1 2 3; do
		echoes "c$i" "TCP:127.0.0.1:$port"
		echoes "d$i" "TCP:127.0.0.1:$other"
	done
	for i in c1 c2 c3 d1 d2 d3; do
		ended $i "$server: connection $i"
		check_same "$T/$i.out" "$T/data" "$server: connection $i: comes"
	done
	is "$(grep -c 'came with the code' "$T/listener.err")" 1 \
	    "$server: connections: one came with the code"
	ok "$server: connections: six streams" wait_for 20 said_streams 12
	stop caller
	stop listener
}

said_streams()	# lines: how each begins and ends
{
	[ "$(grep -c 'stream to cat' "$T/listener.err")" = "$1" ]
}

# As connections(), by SOCKS.
socks()
{
	forget_all
	port=$(free_port) web=$(free_port)
	start web "$PYTHON" -m http.server -b 127.0.0.1 -d "$T" "$web"
	wait_for 20 listens "$web"
	invite -k 'localhost:*='
	start caller "$T/alice" -D "$port" "bob@$DOMAIN/xcat=$code"
	wait_for 20 said caller 'forwarding SOCKS5' || diag_file "$T/caller.err"
	for i in 1 2 3; do
		start "c$i" curl -s -m 30 -x "socks5h://127.0.0.1:$port" \
		    "http://localhost:$web/data"
	done
	for i in 1 2 3; do
		ended c$i "$server: -D, connection $i"
		check_same "$T/c$i.out" "$T/data" "$server: -D, connection $i: comes"
	done
	stop caller
	stop listener
	stop web
}

# With -f the code is not spent on finding the peer.
behind()
{
	forget_all
	invite -k 'cat=!cat'
	run "$T/alice" -f -L "$T/s" "bob@$DOMAIN/xcat=$code"
	is "$status" 0 "$server: -f and a code"
	[ "$status" = 0 ] || diag_file "$T/run.err"
	echoes c1 "UNIX-CONNECT:$T/s"
	ended c1 "$server: -f and a code"
	check_same "$T/c1.out" "$T/data" "$server: -f and a code: it works"
	kill "$(ss -Hlxnp "src = $T/s" |
	    sed -n 's/.*pid=\([0-9]*\).*/\1/p' | head -n 1)"
	stop listener
}

expired()
{
	forget_all
	invite -k -o invite-time=1
	wait_for 60 said listener 'the code has expired'
	ok "$server: a code expires" said listener 'the code has expired'
	run "$T/alice" "bob@$DOMAIN/xcat=$code" <"$T/hello"
	is "$status" 5 "$server: and admits nobody"
	stop listener
}

files()
{
	forget_all
	rm -rf "$T/in"
	mkdir "$T/in"
	cp "$T/data" "$T/one"
	cp "$T/hello" "$T/two"
	invite -k -r "$T/in"
	run "$T/alice" -s "bob@$DOMAIN/xcat=$code" "$T/one" "$T/two"
	is "$status" 0 "$server: files by a code"
	[ "$status" = 0 ] || diag_file "$T/run.err"
	check_same "$T/in/one" "$T/data" "$server: the first"
	check_same "$T/in/two" "$T/hello" "$server: and the second, of one run"
	stop listener
}

secret()
{
	forget_all
	invite -vv
	bare=$(echo "$code" | tr -d -)
	start caller "$T/alice" -vv "bob@$DOMAIN/xcat=$code" <"$T/hello"
	ended caller "$server: -vv"
	finish listener
	is "$(grep -c -e "$code" -e "$bare" "$T/listener.err")" 1 \
	    "$server: the code is in one line of the listener's"
	is "$(grep -c -e "$code" -e "$bare" "$T/caller.err")" 0 \
	    "$server: and in none of the caller's"
	fifo held
	exec 4<>"$T/held"
	invite -k
	start caller "$T/alice" "bob@$DOMAIN/xcat=$code" <"$T/held"
	wait_for 20 said listener 'came with the code'
	is "$(tr '\0' ' ' <"/proc/$(pid_of caller)/cmdline" | grep -c "$code")" \
	    0 "$server: it is wiped from the command line"
	exec 4>&-
	stop caller
	stop listener
}

# Two people without any account: one line.
anonymous()
{
	forget_all
	start listener env XCAT_PASSWORD= "$T/bob" -l -I -j "$ANONDOMAIN"
	wait_for 20 listening_or_gone listener
	run sh -c "env XCAT_PASSWORD= $(line_of listener alice \
	    "-s -j $ANONDOMAIN")" <"$T/data"
	is "$status" 0 "$server: two anonymous accounts"
	[ "$status" = 0 ] || diag_file "$T/run.err" "$T/listener.err"
	finish listener
	check_same "$T/listener.out" "$T/data" "$server: and all arrives"
}

use()
{
	fails 2 '-I needs -l' '-I for a caller' "$T/alice" -I "bob@$DOMAIN"
	fails 2 'e2e=off' '-I without sessions' "$T/bob" -l -I -o e2e=off
	fails 2 'e2e=off' 'a code without sessions' "$T/alice" -o e2e=off \
	    "bob@$DOMAIN=0123-4567-89AB-CDEF"
	fails 2 'carrier=s5b' 'a code by sockets alone' "$T/alice" \
	    -o carrier=s5b "bob@$DOMAIN=0123-4567-89AB-CDEF"
	fails 2 '-z' 'a code for -z' "$T/alice" -z \
	    "bob@$DOMAIN=0123-4567-89AB-CDEF"
	fails 2 'oob' 'a code for a URL' "$T/alice" -s -o oob=http://a/ \
	    "bob@$DOMAIN=0123-4567-89AB-CDEF"
	fails 2 'code is damaged' 'a damaged code' "$T/alice" \
	    "bob@$DOMAIN=0123-4567-89AB-CDEU"
	fails 2 'no terminal' 'a code that cannot be asked for' setsid -w \
	    "$T/alice" "bob@$DOMAIN=-"
	fails 2 'invite-time' 'no time' "$T/bob" -l -I -o invite-time=0
}

for server in $SERVERS; do
	start_server "$server"
	once
	paired
	twice
	forgiven
	wrong
	flooded
	impatient
	connections
	socks
	behind
	expired
	files
	secret
	anonymous
	[ "$server" = ejabberd ] || use
	stop_server
done
done_testing
