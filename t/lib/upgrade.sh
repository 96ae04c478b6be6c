# upgrade.sh: streams that move to a socket while one end is away from its server,
# and streams in a socket whose ends are.  Sourced after lib.sh.
# shellcheck shell=dash disable=SC2154

. "$LIB/server.sh"
CARRIER=auto				# relay.sh would have none
. "$LIB/relay.sh"
. "$LIB/sockets.sh"

SOCKET=': socket: direct'

# As open_stream, each end through its relay.
open_relayed()	# option ...
{
	fifo caller.in
	rm -f "$T/listener.out"
	listen_as bob listener -v "$(via far)" -a "alice@$DOMAIN"
	# shellcheck disable=SC2016
	start caller sh -c 'exec <"$1"; shift; exec "$@"' sh "$T/caller.in" \
	    "$T/alice" -s -v "$(via near)" "$@" "bob@$DOMAIN"
	exec 4>"$T/caller.in"
}

# The next so many bytes of what is sent, few enough for the fifo to hold them.
feed()		# bytes
{
	tail -c "+$((_fed + 1))" "$T/data" | head -c "$1" >&4
	_fed=$((_fed + $1))
}

has_come()
{
	has_size "$T/listener.out" "$_fed"
}

begin()		# what option ...
{
	_what="$server, $_kind: $1" _fed=0; shift
	relay near pass
	relay far pass
	open_relayed "$@"
}

end()
{
	head -c "$_fed" "$T/data" >"$T/part"
	close_stream part "$_what"
}

end_of()	# near|far
{
	case $1 in
	near)	echo caller ;;
	far)	echo listener ;;
	esac
}

# Until pass.
take_away()	# near|far
{
	relay "$1" 'refuse; cut'
	ok "$_what: away" wait_for 60 says "$(end_of "$1")" "$TRYING" 1
}

comes_back()	# near|far
{
	relay "$1" pass
	ok "$_what: back" wait_for 60 says "$(end_of "$1")" "$BACK" 1
}

# It would be time, were the caller there.
due_while_away()
{
	begin 'due while away' -o upgrade-after=100000
	feed 50000
	ok "$_what: in-band first" wait_for 60 has_come
	take_away near
	feed 60000
	ok "$_what: no socket yet" not_said caller "$SOCKET"
	comes_back near
	ok "$_what: a socket" wait_for 60 said caller "$SOCKET"
	feed 60000
	end
}

not_said()	# name extended-regex
{
	! said "$@"
}

# The connection breaks in or around the offer or its answer.
cut_at_offer()	# near|far up|down bytes
{
	begin "cut $1 $2 at $3" -o upgrade-after=100000
	feed 50000
	feed 40000
	ok "$_what: in-band first" wait_for 60 has_come
	relay "$1" "cut $2 $3"
	feed 10000
	ok "$_what: it breaks" wait_for 60 says "$(end_of "$1")" "$TRYING" 1
	ok "$_what: a socket" wait_for 90 said caller "$SOCKET"
	feed 60000
	feed 60000
	end
}

# Who is away from his server still has the socket.  What is to be confirmed
# is, once he is back.
away_in_socket()	# near|far ...
{
	begin "$*: away in a socket" -o upgrade-after=0
	ok "$_what: a socket" wait_for 60 said caller "$SOCKET"
	feed 10000
	ok "$_what: it carries" wait_for 60 has_come
	for _end in "$@"; do
		take_away "$_end"
	done
	feed 60000
	ok "$_what: it carries on" wait_for 60 has_come
	for _end in "$@"; do
		comes_back "$_end"
	done
	feed 60000
	ok "$_what: and on" wait_for 60 has_come
	end
	ok "$_what: the same socket all the time" never_broke
}

never_broke()
{
	! said caller 'in-band again' && ! said listener 'in-band again'
}

# The end comes while nobody can confirm it.
end_while_away()	# near|far
{
	begin "$1: the end while away" -o upgrade-after=0
	ok "$_what: a socket" wait_for 60 said caller "$SOCKET"
	feed 60000
	take_away "$1"
	feed 60000
	exec 4>&-
	ok "$_what: all has come" wait_for 60 has_come
	comes_back "$1"
	end
}

# More than may be unconfirmed.
much_while_away()	# near|far
{
	begin "$1: much while away" -o upgrade-after=0
	ok "$_what: a socket" wait_for 60 said caller "$SOCKET"
	feed 1000
	take_away "$1"
	start feeder dd if="$T/much" of="$T/caller.in" bs=65536
	ok "$_what: a window of it comes" wait_for 60 \
	    has_at_least "$T/listener.out" 1500000
	exec 4>&-
	comes_back "$1"
	{ head -c 1000 "$T/data"; cat "$T/much"; } >"$T/part"
	finish feeder 60
	close_stream part "$_what"
}

# The socket and a login, or both, at once.
both_break()	# near|far ...
{
	begin "$*: all breaks" -o upgrade-after=0
	ok "$_what: a socket" wait_for 60 said caller "$SOCKET"
	feed 60000
	SERVERPORTS="$(relay_port near)|$(relay_port far)"
	for _end in "$@"; do
		relay "$_end" 'refuse; cut'
	done
	cut
	feed 60000
	for _end in "$@"; do
		comes_back "$_end"
	done
	ok "$_what: another socket" wait_for 90 stands 2
	ok "$_what: the other end, too" wait_for 60 says listener "$SOCKET" 2
	feed 60000
	end
}

relay_port()	# name
{
	eval "echo \$port_$1"
}

random data 300000
random much 9000000

cuts_at_offer()
{
	for _at in 'near up 12000 13300 14500' 'near down 300 900' \
	    'far down 12000 13300 14500' 'far up 200 600'; do
		# shellcheck disable=SC2086
		set -- $_at
		_side=$1 _way=$2; shift 2
		for _bytes in "$@"; do
			cut_at_offer "$_side" "$_way" "$_bytes"
		done
	done
}

try()		# prosody|ejabberd [smacks]
{
	start_server "$@"
	[ $# -gt 1 ] && _kind=resumed || _kind=mended
	start_relay near
	start_relay far
	due_while_away
	away_in_socket near
	away_in_socket far
	away_in_socket near far
	end_while_away near
	end_while_away far
	much_while_away near
	much_while_away far
	if can_cut; then
		both_break near
		both_break far
		both_break near far
	else
		skip "$server, $_kind: all breaks" 'ss -K does nothing here'
	fi
	[ "$server" = ejabberd ] || cuts_at_offer
	stop near
	stop far
	stop_server
}
