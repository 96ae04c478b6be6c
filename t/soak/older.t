#!/bin/sh
# An xcat that knows sockets of version 1 only, as it was until 42de4bf, and one
# of today: whichever calls, and by whichever way, what is sent arrives by a
# socket, also if the socket is cut off in the middle.  What the old one does not
# know at all, -u and -R, is refused in words that say so.

[ "${TIER-check}" = soak ] || {
	echo '1..0 # SKIP it builds an old xcat; this is for make soak'
	exit 0
}
OLD=42de4bf
. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/relay.sh"
. "$LIB/udp.sh"
CARRIER=				# relay.sh would have none but in-band

git -C "$TOP" cat-file -e "$OLD^{commit}" 2>/dev/null || {
	echo "1..0 # SKIP no history here that has $OLD"
	exit 0
}

build_old()
{
	mkdir "$T/old"
	git -C "$TOP" archive "$OLD" | tar x -C "$T/old"
	make -C "$T/old" xcat >"$T/make.out" 2>&1 || {
		diag_file "$T/make.out"
		bail "$OLD cannot be built"
	}
}

is_by()		# user xcat
{
	_today=$XCAT
	XCAT=$2
	xcat_user "$1"
	XCAT=$_today
}

both_ways()	# what kind-of-socket option ...: for the caller
{
	_what=$1 _kind=$2; shift 2
	listen_as bob l -v -a "alice@$DOMAIN" "$@" <"$T/down"
	start c "$T/alice" -v -o upgrade-after=100000 "$@" "bob@$DOMAIN" \
	    <"$T/up"
	ended_well c 120 "$_what: caller"
	ended_well l 60 "$_what: listener"
	check_same "$T/l.out" "$T/up" "$_what: all has come, one way"
	check_same "$T/c.out" "$T/down" "$_what: and the other"
	ok "$_what: by a socket" said c ": socket: $_kind"
	ok "$_what: at both ends" said l ": socket: $_kind"
}

# Relays that break each connection after so many bytes: the rest goes by the
# next socket, or in-band.  Three, since what is offered behind a relay is tried
# a little later, and must not be there first.
cut_off()	# what
{
	_port=$(free_port) _hosts=
	for _n in 1 2 3; do
		start_distance "cut$_n" "$_port" -n 3000000
		eval "_hosts=\"\$_hosts -o streamhost=127.0.0.1:\$port_cut$_n\""
	done
	# shellcheck disable=SC2086
	both_ways "$1, cut off" direct $_hosts \
	    -o "streamhost=127.0.0.1:$_port"
	! said c 'the socket broke' || lost=$((lost + 1))
	for _n in 1 2 3; do
		stop "cut$_n"
	done
}

each_way()	# what
{
	both_ways "$1, direct" direct
	both_ways "$1, by a proxy" proxy -o streamhost=none
	cut_off "$1"
}

# bob's is the old one.
unknown()	# what option ...: of the listener
{
	_what=$1; shift
	listen_as bob l -k -a "$alice" "$@" 'hi=!echo hi'
	fails 5 'does not know ports for callers \(-R\): xcat must be newer' \
	    "$_what: -R" "$T/alice" -R 0=1 "bob@$DOMAIN"
	forward -v "bob@$DOMAIN" hi
	does "$_what: -u" send 127.0.0.1 "$p" 1
	ok "$_what: is refused" wait_for 30 said a \
	    'does not know streams of datagrams \(-u\): xcat must be newer'
	stop a
	run "$T/alice" -d "$@" "bob@$DOMAIN" hi
	is "$(cat "$T/run.out")" hi "$_what: others are served"
	stop l
}

lost=0
build_old
random up 9000000
random down 9000000
for kind in $SERVERS; do
	start_server "$kind" smacks proxy65
	is_by alice "$T/old/xcat"
	each_way "$kind: the old one calls"
	is_by alice "$XCAT"
	is_by bob "$T/old/xcat"
	each_way "$kind: the old one listens"
	unknown "$kind: unknown"
	unknown "$kind: unknown, without sessions" -o e2e=off
	stop_server
done
# An address without a relay may have been faster.
ok "of the sockets that were cut off, $lost broke" [ "$lost" -ge 1 ]
done_testing
