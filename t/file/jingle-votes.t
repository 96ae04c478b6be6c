#!/bin/sh
#
# Which socket two ends of Jingle agree on, if it comes otherwise than it should:
# votes that cross, are missing or lie, proxies that are not activated, other
# transports; an end at each moment; and several sessions at a time.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/file.sh"

take()		# peer-option ...: bob is the receiver
{
	empty_dir in
	start peer "$T/jingle-bob" "$@" receive "$T/in"
	wait_for 30 said peer listening || bail "the peer does not log in"
}

send()		# what xcat-options peer-option ...
{
	what="xcat sends: $1" _x=$2; shift 2
	take "$@"
	# shellcheck disable=SC2086
	run "$T/alice" -v $_x -s "bob@$DOMAIN/slix" "$T/data"
	is "$status" 0 "$what: status"
	ended peer "$what"
	check_same "$T/in/data" "$T/data" "$what: content"
}

receive()	# what xcat-options peer-option ...: alice is the sender
{
	what="xcat receives: $1" _x=$2; shift 2
	empty_dir in
	# shellcheck disable=SC2086
	listen_as bob xcat -v -r "$T/in" -a "alice@$DOMAIN" $_x
	start peer "$T/jingle-alice" "$@" send "bob@$DOMAIN/xcat" "$T/data"
	ended peer "$what"
	ended xcat "$what"
	check_same "$T/in/data" "$T/data" "$what: content"
}

hears()		# regex ...: lines that the peer has printed
{
	for _re; do
		ok "$what: the peer: $_re" grep -q "$_re" "$T/peer.out"
	done
}

# Both have one, of which the better one counts.
nominations()
{
	none='-o streamhost=none'
	for way in send receive; do
		# Of equal ones it is that which the initiator has chosen.
		mine=ours
		[ $way = send ] || mine=theirs
		$way "its candidate is better" '' --priority 9000000
		hears 'peer: candidate-used' 'uses ours: direct'
		$way "ours is better" '' --priority 1000
		hears 'peer: candidate-used' 'uses theirs: direct'
		$way "equal ones" '' --priority 8323071
		hears 'peer: candidate-used' "uses $mine: direct"
		$way "ours, and none of its" '' -H none
		hears 'peer: candidate-error' 'uses theirs: direct'
		$way "its, and none of ours" '' --no-connect
		hears 'peer: candidate-used' 'uses ours: direct'
		# What could only lose is not waited for.
		$way "its vote, while we try what is worse" '' -H stalled
		hears 'peer: candidate-error' 'uses theirs: direct'
		$way "activated, but another one" "$none" -H proxy \
		    --no-connect --wrong-activated
		hears 'activated refused: bad-request' 'uses ours: proxy'
		# Of a proxy that is both ends' only one end is its user.
		[ $way = send ] ||
		    is "$(grep -c 'offered again' "$T/peer.out")" 0 \
			"$what: the proxy is not offered again"
		$way "it does not reach its proxy" "$none" -H proxy \
		    --no-connect --proxy-error
		hears '^\(transport-replace\|replaces\)'
		$way "a proxy that it claims to have reached" \
		    "$none" -H none --no-connect --claim proxy
		hears 'uses theirs: proxy' 'peer: proxy-error' \
		    '^\(transport-replace\|replaces\)'
	done
	send "it has voted before" '' --early -H none --no-connect --no-vote
	hears transport-replace
	send "both offer" -i --tie
	hears 'session-initiate refused: conflict tie-break'
}

# What never comes.
silence()
{
	wind 8
	send "it does not say that it has activated" "$none" -H proxy \
	    --no-connect --no-activated
	hears 'uses ours: proxy' 'transport-replace'
	receive "it does not say that it has activated" "$none" -H proxy \
	    --no-connect --no-activated
	hears 'uses ours: proxy'
	send "it does not vote" '' -H none --no-connect --no-vote
	hears 'peer: candidate-error' 'transport-replace'
	receive "a stream that takes longer than -w" \
	    "-w $(by_tier 16 3)" -M ibb -b 8192 --pause 0.3
	hears 'ended: success'
	for _x in -v -i; do
		what="xcat $_x sends: it does not say that it has all"
		take --quiet-end
		run "$T/alice" $_x -s "bob@$DOMAIN/slix" "$T/data"
		is "$status" 7 "$what: status"
		ok "$what: said" said run 'all is sent, but it does not say'
		ended peer "$what"
		hears 'ended: timeout'
	done
	what="xcat receives: it asks for no other way"
	empty_dir in
	listen_as bob xcat -w "$(by_tier 40 8)" -r "$T/in" -a "alice@$DOMAIN"
	start peer "$T/jingle-alice" -H none --only none --no-replace send \
	    "bob@$DOMAIN/xcat" "$T/data"
	ended peer "$what"
	hears 'ended: timeout'
	stop xcat
	wind 1
}

head -c 100003 /dev/urandom >"$T/data"
start_server prosody proxy65
slix_user alice jingle
slix_user bob jingle
nominations
silence
stop_server
done_testing
