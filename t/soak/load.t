#!/bin/sh
#
# 1,000 accounts call one listener, a stream each, which are closed and opened
# again, 100 in a second; some of the callers die, another begins handshakes
# without end, and strangers flood.  Whatever the listener needs, it needs no
# more of it in the last third of the time than in the first.
#
# LOAD_SECONDS says for how long (600), LOAD_CLIENTS and LOAD_RATE how many, and
# SERVERS on which servers.  What it measures in time is of the listener only if
# that gets a processor when it wants one, and beyond what the server needs alone,
# which is measured beside it.  It is not of the listener either if the server is
# behind: Prosody reads each connection by turns, that of a listener with 1,000
# streams as that of any client.  With fewer streams it has to keep up, and so
# does the listener.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/load.sh"

[ "$TIER" = soak ] || skip_all 'it takes 25 minutes; this is for make soak'
grep -q __asan_init "$XCAT" && skip_all 'the sanitizer needs memory of its own'

SECONDS_LOADED=${LOAD_SECONDS:-600}
CLIENTS_WANTED=${LOAD_CLIENTS:-1000}
RATE=${LOAD_RATE:-100}
LIMIT=$((SECONDS_LOADED + 300))
MOST=131072				# KiB resident
STARVED=35				# percent of the time
BEHIND=50				# as well

make -s -C "$TOP" t/bench/load >&2 || exit 1

# The most, or the mean, of a field in lines of the table.
most()		# field first last
{
	awk -v f="$1" -v a="$2" -v b="$3" 'NR >= a && NR <= b && $f > most {
		most = $f } END { print most + 0 }' "$T/slices"
}

mean()		# field first last
{
	awk -v f="$1" -v a="$2" -v b="$3" 'NR >= a && NR <= b { sum += $f }
		END { print sum / (b - a + 1) }' "$T/slices"
}

# What the last third needs, of what the first did: so many times as much, and
# something more, are allowed.
grows()		# what how field times more
{
	_early=$($2 "$3" 1 3) _late=$($2 "$3" 7 9)
	ok "$1: $_early at first, $_late at last" \
	    awk -v a="$_early" -v b="$_late" -v times="$4" -v more="$5" \
	    'BEGIN { exit !(b <= a * times + more) }'
}

below()		# what how field limit
{
	_all=$($2 "$3" 1 9)
	ok "$1: $_all, of $4 at most" \
	    awk -v a="$_all" -v b="$4" 'BEGIN { exit !(a <= b) }'
}

# Nanoseconds for which the listener has waited for a processor.
waited()
{
	awk '{ printf "%.0f\n", $2 }' "/proc/$(pid_of listener)/schedstat" \
	    2>/dev/null || echo 0
}

loaded()	# server
{
	start_loaded "$1" "$CLIENTS_WANTED"
	before=$(descriptors listener)
	watch_unread
	_began=$(now) _waited=$(waited)
	load "$(pid_of listener)" -r "$RATE" -d 50 -u 10 -f 200 -w 20 -k 9 \
	    -t "$SECONDS_LOADED" >"$T/slices" 2>"$T/load.err"
	is $? 0 "$1: $CLIENTS_WANTED streams for $SECONDS_LOADED s"
	sed 's/^/# /' "$T/load.err" >&2
	load_table "$T/slices" | sed 's/^/# /' >&2
	[ "$(wc -l <"$T/slices")" -eq 9 ] || bail 'no nine slices'
	starved=$((($(waited) - _waited) / 10000000 / ($(now) - _began)))
	diag "the listener waited $starved % of the time for a processor"
	stop unread
	behind=$(was_behind)
	diag "the server was behind the listener for $behind % of the time"
}

# A tenth of the callers, and nobody who means harm.
calm()		# server
{
	CLIENTS=$((CLIENTS_WANTED / 10))
	load "$(pid_of listener)" -r $((RATE / 10)) -d 0 -u 0 -f 0 -w 20 -k 9 \
	    -t 45 >"$T/slices" 2>"$T/load.err"
	is $? 0 "$1: $CLIENTS streams"
	load_table "$T/slices" | sed 's/^/# /' >&2
	answers "$1, $CLIENTS streams"
}

answers()	# what
{
	_word=$(mean 7 1 9) _alone=$(mean 13 1 9)
	ok "$1: a word there and back, ms: $_word, $_alone without the listener" \
	    awk -v a="$_word" -v b="$_alone" 'BEGIN { exit !(a <= b + 100) }'
}

bears()		# server
{
	below "$1: streams that failed" most 11 0
	below "$1: memory, KiB" most 4 $MOST
	grows "$1: descriptors" most 5 1.05 20
	grows "$1: processor time, percent" mean 6 1.3 2
	[ "$starved" -lt $STARVED ] || {
		skip "$1: time" "others had the processors for $starved % of it"
		return
	}
	opened=$(mean 2 1 9)
	ok "$1: opened in a second: $opened, of $RATE" \
	    awk -v a="$opened" -v b="$RATE" 'BEGIN { exit !(a >= 0.9 * b) }'
	# There is more of it where streams wait for each other.
	grows "$1: memory, KiB" most 4 1.03 1024
	grows "$1: a word there and back, ms" mean 7 1.5 5
	grows "$1: the slowest percent of them, ms" mean 8 2 50
	grows "$1: a new stream, ms" mean 9 1.5 10
	if [ "$behind" -lt $BEHIND ]; then
		answers "$1"
	else
		skip "$1: a word" "the server was behind for $behind % of it"
	fi
}

for kind in $SERVERS; do
	loaded "$kind"
	bears "$kind"
	calm "$kind"
	ok "$kind: no descriptor stays" \
	    wait_for 20 few_descriptors listener "$before"
	stop listener
	is "$status" 143 "$kind: the listener has lived"
	stop_server
done
done_testing
