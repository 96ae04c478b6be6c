#!/bin/sh
#
# The process that keeps a login loses it, and logs in again, or cannot: each of
# its clients sees of that what it would see by itself.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/relay.sh"
. "$LIB/share.sh"

SIZE=$(by_tier 2000000 40000000)	# bytes of a stream
RATE=$(by_tier 800000 3000000)	# bytes a second: none is over too soon
LIMIT=60
bob=bob@$DOMAIN
alice=alice@$DOMAIN
wind 5

# Descriptors 5 and 6 hold the input of clients open: not passed on.
shared()	# name argument ...
{
	_name=$1; shift
	start "$_name" sh -c 'exec "$@" 5>&- 6>&-' sh "$T/alice" "$(via near)" \
	    -o share=60 "$@"
}

# A talk, with -v, one without, and two streams that are under way, to the peer
# and from it.
begin()		# option ...
{
	fifo talk
	fifo quiet
	exec 5<>"$T/talk" 6<>"$T/quiet"
	shared talker -v "$@" "$bob" echo <"$T/talk"
	shared silent "$@" "$bob" echo <"$T/quiet"
	shared giver "$@" "$bob" sum <"$T/data"
	shared taker -d "$@" "$bob" data
	echo before | tee /dev/fd/6 >&5
	wait_for 60 has_begun || bail "no streams: $(cat "$T/talker.err")"
}

has_begun()
{
	has_size "$T/talker.out" 7 && has_size "$T/silent.out" 7 &&
	    [ -s "$T/taker.out" ]
}

under_way()	# name: the bytes of a stream
{
	ok "$1: the streams are under way" \
	    test "$(wc -c <"$T/taker.out")" -lt "$SIZE"
}

# All goes on.
recovered()	# what extended-regex
{
	ok "$1: a client is told" wait_for 40 said talker "$2"
	said talker "$2" || diag_file "$T/talker.err"
	echo after | tee /dev/fd/6 >&5
	exec 5>&- 6>&-
	for _who in talker silent giver taker; do
		ended "$_who" "$1"
	done
	for _who in talker silent; do
		is "$(paste -sd ' ' "$T/$_who.out")" 'before after' \
		    "$1: what the $_who gets"
	done
	is "$(cat "$T/giver.out")" "$sum" "$1: what is given"
	check_same "$T/taker.out" "$T/data" "$1: what is taken"
	is "$(cat "$T/silent.err" "$T/giver.err" "$T/taker.err")" '' \
	    "$1: without -v nothing is said"
	is "$(masters)" "$keeper" "$1: by the same process"
}

# All streams have broken: why, and how far each has come.
broken()	# what extended-regex
{
	for _who in talker silent giver taker; do
		finish "$_who"
		is "$status" 6 "$1: status of $_who"
		ok "$1: $_who is told" \
		    said "$_who" "$2.*; [0-9]+ bytes confirmed\$"
	done
	exec 5>&- 6>&-
	is "$(wc -l <"$T/silent.err")" 1 "$1: in one line"
}

# On a busy machine the resumed session is at times not heard in time.
cut()
{
	begin
	keeper=$(master)
	relay near cut
	under_way 'a cut'
	recovered 'a cut' "$BACK"
}

restarted()
{
	begin
	stop_server
	under_way 'a new server'
	run "$T/alice" "$(via near)" -O check
	like "$(cat "$T/run.out")" ', 4 clients, server away$' \
	    '-O check: the server is away'
	fails 3 'cannot reach|connection broke|closed' \
	    'meanwhile a run looks for itself' \
	    "$T/alice" "$(via near)" -o share=60 "$bob" sum
	run_server 5>&- 6>&-
	recovered 'a new server' "$AGAIN"
}

# Each client has its own patience.
hopeless()
{
	begin -w 10
	stop_server
	broken '-w is that of each client' 'no way back in 10 s; '
	run_server
	ok 'the process comes back' wait_for 40 is_back
	wait_for 40 says listener "$AGAIN" 2 || bail 'no listener'
}

is_back()
{
	"$T/alice" "$(via near)" -O check | grep -q '0 clients$'
}

# The login is refused: why, and how far each client has come.
refused()
{
	begin
	stop_server
	new_password another
	run_server 5>&- 6>&-
	broken 'a refused login' 'wrong password'
	ok 'the process ends' wait_for 20 no_masters
	fails 4 'wrong password' 'so is the next one' \
	    "$T/alice" "$(via near)" -o share=60 "$bob" sum
	ok 'whose process ends' wait_for 20 no_masters
}

# A run with the right password does not suffer from one with a wrong password.
innocent()
{
	signal STOP prosody
	shared guilty "$bob" sum </dev/null
	wait_for 20 clients_of_all 1
	start right env XCAT_PASSWORD=another "$T/alice" "$(via near)" -v \
	    -o share=60 "$bob" sum </dev/null
	wait_for 20 clients_of_all 2
	start hasty "$T/alice" "$(via near)" -w 2 -o share=60 "$bob" sum \
	    </dev/null
	finish hasty 20
	is "$status" 7 'waiting for the login: -w'
	ok 'is told' said hasty '^xcat: [^ ]*: the login took too long'
	signal CONT prosody
	finish guilty
	is "$status" 4 'a wrong password'
	finish right
	is "$status" 0 'is not that of another run'
	ok 'which logs in' said right 'has lost it; logging in'
}

clients_of_all()	# number
{
	"$T/alice" -O list | grep -q ", $1 clients*"
}

new_password()	# password
{
	echo "return { [\"password\"] = \"$1\"; };" \
	    >"$T/prosody/$(prosody_name "$DOMAIN")/accounts/alice.dat"
}

random data "$SIZE"
sum=$(sha256sum <"$T/data")
start_server prosody smacks
start_relay near
relay near "throttle up $RATE; throttle down $RATE"
listen_as bob listener -k -a "$alice" 'echo=!cat' 'sum=!sha256sum' \
    "data=!cat $T/data"
run "$T/alice" -q "$(via near)" "$bob" sum </dev/null	# they have met
cut
restarted
hopeless
refused
innocent
end_masters
done_testing
