# tmux.sh: a tmux(1) of the test's own, for what is to be seen at a terminal.
# After lib.sh.
#
#	. "$LIB/tmux.sh"
#	start_tmux 20
#	tm new-session -d "$(with_status "command")"
#	wait_for 20 pane_ended
#	pane_status
#	stop_tmux 20
# shellcheck shell=dash

tm()		# tmux-command argument ...
{
	tmux -S "$T/tmux" "$@"
}

start_tmux()	# seconds: the most that it may take
{
	start tmux tmux -D -f /dev/null -S "$T/tmux"
	wait_for "$1" test -S "$T/tmux" || bail 'tmux does not start'
}

stop_tmux()	# seconds: the most that it may take
{
	tm kill-server
	finish tmux "$1"
}

# The command as a pane is to run it: its status goes to a file, because tmux 3.3a
# may never hear how a pane has ended, and the screen stays.
with_status()	# command
{
	rm -f "$T/pane.status"
	printf '%s' "$1; echo \$? >'$T/pane.new'
	    mv '$T/pane.new' '$T/pane.status'; cat"
}

pane_ended()
{
	test -e "$T/pane.status"
}

pane_status()
{
	cat "$T/pane.status"
}
