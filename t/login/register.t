#!/bin/sh
#
# --register: an account where the server allows it (XEP-0077), and a clear word
# where it does not, or wants a web page or a form.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"

LIMIT=40

# As a new user: nothing but the address of the server.
new()		# user argument ...
{
	_user=$1; shift
	run env XCAT_PASSWORD="pencil-$_user" XCAT_CONFIG=/dev/null "$XCAT" \
	    -c "$SERVER" -C "$CAFILE" -j "$_user@$DOMAIN" "$@"
}

refuses()	# status extended-regex description user
{
	_want=$1 _re=$2 _desc=$3
	new "$4" --register
	is "$status" "$_want" "$_desc: status"
	like "$(cat "$T/run.err")" "$_re" "$_desc"
	is "$(wc -l <"$T/run.err")" 1 "$_desc: in a line"
}

registers()	# server
{
	new dora --register
	is "$status" 0 "$1: registered"
	like "$(cat "$T/run.err")" "^xcat: dora@$DOMAIN is registered" \
	    "$1: it says so"
	USERS="$USERS dora"
	xcat_user dora
	listen_as bob b -a "dora@$DOMAIN"
	echo hello >"$T/hello"
	run "$T/dora" -s "bob@$DOMAIN" <"$T/hello"
	is "$status" 0 "$1: the account can be used"
	ended b "$1"
	refuses 4 'name is taken.*conflict' "$1: twice" alice
	new eve -vv --register
	is "$(grep -c pencil "$T/run.err")" 0 "$1: -vv does not show the password"
}

prosody_open()
{
	start_server prosody
	refuses 4 'does not let programs register' 'prosody, closed' dora
	stop_server
	sed -i 's/modules_enabled = {/& "register_ibr";/' "$T/prosody.cfg.lua"
	sed -i '1i allow_registration = true' "$T/prosody.cfg.lua"
	run_server
	registers prosody
	stop_server
}

ejabberd_open()
{
	EXTRA='  mod_register:
    ip_access: all
    access: all
    registration_watchers: []'
	start_server ejabberd
	sed -i 's/^hosts:/registration_timeout: infinity\n&/' "$T/ejabberd.yml"
	stop_server
	run_server
	registers ejabberd
	stop_server
}

prosody_open
ejabberd_open
fails 2 'needs an account' 'anonymous' env XCAT_PASSWORD=x "$XCAT" \
    -j "$DOMAIN" --register
fails 2 'peer: --register takes' 'a peer' "$XCAT" -j a@b --register peer
done_testing
