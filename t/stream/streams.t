#!/bin/sh
# Many streams over one login: none loses a byte, none holds up another, and
# when they are over nothing is left of them.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"

start_server ejabberd
bob=bob@$DOMAIN
COUNT=200 SIZE=$(by_tier 100000 1000000)

through()	# count size
{
	"$PYTHON" -B "$LIB/streams.py" "$port" "$1" "$2"
}

port=$(free_port)
listen_as bob listener -k -a "alice@$DOMAIN" -b 32768 'echo=!cat'
start forward "$T/alice" -b 32768 -L "$port" "$bob" echo
wait_for 20 said forward forwarding || bail 'no forward'

# What a first round leaves is what the programs need, not what they lose.
before_l=$(descriptors listener) before_f=$(descriptors forward)
is "$(through 10 100000)" 10 'ten streams, and one that stalls'
ok 'the one that stalled is over, too' wait_for 40 few_descriptors listener "$before_l"
first_l=$(rss listener) first_f=$(rss forward)

is "$(through $COUNT "$SIZE")" $COUNT \
    "$COUNT streams of $SIZE bytes at once, and one that stalls"

ok 'the listener has closed what it had opened' \
    wait_for 40 few_descriptors listener "$before_l"
ok 'so has the forward' wait_for 40 few_descriptors forward "$before_f"

# malloc keeps some of what it was given back; a leak of streams would be
# their buffers, some 200 KiB each.
after_l=$(rss listener) after_f=$(rss forward)
diag "listener $first_l then $after_l KiB, forward $first_f then $after_f KiB"
if ! grep -q __asan_init "$XCAT"; then	# which keeps what is freed
	ok 'the listener has given the memory back' \
	    [ $((after_l - first_l)) -le 24576 ]
	ok 'so has the forward' [ $((after_f - first_f)) -le 24576 ]
fi

is "$(through 10 100000)" 10 'and both go on'
stop forward
stop listener

# --- streams that come to nothing ----------------------------------------------

OPENS=$(by_tier 3000 20000)

opens()		# user: what they are answered, times what
{
	"$PYTHON" -B "$LIB/opens.py" -j "$1@$DOMAIN/opens" \
	    -p "$(password "$1")" -c "$SERVER" -C "$CAFILE" -w 200 \
	    open "$bob/xcat" "$2" 2>>"$T/opens.err" | tr '\n' ' '
}

# Each of them is a connection to where nothing is said.
target=$(free_port)
start target "$PYTHON" -B "$LIB/opens.py" accept "$target"
wait_for 60 listens "$target" || bail 'no target'
listen_as bob listener -k -a "alice@$DOMAIN" "$target"
is "$(opens alice 100)" '100 close result 100 open result ' 'a hundred opens'
is "$(opens carol 100)" '100 open service-unavailable ' '... by a stranger'
before=$(descriptors listener) first=$(rss listener)
is "$(opens alice "$OPENS")" "$OPENS close result $OPENS open result " \
    "$OPENS opens in a row"
is "$(opens carol "$OPENS")" "$OPENS open service-unavailable " \
    "$OPENS by a stranger"
ok 'all is closed that was opened' \
    wait_for 40 few_descriptors listener "$before"
after=$(rss listener)
diag "listener $first then $after KiB"
if ! grep -q __asan_init "$XCAT"; then
	ok 'the memory is what it was' [ $((after - first)) -le 256 ]
fi
is "$(grep -c carol "$T/listener.err")" 1 'the stranger is worth one line'
is "$(opens alice 10)" '10 close result 10 open result ' \
    'and the listener goes on'

done_testing
