#!/bin/sh
#
# Who hangs up is no alarm: what listeners and callers say, and their statuses,
# after ssh, scp and a chat that control-C ends.  With -k there is one line when
# a stream opens and one when it ends.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/sshd.sh"

LIMIT=60
bob=bob@$DOMAIN
alice=alice@$DOMAIN
from="xcat: $alice/[0-9a-f]+: stream to"
bytes='[0-9]+\.[0-9] s, [1-9][0-9]* bytes in, [1-9][0-9]* out'

lines()		# name number extended-regex: so many lines, and no others
{
	[ "$(grep -cE -- "$3" "$T/$1.err")" -eq "$2" ]
}

notes()		# number what how: all that the -k listener has said, by now
{
	ok "$2: a line when the stream opens" \
	    wait_for 20 lines listener "$1" "$from $2\$"
	ok "$2: and one when it ends: $3" wait_for 20 lines listener "$1" \
	    "$from $2 ended after $bytes: $3"
	is "$(grep -cvE 'listening|first contact|: stream to (ssh|upper|none)' \
	    "$T/listener.err")" 0 "$2: and nothing else"
}

ssh_and_scp()
{
	listen_as bob listener -k -a "$alice" "ssh=$SSHPORT" 'upper=!tr a-z A-Z' \
	    none=!true
	echo some text >"$T/text"
	run "$T/alice" -q -d "$bob" none	# they meet
	run ssh -F "$T/ssh_config" host expr 6 \\* 7
	is "$(cat "$T/run.out")" 42 'ssh: works'
	ok 'ssh: no word from the caller' has_size "$T/proxy.err" 0
	run scp -q -F "$T/ssh_config" "$T/text" "host:$T/there"
	check_same "$T/there" "$T/text" 'scp: works'
	ok 'scp: no word from the caller' has_size "$T/proxy.err" 0
	notes 2 ssh '(complete|the peer hung up .*)'
	run "$T/alice" "$bob" upper <"$T/text"
	notes 1 upper complete
	start caller "$T/alice" "$bob" upper <"$T/open"
	ok 'a caller is there' wait_for 20 lines listener 2 "$from upper\$"
	stop caller
	ok 'a caller that is killed has hung up' wait_for 20 said listener \
	    "$from upper ended after [0-9.]+ s, 0 bytes in, 0 out: the peer hung up"
	start caller "$T/alice" "$bob" upper <"$T/open"
	ok 'one more caller' wait_for 20 lines listener 3 "$from upper\$"
	stop listener
	ok 'stopped: the last line of its stream' said listener \
	    "$from upper ended after .*: this listener was stopped"
	finish caller
	is "$status" 6 'stopped: the caller has lost its stream'
	ok 'stopped: and knows why' said caller 'the peer hung up'
}

# Without -k, what a caller does is a notice with -v.
one_ssh()	# option
{
	# shellcheck disable=SC2086	# may be none
	listen_as bob listener $1 -a "$alice" "$SSHPORT"
	run ssh -F "$T/ssh_config" host echo fine
	is "$(cat "$T/run.out")" fine "one ssh $1"
	finish listener
	is "$status" 0 "one ssh $1: status of the listener"
}

# What a command has made of half its input may look whole.
one_command()
{
	listen_as bob listener -a "$alice" 'keep=!cat'
	start caller "$T/alice" "$bob" keep <"$T/open"
	echo half >&9
	ok 'one command: it is there' wait_for 20 has_size "$T/caller.out" 5
	stop caller
	finish listener
	is "$status" 6 'one command: its listener fails'
	ok 'one command: and says why' said listener 'hung up before the end'
}

# At terminals: control-C ends the chat, which is no failure of the other side.
typed()		# name program ...: at a terminal of its own, typed into $T/name.in
{
	_who=$1; shift
	printf '%s\n' "$*" 'echo "status $?"' >"$T/$_who.sh"
	start "$_who" script -qfec "sh $T/$_who.sh" "$T/$_who.tty" <"$T/$_who.in"
}

sees()		# name extended-regex
{
	[ -e "$T/$1.tty" ] && tr -d '\r' <"$T/$1.tty" | grep -Eq -- "$2"
}

chat()		# who presses control-C
{
	rm -f "$T/caller.tty" "$T/listener.tty"	# of the last chat
	fifo caller.in
	fifo listener.in
	exec 6<>"$T/listener.in" 7<>"$T/caller.in"
	typed listener "'$T/bob' -l -a $alice"
	wait_for 20 sees listener listening || bail 'no listener'
	typed caller "'$T/alice' $bob"
	echo 'hello, bob' >&7
	ok "chat: bob hears alice" wait_for 20 sees listener '^hello, bob'
	echo 'hello, alice' >&6
	ok "chat: alice hears bob" wait_for 20 sees caller '^hello, alice'
	case $1 in
	caller)	other=listener; printf '\003' >&7 ;;
	*)	other=caller; printf '\003' >&6 ;;
	esac
	finish "$1"
	is "$status" 130 "chat: $1 ends by control-C"
	finish "$other"
	ok "chat: $other has not failed" sees "$other" '^status 0'
	ok "chat: $other has nothing to complain of" sh -c \
	    '! grep "xcat: " "$1" | grep -vE "listening|first contact"' sh \
	    "$T/$other.tty"
	exec 6>&- 7>&-
}

# Where a file is at stake a hang-up is a failure.
cut_file()
{
	listen_as bob listener -a "$alice"
	start caller "$T/alice" "$bob" <"$T/open"
	echo 'half of it' >&9
	ok 'a pipe: what comes is written' wait_for 20 has_size \
	    "$T/listener.out" 11
	stop caller
	finish listener
	is "$status" 6 'a pipe: the listener knows that it was cut'
	ok 'a pipe: and says so' said listener 'hung up before the end'
	# What is to be sent is not all sent.
	listen_as bob listener -N -a "$alice" <"$T/text"
	start caller "$T/alice" -s "$bob" <"$T/open"
	finish caller
	is "$status" 6 '-s: a peer that closes before the end of our input'
	stop listener
}

start_sshd
start_server prosody
write_ssh_config <<END
Host *
	ProxyCommand $T/alice $bob ssh 2>>$T/proxy.err
	User $(id -un)
END
mkfifo "$T/open"
exec 9<>"$T/open"
: >"$T/proxy.err"
ssh_and_scp
sed -i 's/ ssh 2>>/ 2>>/' "$T/ssh_config"
one_ssh ''
is "$(wc -l <"$T/listener.err")" 1 'one ssh: no word but where to reach it'
one_ssh -v
one_command
chat caller
chat listener
cut_file
done_testing
