#!/bin/sh
#
# Machines that reach each other, or only a third, or not any more: three network
# namespaces, of which the one in the middle has the server and its proxy.
#
#	a 10.77.1.2 --- 10.77.1.1 m 10.77.2.1 --- 10.77.2.2 b
#
# Whether m forwards between them decides whether there is a direct way.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"

[ "$(id -u)" -eq 0 ] || skip_all 'only root makes network namespaces'
NS=xcat$$
ip netns add "${NS}m" 2>/dev/null || skip_all 'no network namespaces here'

LIMIT=60

forget_namespaces()
{
	for _n in a m b; do
		ip netns del "$NS$_n" 2>/dev/null
	done
}
trap 'forget_namespaces; cleanup' EXIT

at()		# a|m|b command ...
{
	_at=$1; shift
	ip netns exec "$NS$_at" "$@"
}

wire()		# a|b net
{
	ip netns add "$NS$1"
	ip link add "m$1$$" netns "${NS}m" type veth peer name "$1m$$" \
	    netns "$NS$1"
	at m ip addr add "10.77.$2.1/24" dev "m$1$$"
	at "$1" ip addr add "10.77.$2.2/24" dev "$1m$$"
	at m ip link set "m$1$$" up
	at "$1" ip link set "$1m$$" up
	at "$1" ip link set lo up
	at "$1" ip route add default via "10.77.$2.1"
}

forwards()	# 1|0: does m, for a and b?
{
	at m sh -c "echo $1 >/proc/sys/net/ipv4/ip_forward"
}

# With a default route and no forwarding, packets go nowhere and nothing says so:
# what a firewall that drops looks like.  Without the route, connecting fails.
unreachable()
{
	at a ip route add unreachable 10.77.2.0/24
	at b ip route add unreachable 10.77.1.0/24
}

reachable()
{
	at a ip route del unreachable 10.77.2.0/24
	at b ip route del unreachable 10.77.1.0/24
}

# As xcat_user, in a namespace; all of the server's names are at m.
user_at()	# user a|b net
{
	sed -i "s|^exec |exec ip netns exec $NS$2 |; s| -c \"*[^ ]*\"* | -c 10.77.$3.1:$PORT |" "$T/$1"
}

# Slowly enough for a stream to last, fast enough to see it pause: a line every
# tenth of a second.
ticks()		# n
{
	perl -e '$| = 1; for (1 .. $ARGV[0]) { print time, " x\n";
	    select undef, undef, undef, 0.1 }' "$1"
}

# A stream of that many ticks, and what carries it in the end.
try()		# regex what ticks option ...
{
	_re=$1 _what=$2 _ticks=$3; shift 3
	fifo caller.in
	fifo listener.out
	start reader perl -MTime::HiRes=time -e '
		open F, "<", $ARGV[0] or die; $last = time;
		while (<F>) { $n++; $now = time;
		    $gap = $now - $last if $n > 1 && $now - $last > $gap;
		    $last = $now }
		printf "%d %s\n", $n, $gap < 3 ? "without a pause" : $gap' \
	    "$T/listener.out"
	listen_as bob listener -v -a "alice@$DOMAIN"
	start caller sh -c 'exec <"$1"; shift; exec "$@"' sh "$T/caller.in" \
	    "$T/alice" -s -v -o upgrade-after=0 "$@" "bob@$DOMAIN"
	ticks "$_ticks" >"$T/caller.in" &
	ok "$_what: in use within ten seconds" \
	    wait_for 60 said caller ": socket: $_re"
	wait $!
	ended caller "$_what"
	ended listener "$_what"
	ended reader "$_what"
	is "$(cat "$T/reader.out")" "$_ticks without a pause" "$_what: all of it"
	rm "$T/listener.out"
}

wire a 1
wire b 2
at m ip link set lo up

# On a busy machine its turn may come before the direct way has answered.
proxy()		# add|del
{
	at m ip addr "$1" 10.77.9.9/32 dev lo
}

# server.sh starts servers here and not in m, and asks for them on loopback.
start_in_m()
{
	[ -n "${CA-}" ] || make_server_ca
	PORT=5222 TLSPORT=5223 PROXYPORT=5000 COMPONENTPORT=5347
	HTTPPORT=5280 HTTPSPORT=5281 SERVER=10.77.1.1:5222
	# what the proxy tells is one address, that both can reach
	EXTRA='proxy65_address = "10.77.9.9"'
	proxy add
	LOOPBACK='127.0.0.1 10.77.1.1 10.77.2.1 10.77.9.9'
	setup_prosody proxy65
	for _user in $USERS; do
		xcat_user "$_user"
	done
	start prosody ip netns exec "${NS}m" prosody -F --config \
	    "$T/prosody.cfg.lua"
	wait_for 30 at m ss -Hltn "sport = :5222"
	wait_for 30 at m sh -c 'ss -Hltn "sport = :5222" | grep -q . &&
	    ss -Hltn "sport = :5000" | grep -q .' || bail 'no server'
}

start_in_m
user_at alice a 1
user_at bob b 2

forwards 0
unreachable
try 'proxy' 'no route but the server' 20
reachable

forwards 1
proxy del
try 'direct, 10\.77\.' 'a direct route' 20
proxy add

# The router passes on a port, and nothing else: what is offered, and first, is
# what was given.  To a, b is the router.
hole=4000
forwards 0
proxy del
start hole ip netns exec "${NS}m" socat \
    "TCP-LISTEN:$hole,bind=10.77.2.1,reuseaddr,fork" "TCP:10.77.1.2:$hole"
wait_for 60 at m sh -c "ss -Hltn 'sport = :$hole' | grep -q ." ||
    bail 'no port is passed on'
try 'direct, 10\.77\.1\.1 port ' 'a port of the router' 20 -vv \
    -o "streamhost=10.77.2.1:$hole"
ok 'a port of the router: what the other end uses' \
    said listener ": socket: direct, 10\.77\.2\.1 port $hole\$"
ok 'a port of the router: offered first' said caller \
    "SENT <iq [^>]*><query [^>]*><socket [^>]*><streamhost [^>]*\
host='10\.77\.2\.1' port='$hole'/><streamhost "
stop hole
proxy add

try 'proxy' 'a firewall that drops' 80

# The direct way is gone, and nothing says so.
fifo caller.in
forwards 1
proxy del
listen_as bob listener -v -a "alice@$DOMAIN"
start caller sh -c 'exec <"$1"; shift; exec "$@"' sh "$T/caller.in" \
    "$T/alice" -s -v -o upgrade-after=0 "bob@$DOMAIN"
exec 4>"$T/caller.in"
ok 'a way that goes: a socket' wait_for 60 said caller ': socket: direct'
forwards 0
head -c 1000000 /dev/zero >&4
ok 'a way that goes: noticed' wait_for 60 said caller 'in-band again'
exec 4>&-
ended caller 'a way that goes'
ended listener 'a way that goes'
ok 'a way that goes: all of it' has_size "$T/listener.out" 1000000

# IPv6 at one end only: what is offered there cannot be connected to.
at a ip -6 addr add fd77::1/64 dev "am$$" nodad 2>/dev/null
forwards 1
try 'direct, 10\.77\.' 'IPv6 at the caller only' 20
at b ip -6 addr add fd78::1/64 dev "bm$$" nodad 2>/dev/null
at a ip -6 addr del fd77::1/64 dev "am$$" 2>/dev/null
try 'direct, 10\.77\.' 'IPv6 at the listener only' 20
done_testing
