#!/bin/sh
#
# A day of ssh(1) through one xcat -l -k that offers the port of a real sshd(8):
# what people do with ssh, each session being a stream of its own.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/sshd.sh"
. "$LIB/tmux.sh"

LIMIT=60
SIZE=$(by_tier 10000000 100000000)
USER=$(id -un)

# Options that go before everything else ssh is given.
secure()	# ssh|scp|sftp argument ...
{
	_program=$1; shift
	run "$_program" -F "$T/ssh_config" "$@"
}

succeeds()	# description
{
	is "$status" 0 "$1"
	[ "$status" = 0 ] || diag_file "$T/run.err"
}

# --- commands ----------------------------------------------------------------

try_commands()
{
	secure ssh attic expr 6 \\* 7
	is "$status $(cat "$T/run.out")" '0 42' 'output of a command'
	[ "$status" = 0 ] || bail "ssh: $(cat "$T/run.err")"
	secure ssh attic 'echo oh >&2; exit 7'
	is "$status $(cat "$T/run.err")" '7 oh' 'exit status, standard error'
	secure ssh attic 'wc -c' <"$T/data"
	is "$(tr -d ' ' <"$T/run.out")" "$SIZE" 'end of input goes through'
}

try_command_line()
{
	secure ssh -o ProxyCommand="$T/alice bob@%h 22" "$USER@$DOMAIN" echo hi
	is "$status $(cat "$T/run.out")" '0 hi' 'ssh -o ProxyCommand user@domain'
	secure ssh jid echo hi
	is "$status $(cat "$T/run.out")" '0 hi' 'HostName user@domain'
	secure ssh -o ProxyCommand="$T/alice %h 23" jid true
	is "$status" 255 'a service that is not offered'
	ok '... is named' said run "^xcat: bob@$DOMAIN/xcat: .*no such service: 23"
}

# --- a terminal --------------------------------------------------------------

shows()		# text: a line of the screen, but for the prompt
{
	tm capture-pane -p | grep -Eqx -- "([#$%] )*$1"
}

shows_prompt()	# behind all else
{
	tm capture-pane -p | grep . | tail -n 1 | grep -Eqx '[#$%] *'
}

types()		# line
{
	tm send-keys -l -- "$1"
	tm send-keys Enter
}

on_screen()	# line description
{
	if wait_for 20 shows "$1"; then
		pass "$2"
	else
		fail "$2"
		tm capture-pane -p | sed 's/^/#	/' >&2
	fi
}

try_terminal()
{
	start_tmux 60
	tm new-session -d -x 71 -y 23 \
	    "$(with_status "ssh -F '$T/ssh_config' -t attic sh")"
	types 'echo on $(tty | sed s,/[0-9].*,,)'
	on_screen 'on /dev/pts' 'an interactive shell has a terminal'
	types 'echo size $(stty size)'
	on_screen 'size 23 71' 'it has the size of ours'
	tm resize-window -x 63 -y 21
	types 'echo size $(stty size)'
	on_screen 'size 21 63' 'and follows it'
	# A line that comes with control-C may be read by the command.
	types 'cat'
	types 'control-C comes next'
	on_screen 'control-C comes next' 'a line is typed for a command'
	tm send-keys C-c
	wait_for 20 shows_prompt
	types 'echo after $?'
	on_screen 'after 130' 'control-C interrupts the command there'
	types 'exit 7'
	wait_for "$LIMIT" pane_ended
	is "$(pane_status)" 7 'exit 7 is 7'
	stop_tmux 30
}

# --- files -------------------------------------------------------------------

try_scp()
{
	secure scp -q "$T/data" "attic:$T/there"
	succeeds 'scp of 100 MB'
	check_same "$T/there" "$T/data" '... intact'
	secure scp -q "attic:$T/there" "$T/here"
	succeeds 'scp of 100 MB back'
	check_same "$T/here" "$T/data" '... intact'
	rm -f "$T/there" "$T/here"
}

make_tree()
{
	mkdir -p "$T/tree/empty" "$T/tree/a name with spaces"
	cp -R "$TOP/xml" "$TOP/net" "$TOP/xcat.c" "$T/tree"
	head -c 3000000 /dev/urandom >"$T/tree/a name with spaces/random"
	: >"$T/tree/nothing"
	ln -s ../xcat.c "$T/tree/empty/link"
	chmod 700 "$T/tree/nothing"
}

