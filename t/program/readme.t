#!/bin/sh
#
# The first steps of the README, as they are pasted: from a clean clone to a
# transfer between two anonymous accounts in three commands, a server of one's
# own in five lines, and the password in the configuration.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/copy.sh"

LIMIT=120
ANONDOMAIN=anon.example.org

[ -e "$TOP/.git" ] || skip_all 'not the repository but a copy of it'

# The commands of the paragraph that begins with this one, without prompts.
commands()	# extended-regex
{
	sed -n 's/^    //p; t
	    s/.*//p' "$TOP/README" | awk -v RS= -v re="^[$] $1" '$0 ~ re' |
	    sed -n '/^\$ /,$ { /^xcat: /d; s/^\$ //; p; }' |
	    sed ':a
		/\\$/ { N; s/\\\n *//; ba
		}'
}

# --- three commands ----------------------------------------------------------

three()
{
	commands 'make' >"$T/three"
	is "$(wc -l <"$T/three")" 3 'there are three commands'
	copy_sources
	start_server prosody
	mkdir -p "$T/anyone"
	printf '%s\n' "server $SERVER" "ca-file $CAFILE" >"$T/anyone/config"
	export XCAT_CONFIG="$T/anyone/config"
	# That it is built so, in two minutes, is for build.t to show.
	run env -C "$COPY" sh -c "$(sed -n 1p "$T/three") -n"
	ok 'the first: it would build xcat there' grep -q -e '-o xcat ' \
	    "$T/run.out"
	ln -s "$XCAT" "$COPY/xcat"
	start listener env -C "$COPY" sh -c "$(sed -n 2p "$T/three")"
	wait_for 20 said listener 'reach it once' || diag_file "$T/listener.err"
	to=$(sed -n 's/.*with: xcat //p' "$T/listener.err" | tr -d "'")
	[ -n "$to" ] || diag_file "$T/listener.err"
	head -c 300000 /dev/urandom >"$COPY/cat.jpg"
	run env -C "$COPY" sh -c "$(sed -n '3 s/[^ ]*@[^ ]*/'"$(echo "$to" |
	    sed 's,[/&],\\&,g')/p" "$T/three")"
	is "$status" 0 'the third: sent'
	[ "$status" = 0 ] || { cat "$T/three"; diag_file "$T/run.err"; } >&2
	ended listener 'the second'
	check_same "$COPY/cat.jpg" "$COPY/copy.jpg" 'it is there'
	unset XCAT_CONFIG
	stop_server
}

# --- a server of one's own ---------------------------------------------------

tm()		# tmux-command argument ...
{
	tmux -S "$T/tmux" "$@"
}

shows()		# extended-regex: on the terminal
{
	tm capture-pane -p -J -t one | grep -Eq "$1"
}

type_in()	# text
{
	tm send-keys -t one -l "$1"
	tm send-keys -t one Enter
}

own_server()
{
	port=$(free_port)
	commands 'mkdir -p chat' | sed "s/5222/$port/g" >"$T/five"
	is "$(grep -cv '^    ' "$T/five")" 5 'there are five lines'
	mkdir "$T/here" "$T/bin"
	ln -s "$XCAT" "$T/bin/xcat"
	start tmux tmux -D -f /dev/null -S "$T/tmux"
	wait_for 20 test -S "$T/tmux" || bail 'tmux does not start'
	tm new-session -d -s one -x 100 -y 50 \
	    "cd '$T/here' && PATH='$T/bin:$PATH' XCAT_CONFIG=/dev/null exec bash --norc"
	wait_for 20 shows '[#$] *$' || bail 'no shell'
	tm load-buffer "$T/five"
	tm paste-buffer -t one
	wait_for 60 shows 'Password for alice@localhost: ' ||
	    tm capture-pane -p -t one >&2
	wait_for 20 listens "$port" || tm capture-pane -p -t one >&2
	# The shell has put it into a process group of its own.
	_own=$(pgrep -f -- "--config $T/here/chat/")
	pids="$pids $_own"
	type_in sesame

	wait_for 20 asked_twice || tm capture-pane -p -t one >&2
	type_in sesame
	ok 'the account is made' wait_for 30 shows 'alice@localhost is registered'
	ok 'the password is not shown' sh -c '! tmux -S "$1" capture-pane -p \
	    -t one | grep -q sesame' sh "$T/tmux"
	echo hello >"$T/hello"
	own="$XCAT -c 127.0.0.1:$port -C $T/here/chat/cert.pem -j alice@localhost"
	export XCAT_CONFIG=/dev/null XCAT_PASSWORD=sesame
	# shellcheck disable=SC2086
	start listener $own -l
	wait_for 20 listening listener || diag_file "$T/listener.err"
	# shellcheck disable=SC2086
	run $own -s alice@localhost <"$T/hello"
	is "$status" 0 'the server works'
	ended listener 'and its listener'
	unset XCAT_CONFIG XCAT_PASSWORD
	kill "$_own"
	tm kill-server
	finish tmux 20
}

asked_twice()
{
	[ "$(tm capture-pane -p -J -t one | grep -c 'Password for alice')" = 2 ]
}

# --- the configuration -------------------------------------------------------

configuration()
{
	mkdir "$T/user"
	commands 'mkdir -p ~/.config' >"$T/config.sh"
	run env HOME="$T/user" sh "$T/config.sh"
	is "$status" 0 'the configuration is written'
	fails 3 'refused' 'and understood' \
	    env HOME="$T/user" "$XCAT" -c "127.0.0.1:$(free_port)" bob@x
	chmod 644 "$T/user/.config/xcat/config"
	fails 2 'chmod 600' 'chmod is needed' \
	    env HOME="$T/user" "$XCAT" -c "127.0.0.1:$(free_port)" bob@x
}

configuration
own_server
three
done_testing
