#!/bin/sh
#
# Both makes and both compilers build it without a warning, install puts it
# where it is told to, and clean leaves what was there before.

. "${0%/*}/../lib/lib.sh"
. "$LIB/copy.sh"

LIMIT=300
WERROR="$(by_tier -O0 "-O2 -g") -Werror"	# make lint has a look at -O2, too

[ -e "$TOP/.git" ] || skip_all 'not the repository but a copy of it'

files()
{
	(cd "$COPY" && find . -type f -o -type l | sed 's,^\./,,' | sort)
}

builds()	# description command ...
{
	_desc=$1; shift
	run env -C "$COPY" "$@" CFLAGS="$WERROR"
	is "$status" 0 "$_desc"
	[ "$status" = 0 ] || diag_file "$T/run.err"
	like "$("$COPY/xcat" -h 2>&1)" '^usage: xcat' "$_desc: it runs"
}

# Once more, there is nothing left to do.
rests()		# description command ...
{
	_desc=$1; shift
	run env -C "$COPY" "$@"
	ok "$_desc: only once" \
	    sh -c '! grep -q -e " -c -o " "$1"' sh "$T/run.out"
}

cleans()	# description command ...
{
	_desc=$1; shift
	ok "$_desc: clean" env -C "$COPY" "$@" clean
	files >"$T/left"
	check_same "$T/left" "$T/sources" "$_desc: clean leaves the sources only"
}

installs()	# description command ...
{
	_desc=$1; shift
	rm -rf "$T/dest"
	ok "$_desc: install" env -C "$COPY" "$@" install DESTDIR="$T/dest" PREFIX=/opt/x
	is "$(cd "$T/dest" && find . -type f | LC_ALL=C sort)" \
'./opt/x/bin/xcat
./opt/x/lib/systemd/system/xcat@.service
./opt/x/lib/systemd/user/xcat.service
./opt/x/share/bash-completion/completions/xcat
./opt/x/share/fish/vendor_completions.d/xcat.fish
./opt/x/share/man/man1/xcat.1
./opt/x/share/man/man7/xcat-protocol.7
./opt/x/share/zsh/site-functions/_xcat' \
	    "$_desc: install: PREFIX below DESTDIR, and no more"
	check_same "$T/dest/opt/x/share/man/man1/xcat.1" "$COPY/man/xcat.1" \
	    "$_desc: install: the manual"
	is "$(stat -c %a "$T/dest/opt/x/bin/xcat")" 755 \
	    "$_desc: install: can be run"
	ok "$_desc: uninstall" env -C "$COPY" "$@" uninstall DESTDIR="$T/dest" \
	    PREFIX=/opt/x
	is "$(find "$T/dest" -type f)" '' "$_desc: uninstall: nothing is left"
}

# All that is compiled anew takes two minutes of a processor, so make check takes
# the objects that are there already, and has a few made, of all kinds; make lint
# has both compilers read every file.
take_objects()
{
	[ "$TIER" = soak ] && return
	(cd "$TOP" && find xcat.o xml ibb net -name '*.o' 2>/dev/null) |
	    tar -c -C "$TOP" -T - -f - | tar -x -C "$COPY"
	rm -f "$COPY/xcat.o" "$COPY/xml/jid.o" "$COPY/ibb/ack.o" \
	    "$COPY/net/io/loop.o"
}

copy_sources
both()		# make compiler
{
	take_objects
	builds "$1, $2" "$1" -j2 CC="$2"
	rests "$1" "$1" CC="$2" CFLAGS="$WERROR"
	installs "$1" "$1"
	cleans "$1" "$1"
}
both make gcc
both bmake clang

# A system like a BSD: the C library has it all.
cat >"$T/bsdcc" <<END
#!/bin/sh
exec cc $(pkg-config --cflags libbsd-overlay) "\$@" -lbsd
END
chmod +x "$T/bsdcc"
for make in make bmake; do
	like "$($make -n -C "$COPY" xcat)" 'libbsd' "$make: libbsd, if need be"
	is "$($make -n -C "$COPY" CC="$T/bsdcc" xcat | grep libbsd)" '' \
	    "$make: no libbsd where libc has it all"
done
done_testing
