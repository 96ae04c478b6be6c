#!/bin/sh
# A server that is killed under a transfer: Prosody.

. "${0%/*}/lib.sh"
. "$TESTS/restart.sh"

restarts prosody
done_testing
