#!/bin/sh
#
# Folders between two xcats: names, modes, dates, empty folders; what is left out
# is named.  Cut and resumed.  t/soak/folders.t has more of them.

. "${0%/*}/../lib/lib.sh"
CARRIER=auto
. "$LIB/server.sh"
. "$LIB/file.sh"
. "$LIB/relay.sh"
. "$LIB/folders.sh"
. "$LIB/share.sh"

FILES=300 CUTS=3

whole()		# option ...
{
	empty_dir in
	receive "$@"
	sent_whole "$server: a folder $*" -vv "$@"
	ended bob "$server: a folder $*"
}

beside()
{
	killed "$CUTS" "$server: cut $CUTS times" sender -i
	run "$T/alice" -i -s "bob@$DOMAIN" "$T/photos"
	check_tree "$T/in/photos.1" "$server: a second one is put beside it"
	stop bob
}

# A folder of the same name is another one, also where the first was cut short;
# and what its sender has no more is not in what arrives.
others()
{
	mkdir -p "$T/a/src/dir" "$T/b/src"
	for f in a/src/file a/src/gone a/src/dir/gone b/src/file; do
		echo "${f%%/*} $f" >"$T/$f"
		touch -d @1000000000 "$T/$f"
	done
	head -c 30000000 /dev/zero >"$T/a/src/large"
	empty_dir in
	receive -k
	start sender "$T/alice" -i -s "bob@$DOMAIN" "$T/a/src"
	# shellcheck disable=SC2016
	wait_for 60 sh -c 'test -s "$(echo "$1"/.xcat-part-*/.xcat-part-*)"' \
	    sh "$T/in"
	signal KILL sender
	finish sender
	run "$T/alice" -s "bob@$DOMAIN" "$T/b/src"
	is "$status" 0 "$server: another folder of its name: status"
	run diff -r "$T/b/src" "$T/in/src"
	is "$status" 0 "$server: another folder of its name: what is there"
	rm -r "$T/a/src/gone" "$T/a/src/dir"
	head -c 100 "$T/a/src/large" >"$T/a/src/small"
	rm "$T/a/src/large"
	run "$T/alice" -s "bob@$DOMAIN" "$T/a/src"
	is "$status" 0 "$server: less than before: status"
	ok "$server: less than before: it went on" \
	    said bob 'going on with what is there'
	run diff -r "$T/a/src" "$T/in/src.1"
	is "$status" 0 "$server: less than before: what is there"
	is "$(find "$T/in" -name '.x*')" '' "$server: and nothing else"
	stop bob
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

# What is in a folder is opened by the run itself, which has a login of its own.
with_share()
{
	for _n in 1 2; do
		empty_dir in
		receive
		sent_whole "share: time $_n" -v -o share=60
		ended bob "share: time $_n"
		ok "share: time $_n: a login of its own" said run 'logged in'
		ok "share: time $_n: nothing stays" no_masters
	done
}

make_photos
for kind in $SERVERS; do
	start_server "$kind" proxy65
	whole -i
	left_out
	whole -o streamhost=none -o upgrade-after=0
	beside
	start_relay near
	start_relay far
	cut_off 2 "$server: connections that break" -i
	stop bob
	stop near
	stop far
	[ "$kind" = ejabberd ] || {
		others
		slix_user bob slixfile
		to_slixmpp
		with_share
	}
	stop_server
done
done_testing
