#!/bin/sh
#
# Under a real inetd(8), both ways round: as a service that waits for a peer, and as
# one that calls a peer; the socket is standard input and output.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"

LIMIT=30

# Standard error would be the socket, too, so a script puts it elsewhere.
script()	# name command ...
{
	_name=$1; shift
	: >"$T/$_name.err"
	echo "exec $* 2>>$T/$_name.err" >"$T/$_name.sh"
}

inetd_line()	# port script
{
	echo "127.0.0.1:$1 stream tcp nowait $(id -un) /bin/sh" \
	    "sh $T/$2.sh"
}

start_inetd()
{
	CALL=$(free_port) WRONG=$(free_port) WAIT=$(free_port)
	script call "$T/alice" -q -w 8 "bob@$DOMAIN" web
	script wrong "$T/alice" -q "bob@$DOMAIN" gopher
	script wait "$T/carol" -l -a "alice@$DOMAIN"
	{
		inetd_line "$CALL" call
		inetd_line "$WRONG" wrong
		inetd_line "$WAIT" wait
	} >"$T/inetd.conf"
	start inetd /usr/sbin/inetd -i "$T/inetd.conf"
	wait_for 60 listens "$WAIT" || bail 'inetd does not start'
}

tcp()		# name listen|connect port step ...
{
	_name=$1; shift
	start "$_name" "$PYTHON" "$LIB/tcp.py" "$@"
	[ "$1" = connect ] || wait_for 60 grep -q ready "$T/$_name.out"
}

says()		# name words description
{
	finish "$1" "$LIMIT"
	is "$(grep -v ready "$T/$1.out" | paste -sd ' ')" "$2" "$3"
}

# --- port to peer ------------------------------------------------------------

try_call()
{
	tcp service listen "$WEB" "recv=$T/at-service" "send=$T/answer" close
	tcp client connect "$CALL" "send=$T/question" end "recv=$T/at-client"
	says client 'end 3000000' 'port to peer: the client hears the end'
	says service 'end 1000000' 'port to peer: so does the service'
	check_same "$T/question" "$T/at-service" 'port to peer: the question'
	check_same "$T/answer" "$T/at-client" 'port to peer: the answer'

	tcp client connect "$WRONG" send=10 end "recv=$T/at-client"
	says client 'reset 0' 'port to peer: refused, which is no answer'
	ok 'port to peer: why' grep -q 'no such service: gopher' "$T/wrong.err"
}

try_many()
{
	start many socat "TCP-LISTEN:$WEB,bind=127.0.0.1,reuseaddr,fork" \
	    EXEC:cat
	wait_for 60 listens "$WEB"
	for i in 1 2 3 4 5; do
		tcp "c$i" connect "$CALL" "send=$T/question" end \
		    "recv=$T/at-c$i"
	done
	_good=0
	for i in 1 2 3 4 5; do
		finish "c$i" "$LIMIT"
		cmp "$T/question" "$T/at-c$i" >&2 && _good=$((_good + 1))
	done
	is "$_good" 5 'port to peer: five at once'
	stop many
}

# A stream that breaks has no end that could be taken for one.
try_broken()
{
	tcp service listen "$WEB" recv=10 send=10 "recv=$T/at-service"
	tcp client connect "$CALL" send=10 recv=10 "touch=$T/go" \
	    "wait=$T/gone" send=1000 "recv=$T/at-client"
	wait_for 60 test -e "$T/go"
	signal KILL b
	finish b
	touch "$T/gone"
	says client 'reset 0' 'port to peer: the peer died'
	stop service
}

# --- peer to port ------------------------------------------------------------

# Each connection to the port is a listener; when its stream is over, so is it.
try_wait()	# number
{
	tcp client connect "$WAIT" "send=$T/answer" end "recv=$T/at-client"
	wait_for 20 listening wait || diag_file "$T/wait.err"
	run "$T/alice" "carol@$DOMAIN" <"$T/question"
	is "$status" 0 "peer to port: call $1"
	check_same "$T/run.out" "$T/answer" 'peer to port: what the port says'
	says client 'end 1000000' 'peer to port: the end goes through'
	check_same "$T/at-client" "$T/question" 'peer to port: what it hears'
	: >"$T/wait.err"
}

head -c 1000000 /dev/urandom >"$T/question"
head -c 3000000 /dev/urandom >"$T/answer"
start_server ejabberd
WEB=$(free_port)
listen_as bob b -k -a "alice@$DOMAIN" "web=$WEB"
start_inetd
try_call
try_many
try_broken
try_wait 1
try_wait 2
done_testing
