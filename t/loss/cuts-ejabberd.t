#!/bin/sh
# Many cuts: ejabberd, without stream management.

. "${0%/*}/../lib/lib.sh"
. "$LIB/cuts.sh"

cuts ejabberd "$AGAIN"
done_testing
