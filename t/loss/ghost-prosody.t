#!/bin/sh
# The ghost of an old session.

. "${0%/*}/../lib/lib.sh"
. "$LIB/ghost.sh"

ghosts prosody increment insisting moving
ghosts prosody kick_new insisting
done_testing
