#!/bin/sh
# Cuts over WebSocket and BOSH: ejabberd.

CUTS=20
. "${0%/*}/lib.sh"
. "$TESTS/cuts-web.sh"

web ejabberd
done_testing
