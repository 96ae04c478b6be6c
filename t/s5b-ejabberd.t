#!/bin/sh
# Sockets, direct and through the proxy of ejabberd.

. "${0%/*}/lib.sh"
. "$TESTS/s5b.sh"

s5b ejabberd
done_testing
