#!/bin/sh
# Many streams over one login: none loses a byte, none holds up another, and
# when they are over nothing is left of them.

. "${0%/*}/lib.sh"
. "${0%/*}/server.sh"

start_server ejabberd
bob=bob@$DOMAIN
COUNT=200 SIZE=1000000

through()	# count size
{
	"$PYTHON" -B "$TESTS/streams.py" "$port" "$1" "$2"
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

is "$(through $COUNT $SIZE)" $COUNT \
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
	    [ $((after_l - first_l)) -le 16384 ]
	ok 'so has the forward' [ $((after_f - first_f)) -le 16384 ]
fi

is "$(through 10 100000)" 10 'and both go on'

done_testing
