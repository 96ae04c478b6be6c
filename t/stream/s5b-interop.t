#!/bin/sh
#
# xcat with a program that knows XEP-0065 and nothing of xcat: slixmpp, as the
# requester, which offers proxies only, and as the target, which takes any host.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"

slix_calls()	# slixmpp-options xcat-options slixmpp-input xcat-input
{
	_what="$server: slixmpp $1 calls xcat $2"
	# shellcheck disable=SC2086
	listen_as bob xcat -v $2 -a "alice@$DOMAIN" <"$4"
	# shellcheck disable=SC2086
	start slixmpp "$T/slix65-alice" $1 call "bob@$DOMAIN/xcat" <"$3"
	compare "$3" "$4"
	ok "$_what: through a proxy" said xcat ': socket: proxy'
}

xcat_calls()	# way slixmpp-options xcat-options slixmpp-input xcat-input
{
	_what="$server: xcat $3 calls slixmpp $2"
	# shellcheck disable=SC2086
	start slixmpp "$T/slix65-bob" $2 listen <"$4"
	wait_for 20 said slixmpp listening || bail "slixmpp does not log in"
	# shellcheck disable=SC2086
	start xcat "$T/alice" -v -o carrier=s5b $3 "bob@$DOMAIN/slix" <"$5"
	compare "$4" "$5"
	ok "$_what: $1" said xcat ": socket: $1"
}

compare()	# slixmpp-input xcat-input
{
	ended slixmpp "$_what"
	ended xcat "$_what"
	check_same "$T/xcat.out" "$1" "$_what: slixmpp to xcat"
	check_same "$T/slixmpp.out" "$2" "$_what: xcat to slixmpp"
}

# slixmpp knows nothing of streams in-band: said in words.
refused()
{
	start slixmpp "$T/slix65-bob" listen
	wait_for 20 said slixmpp listening || bail "slixmpp does not log in"
	fails 5 'XEP-0047|not-implemented|nobody' \
	    "$server: slixmpp knows no in-band bytestreams" \
	    "$T/alice" "bob@$DOMAIN/slix"
	signal KILL slixmpp
	finish slixmpp
}

head -c 3000001 /dev/urandom >"$T/data"
printf x >"$T/byte"

for kind in $SERVERS; do
	start_server "$kind" proxy65
	slix_user alice slix65
	slix_user bob slix65
	slix_calls -N '' "$T/data" /dev/null
	slix_calls -N '' "$T/byte" /dev/null
	slix_calls '' -N /dev/null "$T/data"
	xcat_calls direct '' -s /dev/null "$T/data"
	xcat_calls direct '' -N /dev/null "$T/byte"
	xcat_calls direct -N -d "$T/data" /dev/null
	xcat_calls proxy '' '-s -o streamhost=none' /dev/null "$T/data"
	xcat_calls proxy -N '-d -o streamhost=none' "$T/data" /dev/null
	refused
	stop_server
done
done_testing
