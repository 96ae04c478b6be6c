#!/bin/sh
#
# Services for uploads (XEP-0363) that refuse, break off, or mean no good: what
# goes to them, and what the user is told (badupload.py).

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/file.sh"

SIZE=300000

start_service()	# prosody|ejabberd
{
	EXTRA=
	if [ "$1" = ejabberd ]; then
		start_server ejabberd component
	else
		EXTRA="Component \"up.$DOMAIN\"
			component_secret = \"open sesame\""
		start_server prosody
	fi
	start component "$PYTHON" -B "$LIB/badupload.py" "$COMPONENTPORT" \
	    "up.$DOMAIN" 'open sesame' "$CA/example.test.pem" \
	    "$CA/example.test.key"
	wait_for 60 grep -q ready "$T/component.out" || bail 'no component'
}

# The lines of the service are those from $first on.
upload()	# name [option ...]
{
	_name=$1; shift
	head -c "$SIZE" "$T/data" >"$T/$_name"
	first=$(($(wc -l <"$T/component.out") + 1))
	run "$T/alice" -w 1 -s -o upload=yes "$@" "carol@$DOMAIN" "$T/$_name"
}

service_is()	# what line ...
{
	_what=$1; shift
	printf '%s\n' "$@" >"$T/expected"
	wait_for 5 service_said
	check_same "$T/service" "$T/expected" "$_what: the service"
}

service_said()
{
	tail -n "+$first" "$T/component.out" >"$T/service"
	cmp -s "$T/service" "$T/expected"
}

refused()	# status extended-regex name line ...
{
	_status=$1 _re=$2 _of=$3; shift 3
	upload "$_of"
	is "$status" "$_status" "$_of: status"
	ok "$_of: said" said run "$_re"
	service_is "$_of" "$@"
	is "$(grep -c 'receipt' "$T/run.err")" 0 "$_of: no link is sent"
}

TYPE=application/octet-stream

# Through ejabberd, what a server passes on between us and its service.
if [ -z "${SERVERS##*ejabberd*}" ]; then
	head -c "$SIZE" /dev/urandom >"$T/data"
	start_service ejabberd
	refused 3 'which is not https; nothing was uploaded' http 'slot http'
	refused 5 'it is too large: up\..* takes 7 bytes at most' large \
	    'slot large'
	refused 5 'takes no more now .*; try again after 2027-01-02T03:04:05Z' \
	    quota 'slot quota'
	refused 5 'does not want it \(forbidden\)' forbidden 'slot forbidden'
	refused 5 'it redirects elsewhere, where nothing is put' redirect \
	    'slot redirect' "PUT redirect $SIZE $TYPE"
	refused 5 'status 413; it is too large' status-413 'slot status' \
	    "PUT status $SIZE $TYPE"
	stop component
	stop_server
fi
head -c "$SIZE" /dev/urandom >"$T/data"
start_service prosody

upload plain
is "$status" 0 "plain: status"
service_is plain 'slot plain' "PUT plain $SIZE $TYPE"
upload headers -vv
is "$status" 0 "headers: status"
ok 'headers: -vv shows no secrets' sh -c \
    '! grep -q -e "Bearer x" -e "put url=.https:" "$1"' sh "$T/run.err"
ok 'headers: but the slot' said run '<slot'
service_is headers 'slot headers' \
    "PUT headers $SIZE $TYPE Cookie=a+c Expires=never auThorization=Bearer x"

# A slot that is not to be used.
refused 3 'http://localhost.*which is not https; nothing was uploaded' http \
    'slot http'
refused 3 'which is not https; nothing was uploaded' gethttp 'slot gethttp'
refused 3 'which names a user; nothing was uploaded' user 'slot user'
refused 3 'nonsense, which is no URL; nothing was uploaded' nourl 'slot nourl'
refused 3 'no sense \(a field of it has a line end in it\)' newline \
    'slot newline'
refused 3 'uploading it to up\..*certificate' other 'slot other'
refused 3 'uploading it to up\..*refused' gone 'slot gone'

# No slot.
refused 5 'it is too large: up\..* takes 7 bytes at most' large 'slot large'
refused 5 'takes no more now \(.*\); try again after 2027-01-02T03:04:05Z' \
    quota 'slot quota'
refused 5 'does not want it \(forbidden\)' forbidden 'slot forbidden'
refused 7 'no answer from the service' mute 'slot mute'

# What is answered to the file.
refused 5 'it redirects elsewhere, where nothing is put' redirect \
    'slot redirect' "PUT redirect $SIZE $TYPE"
refused 5 'status 403; it does not want it' status-403 'slot status' \
    "PUT status $SIZE $TYPE"
refused 5 'status 413; it is too large' status-413 'slot status' \
    "PUT status $SIZE $TYPE"
refused 5 'status 507; it has no room' status-507 'slot status' \
    "PUT status $SIZE $TYPE"
refused 5 'status 503; try again later$' status-503 \
    'slot status' "PUT status $SIZE $TYPE" \
    'slot status' "PUT status $SIZE $TYPE" \
    'slot status' "PUT status $SIZE $TYPE"
is "$(grep -c '; trying again' "$T/run.err")" 2 "each new try is told"
refused 7 'no answer in time' silent 'slot silent' "PUT silent $SIZE $TYPE"
# The last of it is given to the connection, but has not gone.
SIZE=131000
refused 6 'it says that it has all before it has' thanks 'slot thanks' \
    'PUT thanks' 'slot thanks' 'PUT thanks' 'slot thanks' 'PUT thanks'
# Most of it has not gone when the answer comes.
SIZE=30000000
head -c "$SIZE" /dev/zero >"$T/data"
refused 5 'status 413; it is too large' early 'slot early' 'PUT early'
upload cut-2
is "$status" 0 "a third try: status"
service_is "a third try" 'slot cut' 'PUT cut' 'slot cut' 'PUT cut' \
    'slot cut' "PUT cut $SIZE $TYPE"
refused 6 'uploading it to up\.' cut-3 'slot cut' 'PUT cut' \
    'slot cut' 'PUT cut' 'slot cut' 'PUT cut'
done_testing
