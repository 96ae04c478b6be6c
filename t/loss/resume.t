#!/bin/sh
# Cut where it hurts, with stream management: sessions are resumed.

. "${0%/*}/../lib/lib.sh"
. "$LIB/loss.sh"

losses "$RESUMED" smacks
