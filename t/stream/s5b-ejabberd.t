#!/bin/sh
# Sockets, direct and through the proxy of ejabberd.

. "${0%/*}/../lib/lib.sh"
. "$LIB/s5b.sh"

s5b ejabberd
done_testing
