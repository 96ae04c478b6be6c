#!/bin/sh
# SASL2, Bind 2 and FAST (XEP-0388, 0386, 0484) with a real server: a token is
# asked for, used, refused, and kept from everybody else.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"

call()		# name argument ...
{
	_name=$1; shift
	start "$_name" "$T/alice" -vv -i "$@" "bob@$DOMAIN" <"$T/in"
	finish "$_name"
	is "$status $(cat "$T/$_name.out")" '0 hello' "$_name: is served"
}

by()		# name mechanism description
{
	is "$(sed -n 's/^xcat: [0-9:.]* logging in with //p' "$T/$1.err" | xargs)" \
	    "$2" "$1: $3"
}

token()		# file: the token in it
{
	sed -n "s/^alice@$DOMAIN .* //p" "$home/$1"
}

quiet()		# name: nothing secret in what it says
{
	! grep -qF -e "$(token tokens.0)" -e "$(password alice)" "$T/$1.err"
}

# Prosody's store of one client's tokens: what it knows is changed.
store()		# perl-expression
{
	perl -pi -e "$1" "$T"/prosody/*/fast_tokens/alice.dat
}

echo hello >"$T/in"
home=$T/home/alice
HT=HT-SHA-256-EXPR SCRAM=SCRAM-SHA-256
start_server prosody sasl2 smacks
listen_as bob l -k -vv -a "alice@$DOMAIN" 'echo=!cat'

call first
by first $SCRAM 'logs in with the password'
ok 'first: by SASL2' said first "RECV <success xmlns='urn:xmpp:sasl:2'>"
ok 'first: gets a token' said first 'gives a token'
is "$(stat -c %a "$home/tokens.0")" 600 'which is in a file of its own, private'
like "$(cat "$home/tokens.0")" "^alice@$DOMAIN $HT [0-9]+ 0 [!-~]{20,}\$" \
    'with what it is for, and until when'
like "$(head -n 1 "$home/tokens.0")" \
    '^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$' \
    'and who the client is'
ok 'first: says nothing secret' quiet first
old=$(token tokens.0)

call second
by second $HT 'logs in with the token, bound to the channel'
ok 'second: has its resource at once' said second 'RECV <success.*<bound'
ok 'second: stream management is enabled all the same' \
    said second 'RECV <enabled'
ok 'second: asks for no other token' \
    test "$(token tokens.0)" = "$old"
ok 'second: says nothing secret' quiet second
ok 'second: at the first attempt' \
    test "$(grep -c 'connected to' "$T/second.err")" = 1
like "$(cat "$home/tokens.0")" "^alice@$DOMAIN $HT [0-9]+ 1 " \
    'second: is counted'

call direct -c "xmpps://127.0.0.1:$TLSPORT"
by direct $HT 'the same with TLS at once'

call named -j "alice@$DOMAIN/mine"
by named $HT 'a resource that is named: with the token as well'
ok 'named: but bound as ever' said named 'SENT <iq.*<bind.*<resource>mine<'
like "$(cat "$T/l.err")" "alice@$DOMAIN/mine: stream for" \
    'named: gets what it named'
like "$(cat "$T/l.err")" 'RECV <success.*urn:xmpp:sasl:2' \
    'a listener logs in by SASL2'
ok 'and binds as ever, since it is known by its name' \
    said l 'SENT <iq.*<bind.*<resource>xcat<'

call without -o fast=no
by without $SCRAM 'fast=no: logs in with the password'
ok 'without: is given no resource' \
    said without 'SENT <iq.*<bind'
ok 'without: leaves the token alone' test "$(token tokens.0)" = "$old"

# One that is refused is replaced, and nobody notices.
store 's/("secret"\] = ")[^"]*/$1no-longer/'
call refused
by refused "$HT $SCRAM" 'a token that is refused: the password, in the same run'
ok 'refused: gets another' test "$(token tokens.0)" != "$old"
ok 'refused: says nothing secret' quiet refused
call after
by after $HT 'the next one is used'

store 's/("expires_at"\] = )[0-9.]+/${1}1000000000/'
call expired
by expired "$HT $SCRAM" 'a token that the server has let expire: the password'

sed -i "s/ $HT [0-9]* / $HT 1000000000 /" "$home/tokens.0"
call late
by late $SCRAM 'a token that has expired: is not even tried'

# The server's own time to replace it.
store 's/("issued_at"\] = )[0-9.]+/${1}1000000000/'
old=$(token tokens.0)
call rotated
by rotated $HT 'a token that is due: is used'
ok 'rotated: and replaced' test "$(token tokens.0)" != "$old"
call afterwards
by afterwards $HT 'its successor is used'

rm "$home"/tokens.*
call removed
by removed $SCRAM 'tokens that were removed: the password'

# Those that run at the same time are different clients.
fifo hold
exec 4<>"$T/hold"
start held "$T/alice" -vv -i "bob@$DOMAIN" <"$T/hold"
ok 'one that stays' wait_for 60 said held 'stream .*-> open'
by held $HT 'has the token'
call beside
by beside $SCRAM 'one beside it: has none'
ok 'beside: is another client' test "$(head -n 1 "$home/tokens.1")" != \
    "$(head -n 1 "$home/tokens.0")"
call beside2
by beside2 $HT 'the next one beside it: has one of its own'
echo more >&4
exec 4>&-
finish held
is "$status $(cat "$T/held.out")" '0 more' 'the one that stays is undisturbed'

chmod 644 "$home/tokens.0"
fails 2 'tokens.0: others can read the token.*chmod 600' \
    'a token that others can read: is refused' "$T/alice" "bob@$DOMAIN"
chmod 600 "$home/tokens.0"

stop l
done_testing
