#!/bin/sh
#
# Programs that do Jingle otherwise than others, break off, or lie: what xcat says
# and ends with, as a sender and as a receiver; and files in parts.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/file.sh"

send()		# status what xcat-options peer-option ...: bob is the receiver
{
	_status=$1 what=$2 _x=$3; shift 3
	empty_dir in
	start peer "$T/jingle-bob" "$@" receive "$T/in"
	wait_for 30 said peer listening || bail "the peer does not log in"
	# shellcheck disable=SC2086
	start xcat "$T/alice" -v $_x -s "bob@$DOMAIN/slix" "${file-$T/data}"
	ended xcat "$what" "$_status"
	finish peer
}

receive()	# status what xcat-options peer-option ...: alice is the sender
{
	_status=$1 what=$2 _x=$3; shift 3
	# shellcheck disable=SC2086
	listen_as bob xcat -v -r "$T/in" -a "alice@$DOMAIN" $_x
	start peer "$T/jingle-alice" "$@" send "bob@$DOMAIN/xcat" "$T/data"
	finish peer
	ended xcat "$what" "$_status"
}

whole()
{
	check_same "$T/in/data" "$T/data" "$what: content"
}

nothing()	# but what may be gone on with
{
	is "$(find "$T/in" -type f ! -name '.xcat-part-*' | wc -l)" 0 \
	    "$what: no file"
}

hears()		# regex: a line that the peer has printed
{
	ok "$what: the peer: $1" grep -q "$1" "$T/peer.out"
}

says()		# regex
{
	ok "$what: says: $1" said xcat "$1"
}

odd_receivers()
{
	send 5 "declined" '' --decline decline
	says 'it declines the file .decline'
	send 5 "busy" '' --decline busy
	says 'it is busy; try again later .busy'
	send 0 "larger blocks and no sid" -i --no-sid -b 65535
	whole
	hears '^open 4096'
	send 0 "smaller blocks" -i -b 512
	whole
	hears '^open 512'
	send 5 "S5B where in-band was offered" -i --other-transport
	hears '^ended: failed-transport'
	send 0 "a session-accept instead of a transport-accept" '' -H none \
	    --no-connect --replace-answer session-accept
	whole
	send 5 "no in-band" '' -H none --no-connect \
	    --replace-answer transport-reject
	hears '^ended: connectivity-error'
	says 'it takes no in-band stream'
	send 5 "no socket and no in-band by us" '-o carrier=s5b' -H none \
	    --no-connect
	hears '^ended: connectivity-error'
	send 0 "accepted twice" -i --twice
	whole
	hears '^session-accept refused: unexpected-request out-of-order'
	hears '^transport-accept refused: unexpected-request out-of-order'
	send 0 "another transport while the file moves" -i --late-replace
	whole
	hears '^transport-reject'
	send 0 "a candidate that we have not offered" '' --use nonsense
	whole
	hears '^candidate-used refused: bad-request'
	send 0 "a ping before it is accepted" '' --ping
	whole
	hears '^pong'
	send 0 "equal priorities: the initiator's choice" '' \
	    --priority 8323071
	whole
	send 0 "received, and no more" -i --received --no-close-answer
	whole
	send 6 "a hash that differs for it" '' --reason media-error
	says 'it could not keep the file.*.media-error'
	file=$T/large send 6 "a socket that is cut" '' --cut 1000
	file=$T/large send 6 "a success before the end" '' --end-at moving \
	    --end-with success
	says 'it ended the session before the end of the file'
	send 6 "a stream that is closed" -i --cut 5000
	send 6 "cancelled" '' --cut 1000 --reason cancel
	says 'it has cancelled the file .cancel'
}

# A part that the receiver wants is what it gets; it is not all of the file.
parts()
{
	send 0 "a range" '' --offset 1000
	tail -c +1001 "$T/data" >"$T/part"
	check_same "$T/in/data" "$T/part" "$what: the rest"
	says 'going on behind 1000 bytes'
	send 0 "a range with a length" -i --offset 1000 --length 500
	tail -c +1001 "$T/data" | head -c 500 >"$T/part"
	check_same "$T/in/data" "$T/part" "$what: the part"
	send 0 "an empty range" '' --offset 100003
	is "$(stat -c %s "$T/in/data")" 0 "$what: nothing"
	send 5 "a range behind the end" '' --offset 100004
	says 'it wants a part that the file has not'
}

