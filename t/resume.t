#!/bin/sh
# Cut where it hurts, with stream management: sessions are resumed.

. "${0%/*}/lib.sh"
. "$TESTS/loss.sh"

losses "$RESUMED" smacks
