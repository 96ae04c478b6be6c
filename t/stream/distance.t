#!/bin/sh
# Distance: the relay that puts it between two ends does what it says; and what
# xcat moves through it does not depend on how far the server is.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"

CARRIER=ibb
SIZE=$(by_tier 8000000 40000000)
SOON=$((14 + SIZE / 1000000))	# seconds, on a busy machine
LIMIT=60

# --- the relay ---------------------------------------------------------------

# Sends what it reads through the port, wants it back, and says what passed: the
# milliseconds until the first byte was back, and until the last, and how many.
cat >"$T/echo.py" <<'EOF2'
import select, socket, sys, time
data = memoryview(sys.stdin.buffer.read())
s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
s.setblocking(False)
began, first, got = time.monotonic(), 0, 0
size = len(data)
try:
    while got < size:
        r, w, _ = select.select([s], [s] if data else [], [], 30)
        if w:
            data = data[s.send(data[:65536]):]
        if r:
            n = len(s.recv(262144))
            if n == 0:
                break
            first = first or time.monotonic()
            got += n
except OSError:
    pass
print(int((first - began) * 1000), int((time.monotonic() - began) * 1000), got)
EOF2

through()	# name bytes option ...: sets $first, $all and $got
{
	_relay=$1 _bytes=$2; shift 2
	start_distance "$_relay" "$echo_port" "$@"
	eval "_port=\$port_$_relay"
	head -c "$_bytes" /dev/zero >"$T/zeros"
	# shellcheck disable=SC2154
	"$PYTHON" -B "$T/echo.py" "$_port" <"$T/zeros" >"$T/echo.said"
	read -r first all got <"$T/echo.said"
	stop "$_relay"
}

echo_port=$(free_port)
start echo socat "TCP-LISTEN:$echo_port,bind=127.0.0.1,fork,reuseaddr" EXEC:cat
wait_for 60 listens "$echo_port" || bail 'no echo'

through near 1 -d 50
ok "a byte there and back takes both delays: $all ms" \
    [ "$all" -ge 100 -a "$all" -lt 600 ]
through far 20000000 -d 100
is "$got" 20000000 'all bytes pass'
ok "the delay bounds no rate: 20 MB in $all ms" \
    [ "$all" -ge 200 -a "$all" -lt 5000 ]
through jitters 1 -d 20 -j 50
ok "jitter comes on top: $all ms" [ "$all" -ge 40 -a "$all" -lt 600 ]
through slow 500000 -d 20 -r 500000
ok "a rate is kept to: 500 kB at 500 kB/s in $all ms" \
    [ "$all" -ge 900 -a "$all" -lt 3000 ]
ok "from the first byte on: $first ms" [ "$first" -lt 600 ]
through drops 1000000 -n 100000
ok "dropped after so many bytes: $got" [ "$got" -le 200000 ]

start_distance told "$echo_port"
# shellcheck disable=SC2154
start idle "$PYTHON" -c '
import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
s.sendall(b"x")
s.recv(1)
print("up", flush=True)
s.recv(1)
' "$port_told"
wait_for 20 grep -q up "$T/idle.out" || bail 'no connection'
signal USR1 told
finish idle 20
ok 'dropped when told to' said idle ConnectionResetError
stop told
stop echo

# --- xcat --------------------------------------------------------------------

# Each link has 25 ms each way: a block and its answer take 100.  Where nothing
# but what has arrived says how much may be under way, or a clump of answers is
# taken for a pause, this takes half a minute.
far()		# what bytes seconds
{
	_what="$kind, $1: 100 ms"
	head -c "$2" /dev/zero >"$T/data"
	listen_as bob l -a "alice@$DOMAIN"
	began=$(now)
	start c "$T/alice" -s "bob@$DOMAIN" <"$T/data"
	finish c "$LIMIT"
	is "$status" 0 "$_what: the caller's status"
	finish l 20
	check_same "$T/l.out" "$T/data" "$_what: all has come"
	took=$(($(now) - began))
	ok "$_what: $(($2 / 1000000)) MB in $took s" [ "$took" -le "$3" ]
}

# BOSH is slower, for there are two requests of 256 KiB at a time: each is
# answered when the server has something to say, or when the next one has come.
DISTANCE=25
for kind in $SERVERS; do
	start_server "$kind" http
	far TCP "$SIZE" "$SOON"
	by_transport https
	far BOSH $((SIZE / 2)) "$SOON"
	stop_server
done
done_testing
