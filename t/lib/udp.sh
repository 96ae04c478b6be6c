# udp.sh: datagrams: what sends and answers them, and a forwarder for them.
# After server.sh.
# shellcheck shell=dash disable=SC2034,SC2154

UDP=$LIB/udp.py
alice=alice@$DOMAIN
echo='' late='' six='' p=''

# A target: $NAME is its port, $T/NAME.out what came to it.
target()	# name [address [port]]
{
	start "$1" "$UDP" serve "${2:-127.0.0.1}" "${3:-0}"
	wait_for 60 finds "$1" "$T/$1.out" 's/^port //p' ||
	    diag_file "$T/$1.err"
}

# What is waited for is read once: under load, the next process was seen to find
# the file empty again.
finds()		# variable file sed-script
{
	_found=$(sed -n "$3" "$2")
	eval "$1=\$_found"
	[ -n "$_found" ]
}

# A forwarder with these options; $p is its port.
forward()	# option ...
{
	start a "$T/alice" -u -L "${WHERE:-0}" "$@"
	wait_for 60 finds p "$T/a.err" \
	    's/.*forwarding udp.*\b\([0-9][0-9]*\) to .*/\1/p' ||
	    diag_file "$T/a.err"
}

# It does so, and ends well.
does()		# description udp.py-word ...
{
	_does=$1; shift
	run "$UDP" "$@"
	is "$status" 0 "$_does"
	[ "$status" = 0 ] || diag_file "$T/run.err"
}

answer()	# want description udp.py-word ...
{
	_answer=$1 _does=$2; shift 2
	run "$UDP" "$@"
	is "$(cat "$T/run.out" "$T/run.err")" "$_answer" "$_does"
}

said_times()	# name extended-regex times
{
	[ "$(grep -Ec -- "$2" "$T/$1.err")" -eq "$3" ]
}
