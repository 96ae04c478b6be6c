#!/bin/sh
#
# Folders between two xcats: names, modes, dates, empty folders; what is left out
# is named.  Cut and resumed.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/file.sh"

FILES=300

receive()	# option ...
{
	listen_as bob bob -a "alice@$DOMAIN" -r "$T/in" "$@"
}

tree()
{
	"$PYTHON" -B "$LIB/tree.py" "$@"
}

# The folder at the receiver is what was sent.
check_tree()	# folder description
{
	tree list "$1" >"$T/got" 2>&1
	check_same "$T/got" "$T/want" "$2"
	cmp -s "$T/got" "$T/want" || diff "$T/want" "$T/got" | head -n 10 >&2
}

whole()		# option ...
{
	empty_dir in
	receive "$@"
	run "$T/alice" -vv "$@" -s "bob@$DOMAIN" "$T/photos"
	is "$status" 0 "$server: a folder $*: status"
	[ "$status" = 0 ] || diag_file "$T/run.err"
	ended bob "$server: a folder $*"
	check_tree "$T/in/photos" "$server: a folder $*: what is there"
	is "$(ls -A "$T/in")" photos "$server: and nothing else"
}

export LC_ALL=C.UTF-8
umask 022
mkdir "$T/photos"
tree make "$T/photos" $FILES
tree list "$T/photos" sent >"$T/want"

for kind in $SERVERS; do
	start_server "$kind" proxy65
	whole -i
	stop_server
done
done_testing
