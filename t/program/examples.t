#!/bin/sh
#
# The examples of the manual and of the README do what these say, word for word.
# A scene is a run of lines; its prompts tell whose terminal it is.  Given to it
# are an environment (accounts, PATH, files) and fingers to type with.  Ports
# stand for others that are free.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/sshd.sh"

DOMAIN=example.org
ACCOUNTS="alice@$DOMAIN bob@$DOMAIN"
LIMIT=60
MANUAL=$TOP/man/xcat.1
README=$TOP/README

# --- from the documents ------------------------------------------------------

# One file for each scene: $T/scenes/NAME-NUMBER.
manual_scenes()
{
	sed -n '/^\.Sh EXAMPLES/,/^\.Sh DIAG/p' "$MANUAL" |
	    awk '/^\.Ed/ { on = 0 } on; /^\.Bd -literal/ { on = 1; print "" }' |
	    sed "s/\\\\(aq/'/g; s/\\\\&//g; s/\\\\-/-/g; s/\\\\e/\\\\/g" |
	    write_scenes manual
}

readme_scenes()
{
	sed -n 's/^    //p; t
	    s/.*//p' "$README" | write_scenes readme
}

write_scenes()	# name: paragraphs that begin with a prompt
{
	awk -v base="$T/scenes/$1" -v RS= '
	    /^[a-z]+[$#] / { print >(base "-" ++n) }'
}

# Command N of the scene: $T/scene/N.who, N.cmd, and in N.text what follows.
split_scene()	# file
{
	rm -rf "$T/scene"
	mkdir "$T/scene"
	# shellcheck disable=SC2094
	awk -v dir="$T/scene/" '
	    function put(kind, line) { print line >(dir n kind) }
	    more { put(".cmd", $0); more = /\\$/; next }
	    match($0, /^[a-z]+[$#] /) {
		n++
		put(".who", substr($0, 1, RLENGTH - 2))
		put(".cmd", substr($0, RLENGTH + 1))
		printf "" >(dir n ".text")
		more = /\\$/
		next
	    }
	    { put(".text", $0) }
	' "$1"
}

# --- the environment ---------------------------------------------------------

# /usr/sbin/sshd gives way to the program in PATH, ports to free ones, /etc to
# what takes its place.
make_script()
{
	SSHPORT=$(free_port) WEBPORT=$(free_port) FORWARDPORT=$(free_port)
	cat >"$T/play.sed" <<-END
	s,/usr/sbin/sshd,sshd,
	s/oob=fetch /oob=fetch:any /
	s,/etc/,$T/etc/,
	s,nowait alice /usr/local/bin/xcat,nowait $(id -un) $T/bin/xcat-alice,
	s,/usr/local/bin/xcat,$T/bin/xcat,
	s/\\b22\\b/$SSHPORT/g
	s/\\b8000\\b/$WEBPORT/g
	s/\\b8080\\b/$FORWARDPORT/g
	s/\\b1080\\b/$(free_port)/g
	END
	have_ipv6 || echo '/::1/d' >>"$T/play.sed"
}

# Programs that stand before the real ones in PATH.
make_programs()
{
	mkdir "$T/bin"
	ln -s "$XCAT" "$T/bin/xcat"
	cat >"$T/bin/pass" <<-'END'
	#!/bin/sh
	[ "$1" = show ] && echo "pencil-${2#xmpp/}"
	END
	cat >"$T/bin/ssh" <<-END
	#!/bin/sh
	exec $(command -v ssh) -F "$T/ssh_config" "\$@"
	END
	cat >"$T/bin/sshd" <<-END
	#!/bin/sh
	exec /usr/sbin/sshd -f "$T/sshd_config" "\$@"
	END
	cat >"$T/bin/xcat-alice" <<-END
	#!/bin/sh
	export HOME="$T/home/alice" PATH="$T/bin:$PATH"
	exec "$XCAT" "\$@"
	END
	make_systemd
	chmod +x "$T"/bin/*
}

# Of them, what the examples use; they do not return, to be ended by the play.
make_systemd()
{
	mkdir -p "$T/etc/systemd/system"
	cat >"$T/bin/service" <<-END
	#!/bin/sh
	exec /usr/sbin/inetd -i "$T/etc/inetd.conf"
	END
	cat >"$T/bin/systemctl" <<-END
	#!/bin/sh
	of() { cat "$T/etc/systemd/system/\${unit%.*}.\$1" 2>/dev/null; }
	unit=\$3
	rm -f "$T"/notified*
	HOME=$T/home/\$(of service | sed -n 's/^User=//p') \\
	exec "$PYTHON" "$LIB/activate.py" "$T/notified" \\
	    \$(of socket | sed -n 's/^ListenStream=//p') -- \\
	    \$(of service | sed -n 's/^ExecStart=//p')
	END
}

make_ssh()
{
	start_sshd
	echo "Include $T/home/alice/.ssh/config" | write_ssh_config
}

make_web()
{
	mkdir "$T/web"
	echo 'a page' >"$T/web/index.html"
	start web "$PYTHON" -m http.server -b localhost -d "$T/web" "$WEBPORT"
	wait_for 20 "$PYTHON" -c "import socket
socket.create_connection(('localhost', $WEBPORT))" || bail 'no web server'
}

# What they have before the scene, each in a directory of their own.
make_files()
{
	rm -rf "$T/at"
	mkdir -p "$T/at/alice/photos/2026" "$T/at/bob" "$T/at/desk" "$T/at/root"
	head -c 300000 /dev/urandom >"$T/at/alice/photos/cat.jpg"
	echo caption >"$T/at/alice/photos/2026/caption"
	seq 1000 >"$T/at/alice/report"
	seq 2000 >"$T/at/bob/notes.txt"
}

# As alice was told to do; bob has been told the like.  Where the server is
# would be in the DNS.
make_accounts()	# scene of the configuration
{
	mkdir -p "$T/home/alice/.ssh"
	play "$1"
	_config=.config/xcat/config
	mkdir -p "$T/home/bob/.config/xcat" "$T/home/desk/.config/xcat"
	printf '%s\n' "server $SERVER" "ca-file $CAFILE" \
	    >>"$T/home/alice/$_config"
	cp "$T/home/alice/$_config" "$T/home/desk/$_config"
	sed 's/alice/bob/g' "$T/home/alice/$_config" >"$T/home/bob/$_config"
}

# --- the play ----------------------------------------------------------------

# In the background, as on a terminal on which nobody has typed yet.
begin()		# number
{
	_who=$(cat "$T/scene/$1.who")
	_cmd=$(sed -f "$T/play.sed" "$T/scene/$1.cmd")
	rm -f "$T/typed-$1"
	mkfifo "$T/typed-$1"
	start "c$1" env -C "$T/at/$_who" HOME="$T/home/$_who" \
	    PATH="$T/bin:$PATH" sh -c "$_cmd" <>"$T/typed-$1"
}

type_in()	# number text
{
	echo "$2" 1<>"$T/typed-$1"
}

# Does it begin with the option?  Listeners and forwarders go on in the
# background.
has()		# number option ...
{
	_cmd=$T/scene/$1.cmd; shift
	for _option in "$@"; do
		grep -q "^[^|]*xcat $_option" "$_cmd" && return
	done
	return 1
}

is_daemon()	# number
{
	grep -Eq '^(service|systemctl) ' "$T/scene/$1.cmd"
}

under_way()	# number
{
	if grep -q '^service ' "$T/scene/$1.cmd"; then
		listens "$FORWARDPORT"
	else
		said "c$1" 'xcat: (listening|forwarding)'
	fi
}

# What is below it is typed by the user.
write_file()	# number
{
	sed -f "$T/play.sed" "$T/scene/$1.text" >"$T/typed"
	run env HOME="$T/home/$(cat "$T/scene/$1.who")" \
	    sh -c "$(sed -f "$T/play.sed" "$T/scene/$1.cmd")" <"$T/typed"
	is "$status" 0 "$scene: $(cat "$T/scene/$1.cmd")"
	: >"$T/scene/$1.text"
}

# On to the next line when a user would see that it is time.
perform()	# number
{
	if grep -q '^cat >' "$T/scene/$1.cmd"; then
		write_file "$1"
		return
	fi
	begin "$1"
	if has "$1" -l -L -D || is_daemon "$1"; then
		wait_for 20 under_way "$1" || diag_file "$T/c$1.err"
		waiting="$1 $waiting"
	elif [ -n "$waiting" ] && [ "$talk" = no ]; then
		succeeds "$1"
	else
		open="$open $1"
	fi
}

succeeds()	# number
{
	finish "c$1" "$LIMIT"
	is "$status" 0 "$scene: $(head -n 1 "$T/scene/$1.cmd")"
	[ "$status" = 0 ] || diag_file "$T/c$1.err"
}

# Those with -k and forwarders do so until they are told to stop.
close_waiting()
{
	for i in $waiting; do
		if has "$i" '-l -k' -L -D; then
			signal INT "c$i"
			finish "c$i" 30
			is "$status" 130 "$scene: control-C"
		elif is_daemon "$i"; then
			stop "c$i"
			ok "$scene: all ends" [ "$status" != timeout ]
		elif grep -q ssh "$T/scene/$i.cmd"; then
			finish "c$i" 15		# ssh(1) kills its ProxyCommand
			ok "$scene: all ends" [ "$status" != timeout ]
		else
			succeeds "$i"
		fi
	done
}

# What it has printed, without the times that a file is given.
printed()	# number
{
	sed 's/^[-0-9]*T[0-9:.]*Z xcat: /xcat: /' "$T/c$1.err"
	[ ! -f "$T/c$1.out" ] || cat "$T/c$1.out"
}

# The lines that the document shows below a command, it prints.
check_text()	# number
{
	while read -r _line; do
		case $_line in
		*=SHA256:...)	# a key, which is another one each time
			ok "$scene: $_line" grep -qF "${_line%...}" "$T/c$1.err"
			continue ;;
		esac
		printed "$1" >"$T/printed"
		ok "$scene: $_line" grep -qFx -e "$_line" "$T/printed"
	done <"$T/scene/$1.text"
}

play()		# file
{
	split_scene "$1"
	make_files
	rm -f "$T"/c[1-9].out "$T"/c[1-9].err
	waiting='' open='' talk=no n=1
	case $(cat "$1") in
	*'cat >~/.config'*)	play_config; return ;;
	*'alice$ xcat bob@'*)	talk=yes ;;
	esac
	while [ -e "$T/scene/$n.cmd" ]; do
		perform "$n"
		n=$((n + 1))
	done
	if [ $talk = yes ]; then
		converse
	else
		close_waiting
		for i in $open; do
			succeeds "$i"
		done
	fi
	i=1
	while [ "$i" -lt "$n" ]; do
		check_text "$i"
		i=$((i + 1))
	done
	check_result "$1"
}

play_config()
{
	begin 1
	succeeds 1
	write_file 2
}

converse()
{
	type_in 1 'good morning'
	ok "$scene: the listener's words" \
	    wait_for 20 grep -qx 'good morning' "$T/c2.out"
	type_in 2 'good night'
	ok "$scene: the caller's words" \
	    wait_for 20 grep -qx 'good night' "$T/c1.out"
	signal INT c2
	finish c2 10
	is "$status" 130 "$scene: control-C"
	finish c1 20
	like "$status" '^(0|6)$' "$scene: ends the listener, too"
}

# Nothing passes for which there is nothing to check.
check_result()	# file
{
	_alice=$T/at/alice _bob=$T/at/bob
	case $(cat "$1") in
	*'desk$ '*'| tar x'*)
		ok "$scene: copied" diff -r "$_alice/photos" "$T/at/desk/photos" ;;
	*'| tar x'*)
		ok "$scene: copied" diff -r "$_alice/photos" "$_bob/photos" ;;
	*'>notes.txt'*)
		check_same "$_alice/notes.txt" "$_bob/notes.txt" \
		    "$scene: fetched" ;;
	*'oob=fetch'*)
		check_same "$_bob/cat.jpg" "$_alice/photos/cat.jpg" \
		    "$scene: by a link" ;;
	*' -r . '*)
		check_same "$_bob/report" "$_alice/report" "$scene: a file"
		check_same "$_bob/cat.jpg" "$_alice/photos/cat.jpg" \
		    "$scene: another one" ;;
	*'>>reports'*)
		ok "$scene: one report" grep -q 'load average' "$_bob/reports"
		ok "$scene: the other" grep -q Filesystem "$_bob/reports" ;;
	*'>report'*)
		check_same "$_bob/report" "$_alice/report" "$scene: sent" ;;
	*'| xcat bob@example.org loud'*)
		;;	# by its text
	*'curl'*)
		is "$(sort -u "$T"/c[2-9].out)" 'a page' "$scene: the page" ;;
	*'ssh '*' uptime'*)
		ok "$scene: what it says there" \
		    grep -q 'load average' "$T"/c[2-9].out ;;
	*)
		[ $talk = yes ] || fail "$scene: nothing to check it by" ;;
	esac
}

count_scenes()	# name
{
	find "$T/scenes" -name "$1-*" | wc -l
}

# The manual and the README tell the same things, mostly.
seen()		# file
{
	_sum=$(cksum <"$1")
	grep -qxF "$_sum" "$T/seen" && return
	echo "$_sum" >>"$T/seen"
	return 1
}

mkdir "$T/scenes"
: >"$T/seen"
manual_scenes
readme_scenes
make_script
make_programs
make_ssh
make_web
start_server prosody upload
for file in "$T"/scenes/*; do
	scene=${file##*/}
	grep -q 'cat >~/.config' "$file" && ! seen "$file" &&
	    make_accounts "$file"
done
for file in "$T"/scenes/*; do
	scene=${file##*/}
	seen "$file" || play "$file"
done
is "$(count_scenes manual)" \
    "$(sed -n '/^\.Sh EXAMPLES/,/^\.Sh DIAG/p' "$MANUAL" |
    grep -c '^\.Bd')" 'every example of the manual was found'
like "$(count_scenes readme)" '^([4-9]|[1-9][0-9])$' \
    'and those of the README'
done_testing
