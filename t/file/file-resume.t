#!/bin/sh
#
# A file goes on where it stopped, however often either side is killed; only
# if what is there is of that file; and as far as other programs know how.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/file.sh"

INBAND=$(by_tier 6000000 100000000)
SOCKET=$(by_tier 20000000 100000000)	# less is over before it is there
KILLS=$(by_tier 7 20)

part_size()
{
	stat -c %s "$T"/in/.xcat-part-* 2>/dev/null || echo 0
}

# Perl evaluates the code, in which $part is the partial file, once that has so
# many bytes: sooner than a shell could see it.
once_there_are()	# bytes code: 1 if the file was whole before
{
	perl -e '
		my ($dir, $size, $code) = @ARGV;
		my $end = time + 120;
		until (time > $end) {
			($part) = glob("$dir/.xcat-part-*");
			my $have = defined $part ? -s $part : 0;
			if (defined $have && $have >= $size) {
				eval $code;
				exit 0;
			}
			exit 1 if -e "$dir/data";
			select undef, undef, undef, .001;
		}
		exit 2' "$T/in" "$1" "$2"
}

# SIGKILL ends the process group.
kill_at()	# name bytes: as once_there_are
{
	once_there_are "$2" "kill 'KILL', -$(pid_of "$1")"
}

# Streams of senders that moved to a socket, the last of them not yet counted.
count_socket()
{
	[ ! -e "$T/sender.err" ] || ! said sender ': socket: ' ||
	    sockets=$((sockets + 1))
}

start_sender()
{
	count_socket
	# shellcheck disable=SC2086
	start sender "$T/alice" $options -s "bob@$DOMAIN" "$T/data"
}

start_receiver()
{
	# shellcheck disable=SC2086
	listen_as bob receiver $options -k -r "$T/in" -a "alice@$DOMAIN"
}

# The one that was not killed finds out, or goes on with the new one.
goes_on()		# killed
{
	finish "$1" 10
	if [ "$1" = receiver ]; then
		start_receiver
		[ $waited = 0 ] || signal KILL sender	# it takes its time
		finish sender 130
		[ $waited = 1 ] ||
		    is "$status" 6 "$_what: the sender gives up"
		waited=1
	fi
	_part=$(part_size)
	start_sender
	wait_for 60 said_or_gone sender 'going on behind'
	_behind=$(sed -n 's/.*going on behind \([0-9]*\) bytes/\1/p' \
	    "$T/sender.err")
	# What was on its way when its sender died may have come as well; all of
	# it, even, and then this is a new file.
	[ "${_behind:-0}" -ge "$_part" ] || [ -e "$T/in/data" ] || {
		twice=$((twice + 1))
		diag "going on behind $_behind, not $_part, bytes"
		diag_file "$T/sender.err"
	}
}

said_or_gone()	# name extended-regex
{
	said "$1" "$2" || gone "$(pid_of "$1")"
}

make_data()	# bytes
{
	SIZE=$1
	head -c "$SIZE" /dev/urandom >"$T/data"
}

# Where between what there is and the end.
next_kill()
{
	_have=$(part_size)
	_step=$(((SIZE - _have) / (KILLS + 2 - n)))
	echo $((_have + _step - n * n * 7919 % (_step / 2 + 1)))
}

# A file that was whole before it was killed often enough has to come again.
killed()	# what option ...
{
	_what=$1; shift
	options=$*
	empty_dir in
	rm -f "$T/sender.err"
	sockets=0
	start_receiver
	start_sender
	n=0 twice=0 files=0 waited=0
	while [ $n -lt "$KILLS" ]; do
		n=$((n + 1))
		who=sender
		[ $((n * 5 % 7 % 2)) = 0 ] || who=receiver
		kill_at $who "$(next_kill)" || {
			n=$((n - 1)) files=$((files + 1))
			[ $files -lt 10 ] || bail "$_what: it is too quick"
			ended sender "$_what: too quick"
			check_same "$T/in/data" "$T/data" "$_what: content"
			rm "$T"/in/data*
			[ $files -gt 4 ] || make_data $((2 * SIZE))
			start_sender
			continue
		}
		goes_on $who
	done
	ended sender "$_what"
	count_socket
	check_same "$T/in/data" "$T/data" "$_what: the result"
	is "$twice" 0 "$_what: nothing that had come was sent again"
	is "$(find "$T/in" -name '.*' -type f | wc -l)" 0 \
	    "$_what: nothing is left"
	stop receiver
}

# Part of a file with the same name, size and date, which is not the same.
something_else()
{
	empty_dir in
	options=-i
	start_receiver
	start_sender
	kill_at sender $((SIZE / 6))
	finish sender
	printf spoilt | dd of="$(echo "$T"/in/.xcat-part-*)" conv=notrunc \
	    status=none
	start_sender
	ended sender "what was there is spoilt"
	ok "that is said" said sender 'what was there was of something else'
	check_same "$T/in/data" "$T/data" "what was there is spoilt: content"
	stop receiver
}

