# loss.sh: connections cut where it hurts: in TLS, in SASL, while a session is
# resumed or a resource bound, and those that only one side takes for dead.
# With stream management in t/loss/resume.t, without in t/loss/relogin.t.
#
# Transfers on both servers run beside each other.
# shellcheck shell=dash

. "$LIB/server.sh"
. "$LIB/relay.sh"

SIZE=${SIZE:-$(by_tier 600000 5000000)}	# each way
LONG=$(by_tier 6000000 20000000)	# what stays under way while things happen
RATE=100000				# for as long: bytes a second, each way
STEPS=10				# cuts spread over a login
# shellcheck disable=SC2034
LIMIT=300				# of end_transfer

# A login takes so many bytes that way; the sweep goes a little beyond.  What
# is beyond is <resume/>, or the bind, and the first blocks.
sweep()		# relay up|down login-bytes
{
	relay "$1" "sweep $2 1 $(($3 / _steps)) $((_steps + 3)) $((SIZE / 25))"
}

# Prosody 0.12 does not hear every session that it resumes.  To find that out
# takes a second, and an attempt more.
deaf()		# kind [feature]
{
	[ "$1${2-}" = prosodysmacks ]
}

begin()		# kind [feature]
{
	start_server "$@"
	_steps=$STEPS
	! deaf "$@" || _steps=$((STEPS / 2))
	for _case in near_up near_down far_up far_down forget late; do
		start_relay "${1}_$_case"
	done
	# what a login takes
	listen_as bob probe "$(via "${1}_late")"
	_up=$(relay_counts "${1}_late" 3) _down=$(relay_counts "${1}_late" 4)
	diag "$1: a login takes $_up bytes up, $_down down"
	stop probe

	sweep "${1}_near_up" up "$_up"
	sweep "${1}_near_down" down "$_down"
	sweep "${1}_far_up" up "$_up"
	sweep "${1}_far_down" down "$_down"
	relay "${1}_forget" "throttle up $RATE; throttle down $RATE"
	relay "${1}_late" 'delay 30; split 500; cuts 3 20000 300000 1'
	begin_transfer "${1}_near_up" "$(via "${1}_near_up")" -4
	begin_transfer "${1}_near_down" "$(via "${1}_near_down")" -4
	begin_transfer "${1}_far_up" -4 "$(via "${1}_far_up")"
	begin_transfer "${1}_far_down" -4 "$(via "${1}_far_down")"
	begin_transfer "${1}_forget" "$(via "${1}_forget")" -4 long_up long_down
	begin_transfer "${1}_late" "$(via "${1}_late")" -4 little little
}

# The client is told, the server is not, and finds two connections for one
# session; or the other way round, and the client has to find out by itself.
forgotten()
{
	_n=0
	for _who in client client client server; do
		_n=$((_n + 1))
		for _kind in $SERVERS; do
			_moved=$(moved "${_kind}_forget")
			wait_for 60 has_moved "${_kind}_forget" \
			    $((_moved + RATE / 3)) ||
			    bail "$_kind: nothing moves any more"
			relay "${_kind}_forget" "forget $_who"
		done
		for _kind in $SERVERS; do
			ok "$_kind: back after $_who was forgotten" wait_for \
			    90 says "c_${_kind}_forget" "$BACK" $_n
		done
	done
	for _kind in $SERVERS; do
		relay "${_kind}_forget" pass
	done
}

end()		# kind message [feature]
{
	for _case in near_up near_down far_up far_down; do
		end_transfer "${1}_$_case" "${1}_$_case"
		ok "$1: $_case: all cuts were made" \
		    relay_said "${1}_$_case" 'cuts done'
		_who=c_${1}_$_case
		[ "${_case#far}" = "$_case" ] || _who=l_${1}_$_case
		if deaf "$1" "${3-}"; then
			ok "$1: $_case: is back" says "$_who" "$BACK" 2
		else
			ok "$1: $_case: $2" says "$_who" "$2" $((STEPS / 2))
		fi
		is "$(lines "$_who" "$TRYING")" "$(lines "$_who" "$BACK")" \
		    "$1: $_case: said once when lost and once when back"
	done
	end_transfer "${1}_forget" "${1}_forget" long_up long_down
	end_transfer "${1}_late" "${1}_late" little little
	ok "$1: late: it was cut" [ "$(relay_counts "${1}_late" 5)" -ge 1 ]
}

losses()	# message [feature]
{
	_message=$1; shift
	random up "$SIZE"
	random down "$SIZE"
	random long_up "$LONG"
	random long_down "$LONG"
	random little 300000
	for _kind in $SERVERS; do
		begin "$_kind" "$@"
	done
	forgotten
	for _kind in $SERVERS; do
		end "$_kind" "$_message" "$@"
	done
	done_testing
}
