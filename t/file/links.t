#!/bin/sh
#
# Links in messages to the account (XEP-0066, 0447), fetched by a listener: a
# phone sends a photo to a shell, with Prosody and ejabberd between them.  What
# is not fetched, and why.  slixmpp is the phone.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/file.sh"

phone()		# user what argument ...
{
	_user=$1; shift
	run "$PYTHON" -B "$LIB/slixlink.py" "$_user@$DOMAIN/phone" \
	    "$(password "$_user")" "127.0.0.1:$PORT" "$CAFILE" "$@"
}

shell()		# option ...: a listener that fetches, into in
{
	empty_dir in
	listen_as bob bob -o oob=fetch:any -r "$T/in" -a "alice@$DOMAIN" "$@"
}

photo()
{
	shell
	phone alice upload "bob@$DOMAIN" "$T/photo.jpg"
	is "$status" 0 "$server: the phone"
	ended bob "$server: the shell"
	check_same "$T/in/photo.jpg" "$T/photo.jpg" "$server: the photo"

	shell
	run "$T/alice" -s -o upload=yes "bob@$DOMAIN" "$T/photo.jpg"
	is "$status" 0 "$server: from an xcat: status"
	ok "$server: from an xcat: it gets a receipt" \
	    said run "bob@$DOMAIN/xcat: .*photo.jpg: received"
	ended bob "$server: from an xcat"
	check_same "$T/in/photo.jpg" "$T/photo.jpg" \
	    "$server: from an xcat: content"

	# Sent while nobody is there, it waits on the server.
	phone alice upload "carol@$DOMAIN" "$T/photo.jpg"
	empty_dir in
	listen_as carol carol -o oob=fetch:any -r "$T/in" -a "alice@$DOMAIN"
	ended carol "$server: sent before"
	check_same "$T/in/photo.jpg" "$T/photo.jpg" "$server: sent before"
}

start_badweb()
{
	start badweb "$PYTHON" "$LIB/badweb.py"
	wait_for 20 test -s "$T/badweb.out" || bail "badweb.py does not start"
	BAD=http://127.0.0.1:$(cat "$T/badweb.out")
}

# Insides of messages.
oob()		# url
{
	echo "<body>$1</body><x xmlns='jabber:x:oob'><url>$1</url></x>"
}

sharing()	# metadata url
{
	echo "<file-sharing xmlns='urn:xmpp:sfs:0'><file" \
	    "xmlns='urn:xmpp:file:metadata:0'>$1</file><sources><url-data" \
	    "xmlns='http://jabber.org/protocol/url-data' target='$2'/>" \
	    "</sources></file-sharing>"
}

# Each message: what it is to leave in the folder, and the word about it.
messages()
{
	WANT="<request xmlns='urn:xmpp:receipts'/>"
	HASH="<hash xmlns='urn:xmpp:hashes:2' algo='sha-256'>"
	RIGHT=$HASH$(printf name | openssl dgst -sha256 -binary |
	    openssl base64)"</hash>"
	WRONG=$HASH$(openssl dgst -sha256 -binary </dev/null |
	    openssl base64)"</hash>"
	{
		echo "chat $(oob "$BAD/name/one")$WANT"
		echo "normal $(sharing "<name>../two</name>$RIGHT" \
		    "$BAD/name/x")$WANT"
		echo "chat $(oob "$BAD/name/three")$(sharing \
		    "<name>three</name><size>4</size>$RIGHT" \
		    "$BAD/name/three")"
		echo "chat $(sharing "<name>wrong</name>$WRONG" \
		    "$BAD/name/wrong")$WANT"
		echo "chat $(sharing "<size>5</size>$RIGHT" \
		    "$BAD/name/size")$WANT"
		echo "chat $(sharing "<size>1000001</size>$RIGHT" \
		    "$BAD/name/large")$WANT"
		echo "chat $(sharing '' "$BAD/name/clear")"
		echo "chat $(oob "$BAD/name/clear")$(sharing '' \
		    "$BAD/name/clear")"
		echo "chat $(oob "aesgcm://127.0.0.1/x#00")"
		echo "chat <body>aesgcm://127.0.0.1/x#00</body>"
		echo "chat <encrypted" \
		    "xmlns='eu.siacs.conversations.axolotl'/><body>x</body>"
		echo "chat <body>$BAD/name/body</body>"
		echo "headline $(oob "$BAD/name/headline")"
		echo "chat $(oob "$BAD/name/again")<replace id='x'" \
		    "xmlns='urn:xmpp:message-correct:0'/>"
		for _kind in received sent; do
			echo "chat <$_kind xmlns='urn:xmpp:carbons:2'>" \
			    "<forwarded xmlns='urn:xmpp:forward:0'><message" \
			    "xmlns='jabber:client' from='alice@$DOMAIN/x'" \
			    "type='chat'>$(oob "$BAD/name/$_kind")</message>" \
			    "</forwarded></$_kind>"
		done
		echo "chat <forwarded xmlns='urn:xmpp:forward:0'>$(oob \
		    "$BAD/name/forwarded")</forwarded>"
		echo "chat $(oob ftp://127.0.0.1/x)"
		echo "chat $(oob "$BAD/long")"
		echo "chat $(oob "$BAD/to?file:///etc/passwd")"
		echo "chat $(oob "$BAD/name/last")$WANT"
	} >"$T/messages"
}

