#!/bin/sh
#
# Files to and from a second program that knows XEP-0096: one made with gloox.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/file.sh"

${CXX:-c++} -o "$T/gloox" "$LIB/gloox.cpp" -lgloox >"$T/cxx.err" 2>&1 || {
	diag_file "$T/cxx.err"
	bail "t/lib/gloox.cpp does not compile"
}

gloox_as()	# name user method argument ...
{
	_name=$1 _u=$2 _m=$3; shift 3
	start "$_name" env GLOOX_PASSWORD="$(password "$_u")" "$T/gloox" \
	    "$_u@$DOMAIN/gloox" "${SERVER%:*}" "$PORT" "$CAFILE" "$_m" "$@"
}

xcat_sends()	# method file
{
	_what="$server: xcat sends ${2##*/} to gloox by $1"
	empty_dir in
	gloox_as gloox bob "$1" receive "$T/in"
	wait_for 30 said gloox listening || bail "gloox does not log in"
	start xcat "$T/alice" -s "bob@$DOMAIN/gloox" "$2"
	ended xcat "$_what"
	ended gloox "$_what"
	check_same "$T/in/${2##*/}" "$2" "$_what: content"
}

gloox_sends()	# method file
{
	_what="$server: gloox sends ${2##*/} to xcat by $1"
	empty_dir in
	listen_as bob xcat -r "$T/in" -a "alice@$DOMAIN"
	gloox_as gloox alice "$1" send "bob@$DOMAIN/xcat" "$2"
	ended gloox "$_what"
	ended xcat "$_what"
	check_same "$T/in/${2##*/}" "$2" "$_what: content"
}

head -c 300001 /dev/urandom >"$T/data"
printf x >"$T/one"

for kind in $SERVERS; do
	start_server "$kind" proxy65
	xcat_sends ibb "$T/data"
	xcat_sends ibb "$T/one"
	gloox_sends ibb "$T/data"
	gloox_sends ibb "$T/one"
	xcat_sends s5b "$T/data"
	gloox_sends s5b "$T/data"
	stop_server
done
done_testing
