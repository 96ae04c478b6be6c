#!/bin/sh
#
# A listener that is left running: its log in JSON, a configuration that is read
# anew, and an end that streams may outlive.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"

LIMIT=20
STAMP='^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{3}Z xcat: '

events()	# name [event [member ...]]
{
	_of=$1; shift
	"$PYTHON" -B "$LIB/events.py" "$T/$_of.err" "$@"
}

# The last one is this.
last()		# name event member value
{
	[ "$(events "$1" "$2" "$3" | tail -n 1)" = "$4" ]
}

happened()	# name event number
{
	[ "$(events "$1" "$2" event | wc -l)" -ge "$3" ]
}

start_json()	# argument ...: bob listens
{
	start listener "$T/bob" -l -k -o log=json -a "$alice" "$@"
	wait_for 20 happened listener listening 1 || bail 'does not listen'
}

streams()
{
	start_json 'cat=!cat' 'sleep=!exec sleep 60' '127.0.0.1:*='
	is "$(events listener listening address)" "\"$bob/xcat\"" \
	    'listening: the address'
	like "$(events listener listening key)" '^"SHA256:.{43}"$' \
	    'listening: the key'
	echo hello >"$T/line"
	run "$T/alice" -j "$alice/odd \"}{\\ one" -o log=json "$bob" cat \
	    <"$T/line"
	is "$(cat "$T/run.out")" hello 'standard output has the payload alone'
	wait_for 20 happened listener stream-ended 1
	odd="\"$alice/odd \\\"}{\\\\\\\\ one\""
	is "$(events listener stream-opened peer service)" \
	    "$(printf '%b\t"cat"' "$odd")" 'opened: peer and service'
	is "$(events listener stream-ended peer service in out status)" \
	    "$(printf '%b\t"cat"\t6\t6\t0' "$odd")" 'ended: bytes and status'
	like "$(events listener stream-ended seconds)" '^[0-9]+\.[0-9]+$' \
	    'ended: seconds'
	is "$(events listener stream-ended sid)" \
	    "$(events listener stream-opened sid)" 'ended: of that stream'
	is "$(events run stream-opened peer service)" \
	    "$(printf '"%s"\t"cat"' "$bob/xcat")" 'a caller: opened'
	is "$(events run stream-ended in out status)" \
	    "$(printf '6\t6\t0')" 'a caller: ended'
	run "$T/alice" -o log=json "$bob" 'no"
such	one'
	is "$status" 5 'a service with an odd name: refused'
	ok 'and the refusal is an object here' happened run message 1
	like "$(events listener message message | tail -n 1)" \
	    'no such service: no\\" such one"$' 'and there'
}

breaks()
{
	run "$T/alice" -o log=json "$bob/nobody" cat
	is "$status" 5 'nobody there'
	ok 'is said in an object' last run message level '"error"'
	start caller "$T/alice" "$bob" sleep <"$T/open"
	ok 'a stream' wait_for 20 happened listener stream-opened 2
	stop caller
	ok 'that breaks' wait_for 20 happened listener stream-ended 2
	ok 'has the status of that' last listener stream-ended status 6
	like "$(events listener stream-ended reason | tail -n 1)" 'hung up' \
	    'and the reason'
	start caller "$T/alice" -o log=json "$bob" sleep <"$T/open"
	ok 'another' wait_for 20 happened listener stream-opened 3
	stop listener
	ok 'is stopped' last listener stream-ended status 143
	finish caller
	ok 'which its caller says' last caller stream-ended status 6
	is "$status" 6 'as its status does'
}

carriers()
{
	start_json 'sink=!exec cat >/dev/null'
	start caller "$T/alice" -o log=json -o upgrade-after=1 "$bob" sink \
	    <"$T/fifo"
	cat "$T/line" >&8
	ok 'a socket' wait_for 20 happened listener carrier-changed 1
	is "$(events listener carrier-changed carrier)" '"socket"' \
	    'is the carrier'
	like "$(events caller carrier-changed way)" '^"direct, .* port [0-9]+"$' \
	    'and leads there'
	is "$(events listener carrier-changed sid)" \
	    "$(events listener stream-opened sid)" 'of that stream'
	stop caller
	stop listener
}

# Without -k, a caller that leaves unused takes no turn.
unused()
{
	start listener "$T/bob" -l -o log=json -a "$alice" <"$T/open"
	wait_for 20 happened listener listening 1 || bail 'does not listen'
	start caller "$T/alice" "$bob" <"$T/open"
	ok 'a stream without -k' wait_for 20 happened listener stream-opened 1
	stop caller
	ok 'that is left unused has an end' wait_for 20 \
	    happened listener stream-ended 1
	is "$(events listener stream-ended sid)" \
	    "$(events listener stream-opened sid)" 'which is its own'
	stop listener
	configure 'log json' 'max-sise 3'
	run "$T/bob" -l
	is "$status" 2 'a mistake in the configuration'
	like "$(events run message message)" 'config:2: no such keyword' \
	    'is an object'
	configure
}

