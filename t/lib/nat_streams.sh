# nat_streams.sh: streams between the homes of nat.sh, from alice at a to bob at
# b, whose bytes are compared.  To be sourced after lib.sh, server.sh and nat.sh.
#
#	nat_routers ra fully-random	the router translates, drops what it did
#				not expect, and lets no IPv6 in or out
#	nat_open option ...	a stream; options are the caller's
#	nat_feed bytes		as many of $T/data go into it
#	nat_is_direct n		there have been n direct sockets
#	nat_close what		the stream ends, and all has come
#
# shellcheck shell=dash

nat_routers()	# ra|rb [option of masquerade]
{
	nat_masquerade "$1" "${2-}"
	nat_unexpected "$1" drop
	nat_no_ipv6 "$1"
}

# Of what passes the router.
nat_no_ipv6()	# ra|rb
{
	at "$1" nft -f - <<-END
	table ip6 closed {
		chain forward {
			type filter hook forward priority filter;
			policy drop;
		}
	}
	END
}

nat_open()	# option ...
{
	nat_fed=0
	fifo caller.in
	listen_as bob listener -v -a "alice@$DOMAIN"
	start caller sh -c 'exec <"$1"; shift; exec "$@"' sh "$T/caller.in" \
	    "$T/alice" -s -v -o upgrade-after=0 "$@" "bob@$DOMAIN"
	exec 4>"$T/caller.in"
}

nat_feed()	# bytes
{
	tail -c "+$((nat_fed + 1))" "$T/data" | head -c "$1" >&4
	nat_fed=$((nat_fed + $1))
}

nat_is_direct()	# n
{
	[ "$(grep -c ': socket: direct' "$T/caller.err")" -ge "$1" ]
}

nat_close()	# what
{
	exec 4>&-
	head -c "$nat_fed" "$T/data" >"$T/part"
	ended caller "$1"
	ended listener "$1"
	check_same "$T/part" "$T/listener.out" "$1: all of it"
}
