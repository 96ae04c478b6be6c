# file.sh: programs $T/slixfile-USER, and what the tests of files share.
# shellcheck shell=dash disable=SC2154	# $status is that of lib.sh

make_slixfile()
{
	for _u in alice bob; do
		cat >"$T/slixfile-$_u" <<-END
		#!/bin/sh
		exec "$PYTHON" "$TESTS/slixfile.py" -j "$_u@$DOMAIN/slix" \
		    -p "$(password $_u)" -c "$SERVER" -C "$CAFILE" "\$@"
		END
		chmod +x "$T/slixfile-$_u"
	done
}

ended()		# name what [status]
{
	finish "$1" "${LIMIT:-120}"
	is "$status" "${3-0}" "$2: status of $1"
	[ "$status" = "${3-0}" ] || diag_file "$T/$1.err"
}

# Sparse at one side only.
room_for_large()
{
	[ "$(df -Pk "$T" | awk 'NR == 2 { print $4 }')" -gt 10000000 ] &&
	    return
	skip "3 GB" "no 10 GB are free in $T"
	return 1
}

empty_dir()	# name: $T/name, with nothing in it
{
	rm -rf "${T:?}/$1"
	mkdir "$T/$1"
}
