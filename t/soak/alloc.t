#!/bin/sh
#
# Memory runs out: every allocation of each use, alone and with all behind it.
# NUMBERS=100 tries a hundred of each.

. "${0%/*}/../lib/lib.sh"
[ -n "${SOAK-}${NUMBERS-}" ] || skip_all 'it takes hours: set SOAK=1'
. "$LIB/alloc.sh"

# shellcheck disable=SC2086
sweep ${NUMBERS:+-n $NUMBERS}
done_testing
