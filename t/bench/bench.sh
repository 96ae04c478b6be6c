#!/bin/sh
#
# bench.sh: how fast xcat is, next to what else there is, on this machine:
# real servers on loopback, each thing measured several times, by turns.
#
#	make bench
#	make bench SIZE=20 RUNS=5 ROWS='prosody idle'
#
# The table goes to standard output and to bench.txt.  In the environment:
#
#	ROWS	which; all of them are $ALL, below
#	RUNS	how often each is measured, at most; 3
#	TIME	seconds for a row, after which it is not measured again; 40.  One
#		that takes four times as long is ended
#	ALLTIME	seconds after which no row begins; 720
#	DISTANCES	round trips of the rows distance and far, ms; 0 20 100 300
#	SIZE	MB in-band through Prosody; 100.  Others in proportion
#	PEERS	programs to measure, too, that take the arguments of slix.py
#	FLAGS	further options for each xcat
#	OUT	instead of bench.txt
#
# A row is a function row_NAME in rows.sh.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/relay.sh"
. "$LIB/js.sh"
. "$LIB/file.sh"
. "$LIB/folders.sh"
. "$TESTS/bench/rows.sh"
CARRIER=			# relay.sh would have none but in-band

ALL='distance distance_web distance_shared prosody ejabberd both websocket direct
far punched proxy idle bulk trips share cpu memory limits streams load folder'
ROWS=${ROWS:-$ALL}
RUNS=${RUNS:-3}
SIZE=${SIZE:-100}
DISTANCES=${DISTANCES:-0 20 100 300}
PEERS=${PEERS-}
FLAGS=${FLAGS-}
OUT=${OUT:-$TOP/bench.txt}
BENCH=$TESTS/bench
TIME=${TIME:-40}
ALLTIME=${ALLTIME:-720}
LIMIT=${LIMIT:-150}			# seconds for one transfer
bob=bob@$DOMAIN

# What the pump tries: block:window:record:pad.
SETTINGS=${SETTINGS:-4096:16:16384:1 5750:16:8192:8192 11900:16:8192:8192
    48000:4:8192:8192 48000:8:8192:8192 48000:16:8192:8192 16000:16:16384:1
    48000:4:16384:1 48000:16:16384:1}

# --- the table ---------------------------------------------------------------

sample()	# key value
{
	echo "sample|$1|$2" >>"$T/samples"
}

sampled()	# key
{
	grep -q "^sample|$1|" "$T/samples"
}

row()		# what unit key goal [key]: the ratio to the second key
{
	echo "row|$1|$2|$3|$4|${5-}" >>"$T/samples"
}

note()		# text
{
	echo "note|$1" >>"$T/samples"
}

table()
{
	nproc=$(getconf _NPROCESSORS_ONLN)
	echo "xcat $(git -C "$TOP" describe --always --dirty 2>/dev/null)," \
	    "$(uname -sm), $nproc processors, load $(cut -d ' ' -f 1-3 \
	    /proc/loadavg); SIZE=$SIZE RUNS=$RUNS"
	"$PYTHON" -B "$BENCH/table.py" "$T/samples"
}

# --- transfers ---------------------------------------------------------------

# Not one with a hole: whoever is the first to read that pays for its pages.
data()		# bytes: a file of that size
{
	[ -e "$T/data.$1" ] || head -c "$1" /dev/zero >"$T/data.$1"
	echo "$T/data.$1"
}

# The output of a process of that name, to be started, will be counted.
counted()	# name
{
	fifo "$1.out"
	# shellcheck disable=SC2016
	start "$1_sink" sh -c 'exec "$1" "$3" "$4" <"$2"' sh "$BENCH/sink" \
	    "$T/$1.out" "${SINKMS:-100}" "$T/$1.marks"
}

done_well()	# name
{
	finish "$1" "$LIMIT"
	[ "$status" = 0 ] && return
	diag_file "$T/$1.err"
	bail "$1: status $status"
}

