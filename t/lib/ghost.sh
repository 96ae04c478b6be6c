# ghost.sh: a listener whose old session the server still holds when it logs in
# again.  Servers refuse the new one, or give it another resource, as they are
# told to.  t/loss/ghost-*.t.
# shellcheck shell=dash disable=SC2034,SC2154

. "$LIB/server.sh"
. "$LIB/relay.sh"

LIMIT=60
home=bob@$DOMAIN/xcat

# The server does not hear that the connection is gone, until it is buried.
haunt()
{
	relay far 'forget client'
}

bury()
{
	relay far bury
}

times_said()	# name extended-regex number: at least so often
{
	[ "$(grep -Ec -- "$2" "$T/$1.err")" -ge "$3" ]
}

announced()	# name: the address that it told last
{
	sed -n 's/^.*xcat: listening; reach it with: xcat //p' "$T/$1.err" |
	    tail -n 1 | tr -d "'" | sed 's/=SHA256:.*//'
}

goes_by()	# name address
{
	[ "$(announced "$1")" = "$2" ]
}

goes_by_another()	# name
{
	[ "$(announced "$1")" != "$home" ]
}

calls()		# address what
{
	run "$T/alice" -w 20 "$1" cat <"$LIB/ghost.sh"
	is "$status" 0 "$how: $2"
	check_same "$T/run.out" "$LIB/ghost.sh" "$how: $2: what comes back"
}

# A stream is under way: both wait for the address that it is known by.
insisting()
{
	fifo in
	start caller "$T/alice" -v "bob@$DOMAIN" cat <>"$T/in"
	exec 4<>"$T/in"
	echo before >&4
	wait_for 20 grep -q before "$T/caller.out" || bail "no stream"
	haunt
	ok "$how: it insists" \
	    wait_for 30 times_said bob 'still logged in' 1
	echo after >&4
	bury
	ok "$how: then it has its address, and the stream goes on" \
	    wait_for 40 grep -q after "$T/caller.out"
	is "$(announced bob)" "$home" "$how: it has not moved"
	signal TERM caller
	finish caller
	exec 4>&-
	wait_for 20 said bob 'command \(process'
}

# No stream depends on the address: another will do.
moving()
{
	haunt
	ok "$how: it goes on under another address, and says so" \
	    wait_for 30 goes_by_another bob
	calls "$(announced bob)" 'a call to where it is'
	bury
	ok "$how: and goes back when it can" wait_for 40 goes_by bob "$home"
	calls "$home" 'a call to where it belongs'
}

# By BOSH, where the server ends a session when it has been silent for so long.
# The new session begins after ten or twenty seconds of that silence, and is used
# until the old session must have ended.
outlives()
{
	how='prosody, BOSH' INACTIVITY=30
	start_server prosody smacks http
	start_relay far "$HTTPSPORT"
	listen_as bob bob -v -k "-chttps://127.0.0.1:$port_far/http-bind" \
	    -a "alice@$DOMAIN" 'cat=!cat'
	relay far 'refuse; cut'
	ok "$how: its session is lost" wait_for 60 says bob "$TRYING" 1
	relay far pass
	ok "$how: it begins a new one" \
	    wait_for 60 said bob 'back: logged in again'
	fifo in
	start typist sh -c 'for i in $(seq 25); do
	    echo $i; sleep 1; done >"$1"' sh "$T/in"
	run "$T/alice" -w 20 "$home" cat <"$T/in"
	is "$status" 0 "$how: which outlives the old one: status"
	is "$(cat "$T/run.out")" "$(seq 25)" "$how: what comes back"
	stop bob
	stop far
	stop_server
}

ghosts()	# prosody|ejabberd how test ...
{
	how="$1, $2"
	CONFLICT=$2
	start_server "$1"
	shift 2
	start_relay far
	listen_as bob bob -v -k "$(via far)" -a "alice@$DOMAIN" 'cat=!cat'
	for _test in "$@"; do
		$_test
	done
	stop bob
	stop far
	stop_server
}
