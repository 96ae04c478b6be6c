#!/bin/sh
#
# Options, environment, configuration and passwords, by what they do.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"

LIMIT=30
bob=bob@$DOMAIN
alice=alice@$DOMAIN
echo hello >"$T/hello"
head -c 20000 /dev/urandom >"$T/data"

works()		# description command ...: a caller that gets "hello" through
{
	_desc=$1; shift
	listen_as bob listener -a "$alice"
	run "$@" <"$T/hello"
	is "$status" 0 "$_desc"
	[ "$status" = 0 ] || diag_file "$T/run.err"
	[ "$status" = 0 ] || stop listener
	finish listener
	check_same "$T/listener.out" "$T/hello" "$_desc: heard"
}

# --- directions --------------------------------------------------------------

# -d: what is on standard input stays there for others.
no_stdin()
{
	listen_as bob listener -a "$alice" -N <"$T/hello"
	run sh -c '"$1" -d "$2"; cat' sh "$T/alice" "$bob" <"$T/data"
	cat "$T/hello" "$T/data" >"$T/both"
	check_same "$T/run.out" "$T/both" '-d: input is not read'
	finish listener
	is "$status" 0 '-d: the listener was heard'
}

# -N: the end of input is the end, whatever the peer still has to say.
close_at_eof()
{
	fifo open
	exec 4<>"$T/open"		# input that never ends
	listen_as bob listener -a "$alice" <"$T/open"
	run "$T/alice" -N "$bob" <"$T/hello"
	is "$status" 0 '-N: the caller ends with its input'
	finish listener 30
	is "$status" 0 '-N: and the listener with the stream'
	check_same "$T/listener.out" "$T/hello" '-N: having heard all'
	exec 4>&-
}

# --- where to connect --------------------------------------------------------

servers()
{
	works '-c with a host name' "$T/alice" -c "localhost:$PORT" -s "$bob"
	works '-c xmpp://' "$T/alice" -c "xmpp://127.0.0.1:$PORT" -s "$bob"
	works '-c xmpps://' "$T/alice" -c "xmpps://127.0.0.1:$TLSPORT" -s "$bob"
	works '-4' "$T/alice" -4 -c "localhost:$PORT" -s "$bob"
	fails 2 '127\.0\.0\.1 is no IPv6' '-6 to an IPv4 address' \
	    "$T/alice" -6 -c "127.0.0.1:$PORT" "$bob"
	if have_ipv6; then
		works '-6' "$T/alice" -6 -c "[::1]:$PORT" -s "$bob"
		works '-c xmpps:// and IPv6' \
		    "$T/alice" -c "xmpps://[::1]:$TLSPORT" -s "$bob"
		fails 2 '::1 is no IPv4' '-4 to an IPv6 address' \
		    "$T/alice" -4 -c "[::1]:$PORT" "$bob"
	else
		skip 'IPv6' 'not on this machine'
	fi
}

# --- who I am ----------------------------------------------------------------

# What is pasted from the listener's terminal has to work.
paste()
{
	listen_as bob listener -a "$alice" -j "$bob/my pipe"
	set -- "$(sed -n 's/^.*xcat: listening.*: xcat //p' "$T/listener.err")"
	run sh -c "'$T/alice' -s $*" <"$T/hello"
	is "$status" 0 "the listener's command works: xcat $*"
	finish listener
	check_same "$T/listener.out" "$T/hello" 'the resource is a matter of -j'
}

environment()
{
	: >"$T/config"
	works 'XCAT_JID and XCAT_PASSWORD' env XCAT_CONFIG="$T/config" \
	    XCAT_JID="$alice" XCAT_PASSWORD="$(password alice)" \
	    "$XCAT" -c "$SERVER" -C "$CAFILE" -s "$bob"

	cat >"$T/config" <<-END
	# alice
	jid $alice
	server $SERVER
	ca-file "$CAFILE"
	password $(password alice)
	END
	chmod 600 "$T/config"
	works 'everything from the configuration' \
	    env XCAT_CONFIG="$T/config" "$XCAT" -s "$bob"

	mkdir -p "$T/xdg/xcat"
	cp "$T/config" "$T/xdg/xcat/config"
	works 'which may be in XDG_CONFIG_HOME' \
	    env XDG_CONFIG_HOME="$T/xdg" "$XCAT" -s "$bob"

	mkdir -p "$T/home/.config/xcat"
	cp "$T/config" "$T/home/.config/xcat/config"
	works 'or in ~/.config' env HOME="$T/home" "$XCAT" -s "$bob"

	fails 5 'carol@' 'options come after the configuration' \
	    env XCAT_CONFIG="$T/config" "$XCAT" -o server="$SERVER" \
	    "carol@$DOMAIN"
	fails 3 'refused' 'and later ones after earlier ones' \
	    env XCAT_CONFIG="$T/config" "$XCAT" -c "$SERVER" \
	    -o "server=127.0.0.1:$(free_port)" "$bob"
}

# --- passwords ---------------------------------------------------------------

