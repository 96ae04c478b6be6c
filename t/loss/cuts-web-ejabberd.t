#!/bin/sh
# Cuts over WebSocket and BOSH: ejabberd.

. "${0%/*}/../lib/lib.sh"
CUTS=$(by_tier 12 40)
. "$LIB/cuts-web.sh"

web ejabberd
done_testing
