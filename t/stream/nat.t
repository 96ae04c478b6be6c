#!/bin/sh
#
# Streams between two homes behind routers: by a direct way through both, found
# while bytes go in-band.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/nat.sh"

LIMIT=60
nat_up 25

# What goes through: some at once, some when the way has been found.
try()		# what socket-regex|'' option ...
{
	_what="$server: $1" _re=$2; shift 2
	fifo caller.in
	listen_as bob listener -v -a "alice@$DOMAIN"
	start caller sh -c 'exec <"$1"; shift; exec "$@"' sh "$T/caller.in" \
	    "$T/alice" -s -v -o upgrade-after=0 "$@" "bob@$DOMAIN"
	exec 4>"$T/caller.in"
	head -c 100000 "$T/data" >&4
	ok "$_what" wait_for 30 said caller "$_re"
	tail -c +100001 "$T/data" >&4
	exec 4>&-
	ended caller "$_what"
	ended listener "$_what"
	check_same "$T/data" "$T/listener.out" "$_what: all of it"
	said caller "$_re" || { diag_file "$T/caller.err"
	    diag_file "$T/listener.err"; }
}

routers()	# drop|reset|closed [option of masquerade]
{
	for _r in ra rb; do
		nat_masquerade $_r "${2-}"
		nat_unexpected $_r "$1"
		nat_firewall6 $_r
	done
}

head -c 5000000 /dev/urandom >"$T/data"
for server in $SERVERS; do
	nat_plain ra
	nat_plain rb
	nat_server "$server" sic stun
	nat_user alice a
	nat_user bob b
	for how in drop reset closed; do
		nat_masquerade ra
		nat_masquerade rb
		nat_unexpected ra $how
		nat_unexpected rb $how
		for r in ra rb; do
			at $r nft add table ip6 closed
			at $r nft 'add chain ip6 closed forward { type filter hook forward priority 0; policy drop; }'
		done
		try "$how" ': socket: direct, 198\.51\.100\.2' -o portmap=no
	done
	stop_server
done
done_testing
