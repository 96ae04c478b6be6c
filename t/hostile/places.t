#!/bin/sh
#
# Places: no peer takes those of others, and no kind of stream those of others.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"

LIMIT=30
bob=bob@$DOMAIN
start_server prosody
slix_user alice keyless
echo hello >"$T/hello"
mkdir "$T/in"
file="<plain xmlns='urn:xcat:0' for='file'/>"
plain="<plain xmlns='urn:xcat:0'/>"

# Streams that stay open and say nothing.
silent()	# name argument ...
{
	_name=$1; shift
	start "$_name" "$T/keyless-alice" -j "alice@$DOMAIN/$_name" "$@"
	wait_for 20 grep -q answered "$T/$_name.out" || {
		fail "$_name: its streams are answered"
		diag_file "$T/$_name.err"
	}
}

answered()	# name words description
{
	is "$(sed -n 's/^answered //p' "$T/$1.out")" "$2" "$3"
}

got_file()	# user description
{
	rm -f "$T/in/hello"
	run "$T/$1" -s "$bob" "$T/hello"
	is "$status" 0 "$2"
	check_same "$T/in/hello" "$T/hello" "$2: it is there"
}

listen_as bob listener -k -a "alice@$DOMAIN" -a "carol@$DOMAIN" -r "$T/in" \
    'cat=!cat'

silent services -n 20 -x "$plain" "$bob/xcat" cat
answered services accepted 'twenty streams to a service'
got_file alice 'they take no place of a file'

silent files -n 16 -x "$file" "$bob/xcat"
answered files accepted 'sixteen files that do not come'
silent more -x "$file" "$bob/xcat"
answered more resource-constraint 'one more file of the account is one too many'
got_file carol 'another account has places of its own'
run "$T/alice" "$bob" cat <"$T/hello"
is "$status" 0 'services have theirs'
check_same "$T/run.out" "$T/hello" 'and serve'
stop listener
done_testing
