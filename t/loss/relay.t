#!/bin/sh
# The relay of the other tests does what it says: a fault that does not happen
# would let them pass.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/relay.sh"

through()	# file
{
	# shellcheck disable=SC2154
	run socat -t5 - "TCP:127.0.0.1:$port_near" <"$T/$1"
}

echo_port=$(free_port)
start echo socat "TCP-LISTEN:$echo_port,bind=127.0.0.1,fork,reuseaddr" EXEC:cat
wait_for 60 listens "$echo_port" || bail 'no echo'
start_relay near "$echo_port"
random large 3000000
random little 100000

through large
check_same "$T/run.out" "$T/large" 'left alone it relays'

relay near 'cuts 2 1000 2000 7'
through large
ok 'cut: the client is told' [ "$status" -ne 0 ]
through large
ok 'cut twice' relay_said near 'cuts done'
through large
check_same "$T/run.out" "$T/large" 'and no more'

relay near 'cut up 1234'
through large
is "$(relay_counts near 5)" 3 'cut after a number of bytes'

relay near refuse
through large
ok 'refused' said run 'Connection refused'
relay near pass
through large
check_same "$T/run.out" "$T/large" 'on the same port again'

relay near stall
start c socat -t5 - "TCP:127.0.0.1:$port_near" <"$T/large"
sleep 1
ok 'stalled: nothing comes' has_size "$T/c.out" 0
relay near pass
finish c 30
check_same "$T/c.out" "$T/large" 'stalled: all of it after that'

relay near blackhole
start c socat -t1 - "TCP:127.0.0.1:$port_near" <"$T/large"
sleep 1
relay near pass
finish c 30
ok 'black hole: nothing comes, not even after it' has_size "$T/c.out" 0

relay near 'split 100; delay 100'
began=$(date +%s%N)
through little
check_same "$T/run.out" "$T/little" 'split and delayed'
ok 'for as long as told' [ $((($(date +%s%N) - began) / 1000000)) -ge 200 ]

relay near 'pass; throttle up 50000'
began=$(date +%s%N)
through little
check_same "$T/run.out" "$T/little" 'throttled'
ok 'to as much as told' [ $((($(date +%s%N) - began) / 1000000)) -ge 1500 ]
relay near pass

cuts=$(relay_counts near 5)
relay near 'sweep up 10 5 2 100'
for _n in 1 2 3 4; do
	through large
done
is "$(($(relay_counts near 5) - cuts))" 4 'a sweep cuts by turns'
done_testing
