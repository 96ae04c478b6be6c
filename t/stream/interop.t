#!/bin/sh
#
# xcat with a program that knows XEP-0047 and nothing of xcat: slixmpp, as the
# caller and as the listener, with iq and with message stanzas.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"

# Who closes is told by -N or -s; the other one waits for it.
slix_calls()	# slixmpp-options xcat-options slixmpp-input xcat-input
{
	_what="$server: slixmpp $1 calls xcat $2"
	# shellcheck disable=SC2086
	listen_as bob xcat $2 -a "alice@$DOMAIN" <"$4"
	# shellcheck disable=SC2086
	start slixmpp "$T/slix-alice" $1 call "bob@$DOMAIN/xcat" <"$3"
	compare "$3" "$4"
}

xcat_calls()	# slixmpp-options xcat-options slixmpp-input xcat-input
{
	_what="$server: xcat $2 calls slixmpp $1"
	# shellcheck disable=SC2086
	start slixmpp "$T/slix-bob" $1 listen <"$3"
	wait_for 20 said slixmpp listening || bail "slixmpp does not log in"
	# shellcheck disable=SC2086
	start xcat "$T/alice" $2 "bob@$DOMAIN/slix" <"$4"
	compare "$3" "$4"
}

compare()	# slixmpp-input xcat-input
{
	ended slixmpp "$_what"
	ended xcat "$_what"
	check_same "$T/xcat.out" "$1" "$_what: slixmpp to xcat"
	check_same "$T/slixmpp.out" "$2" "$_what: xcat to slixmpp"
}

both_roles()
{
	slix_calls -N '' "$T/data" /dev/null
	slix_calls -N '' "$T/byte" /dev/null
	slix_calls -N '' /dev/null /dev/null
	slix_calls '' -N /dev/null "$T/data"
	slix_calls '-N -m' '' "$T/data" /dev/null
	slix_calls -m -N /dev/null "$T/data"

	xcat_calls '' -s /dev/null "$T/data"
	xcat_calls '' -N /dev/null "$T/byte"
	xcat_calls '' -s /dev/null /dev/null
	xcat_calls -N -d "$T/data" /dev/null
	xcat_calls '' '-s -m' /dev/null "$T/data"
	xcat_calls -N '-d -m' "$T/data" /dev/null
}

# slixmpp answers resource-constraint to blocks larger than its own.
block_sizes()
{
	xcat_calls '-b 1000' '-b 65535 -s' /dev/null "$T/data"
	xcat_calls '-b 65535' '-b 65535 -s' /dev/null "$T/data"
	slix_calls '-b 65535 -N' '-b 65535' "$T/data" /dev/null
	slix_calls '-b 1 -N' '' "$T/little" /dev/null
}

head -c 300001 /dev/urandom >"$T/data"
head -c 100 /dev/urandom >"$T/little"
printf x >"$T/byte"

for kind in $SERVERS; do
	start_server "$kind"
	both_roles
	block_sizes
	stop_server
done
done_testing
