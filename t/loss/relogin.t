#!/bin/sh
# Cut where it hurts, without stream management: both log in again.

. "${0%/*}/../lib/lib.sh"
. "$LIB/loss.sh"

losses "$AGAIN"
