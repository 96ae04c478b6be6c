#!/bin/sh
#
# The ends of a TCP connection through xcat -L and a service, each as the other
# side is to see it: half-closes in both directions, and resets.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"

LIMIT=30

# Each side of the connection; see tcp.py.
service_does()	# step ...
{
	rm -f "$T/at-client" "$T/at-service" "$T/go"
	start service "$PYTHON" "$LIB/tcp.py" listen "$WEB" "$@"
	wait_for 60 grep -q ready "$T/service.out" || bail 'tcp.py: no service'
}

client_does()	# step ...
{
	start client "$PYTHON" "$LIB/tcp.py" connect "$FORWARD" "$@"
}

# What they have to say of it, a line each.
both()		# client's service's description
{
	finish client "$LIMIT"
	finish service "$LIMIT"
	_client=$(grep -v ready "$T/client.out" | paste -sd ' ')
	_service=$(grep -v ready "$T/service.out" | paste -sd ' ')
	is "client: $_client; service: $_service" \
	    "client: $1; service: $2" "$server: $3"
}

try_halves()
{
	service_does "recv=$T/at-service" "send=$T/answer" close
	client_does "send=$T/question" end "recv=$T/at-client"
	both 'end 3000000' 'end 1000000' 'the client ends first'
	check_same "$T/question" "$T/at-service" "$server: its question"
	check_same "$T/answer" "$T/at-client" "$server: the whole answer"

	service_does "send=$T/answer" end "recv=$T/at-service"
	client_does "recv=$T/at-client" "send=$T/question" close
	both 'end 3000000' 'end 1000000' 'the service ends first'
	check_same "$T/question" "$T/at-service" "$server: what it goes on to hear"
	check_same "$T/answer" "$T/at-client" "$server: what it said"

	service_does "send=$T/answer" close
	client_does "recv=$T/at-client"
	both 'end 3000000' '' 'the service closes, the client says nothing'

	service_does "recv=$T/at-service"
	client_does end "recv=$T/at-client"
	both 'end 0' 'end 0' 'nothing at all'
}

try_resets()
{
	service_does recv=1000 "touch=$T/go" "recv=$T/at-service"
	client_does send=1000 "wait=$T/go" reset
	both '' 'reset 0' 'a reset by the client'

	service_does recv=1000 reset
	client_does send=1000 "recv=$T/at-client"
	both 'reset 0' '' 'a reset by the service'

	service_does "recv=$T/at-service" send=1000 "wait=$T/go" reset
	client_does send=1000 end recv=1000 "touch=$T/go" "recv=$T/at-client"
	both 'reset 0' 'end 1000' 'a reset by the service, the client having ended'

	service_does end recv=1000 "touch=$T/go" "recv=$T/at-service"
	client_does send=1000 "wait=$T/go" "recv=$T/at-client" reset
	both 'end 0' 'reset 0' 'a reset by the client, the service having ended'
}

# Neither the death of a listener is an end: what comes for its streams, the next
# one does not know.
try_death()
{
	service_does recv=1000 "touch=$T/go" "recv=$T/at-service"
	client_does send=1000 "wait=$T/again" send=1000 "recv=$T/at-client"
	wait_for 60 test -e "$T/go"
	signal KILL b
	finish b
	listen_as bob b -k -a "alice@$DOMAIN" "web=$WEB"
	touch "$T/again"
	both 'reset 0' 'end 0' 'a listener was killed and another took its place'
	rm "$T/again"
}

try_again()
{
	service_does "recv=$T/at-service" send=1000 close
	client_does send=1000 end "recv=$T/at-client"
	both 'end 1000' 'end 1000' 'the next connection is as good as any'
}

# An end that is told to stop in the middle of a stream does not pass for its
# end.
try_stop()	# name
{
	service_does send=1000 "recv=$T/at-service"
	client_does recv=1000 "touch=$T/go" "recv=$T/at-client"
	wait_for 60 test -e "$T/go"
	stop "$1"
	both 'reset 0' 'reset 0' "$1 is told to end"
	start_ends
}

# Begin b and f anew.
start_ends()
{
	gone "$(pid_of b)" || stop b
	gone "$(pid_of f)" || stop f
	listen_as bob b -k -a "alice@$DOMAIN" "web=$WEB"
	start f "$T/alice" -L "$FORWARD" "bob@$DOMAIN" web
	wait_for 20 said f 'xcat: forwarding' || bail '-L does not start'
}

head -c 1000000 /dev/urandom >"$T/question"
head -c 3000000 /dev/urandom >"$T/answer"
for srv in $SERVERS; do
	start_server "$srv"
	WEB=$(free_port) FORWARD=$(free_port)
	listen_as bob b -k -a "alice@$DOMAIN" "web=$WEB"
	start f "$T/alice" -L "$FORWARD" "bob@$DOMAIN" web
	wait_for 20 said f 'xcat: forwarding' || bail '-L does not start'
	try_halves
	try_resets
	try_death
	try_again
	try_stop f
	try_stop b
	stop f
	stop b
	stop_server
done
done_testing
