#!/bin/sh
# Cuts over WebSocket and BOSH: Prosody.

. "${0%/*}/../lib/lib.sh"
# Half of the sessions that it resumes it does not hear.
SIZE=$(by_tier 1200000 20000000)
CUTS=$(by_tier 12 40)
. "$LIB/cuts-web.sh"

web prosody
done_testing
