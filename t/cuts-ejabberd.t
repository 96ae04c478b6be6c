#!/bin/sh
# A hundred cuts: ejabberd, without stream management.

. "${0%/*}/lib.sh"
. "$TESTS/cuts.sh"

cuts ejabberd "$AGAIN"
done_testing