odd_senders()
{
	wrong=$(printf %032d 0 | openssl base64)
	empty_dir in
	receive 6 "another hash" '' --hash "$wrong"
	nothing
	hears '^ended: media-error'
	says 'its content is not what was announced by its hash'
	is "$(find "$T/in" -type f | wc -l)" 0 "$what: nothing is kept"
	receive 0 "a hash that comes first" '' --checksum early
	whole
	says 'SHA-256 agrees'
	empty_dir in
	receive 0 "a hash that no offer has announced" '' --no-hash \
	    --checksum early
	whole
	says 'SHA-256 agrees'
	empty_dir in
	receive 6 "and one that differs" '' --no-hash --checksum early \
	    --hash "$wrong"
	nothing
	empty_dir in
	receive 0 "a hash that comes last" '' --checksum late -M ibb
	whole
	says 'SHA-256 agrees'
	empty_dir in
	receive 6 "one that differs" '' --checksum late --hash "$wrong"
	nothing
	hears '^ended: media-error'
	receive 6 "less than announced" '' --size 100100 -M ibb
	nothing
	receive 0 "a socket that stays open" '' --no-close
	whole
	empty_dir in
	receive 0 "a stream that stays open" '' --no-close -M ibb
	whole
	empty_dir in
	receive 0 "a name that leads elsewhere" '' --name ../../etc/data
	whole
	empty_dir in
	receive 0 "no hash" '' --no-hash
	whole
	says 'no hash to compare'
	empty_dir in
	receive 6 "more than announced" '' --excess 5 -M ibb
	nothing
	receive 0 "a sender that ends the session itself" '' --hurry success
	whole
	empty_dir in
	receive 6 "a sender that cancels" '' -M ibb --cut 9000 --no-close \
	    --hurry cancel
	says 'its sender has ended it: cancel'
	receive 0 "and comes back" '' -M ibb
	hears '^range '
	whole
	# The socket breaks, and the next one carries the rest.
	empty_dir in
	receive 6 "a socket that breaks" '' --cut 60000
	says '60000 of 100003 bytes are kept'
	nothing
	receive 0 "and the rest by another socket" ''
	hears '^range 60000'
	hears '^uses theirs: direct'
	whole
	is "$(ls -A "$T/in")" data "$what: and nothing else"
	# Nothing is connected to that the policy does not let us: there is a
	# better way in the end.
	empty_dir in
	receive 0 "hosts that are none of its business" '' \
	    -H 127.0.0.1:22,127.0.0.1:25,169.254.1.1:9000 --only none
	whole
	says 'none of its candidates'
	hears '^replaces'
}

at_once()
{
	what="five at once"
	empty_dir in
	listen_as bob xcat -k -r "$T/in" -a "alice@$DOMAIN" \
	    -a "carol@$DOMAIN"
	for i in 1 2 3 4 5; do
		cp "$T/data" "$T/data$i"
		method=ibb
		[ $((i % 2)) = 0 ] || method=s5b
		start "peer$i" "$T/jingle-carol" -M "$method" send \
		    "bob@$DOMAIN/xcat" "$T/data$i"
	done
	for i in 1 2 3 4 5; do
		ended "peer$i" "$what"
		check_same "$T/in/data$i" "$T/data" "$what: $i"
	done
	stop xcat
}

head -c 100003 /dev/urandom >"$T/data"
head -c 20000000 /dev/zero >"$T/large"
start_server prosody proxy65
for user in alice bob; do
	slix_user $user jingle
done
# Each with a resource of its own.
slix_user carol jingle
sed -i 's|/slix"|"|' "$T/jingle-carol"
odd_receivers
parts
odd_senders
at_once
stop_server
done_testing
