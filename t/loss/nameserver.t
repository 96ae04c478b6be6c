#!/bin/sh
#
# A machine comes into another network: the name servers of before answer no
# more, and what runs is to find its server by the new ones.

. "${0%/*}/../lib/lib.sh"
. "$LIB/network.sh"
own_network
. "$LIB/server.sh"

LIMIT=60
alice=alice@$DOMAIN bob=bob@$DOMAIN

move()
{
	stop dnsmasq
	stop_server
	DNS=127.0.0.2
	start_dns "$(address server.test)"
	echo "nameserver $DNS # of the other network" >"$T/resolv.conf"
	run_server
}

echoes()	# line
{
	echo "$1" | timeout 60 socat -t 60 - "UNIX-CONNECT:$T/socket"
}

start_server prosody
start_dns "$(address server.test)"
SERVER=server.test:${SERVER##*:}
xcat_user alice
xcat_user bob
wind 5
listen_as bob listener -k -v -a "$alice" 'cat=!cat'
start caller "$T/alice" -v -L "$T/socket=cat" "$bob"
wait_for 20 said caller "forwarding $T/socket"
is "$(echoes one)" one 'a stream'
move
for _name in listener caller; do
	ok "in another network: the $_name is back" \
	    wait_for 60 said "$_name" 'xcat: back: '
done
is "$(echoes two)" two 'and there are streams'
done_testing
