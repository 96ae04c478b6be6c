#!/bin/sh
# Servers that limit: a rate is waited for, however long it takes, and is no
# loss; a size is learned, and the stream goes on with smaller blocks.
#
# The slow ones wait beside each other.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/relay.sh"

LIMIT=300
SLOW=$(by_tier 96000 300000)		# bytes
bob=bob@$DOMAIN

# --- small stanzas -----------------------------------------------------------

# What is opened to a listener that is away is refused.
both_there()
{
	for _who in f l2; do
		[ "$(lines "$_who" "$TRYING")" = "$(lines "$_who" "$BACK")" ] ||
		    return 1
	done
}

# How often both have lost their server.
refusals()	# name name
{
	echo $(($(lines "$1" "$TRYING") + $(lines "$2" "$TRYING")))
}

# What ejabberd refuses a stream has to grow to: less teaches nothing at times.
sizes()		# server
{
	_size=3000000			# of a stream, each way
	each=$(by_tier 400000 1000000)	# of three
	[ "$1" = ejabberd ] || [ "$TIER" = soak ] || _size=500000 each=100000
	random up $_size
	random down $_size
}

# Both learn it: the listener has as much to say.  What a server that refuses a
# stanza does to the connection counts as a loss, once or twice for each.  Below
# 1 MB/s, as it can be on a busy machine, stanzas have 8,192 bytes: Prosody takes
# less here.  If ejabberd is that slow, nothing is refused; then there is another.
small()		# server-feature ...
{
	start_server "$@" small
	for _try in 1 2 3; do
		listen_as bob l -v -b 32768 -a "alice@$DOMAIN" <"$T/down"
		start c "$T/alice" -v -b 32768 "$bob" <"$T/up"
		ended_well c "$LIMIT" "$*: small stanzas: caller"
		ended_well l 60 "$*: small stanzas: listener"
		check_same "$T/l.out" "$T/up" "$*: all has come, one way"
		check_same "$T/c.out" "$T/down" "$*: and the other"
		_lost=$(refusals c l)
		[ "$_lost" -eq 0 ] || break
	done
	ok "$*: learned it from $_lost refusals" \
	    [ "$_lost" -ge 1 -a "$_lost" -le 16 ]

	# What has been learned holds for the next streams of the same login:
	# two refusals, or three, teach a side all (and each may count twice),
	# and not each stream.
	port=$(free_port)
	listen_as bob l2 -v -k -b 32768 -j "$bob/l2" -a "alice@$DOMAIN" \
	    'echo=!cat'
	start f "$T/alice" -v -b 32768 -L "$port" "$bob/l2" echo
	wait_for 20 said f forwarding || bail 'no forward'
	for _round in 1 2 3 4 5 6 7 8; do
		wait_for 60 both_there || diag 'somebody does not come back'
		run "$PYTHON" -B "$LIB/streams.py" "$port" 3 "$each"
		is "$(cat "$T/run.out")" 3 "$*: round $_round of streams"
		[ "$(cat "$T/run.out")" = 3 ] || {
			diag_file "$T/f.err"
			diag_file "$T/l2.err"
			diag_file "$T/run.err"
		}
		_lost=$(refusals f l2)
		[ "$_round" -lt 4 ] || [ "$_lost" -eq 0 ] || break
	done
	ok "$*: and $_lost refusals taught all of them" \
	    [ "$_lost" -ge 1 -a "$_lost" -le 12 ]
	stop f
	stop l2
	stop_server
}

# Who is told has nothing to learn.
told()		# option ...: for both
{
	listen_as bob l -v -a "alice@$DOMAIN" "$@" <"$T/down"
	start c "$T/alice" -v "$@" "$bob" <"$T/up"
	ended_well c "$LIMIT" "a server that says its limit, $*: caller"
	ended_well l 60 "a server that says its limit, $*: listener"
	check_same "$T/l.out" "$T/up" "$*: all has come, one way"
	check_same "$T/c.out" "$T/down" "$*: and the other"
	is "$(lines c "$TRYING")$(lines l "$TRYING")" 00 "$*: nothing was refused"
}

# --- 10 kB/s -----------------------------------------------------------------

. "$LIB/slow.sh"

for kind in $SERVERS; do
	start_server "$kind" smacks limits
	slow_begin "$kind" "$SLOW"
done
for kind in $SERVERS; do
	slow_end "$kind" $((SLOW / 12000))
	server=$kind
	stop_server
done
for kind in $SERVERS; do
	sizes "$kind"
	small "$kind"
	small "$kind" smacks
done
sizes prosody
start_server prosody smacks small said http
told -b 32768
told -c "wss://localhost:$HTTPSPORT/xmpp-websocket"
stop_server
done_testing
