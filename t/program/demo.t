#!/bin/sh
#
# What make demo shows, once all is built: that it ends well, with the commands
# that the story is made of, and that it does not when a byte is lost.

. "${0%/*}/../lib/lib.sh"

LIMIT=240				# it starts a server, on any machine

# Its own directory is in $T, and gone when it ends.
demo()		# xcat
{
	mkdir -p "$T/tmp"
	run env -u KEEP TMPDIR="$T/tmp" XCAT="$1" "$LIB/demo.sh"
}

demo "$XCAT"
is "$status" 0 'it ends well'
[ "$status" = 0 ] || diag_file "$T/run.err"
is "$(tail -n 1 "$T/run.out")" 'No difference.' 'with no difference'
sed -n 's/^  \([a-z]*\$ .*\)/\1/p' "$T/run.out" >"$T/commands"
cat >"$T/expected" <<-'END'
	bob$ cat ~/.config/xcat/config
	alice$ cat ~/.config/xcat/config
	bob$ xcat -l -a alice@example.test | tar xf -
	alice$ tar cf - tree | xcat -s bob@example.test
	bob$ ls tree
	demo$ diff -r --no-dereference alice/tree bob/tree
	demo$ diff sent received	# names, kinds, modes, times, links, SHA-256
	END
check_same "$T/commands" "$T/expected" 'the commands are those of the story'
ok 'and what the listener said' \
    grep -Eqx '  xcat: listening; reach it with: xcat bob@example.test/xcat=SHA256:[A-Za-z0-9+/]{43}' \
    "$T/run.out"
is "$(find "$T/tmp" -mindepth 1)" '' 'nothing is left of it'

# As xcat, but what is to be sent ends early.
mkdir "$T/bin"
cat >"$T/bin/xcat" <<-END
	#!/bin/sh
	[ "\$1" = -s ] || exec "$XCAT" "\$@"
	head -c 1000000 | "$XCAT" "\$@"
	END
chmod +x "$T/bin/xcat"
demo "$T/bin/xcat"
is "$status" 1 'it does not, if part of the tree is lost'
ok 'and says why' said run '^demo: '
is "$(find "$T/tmp" -mindepth 1)" '' 'nothing is left of that, either'
done_testing
