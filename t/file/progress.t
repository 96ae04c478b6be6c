#!/bin/sh
#
# How far a file is, shown on a terminal, which is tmux's, and nowhere else.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/file.sh"
. "$LIB/tmux.sh"

SIZE=1500000
COLUMNS=100
session=one

first_session()
{
	unset TMUX TMUX_PANE
	export LC_ALL=C.UTF-8
	start_tmux 20
	tm set-option -g remain-on-exit on \; \
	    new-session -d -x $COLUMNS -y 24 -s one "cat"
	wait_for 20 tm has-session -t one || bail "tmux has no session"
}

in_tmux()	# command: in a new window
{
	tm new-window -t "$session:" -n run "$(with_status "$1")"
}

screen()
{
	tm capture-pane -p -t "$session:run"
}

shows()		# extended-regex
{
	screen | grep -Eq -- "$1"
}

close_window()
{
	tm kill-window -t "$session:run"
}

FIGURES='[0-9.]+(B |KB|MB) +[0-9.]+(B |KB|MB)/s'
FIGURES_RATE='[0-9.]+(B |KB|MB)/s +[0-9:]+ *$'

# Nobody reads what comes before it has been looked at.
sending()
{
	mkfifo "$T/bob.out"
	start reader sh -c "exec <'$T/bob.out'
	    until test -e '$T/seen'; do sleep .1; done; cat"
	listen_as bob bob -i -a "alice@$DOMAIN"
	in_tmux "'$T/alice' -i -s 'bob@$DOMAIN' '$T/large name.bin'"
	ok "while it is sent" wait_for 60 \
	    shows "^large name.bin +[0-9]{1,2}% +$FIGURES +([0-9:-]+|stalled) ETA"
	ok "when nothing moves" wait_for 60 \
	    shows "^large name.bin +[0-9]{1,2}% +$FIGURES +stalled ETA"
	: >"$T/seen"
	wait_for 120 pane_ended
	is "$(pane_status)" 0 "sent"
	ok "and then" wait_for 20 \
	    shows "^large name.bin +100% +11\.4MB +$FIGURES_RATE"
	is "$(screen | grep -c %)" 1 "it is one line"
	close_window
	ended bob "sent"
	ended reader "read"
	check_same "$T/reader.out" "$T/large name.bin" "content"
	rm "$T/bob.out"
}

receiving()
{
	empty_dir in
	in_tmux "'$T/bob' -l -i -r '$T/in' -a 'alice@$DOMAIN'"
	wait_for 30 shows 'listening; reach it with' || bail "no listener"
	run "$T/alice" -i -s "bob@$DOMAIN" "$T/a name.bin"
	is "$status" 0 "received"
	wait_for 60 pane_ended
	is "$(pane_status)" 0 "received there"
	ok "while it came" wait_for 20 \
	    shows "^a name.bin +100% +1\.4MB +$FIGURES_RATE"
	ok "and what has come" wait_for 20 \
	    shows 'xcat: .*a name.bin: 1500000 bytes'
	close_window
	is "$(cat "$T/run.err")" '' "nothing in a file"
}

# Standard input of a known size is as good as a file.
redirected()
{
	empty_dir in
	listen_as bob bob2 -i -a "alice@$DOMAIN"
	in_tmux "'$T/alice' -i -s 'bob@$DOMAIN' <'$T/a name.bin'"
	wait_for 120 pane_ended
	is "$(pane_status)" 0 "standard input is sent"
	ok "and shown" wait_for 20 \
	    shows "^standard input +100% +1\.4MB +$FIGURES_RATE"
	finish bob2
	close_window
}

silent()	# what command
{
	in_tmux "$2"
	wait_for 120 pane_ended
	is "$(pane_status)" 0 "$1: status"
	is "$(screen | grep -c .)" 0 "$1: nothing is shown"
	close_window
}

silences()
{
	empty_dir in
	listen_as bob bob -k -i -r "$T/in" -a "alice@$DOMAIN"
	silent "-q" "'$T/alice' -q -i -s 'bob@$DOMAIN' '$T/a name.bin'"
	silent "standard error is a pipe" \
	    "'$T/alice' -i -s 'bob@$DOMAIN' '$T/a name.bin' 2>&1 | cat"
	signal KILL bob
	finish bob
	listen_as bob bob -k -i -a "alice@$DOMAIN"
	silent "a stream" \
	    "cat '$T/a name.bin' | '$T/alice' -i -s 'bob@$DOMAIN'"
}

# A narrow terminal gets a line that fits.
narrow()
{
	signal KILL bob
	finish bob
	empty_dir in
	listen_as bob bob -k -i -r "$T/in" -a "alice@$DOMAIN"
	session=two
	tm new-session -d -x 60 -y 24 -s $session cat
	in_tmux "'$T/alice' -i -s 'bob@$DOMAIN' '$T/$long' '$T/äöü.bin'"
	wait_for 120 pane_ended
	is "$(pane_status)" 0 "narrow: status"
	ok "narrow: another one" wait_for 20 shows "^äöü.bin +100% "
	ok "narrow: the name is cut" shows "^n{10,20} +100% "
	is "$(screen | grep -c %)" 2 "narrow: a line for each"
	close_window
}

long=$(printf 'n%.0s' $(seq 200))
head -c $SIZE /dev/urandom >"$T/a name.bin"
head -c $((8 * SIZE)) /dev/urandom >"$T/large name.bin"
head -c 10000 /dev/urandom >"$T/$long"
head -c 10000 /dev/urandom >"$T/äöü.bin"
start_server prosody
first_session
sending
silences
stop bob
receiving
redirected
listen_as bob bob -k -a "alice@$DOMAIN"
narrow
done_testing
