#!/bin/sh
#
# Files on the server of the account, and links to them (XEP-0363): Prosody and
# ejabberd, with slixmpp at the other end, which fetches what it is sent a link
# to.  What servers refuse, and what the user is told then.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/file.sh"

link()		# name user what argument ...: slixlink.py in the background
{
	_name=$1 _user=$2; shift 2
	start "$_name" "$PYTHON" -B "$LIB/slixlink.py" "$_user@$DOMAIN/phone" \
	    "$(password "$_user")" "127.0.0.1:$PORT" "$CAFILE" "$@"
	[ "$1" != receive ] && [ "$1" != silent ] ||
	    wait_for 30 said "$_name" listening || {
		diag_file "$T/$_name.err"
		bail "slixmpp does not log in"
	}
}

# To a client that is there, which compares what it fetches.
sent()
{
	empty_dir got
	link phone bob receive "$T/got" 2
	run "$T/alice" -s -o upload=yes "bob@$DOMAIN" "$T/photo.JPG" "$T/$ODD"
	is "$status" 0 "$server: status"
	ended phone "$server: it is fetched"
	check_same "$T/got/0" "$T/photo.JPG" "$server: content"
	check_same "$T/got/1" "$T/$ODD" "$server: an odd name"
	cat >"$T/expected" <<-END
	photo.JPG image/jpeg type oob source size hash receipt
	$ODD text/plain type oob source size hash receipt
	END
	check_same "$T/phone.out" "$T/expected" "$server: what is said of them"
	is "$(grep -c ': that server can read them' "$T/run.err")" 1 \
	    "$server: one line says that the server can read them"
	is "$(grep -c "^xcat: bob@$DOMAIN/phone: .*: received" "$T/run.err")" \
	    2 "$server: each receipt is told"
}

# ejabberd takes no empty file.
empty()
{
	if [ "$server" = ejabberd ]; then
		refused 5 "upload.$DOMAIN does not want it .*'size'" \
		    "$server: an empty file" \
		    "$T/alice" -s -o upload=yes "bob@$DOMAIN" "$T/empty"
		return
	fi
	empty_dir got
	link phone bob receive "$T/got" 1
	run "$T/alice" -s -o upload=yes "bob@$DOMAIN" "$T/empty"
	is "$status" 0 "$server: an empty file: status"
	ended phone "$server: an empty file"
	check_same "$T/got/0" "$T/empty" "$server: an empty file: content"
}

# To an account whose clients are away, or give no receipts.
unreceipted()
{
	run "$T/alice" -w 1 -s -o upload=yes "carol@$DOMAIN" "$T/photo.JPG"
	is "$status" 0 "$server: nobody is there: status"
	ok "$server: nobody is there: said" said run 'no receipt yet'
	run "$T/alice" -w 1 -s -o upload=yes "nobody@$DOMAIN" "$T/photo.JPG"
	is "$status" 5 "$server: no account: status"
	ok "$server: no account: said" said run 'the link was refused: '
}

refused()	# status extended-regex what argument ...
{
	_status=$1 _re=$2 _what=$3; shift 3
	run "$@"
	is "$status" "$_status" "$_what: status"
	ok "$_what: said" said run "$_re"
}

refusals()
{
	refused 5 "it is too large: upload.$DOMAIN takes $UPLOADMAX bytes at most, and it has 3000001; nothing was uploaded" \
	    "$server: too large" \
	    "$T/alice" -v -v -s -o upload=yes "bob@$DOMAIN" "$T/large"
	is "$(grep -c 'SENT.*http:upload:0. filename' "$T/run.err")" 0 \
	    "$server: no slot is asked for, for that"
	refused 3 'such addresses are not connected to' \
	    "$server: a private address" "$T/alice" \
	    -o streamhost-policy=public -s -o upload=yes "bob@$DOMAIN" \
	    "$T/photo.JPG"
}

# -o upload=absent
absent()
{
	empty_dir in
	listen_as bob bob -a "alice@$DOMAIN" -r "$T/in"
	run "$T/alice" -s -o upload=absent "bob@$DOMAIN" "$T/photo.JPG"
	is "$status" 0 "$server: absent: an xcat is there: status"
	ended bob "$server: absent: an xcat is there"
	check_same "$T/in/photo.JPG" "$T/photo.JPG" \
	    "$server: absent: it gets the file itself"
	empty_dir got
	link phone bob receive "$T/got" 1
	run "$T/alice" -s -o upload=absent "bob@$DOMAIN" "$T/photo.JPG"
	is "$status" 0 "$server: absent: only a phone is there: status"
	ended phone "$server: absent: only a phone is there"
	check_same "$T/got/0" "$T/photo.JPG" "$server: absent: content"
	link phone bob receive "$T/got" 1
	run "$T/alice" -s -o upload=absent "bob@$DOMAIN/phone" "$T/photo.JPG"
	is "$status" 0 "$server: absent: one that takes no files: status"
	ok "$server: absent: one that takes no files: said" \
	    said run 'takes no files'
	ended phone "$server: absent: one that takes no files"
}

words()
{
	fails 2 'name the files' "no file" \
	    "$T/alice" -s -o upload=yes "bob@$DOMAIN"
	fails 2 'e2e=require forbids' "e2e=require" \
	    "$T/alice" -s -o e2e=require -o upload=yes "bob@$DOMAIN" "$T/empty"
	fails 2 'yes, absent or no' "another word" \
	    "$T/alice" -s -o upload=maybe "bob@$DOMAIN" "$T/empty"
	fails 2 'write it to a file' "a pipe" \
	    sh -c "cat '$T/empty' | '$T/alice' -s -o upload=yes bob@$DOMAIN -"
}

no_service()
{
	for server in $SERVERS; do
		start_server "$server"
		refused 5 "$DOMAIN has no service for uploads" \
		    "$server: no service" \
		    "$T/alice" -s -o upload=yes "bob@$DOMAIN" "$T/empty"
		stop_server
	done
}

quota()
{
	UPLOADQUOTA=150000
	start_server prosody upload
	refused 5 "upload.$DOMAIN takes no more now \(Daily quota reached\); try" \
	    "a quota" "$T/alice" -w 1 -s -o upload=yes "carol@$DOMAIN" \
	    "$T/photo.JPG" "$T/photo.JPG"
	ok "a quota: the first file has gone" said run '1 of 2 files'
	stop_server
}

UPLOADMAX=2000000
ODD="ä b%20c&d'.txt"
head -c 100000 /dev/urandom >"$T/photo.JPG"
head -c 3000001 /dev/urandom >"$T/large"
head -c 1234567 /dev/urandom >"$T/$ODD"
: >"$T/empty"
for server in $SERVERS; do
	start_server "$server" upload
	[ "$server" != "${SERVERS%% *}" ] || words
	sent
	empty
	unreceipted
	refusals
	absent
	stop_server
done
no_service
quota
done_testing
