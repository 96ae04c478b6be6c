# ca.sh: a throwaway certificate authority.  Sourced by server.sh and check.sh.
# shellcheck shell=dash

DOMAIN=example.test
ANONDOMAIN=anon.test			# takes SASL ANONYMOUS and nothing else

# The authority and the certificate that most tests want: those of a whole check
# have them from check.sh.
make_server_ca()
{
	if [ "$DOMAIN $ANONDOMAIN" = 'example.test anon.test' ] &&
	    [ -d "${XCAT_TEST_CERTS-}/ca" ]; then
		cp -R "$XCAT_TEST_CERTS/ca" "$T"
		use_ca
	else
		make_ca
		make_cert example.test \
		    "DNS:$DOMAIN,DNS:$ANONDOMAIN,DNS:localhost,IP:127.0.0.1,IP:::1"
	fi
}

use_ca()
{
	CA=$T/ca
	# shellcheck disable=SC2034
	CAFILE=$CA/ca.pem
}

make_ca()
{
	use_ca
	mkdir -p "$CA"
	cat >"$CA/openssl.cnf" <<-END
	[req]
	distinguished_name = dn
	prompt = no
	[dn]
	CN = xcat test
	[ca]
	basicConstraints = critical,CA:TRUE
	[leaf]
	basicConstraints = critical,CA:FALSE
	END
	openssl_req ca -extensions ca -days 2 -subj '/CN=xcat test CA'
}

# NAME.pem and NAME.key in $CA.  Elliptic curves, because nobody waits for RSA.
openssl_req()	# name option ...
{
	_cert=$CA/$1; shift
	openssl req -x509 -config "$CA/openssl.cnf" -nodes -newkey ec \
	    -pkeyopt ec_paramgen_curve:P-256 -keyout "$_cert.key" \
	    -out "$_cert.pem" "$@" 2>"$T/openssl.err" ||
	    bail "openssl: $(cat "$T/openssl.err")"
}

make_cert()	# name subject-alt-name [option ...]
{
	_name=$1 _san=$2; shift 2
	openssl_req "$_name" -CA "$CA/ca.pem" -CAkey "$CA/ca.key" -days 2 \
	    -extensions leaf -addext "subjectAltName=$_san" "$@"
}

make_self_signed()	# name subject-alt-name
{
	openssl_req "$1" -extensions leaf -days 2 -addext "subjectAltName=$2"
}

# openssl-req(1) knows no past, openssl-x509(1) does.
make_expired_cert()	# name subject-alt-name
{
	make_self_signed "$1" "$2"
	openssl x509 -in "$CA/$1.pem" -days -1 -CA "$CA/ca.pem" \
	    -CAkey "$CA/ca.key" -out "$CA/$1.new" 2>"$T/openssl.err" ||
	    bail "openssl: $(cat "$T/openssl.err")"
	mv "$CA/$1.new" "$CA/$1.pem"
}

# For SASL EXTERNAL: the JID as an id-on-xmppAddr.
make_client_cert()	# name jid
{
	make_cert "$1" "otherName:1.3.6.1.5.5.7.8.5;UTF8:$2"
}