# What cannot be put in its place is no fault of what was there before.
no_place()
{
	empty_dir in
	options=-i
	start_receiver
	start_sender
	kill_at sender $((SIZE / 6))
	finish sender
	_had=$(part_size)
	start_sender
	# shellcheck disable=SC2016
	once_there_are $((_had + 1)) 'unlink $part'
	finish sender 120
	ok "it went on behind what was there" said sender 'going on behind'
	is "$status" 6 "what was resumed cannot be kept: status"
	ok "that is said" said sender 'data: it says: it cannot be kept: '
	ok "and nothing else" \
	    [ "$(lines_of sender 'something else')" -eq 0 ]
	ok "there, too" said receiver 'data: it cannot be kept: '
	is "$(find "$T/in" -type f | wc -l)" 0 "nothing is there"
	stop receiver
}

lines_of()	# name extended-regex: how many such lines on its stderr
{
	grep -Ec -- "$2" "$T/$1.err" || :
}

# Neither name nor size tells files apart that differ.
another_file()
{
	empty_dir in
	listen_as bob receiver -k -r "$T/in" -a "alice@$DOMAIN"
	slix receiver --cut 50000
	wait_for 30 said receiver '50000 of 300000 bytes are kept'
	pass "a part is kept"
	head -c 300000 /dev/urandom >"$T/other/small"
	start slix "$T/slixfile-alice" -w 60 -M ibb send "bob@$DOMAIN/xcat" \
	    "$T/other/small"
	ended slix "another file with that name"
	is "$(grep -c range "$T/slix.out")" 0 "does not go on"
	check_same "$T/in/small" "$T/other/small" "and is whole"
	head -c 300000 /dev/zero >"$(echo "$T"/in/.xcat-part-*)"
	slix receiver
	is "$(grep -c range "$T/slix.out")" 0 "all is there, and all is wrong"
	wait_for 30 test -e "$T/in/small.1"
	check_same "$T/in/small.1" "$T/small" "all of it has come anew"
	stop receiver
}

slix()		# receiver argument ...: as alice
{
	shift
	start slix "$T/slixfile-alice" -w 60 -M "${methods-ibb}" "$@" send \
	    "bob@$DOMAIN/xcat" "$T/small"
	finish slix 90
}

# Ranges as XEP-0096 has them.
with_slixmpp()
{
	for methods in ibb s5b; do
		empty_dir in
		listen_as bob receiver -k -r "$T/in" -a "alice@$DOMAIN"
		slix receiver --cut 50000
		wait_for 30 said receiver '50000 of 300000 bytes are kept'
		slix receiver
		is "$status" 0 "slixmpp goes on by $methods"
		is "$(grep range "$T/slix.out")" 'range 50000' \
		    "behind what is there"
		wait_for 30 test -e "$T/in/small"
		check_same "$T/in/small" "$T/small" "slixmpp: content"
		slix receiver --cut 70000 --no-range
		wait_for 30 said receiver '70000 of 300000'
		slix receiver --no-range
		is "$(grep -c range "$T/slix.out")" 0 "no range, if not known"
		wait_for 30 test -e "$T/in/small.1"
		check_same "$T/in/small.1" "$T/small" "without range: content"
		stop receiver
	done
}

to_slixmpp()	# expected-status slixmpp-options
{
	empty_dir in
	_s=$1; shift
	start slix "$T/slixfile-bob" -w 60 -M ibb "$@" receive "$T/in"
	wait_for 30 said slix listening || bail "slixmpp does not log in"
	run "$T/alice" -s "bob@$DOMAIN/slix" "$T/small"
	is "$status" "$_s" "slixmpp asks for $*: status"
	signal KILL slix
	finish slix
}

part_of()	# file offset length
{
	tail -c +$(($2 + 1)) "$1" | head -c "$3"
}

ranges()
{
	to_slixmpp 0 --offset 299999
	part_of "$T/small" 299999 1 >"$T/part"
	check_same "$T/in/small" "$T/part" "the last byte"
	to_slixmpp 0 --offset 1000 --length 5000
	part_of "$T/small" 1000 5000 >"$T/part"
	check_same "$T/in/small" "$T/part" "a part from within"
	to_slixmpp 0 --offset 300000
	is "$(stat -c %s "$T/in/small")" 0 "none, at the end"
	to_slixmpp 5 --offset 300001
	ok "beyond the end" said run 'a part that the file has not'
	to_slixmpp 5 --offset 1000 --length 299001
	ok "longer than the file" said run 'a part that the file has not'
	to_slixmpp 5 --offset 1000 --length 18446744073709551615
	ok "longer than any" said run 'a part that the file has not'
}

mkdir "$T/other"
make_data "$INBAND"
head -c 300000 /dev/urandom >"$T/small"
start_server prosody proxy65
slix_user alice slixfile
slix_user bob slixfile
with_slixmpp
ranges
another_file
something_else
no_place
killed "in-band" -i -v
is "$sockets" 0 "in-band: no socket has carried it"
make_data "$SOCKET"
killed "through a socket" -v -o streamhost=none -o upgrade-after=0
ok "through a socket: most streams moved to one" \
    [ "$sockets" -gt $((KILLS / 2)) ]
stop_server
done_testing
