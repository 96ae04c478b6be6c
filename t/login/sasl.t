#!/bin/sh
#
# Ways to log in, with real servers.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"

LIMIT=30
bob=bob@$DOMAIN
echo hello >"$T/hello"

works()		# mechanism description command ...
{
	_mech=$1 _desc=$2; shift 2
	listen_as bob listener -a '*'
	run "$@" -v -s "$bob" <"$T/hello"
	is "$status" 0 "$server: $_desc"
	if [ "$status" = 0 ]; then
		ok "$server: $_desc: by $_mech" \
		    said run "logging in with $_mech\$"
	else
		diag_file "$T/run.err"
		stop listener
	fi
	finish listener
	check_same "$T/listener.out" "$T/hello" "$server: $_desc: heard"
}

# One host for each mechanism: those of Prosody that are not wanted, off.
only()		# host mechanism-to-turn-off ...
{
	_host=$1; shift
	prosody_host "$_host" example.test \
	    "disable_sasl_mechanisms = { $(printf '"%s", ' "$@") };"
}

on_prosody()
{
	make_server_ca
	make_cert example.test "DNS:$DOMAIN,DNS:$ANONDOMAIN,DNS:*.sasl.test"
	EXTRA=$(only sha1.sasl.test SCRAM-SHA-256 PLAIN
	    only sha256.sasl.test SCRAM-SHA-1 PLAIN
	    only plain.sasl.test SCRAM-SHA-1 SCRAM-SHA-256)
	accounts=$ACCOUNTS
	ACCOUNTS="$ACCOUNTS alice@sha1.sasl.test alice@sha256.sasl.test
	    alice@plain.sasl.test"
	start_server prosody
	works SCRAM-SHA-256 'the best there is' "$T/alice"
	works SCRAM-SHA-1 'SCRAM-SHA-1 alone' "$T/alice" -j alice@sha1.sasl.test
	works SCRAM-SHA-256 'SCRAM-SHA-256 alone' \
	    "$T/alice" -j alice@sha256.sasl.test
	fails 4 'plain' "$server: PLAIN alone: only if configured" \
	    "$T/alice" -j alice@plain.sasl.test "$bob"
	works PLAIN 'PLAIN, configured' \
	    "$T/alice" -o plain=yes -j alice@plain.sasl.test
	works SCRAM-SHA-256 'PLAIN configured, SCRAM preferred' \
	    "$T/alice" -o plain=yes
	anonymous
	stop_server
	EXTRA='' ACCOUNTS=$accounts
}

on_ejabberd()
{
	start_server ejabberd
	works 'SCRAM-SHA-512(-PLUS)?' 'the best there is' "$T/alice"
	anonymous
	external
	stop_server
}

anonymous()
{
	works ANONYMOUS 'a domain is an anonymous account' \
	    env XCAT_PASSWORD= "$T/alice" -j "$ANONDOMAIN"

	start listener env XCAT_PASSWORD= "$T/bob" -l -j "$ANONDOMAIN" -a '*'
	wait_for 20 listening_or_gone listener
	run sh -c "'$T/alice' -s $(sed -n 's/^.*xcat: listening.*: xcat //p' \
	    "$T/listener.err")" <"$T/hello"
	is "$status" 0 "$server: an anonymous listener can be reached"
	finish listener
	check_same "$T/listener.out" "$T/hello" "$server: and hears"

	fails 4 '' "$server: no anonymous account on this domain" \
	    env XCAT_PASSWORD= "$T/alice" -j "$DOMAIN" "$bob"
}

external()
{
	make_client_cert alice "alice@$DOMAIN"
	make_client_cert carol "carol@$DOMAIN"
	works EXTERNAL 'a certificate, and no password' \
	    env XCAT_PASSWORD= "$T/alice" \
	    -o certificate="$CA/alice.pem" -o key="$CA/alice.key"
	cat "$CA/alice.pem" "$CA/alice.key" >"$CA/both.pem"
	chmod 600 "$CA/both.pem"
	works EXTERNAL 'certificate and key in one file' \
	    env XCAT_PASSWORD= "$T/alice" -o certificate="$CA/both.pem"
	fails 4 'certificate|EXTERNAL' "$server: somebody else's certificate" \
	    env XCAT_PASSWORD= "$T/alice" \
	    -o certificate="$CA/carol.pem" -o key="$CA/carol.key" "$bob"
	fails 2 "$CA/none.pem" "$server: no such certificate" \
	    "$T/alice" -o certificate="$CA/none.pem" "$bob"
	fails 2 'key|certificate' "$server: a key that is another's" \
	    "$T/alice" -o certificate="$CA/alice.pem" -o key="$CA/carol.key" \
	    "$bob"
}

on_prosody
on_ejabberd
done_testing
