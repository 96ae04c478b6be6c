#!/bin/sh
# Sockets and ends that are away from their servers, with sessions that are
# resumed.

. "${0%/*}/lib.sh"
. "$TESTS/upgrade.sh"

try prosody smacks
try ejabberd smacks
done_testing
