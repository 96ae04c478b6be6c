#!/bin/sh
#
# Memory runs out: allocations of each use, alone and with all behind it: a
# hundred of each use, NUMBERS of each, or with NUMBERS=all every one, which
# takes hours.

. "${0%/*}/../lib/lib.sh"
[ "$TIER${NUMBERS-}" != check ] ||
    skip_all 'hostile/alloc.t has it in small; this is for make soak'
. "$LIB/alloc.sh"

case ${NUMBERS:=100} in
all)	sweep ;;
*)	sweep -n "$NUMBERS" ;;
esac
done_testing
