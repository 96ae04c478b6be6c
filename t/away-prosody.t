#!/bin/sh
# The peer is away: Prosody.

. "${0%/*}/lib.sh"
. "$TESTS/away.sh"

absent prosody
done_testing
