#!/bin/sh
# A server that is killed under a transfer: ejabberd.

. "${0%/*}/../lib/lib.sh"
. "$LIB/restart.sh"

restarts ejabberd
done_testing