same_trees()	# tree tree
{
	for _tree in "$1" "$2"; do
		(cd "$_tree" && find . -printf '%p %y %m %s %Ts %l\n' | sort)
	done | sort | uniq -u >"$T/odd"
	[ ! -s "$T/odd" ] && diff -r --no-dereference "$1" "$2"
}

try_rsync()
{
	set -- rsync -a --delete -e "ssh -F $T/ssh_config"
	run "$@" "$T/tree/" "attic:$T/copy"
	succeeds 'rsync'
	ok '... the tree is the same' same_trees "$T/tree" "$T/copy"
	echo more >>"$T/copy/xcat.c"
	rm -r "$T/copy/net"
	run "$@" "attic:$T/copy/" "$T/tree"
	succeeds 'rsync of changes, back'
	ok '... the tree is the same' same_trees "$T/tree" "$T/copy"
}

try_sftp()
{
	cat >"$T/batch" <<-END
	put $T/tree/xcat.c $T/put
	get $T/put $T/get
	rename $T/put $T/renamed
	ls -1 $T/ren*
	END
	secure sftp -q -b "$T/batch" attic
	succeeds 'sftp'
	check_same "$T/tree/xcat.c" "$T/get" '... put and got'
	ok '... renamed and listed' grep -qx "$T/renamed" "$T/run.out"
}

# --- sessions ----------------------------------------------------------------

# Of ours, the first one for -L, the second one without.
try_forwarding()
{
	_echo=$(free_port) _local=$(free_port)
	start echo socat "TCP-LISTEN:$_echo,bind=127.0.0.1,reuseaddr,fork" \
	    EXEC:cat
	start ssh ssh -F "$T/ssh_config" -N -o ExitOnForwardFailure=yes \
	    -L "$_local:127.0.0.1:$_echo" attic
	wait_for 60 listens "$_echo"
	wait_for 20 listens "$_local" || diag_file "$T/ssh.err"
	run socat -t 30 - "TCP:127.0.0.1:$_local" <"$T/tree/xcat.c"
	check_same "$T/run.out" "$T/tree/xcat.c" 'ssh -L: there and back'
	stop ssh
	stop echo
}

streams_so_far()
{
	grep -c 'stream for 22' "$T/listener.err"
}

try_master()
{
	start master ssh -F "$T/ssh_config" -M -S "$T/master.sock" -N attic
	wait_for 20 test -S "$T/master.sock" || diag_file "$T/master.err"
	_streams=$(streams_so_far)
	for i in 1 2 3; do
		secure ssh -S "$T/master.sock" attic "echo $i; exit $i"
		is "$status $(cat "$T/run.out")" "$i $i" \
		    "ControlMaster: session $i"
	done
	is "$(streams_so_far)" "$_streams" '... all of them in one stream'
	secure ssh -S "$T/master.sock" -O exit attic
	finish master 20
	ok '... which ends when told to' [ "$status" != timeout ]
}

# Each with bytes of its own.
try_ten()
{
	for i in 0 1 2 3 4 5 6 7 8 9; do
		{ echo "$i"; head -c 1000000 "$T/data"; } >"$T/in$i"
		start "s$i" ssh -F "$T/ssh_config" attic "cat; exit $((60 + i))" \
		    <"$T/in$i"
	done
	_good=0
	for i in 0 1 2 3 4 5 6 7 8 9; do
		finish "s$i"
		if [ "$status" = $((60 + i)) ] &&
		    cmp "$T/in$i" "$T/s$i.out" >&2; then
			_good=$((_good + 1))
		else
			diag "session $i: status $status"
			diag_file "$T/s$i.err"
		fi
	done
	is "$_good" 10 'ten sessions at once'
}

head -c "$SIZE" /dev/urandom >"$T/data"
make_tree
SSHDEXTRA='MaxStartups 100
PrintMotd no
PrintLastLog no'
start_sshd
start_server ejabberd
# ssh does not record the key of a host whose name has an @ in it, but takes it if
# it has it by another name.
write_ssh_config <<END
Host attic
	ProxyCommand $T/alice -b 65535 bob@$DOMAIN 22
Host jid
	HostName bob@$DOMAIN
	HostKeyAlias attic
	ProxyCommand $T/alice %h 22
Host *
	User $USER
END
listen_as bob listener -k -v -b 65535 -a "alice@$DOMAIN" "22=$SSHPORT"
try_commands
try_command_line
try_terminal
try_scp
try_rsync
try_sftp
try_forwarding
try_master
try_ten
signal TERM listener
finish listener 30
is "$status" 143 'the listener is still there, until it is told to end'
done_testing
