#!/bin/sh
# Cuts: Prosody, with stream management.  Fewer and less than elsewhere, since it
# does not hear most of the sessions that it resumes, and to find that out takes
# a second each time.

. "${0%/*}/../lib/lib.sh"
. "$LIB/cuts.sh"

SIZE=20000000
CUTS=30
cuts prosody "$RESUMED" smacks
done_testing
