#!/bin/sh
# The peer is away: ejabberd.

. "${0%/*}/lib.sh"
. "$TESTS/away.sh"

absent ejabberd
done_testing
