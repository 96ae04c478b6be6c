#!/bin/sh
# Many cuts: ejabberd, with stream management.

. "${0%/*}/../lib/lib.sh"
. "$LIB/cuts.sh"

cuts ejabberd "$RESUMED" smacks
done_testing
