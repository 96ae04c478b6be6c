#!/bin/sh
#
# -a: who may open a stream to a listener, and who finds nobody there.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"

LIMIT=30
bob=bob@$DOMAIN
echo hello >"$T/hello"

allowed()	# description caller-command ...
{
	_desc=$1; shift
	run "$@" -s "$bob" <"$T/hello"
	is "$status" 0 "$_desc"
	[ "$status" = 0 ] || diag_file "$T/run.err"
}

refused()	# description caller-command ...
{
	_desc=$1; shift
	fails 5 "$bob/xcat: nobody listens" "$_desc" "$@" -s "$bob"
}

# The listener's contacts; alice is one, carol has asked and not been answered.
make_roster()
{
	mkdir -p "$T/prosody/example%2etest/roster"
	cat >"$T/prosody/example%2etest/roster/bob.dat" <<-END
	return {
		[false] = { pending = { ["carol@$DOMAIN"] = true } };
		["alice@$DOMAIN"] = { subscription = "both"; groups = {} };
		["carol@$DOMAIN"] = { subscription = "none"; groups = {} };
	};
	END
}

listen()	# option ...
{
	listen_as bob listener -k "$@"
}

start_server prosody
make_roster

listen
allowed 'none: own account' "$T/bob"
refused 'none: another account' "$T/alice"
stop listener

listen -a "alice@$DOMAIN"
allowed 'bare JID: its owner' "$T/alice"
allowed 'bare JID: with any resource' "$T/alice" -j "alice@$DOMAIN/phone"
allowed 'bare JID: own account as well' "$T/bob"
refused 'bare JID: another account' "$T/carol"
is "$(grep -vc ': stream to ' "$T/listener.err")" 2 'and one line says so'
stop listener

listen -a "alice@$DOMAIN/phone"
allowed 'full JID: that resource' "$T/alice" -j "alice@$DOMAIN/phone"
refused 'full JID: another resource' "$T/alice" -j "alice@$DOMAIN/Phone"
refused 'full JID: no resource of its own' "$T/alice"
stop listener

listen -a 'ALICE@Example.TEST'
allowed 'JID in capitals' "$T/alice"
stop listener

listen -a "alice@$DOMAIN" -a "carol@$DOMAIN"
allowed 'two: the first' "$T/alice"
allowed 'two: the second' "$T/carol"
stop listener

listen -a "$DOMAIN"
allowed 'domain: alice' "$T/alice"
allowed 'domain: carol' "$T/carol"
stop listener

listen -a test
refused 'the domain above is another' "$T/alice"
stop listener

listen -a @roster
allowed 'roster: a contact' "$T/alice"
refused 'roster: one who asked to be' "$T/carol"
stop listener

listen -a '*'
allowed 'everybody: alice' "$T/alice"
allowed 'everybody: carol' "$T/carol"
stop listener

printf '%s\n' "allow alice@$DOMAIN" "allow carol@$DOMAIN" >"$T/home/bob/config"
listen
allowed 'configuration: the first' "$T/alice"
allowed 'configuration: the second' "$T/carol"
stop listener
: >"$T/home/bob/config"

fails 2 '-a|allow' 'a misspelt JID is refused' "$T/bob" -l -a 'a@b@c'
done_testing
