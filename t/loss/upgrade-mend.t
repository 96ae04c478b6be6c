#!/bin/sh
# Sockets and ends that are away from their servers, with logins that are
# lost, so that the stream is mended.

. "${0%/*}/../lib/lib.sh"
. "$LIB/upgrade.sh"

try prosody
done_testing
