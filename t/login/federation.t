#!/bin/sh
#
# An account on one server, a peer on another, of a different make: Prosody and
# ejabberd, federated by the DNS of a network of their own.

. "${0%/*}/../lib/lib.sh"
. "$LIB/network.sh"
own_network
. "$LIB/server.sh"

LIMIT=150
ACCOUNTS=			# each server has those of its own domain

# The link between servers goes by relays, which can be cut.
run_prosody()
{
	sed -i 's/^modules_disabled.*/s2s_ports = { 5270 }\
s2s_secure_auth = false/; s/^modules_enabled = {/& "dialback";/' \
	    "$T/prosody.cfg.lua"
	start prosody prosody -F --config "$T/prosody.cfg.lua"
}

ejabberd_listen_s2s()
{
	sed -i "s/^listen:/&\\
  - ip: 127.0.0.1\\
    port: 5271\\
    module: ejabberd_s2s_in/; s/^modules:/s2s_use_starttls: optional\\
s2s_dns_timeout: 5\\
s2s_timeout: 10\\
s2s_max_retry_delay: 1\\
&\\
  mod_s2s_dialback: {}/" "$T/ejabberd.yml"
}

start_relays()
{
	start relay_a socat \
	    TCP-LISTEN:5269,bind=127.0.0.3,reuseaddr,fork TCP:127.0.0.1:5270
	start relay_b socat \
	    TCP-LISTEN:5269,bind=127.0.0.4,reuseaddr,fork TCP:127.0.0.1:5271
	wait_for 60 both_listen
}

both_listen()
{
	[ "$(ss -Hltn "sport = :5269" | wc -l)" -eq 2 ]
}

cut()
{
	stop relay_a
	stop relay_b
}

# What the relays have passed on to a server, by the connections there are.
link_bytes()
{
	ss -Htni 'dport = :5270 or dport = :5271' |
	    grep -o 'bytes_sent:[0-9]*' |
	    awk -F : '{ sum += $2 } END { print sum + 0 }'
}

# All of it by the link between the servers: no socket between the two.
across()	# from to bytes
{
	_size=$3
	head -c "$_size" /dev/urandom >"$T/data"
	start listener "$T/$2" -l -a "$1@$(domain_of "$1")"
	wait_for 20 listening_or_gone listener
	_before=$(link_bytes)
	start caller "$T/$1" -s -i -b 65535 "$2@$(domain_of "$2")" <"$T/data"
	finish caller "$LIMIT"
	is "$status" 0 "$1 to $2, $_size bytes"
	[ "$status" = 0 ] || diag_file "$T/caller.err"
	finish listener 20
	check_same "$T/listener.out" "$T/data" "$1 to $2: intact"
	ok "$1 to $2: by the link between the servers" \
	    [ $(($(link_bytes) - _before)) -ge "$_size" ]
}

domain_of()	# user
{
	case $1 in
	alice)	echo a.test ;;
	bob)	echo b.test ;;
	esac
}

make_server_ca
make_cert example.test DNS:a.test,DNS:b.test,DNS:anon.test
start_dns "$(address a.test 127.0.0.3; address b.test 127.0.0.4
	address silent.test 127.0.0.5
	srv xmpp-server a.test a.test 5269 0 0
	srv xmpp-server b.test b.test 5269 0 0)"
start_relays
DOMAIN=a.test USERS=alice ACCOUNTS=alice@a.test
start_server prosody proxy65
DOMAIN=b.test USERS=bob ACCOUNTS=bob@b.test
setup_ejabberd()
{
	mkdir -p "$T/ejabberd"
	ejabberd_config "$@" >"$T/ejabberd.yml"
	ejabberd_listen_s2s
}
start_server ejabberd proxy65

across alice bob "$(by_tier 2000000 50000000)"
across bob alice "$(by_tier 2000000 10000000)"

fails 5 'cannot find the peer.s server|remote-server-not-found' \
    'no such server' "$T/alice" bob@nowhere.test
fails 5 'cannot (find|reach) the peer.s server|remote-server-' \
    'a server that does not answer' "$T/alice" bob@silent.test
fails 5 'cannot (find|reach) the peer.s server|remote-server-' \
    'no such server, says ejabberd' "$T/bob" alice@nowhere.test

# Through a proxy of the caller's server, whose other user is of another.
upgraded()	# from to proxy
{
	start listener "$T/$2" -l -v -a "$1@$(domain_of "$1")"
	wait_for 20 listening_or_gone listener
	start caller "$T/$1" -s -v -o streamhost=none \
	    "$2@$(domain_of "$2")" <"$T/data"
	finish caller "$LIMIT"
	is "$status" 0 "$1 to $2 through $3"
	[ "$status" = 0 ] || diag_file "$T/caller.err"
	finish listener 20
	check_same "$T/listener.out" "$T/data" "$1 to $2 through $3: intact"
	ok "$1 to $2: by $3" said caller ": socket: proxy.*$3"
}

head -c "$(by_tier 5000000 50000000)" /dev/urandom >"$T/data"
upgraded alice bob proxy.a.test
upgraded bob alice proxy.b.test

# The link breaks under a stream, and comes back.
mended()	# from to
{
	start listener "$T/$2" -l -v -a "$1@$(domain_of "$1")"
	wait_for 20 listening_or_gone listener
	start caller "$T/$1" -s -v -i "$2@$(domain_of "$2")" <"$T/data"
	wait_for 60 has_at_least "$T/listener.out" 2000000
	cut
	start_relays
	finish caller "$LIMIT"
	is "$status" 0 "$1 to $2, cut: it goes on"
	[ "$status" = 0 ] || diag_file "$T/caller.err"
	finish listener 20
	check_same "$T/listener.out" "$T/data" "$1 to $2, cut: intact"
}

head -c "$(by_tier 10000000 20000000)" /dev/urandom >"$T/data"
mended alice bob
mended bob alice
# Cut in the middle and back: either it goes on, or it says that it did not.
start listener "$T/bob" -l -k -a alice@a.test 'sink=!cat >/dev/null' \
    'cat=!cat'
wait_for 20 listening_or_gone listener
run "$T/alice" bob@b.test cat <"$T/prosody.cfg.lua"
is "$status" 0 'before the cut'
cut
start caller "$T/alice" bob@b.test cat <"$T/prosody.cfg.lua"
start_relays
finish caller "$LIMIT"
case $status in
0)	check_same "$T/caller.out" "$T/prosody.cfg.lua" \
	    'called while the link was down: it came up' ;;
*)	ok "called while the link was down: $status, and why" \
	    said caller 'server' ;;
esac
works_again()
{
	"$T/alice" bob@b.test cat <"$T/prosody.cfg.lua" >"$T/again" 2>/dev/null
}
ok 'the link is back' wait_for 60 works_again
check_same "$T/again" "$T/prosody.cfg.lua" 'the link is back: intact'
stop listener

# With lua-unbound, if it is installed, went what was above; without it Prosody
# asks the DNS by itself.
without_unbound()
{
	signal KILL prosody
	finish prosody 30
	start prosody env LUA_INIT_5_4='package.preload.lunbound = error' \
	    prosody -F --config "$T/prosody.cfg.lua"
	wait_for 60 listens 5270
}

if lua5.4 -e 'require "lunbound"' 2>/dev/null; then
	without_unbound
	across alice bob 1000000
	ok 'without lua-unbound' \
	    grep -q 'Old DNS resolver' "$T/prosody.out"
fi
done_testing
