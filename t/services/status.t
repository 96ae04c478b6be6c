#!/bin/sh
#
# What runs that go on tell of themselves: -O list.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/share.sh"

LIMIT=20
bob=bob@$DOMAIN
alice=alice@$DOMAIN
FOLDER=$T/runtime/xcat-status

list()
{
	run "$T/alice" -O list
}

# A line of the list is this, now or soon.
lists()		# extended-regex
{
	"$T/alice" -O list | grep -Eq -- "$1"
}

sockets()
{
	find "$FOLDER" -type s | wc -l
}

lists_all()	# number: of streams with a byte each way
{
	[ "$("$T/alice" -O list |
	    grep -c ': cat, 1 bytes in, 1 out, ')" -eq "$1" ]
}

nothing()
{
	list
	is "$status $(cat "$T/run.out" "$T/run.err")" '0 ' \
	    'where nothing runs, nothing is listed'
}

listener()
{
	listen_as bob listener -k -v -o grace=60 -a "$alice" 'cat=!cat' \
	    'one:80=22' '*:443='
	pid=$(pid_of listener)
	list
	is "$(cat "$T/run.out")" \
	    "listener $pid: $bob/xcat, services cat one:80 *:443, 0 streams" \
	    'a listener'
	start a "$T/alice" -i "$bob" cat <"$T/fifo"
	echo hello >&8
	wait_for 20 has_size "$T/a.out" 6
	ok 'a stream: its bytes, its carrier' wait_for 20 lists \
	    "^  $alice/[^ ]+: cat, 6 bytes in, 6 out, [0-9]+ s, in-band\$"
	ok 'is counted' lists "^listener $pid: .*, 1 stream\$"
	start b "$T/alice" -o upgrade-after=0 "$bob" cat <"$T/fifo2"
	echo hello >&7
	ok 'a socket' wait_for 20 lists \
	    "^  $alice/[^ ]+: cat, 6 bytes in, 6 out, [0-9]+ s, direct, "
	list
	is "$(wc -l <"$T/run.out")" 3 'a line for each'
	stop a
	stop b
	ok 'they end' wait_for 20 lists '0 streams$'
}

forward()
{
	port=$(free_port) port2=$(free_port)
	start forward "$T/alice" -L "$port=cat" -D "$port2" "$bob"
	wait_for 20 said forward "forwarding SOCKS5 on $port2"
	start client socat - "TCP:127.0.0.1:$port" <"$T/fifo"
	echo hello >&8
	wait_for 20 has_size "$T/client.out" 6
	ok '-L and -D' lists "^forward $(pid_of forward): $alice/[0-9a-f]+, \
-L $port=cat -D $port2 to $bob/xcat, 1 stream\$"
	ok 'and its stream' lists "^  $bob/xcat: cat, 6 bytes in, 6 out, "
	ok 'the other end of that' lists \
	    "^  $alice/[^ ]+: cat, 6 bytes in, 6 out, "
	stop client
	stop forward
	is "$(sockets)" 1 'one that ends takes its socket with it'
	run "$T/alice" -o share=60 "$bob" cat </dev/null
	ok 'beside a process that keeps a login' lists '^process [0-9]+: '
	run "$T/alice" -O check
	like "$(cat "$T/run.out")" '^process ' '-O check asks that alone'
	end_masters
}

# Ports for callers, the stream that they were asked for by, and other offers.
ports()
{
	port=$(free_port)
	listen_as bob listener -k -o 'remote=*' -a "$alice"
	start remote "$T/alice" -R "$port=1" "$bob"
	wait_for 20 said remote "forwarding $port of"
	ok 'a listener with ports alone' lists \
	    "^listener $(pid_of listener): $bob/xcat, ports \(-R\), 1 stream\$"
	is "$("$T/alice" -O list | grep -cE \
	    '^  [^ ]+: ports \(-R\), [1-9][0-9]* bytes in, ')" 2 \
	    'both ends of the stream that has asked for one'
	stop listener
	finish remote
	listen_as bob listener -k -o 'remote=*' -a "$alice" -r "$T/home" 22
	ok 'and with all that there is' lists \
	    "^listener .*, services 22, files, ports \(-R\), 0 streams\$"
	stop listener
}

# Any other run is over when it would be asked for.
others()
{
	listen_as carol once -a "$alice" 'cat=!cat'
	is "$(sockets)" 1 'without -k there is none'
	stop once
}

