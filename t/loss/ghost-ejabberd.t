#!/bin/sh
# The ghost of an old session.

. "${0%/*}/../lib/lib.sh"
. "$LIB/ghost.sh"

ghosts ejabberd setresource insisting moving
ghosts ejabberd closenew insisting
done_testing
