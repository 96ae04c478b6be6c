#!/bin/sh
#
# Memory runs out: a few moments of each use.  t/soak/alloc.t tries all.

. "${0%/*}/../lib/lib.sh"
. "$LIB/alloc.sh"

sweep -s -n "${NUMBERS:-3}"
done_testing
