#!/bin/sh
# Many streams whose readers stop after they have taken much, so that much is
# under way: -o memory is what all of them take together, on both sides, whatever
# carries them; none of them breaks, and others go on.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"

STREAMS=${STREAMS:-60}
TAKEN=2000000				# bytes of each, before its reader stops
MEMORY=${MEMORY:-16777216}		# bytes
OTHERS=$((12288 + 4 * STREAMS))		# KiB: what is not worth counting
QUIET=${QUIET:-3}			# seconds: nothing moves any more

grep -q __asan_init "$XCAT" && skip_all 'the sanitizer needs memory of its own'

start_server ejabberd
bob=bob@$DOMAIN
head -c 1000000 /dev/urandom >"$T/data"

is_still()
{
	grep -q '^still' "$T/readers.out"
}

grew()		# name before
{
	_grew=$(($(rss "$1") - $2))
	ok "$carrier: $1 grew by $_grew KiB" \
	    [ $_grew -le $((MEMORY / 1024 + OTHERS)) ]
}

for carrier in ibb auto; do
	listen_as bob listener -k -a "alice@$DOMAIN" -a "carol@$DOMAIN" \
	    -o "carrier=$carrier" -o "memory=$MEMORY" 'count=!wc -c' \
	    "stop=!head -c $TAKEN >/dev/null; exec sleep 1000"
	port=$(free_port)
	start forward "$T/alice" -o "carrier=$carrier" -o "memory=$MEMORY" \
	    -L "$port" "$bob" stop
	wait_for 20 said forward forwarding || bail 'no forward'
	before_l=$(rss listener) before_f=$(rss forward)
	start readers "$PYTHON" "$LIB/stalled.py" "$port" "$STREAMS" $TAKEN "$QUIET"
	ok "$carrier: $STREAMS streams stand still" wait_for 300 is_still
	diag "$carrier: $(cat "$T/readers.out")"
	grew listener "$before_l"
	grew forward "$before_f"
	run "$T/carol" -w 60 "$bob" count <"$T/data"
	is "$status $(cat "$T/run.out")" '0 1000000' \
	    "$carrier: another account's stream goes on"
	like "$(cat "$T/readers.out")" 'broken: 0$' "$carrier: none broke"
	stop readers
	stop forward
	stop listener
done
done_testing
