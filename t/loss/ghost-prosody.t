#!/bin/sh
# The ghost of an old session, over TCP and over BOSH.

. "${0%/*}/../lib/lib.sh"
. "$LIB/ghost.sh"

ghosts prosody increment insisting moving
ghosts prosody kick_new insisting
outlives
done_testing
