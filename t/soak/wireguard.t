#!/bin/sh
#
# WireGuard through datagrams (-u): a network between two homes behind routers,
# which know of no UDP between them.  Both ends are WireGuard in user space.
#
#	a: wireguard-go -> xcat -u -L ... -> server -> xcat -l -> wireguard-go: b

[ "${TIER-check}" = soak ] || {
	echo '1..0 # SKIP services/mosh.t has -u in small; this is for make soak'
	exit 0
}
. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/nat.sh"
. "$LIB/udp.sh"

LIMIT=120
bob=bob@$DOMAIN
HERE=10.9.0.1 THERE=10.9.0.2		# in the network that WireGuard makes

[ -c /dev/net/tun ] || skip_all 'no /dev/net/tun'
for program in wireguard-go wg; do
	command -v $program >/dev/null || skip_all "no $program"
done

# The sockets by which wg(8) tells it are at one place for all namespaces: so
# the names of devices are ours alone.
start_wireguard() # a|b address port
{
	_device=xw$$$1
	start "wg$1" env WG_PROCESS_FOREGROUND=1 ip netns exec "$NS$1" \
	    wireguard-go -f "$_device"
	wait_for 20 test -S "/run/wireguard/$_device.sock" || {
		diag_file "$T/wg$1.err"
		bail 'no wireguard-go'
	}
	(umask 077; wg genkey >"$T/wg$1.key")
	wg pubkey <"$T/wg$1.key" >"$T/wg$1.pub"
	wg set "$_device" listen-port "$3" private-key "$T/wg$1.key"
	ip -n "$NS$1" addr add "$2/24" dev "$_device"
	ip -n "$NS$1" link set dev "$_device" up
}

# a calls b, where alice's xcat listens.
join_wireguard()
{
	wg set "xw$$""b" peer "$(cat "$T/wga.pub")" allowed-ips "$HERE/32"
	wg set "xw$$""a" peer "$(cat "$T/wgb.pub")" allowed-ips "$THERE/32" \
	    endpoint "127.0.0.1:$p" persistent-keepalive 5
}

shook_hands()
{
	[ "$(wg show "xw$$""a" latest-handshakes | cut -f 2)" -gt 0 ]
}

answers()	# text: it comes back
{
	[ "$(echo "$1" | at a timeout 10 socat -t 10 - \
	    "TCP:$THERE:7000,connect-timeout=5")" = "$1" ]
}

bulk()		# description
{
	at a timeout 100 socat -t 100 - "TCP:$THERE:7000" <"$T/in" >"$T/back"
	check_same "$T/back" "$T/in" "$1"
}

network()	# what option ...
{
	_what=$1; shift
	listen_as bob b -v -k -a "$alice" "$@" wg=udp:127.0.0.1:51820
	WHERE=127.0.0.1:51821
	forward -v "$@" "$bob" wg
	join_wireguard
	ok "$_what: it answers" wait_for 60 answers hello
	ok "$_what: after WireGuard's handshake" shook_hands
	bulk "$_what: 2 MB, and back"
	signal KILL b
	finish b
	listen_as bob b -v -k -a "$alice" "$@" wg=udp:127.0.0.1:51820
	ok "$_what: the listener is killed, and another comes" \
	    wait_for 60 answers again
	stop a
	forward -v "$@" "$bob" wg
	ok "$_what: so is the forwarder" wait_for 60 answers 'and again'
	bulk "$_what: 2 MB, and back, once more"
	stop a
	stop b
}

nat_up 5
# One that is killed leaves its socket.
trap 'rm -f /run/wireguard/xw$$[ab].sock; nat_down; cleanup' EXIT
head -c 2000000 /dev/urandom >"$T/in"
nat_masquerade ra
nat_masquerade rb
nat_unexpected ra drop
nat_unexpected rb drop
start_wireguard a "$HERE" 51822
start_wireguard b "$THERE" 51820
start echo ip netns exec "${NS}b" socat \
    "TCP-LISTEN:7000,bind=$THERE,fork,reuseaddr" 'EXEC:cat'
for kind in $SERVERS; do
	nat_server "$kind" sic
	nat_user alice a
	nat_user bob b
	network "$kind"
	network "$kind, in-band" -i
	stop_server
done
done_testing