said_of()	# extended-regex what
{
	ok "$2" wait_for 20 said bob "$1"
}

several()
{
	shell -k -o max-size=1000000
	phone alice send "bob@$DOMAIN" 3 <"$T/messages"
	is "$status" 0 "messages: the phone"
	sort "$T/run.out" >"$T/receipts"
	printf 'receipt %d\n' 1 2 21 | sort >"$T/expected"
	check_same "$T/receipts" "$T/expected" \
	    "receipts are for what is here, and was to have one"
	said_of 'name/wrong: its SHA-256 is another than was said' \
	    "another SHA-256"
	said_of 'name/size: it has another size than was said' "another size"
	said_of 'name/large: it is too large' "what is said to be too large"
	said_of 'name/clear; not fetched: it is not https' "http, no SHA-256"
	said_of 'something encrypted \(aesgcm\), which xcat cannot read' \
	    "aesgcm"
	said_of 'something encrypted \(OMEMO\), which xcat cannot read' "OMEMO"
	said_of 'ftp://127.0.0.1/x; not fetched: it is none of' "ftp"
	said_of '/long: it is too large' "what turns out to be too large"
	said_of 'passwd: it redirects to what is not https' "redirected"
	# shellcheck disable=SC2012	# as it is shown
	(cd "$T/in" && ls -A) >"$T/names"
	printf '%s\n' last one three two >"$T/expected"
	check_same "$T/names" "$T/expected" "the rest is here, and only that"

	# More at once than are fetched at once.
	i=0
	while [ $((i += 1)) -le 20 ]; do
		echo "chat $(oob "$BAD/name/many$i")$WANT"
	done >"$T/messages"
	phone alice send "bob@$DOMAIN" 20 <"$T/messages"
	is "$(find "$T/in" -name 'many*' | wc -l)" 20 "twenty at once"

	phone carol send "bob@$DOMAIN" 0 <"$T/messages"
	phone alice send "bob@$DOMAIN" 1 <<-END
	chat $(oob "$BAD/name/end")$WANT
	END
	is "$(find "$T/in" -name 'many*' | wc -l)" 20 "a stranger sends nothing"
	is "$(grep -c "carol@$DOMAIN" "$T/bob.err")" 0 "and is not heard"
	stop bob
}

# Without a folder a link waits for standard output, which a stream has.
waiting()
{
	fifo talk
	listen_as bob bob -k -vv -o oob=fetch:any -a "alice@$DOMAIN"
	# shellcheck disable=SC2016
	start alice sh -c 'exec "$1" "$2" <"$3"' sh "$T/alice" "bob@$DOMAIN" \
	    "$T/talk"
	exec 4>"$T/talk"
	echo hello >&4
	wait_for 30 grep -q hello "$T/bob.out" || bail "no stream"
	phone alice send "bob@$DOMAIN" 0 <<-END
	chat $(oob "$BAD/name/later")
	END
	wait_for 20 said bob name/later
	exec 4>&-
	ended alice "waiting: the stream"
	said_of 'later: [0-9]+ bytes fetched' "waiting: the link is fetched then"
	is "$(cat "$T/bob.out")" "hello
name" "waiting: one behind the other"
	stop bob
}

# Only public addresses with oob=fetch; and nothing without it.
private()
{
	empty_dir in
	listen_as bob bob -k -v -o oob=fetch -r "$T/in" -a "alice@$DOMAIN"
	phone alice send "bob@$DOMAIN" 0 <<-END
	chat $(oob "$BAD/name/private")$WANT
	END
	said_of 'name/private: such addresses are not connected' \
	    "a private address"
	stop bob
	listen_as bob bob -k -v -r "$T/in" -a "alice@$DOMAIN"
	phone alice send "bob@$DOMAIN/xcat" 0 <<-END
	chat $(oob "$BAD/name/unwanted")$WANT
	END
	said_of 'name/unwanted; not fetched: not without -o oob=fetch' \
	    "not wanted"
	stop bob
	is "$(find "$T/in" -type f | wc -l)" 0 "nothing has come"
}

head -c 300000 /dev/urandom >"$T/photo.jpg"
start_badweb
messages
for server in $SERVERS; do
	start_server "$server" upload
	photo
	[ "$server" != "${SERVERS%% *}" ] || {
		several
		private
		waiting
	}
	stop_server
done
done_testing
