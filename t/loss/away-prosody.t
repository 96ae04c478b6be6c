#!/bin/sh
# The peer is away: Prosody.

. "${0%/*}/../lib/lib.sh"
. "$LIB/away.sh"

absent prosody
done_testing
