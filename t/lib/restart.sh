# restart.sh: a server that is killed under a transfer, twice, and the second
# time is down for longer: t/loss/restart-*.t.
#
# It comes back on its port and has forgotten every login: resumption is
# refused, and both log in again.
# shellcheck shell=dash

. "$LIB/server.sh"
. "$LIB/relay.sh"

SIZE=${SIZE:-$(by_tier 3000000 50000000)}	# each way
DOWN=${DOWN:-$(by_tier 6 30)}	# seconds
wind 5
LIMIT=300
bob=bob@$DOMAIN

kill_at()	# bytes
{
	wait_for "$LIMIT" has_at_least "$T/l.out" "$1" || {
		diag_file "$T/c.err"
		bail "$server: $1 bytes do not arrive"
	}
	stop_server
	ok "$server: killed under way" [ "$(wc -c <"$T/l.out")" -lt "$SIZE" ]
}

both_back()	# count
{
	for _who in c l idle; do
		ok "$server: back after kill $1 ($_who)" \
		    wait_for 60 says $_who "$AGAIN" "$1"
	done
}

# Listeners that keep listening say what happened without being asked to.
restarts()	# kind
{
	random up "$SIZE"
	random down "$SIZE"
	start_server "$1" smacks
	listen_as bob idle -k -j "$bob/idle" -a "alice@$DOMAIN" 'echo=!cat'
	listen_as bob l -k -v -w $((300 * CLOCK)) -a "alice@$DOMAIN" <"$T/down"
	_fds=$(descriptors idle) _rss=$(rss idle)
	# Under way when the server is killed: the last fifth waits.
	trickle feeder c_in "$T/up" "$(by_tier 1000000 3000000)" \
	    $((SIZE * 4 / 5))
	start c "$T/alice" -v -w $((300 * CLOCK)) "$bob" <"$T/c_in"

	kill_at $((SIZE / 5))
	run_server
	both_back 1

	kill_at $((SIZE / 2))
	_ticks=$(ticks idle)
	sleep "$DOWN"
	ok "$server: trying again takes no CPU time" \
	    [ $(($(ticks idle) - _ticks)) -le 100 ]
	for _who in c l idle; do
		is "$(lines $_who "$TRYING")" 2 \
		    "$server: each loss is said once ($_who)"
	done
	touch "$T/hurry"
	run_server
	both_back 2

	ended_well c "$LIMIT" "$server: the caller's status"
	check_same "$T/l.out" "$T/up" "$server: $SIZE bytes to the listener"
	check_same "$T/c.out" "$T/down" "$server: $SIZE bytes to the caller"
	ok "$server: the listener goes on listening" signal 0 l
	is "$(lines idle "$BACK")" 2 "$server: so does the idle one; it said so"
	no_leak idle "$_fds" "$_rss" "$server: and"

	echo hello >"$T/hello"
	start c "$T/alice" "$bob/idle" echo <"$T/hello"
	ended_well c 60 "$server: it can be called under its old resource"
	check_same "$T/c.out" "$T/hello" "$server: and answers"
	stop l
	stop idle
	stop_server
}
