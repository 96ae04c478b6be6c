# folders.sh: what the tests of folders between two xcats share.  Sourced after
# server.sh, relay.sh and file.sh; $FILES is how many files the folder $T/photos
# has.
# shellcheck shell=dash disable=SC2154

tree()		# make|list ...: see tree.py
{
	"$PYTHON" -B "$LIB/tree.py" "$@"
}

# $T/photos, and what is to arrive of it.
make_photos()
{
	export LC_ALL=C.UTF-8
	umask 022
	mkdir "$T/photos"
	tree make "$T/photos" "$FILES"
	tree list "$T/photos" sent >"$T/want"
}

receive()	# option ...
{
	listen_as bob bob -a "alice@$DOMAIN" -r "$T/in" "$@"
}

# The folder at the receiver is what was sent.
check_tree()	# folder description
{
	tree list "$1" >"$T/got" 2>&1
	check_same "$T/got" "$T/want" "$2"
	cmp -s "$T/got" "$T/want" || diff "$T/want" "$T/got" | head -n 10 >&2
}

# Send the folder to its end, and see that it is there, and nothing else.
sent_whole()	# description option ...
{
	_what=$1; shift
	run "$T/alice" "$@" -s "bob@$DOMAIN" "$T/photos"
	is "$status" 0 "$_what: status"
	[ "$status" = 0 ] || diag_file "$T/run.err"
	check_tree "$T/in/photos" "$_what: what is there"
	is "$(ls -A "$T/in")" photos "$_what: and nothing else"
}

# Wait until so many files and folders are there, and stop the process that sends
# them, which has just been started.  It is stopped during each look as well: the
# last file may be there before a busy machine has let this one look.  The more is
# there, the longer a look takes: most of the time the process goes on.
arrived()	# process number: 1 if the process ends before
{
	signal STOP "$1"
	perl -MFile::Find -MTime::HiRes=time,clock,sleep -e '
		my ($dir, $pid, $want) = @ARGV;
		my $end = time + 240;
		while (time < $end) {
			my ($have, $began) = (0, clock);
			find({ wanted => sub { $have++ }, no_chdir => 1 }, $dir);
			exit 0 if $have >= $want;
			kill "CONT", -$pid or exit 1;
			sleep .002 + 3 * (clock - $began);
			kill "STOP", -$pid or exit 1;
		}
		exit 2' "$T/in" "$(pid_of "$1")" "$2"
}

# The sender is killed so many times, and with "both" each second time the
# receiver, too.  What is on its way through the server by then is held up on the
# way, and lost.  Returns 1 if the folder is whole before.
kill_often()	# times sender|both option ...
{
	_times=$1 _whom=$2; shift 2
	_cut=0
	while [ $_cut -lt "$_times" ]; do
		_cut=$((_cut + 1))
		start sender "$T/alice" "$@" "-c127.0.0.1:$port_narrow" \
		    -s "bob@$DOMAIN" "$T/photos"
		arrived sender $((FILES * _cut / (_times + 2)))
		if [ "$_whom" = both ] && [ $((_cut % 2)) = 0 ]; then
			signal KILL bob
			finish bob
			signal KILL sender
			receive -k "$@"
		fi
		signal KILL sender
		relay narrow cut
		finish sender 30
		[ ! -e "$T/in/photos" ] || return 1
	done
}

# So it is, and what is there by then is not sent again.
killed()	# times description sender|both option ...
{
	_kills=$1 _what=$2 _of=$3 _tries=1; shift 3
	start_relay narrow
	relay narrow "throttle up $((FILES * 1000))"
	fresh_in
	receive -k "$@"
	until kill_often "$_kills" "$_of" "$@"; do
		[ $_tries -lt 5 ] || bail "$_what: each cut comes too late"
		_tries=$((_tries + 1))
		stop bob
		fresh_in
		receive -k "$@"
	done
	stop narrow
	sent_whole "$_what" -v "$@"
	ok "$_what: it went on" said bob 'going on with what is there'
}

# Every connection of both to the server breaks so many times, after 30 to 90
# kB.
cut_off()	# times description option ...
{
	_times=$1 _what=$2; shift 2
	fresh_in
	# shellcheck disable=SC2046
	receive -k "$@" $(via near)
	for _relay in near far; do
		relay $_relay "cuts $_times 30000 90000 $_times"
	done
	# shellcheck disable=SC2046
	sent_whole "$_what" "$@" $(via far)
	for _relay in near far; do
		ok "$_what: $_relay was cut" [ "$(relay_counts $_relay 5)" -ge \
		    "$_times" ]
	done
}

# A folder to receive into, and nothing is removed for it: ext4 gives no inode
# away that was freed in the last five seconds, and looks at all of them for each
# file that is made.
fresh_in()
{
	_ins=$((${_ins:-0} + 1))
	[ ! -e "$T/in" ] || mv "$T/in" "$T/in.$_ins"
	mkdir "$T/in"
}

# As fresh_in.  What others have left to be written to the disk is none of what a
# folder waits for at its end.
another_in()
{
	sync
	fresh_in
}

clock_ms()
{
	date +%s%3N
}

# Both have ended, and well.
took_well()
{
	[ "$status" = 0 ] || bail "$(cat "$T/run.err")"
	finish bob 120
	[ "$status" = 0 ] || bail "$(cat "$T/bob.err")"
	# shellcheck disable=SC2034	# it is for those that source this
	took=$(($(clock_ms) - _begin))
}

# Milliseconds that the folder takes, the listener's end included.
folder_ms()	# option ...
{
	another_in
	receive "$@"
	_begin=$(clock_ms)
	run "$T/alice" "$@" -s "bob@$DOMAIN" "$T/photos"
	took_well
}

# And that tar takes through a stream; with what it has written on the disk, as a
# folder has to be: in $synced.
tar_ms()	# option ...
{
	another_in
	# shellcheck disable=SC2016
	start bob sh -c 'in=$1; shift
	    "$@" | tar xpf - -C "$in"' sh "$T/in" "$T/bob" -l \
	    -a "alice@$DOMAIN" "$@"
	wait_for 60 said bob listening || bail "no listener for tar"
	_begin=$(clock_ms)
	# shellcheck disable=SC2016
	run sh -c 'cd "$1" && shift && tar cf - photos | "$@"' sh "$T" \
	    "$T/alice" "$@" -s "bob@$DOMAIN"
	took_well
	sync -f "$T/in"
	# shellcheck disable=SC2034	# as above
	synced=$(($(clock_ms) - _begin))
}
