#!/bin/sh
#
# mosh through datagrams (-u): a terminal that stays while the stream, the
# listener and the forwarder below it come and go.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/udp.sh"

LIMIT=30
bob=bob@$DOMAIN

# What runs in the terminal: each line comes back in capitals.
cat >"$T/upper" <<'END'
#!/bin/sh
echo ready
while read -r line && [ "$line" != bye ]; do
	echo "$line" | tr a-z A-Z
done
END
chmod +x "$T/upper"

# It goes to the background by itself, and ends with its command, or when it has
# heard nothing for a minute.
start_mosh_server()
{
	port=$(free_port)
	run env LC_ALL=C.UTF-8 MOSH_SERVER_NETWORK_TMOUT=60 \
	    mosh-server new -i 127.0.0.1 -p "$port" -- "$T/upper"
	key=$(sed -n "s/.*MOSH CONNECT $port //p" "$T/run.out" | tr -d '\r')
	like "$key" '^[A-Za-z0-9+/]{22}$' 'mosh-server'
	[ -n "$key" ] || diag_file "$T/run.err"
}

start_mosh_client()
{
	fifo keys
	exec 8<>"$T/keys"
	start terminal script -qfec "stty rows 24 cols 80; exec env \
	    LC_ALL=C.UTF-8 TERM=xterm MOSH_KEY=$key MOSH_PREDICTION_DISPLAY=never \
	    mosh-client 127.0.0.1 $p" "$T/typescript" <"$T/keys"
}

shows()		# text: it is on the terminal, or was
{
	grep -qaF "$1" "$T/typescript"
}

types()		# line
{
	printf '%s\r' "$1" >&8
}

answers()	# line answer description
{
	types "$1"
	ok "$3" wait_for 60 shows "$2"
}

start_server prosody smacks
start_mosh_server
listen_as bob b -k -a "$alice" "mosh=udp:$port"
forward -v "$bob" mosh
start_mosh_client
ok 'a terminal' wait_for 60 shows ready
answers 'one word' 'ONE WORD' 'a line, and its answer'
ok 'through one stream' said_times b 'stream to mosh$' 1

signal KILL b
finish b
types 'two words'
listen_as bob b -k -a "$alice" "mosh=udp:$port"
ok 'the listener is killed, and another comes' wait_for 60 shows 'TWO WORDS'

stop a
types 'three words'
WHERE=127.0.0.1:$p
forward -v "$bob" mosh
ok 'so is the forwarder' wait_for 60 shows 'THREE WORDS'

types bye
ended terminal 'bye: mosh ends, and knows that the other end has'
ok 'in words' shows '[mosh is exiting.]'
stop a
stop b
done_testing
