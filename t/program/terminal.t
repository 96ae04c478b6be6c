#!/bin/sh
#
# The first contact of two people, each at a terminal: the code that one reads and
# the other types, waiting, a chat, a key that has changed; and all that xcat tells
# them to run, run as it stands there.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/tmux.sh"

LIMIT=30

shows()		# who extended-regex: on the terminal
{
	screen "$1" | grep -Eq -e "$2"
}

screen()	# who
{
	tm capture-pane -p -J -t "$1"
}

sees()		# who extended-regex description
{
	ok "$1 $3" wait_for 40 shows "$1" "$2"
	shows "$1" "$2" || screen "$1" | grep . | sed 's/^/# /' >&2
}

types()		# who text
{
	tm send-keys -t "$1" -l "$2"
	tm send-keys -t "$1" Enter
}

# A terminal with a shell, in which xcat is the user's.
sits_down()	# who
{
	mkdir -p "$T/bin-$1"
	cp "$T/$1" "$T/bin-$1/xcat"
	tm new-session -d -s "$1" -x 120 -y 40 \
	    "cd '$T' && PATH='$T/bin-$1:$PATH' PS1='$1: ' exec sh"
	wait_for 20 shows "$1" "$1: \$" || bail "$1 has no shell"
}

clears()	# who: nothing is there but the prompt
{
	types "$1" clear
	tm clear-history -t "$1"
	wait_for 20 only_prompt "$1"
}

only_prompt()	# who
{
	[ "$(screen "$1" | grep -c .)" = 1 ]
}

# What follows the words, as it would be pasted.
told()		# who words
{
	screen "$1" | sed -n "s/.*$2//p" | tail -n 1 | sed 's/ *$//'
}

# After the last command, whose status is wanted.
ends()		# who status description
{
	wait_for 40 at_prompt "$1"
	types "$1" "echo \"ended with \$?\""
	sees "$1" "^ended with $2\$" "$3"
}

at_prompt()	# who
{
	screen "$1" | grep . | tail -n 1 | grep -q "$1: *\$"
}

# The code comes by another way, and is typed; no account was named.
by_code()
{
	types bob 'xcat -l -I'
	sees bob 'listening; reach it once within 60 minutes, with: xcat ' \
	    'sees the code'
	line=$(told bob 'with: xcat ')
	code=${line##*=}
	types alice "xcat '${line%=*}=-'"
	sees alice 'ode.*: ' 'is asked for it'
	types alice "$(echo "$code" | tr '[:upper:]' '[:lower:]' | tr -d -)"
	sees alice 'first contact; its key SHA256:.* is now in' \
	    'is told that the key is remembered'
	sees bob 'came with the code; -a @paired admits its account' \
	    'is told who came'
	chat
}

chat()
{
	types alice 'good morning'
	sees bob '^good morning' 'reads what alice says'
	types bob 'good night'
	sees alice '^good night' 'reads the answer'
	tm send-keys -t alice C-c
	ends alice 130 'ends it with control-C'
	ends bob 0 'has a listener that ends with it'
	clears alice
	clears bob
}

# Nothing is on the terminal while xcat waits.
waiting()
{
	types alice "xcat -W bob@$DOMAIN"
	types bob 'xcat -l -a @paired'
	sees bob 'listening; reach it with: xcat ' 'listens later'
	types alice 'there?'
	sees bob '^there\?' 'is found then'
	is "$(screen alice | grep -c '^xcat: ')" 0 'not a word of that'
	chat
}

changed()
{
	rm "$T/home/bob/key.pem"
	types bob 'xcat -l -a @paired'
	sees bob 'listening; reach it with: xcat ' 'has another key'
	types alice "xcat -s bob@$DOMAIN </dev/null"
	sees alice 'its key has changed: it was SHA256:' 'is warned'
	ends alice 5 'has not called it'
	types alice "$(told alice 'is meant: ')"
	clears alice
	types alice "$(told bob 'reach it with: ')"
	types alice 'once more'
	sees bob '^once more' 'is called with the new key'
	chat
}

second()
{
	types bob 'xcat -l -k -a @paired'
	sees bob 'listening; reach it with: xcat ' 'listens'
	sits_down carol
	cp "$T/bin-bob/xcat" "$T/bin-carol/xcat"
	types carol 'xcat -l'
	sees carol 'another xcat on this machine .process [0-9]*. listens' \
	    'is told of the first listener'
	types carol "$(told carol 'of its own: ')"
	sees carol 'listening; reach it with: xcat bob@.*/xcat2=SHA256:' \
	    'runs the command that was printed'
	is "$(screen bob | grep -c 'another client')" 0 \
	    'and the first is not displaced'
}

start_server prosody
start_tmux 20
sits_down alice
sits_down bob
by_code
waiting
changed
second
stop_tmux 20
done_testing
