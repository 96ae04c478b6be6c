#!/bin/sh
#
# xcat with a port forwarder made of xmpp.js, as TCP-over-XMPP is one, in both
# of its roles: plain XEP-0047 in iq stanzas, several streams over one login.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/js.sh"

have_js || skip_all 'no xmpp.js; t/deps check would install it'

SIZE=$(by_tier 3000000 10000000)

tcp()		# name listen|connect port step ...: see tcp.py
{
	_name=$1; shift
	start "$_name" "$PYTHON" -B "$LIB/tcp.py" "$@"
	wait_for 20 ready_or_gone "$_name"
}

end_comes()	# name bytes: the end came behind so many
{
	finish "$1" 30
	is "$(tail -n 1 "$T/$1.out")" "end $2" "$_what: the end comes"
}

through()	# count bytes: streams that give back what is sent
{
	_got=$("$PYTHON" -B "$LIB/streams.py" "$port" "$1" "$2" plain)
	is "$_got" "$1" "$_what: $1 at once, $2 bytes each way"
	[ "$_got" = "$1" ] || diag_file "$T/forward.err"
}

# The forwarder as client knows a peer, and names no service.
many_through()	# to the listener, which is stopped then
{
	through 1 100000
	_before=$(descriptors listener)
	through 1 "$SIZE"
	through 8 1000000
	ok "$_what: all are over" \
	    wait_for 20 few_descriptors listener "$_before"
	is "$(grep -Ev ': stream to |xcat: listening; |xcat: forwarding ' \
	    "$T/listener.err")" '' "$_what: no complaint"
	stop listener
}

client()
{
	_what='to xcat -l -k'
	port=$(free_port)
	listen_as bob listener -k -a "alice@$DOMAIN" "$echo_port" \
	    'other=!echo the wrong one'
	forwarder alice forward client "bob@$DOMAIN/xcat" "$port"
	many_through

	# What ends one direction ends both, so one at a time.
	_what='from xcat -l -k'
	listen_as bob listener -k -a "alice@$DOMAIN" "data=!exec cat '$T/data'"
	tcp taker connect "$port" recv="$T/taken"
	end_comes taker "$SIZE"
	check_same "$T/taken" "$T/data" "$_what: intact"
	stop listener
	_what='into xcat -l'
	listen_as bob listener -a "alice@$DOMAIN"
	tcp giver connect "$port" send="$T/data" end
	finish listener
	is "$status" 0 "$_what: success"
	check_same "$T/listener.out" "$T/data" "$_what: intact"
	is "$(cat "$T/forward.err")" '' 'the client does not complain'

	# It sends without waiting for answers.  The command of the first stream
	# reads nothing: what is more than may be held ends that stream.
	_what='to one that does not read'
	head -c 1800000 /dev/zero >"$T/much"
	listen_as bob listener -k -a "alice@$DOMAIN" -o memory=1048576 \
	    "some=!mkdir '$T/first' && exec sleep 1000; exec cat"
	tcp giver connect "$port" send="$T/much" recv="$T/none"
	ok "$_what: it is given up" \
	    wait_for 60 said listener 'sent more than it was allowed to'
	finish giver
	is "$(grep -v ready "$T/giver.out")" 'reset 0' "$_what: a reset"
	through 1 100000
	stop listener
	stop forward
}

# As server it knows a port.  It sends blocks as large as it would ask for,
# whatever it is asked.
server()
{
	_what='from xcat -L'
	port=$(free_port)
	forwarder bob forward server - "$echo_port"
	start listener "$T/alice" -o e2e=off -L "$port" "bob@$DOMAIN/tmpp"
	wait_for 20 said listener forwarding || bail 'no xcat -L'
	many_through
	stop forward

	target=$(free_port)
	forwarder bob forward server - "$target"
	_what='from xcat -N'
	tcp taker listen "$target" recv="$T/taken"
	run "$T/alice" -N "bob@$DOMAIN/tmpp" <"$T/data"
	is "$status" 0 "$_what: success"
	end_comes taker "$SIZE"
	check_same "$T/taken" "$T/data" "$_what: intact"
	_what='to xcat'
	tcp giver listen "$target" send="$T/data" end
	run "$T/alice" "bob@$DOMAIN/tmpp"
	is "$status" 0 "$_what: success"
	check_same "$T/run.out" "$T/data" "$_what: intact"
	finish giver
	fails 5 'does not want the stream' "$_what: nobody at the port" \
	    "$T/alice" -d "bob@$DOMAIN/tmpp"
	is "$(cat "$T/forward.err")" '' 'the server does not complain'
	_what='to xcat -b'
	tcp giver listen "$target" send="$T/data" end
	fails 6 'malformed or too large' "$_what: it holds" \
	    "$T/alice" -o e2e=off -b 4096 "bob@$DOMAIN/tmpp"
	finish giver
	stop forward
}

head -c "$SIZE" /dev/urandom >"$T/data"
start_server ejabberd
echo_port=$(free_port)
start tcpecho socat "TCP-LISTEN:$echo_port,bind=127.0.0.1,fork,reuseaddr" \
    EXEC:cat
wait_for 60 listens "$echo_port" || bail 'no echo'
client
server
done_testing
