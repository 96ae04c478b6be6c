#!/bin/sh
# What moves through a socket between the two goes on while either or both lose
# their servers, which carry no more than words about the stream.

CARRIER=auto
. "${0%/*}/../lib/lib.sh"
. "$LIB/cuts.sh"

RATE=3000000				# bytes per second, each way
CUTS=$(by_tier 6 40)			# the last byte waits for them
SOCKET=': socket: '

# The next cut comes when the last one is mended, until all has been sent.
cut_by_turns()
{
	_n=0
	until gone "$(pid_of upfeed)" && gone "$(pid_of downfeed)"
	do
		case $((_n % 3)) in
		0)	relay near cut ;;
		1)	relay far cut ;;
		2)	relay near cut; relay far cut ;;
		esac
		_n=$((_n + 1))
		[ "$_n" -lt "$CUTS" ] || touch "$T/hurry"
		wait_for 90 mended_or_over || {
			diag_file "$T/c.err"
			diag_file "$T/l.err"
			bail "$server: cut $_n is not mended"
		}
	done
	finish upfeed
	finish downfeed
}

# The last cut may come when all has been said.
mended_or_over()
{
	mended || gone "$(pid_of c)" || gone "$(pid_of l)"
}

mended()
{
	[ "$(lines c "$TRYING")" -ge $(((_n + 2) / 3 + _n / 3)) ] &&
	    [ "$(lines l "$TRYING")" -ge $(((_n + 1) / 3 + _n / 3)) ] &&
	    [ "$(lines c "$TRYING")" -eq "$(lines c "$BACK")" ] &&
	    [ "$(lines l "$TRYING")" -eq "$(lines l "$BACK")" ]
}

through_cuts()	# kind [feature]
{
	start_server "$@"
	start_relay near
	start_relay far
	rm -f "$T/hurry"
	trickle upfeed feed_up "$T/up" "$RATE" $((SIZE - 1))
	trickle downfeed feed_down "$T/down" "$RATE" $((SIZE - 1))
	listen_as bob l -v "$(via far)" -a "alice@$DOMAIN" <"$T/feed_down"
	start c "$T/alice" -v -o upgrade-after=0 "$(via near)" "bob@$DOMAIN" \
	    <"$T/feed_up"
	wait_for 60 said c "$SOCKET" || {
		diag_file "$T/c.err"
		bail "$*: no socket"
	}
	cut_by_turns
	ended_well c "$LIMIT" "$*: the caller's status"
	ended_well l 60 "$*: the listener's status"
	check_same "$T/l.out" "$T/up" "$*: to the listener"
	check_same "$T/c.out" "$T/down" "$*: to the caller"
	ok "$*: there were $_n cuts" [ "$_n" -ge "$CUTS" ]
	ok "$*: the socket did not mind" [ "$(moved near)" -le "$SIZE" ]
	stop near
	stop far
	stop_server
}

SIZE=$(by_tier 30000000 120000000)
random up "$SIZE"
random down "$SIZE"
for kind in $SERVERS; do
	through_cuts "$kind" smacks
	through_cuts "$kind"
done
done_testing
