#!/bin/sh
#
# Two hostile peers of a listener, and an honest one, for some seconds.
# t/soak/beside.t does it for ten minutes.

. "${0%/*}/../lib/lib.sh"
. "$LIB/rude.sh"

under_hostile_peers "${RUDE_SECONDS:-12}"
done_testing
