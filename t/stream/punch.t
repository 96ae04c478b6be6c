#!/bin/sh
#
# Punching between two homes behind routers, 50 ms from each other, by the STUN
# server of Debian: what routers let it through, ten times of ten.

. "${0%/*}/../lib/lib.sh"
. "$LIB/nat.sh"

FOUR=203.0.113.2 SIX=2001:db8:5::2
SIDES='1 2 3 4 5 6 7 8 9 10'

side()		# a|b number peer role ttl lag [ms]
{
	_n=$1 _i=$2 _peer=$3; shift 3
	start "$_n$_i" ip netns exec "$NS$_n" sh -c '
		exec <>"$1" >"$2"; shift 2
		exec "$@"' sh "$T/to-$_n$_i" "$T/to-$_peer$_i" \
	    "$LIB/punch" "$1" "$STUN" "$2" "$3" "${4-5000}"
}

# Several at once, each from a port of its own; b begins LAG ms after a, or a
# before b if it is less than 0.
punch()		# numbers ttl lag [ms]
{
	_lag_a=0 _lag_b=$3
	[ "$3" -ge 0 ] || _lag_a=${3#-} _lag_b=0
	_numbers=$1
	for _k in $_numbers; do
		fifo "to-a$_k"
		fifo "to-b$_k"
		side a "$_k" b initiator "$2" "$_lag_a" "${4-5000}"
		side b "$_k" a other "$2" "$_lag_b" "${4-5000}"
	done
	through=0
	for _k in $_numbers; do
		finish "a$_k" 20
		_a=$status
		finish "b$_k" 20
		[ "$_a$status" != 00 ] || through=$((through + 1))
	done
}

longest()	# ms that side a took for any of them
{
	cat "$T"/a[0-9]*.err | sed -n 's/.* after //p' | sort -n | tail -n 1
}

ten()		# what ttl lag
{
	punch "$SIDES" "$2" "$3"
	is "$through" 10 "$1: ten of ten"
	[ "$through" -eq 10 ] || {
		diag_file "$T/a1.err"
		diag_file "$T/b1.err"
	}
	[ "$3" -gt 50 ] || [ "$3" -lt -50 ] ||
	    ok "$1: within two seconds" [ "$(longest)" -lt 2000 ]
}

# What has been tried leaves its traces in the routers.
routers()	# closed|drop|reset [option of masquerade]
{
	nat_masquerade ra "${2-}"
	nat_masquerade rb "${2-}"
	nat_unexpected ra "$1"
	nat_unexpected rb "$1"
}

nat_up 25
nat_stun
STUN=$FOUR

routers drop
ten 'routers that drop' 0 0
routers drop
ten 'routers that drop, at different times' 0 -70
routers drop
ten 'routers that drop, a low hop limit' 2 0
for _how in reset closed; do
	for _lag in 40 -70; do
		routers $_how
		ten "$_how: a low hop limit, $_lag ms" 2 $_lag
	done
done

# Who is mapped to another port each time has no address to tell.
routers drop fully-random
punch 1 0 0 1000
is $through 0 'routers that map by destination: in vain'
ok 'routers that map by destination: what became of it' \
    said a1 '^no: no answer$'

routers drop
nat_plain rb
ten 'a plain host and a router' 0 0
nat_masquerade ra fully-random
nat_unexpected ra drop
ten 'a plain host and a router that maps by destination' 0 0

STUN=$SIX
for _how in drop reset; do
	for _r in ra rb; do
		nat_firewall $_r
		nat_unexpected $_r $_how ip6
	done
	_ttl=0
	[ $_how = drop ] || _ttl=2
	ten "IPv6 and firewalls, $_how" $_ttl 30
done
done_testing
