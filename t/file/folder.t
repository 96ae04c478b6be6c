#!/bin/sh
#
# Folders between two xcats: names, modes, dates, empty folders; what is left out
# is named.  Cut and resumed.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/file.sh"

FILES=$(by_tier 300 10000)
CUTS=$(by_tier 3 10)

receive()	# option ...
{
	listen_as bob bob -a "alice@$DOMAIN" -r "$T/in" "$@"
}

tree()
{
	"$PYTHON" -B "$LIB/tree.py" "$@"
}

# The folder at the receiver is what was sent.
check_tree()	# folder description
{
	tree list "$1" >"$T/got" 2>&1
	check_same "$T/got" "$T/want" "$2"
	cmp -s "$T/got" "$T/want" || diff "$T/want" "$T/got" | head -n 10 >&2
}

whole()		# option ...
{
	empty_dir in
	receive "$@"
	run "$T/alice" -vv "$@" -s "bob@$DOMAIN" "$T/photos"
	is "$status" 0 "$server: a folder $*: status"
	[ "$status" = 0 ] || diag_file "$T/run.err"
	ended bob "$server: a folder $*"
	check_tree "$T/in/photos" "$server: a folder $*: what is there"
	is "$(ls -A "$T/in")" photos "$server: and nothing else"
}

# The sender is killed once so many files are there.
kill_at()	# files: 1 if it has ended before
{
	perl -MFile::Find -e '
		my ($dir, $pid, $want) = @ARGV;
		my $end = time + 120;
		until (time > $end) {
			my $have = 0;
			find({ wanted => sub { $have++ }, no_chdir => 1 }, $dir);
			if ($have >= $want) {
				kill "KILL", -$pid;
				exit 0;
			}
			exit 1 unless kill 0, $pid;
			select undef, undef, undef, .002;
		}
		exit 2' "$T/in" "$(pid_of "$1")" "$2"
}

# What is there when it is cut is not sent again.
cut()
{
	empty_dir in
	receive -k
	n=0
	while [ $n -lt "$CUTS" ]; do
		n=$((n + 1))
		start sender "$T/alice" -i -s "bob@$DOMAIN" "$T/photos"
		kill_at sender $((FILES * n / (CUTS + 2)))
		signal KILL sender
		finish sender 30
		[ ! -e "$T/in/photos" ] || fail "$server: cut $n: too late"
	done
	run "$T/alice" -v -i -s "bob@$DOMAIN" "$T/photos"
	is "$status" 0 "$server: cut $CUTS times: status"
	[ "$status" = 0 ] || diag_file "$T/run.err"
	check_tree "$T/in/photos" "$server: cut $CUTS times: what is there"
	is "$(ls -A "$T/in")" photos "$server: and nothing else"
	ok "$server: it went on" said bob 'going on with what is there'
	run "$T/alice" -i -s "bob@$DOMAIN" "$T/photos"
	check_tree "$T/in/photos.1" "$server: a second one is put beside it"
	stop bob
}

clock_ms()
{
	date +%s%3N
}

# Milliseconds that the folder takes, the listener's end included.
folder_ms()	# option ...
{
	empty_dir in
	receive "$@"
	_begin=$(clock_ms)
	run "$T/alice" "$@" -s "bob@$DOMAIN" "$T/photos"
	finish bob 120
	took=$(($(clock_ms) - _begin))
	chmod -R u+w "$T/in"
}

# And that tar takes through a stream.
tar_ms()	# option ...
{
	empty_dir in
	start bob sh -c 'tar=$1 in=$2; shift 2
	    "$@" | tar xpf - -C "$in"' sh tar "$T/in" "$T/bob" -l \
	    -a "alice@$DOMAIN" "$@"
	wait_for 60 said bob listening || bail "no listener for tar"
	_begin=$(clock_ms)
	run sh -c 'cd "$1" && shift && tar cf - photos | "$@"' sh "$T" \
	    "$T/alice" "$@" -s "bob@$DOMAIN"
	finish bob 120
	took=$(($(clock_ms) - _begin))
	chmod -R u+w "$T/in"
}

# The best of some attempts each, in turns.
rate()		# option ...
{
	best_folder=999999 best_tar=999999
	for _round in 1 2 3; do
		folder_ms "$@"
		[ "$took" -ge "$best_folder" ] || best_folder=$took
		tar_ms "$@"
		[ "$took" -ge "$best_tar" ] || best_tar=$took
	done
	ok "$server: $FILES files $*: $best_folder ms, tar $best_tar ms" \
	    [ $((best_folder * 10)) -le $((best_tar * 13)) ]
}

# Links and what is no file are named, and do not go.
left_out()
{
	for f in 'link out: a symbolic link' 'a/link to nothing: a symb' \
	    'a/pipe: a pipe'; do
		ok "$server: left out: $f" said run "photos/$f"
	done
}

# To another program the files go one by one.
to_slixmpp()
{
	empty_dir in
	mkdir "$T/few" "$T/few/sub"
	echo 1 >"$T/few/one"
	echo 2 >"$T/few/sub/two"
	ln -s one "$T/few/link"
	start slix "$T/slixfile-bob" -k -M ibb receive "$T/in"
	wait_for 30 said slix listening || bail "slixmpp does not log in"
	run "$T/alice" -s "bob@$DOMAIN/slix" "$T/few"
	is "$status" 0 "to slixmpp: status"
	[ "$status" = 0 ] || diag_file "$T/run.err"
	is "$(cat "$T/in/one" "$T/in/two")" '1
2' "to slixmpp: both files"
	ok "to slixmpp: that is said" said run 'it takes no folders'
	ok "to slixmpp: so is the link" said run 'few/link: a symbolic link'
	signal KILL slix
	finish slix
}

export LC_ALL=C.UTF-8
umask 022
mkdir "$T/photos"
tree make "$T/photos" "$FILES"
tree list "$T/photos" sent >"$T/want"

for kind in $SERVERS; do
	start_server "$kind" proxy65
	whole -i
	left_out
	whole -o streamhost=none -o upgrade-after=0
	cut
	[ "$TIER" != soak ] || {
		rate -i
		rate -o streamhost=none -o upgrade-after=0
	}
	[ "$kind" = ejabberd ] || {
		slix_user bob slixfile
		to_slixmpp
	}
	stop_server
done
done_testing