losses()
{
	start_json 'cat=!cat'
	stop_server
	ok 'the server is lost' wait_for 20 happened listener server-lost 1
	like "$(events listener server-lost server reason)" \
	    "^\"127.0.0.1\"	\"[^;]+\"\$" 'with its name, and why'
	run_server
	ok 'and back' wait_for 60 happened listener server-back 1
	is "$(events listener server-back server resumed)" \
	    "$(printf '"%s"\tfalse' 127.0.0.1)" 'which is no resumption'
	stop listener
}

# With stream management the server keeps what was under way.
resumptions()
{
	stop_server
	start_server prosody smacks
	. "$LIB/relay.sh"
	start_relay near
	start_json "$(via near)" 'cat=!cat'
	start caller "$T/alice" -o carrier=ibb "$bob" cat <"$T/fifo"
	ok 'a stream, in-band' wait_for 20 happened listener stream-opened 1
	relay near cut
	ok 'a connection is lost' wait_for 20 happened listener server-lost 1
	ok 'and back' wait_for 60 happened listener server-back 1
	is "$(events listener server-back server resumed)" \
	    "$(printf '"%s"\ttrue' 127.0.0.1)" 'which is a resumption'
	echo on >&8
	ok 'the stream goes on' wait_for 20 has_size "$T/caller.out" 3
	is "$(events listener stream-ended event | wc -l)" 0 'without an end'
	stop caller
	stop listener
	stop near
}

files()
{
	mkdir "$T/got"
	start_json -r "$T/got"
	echo data >"$T/a \"file\""
	run "$T/alice" -q -s "$bob" "$T/a \"file\""
	is "$status" 0 'a file'
	ok 'is told of' wait_for 20 happened listener file-received 1
	is "$(events listener file-received file bytes)" \
	    "$(printf '"a \\"file\\""\t5')" 'with name and size'
	stop listener
}

others()
{
	start_json -vv 'cat=!cat'
	run "$T/alice" -vv -o log=json "$bob" cat <"$T/line"
	stop listener
	ok 'stanzas are in objects' happened listener message 20
	ok 'and in those of a caller' happened run message 20
	is "$(grep -c -e "$(password bob)" -e "$(password alice)" \
	    "$T/listener.err" "$T/run.err" | paste -sd ' ' -)" \
	    "$T/listener.err:0 $T/run.err:0" 'and no secrets'
	fails 2 'leave out log=json' 'a code is not for a log' \
	    "$T/bob" -l -I -o log=json
}

stamps()
{
	listen_as bob listener -k -a "$alice" 'cat=!cat'
	run "$T/alice" "$bob" cat <"$T/line"
	wait_for 20 said listener 'complete$'
	is "$(grep -Evc "$STAMP" "$T/listener.err")" 0 \
	    'a listener: each line has its time'
	is "$(grep -Ec "$STAMP" "$T/run.err")" 0 'a caller: no line has'
	stop listener
	cat >"$T/journal" <<-END
	#!/bin/sh
	JOURNAL_STREAM=\$(stat -L -c %d:%i /proc/self/fd/2)
	export JOURNAL_STREAM
	exec "$T/bob" -l -k
	END
	chmod +x "$T/journal"
	start listener "$T/journal"
	ok 'for the journal' wait_for 20 said listener '^xcat: listening'
	stop listener
}

configure()	# line ...: bob's configuration
{
	printf '%s\n' "$@" >"$T/home/bob/config"
}

has_said()	# name extended-regex number
{
	[ "$(grep -Ec -- "$2" "$T/$1.err")" -ge "$3" ]
}

reload()	# extended-regex: what is said then
{
	_before=$(grep -Ec -- "$1" "$T/listener.err")
	signal HUP listener
	ok "SIGHUP: $1" wait_for 20 has_said listener "$1" $((_before + 1))
}

