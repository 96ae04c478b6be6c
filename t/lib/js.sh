# js.sh: a port forwarder made of xmpp.js; see js/forward.mjs.  Sourced after
# server.sh.
# shellcheck shell=dash

have_js()
{
	command -v node >/dev/null && [ -d "$LIB/js/node_modules/@xmpp/client" ]
}

forwarder()	# user name client|server peer port
{
	start "$2" env NODE_EXTRA_CA_CERTS="$CAFILE" JID_USER="$1" \
	    JID_DOMAIN="$DOMAIN" PASSWORD="$(password "$1")" \
	    SERVICE="xmpp://$SERVER" node "$LIB/js/forward.mjs" "$3" "$4" "$5"
	wait_for 90 ready_or_gone "$2"
	ready "$2" && return
	diag_file "$T/$2.err"
	bail "the xmpp.js $3 does not start"
}

ready()		# name
{
	grep -q ready "$T/$1.out"
}

ready_or_gone()	# name
{
	ready "$1" || gone "$(pid_of "$1")"
}
