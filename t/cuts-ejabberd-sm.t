#!/bin/sh
# A hundred cuts: ejabberd, with stream management.

. "${0%/*}/lib.sh"
. "$TESTS/cuts.sh"

cuts ejabberd "$RESUMED" smacks
done_testing
