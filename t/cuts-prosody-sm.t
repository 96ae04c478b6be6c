#!/bin/sh
# A hundred cuts: Prosody, with stream management.

. "${0%/*}/lib.sh"
. "$TESTS/cuts.sh"

cuts prosody "$RESUMED" smacks
done_testing