with_config()	# line ...: alice, but for the password
{
	printf '%s\n' "jid $alice" "server $SERVER" "ca-file $CAFILE" "$@" \
	    >"$T/config"
	chmod 600 "$T/config"
}

passwords()
{
	printf '%s\nsecond line\n' "$(password alice)" >"$T/secret"
	chmod 600 "$T/secret"
	with_config
	works '-p' env XCAT_CONFIG="$T/config" "$XCAT" -p "$T/secret" -s "$bob"
	with_config "password-file $T/secret"
	works 'password-file' env XCAT_CONFIG="$T/config" "$XCAT" -s "$bob"
	with_config "password-command cat $T/secret"
	works 'password-command' env XCAT_CONFIG="$T/config" "$XCAT" -s "$bob"
	# a command that reads must not find the payload
	with_config "password-command cat; cat $T/secret"
	works 'password-command has no input' \
	    env XCAT_CONFIG="$T/config" "$XCAT" -s "$bob"
}

# A terminal, on which the password is asked for, while input and output are
# pipes.  script(1) makes one.
prompt()
{
	with_config
	listen_as bob listener -a "$alice"
	cat >"$T/at-terminal" <<-END
	XCAT_CONFIG="$T/config" "$XCAT" -s "$bob" <"$T/hello" >"$T/payload"
	END
	fifo typed
	exec 4<>"$T/typed"
	start terminal script -qfec "sh $T/at-terminal" "$T/typescript" \
	    <"$T/typed"
	ok 'asks for the password on the terminal' \
	    wait_for 60 grep -qi 'password' "$T/typescript"
	password alice >&4
	finish terminal
	is "$status" 0 'takes it from there'
	exec 4>&-
	ok 'without an echo' \
	    test ! "$(grep "$(password alice)" "$T/typescript")"
	ok 'nothing of it on standard output' has_size "$T/payload" 0
	finish listener
	check_same "$T/listener.out" "$T/hello" 'nor from standard input'
}

# Three attempts, as login(1) has it.
attempts()	# password that is typed last
{
	with_config
	fifo typed
	exec 4<>"$T/typed"
	: >"$T/typescript"
	start terminal script -qfec "sh $T/at-terminal" "$T/typescript" \
	    <"$T/typed"
	for _n in 1 2 3; do
		wait_for 60 asked "$_n" || break
		if [ "$_n" -lt 3 ]; then echo "wrong$_n"; else echo "$1"; fi >&4
	done
	finish terminal
	exec 4>&-
}

asked()		# number of times
{
	[ "$(grep -o 'Password for' "$T/typescript" | wc -l)" -ge "$1" ]
}

prompts()
{
	listen_as bob listener -a "$alice"
	attempts "$(password alice)"
	is "$status" 0 'the third password is the right one'
	is "$(grep -c "Password for $alice: " "$T/typescript")" 3 \
	    'asked three times, for the bare JID'
	is "$(grep -c 'wrong password' "$T/typescript")" 2 'told twice'
	finish listener
	check_same "$T/listener.out" "$T/hello" 'and the stream is as ever'
	attempts wrong
	is "$status" 4 'three wrong ones are enough'
	is "$(grep -c 'wrong password' "$T/typescript")" 3 'each is told'
}

# --- how much it says --------------------------------------------------------

say_hello()
{
	xcat_as alice -s "$bob" <"$T/hello"
}

talk()
{
	works 'nothing to say' "$T/alice" -s "$bob"
	ok 'no word on stderr' has_size "$T/run.err" 0
	works '-v' "$T/alice" -v -s "$bob"
	ok '-v says more' test -s "$T/run.err"
	works '-vv' "$T/alice" -vv -s "$bob"
	ok '-vv shows stanzas' said run '<iq'
	ok '-vv shows times' said run '^xcat: [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3} '
	ok '-vv shows mechanisms' \
	    said run '<mechanism>SCRAM-SHA-[-0-9A-Z]+</mechanism>'
	ok '-vv shows no password' \
	    test ! "$(grep -e "$(password alice)" -e aGVsbG8 "$T/run.err")"
	# in SCRAM the proof and in PLAIN the password would be in these
	_login='<(auth|response|challenge)[^>]*>[A-Za-z0-9+/]'
	ok '-vv shows nothing of the login' \
	    test ! "$(grep -E "$_login" "$T/run.err")"

	start listener "$T/bob" -l -q -a "$alice"
	wait_for 20 say_hello
	finish listener
	ok '-q: a listener without a word' has_size "$T/listener.err" 0
}

passes()	# file option ...
{
	_file=$1; shift
	listen_as bob listener -a "$alice"
	run "$T/alice" "$@" -s "$bob" <"$_file"
	is "$status" 0 "$*"
	finish listener
	check_same "$T/listener.out" "$_file" "$*: intact"
}

stanzas()
{
	passes "$T/data" -m
	passes "$T/hello" -b 1
	passes "$T/data" -b 1000
	passes "$T/data" -b 65535
}

start_server prosody
no_stdin
close_at_eof
servers
paste
environment
passwords
prompt
prompts
talk
stanzas
done_testing
