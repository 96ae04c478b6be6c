#!/bin/sh
#
# Much to a reader that is slow at first: nothing piles up in either xcat, and
# what it needs for 1 GB is what it needs for 50 MB.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"

BYTES=$(by_tier 36000000 1000000000)
SLOW=$(by_tier 4 15)				# seconds at 1 MB/s
# kB resident: 11 MB, and what the path may have under way, in Base64, if the
# server is that slow (CONGESTION_BUDGET_MAX).
MOST=24576

grep -q __asan_init "$XCAT" && skip_all 'the sanitizer needs memory of its own'

# The same bytes each time, and fast.
noise='openssl enc -aes-128-ctr -nosalt -pass pass:xcat -md sha256 </dev/zero'

start_writer()
{
	fifo caller.in
	start writer sh -c "exec >\"\$1\"; $noise | head -c $BYTES" \
	    sh "$T/caller.in"
}

start_reader()
{
	fifo listener.out
	start reader sh -c 'exec <"$1"
	    { for i in $(seq "$2"); do head -c 1000000; sleep 1; done; cat; } |
	    sha256sum' sh "$T/listener.out" "$SLOW"
}

# The peak, for as long as the process is there to be asked.
peak()		# name: in $peak_NAME
{
	_kb=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' \
	    "/proc/$(pid_of "$1")/status" 2>/dev/null)
	[ -z "$_kb" ] || eval "peak_$1=$_kb"
}

both_ended()
{
	peak caller
	peak listener
	gone "$(pid_of caller)" && gone "$(pid_of listener)"
}

transfer()	# carrier
{
	peak_caller=none peak_listener=none
	start_writer
	start_reader
	listen_as bob listener -a "alice@$DOMAIN" -o "carrier=$1"
	start caller "$T/alice" -s -o "carrier=$1" "bob@$DOMAIN" \
	    <"$T/caller.in"
	wait_for 400 both_ended
	finish caller 10
	is "$status" 0 "$1: caller ends well"
	finish listener 10
	is "$status" 0 "$1: listener ends well"
	finish reader 60
	is "$(cat "$T/reader.out")" "$want" "$1: $BYTES bytes intact"
	ok "$1: caller has $peak_caller kB at most" \
	    [ "$peak_caller" -lt $MOST ]
	ok "$1: listener has $peak_listener kB at most" \
	    [ "$peak_listener" -lt $MOST ]
}

want=$(sh -c "$noise" 2>/dev/null | head -c "$BYTES" | sha256sum)
start_server ejabberd
transfer ibb
transfer auto
done_testing
