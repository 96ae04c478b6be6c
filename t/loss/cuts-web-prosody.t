#!/bin/sh
# Cuts over WebSocket and BOSH: Prosody.

SIZE=20000000	# half of the sessions it resumes it does not hear
CUTS=20
. "${0%/*}/../lib/lib.sh"
. "$LIB/cuts-web.sh"

web prosody
done_testing