reloads()
{
	configure "allow $alice" 'service cat=!cat' 'service two=!echo two'
	listen_as bob listener -k -a "carol@$DOMAIN" 'one=!echo one' \
	    'wait=!echo here; cat'
	run "$T/alice" "$bob" two
	is "$(cat "$T/run.out")" two 'a service of the configuration'
	run "$T/alice" "$bob"
	is "$(cat "$T/run.out")" one 'those of the command line come first'
	start caller "$T/alice" "$bob" wait <"$T/fifo"
	wait_for 20 has_size "$T/caller.out" 5 || bail 'no stream'
	configure 'service three=!echo three'
	reload 'the configuration was read anew'
	fails 5 'nobody listens there' 'who is named no longer is a stranger' \
	    "$T/alice" "$bob" one
	run "$T/carol" "$bob" three
	is "$(cat "$T/run.out")" three 'a new service, and -a stays'
	fails 5 'no such service' 'an old one is gone' "$T/carol" "$bob" two
	echo still >&8
	ok 'the stream goes on' wait_for 20 has_size "$T/caller.out" 11
	configure "allow $alice" 'service four=nonsense'
	reload 'service nonsense.*all stays as it was'
	run "$T/carol" "$bob" three
	is "$(cat "$T/run.out")" three 'a bad configuration changes nothing'
	fails 5 'nobody listens there' 'nor do its better parts' \
	    "$T/alice" "$bob" three
	configure "allow $alice" 'max-sise 3'
	reload 'config:2: .*all stays as it was'
	configure "allow @roster" 'allow @paired' "allow $alice" \
	    'service two=!echo two'
	reload 'the configuration was read anew'
	run "$T/alice" "$bob" two
	is "$(cat "$T/run.out")" two 'and back'
	run "$T/alice" "$bob" cat
	is "$status" 5 'without the service that was left out'
	stop caller
	stop listener
	configure
	listen_as bob listener -a "$alice"
	signal HUP listener
	finish listener
	is "$status" 129 'without -k SIGHUP ends it'
}

# A command needs what a run without commands has given up, which one that began
# with commands has not.
commands()
{
	configure "allow $alice" 'service two=!echo two'
	listen_as bob listener -k
	configure "allow $alice" 'service web=127.0.0.1:9'
	reload 'the configuration was read anew'
	configure "allow $alice" 'service two=!echo two'
	reload 'the configuration was read anew'
	run "$T/alice" "$bob" two
	is "$status $(cat "$T/run.out")" '0 two' 'a command that was there once'
	stop listener
	configure "allow $alice" 'service web=127.0.0.1:9'
	listen_as bob listener -k -v
	configure "allow $alice" 'service two=!echo two'
	if said listener 'sandbox: no programs'; then
		reload 'a first command can be added only at a start'
	else
		reload 'the configuration was read anew'
	fi
	stop listener
	configure
}

graces()
{
	listen_as bob listener -k -o grace=60 -a "$alice" 'cat=!cat'
	fifo ending
	start caller sh -c 'exec "$1" "$2" cat <"$3"' sh "$T/alice" "$bob" \
	    "$T/ending"
	exec 7>"$T/ending"
	echo one >&7
	wait_for 20 has_size "$T/caller.out" 4 || bail 'no stream'
	signal TERM listener
	ok 'SIGTERM: says so' wait_for 20 said listener 'told to end'
	fails 5 'nobody listens there' 'no new streams' "$T/alice" "$bob" cat
	echo two >&7
	ok 'the stream goes on' wait_for 20 has_size "$T/caller.out" 8
	exec 7>&-
	finish caller
	is "$status" 0 'to its end'
	finish listener
	is "$status" 143 'with which the listener ends, by the signal'
	listen_as bob listener -k -o grace=60 -a "$alice" 'cat=!cat'
	stop listener
	is "$status" 143 'without streams it ends at once'
	listen_as bob listener -k -o grace=60 -a "$alice" 'cat=!cat'
	start caller "$T/alice" "$bob" cat <"$T/open"
	wait_for 20 said listener 'stream to cat' || bail 'no stream'
	signal TERM listener
	wait_for 20 said listener 'told to end'
	stop listener
	is "$status" 143 'a second SIGTERM ends it'
	finish caller
	is "$status" 6 'and the stream'
	listen_as bob listener -k -o grace=60 -a "$alice" 'cat=!cat'
	start caller "$T/alice" "$bob" cat <"$T/open"
	wait_for 20 said listener 'stream to cat' || bail 'no stream'
	signal TERM listener
	wait_for 20 said listener 'told to end'
	signal HUP listener
	finish listener
	is "$status" 129 'so does SIGHUP'
	finish caller
	listen_as bob listener -k -o grace=1 -a "$alice" 'cat=!cat'
	start caller "$T/alice" "$bob" cat <"$T/open"
	wait_for 20 said listener 'stream to cat' || bail 'no stream'
	signal TERM listener
	finish listener
	is "$status" 143 'the grace is over'
	ok 'and says so of the stream' said listener 'listener was stopped'
	finish caller
	is "$status" 6 'which breaks'
}

start_server prosody
alice=alice@$DOMAIN bob=bob@$DOMAIN
mkfifo "$T/open" "$T/fifo"
exec 9<>"$T/open" 8<>"$T/fifo"
streams
breaks
carriers
unused
losses
files
others
stamps
reloads
commands
graces
resumptions
done_testing