login()
{
	ok 'all streams have ended' wait_for 20 lists \
	    "^listener $pid: .* 0 streams\$"
	stop_server
	ok 'a server that is away' wait_for 20 lists \
	    "^listener $pid: .* 0 streams, server away\$"
	run_server
	ok 'and back' wait_for 60 lists "^listener $pid: .* 0 streams\$"
	start a "$T/alice" "$bob" cat <"$T/open"
	ok 'a stream' wait_for 20 lists ': cat, '
	signal TERM listener
	ok 'a listener that ends with the last one' wait_for 20 lists \
	    "^listener $pid: .* 1 stream, ending\$"
	stop a
	finish listener
	is "$(sockets)" 0 'nothing is left'
}

# What was killed, what does not answer, what others have made.
hostile()
{
	listen_as bob listener -k -a "$alice" 'cat=!cat'
	signal KILL listener
	finish listener
	is "$(sockets)" 1 'SIGKILL leaves a socket'
	list
	is "$status $(cat "$T/run.out" "$T/run.err")" '0 ' 'that is no run'
	start hung "$PYTHON" -c 'import socket, sys, time
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen()
time.sleep(60)' "$FOLDER/1"
	wait_for 20 test -S "$FOLDER/1"
	start odd "$PYTHON" -c 'import socket, sys
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen()
while True:
    c, a = s.accept()
    c.sendall(b"HTTP/1.0 200 OK\r\n\r\n" * 99)' "$FOLDER/2"
	wait_for 20 test -S "$FOLDER/2"
	listen_as bob listener -k -a "$alice" -r "$T/home"
	is "$(find "$FOLDER" -type s | wc -l)" 3 'the next one removes it'
	list
	is "$(cat "$T/run.out")" \
	    "listener $(pid_of listener): $bob/xcat, files, 0 streams" \
	    'what does not answer is passed over'
	"$PYTHON" - "$FOLDER/$(pid_of listener)" <<-'END'
	import socket, sys
	all = []
	for i in range(40):
	    s = socket.socket(socket.AF_UNIX)
	    s.settimeout(10)
	    s.connect(sys.argv[1])
	    all.append(s)
	for i in range(40):		# more than it takes, and no words
	    try: all[i].sendall(b"\x01\x06\0\0\0\0\0\0" * 4096)
	    except OSError: pass
	for s in all: s.close()
	END
	ok 'a listener outlives those that ask badly' wait_for 20 lists \
	    '^listener'
	stop hung
	stop odd
	stop listener
	rm -f "$FOLDER"/*
	chmod 755 "$FOLDER"
	fails 1 'not a folder of ours alone' 'a folder that others may read' \
	    "$T/alice" -O list
	listen_as bob listener -k -v -a "$alice" 'cat=!cat'
	ok 'is not used' said listener '-O list will not show this run: .*700'
	stop listener
	rmdir "$FOLDER"
	ln -s "$T" "$FOLDER"
	fails 1 'not a folder of ours alone' 'neither is a link' \
	    "$T/alice" -O list
	rm "$FOLDER"
	XDG_RUNTIME_DIR='' listen_as bob listener -k -v -a "$alice" 'cat=!cat'
	ok 'without a folder it runs' said listener \
	    '-O list will not show this run: XDG_RUNTIME_DIR names no folder'
	stop listener
}

# Each stream is a line.
many()
{
	listen_as bob listener -k -a "$alice" -o max-streams-per-peer=200 \
	    'cat=!exec cat'
	port=$(free_port)
	start forward "$T/alice" -L "$port=cat" "$bob"
	wait_for 20 said forward forwarding
	start clients "$PYTHON" -c 'import socket, sys, time
all = [socket.create_connection(("127.0.0.1", int(sys.argv[1])))
       for i in range(100)]
for s in all: s.sendall(b"x")
for s in all: s.recv(1)
print("ready", flush=True)
time.sleep(60)' "$port"
	wait_for 30 grep -q ready "$T/clients.out"
	ok 'a hundred streams, both ends of each' wait_for 20 lists_all 200
	stop clients
	stop forward
	stop listener
}

start_server prosody
mkfifo "$T/open" "$T/fifo" "$T/fifo2"
exec 9<>"$T/open" 8<>"$T/fifo" 7<>"$T/fifo2"
nothing
listener
forward
others
login
ports
hostile
many
done_testing
