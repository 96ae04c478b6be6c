#!/bin/sh
# A minute in which nothing moves: one of the two is stopped, as by ^Z or a
# sleeping laptop; or its network swallows everything, as a NAT that forgot; or
# holds everything.  Then it goes on.  And a network that is slow, all the while.
#
# All of them wait beside each other, on both servers.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/relay.sh"
. "$LIB/slow.sh"

wind 3
MINUTE=${MINUTE:-$(by_tier 14 70)}	# in seconds of the machine
SIZE=$(by_tier 3000000 8000000)	# each way
RATE=$(by_tier 700000 2000000)		# bytes a second, each way
GREW=$(by_tier 1024 4096)		# KiB, that waiting may take
SLOW=$(by_tier 96000 300000)		# bytes on the slow network
LIMIT=300
bob=bob@$DOMAIN
CASES='stop_caller stop_listener hole_caller hole_listener hold_caller'

# A stopped xcat was not idle for that minute, and its -w, which is shorter, does
# not run out.
# Not so fast that nothing is left to be done when it happens.
begin()		# name
{
	_near=-4 _far=-4 _wc=$((300 * CLOCK)) _wl=$((300 * CLOCK))
	start_relay "r_$1"
	relay "r_$1" "throttle up $RATE; throttle down $RATE"
	case $1 in
	*_stop_caller)	_wc=30 ;;
	*_stop_listener)	_wl=30 ;;
	esac
	case $1 in
	*_listener)	_far=$(via "r_$1") ;;
	*)		_near=$(via "r_$1") ;;
	esac
	listen_as bob "l_$1" -v -j "bob@$DOMAIN/$1" -a "alice@$DOMAIN" "$_far" \
	    -w "$_wl" <"$T/down"
	start "c_$1" "$T/alice" -v "$_near" -w "$_wc" "bob@$DOMAIN/$1" \
	    <"$T/up"
	wait_for 60 has_at_least "$T/l_$1.out" $((SIZE / 5)) || {
		diag_file "$T/c_$1.err"
		bail "$1: nothing arrives"
	}
	case ${1#*_} in
	stop_caller)	signal STOP "c_$1" ;;
	stop_listener)	signal STOP "l_$1" ;;
	hole_*)		relay "r_$1" blackhole ;;
	hold_*)		relay "r_$1" stall ;;
	esac
	eval "since_$1=$(now)"
	ok "$1: it was under way" [ "$(wc -c <"$T/l_$1.out")" -lt "$SIZE" ]
}

# Once what was on its way has arrived.
note()		# name
{
	eval "ticks_c_$1=$(ticks "c_$1") ticks_l_$1=$(ticks "l_$1")"
	eval "rss_c_$1=$(rss "c_$1") rss_l_$1=$(rss "l_$1")"
}

go_on()		# name
{
	_left=$(($(eval "echo \$since_$1") + MINUTE - $(now)))
	[ "$_left" -le 0 ] || sleep "$_left"
	for _who in c l; do
		_ticks=$(($(ticks "${_who}_$1") - $(eval "echo \$ticks_${_who}_$1")))
		_rss=$(($(rss "${_who}_$1") - $(eval "echo \$rss_${_who}_$1")))
		ok "$1: waiting took ($_who) $_ticks/100 s of CPU time" \
		    [ "$_ticks" -le 50 ]
		ok "$1: and $_rss KiB of memory ($_who)" [ "$_rss" -le "$GREW" ]
	done
	case ${1#*_} in
	stop_caller)	signal CONT "c_$1" ;;
	stop_listener)	signal CONT "l_$1" ;;
	*)		relay "r_$1" pass ;;
	esac
}

came_through()	# name
{
	end_transfer "$1" "$1"
	for _who in c l; do
		ok "$1: no burst of losses ($_who)" \
		    [ "$(lines "${_who}_$1" "$TRYING")" -le 3 ]
	done
}

random up "$SIZE"
random down "$SIZE"
names=
for kind in $SERVERS; do
	start_server "$kind" smacks
	if [ -z "$names" ]; then
		start_relay slow
		relay slow 'throttle up 20000'
		slow_begin network "$SLOW" "$(via slow)"
	fi
	for name in $CASES; do
		begin "${kind}_$name"
		names="$names ${kind}_$name"
	done
done
sleep 5					# for what was on its way
for name in $names; do
	note "$name"
done
for name in $names; do
	go_on "$name"
done
for name in $names; do
	came_through "$name"
done
slow_end network $((SLOW / 12000))
done_testing
