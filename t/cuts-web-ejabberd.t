#!/bin/sh
# Cuts over WebSocket and BOSH: ejabberd.

CUTS=30
. "${0%/*}/lib.sh"
. "$TESTS/cuts-web.sh"

web ejabberd
done_testing
