#!/bin/sh
# Cuts over WebSocket and BOSH: ejabberd.

CUTS=20
. "${0%/*}/../lib/lib.sh"
. "$LIB/cuts-web.sh"

web ejabberd
done_testing
