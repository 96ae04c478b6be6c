#!/bin/sh
# Many cuts on either side: Prosody, without stream management.

. "${0%/*}/../lib/lib.sh"
. "$LIB/cuts.sh"

cuts prosody "$AGAIN"
done_testing
