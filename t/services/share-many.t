#!/bin/sh
#
# Fifty runs at once on a server that allows an account ten sessions; and many
# runs one after another, after which the process that keeps their login is as
# it was.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/share.sh"
. "$LIB/sshd.sh"

LIMIT=60
bob=bob@$DOMAIN
alice=alice@$DOMAIN
AT_ONCE=50
RUNS=$(by_tier 60 1000)

# As ssh(1) begins them: each has a pipe to a program of its own.
at_once()
{
	for i in $(seq $AT_ONCE); do
		start "p$i" socat "EXEC:\"$T/alice -o share=60 $bob banner\"" \
		    "SYSTEM:\"cat >$T/banner.$i\""
	done
	bad=0
	for i in $(seq $AT_ONCE); do
		finish "p$i" 60
		[ "$status $(cat "$T/banner.$i" "$T/p$i.err")" = \
		    '0 SSH-2.0-none' ] && continue
		bad=$((bad + 1))
		diag_file "$T/p$i.err"
	done
	is "$bad" 0 "$AT_ONCE ProxyCommands at once all work"
	is "$(masters | wc -l)" 1 'by one login'
}

# Memory is looked at when a few runs have gone, descriptors exactly.
fds_of()	# pid
{
	find "/proc/$1/fd" -mindepth 1 2>/dev/null | wc -l
}

rss_of()	# pid: KiB
{
	sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$1/status"
}

one_run()
{
	[ "$("$T/alice" -o share=60 "$bob" upper <"$T/line")" = HELLO ]
}

runs()		# number: how many fail, in $bad
{
	bad=0
	for i in $(seq "$1"); do
		one_run || bad=$((bad + 1))
	done
}

one_by_one()
{
	keeper=$(master)
	runs 20
	wait_for 20 clients 0		# the last may not have closed
	fds=$(fds_of "$keeper") rss=$(rss_of "$keeper")
	runs "$RUNS"
	is "$bad" 0 "$RUNS runs, one after another"
	is "$(master)" "$keeper" 'by one login'
	wait_for 20 clients 0
	is "$(fds_of "$keeper")" "$fds" 'leave no descriptor behind'
	now=$(rss_of "$keeper")
	if grep -q __asan_init "$XCAT"; then
		skip 'nor memory' 'the sanitizer needs memory of its own'
		return
	fi
	ok "nor memory: $rss KiB before, $now after" \
	    test "$now" -le $((rss + 512))
}

# Ten may be there at once, and the oldest goes.
SESSIONS=10
start_server ejabberd
echo hello >"$T/line"
listen_as bob listener -k -a "$alice" 'upper=!tr a-z A-Z' \
    'banner=!echo SSH-2.0-none'
run "$T/alice" -q "$bob" upper <"$T/line"	# they have met
at_once
one_by_one
end_masters
done_testing