# Bytes per second from the first to the last, of all that these got.
rated()		# key bytes name ...
{
	_k=$1 _want=$2; shift 2
	for _n in "$@"; do
		done_well "${_n}_sink"
		cat "$T/${_n}_sink.out"
	done >"$T/sinks"
	_rate=$(awk -v want="$_want" '
		{ n += $1 }
		NR == 1 || $2 < first { first = $2 }
		NR == 1 || $3 > last { last = $3 }
		END {
			if (n != want)
				exit 1
			printf "%.0f\n", n / (last - first)
		}' "$T/sinks") || bail "$* did not get $_want bytes"
	sample "$_k" "$_rate"
}

# An xcat with its processor time and memory written down.
metered()	# name user option ...
{
	_name=$1 _user=$2; shift 2
	# shellcheck disable=SC2086
	start "$_name" "$BENCH/meter" "$T/$_name.meter" "$T/$_user" \
	    $FLAGS "$@"
}

metered_listener() # name option ...
{
	_l=$1; shift
	metered "$_l" bob -l -a "alice@$DOMAIN" "$@"
	wait_for 20 listening_or_gone "$_l"
	listening "$_l" || {
		diag_file "$T/$_l.err"
		bail 'xcat -l does not listen'
	}
}

server_ticks()
{
	ticks "$server"
}

costs()		# key ticks-before: of the xcats l and c
{
	sample "$1.server" "$(($(server_ticks) - $2))e-2"
	sample "$1.cpu" "$(cat "$T/l.meter" "$T/c.meter" |
	    awk '{ n += $1 + $2 } END { print n }')"
	for _n in l c; do
		sample "$1.rss_$_n" "$(cut -d ' ' -f 3 "$T/$_n.meter")"
	done
}

# From alice to bob.
xcat_up()	# key bytes option ...: for both
{
	_key=$1 _size=$2; shift 2
	counted l
	metered_listener l "$@"
	_before=$(server_ticks)
	metered c alice -s "$@" "$bob" <"$(data "$_size")"
	done_well c
	done_well l
	rated "$_key" "$_size" l
	costs "$_key" "$_before"
}

xcat_both()	# key bytes-each-way option ...
{
	_key=$1 _size=$2; shift 2
	counted l
	counted c
	metered_listener l "$@" <"$(data "$_size")"
	_before=$(server_ticks)
	metered c alice "$@" "$bob" <"$(data "$_size")"
	done_well c
	done_well l
	rated "$_key" $((2 * _size)) l c
	costs "$_key" "$_before"
}

# --- others ------------------------------------------------------------------

pump()		# argument ...
{
	timeout "$LIMIT" "$BENCH/pump" -c "$SERVER" -C "$CAFILE" \
	    -j "alice@$DOMAIN/pump" -p "$(password alice)" \
	    -J "bob@$DOMAIN/pump" -P "$(password bob)" "$@"
}

# The best of the settings, in $best: all of them with a few bytes, then the
# three best once more with as many as it says.
search()	# bytes argument ...
{
	_size=$1; shift
	# shellcheck disable=SC2086
	pump -n $((_size / 3)) "$@" $SETTINGS >"$T/search" ||
	    bail 'the pump fails'
	# shellcheck disable=SC2046
	pump -n "$_size" "$@" $(sort -k 2 -nr "$T/search" | head -n 3 |
	    cut -d ' ' -f 1) >"$T/search.best" || bail 'the pump fails'
	best=$(sort -k 2 -nr "$T/search.best" | head -n 1 | cut -d ' ' -f 1)
	diag "$server $*: the pump's best is $best" "$(cat "$T/search" \
	    "$T/search.best" | awk '{ printf "%s %.1f; ", $1, $2 / 1e6 }')"
}

pump_up()	# key bytes argument ...: with the best
{
	_key=$1 _size=$2; shift 2
	pump -n "$_size" "$@" "$best" >"$T/pumped" || bail 'the pump fails'
	sample "$_key" "$(cut -d ' ' -f 2 "$T/pumped")"
}

# A program like slix.py.
peer_up()	# key bytes program
{
	_key=$1 _size=$2 _program=$3
	for _u in alice bob; do
		cat >"$T/peer-$_u" <<-END
		#!/bin/sh
		exec $_program -j "$_u@$DOMAIN/slix" -w $LIMIT \
		    -p "$(password $_u)" -c "$SERVER" -C "$CAFILE" "\$@"
		END
		chmod +x "$T/peer-$_u"
	done
	counted p
	start p "$T/peer-bob" listen
	wait_for 30 said p listening || bail "$_program does not listen"
	start q "$T/peer-alice" -N call "$bob/slix" <"$(data "$_size")"
	done_well q
	done_well p
	rated "$_key" "$_size" p
}

