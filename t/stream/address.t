#!/bin/sh
#
# The key in the address: that key or none, also at the first contact; how it is
# remembered and forgotten; and the line that a listener prints, pasted.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"

LIMIT=40
bob=bob@$DOMAIN
alices=$T/home/alice
echo hello >"$T/hello"

key_of()	# user
{
	xcat_as "$1" -K | sed 's/.*=//'
}

forget_peers()
{
	rm -f "$alices/known_peers"
}

fingerprint()	# of no key
{
	printf 'SHA256:%.43s' "$(echo "$1" | sha256sum | base64 -w 0)"
}

# --- that key or none ------------------------------------------------------------

given()
{
	key=$(key_of bob)
	forget_peers
	listen_as bob b -a "alice@$DOMAIN"
	fails 5 'its key is SHA256:.*, not the one that was given, SHA256:' \
	    'another key, at the first contact' \
	    "$T/alice" -s "$bob=$(fingerprint x)"
	ok 'another key: nothing is remembered' [ ! -e "$alices/known_peers" ]
	fails 5 'not the one that was given' 'another key: -W does not wait' \
	    "$T/alice" -W -s "$bob=$(fingerprint x)"
	fails 5 'not the one that was given' 'another key: nor does -z' \
	    sh -c '"$0" -z "$1" >/dev/null' "$T/alice" "$bob=$(fingerprint x)"
	run "$T/alice" -s "$bob=$key" <"$T/hello"
	is "$status $(cat "$T/run.err")" '0 ' 'the key: without a word'
	ended b 'the key'
	check_same "$T/b.out" "$T/hello" 'the key: all arrives'
	is "$(cat "$alices/known_peers")" "$bob/xcat $key" \
	    'the key: is remembered'
	for _bad in SHA256:short "${key}x" SHA256:; do
		fails 2 'peer .*' "a damaged key: $_bad" \
		    "$T/alice" "$bob=$_bad"
	done
	fails 2 'leave out e2e=off' 'a key without sessions' \
	    "$T/alice" -o e2e=off "$bob=$key"
}

# -K prints what -a takes, and what is called.
printed()
{
	forget_peers
	listen_as bob b -a "$(xcat_as alice -K)"
	run "$T/alice" -s "$(xcat_as bob -K)" <"$T/hello"
	is "$status $(cat "$T/run.err")" '0 ' '-K there, -K here'
	ended b '-K there, -K here'
	listen_as bob b -k -a "alice@$DOMAIN" 'hi=!echo hi'
	port=$(free_port)
	start a "$T/alice" -L "$port" "$bob=$key" hi
	wait_for 20 said a "forwarding $port" || diag_file "$T/a.err"
	run socat -u "TCP:127.0.0.1:$port" -
	is "$(cat "$T/run.out")" hi 'a key and -L'
	stop a
	stop b
	mkdir -p "$T/in"
	listen_as bob b -r "$T/in" -a "alice@$DOMAIN"
	run "$T/alice" -s "$bob=$key" "$T/hello"
	is "$status" 0 'a key and a file'
	ended b 'a key and a file'
	check_same "$T/in/hello" "$T/hello" 'a key and a file: all arrives'
}

# --- remembered, and forgotten ---------------------------------------------------

one_for_all()
{
	forget_peers
	listen_as bob b1 -k -a "alice@$DOMAIN" 'hi=!echo hi'
	listen_as bob b2 -k -j "$bob/other" -a "alice@$DOMAIN" 'hi=!echo hi'
	run "$T/alice" -d -o known=account "$bob"
	like "$(cat "$T/run.err")" 'first contact' 'known=account: at first'
	is "$(cat "$alices/known_peers")" "$bob $key" \
	    'known=account: the account is remembered'
	run "$T/alice" -d "$bob/other"
	is "$status $(cat "$T/run.out" "$T/run.err")" '0 hi' \
	    'known=account: another resource has been met'
	run "$T/bob" -K forget "$bob"
	is "$status" 2 'to forget a peer that was never met'
	run "$T/alice" -K forget "$bob/other"
	is "$status" 2 'to forget a resource, where the account is known'
	run "$T/alice" -K forget "$bob"
	is "$status $(cat "$alices/known_peers")" '0 ' 'forgotten'
	run "$T/alice" -q -d "$bob"
	run "$T/alice" -d "$bob/other"
	like "$(cat "$T/run.err")" 'first contact' \
	    'without it each resource is met'
	run "$T/alice" -K forget "$bob/xcat"
	is "$status $(cat "$alices/known_peers")" "0 $bob/other $key" \
	    'one resource is forgotten'
	stop b1
	stop b2
}

# --- pasted ----------------------------------------------------------------------

# As the line stands on the terminal, whatever the address is.
pasted()	# shell jid [option ...]: of the listener
{
	_shell=$1 _jid=$2; shift 2
	start b "$T/bob" -l -j "$_jid" "$@"
	wait_for 20 said b 'listening; reach it' || diag_file "$T/b.err"
	sed -n 's/^.*xcat: listening; reach it .*with: //p' "$T/b.err" >"$T/line"
	# shellcheck disable=SC2016
	run "$_shell" -c 'xcat() { "$ALICE" -s "$@"; }
	    eval "$(cat "$LINE")"' <"$T/hello"
	is "$status" 0 "$_shell: $(head -c 120 "$T/line")"
	[ "$status" = 0 ] || diag_file "$T/run.err"
	ended b "$_shell: $(head -c 40 "$T/line")"
	check_same "$T/b.out" "$T/hello" "$_shell: and it arrives"
}

lines()
{
	export ALICE="$T/alice" LINE="$T/line"
	forget_peers
	# shellcheck disable=SC1003,SC2016
	for _resource in 'My Laptop  x' "it's" 'say "hi"' \
	    '$HOME $(exit 1) `exit 1`' 'a&b;c|d<e>f (g) {h,i}' \
	    'back\slash\\' '*?[a]~' '#1!' '%s\n' 'a=SHA256:b' 'x=-' \
	    'ünïcödé 日本語' "$(printf "%01000d" 0 | tr 0 "'")"; do
		pasted sh "$bob/$_resource" -a "alice@$DOMAIN"
	done
	# shellcheck disable=SC2016
	for _shell in bash zsh; do
		pasted "$_shell" "$bob/it's \$HOME & \"co\" ~*! 日本" \
		    -a "alice@$DOMAIN"
	done
	pasted sh "$bob/it's \$HOME & a code" -I
	pasted sh "$odd" -a "alice@$DOMAIN" -p "$T/odd"
}

# An account whose name begins with a dash, and has what sh(1) knows in it.
odd='-$(id);!*~ü@'$DOMAIN
echo 'pencil--$(id);!*~ü' >"$T/odd"
chmod 600 "$T/odd"
ACCOUNTS="$ACCOUNTS $odd"
start_server prosody
given
printed
one_for_all
lines
done_testing
