#!/bin/sh
# A server that is killed under a transfer: Prosody.

. "${0%/*}/../lib/lib.sh"
. "$LIB/restart.sh"

restarts prosody
done_testing
