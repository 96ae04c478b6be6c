#!/bin/sh
#
# Two hostile peers of a listener, and an honest one, for ten minutes.

. "${0%/*}/../lib/lib.sh"
[ -n "${SOAK-}${RUDE_SECONDS-}" ] || skip_all 'it takes ten minutes: set SOAK=1'
. "$LIB/rude.sh"

under_hostile_peers "${RUDE_SECONDS:-600}"
done_testing
