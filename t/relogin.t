#!/bin/sh
# Cut where it hurts, without stream management: both log in again.

. "${0%/*}/lib.sh"
. "$TESTS/loss.sh"

losses "$AGAIN"