js_up()		# key bytes
{
	_key=$1 _size=$2 _target=$(free_port) _port=$(free_port)
	counted taker
	start taker socat -u "TCP-LISTEN:$_target,bind=127.0.0.1,reuseaddr" STDOUT
	wait_for 10 listens "$_target" || bail 'socat does not listen'
	forwarder bob js_server server - "$_target"
	forwarder alice js_client client "$bob/tmpp" "$_port"
	start giver socat -u "FILE:$(data "$_size")" "TCP:127.0.0.1:$_port"
	done_well taker
	rated "$_key" "$_size" taker
	done_well giver
	stop js_server
	stop js_client
}

socat_up()	# key bytes option ...
{
	_key=$1 _size=$2 _port=$(free_port); shift 2
	_tls=verify=0,openssl-min-proto-version=TLS1.3
	_tls=$_tls,cert=$CA/example.test.pem,key=$CA/example.test.key
	counted taker
	start taker socat "$@" -u \
	    "OPENSSL-LISTEN:$_port,bind=127.0.0.1,reuseaddr,$_tls" STDOUT
	wait_for 10 listens "$_port" || bail 'socat does not listen'
	start giver socat "$@" -u "FILE:$(data "$_size")" \
	    "OPENSSL:127.0.0.1:$_port,$_tls"
	done_well giver
	done_well taker
	rated "$_key" "$_size" taker
}

nc_up()		# key bytes
{
	_key=$1 _size=$2 _port=$(free_port)
	counted taker
	start taker nc.openbsd -l 127.0.0.1 "$_port"
	wait_for 10 listens "$_port" || bail 'nc does not listen'
	start giver nc.openbsd -N 127.0.0.1 "$_port" <"$(data "$_size")"
	done_well giver
	done_well taker
	rated "$_key" "$_size" taker
}

tube()		# key bytes argument ...
{
	_key=$1 _size=$2; shift 2
	_rate=$(timeout "$LIMIT" "$BENCH/tube" -n "$_size" \
	    -k "$CA/example.test.pem" -K "$CA/example.test.key" "$@") ||
		bail 'the tube fails'
	sample "$_key" "$_rate"
}

# The same with a file at one end and a reader at the other, as xcat has them.
tube_ends()	# key bytes argument ...
{
	counted tube
	tube "$@" -s <"$(data "$2")" 3>"$T/tube.out"
	finish tube_sink 10
}

# --- all of it ---------------------------------------------------------------

repeat()		# command ...: as often as RUNS and TIME say
{
	for _run in $(seq "$RUNS"); do
		"$@"
		[ "$(date +%s)" -lt $((began_row + TIME)) ] || break
	done
}

# Whatever ends it, nothing that it has started stays.
one_row()	# name
{
	pids="" began_row=$(date +%s)
	trap 'end_row' EXIT
	trap 'exit 143' TERM
	"row_$1"
}

end_row()
{
	_status=$?
	trap '' TERM
	for _p in $pids; do
		kill -s KILL -- "-$_p" && wait "$_p"
	done 2>/dev/null
	exit "$_status"
}

measure_row()	# name
{
	diag "$1"
	rm -f "$T"/*.out	# which may be a fifo that nobody reads
	(one_row "$1") >&2 &
	pids=$!
	if wait_for $((4 * TIME)) gone $!; then
		wait $! || note "$1: FAILED, see above"
	else
		kill -s TERM $!
		wait $!
		note "$1: ended after $((4 * TIME)) s"
	fi
	pids=
	diag "$1: $(($(date +%s) - began)) s since the beginning"
}

: >"$T/samples"
began=$(date +%s)
for name in $ROWS; do
	if [ "$(date +%s)" -lt $((began + ALLTIME)) ]; then
		measure_row "$name"
	else
		note "$name: not measured, for lack of time"
	fi
done
table | tee "$OUT"
