# s5b.sh: streams that move from the server to a socket: a direct one, and ones
# through the server's proxy; and streams that are a socket from the beginning.
# Sourced after lib.sh.
# shellcheck shell=dash

. "$LIB/server.sh"
. "$LIB/sockets.sh"

HIDE='-o streamhost=none'	# proxies only
LITTLE=2000000

# Both said what carries the stream.
carried()	# extended-regex what
{
	ok "$2: the caller says so" said caller ": socket: $1"
	ok "$2: the listener says so" said listener ": socket: $1"
	ok "$2: it has not come back" no_return
}

no_return()
{
	! said caller 'in-band (again|as before)'
}

# The listener's input waits for the caller's to have come, so that with a plain
# stream nothing is cut short by its end.
both()		# up down regex what option ...
{
	_up=$1 _down=$2 _re=$3 _what="$server: $4"; shift 4
	rm -f "$T/listener.out"
	fifo feed
	# shellcheck disable=SC2016
	start feeder sh -c 'exec >"$4"; cat "$1"
	    until [ "$(wc -c <"$2")" = "$3" ]; do sleep .05; done' \
	    sh "$T/$_down" "$T/listener.out" "$(wc -c <"$T/$_up")" "$T/feed"
	listen_as bob listener -v -N "$@" -a "alice@$DOMAIN" <"$T/feed"
	start caller "$T/alice" -v "$@" "bob@$DOMAIN" <"$T/$_up"
	ended caller "$_what"
	ended listener "$_what"
	finish feeder 30
	check_same "$T/listener.out" "$T/$_up" "$_what: up"
	check_same "$T/caller.out" "$T/$_down" "$_what: down"
	carried "$_re" "$_what"
}

up()		# file regex what option ...
{
	_file=$1 _re=$2 _what="$server: $3"; shift 3
	listen_as bob listener -v "$@" -a "alice@$DOMAIN"
	start caller "$T/alice" -s -v "$@" "bob@$DOMAIN" <"$T/$_file"
	ended caller "$_what"
	ended listener "$_what"
	check_same "$T/listener.out" "$T/$_file" "$_what: same"
	carried "$_re" "$_what"
}

down()		# file regex what option ...
{
	_file=$1 _re=$2 _what="$server: $3"; shift 3
	listen_as bob listener -N -v "$@" -a "alice@$DOMAIN" <"$T/$_file"
	start caller "$T/alice" -d -v "$@" "bob@$DOMAIN"
	ended caller "$_what"
	ended listener "$_what"
	check_same "$T/caller.out" "$T/$_file" "$_what: same"
	carried "$_re" "$_what"
}

# What comes back comes after the end of what goes: proxies cannot pass that on,
# the session inside does.
half_close()	# regex what option ...
{
	_re=$1 _what="$server: half-close, $2"; shift 2
	# shellcheck disable=SC2016
	listen_as bob listener -v "$@" -a "alice@$DOMAIN" \
	    'sum=!n=$(wc -c); echo "$n"; head -c 3000000 /dev/zero'
	start caller "$T/alice" -v "$@" "bob@$DOMAIN" sum <"$T/little"
	ended caller "$_what"
	ended listener "$_what"
	is "$(head -n 1 "$T/caller.out" | tr -d '\0')" "$LITTLE" \
	    "$_what: all was there before the answer"
	is "$(wc -c <"$T/caller.out")" "$((3000000 + ${#LITTLE} + 1))" \
	    "$_what: the whole answer"
	carried "$_re" "$_what"
}

# Streams that no socket is good for stay where they are.
in_band()	# what caller's-options listener's-options
{
	_what="$server: $1"
	# shellcheck disable=SC2086
	listen_as bob listener -v $3 -a "alice@$DOMAIN"
	# shellcheck disable=SC2086
	start caller "$T/alice" -s -v $2 "bob@$DOMAIN" <"$T/little"
	ended caller "$_what"
	ended listener "$_what"
	check_same "$T/listener.out" "$T/little" "$_what: same"
	ok "$_what: no socket" neither_said ': socket: '
}

neither_said()	# extended-regex
{
	! said caller "$1" && ! said listener "$1"
}

s5b()		# prosody|ejabberd
{
	random large-1 "$(by_tier 8000000 200000000)"
	random large-2 "$(by_tier 8000000 200000000)"
	random little $LITTLE
	start_server "$1" proxy65
	# shellcheck disable=SC2086
	{
	both large-1 large-2 direct 'direct, both ways at once'
	up large-1 direct 'direct, up'
	down large-2 direct 'direct, down'
	half_close direct direct
	both large-1 large-2 proxy 'proxy, both ways at once' $HIDE
	up large-1 proxy 'proxy, up' $HIDE
	down large-2 proxy 'proxy, down' $HIDE
	half_close proxy proxy $HIDE
	up little direct 'a plain stream, up' -o carrier=s5b
	down little direct 'a plain stream, down' -o carrier=s5b
	both little large-1 direct 'a plain stream, both' -o carrier=s5b
	up little proxy 'a plain stream through a proxy, up' \
	    $HIDE -o carrier=s5b
	down little proxy 'a plain stream through a proxy, down' \
	    $HIDE -o carrier=s5b
	up large-1 proxy 'a proxy by its name' $HIDE -P "proxy.$DOMAIN"
	}
	in_band 'in-band only' -i ''
	in_band 'the listener is in-band only' '' -i
	in_band 'no address may be connected to' \
	    "$HIDE -o streamhost-policy=public" \
	    "$HIDE -o streamhost-policy=public"
	in_band 'a stream without a session' '-o e2e=off' ''
	in_band 'a stream of messages' -m ''
	stop_server
}
