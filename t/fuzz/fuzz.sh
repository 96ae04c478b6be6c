#!/bin/sh
#
# fuzz.sh: run each fuzzer on from its seeds, then show how many lines of the
# files that parse what others send all of them reach.  A file of which they
# reach less than $COVERED_EACH, 85 percent, is a failure.
#
#	t/fuzz/fuzz.sh file ...
#
# $FUZZ_SECONDS	for each fuzzer; 0: only the seeds
# $FUZZERS	which, by the names of the folders in t/fuzz/corpus; "": all
# $ASAN		the flags to build with
#
# Inputs that reached something new are kept in .found, a folder for each
# fuzzer, and serve the next run.  One that fails ends the run; its name is
# printed, and t/unit/corpus.t runs it again.  Once it is mended it is a seed.

set -eu
cd "$(dirname "$0")/../.."
make=${MAKE:-make}
all=$(cd t/fuzz/corpus && echo *)

build()
{
	rm -rf .fuzz
	mkdir .fuzz
	cp -R Makefile t xcat.c xml ibb net .fuzz
	find .fuzz -name '*.o' -type f -delete
	(cd .fuzz && $make CC=clang \
	    CFLAGS="${ASAN--O1 -g} -fsanitize=fuzzer-no-link" fuzzer)
}

fuzz()		# name
{
	mkdir -p ".found/$1"
	FUZZER=$1 ASAN_OPTIONS=detect_leaks=1 .fuzz/fuzzer \
	    -max_total_time="$FUZZ_SECONDS" -max_len=8192 -rss_limit_mb=1024 \
	    -timeout=20 -verbosity=0 -artifact_prefix=".found/$1-" \
	    ".found/$1" "t/fuzz/corpus/$1" || {
		echo "fuzz.sh: run it again: t/unit/corpus.t $1" \
		    ".found/$1-..." >&2
		exit 1
	}
	echo "$1: $(find ".found/$1" -type f | wc -l) inputs found"
}

if [ "${FUZZ_SECONDS:=60}" -gt 0 ]; then
	build
	for name in ${FUZZERS:-$all}; do
		fuzz "$name"
	done
fi
MAKE=$make t/lib/coverage.sh build t/unit/corpus.t
for name in $all; do
	mkdir -p ".found/$name"
	(cd .cov && t/unit/corpus.t "$name" "t/fuzz/corpus/$name" \
	    "../.found/$name")
done
COVERED_EACH=${COVERED_EACH:-85} t/lib/coverage.sh table "$@"
