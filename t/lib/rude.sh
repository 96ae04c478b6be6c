# rude.sh: a listener under hostile peers, beside an honest one that loses nothing.
# Sourced after lib.sh.
# shellcheck shell=dash disable=SC2154

. "$LIB/server.sh"

ACCOUNTS="$ACCOUNTS mallory@$DOMAIN"
USERS="$USERS mallory"
PEAK=160000				# KiB that the listener may ever have had

# Two who are let in flood it for so long; all that an honest caller sends comes
# back, as often as there is time for.
under_hostile_peers()	# seconds
{
	start_server prosody smacks
	slix_user carol rude
	slix_user mallory rude
	mkdir "$T/received"
	head -c 100000 /dev/urandom >"$T/data"
	listen_as bob listener -k -r "$T/received" -a "alice@$DOMAIN" \
	    -a "carol@$DOMAIN" -a "mallory@$DOMAIN" -o timeout=20 \
	    'e=!exec cat' 'sleep=!exec sleep 1000'
	for _user in carol mallory; do
		start "$_user" env RUDE="${RUDE:-$_user}" "$T/rude-$_user" \
		    flood "bob@$DOMAIN/xcat" "$1"
	done
	_until=$(($(date +%s) + $1)) calls=0 lost=0
	while [ "$(date +%s)" -lt "$_until" ] && [ "$lost" -eq 0 ]; do
		honest_call
	done
	ok "$calls calls, none lost" test "$lost" -eq 0
	finish carol 30
	finish mallory 30
	sed 's/^/# /' "$T/carol.out"
	ok "carol did something" test -s "$T/carol.out"
	ok "mallory did something" test -s "$T/mallory.out"
	ok 'the listener lives' signal 0 listener
	if ! grep -q __asan_init "$XCAT"; then
		ok 'its memory is bounded' has_peak
	fi
	honest_call
	is "$lost" 0 'and one call more'
	stop listener
	is "$status" 143 'it ends when it is asked to'
}

honest_call()
{
	LIMIT=60
	start honest "$T/alice" -w 40 "bob@$DOMAIN" e <"$T/data"
	finish honest "$LIMIT"
	calls=$((calls + 1))
	[ "$status" = 0 ] && cmp -s "$T/honest.out" "$T/data" && return
	lost=$((lost + 1))
	diag "call $calls: status $status"
	diag_file "$T/honest.err"
	grep "alice@$DOMAIN" "$T/listener.err" | tail -n 5 | sed 's/^/# /' >&2
	diag_file "$T/listener.err"
}

has_peak()
{
	_peak=$(awk '$1 == "VmHWM:" { print $2 }' \
	    "/proc/$(pid_of listener)/status")
	echo "$_peak KiB"
	[ "$_peak" -lt "$PEAK" ]
}
