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

configure()	# line ...
{
	printf '%s\n' "$@" >"$T/home/bob/config"
}

reread()	# times
{
	[ "$(grep -c 'was read anew' "$T/listener.err")" -eq "$1" ]
}

# A right that is given in other words is the same right: a port stays open.
contact_stays()
{
	_port=$(free_port)
	configure "allow alice@$DOMAIN" 'remote *' 'service yes=!echo yes'
	listen
	start caller "$T/alice" -R "$_port=1" "$bob"
	wait_for 20 said caller "forwarding $_port"
	configure 'allow @roster' 'remote *' 'service yes=!echo yes'
	signal HUP listener
	wait_for 20 reread 1
	ok 'reload: a contact is admitted' wait_for 20 "$T/alice" -d "$bob"
	ok 'and has its port still' listens "$_port"
	configure 'remote *' 'service yes=!echo yes'
	signal HUP listener
	wait_for 20 reread 2
	finish caller
	is "$status" 5 'reload: one that is no longer named loses it'
	stop listener
	configure
}

# A code is for all calls of a run; what was paired is read anew.
code_stays()
{
	configure "allow carol@$DOMAIN" 'remote *' 'service cat=!cat'
	listen -I
	_port=$(free_port)
	_code=$(sed -n 's/.* with: xcat //p' "$T/listener.err")
	start caller "$T/alice" -L "$T/socket=cat" -R "$_port=1" "$_code"
	wait_for 20 said caller "forwarding $_port"
	configure 'remote *' 'service cat=!cat'
	signal HUP listener
	wait_for 20 reread 1
	is "$(echo on | timeout 20 socat -t 20 - "UNIX-CONNECT:$T/socket")" on \
	    'reload: a code is good for later connections of its run'
	ok 'and for its port' listens "$_port"
	configure 'allow @paired' 'remote *' 'service cat=!cat'
	signal HUP listener
	wait_for 20 reread 2
	run "$T/alice" "$bob" cat <"$T/hello"
	is "$(cat "$T/run.out")" hello 'reload: @paired admits that caller'
	run "$T/bob" -K forget "alice@$DOMAIN"
	signal HUP listener
	wait_for 20 reread 3
	refused 'reload: not one that was forgotten' "$T/alice"
	finish caller
	is "$status" 5 'whose run ends'
	stop listener
	configure
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

contact_stays
code_stays
fails 2 '-a|allow' 'a misspelt JID is refused' "$T/bob" -l -a 'a@b@c'
done_testing
