#!/bin/sh
# A hundred cuts: Prosody, without stream management.

. "${0%/*}/lib.sh"
. "$TESTS/cuts.sh"

cuts prosody "$AGAIN"
done_testing
