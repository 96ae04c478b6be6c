# relay.sh: relays that break on demand, between xcats and their server, and
# what tests of losses share.  Sourced after server.sh; see relay.py.
#
#	start_relay near		# to $PORT
#	listen_as bob b $(via near)
#	relay near 'cut up 1000; delay 20'
#	relay_said near 'cut 1'
#
# What goes through a socket between the two goes past it: $CARRIER says that
# all streams are in-band, unless it is set to auto before.
# shellcheck shell=dash disable=SC2154

CARRIER=${CARRIER:-ibb}

start_relay()	# name [port]
{
	rm -f "$T/$1.socket"
	start "$1" "$PYTHON" -B "$LIB/relay.py" "$T/$1.socket" "${2:-$PORT}"
	wait_for 20 has_port "$1" || bail "relay $1 does not start"
}

# Slow enough that no transfer ends before a cut is armed: a relay for
# cut_and_hurry.
start_slow_relay()	# name [port]
{
	start_relay "$@"
	relay "$1" 'throttle up 200000; throttle down 200000'
}

# A process NAME writes FILE to the FIFO, slowly and BYTES at the most, until
# $T/hurry exists.
trickle()	# name fifo file rate bytes
{
	fifo "$2"
	start "$1" sh -c 'exec >"$4"; exec "$0" -B "$1" "$5" "$2" "$3" "$6"' \
	    "$PYTHON" "$LIB/slow.py" "$3" "$T/hurry" "$T/$2" "$4" "$5"
}

# What is to happen to a transfer is said, and nothing slows it from then on.
cut_and_hurry()	# relay command
{
	relay "$1" "throttle up 0; throttle down 0; $2"
}

# As relay.py -s would, ten times as quickly.
relay()		# name command ...
{
	_said=$(echo "$2" | socat -t 60 - "UNIX-CONNECT:$T/$1.socket") ||
	    bail "relay $1: $2"
	case $_said in
	'')	;;
	error*)	bail "relay $1: $2: $_said" ;;
	*)	echo "$_said" ;;
	esac
}

relay_said()	# name extended-regex: one of its lines
{
	grep -Eqx -- "$2.*" "$T/$1.out"
}

relay_counts()	# name field: of its counts
{
	relay "$1" count | cut -d ' ' -f "$2"
}

connections()	# relay: so far
{
	relay_counts "$1" 1
}

moved()		# relay: bytes so far, both ways
{
	relay "$1" count | { read -r _ _ _up _down _ && echo $((_up + _down)); }
}

has_moved()	# relay bytes
{
	[ "$(moved "$1")" -ge "$2" ]
}

via()		# relay: the option for xcat to go through it
{
	eval "echo -c127.0.0.1:\$port_$1"
}

# --- what they do to xcat ----------------------------------------------------

lines()		# name extended-regex: how many such lines on its stderr
{
	grep -Ec -- "$2" "$T/$1.err" || :
}

says()		# name extended-regex count: at least so many lines
{
	[ "$(lines "$1" "$2")" -ge "$3" ]
}

# shellcheck disable=SC2034
{
TRYING='; trying again'
BACK='xcat: back: (session resumed|logged in again)'
RESUMED='xcat: back: session resumed'
AGAIN='xcat: back: logged in again'
}

# CPU time of a process and its children, in ticks of 10 ms.
ticks()		# name
{
	sed 's/.*) //' "/proc/$(pid_of "$1")/stat" |
	    awk '{ print $12 + $13 + $14 + $15 }'
}

# Memory and descriptors of a process that was, and is again, doing nothing.
# malloc keeps some; AddressSanitizer keeps much.
no_leak()	# name descriptors-before rss-before description
{
	is "$(descriptors "$1")" "$2" "$4: no descriptor left"
	grep -q __asan_init "$XCAT" && return
	_now=$(rss "$1")
	ok "$4: memory, $3 then $_now KiB" [ $((_now - $3)) -le 8192 ]
}

ended_well()	# name seconds description
{
	finish "$1" "$2"
	is "$status" 0 "$3"
	[ "$status" = 0 ] || diag_file "$T/$1.err"
}

# --- a transfer both ways ----------------------------------------------------

# The caller c_NAME sends the file up, or another one, to the listener l_NAME,
# which sends the file down.
begin_transfer() # name caller-option listener-option [up down]
{
	listen_as bob "l_$1" -v -j "bob@$DOMAIN/$1" -a "alice@$DOMAIN" "$3" \
	    <"$T/${5:-down}"
	start "c_$1" "$T/alice" -v "$2" "bob@$DOMAIN/$1" <"$T/${4:-up}"
}

# Both end well, the caller within $LIMIT seconds, and all has come.
end_transfer()	# description name [up down]
{
	ended_well "c_$2" "$LIMIT" "$1: the caller's status"
	ended_well "l_$2" 60 "$1: the listener's status"
	check_same "$T/l_$2.out" "$T/${3:-up}" "$1: to the listener"
	check_same "$T/c_$2.out" "$T/${4:-down}" "$1: to the caller"
}
