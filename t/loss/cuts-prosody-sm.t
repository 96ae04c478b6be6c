#!/bin/sh
# Many cuts: Prosody, with stream management.  Fewer and less than elsewhere in
# make check, since it does not hear most of the sessions that it resumes, and to
# find that out takes a second each time.

. "${0%/*}/../lib/lib.sh"
SIZE=$(by_tier 1200000 50000000)
CUTS=$(by_tier 12 100)
. "$LIB/cuts.sh"

cuts prosody "$RESUMED" smacks
done_testing
