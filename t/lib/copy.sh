# copy.sh: the sources as they are in this tree, also what has been written but
# not yet been added, as a copy in $COPY.
# shellcheck shell=dash

COPY=$T/copy

# What the make that runs us was told is not for those that we run.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKE CC CFLAGS CPPFLAGS LDFLAGS
unset PREFIX DESTDIR

sources()
{
	git -C "$TOP" ls-files -co --exclude-standard | sort |
	    while read -r _file; do
		[ ! -e "$TOP/$_file" ] || echo "$_file"
	    done
}

copy_sources()
{
	mkdir "$COPY"
	sources >"$T/sources"
	tar -c -C "$TOP" -T "$T/sources" -f "$T/sources.tar" &&
	    tar -x -C "$COPY" -f "$T/sources.tar"
}
