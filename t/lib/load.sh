# load.sh: a listener under load, by t/bench/load; sourced behind server.sh.
# shellcheck shell=dash
#
# Of the accounts crowd1 ... the first are allowed to call, and the last 10 are
# strangers.

STRANGERS=10

# Start bob as a listener that allows so many clients, and a server that has
# their accounts.  What the listener logs is not kept: it is two lines a stream.
start_loaded()	# server clients [command ...]: in front of xcat
{
	_kind=$1 CLIENTS=$2; shift 2
	# shellcheck disable=SC2034	# for server.sh
	CROWD=$((CLIENTS + 3 + STRANGERS))
	start_server "$_kind"
	echo_port=$(free_port)
	seq -f "allow crowd%.0f@$DOMAIN" $((CLIENTS + 2)) \
	    >"$T/home/bob/config"
	start listener "$@" "$T/bob" -l -k -o max-streams=4096 \
	    "echo=127.0.0.1:$echo_port"
	wait_for 20 listening_or_gone listener
	listening listener || {
		diag_file "$T/listener.err"
		bail 'xcat -l does not listen'
	}
}

# Load it, as load.c says: a line for each slice.
load()		# pid argument ...
{
	_loaded=$1; shift
	timeout "${LIMIT:-150}" "$TESTS/bench/load" -n "$CLIENTS" \
	    -s $STRANGERS -c "$SERVER" -C "$CAFILE" -D "$DOMAIN" \
	    -p "$_loaded" "$@" "bob@$DOMAIN/xcat" echo "$echo_port"
}

# Watch, as "unread", what the server has not read yet of what the listener has
# sent it: bytes, a line each second.
watch_unread()
{
	cat >"$T/watch_unread" <<-'END'
	#!/bin/sh
	# pid of the listener, port of the server
	while sleep 1; do
		_port=$(ss -Htnp state established "dport = :$2" |
		    sed -n "s/.*:\([0-9]*\) .*:$2 .*pid=$1,.*/\1/p")
		[ -z "$_port" ] || ss -Htn state established \
		    "sport = :$2 and dport = :$_port" | awk '{ print $1 }'
	done
	END
	start unread sh "$T/watch_unread" "$(pid_of listener)" "$PORT"
}

# For how many percent of the time that was so.
was_behind()
{
	awk '$1 > 8192 { n++ } END { print int(100 * n / (NR > 0 ? NR : 1)) }' \
	    "$T/unread.out"
}

# The same lines with words above them.
load_table()	# file
{
	awk '
		function row(a) {
			printf "%5s %7s %7s %6s %6s %5s %8s %8s %8s %8s %6s %8s %8s %8s\n",
			    a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8],
			    a[9], a[10], a[11], a[12], a[13], a[14]
		}
		BEGIN {
			split("time opens streams memory files CPU word,ms 99%" \
			    " open,ms 99% failed refused alone,ms 99%", a, " "); row(a)
			split("s 1/s - MB - % median - median - - 1/s median -", a,
			    " "); row(a)
		}
		{
			split($0, a, " ")
			a[4] = sprintf("%.1f", a[4] / 1024)
			row(a)
		}' "$1"
}
