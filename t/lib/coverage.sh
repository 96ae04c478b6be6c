#!/bin/sh
#
# coverage.sh: which lines of the sources a run has reached, by gcov(1).
#
#	t/lib/coverage.sh build target ...	make these in .cov, a copy whose
#						objects count their lines
#	t/lib/coverage.sh table file ...	a line for each of these files, the
#						least covered first, and all
#
# $COVERED, if set, is the percentage that table demands of all of them, and
# $COVERED_EACH that of each.

set -eu
cd "$(dirname "$0")/../.."

build()		# target ...
{
	rm -rf .cov
	mkdir .cov
	cp -R .debian LICENSE Makefile README man t xcat.c xml ibb net .cov
	find .cov -name '*.[ot]' -type f -path '*/unit/*' -delete
	find .cov -name '*.o' -type f -delete
	cd .cov
	# most of what tests start is ended by SIGTERM
	${CC:-cc} -c -o covered.o t/lib/covered.c
	${MAKE:-make} CFLAGS='-O0 -g --coverage -DNO_SANDBOX' \
	    LDFLAGS="-Wl,--wrap=raise $PWD/covered.o" "$@"
	# Tests run xcat as other users too, who are to write its counters.
	[ ! -x xcat ] || (umask 0; ./xcat -V)
}

# gcov names headers as well, which are counted with each file.
lines()		# file ...
{
	for file in "$@"; do
		gcov -n -o "${file%/*}" "$file" 2>/dev/null |
		    awk -v want="File '$file'" '
			$0 == want { ours = 1; next }
			ours { print; exit }' |
		    sed -n 's/^Lines executed:\(.*\)% of \(.*\)/\1 \2/p' |
		    sed "s,\$, $file,"
	done
}

table()		# file ...
{
	cd .cov
	lines "$@" | sort -n | awk -v least="${COVERED:-0}" \
	    -v each="${COVERED_EACH:-0}" -v files="$#" '
	    { low = $1 < each
	      under += low
	      printf "%6.1f %% of %4d  %s%s\n", $1, $2, $3,
		  low ? "  (under " each " %)" : ""
	      sum += $2; hit += $1 * $2 / 100 }
	    END {
		if (sum == 0)
			exit 1
		printf "%6.1f %% of %4d  all %d files\n", 100 * hit / sum, sum, NR
		if (NR != files)
			printf "%d files have no lines\n", files - NR
		exit under > 0 || NR != files || 100 * hit / sum < least
	    }'
}

case ${1-} in
build | table)
	"$@" ;;
*)
	echo 'usage: t/lib/coverage.sh build|table ...' >&2
	exit 2 ;;
esac
