#!/bin/sh
#
# By BOSH and WebSocket through nginx, which has a mind of its own, to ejabberd.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"
. "$LIB/gateway.sh"

LIMIT=60

gateway ejabberd
done_testing
