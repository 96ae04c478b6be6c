#!/bin/sh
#
# -a who=KEY: what a listener has is reached by who has shown the key, and whoever
# has not shown it holds nothing that others wait for.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"

LIMIT=30
bob=bob@$DOMAIN
start_server prosody
slix_user alice keyless
key=$(xcat_as alice -K); key=${key##*=}
allow="alice@$DOMAIN=$key"
echo hello >"$T/hello"

impostor()	# name argument ...: until its streams are answered
{
	_name=$1; shift
	start "$_name" "$T/keyless-alice" -j "alice@$DOMAIN/$_name" "$@"
	wait_for 20 grep -q answered "$T/$_name.out" || {
		fail "$_name: its streams are answered"
		diag_file "$T/$_name.err"
	}
}

answered()	# name words description
{
	is "$(sed -n 's/^answered //p' "$T/$1.out")" "$2" "$3"
}

# A TCP service that counts its connections, and a Unix socket that does.
count_calls()	# name address
{
	start "$1" socat -U "$2,fork" "SYSTEM:echo called >>$T/$1.calls"
}

port=$(free_port)
closed=$(free_port)
count_calls tcp "TCP-LISTEN:$port,bind=127.0.0.1,reuseaddr"
count_calls unix "UNIX-LISTEN:$T/socket"
wait_for 10 listens "$port"
wait_for 10 test -S "$T/socket"
listen_as bob l1 -k -a "$allow" "cmd=!echo ran >>$T/ran; cat" \
    "tcp=$port" "unix=$T/socket" "closed=$closed" 'nocmd=!nosuchcommand'

# --- services ----------------------------------------------------------------

impostor first -n 7 "$bob/xcat" cmd tcp unix
answered first accepted 'sessions that never stand are begun'
run "$T/alice" "$bob" cmd <"$T/hello"
is "$status" 0 'who has the key is served meanwhile'
check_same "$T/run.out" "$T/hello" 'and its bytes come back'
is "$(grep -c ran "$T/ran")" 1 'no command was run without the key'
is "$(cat "$T/tcp.calls" "$T/unix.calls" 2>/dev/null)" '' \
    'no service was called without the key'
run "$T/alice" "$bob" tcp </dev/null
wait_for 10 test -s "$T/tcp.calls"
ok 'with the key TCP is' test -s "$T/tcp.calls"
run "$T/alice" "$bob" unix </dev/null
wait_for 10 test -s "$T/unix.calls"
ok 'with the key the Unix socket is' test -s "$T/unix.calls"
mkdir -p "$T/home/other"
cp "$T/home/alice/config" "$T/home/other"
sed "s,home/alice,home/other,g" "$T/alice" >"$T/other"
chmod +x "$T/other"
lines=$(grep -c ran "$T/ran")
run "$T/other" "$bob" cmd
is "$status" 5 'another key is refused'
like "$(cat "$T/run.err")" 'does not accept our key' 'and its caller told'
is "$(grep -c ran "$T/ran")" "$lines" 'and runs no command'
fails 5 'Connection refused' 'a service that cannot be reached' \
    "$T/alice" "$bob" closed
fails 5 'command not found' 'a command that there is not' \
    "$T/alice" "$bob" nocmd

# --- standard input and output -----------------------------------------------

listen_as carol l2 -a "$allow"
impostor second -n 3 "carol@$DOMAIN/xcat"
answered second accepted 'without -k: sessions are begun'
run "$T/alice" -s "carol@$DOMAIN" <"$T/hello"
is "$status" 0 'the only place is for who has the key'
ended l2 'without -k'
check_same "$T/l2.out" "$T/hello" 'and gets what it sends'

listen_as carol l3 -k -a "$allow"
impostor third -n 100 "carol@$DOMAIN/xcat"
answered third accepted 'with -k: sessions are begun'
run "$T/alice" -s "carol@$DOMAIN" <"$T/hello"
is "$status" 0 'with -k: who has the key gets through'
run "$T/alice" -s "carol@$DOMAIN" <"$T/hello"
is "$status" 0 'with -k: the next one as well'
stop l3

# --- commands without a key --------------------------------------------------

listen_as carol l4 -k -a "alice@$DOMAIN" "cmd=!echo ran >>$T/ran4; cat"
impostor fourth -n 5 "carol@$DOMAIN/xcat" cmd
run "$T/alice" "carol@$DOMAIN" cmd <"$T/hello"
is "$status" 0 'without a key: a command'
is "$(grep -c ran "$T/ran4")" 1 \
    'it is run for sessions that stand, and no others'
stop l4

# --- too many handshakes ------------------------------------------------------

slix_user bob keyless
slix_user carol keyless
shake()		# user name times
{
	start "$2" "$T/keyless-$1" -j "$1@$DOMAIN/$2" -n "$3" "$bob/many" cmd
	wait_for 20 grep -q answered "$T/$2.out"
}

gave_up()	# user ...: how many of their handshakes made room
{
	for _user in "$@"; do
		grep "$_user@.*: too many handshakes at once" "$T/l5.err"
	done | wc -l
}

listen_as bob l5 -v -k -j "$bob/many" -a "alice@$DOMAIN" -a "carol@$DOMAIN" \
    -o max-streams=6 -o max-streams-per-peer=3 'cmd=!cat'
shake carol some 3
shake alice more 5
is "$(gave_up alice)" 2 'at its limit, an account loses its own handshakes'
is "$(gave_up carol)" 0 'and no other does'
shake bob last 1
is "$(gave_up bob)" 0 'at the limit of all, an account with few keeps them'
is "$(gave_up alice carol)" 3 'and the account that has most loses one'
run "$T/alice" "$bob/many" cmd <"$T/hello"
is "$status" 0 'a handshake that ends at once is served'
stop l5

# --- ten seconds -------------------------------------------------------------

finish first 30
like "$(sed -n 's/^closed //p' "$T/first.out")" \
    '^((9|1[0-4])\.[0-9] ?){21}$' 'a handshake gets ten seconds'
like "$(cat "$T/l1.err")" 'alice@.*did not stand in 10 s' 'which is said'
run "$T/alice" "$bob" cmd <"$T/hello"
is "$status" 0 'and the listener serves on'
stop l1
done_testing
