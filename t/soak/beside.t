#!/bin/sh
#
# Two hostile peers of a listener, and an honest one, for ten minutes.

. "${0%/*}/../lib/lib.sh"
[ "$TIER${RUDE_SECONDS-}" != check ] ||
    skip_all 'hostile/beside.t has it in small; this is for make soak'
. "$LIB/rude.sh"

under_hostile_peers "${RUDE_SECONDS:-600}"
done_testing
