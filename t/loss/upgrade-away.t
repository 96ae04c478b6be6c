#!/bin/sh
# Sockets and ends that are away from their servers, with sessions that are
# resumed.

. "${0%/*}/../lib/lib.sh"
. "$LIB/upgrade.sh"

try prosody smacks
try ejabberd smacks
done_testing
